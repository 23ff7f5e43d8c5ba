#include "driver/md_shared.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/cube/georef.h"
#include "driver/guard.h"
#include "driver/labels.h"
#include "driver/side_by_side.h"
#include "driver/srs.h"

namespace vcube::driver {
namespace {

/// Attributes that say what values are and nothing of where they lie: arrays that differ in these only lie alike.
constexpr std::array<std::string_view, 24> kOfValues = {
    "long_name",    "standard_name", "units",        "scale_factor", "add_offset", "_FillValue",
    "valid_min",    "missing_value", "valid_max",    "valid_range",  "comment",    "history",
    "cell_methods", "flag_values",   "flag_masks",   "source",       "title",      "description",
    "references",   "flag_meanings", "actual_range", "_Unsigned",    "short_name", "ancillary_variables"};

std::string place_key(const ArrayMeta& meta) {
    std::string key = parent_path(meta.path);
    for (std::size_t d = 0; d < meta.shape.size(); ++d) {
        const std::string& name = d < meta.dimensions.size() ? meta.dimensions[d] : std::string();
        key.append(1, '\n').append(name).append(1, '=').append(std::to_string(meta.shape[d]));
    }
    if (meta.attributes.is_object()) {
        for (const auto& [name, value] : meta.attributes.items()) {
            if (std::find(kOfValues.begin(), kOfValues.end(), name) == kOfValues.end()) {
                key.append(1, '\n').append(name).append(1, ':').append(
                    value.dump(-1, ' ', false, Json::error_handler_t::replace));
            }
        }
    }
    return key;
}

SharedSrs derive_srs(const OpenContext& context, const ArrayMeta& meta) {
    const Group& root = *context.source->hierarchy;
    const std::string parent = parent_path(meta.path);
    const Group* const group = parent.empty() ? &root : root.find_group(parent);
    const Georef georef = derive_georef(root, group != nullptr ? *group : root, meta, context.arrays());
    const auto srs = parse_srs(georef.crs_text);
    if (!srs || !georef.x_dim || !georef.y_dim) {
        return nullptr;
    }
    const int x = static_cast<int>(*georef.x_dim) + 1;
    const int y = static_cast<int>(*georef.y_dim) + 1;
    auto out = std::make_shared<OGRSpatialReference>(*srs);
    const bool y_first = out->GetDataAxisToSRSAxisMapping() == std::vector<int>{2, 1};
    out->SetDataAxisToSRSAxisMapping(y_first ? std::vector<int>{y, x} : std::vector<int>{x, y});
    return out;
}

}  // namespace

const Group& MdShared::base() const {
    const Group* const found = base_.empty() ? nullptr : root().find_group(base_);
    return found != nullptr ? *found : root();
}

std::string MdShared::full_name(const std::string& path) const {
    std::string_view rest = path;
    if (!base_.empty()) {
        const bool inside = rest.starts_with(base_) && (rest.size() == base_.size() || rest[base_.size()] == '/');
        rest.remove_prefix(inside ? std::min(base_.size() + 1, rest.size()) : rest.rfind('/') + 1);
    }
    if (rest.empty()) {
        return prefix_.empty() ? "/" : prefix_;
    }
    std::string out = prefix_;
    return out.append(1, '/').append(rest);
}

std::string MdShared::parent_full_name(const std::string& path) const {
    const std::string name = full_name(path);
    const std::size_t slash = name.rfind('/');
    return slash == 0 ? "/" : name.substr(0, slash);
}

Result<Array> MdShared::open(const ArrayMeta& meta, Kind kind) const {
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = arrays_.find(&meta); found != arrays_.end()) {
            return found->second;
        }
    }
    ArrayMeta as_read = meta;
    as_read.dtype.kind = kind;
    VCUBE_ASSIGN(Array array, Array::open(context_.arrays(), std::move(as_read)));
    const std::lock_guard lock(mutex_);
    return arrays_.try_emplace(&meta, std::move(array)).first->second;
}

SharedSrs MdShared::srs_of(const ArrayMeta& meta) const {
    const std::string key = place_key(meta);
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = srs_.find(key); found != srs_.end()) {
            return found->second;
        }
    }
    SharedSrs srs = derive_srs(context_, meta);
    const std::lock_guard lock(mutex_);
    return srs_.try_emplace(key, std::move(srs)).first->second;
}

Status MdShared::prefetch(const Array& array, Region region) const {
    const auto bring = [array, context = context_, region = std::move(region)](const std::stop_token& stop) {
        ReadOptions options = context.read_options();
        options.stop = stop;
        const RegionRead read{region, {}};
        return array.prefetch({&read, 1}, options);
    };
    if (!reads_remotely(context_)) {
        return bring({});
    }
    prefetch_.add(context_.runtime->pool, [bring](const std::stop_token& stop) {
        const Status done = without_exceptions([&] { return bring(stop); });
        if (!done.ok() && done.error().code != ErrorCode::kCancelled) {
            log(LogLevel::kDebug, "reading ahead: " + done.error().message);  // the read itself will fail
        }
    });
    return {};
}

}  // namespace vcube::driver
