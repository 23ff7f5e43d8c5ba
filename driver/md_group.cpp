#include "driver/md_group.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/cube/attribute.h"
#include "driver/counting_dataset.h"
#include "driver/cube_metadata.h"
#include "driver/gdal_compat.h"
#include "driver/guard.h"
#include "driver/labels.h"
#include "driver/md_attribute.h"
#include "driver/md_dimension.h"

namespace vcube::driver {
namespace {

class MdGroup final : public MdGroupBase {
public:
    /// `only`: the arrays that the group shows; all where it is empty.
    static std::shared_ptr<GDALGroup> create(const std::shared_ptr<const MdShared>& shared, const Group& group,
                                             const std::string& parent, const std::string& name,
                                             std::set<const ArrayMeta*> only = {}) {
        const std::shared_ptr<MdGroup> out(new MdGroup(shared, group, parent, name, std::move(only)));
        set_self(out);
        return out;
    }

    std::vector<std::string> GetMDArrayNames(CSLConstList) const override {
        std::vector<std::string> out;
        out.reserve(group_.arrays.size());
        for (const ArrayMeta& array : group_.arrays) {
            if (shows(array) && is_md_type(array.dtype)) {
                out.push_back(array.name);
            }
        }
        return out;
    }

    std::shared_ptr<GDALMDArray> OpenMDArray(const std::string& name, CSLConstList) const override {
        const auto found = std::lower_bound(group_.arrays.begin(), group_.arrays.end(), name,
                                            [](const ArrayMeta& a, const std::string& b) { return a.name < b; });
        return found != group_.arrays.end() && found->name == name && shows(*found) ? open_md_array(shared_, *found)
                                                                                    : nullptr;
    }

    std::vector<std::string> GetGroupNames(CSLConstList) const override {
        std::vector<std::string> out;
        if (only_.empty()) {
            for (const Group& child : group_.groups) {
                out.push_back(child.name);
            }
        }
        return out;
    }

    std::shared_ptr<GDALGroup> OpenGroup(const std::string& name, CSLConstList) const override {
        for (const Group& child : group_.groups) {
            if (only_.empty() && child.name == name) {
                return create(shared_, child, GetFullName(), child.name);
            }
        }
        return nullptr;
    }

    /// Those of this group's arrays that no group above has.
    std::vector<std::shared_ptr<GDALDimension>> GetDimensions(CSLConstList) const override {
        std::vector<std::shared_ptr<GDALDimension>> out;
        std::set<std::string> seen;
        const std::string own = GetFullName() == "/" ? "/" : GetFullName() + "/";
        for (const ArrayMeta& array : group_.arrays) {
            if (!shows(array) || !is_md_type(array.dtype)) {
                continue;
            }
            for (auto& dimension : make_dimensions(shared_, array)) {
                const std::string& name = dimension->GetFullName();
                if (name == own + dimension->GetName() && seen.insert(name).second) {
                    out.push_back(std::move(dimension));
                }
            }
        }
        return out;
    }

    std::vector<std::shared_ptr<GDALAttribute>> GetAttributes(CSLConstList) const override {
        return make_attributes(GetFullName(), group_.attributes);
    }

    std::shared_ptr<GDALAttribute> GetAttribute(const std::string& name) const override {
        const Json* const value = find_attribute(group_.attributes, name.c_str());
        return value == nullptr ? nullptr : make_attribute(GetFullName(), name, *value);
    }

private:
    MdGroup(const std::shared_ptr<const MdShared>& shared, const Group& group, const std::string& parent,
            const std::string& name, std::set<const ArrayMeta*> only)
        : MdGroupBase(parent, name), shared_(shared), group_(group), only_(std::move(only)) {}

    [[nodiscard]] bool shows(const ArrayMeta& array) const { return only_.empty() || only_.contains(&array); }

    const std::shared_ptr<const MdShared> shared_;
    const Group& group_;  // owned by the hierarchy, which shared_ keeps
    const std::set<const ArrayMeta*> only_;
};

class MdDataset final : public CountingDataset<GDALDataset> {
public:
    MdDataset(const OpenContext& context, std::shared_ptr<GDALGroup> root) : root_(std::move(root)) {
        tell_statistics(context);
    }
    std::shared_ptr<GDALGroup> GetRootGroup() const override { return root_; }

private:
    const std::shared_ptr<GDALGroup> root_;
};

/// One warning, however many arrays there are.
void tell_hidden_arrays(const Group& root) {
    const ArrayMeta* first = nullptr;
    std::size_t count = 0;
    for_each_array(root, [&](const Group&, const ArrayMeta& array) {
        if (!is_md_type(array.dtype)) {
            first = count++ == 0 ? &array : first;
        }
    });
    if (first != nullptr) {
        const std::string others = count > 1 ? ", nor " + std::to_string(count - 1) + " more arrays of such types" : "";
        log(LogLevel::kWarning,
            first->path + ": values of type " + type_name(first->dtype) + " are not shown" + others);
    }
}

/// The array at context.name.path with the coordinates along its dimensions, as a group of their own.
std::shared_ptr<GDALGroup> make_array_group(const OpenContext& context, const ArrayMeta& array) {
    const Group& root = *context.source->hierarchy;
    const std::string base = parent_path(array.path);
    const auto shared = std::make_shared<const MdShared>(context, "", base);
    std::set<const ArrayMeta*> shown{&array};
    for (std::size_t d = 0; d < array.dimensions.size() && d < array.shape.size(); ++d) {
        const ArrayMeta* const coordinate = find_coordinate(root, base, array.dimensions[d], array.shape[d]);
        if (coordinate != nullptr) {
            shown.insert(coordinate);
        }
    }
    return MdGroup::create(shared, shared->base(), "", "/", std::move(shown));
}

Result<std::shared_ptr<GDALGroup>> make_named_root(const OpenContext& context) {
    const std::string& path = context.name.path;
    const Group& root = *context.source->hierarchy;
    if (!context.name.selections.empty()) {
        return unsupported("the multidimensional view takes no selection of dimensions in its name: use a view");
    }
    if (path.empty() || root.find_group(path) != nullptr) {
        return make_root_group(context, "/", path);
    }
    const ArrayMeta* const array = root.find_array(path);
    if (array == nullptr || !is_md_type(array->dtype)) {
        return not_found(context.source->location + ": there is no group or array \"" + path + "\"");
    }
    return make_array_group(context, *array);
}

}  // namespace

std::shared_ptr<GDALGroup> make_root_group(const OpenContext& context, const std::string& name,
                                           const std::string& base) {
    const bool top = name == "/";
    const auto shared = std::make_shared<const MdShared>(context, top ? std::string() : "/" + name, base);
    return MdGroup::create(shared, shared->base(), top ? std::string() : "/", name);
}

std::unique_ptr<GDALDataset> make_multidim_dataset(const OpenContext& context, std::shared_ptr<GDALGroup> root) {
    return std::make_unique<MdDataset>(context, std::move(root));
}

Result<std::unique_ptr<GDALDataset>> open_multidim_dataset(const OpenContext& context) {
    tell_hidden_arrays(*context.source->hierarchy);
    std::shared_ptr<GDALGroup> root;
    const std::string& path = context.name.path;
    if (!context.source->product) {
        VCUBE_ASSIGN(root, make_named_root(context));
    } else if (path == "swath" || path.starts_with("swath/")) {
        OpenContext raw = context;
        raw.name.path.erase(0, path.find('/') == std::string::npos ? path.size() : path.find('/') + 1);
        VCUBE_ASSIGN(root, make_named_root(raw));
    } else if (path.empty() || context.source->product->find(path) != nullptr) {
        // A variable's grid is that of all variables: the product is shown whole.
        VCUBE_ASSIGN(root, make_swath_group(context, make_root_group(context, "swath")));
    } else {
        return not_found(context.source->location + ": there is no variable \"" + path + "\"");
    }
    return make_multidim_dataset(context, std::move(root));
}

}  // namespace vcube::driver
