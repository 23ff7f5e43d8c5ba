#include "core/cube/hierarchy.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "core/cube/zarr_v3.h"

namespace vcube {
namespace {

// A reference set may name any depth; the tree is walked recursively by those who show it.
constexpr std::size_t kMaxGroupDepth = 64;

std::string_view without_leading_slash(std::string_view path) {
    return !path.empty() && path.front() == '/' ? path.substr(1) : path;
}

std::string_view parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

bool before(const ArrayMeta& array, std::string_view name) {
    return array.name < name;
}

/// Groups by path while they are found, in any order; a tree only at the end, so that no order of names is slow.
class Tree {
public:
    Tree() { add(""); }

    /// The group of this path, made with those above it where it does not exist; nullptr where it lies too deep.
    Group* ensure(std::string_view path) {
        if (const auto found = groups_.find(path); found != groups_.end()) {
            return &found->second;
        }
        if (static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) >= kMaxGroupDepth) {
            return nullptr;
        }
        ensure(parent_of(path));
        return add(path);
    }

    /// The root, with all others below it. Afterwards the tree is empty.
    Group finish() {
        // A path stands behind those above it, so children are complete before they move.
        for (auto at = groups_.rbegin(); at != groups_.rend(); ++at) {
            Group& group = at->second;
            std::sort(group.arrays.begin(), group.arrays.end(),
                      [](const ArrayMeta& a, const ArrayMeta& b) { return a.name < b.name; });
            std::sort(group.groups.begin(), group.groups.end(),
                      [](const Group& a, const Group& b) { return a.name < b.name; });
            if (!at->first.empty()) {
                groups_.find(parent_of(at->first))->second.groups.push_back(std::move(group));
            }
        }
        return std::move(groups_.begin()->second);
    }

private:
    Group* add(std::string_view path) {
        Group group;
        group.path = path;
        group.name = name_of(path);
        group.attributes = Json::object();
        return &groups_.emplace(path, std::move(group)).first->second;
    }

    std::map<std::string, Group, std::less<>> groups_;
};

class Reader {
public:
    Reader(const Store& store, const ArrayLimits& limits, const std::vector<std::string>& keys,
           std::string_view only_array)
        : store_(store), limits_(limits), keys_(keys), only_array_(only_array), store_name_(store.name()) {}

    Result<Group> read() {
        for (const std::string& key : keys_) {
            const std::string_view file = name_of(key);
            const std::string_view path = parent_of(key);
            if (file == "zarr.json") {
                read_v3(key, path);
            } else if ((file != ".zarray" && file != ".zgroup" && file != ".zattrs") || has(path, "zarr.json")) {
                continue;  // of a node in both versions the newer one counts
            } else if (file == ".zarray") {
                if (only_array_.empty() || path == only_array_) {
                    read_array(key, path);
                }
            } else if (file == ".zgroup") {
                read_group(key, path);
            } else if (!has(path, ".zarray")) {
                read_group_attributes(key, path);
            }
        }
        if (!found_) {
            return first_problem_ ? *first_problem_ : invalid(store_name_ + ": neither a group nor an array");
        }
        return tree_.finish();
    }

private:
    bool has(std::string_view path, std::string_view file) const {
        std::string key(path);
        key.append(path.empty() ? "" : "/").append(file);
        return std::binary_search(keys_.begin(), keys_.end(), key);
    }

    /// Notes a problem in the group of this path, or in the root where there is none.
    void problem(std::string_view path, Error error) {
        if (!first_problem_) {
            first_problem_ = error;
        }
        Group* group = tree_.ensure(path);
        (group != nullptr ? group : tree_.ensure(""))->problems.push_back(std::move(error));
    }

    Result<std::string> text_of(const std::string& key) const {
        VCUBE_ASSIGN(std::optional<std::string> text, store_.metadata(key));
        return text ? *std::move(text) : std::string();
    }

    void read_group(const std::string& key, std::string_view path) {
        Group* group = tree_.ensure(path);
        if (group == nullptr) {
            return problem("", over_limit(store_name_ + ": " + key + ": groups nested too deep"));
        }
        found_ = true;
        const std::string what = store_name_ + ": " + key;
        const Result<std::string> text = text_of(key);
        if (!text.ok()) {
            return problem(path, text.error());
        }
        const Result<Json> document = parse_json(text.value(), what);
        if (!document.ok()) {
            return problem(path, document.error());
        }
        const Result<std::uint64_t> format = json_uint(document.value(), "zarr_format", what);
        if (!format.ok()) {
            return problem(path, format.error());
        }
        if (format.value() != 2) {
            problem(path,
                    unsupported(what + ": \"zarr_format\" is " + std::to_string(format.value()) + ", expected 2"));
        }
    }

    void read_group_attributes(const std::string& key, std::string_view path) {
        Group* group = tree_.ensure(path);
        if (group == nullptr) {
            return;
        }
        const std::string what = store_name_ + ": " + key;
        const Result<std::string> text = text_of(key);
        if (!text.ok()) {
            return problem(path, text.error());
        }
        Result<Json> attributes = parse_json(text.value(), what);
        if (!attributes.ok()) {
            return problem(path, attributes.error());
        }
        if (!attributes.value().is_object()) {
            return problem(path, invalid(what + ": expected an object, found " + json_type_name(attributes.value())));
        }
        group->attributes = std::move(attributes).value();
    }

    void read_array(const std::string& key, std::string_view path) {
        if (tree_.ensure(parent_of(path)) == nullptr) {
            return problem("", over_limit(store_name_ + ": " + key + ": groups nested too deep"));
        }
        const Result<std::string> zarray = text_of(key);
        if (!zarray.ok()) {
            return problem(parent_of(path), zarray.error());
        }
        std::string zattrs;
        if (has(path, ".zattrs")) {
            Result<std::string> text = text_of((path.empty() ? "" : std::string(path) + "/") + ".zattrs");
            if (text.ok()) {
                zattrs = std::move(text).value();
            } else {
                problem(parent_of(path), text.error());
            }
        }
        Result<ArrayMeta> meta = parse_zarray(path, zarray.value(), zattrs, store_name_, limits_);
        if (!meta.ok()) {
            problem(parent_of(path), meta.error());
            if (!zattrs.empty()) {  // damaged attributes do not take the values away
                meta = parse_zarray(path, zarray.value(), "", store_name_, limits_);
            }
        }
        if (meta.ok()) {
            add_array(std::move(meta).value());
        }
    }

    /// The group that holds the array has been found to lie not too deep.
    void add_array(ArrayMeta meta) {
        found_ = true;
        Group* const group = tree_.ensure(parent_of(meta.path));
        group->arrays.push_back(std::move(meta));
    }

    void read_v3(const std::string& key, std::string_view path) {
        const std::string what = store_name_ + ": " + key;
        const Result<std::string> text = text_of(key);
        if (!text.ok()) {
            return problem(parent_of(path), text.error());
        }
        const Result<Json> document = parse_json(text.value(), what);
        if (!document.ok()) {
            return problem(parent_of(path), document.error());
        }
        const auto node = document.value().is_object() ? document.value().find("node_type") : document.value().end();
        const bool is_group = document.value().is_object() && node != document.value().end() && *node == "group";
        if (tree_.ensure(is_group ? path : parent_of(path)) == nullptr) {
            return problem("", over_limit(what + ": groups nested too deep"));
        }
        if (is_group) {
            return read_v3_group(document.value(), path, what);
        }
        Result<ArrayMeta> meta = parse_zarr_array(path, document.value(), store_name_, limits_);
        if (!meta.ok()) {
            return problem(parent_of(path), meta.error());
        }
        add_array(std::move(meta).value());
    }

    void read_v3_group(const Json& document, std::string_view path, const std::string& what) {
        const Result<std::uint64_t> format = json_uint(document, "zarr_format", what);
        if (!format.ok() || format.value() != 3) {
            return problem(path, format.ok() ? unsupported(what + ": \"zarr_format\" is " +
                                                           std::to_string(format.value()) + ", expected 3")
                                             : format.error());
        }
        found_ = true;
        Json attributes = document.value("attributes", Json::object());
        if (!attributes.is_object()) {
            const std::string found = json_type_name(attributes);
            return problem(path, invalid(what + ": \"attributes\" must be an object, not " + found));
        }
        tree_.ensure(path)->attributes = std::move(attributes);
    }

    const Store& store_;
    const ArrayLimits& limits_;
    const std::vector<std::string>& keys_;
    const std::string_view only_array_;
    const std::string store_name_;
    Tree tree_;
    std::optional<Error> first_problem_;
    bool found_ = false;
};

}  // namespace

const Group* Group::find_group(std::string_view wanted) const {
    wanted = without_leading_slash(wanted);
    if (wanted == path) {
        return this;
    }
    const std::size_t begin = path.empty() ? 0 : path.size() + 1;
    if (wanted.size() <= begin || !wanted.starts_with(path)) {
        return nullptr;
    }
    const std::string_view child_name = wanted.substr(begin, wanted.find('/', begin) - begin);
    const auto child = std::lower_bound(groups.begin(), groups.end(), child_name,
                                        [](const Group& a, std::string_view b) { return a.name < b; });
    return child != groups.end() && child->name == child_name ? child->find_group(wanted) : nullptr;
}

const ArrayMeta* Group::find_array(std::string_view wanted) const {
    wanted = without_leading_slash(wanted);
    const Group* group = find_group(parent_of(wanted));
    if (group == nullptr) {
        return nullptr;
    }
    const auto at = std::lower_bound(group->arrays.begin(), group->arrays.end(), name_of(wanted), before);
    return at != group->arrays.end() && at->path == wanted ? &*at : nullptr;
}

Result<Group> read_hierarchy(const Store& store, const ArrayLimits& limits, std::string_view only_array) {
    VCUBE_ASSIGN(const std::vector<std::string> keys, store.metadata_keys());
    return Reader(store, limits, keys, only_array).read();
}

}  // namespace vcube
