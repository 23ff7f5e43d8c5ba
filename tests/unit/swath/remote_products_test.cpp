// Products that come from the network are waited for side by side, not a pool's worth at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/patience.h"
#include "core/dgg/isea.h"
#include "core/swath/collection.h"
#include "tests/unit/base/meeting.h"
#include "tests/unit/swath/fake_product.h"

namespace vcube::swath {
namespace {

using test::entry_of;
using test::FakeProduct;
using vcube::test::Bytes;
using vcube::test::FakeStore;
using vcube::test::Meeting;

using Objects = std::map<std::string, Bytes>;

/// The chunks of a store as objects on a web server.
class WebStore final : public Store {
public:
    WebStore(std::shared_ptr<const FakeStore> inner, std::string base)
        : inner_(std::move(inner)), base_(std::move(base)) {}

    [[nodiscard]] std::string_view name() const override { return base_; }
    [[nodiscard]] Result<std::vector<std::string>> metadata_keys() const override { return inner_->metadata_keys(); }
    [[nodiscard]] Result<std::optional<std::string>> metadata(std::string_view key) const override {
        return inner_->metadata(key);
    }
    Status locate(std::span<const std::string> keys, std::span<ChunkLocation> out) const override {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            Remote place;
            place.url = base_ + keys[i];
            out[i] = place;
        }
        return {};
    }

private:
    const std::shared_ptr<const FakeStore> inner_;
    const std::string base_;
};

/// Serves objects; every call stays for a meeting.
class MeetingFetcher final : public Fetcher {
public:
    MeetingFetcher(Objects objects, std::size_t expected) : meeting(expected), objects_(std::move(objects)) {}

    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink,
               const FetchOptions& /*options*/) override {
        meeting.enter();
        for (std::size_t i = 0; i < requests.size(); ++i) {
            const auto found = objects_.find(requests[i].url);
            found == objects_.end() ? sink(i, not_found("no such object")) : sink(i, ByteSpan(found->second));
        }
    }

    Meeting meeting;

private:
    const Objects objects_;
};

/// Serves objects, but says nothing while it is `silent`, until the fetch is not wanted any more.
class SilentFetcher final : public Fetcher {
public:
    explicit SilentFetcher(Objects objects) : objects_(std::move(objects)) {}

    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions& options) override {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        bool stopped = false;
        while (silent && !stopped && std::chrono::steady_clock::now() < end) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            stopped = options.tick && !options.tick();
        }
        for (std::size_t i = 0; i < requests.size(); ++i) {
            stopped ? sink(i, Error{ErrorCode::kCancelled, "reading was cancelled"})
                    : sink(i, ByteSpan(objects_.at(requests[i].url)));
        }
    }

    std::atomic<bool> silent{false};

private:
    const Objects objects_;
};

FakeProduct one_point(const std::vector<std::string>& columns) {
    FakeProduct product;
    product.attributes(R"({"VH:SPH:MI:TI:Ascending_Flag": "A"})");
    product.ids({dgg::grid_point_id(dgg::seqnum_of(8.0, 50.0))});
    for (const std::string& name : columns) {
        product.add<float>(name, "<f4", {1.0F});
    }
    return product;
}

std::string base_of(std::size_t product) {
    return "https://archive.example/" + std::to_string(product) + "/";
}

struct Archive {
    Archive(std::size_t products, const std::vector<std::string>& columns, std::size_t expected) {
        Objects objects;
        for (std::size_t p = 0; p < products; ++p) {
            const FakeProduct product = one_point(columns);
            for (const auto& [key, bytes] : product.store->chunks) {
                objects[base_of(p) + key] = bytes;
            }
            stores.push_back(std::make_shared<const WebStore>(product.store, base_of(p)));
        }
        auto made = std::make_unique<MeetingFetcher>(std::move(objects), expected);
        fetcher = made.get();
        runtime = std::make_shared<Runtime>(1, std::size_t{1} << 20U, std::move(made));
    }

    [[nodiscard]] Result<std::shared_ptr<const Product>> open(std::size_t product) const {
        VCUBE_ASSIGN(const Group root, read_hierarchy(*stores[product]));
        return Product::open(root, {stores[product], runtime});
    }

    std::vector<std::shared_ptr<const Store>> stores;
    MeetingFetcher* fetcher = nullptr;
    std::shared_ptr<Runtime> runtime;
};

TEST(RemoteProducts, ColumnsOfAProductAreWaitedForTogether) {
    const Archive archive(1, {"A", "B", "C", "D"}, 5);
    const auto product = archive.open(0).value();
    EXPECT_TRUE(product->is_remote());
    const std::vector<const Variable*> columns{product->find("A"), product->find("B"), product->find("C"),
                                               product->find("D")};
    ASSERT_TRUE(product->load(columns, Product::Ids::kRows).ok());
    EXPECT_EQ(archive.fetcher->meeting.most(), 5U);
}

TEST(RemoteProducts, FootprintsAreWaitedForTogether) {
    constexpr std::size_t kProducts = 24;
    const Archive archive(kProducts, {}, kProducts);
    ProductList list;
    for (std::size_t p = 0; p < kProducts; ++p) {
        list.products.push_back(entry_of(base_of(p) + "product.json", static_cast<int>(p)));
    }
    const Collection collection(list,
                                [&](const ProductEntry& entry) {
                                    return archive.open(std::stoul(entry.location.substr(base_of(0).rfind('0'))));
                                },
                                nullptr, archive.runtime, {});
    const auto touching = collection.touching(0, kProducts, dgg::BlockSet::all());
    ASSERT_TRUE(touching.ok());
    EXPECT_EQ(touching.value().size(), kProducts);
    EXPECT_EQ(archive.fetcher->meeting.most(), kProducts);
}

TEST(RemoteProducts, ReferencesHereMayNameDataThere) {
    constexpr std::size_t kProducts = 6;
    const Archive archive(kProducts, {}, kProducts);
    ProductList list;
    for (std::size_t p = 0; p < kProducts; ++p) {
        list.products.push_back(entry_of(std::to_string(p), static_cast<int>(p)));
    }
    const Collection collection(list,
                                [&](const ProductEntry& entry) { return archive.open(std::stoul(entry.location)); },
                                nullptr, archive.runtime, {});
    ASSERT_TRUE(collection.sample().ok());
    ASSERT_TRUE(collection.touching(0, kProducts, dgg::BlockSet::all()).ok());
    EXPECT_EQ(archive.fetcher->meeting.most(), kProducts);
}

TEST(RemoteProducts, InlineColumnsAreNotRemote) {
    const FakeProduct product = one_point({"A"});
    EXPECT_FALSE(product.open(test::inline_runtime()).value()->is_remote());
}

/// A call that is given up while it waits for products, and the same again.
TEST(RemoteProducts, WhatIsNotWantedAnyMoreIsNoFailure) {
    constexpr std::size_t kProducts = 12;
    Archive archive(kProducts, {"A"}, 1);
    Objects objects;
    ProductList list;
    for (std::size_t p = 0; p < kProducts; ++p) {
        const FakeProduct product = one_point({"A"});
        for (const auto& [key, bytes] : product.store->chunks) {
            objects[base_of(p) + key] = bytes;
        }
        list.products.push_back(entry_of(base_of(p) + "product.json", static_cast<int>(p)));
    }
    auto made = std::make_unique<SilentFetcher>(std::move(objects));
    SilentFetcher& fetcher = *made;
    archive.runtime = std::make_shared<Runtime>(1, std::size_t{1} << 20U, std::move(made));
    const Collection collection(list,
                                [&](const ProductEntry& entry) {
                                    return archive.open(std::stoul(entry.location.substr(base_of(0).rfind('0'))));
                                },
                                nullptr, archive.runtime, {});
    const auto touching = [&] { return collection.touching(0, kProducts, dgg::BlockSet::all()); };
    fetcher.silent = true;
    {
        int calls = 0;
        const Patience patience([&](double) { return ++calls < 3; });
        const auto found = touching();
        ASSERT_FALSE(found.ok());
        EXPECT_EQ(found.error().code, ErrorCode::kCancelled);
        EXPECT_EQ(calls, 3);
    }
    EXPECT_TRUE(collection.failures().empty());
    {
        const Patience patience([](double) { return false; });
        EXPECT_EQ(collection.product(0).value()->ids().status().error().code, ErrorCode::kCancelled);
    }
    fetcher.silent = false;
    EXPECT_EQ(touching().value().size(), kProducts);
}

}  // namespace
}  // namespace vcube::swath
