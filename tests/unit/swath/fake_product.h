// Products made of columns in memory, for tests that need several of them.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/cube/hierarchy.h"
#include "core/swath/product.h"
#include "core/swath/product_list.h"
#include "tests/unit/cube/fake_store.h"

namespace vcube::swath::test {

struct FakeProduct {
    std::shared_ptr<vcube::test::FakeStore> store = std::make_shared<vcube::test::FakeStore>();

    FakeProduct() {
        store->texts[".zgroup"] = R"({"zarr_format": 2})";
        store->remote = false;
    }

    /// `type` as numpy has it, "<f4"; `attributes`: members of a JSON object, R"("_FillValue": 0)".
    template <class T>
    FakeProduct& add(const std::string& name, const std::string& type, const std::vector<T>& values,
                     const std::string& attributes = "") {
        const std::string n = std::to_string(values.size());
        store->texts[name + "/.zarray"] = R"({"zarr_format": 2, "order": "C", "filters": null, "compressor": null,
            "fill_value": null, "shape": [)" +
                                          n + R"(], "chunks": [)" + n + R"(], "dtype": ")" + type + "\"}";
        store->texts[name + "/.zattrs"] =
            R"({"_ARRAY_DIMENSIONS": ["n_grid_points"])" + (attributes.empty() ? "" : ", " + attributes) + "}";
        vcube::test::Bytes bytes(values.size() * sizeof(T));
        if (!values.empty()) {
            std::memcpy(bytes.data(), values.data(), bytes.size());
        }
        store->chunks[name + "/0"] = std::move(bytes);
        return *this;
    }
    FakeProduct& ids(const std::vector<std::uint32_t>& ids) { return add<std::uint32_t>("Grid_Point_ID", "<u4", ids); }
    /// Global attributes, as a JSON object.
    FakeProduct& attributes(const std::string& json) {
        store->texts[".zattrs"] = json;
        return *this;
    }
    [[nodiscard]] Result<std::shared_ptr<const Product>> open(std::shared_ptr<Runtime> runtime) const {
        VCUBE_ASSIGN(const Group root, read_hierarchy(*store));
        return Product::open(root, {store, std::move(runtime)});
    }
};

/// Reads inline chunks; asks no fetcher.
inline std::shared_ptr<Runtime> inline_runtime(std::size_t workers = 2) {
    return std::make_shared<Runtime>(workers, std::size_t{1} << 20U, std::unique_ptr<Fetcher>());
}

/// Sensing starts `hours` after the beginning of 2023 and takes one.
inline ProductEntry entry_of(const std::string& location, int hours = 0) {
    ProductEntry entry;
    entry.location = location;
    entry.name.name = location;
    entry.name.start = 1672531200 + 3600 * hours;
    entry.name.stop = entry.name.start + 3600;
    return entry;
}

}  // namespace vcube::swath::test
