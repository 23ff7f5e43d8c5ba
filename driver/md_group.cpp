#include "driver/md_group.h"

#include <set>

#include "core/base/log.h"
#include "core/cube/attribute.h"
#include "driver/cube_metadata.h"
#include "driver/guard.h"
#include "driver/md_attribute.h"

namespace vcube::driver {
namespace {

class MdGroup final : public GDALGroup {
public:
    MdGroup(std::shared_ptr<const MdShared> shared, const Group& group, const std::string& parent,
            const std::string& name)
        : GDALGroup(parent, name), shared_(std::move(shared)), group_(group) {}

    std::vector<std::string> GetMDArrayNames(CSLConstList) const override {
        std::vector<std::string> out;
        for (const ArrayMeta& array : group_.arrays) {
            if (is_md_type(array.dtype)) {
                out.push_back(array.name);
            }
        }
        return out;
    }

    std::shared_ptr<GDALMDArray> OpenMDArray(const std::string& name, CSLConstList) const override {
        for (const ArrayMeta& array : group_.arrays) {
            if (array.name == name) {
                if (!is_md_type(array.dtype)) {
                    raise_error(
                        unsupported(array.path + ": values of type " + type_name(array.dtype) + " are not shown"));
                    return nullptr;
                }
                return open_md_array(shared_, array);
            }
        }
        return nullptr;
    }

    std::vector<std::string> GetGroupNames(CSLConstList) const override {
        std::vector<std::string> out;
        for (const Group& child : group_.groups) {
            out.push_back(child.name);
        }
        return out;
    }

    std::shared_ptr<GDALGroup> OpenGroup(const std::string& name, CSLConstList) const override {
        for (const Group& child : group_.groups) {
            if (child.name == name) {
                return std::make_shared<MdGroup>(shared_, child, GetFullName(), child.name);
            }
        }
        return nullptr;
    }

    /// Those of this group's arrays, and of its coordinates.
    std::vector<std::shared_ptr<GDALDimension>> GetDimensions(CSLConstList) const override {
        std::vector<std::shared_ptr<GDALDimension>> out;
        std::set<std::string> seen;
        for (const ArrayMeta& array : group_.arrays) {
            for (auto& dimension : make_dimensions(shared_, array)) {
                if (seen.insert(dimension->GetFullName()).second) {
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
    std::shared_ptr<const MdShared> shared_;
    const Group& group_;  // owned by the hierarchy, which shared_ keeps
};

class MdDataset final : public GDALDataset {
public:
    explicit MdDataset(std::shared_ptr<GDALGroup> root) : root_(std::move(root)) {}
    std::shared_ptr<GDALGroup> GetRootGroup() const override { return root_; }

private:
    std::shared_ptr<GDALGroup> root_;
};

void tell_hidden_arrays(const Group& root) {
    for_each_array(root, [](const Group&, const ArrayMeta& array) {
        if (!is_md_type(array.dtype)) {
            log(LogLevel::kWarning, array.path + ": values of type " + type_name(array.dtype) + " are not shown");
        }
    });
}

}  // namespace

std::shared_ptr<GDALGroup> make_root_group(const OpenContext& context, const std::string& name) {
    auto shared = std::make_shared<MdShared>();
    shared->context = context;
    const bool top = name == "/";
    shared->prefix = top ? "" : "/" + name;
    const Group& root = shared->root();
    return std::make_shared<MdGroup>(std::move(shared), root, top ? std::string() : "/", name);
}

Result<std::unique_ptr<GDALDataset>> open_multidim_dataset(const OpenContext& context) {
    if (!context.name.path.empty()) {
        return invalid("the multidimensional view shows whole stores: expected VCUBE:\"" + context.source->location +
                       "\" without /" + context.name.path);
    }
    tell_hidden_arrays(*context.source->hierarchy);
    std::shared_ptr<GDALGroup> root;
    if (context.source->product) {
        VCUBE_ASSIGN(root, make_swath_group(context, make_root_group(context, "swath")));
    } else {
        root = make_root_group(context, "/");
    }
    return std::unique_ptr<GDALDataset>(std::make_unique<MdDataset>(std::move(root)));
}

}  // namespace vcube::driver
