#include "core/cube/multiscales.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "core/base/concat.h"
#include "core/cube/attribute.h"

namespace vcube {
namespace {

constexpr std::size_t kMaxLevels = 64;

using Paths = std::vector<std::string>;

const Json* member(const Json& object, const char* key) {
    return find_attribute(object, key);
}

/// Adds a level's path, absolute in the store; one that starts at the root or climbs is none.
void add_path(const Group& group, const Json* path, Paths& out) {
    if (path == nullptr || !path->is_string() || out.size() >= kMaxLevels) {
        return;
    }
    std::string whole = group.path;
    std::string_view rest = path->get_ref<const std::string&>();
    if (rest.starts_with('/')) {
        return;
    }
    while (!rest.empty()) {
        const std::size_t slash = std::min(rest.find('/'), rest.size());
        const std::string_view part = rest.substr(0, slash);
        if (part == "..") {
            return;
        }
        if (!part.empty() && part != ".") {
            whole.append(whole.empty() ? "" : "/").append(part);
        }
        rest.remove_prefix(std::min(slash + 1, rest.size()));
    }
    if (std::find(out.begin(), out.end(), whole) == out.end()) {
        out.push_back(std::move(whole));
    }
}

/// Every element's member of this name, of a list of objects.
void add_members(const Group& group, const Json* list, const char* key, Paths& out) {
    if (list == nullptr || !list->is_array()) {
        return;
    }
    for (const Json& one : *list) {
        add_path(group, member(one, key), out);
    }
}

void add_tile_matrices(const Group& group, const Json& object, Paths& out) {
    if (const Json* const set = member(object, "tile_matrix_set")) {
        add_members(group, member(*set, "tileMatrices"), "id", out);
    }
    const Json* const limits = member(object, "tile_matrix_limits");
    if (!out.empty() || limits == nullptr) {
        return;
    }
    add_members(group, limits, "tileMatrix", out);
    if (limits->is_object()) {
        for (const auto& [key, value] : limits->items()) {
            const Json path = key;
            add_path(group, &path, out);
        }
    }
}

void add_layout(const Group& group, const Json* layout, Paths& out) {
    for (const char* const key : {"asset", "group"}) {
        add_members(group, layout, key, out);
    }
}

/// Names of the child groups where they are 0, 1, 2 ...
Paths implied_paths(const Group& group) {
    Paths out;
    for (std::size_t level = 0; level < std::min(group.groups.size(), kMaxLevels); ++level) {
        const std::string name = std::to_string(level);
        const bool there = std::any_of(group.groups.begin(), group.groups.end(),
                                       [&](const Group& child) { return child.name == name; });
        if (!there) {
            return {};
        }
        out.push_back(group.path.empty() ? name : concat(group.path, "/", name));
    }
    return out.size() > 1 ? out : Paths();
}

/// What follows a level's path in an array's: "" where the level is the array itself, "/name" below a level.
std::optional<std::string_view> below(std::string_view array, std::string_view level) {
    if (level.empty()) {
        return std::nullopt;  // the root as a level: every array would be below it
    }
    if (!array.starts_with(level) || (array.size() > level.size() && array[level.size()] != '/')) {
        return std::nullopt;
    }
    return array.substr(level.size());
}

/// true where `b` shows what `a` shows with fewer elements along one or two dimensions.
bool is_coarser(const ArrayMeta& a, const ArrayMeta& b) {
    if (a.shape.size() != b.shape.size()) {
        return false;
    }
    std::size_t shrunk = 0;
    for (std::size_t d = 0; d < a.shape.size(); ++d) {
        if (b.shape[d] > a.shape[d] || b.shape[d] == 0) {
            return false;
        }
        shrunk += b.shape[d] < a.shape[d] ? 1 : 0;
    }
    return shrunk == 1 || shrunk == 2;
}

/// Calls visit(other array, declared) for every array that is the same variable at another level.
template <class Visit>
void for_each_level(const Group& root, const ArrayMeta& array, const Visit& visit) {
    std::string_view path = array.path;
    while (!path.empty()) {
        const std::size_t slash = path.rfind('/');
        path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
        const Group* const group = path.empty() ? &root : root.find_group(path);
        if (group == nullptr) {
            continue;
        }
        std::vector<Paths> pyramids = multiscale_paths(*group);
        const bool declared = !pyramids.empty();
        if (!declared) {
            pyramids.push_back(implied_paths(*group));
        }
        for (const Paths& levels : pyramids) {
            // Where levels are nested, the deepest that holds the array is its own.
            std::optional<std::string_view> name;
            for (const std::string& level : levels) {
                const auto tail = below(array.path, level);
                name = tail && (!name || tail->size() < name->size()) ? tail : name;
            }
            for (const std::string& level : levels) {
                const ArrayMeta* const other = name ? root.find_array(concat(level, *name)) : nullptr;
                if (other != nullptr && other != &array) {
                    visit(*other, declared);
                }
            }
        }
    }
}

std::uint64_t elements(const ArrayMeta& array) {
    return checked_product(array.shape).value_or(0);
}

}  // namespace

std::vector<std::vector<std::string>> multiscale_paths(const Group& group) {
    const Json* multiscales = member(group.attributes, "multiscales");
    if (multiscales == nullptr) {
        const Json* const ome = member(group.attributes, "ome");
        multiscales = ome == nullptr ? nullptr : member(*ome, "multiscales");
    }
    std::vector<Paths> out;
    if (multiscales == nullptr) {
        return out;
    }
    if (multiscales->is_array()) {
        for (const Json& one : *multiscales) {
            Paths levels;
            add_members(group, member(one, "datasets"), "path", levels);
            if (levels.size() > 1 && out.size() < kMaxLevels) {
                out.push_back(std::move(levels));
            }
        }
        return out;
    }
    Paths levels;
    add_layout(group, member(*multiscales, "layout"), levels);
    if (levels.empty()) {
        add_tile_matrices(group, *multiscales, levels);
    }
    if (levels.empty()) {
        add_members(group, member(*multiscales, "datasets"), "path", levels);
    }
    if (levels.size() > 1) {
        out.push_back(std::move(levels));
    }
    return out;
}

std::vector<PyramidLevel> coarser_levels(const Group& root, const ArrayMeta& array) {
    std::vector<PyramidLevel> out;
    for_each_level(root, array, [&](const ArrayMeta& other, bool declared) {
        const bool known = std::any_of(out.begin(), out.end(), [&](const auto& one) { return one.array == &other; });
        if (!known && is_coarser(array, other)) {
            out.push_back({&other, declared});
        }
    });
    std::stable_sort(out.begin(), out.end(), [](const PyramidLevel& a, const PyramidLevel& b) {
        return elements(*a.array) > elements(*b.array);
    });
    return out;
}

bool has_finer_level(const Group& root, const ArrayMeta& array) {
    bool found = false;
    for_each_level(root, array, [&](const ArrayMeta& other, bool declared) {
        found = found || (declared && is_coarser(other, array));
    });
    return found;
}

}  // namespace vcube
