// Products in memory as a collection, for tests: columns by name, openings and reads counted, damage on demand.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/swath/collection.h"
#include "tests/unit/cube/fake_store.h"

namespace vcube::swath::test {

using vcube::test::Bytes;
using vcube::test::FakeStore;

template <class T>
Bytes bytes_of(const std::vector<T>& values) {
    Bytes bytes(values.size() * sizeof(T));
    if (!values.empty()) {
        std::memcpy(bytes.data(), values.data(), bytes.size());
    }
    return bytes;
}

class ProductSet {
public:
    explicit ProductSet(std::size_t workers = 2)
        : bench_(std::make_shared<FakeStore>(), std::size_t{1} << 16U, workers) {}

    /// Begins another product, an hour after the last; columns are added to it.
    void begin(bool ascending = true) {
        auto store = std::make_shared<FakeStore>();
        store->remote = false;
        store->texts[".zgroup"] = R"({"zarr_format": 2})";
        store->texts[".zattrs"] = std::string(R"({"VH:SPH:MI:TI:Ascending_Flag": ")") + (ascending ? "A" : "D") + "\"}";
        const auto number = static_cast<std::int64_t>(stores_.size());
        ProductEntry entry;
        entry.location = std::to_string(number);
        entry.name.name = "product " + entry.location;
        entry.name.start = 1680307200 + number * 3600;
        entry.name.stop = entry.name.start + 3000;
        list_.products.push_back(entry);
        stores_.push_back(std::move(store));
    }

    template <class T>
    void add(const std::string& name, const std::string& type, const std::vector<T>& values,
             const std::string& attributes = "{}") {
        add_bytes(name, type, bytes_of(values), sizeof(T), attributes);
    }

    void add_bytes(const std::string& name, const std::string& type, Bytes bytes, std::size_t item,
                   const std::string& attributes) {
        FakeStore& store = *stores_.back();
        const std::string n = std::to_string(bytes.size() / item);
        store.texts[name + "/.zarray"] = R"({"zarr_format": 2, "order": "C", "filters": null, "compressor": null,
            "fill_value": null, "shape": [)" +
                                         n + R"(], "chunks": [)" + n + R"(], "dtype": ")" + type + "\"}";
        store.texts[name + "/.zattrs"] = attributes;
        store.chunks[name + "/0"] = std::move(bytes);
    }

    [[nodiscard]] std::shared_ptr<const Collection> collection(const CollectionOptions& options = {}) {
        const auto open = [this](const ProductEntry& entry) -> Result<std::shared_ptr<const Product>> {
            ++openings;
            const auto& store = stores_[static_cast<std::size_t>(std::stoi(entry.location))];
            VCUBE_ASSIGN(const Group root, read_hierarchy(*store));
            VCUBE_ASSIGN(const auto product, Product::open(root, {store, bench_.runtime}));
            return watch(product);
        };
        return std::make_shared<const Collection>(list_, open, nullptr, bench_.runtime, options);
    }

    /// Cuts a column short, as a truncated file does.
    void damage(std::size_t product, const std::string& column) { stores_[product]->chunks[column + "/0"].resize(5); }

    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(stores_.size()); }
    /// All products as one step.
    [[nodiscard]] Period all() const { return {{0, 1}, 0, size()}; }
    [[nodiscard]] Runtime& runtime() const { return *bench_.runtime; }

    std::atomic<int> openings{0};
    std::atomic<int> alive{0}, most_alive{0};  // products

private:
    std::shared_ptr<const Product> watch(const std::shared_ptr<const Product>& product) {
        const int now = ++alive;
        for (int most = most_alive; now > most && !most_alive.compare_exchange_weak(most, now);) {
        }
        return {product.get(), [this, product](const Product* /*same*/) { --alive; }};
    }

    vcube::test::Bench bench_;
    std::vector<std::shared_ptr<FakeStore>> stores_;
    ProductList list_;
};

}  // namespace vcube::swath::test
