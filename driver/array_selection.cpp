#include "driver/array_selection.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "core/base/concat.h"
#include "core/cube/attribute.h"
#include "core/cube/coordinate_lookup.h"
#include "driver/labels.h"

namespace vcube::driver {
namespace {

constexpr std::size_t kMaxPartLength = 120;  // file names have 255 bytes, and ".ovr.tmp" and the like follow

struct Target {
    std::size_t dimension = 0;
    const ArrayMeta* coordinate = nullptr;
};

/// A 1-D array that `coordinates` lists under this name, along one of the array's dimensions.
std::optional<Target> auxiliary_target(const Group& root, const ArrayMeta& meta, const std::string& name) {
    const std::vector<std::string> words = split_words(attribute_text(meta.attributes, "coordinates"));
    if (std::find(words.begin(), words.end(), name) == words.end()) {
        return std::nullopt;
    }
    const std::string parent = parent_path(meta.path);
    const ArrayMeta* const found = root.find_array(parent.empty() ? name : parent + "/" + name);
    if (found == nullptr || found->shape.size() != 1 || found->dimensions.empty()) {
        return std::nullopt;
    }
    for (std::size_t d = 0; d < meta.shape.size() && d < meta.dimensions.size(); ++d) {
        if (!meta.dimensions[d].empty() && meta.dimensions[d] == found->dimensions[0] &&
            meta.shape[d] == found->shape[0]) {
            return Target{d, found};
        }
    }
    return std::nullopt;
}

Result<Target> target_of(const Group& root, const ArrayMeta& meta, const Selection& selection) {
    for (std::size_t d = 0; d < meta.shape.size(); ++d) {
        if (dimension_name(meta, d) == selection.dimension) {
            return Target{d, find_coordinate(root, parent_path(meta.path), selection.dimension, meta.shape[d])};
        }
    }
    if (const auto auxiliary = auxiliary_target(root, meta, selection.dimension)) {
        return *auxiliary;
    }
    std::string names;
    for (std::size_t d = 0; d < meta.shape.size(); ++d) {
        names.append(d == 0 ? "" : ", ").append(dimension_name(meta, d));
    }
    return invalid(concat(meta.path, ": ", selection.text,
                          ": no such dimension; there are: ", names.empty() ? std::string("none") : names));
}

}  // namespace

Result<std::vector<DimensionChoice>> choose_positions(const OpenContext& context, const ArrayMeta& meta,
                                                      std::span<const Selection> selections) {
    const OpenedStore& source = *context.source;
    std::vector<DimensionChoice> out;
    for (const Selection& selection : selections) {
        if (selection.shared && !understands(*source.hierarchy, meta, selection)) {
            continue;
        }
        VCUBE_ASSIGN(const Target target, target_of(*source.hierarchy, meta, selection));
        std::optional<Coordinate> coordinate;
        if (selection.by_value() && target.coordinate != nullptr) {
            auto values = Coordinate::read(*target.coordinate, context.arrays());
            if (!values.ok()) {
                return with_context(concat(meta.path, ": ", selection.text), values.error());
            }
            coordinate = std::move(values).value();
        }
        auto positions = select_positions(selection, meta.shape[target.dimension], coordinate ? &*coordinate : nullptr);
        if (!positions.ok()) {
            return with_context(meta.path, positions.error());
        }
        for (const DimensionChoice& other : out) {
            if (other.dimension == target.dimension) {
                return invalid(concat(meta.path, ": ", selection.text, ": the dimension is selected twice"));
            }
        }
        out.push_back({target.dimension, std::move(positions).value(), selection.several()});
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.dimension < b.dimension; });
    return out;
}

bool understands(const Group& root, const ArrayMeta& meta, const Selection& selection) {
    return target_of(root, meta, selection).ok();
}

std::string hash_text(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
    return digits.data();
}

std::string companion_part(const ArrayMeta& meta, std::span<const DimensionChoice> choices) {
    bool exact = true;  // what is written tells it all
    std::string out;
    const auto add = [&](std::string_view text) {
        for (const char c : text) {
            const bool safe =
                (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
            exact = exact && safe;
            out += safe ? c : '_';
        }
    };
    std::string whole = meta.path;
    add(meta.path);
    for (const DimensionChoice& choice : choices) {
        const std::string name = dimension_name(meta, choice.dimension);
        whole.append("\n").append(name).append(choice.stays ? "[" : "=");
        out += ".";
        add(name);
        out.append("=").append(std::to_string(choice.positions.front()));
        for (const std::uint64_t position : choice.positions) {
            whole.append(std::to_string(position)).append(",");
        }
        if (choice.stays) {
            exact = false;
            out.append("-").append(std::to_string(choice.positions.back()));
        }
    }
    if (exact && out.size() <= kMaxPartLength) {
        return out;
    }
    out.resize(std::min(out.size(), kMaxPartLength));
    return out.append("-").append(hash_text(whole));
}

}  // namespace vcube::driver
