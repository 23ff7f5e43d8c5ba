#include "core/swath/collection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <atomic>
#include <mutex>
#include <thread>

#include "core/base/log.h"
#include "core/dgg/isea.h"
#include "tests/unit/swath/fake_product.h"
#include "tests/unit/swath/temp_folder.h"

namespace vcube::swath {
namespace {

using test::entry_of;
using test::FakeProduct;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kAscending = R"({"VH:SPH:MI:TI:Ascending_Flag": "A"})";
constexpr const char* kDescending = R"({"VH:SPH:MI:TI:Ascending_Flag": "D"})";

std::uint32_t id_at(double lon, double lat) {
    return dgg::grid_point_id(dgg::seqnum_of(lon, lat));
}

dgg::BlockSet blocks_at(double lon, double lat) {
    dgg::BlockSet blocks;
    blocks.insert(dgg::block_cell_of(dgg::seqnum_of(lon, lat)).block);
    return blocks;
}

class CollectionTest : public testing::Test {
protected:
    CollectionTest() {
        set_log_sink([this](LogLevel level, const std::string& message) {
            const std::lock_guard lock(mutex);
            EXPECT_EQ(level, LogLevel::kDebug) << message;
            messages.push_back(message);
        });
    }
    ~CollectionTest() override { set_log_sink({}); }

    /// Products are found by their place in `products`; what is null there does not open.
    FakeProduct* add(const std::vector<std::uint32_t>& ids, const char* attributes = kAscending) {
        products.push_back(std::make_unique<FakeProduct>());
        products.back()->ids(ids).attributes(attributes);
        return products.back().get();
    }
    void add_broken() { products.push_back(nullptr); }

    std::unique_ptr<Collection> make(const CollectionOptions& options = {},
                                     std::unique_ptr<FootprintStore> footprints = nullptr) {
        ProductList list;
        for (std::size_t k = 0; k < products.size(); ++k) {
            list.products.push_back(entry_of(std::to_string(k), static_cast<int>(k)));
        }
        opens = std::vector<std::atomic<int>>(products.size());
        const auto open = [this](const ProductEntry& entry) -> Result<std::shared_ptr<const Product>> {
            const auto k = static_cast<std::size_t>(std::stoi(entry.location));
            ++opens[k];
            if (products[k] == nullptr) {
                return corrupt("product " + entry.location + " is broken");
            }
            return products[k]->open(runtime);
        };
        return std::make_unique<Collection>(std::move(list), open, std::move(footprints), runtime, options);
    }
    [[nodiscard]] int total_opens() const {
        int sum = 0;
        for (const auto& n : opens) {
            sum += n;
        }
        return sum;
    }

    std::vector<std::unique_ptr<FakeProduct>> products;
    std::vector<std::atomic<int>> opens;
    std::shared_ptr<Runtime> runtime = test::inline_runtime(3);
    std::mutex mutex;
    std::vector<std::string> messages;
};

TEST_F(CollectionTest, KeepsProductsThatWereUsedLast) {
    for (int k = 0; k < 4; ++k) {
        add(std::vector<std::uint32_t>(1000, 7));
    }
    CollectionOptions options;
    options.product_bytes = 3 * 5000;  // of metadata by estimate: 4096 each
    const auto collection = make(options);
    for (const std::uint32_t k : {0U, 1U, 2U, 0U}) {
        ASSERT_TRUE(collection->product(k).ok());
    }
    EXPECT_EQ(total_opens(), 3);
    ASSERT_TRUE(collection->product(3).ok());  // 1 was used longest ago
    ASSERT_TRUE(collection->product(0).ok());
    ASSERT_TRUE(collection->product(2).ok());
    EXPECT_EQ(total_opens(), 4);
    ASSERT_TRUE(collection->product(1).ok());
    EXPECT_EQ(opens[1], 2);
}

TEST_F(CollectionTest, CountsWhatWasReadOfProducts) {
    for (int k = 0; k < 3; ++k) {
        add(std::vector<std::uint32_t>(1000, 7));
    }
    CollectionOptions options;
    options.product_bytes = 3 * 5000;
    const auto collection = make(options);
    const auto first = collection->product(0).value();
    const std::size_t before = first->held_bytes();
    ASSERT_TRUE(first->ids().ok());
    EXPECT_EQ(first->held_bytes(), before + 4000);
    ASSERT_TRUE(first->column(*first->find("Grid_Point_ID")).ok());
    EXPECT_EQ(first->held_bytes(), before + 8000);
    ASSERT_TRUE(collection->product(1).ok());  // 8192 + 4096 + 4096 is too much: the first goes
    EXPECT_EQ(first->row_count(), 1000U);      // those who hold it keep it
    ASSERT_TRUE(collection->product(0).ok());
    EXPECT_EQ(opens[0], 2);
}

TEST_F(CollectionTest, ServesAProductThatIsLargerThanItsRoom) {
    add({7});
    CollectionOptions options;
    options.product_bytes = 1;
    const auto collection = make(options);
    ASSERT_TRUE(collection->product(0).ok());
    ASSERT_TRUE(collection->product(0).ok());
    EXPECT_EQ(total_opens(), 1);
}

TEST_F(CollectionTest, RemembersWhatDoesNotOpen) {
    add_broken();
    const auto collection = make();
    for (int n = 0; n < 3; ++n) {
        const auto made = collection->product(0);
        ASSERT_FALSE(made.ok());
        EXPECT_EQ(made.error().message, "product 0 is broken");
    }
    EXPECT_EQ(opens[0], 1);
    EXPECT_THAT(collection->failures(), IsEmpty());  // nobody has noted it
}

TEST_F(CollectionTest, TakesTheFirstProductThatOpensForASample) {
    add_broken();
    add_broken();
    add({7});
    add({7});
    const auto collection = make();
    const auto sample = collection->sample().value();
    EXPECT_EQ(sample, collection->sample().value());
    EXPECT_EQ(sample, collection->product(2).value());
    EXPECT_EQ(total_opens(), 3);
    ASSERT_EQ(collection->failures().size(), 2U);
    EXPECT_THAT(messages, ElementsAre(HasSubstr("product 0 is broken"), HasSubstr("product 1 is broken")));
}

TEST_F(CollectionTest, WithoutASampleTellsTheFirstError) {
    EXPECT_EQ(make()->sample().error().code, ErrorCode::kNotFound);
    add_broken();
    add_broken();
    EXPECT_EQ(make()->sample().error().message, "product 0 is broken");
}

TEST_F(CollectionTest, FindsProductsThatTouchBlocks) {
    add({id_at(10, 50)});
    add({id_at(-100, -40), id_at(10.1, 50.1)}, kDescending);
    add({id_at(-100, -40)});
    const auto collection = make();
    EXPECT_THAT(collection->touching(0, 3, blocks_at(10, 50)).value(), ElementsAre(0, 1));
    EXPECT_THAT(collection->touching(0, 3, blocks_at(-100, -40)).value(), ElementsAre(1, 2));
    EXPECT_THAT(collection->touching(1, 1, blocks_at(-100, -40)).value(), ElementsAre(1));
    EXPECT_THAT(collection->touching(0, 3, blocks_at(100, 40)).value(), IsEmpty());
    EXPECT_THAT(collection->touching(0, 3, {}).value(), IsEmpty());
    EXPECT_THAT(collection->touching(3, 0, dgg::BlockSet::all()).value(), IsEmpty());
    EXPECT_EQ(total_opens(), 3);
}

TEST_F(CollectionTest, KeepsToThePass) {
    add({id_at(10, 50)});
    add({id_at(10, 50)}, kDescending);
    add({id_at(10, 50)}, "{}");
    CollectionOptions options;
    options.pass = Pass::kDescending;
    EXPECT_THAT(make(options)->touching(0, 3, dgg::BlockSet::all()).value(), ElementsAre(1));
}

TEST_F(CollectionTest, KeepsToTheBox) {
    add({id_at(10, 50)});
    add({id_at(11, 50)});  // in the same block, outside
    add({id_at(11, 50), id_at(9, 50)});
    add({id_at(-100, -40)});
    CollectionOptions options;
    options.box = LonLatBox{5, 45, 10.5, 55};
    const auto collection = make(options);
    ASSERT_EQ(blocks_at(10, 50), blocks_at(11, 50));
    EXPECT_THAT(collection->touching(0, 4, dgg::BlockSet::all()).value(), ElementsAre(0, 2));
    EXPECT_THAT(collection->touching(0, 4, blocks_at(10, 50)).value(), ElementsAre(0, 2));
    EXPECT_THAT(collection->touching(0, 4, blocks_at(-100, -40)).value(), IsEmpty());
    EXPECT_EQ(total_opens(), 4);
    EXPECT_TRUE(collection->box_cells()->contains(dgg::block_cell_of(dgg::seqnum_of(10, 50))));
    EXPECT_FALSE(collection->box_cells()->contains(dgg::block_cell_of(dgg::seqnum_of(11, 50))));
    EXPECT_EQ(make()->box_cells(), nullptr);
}

TEST_F(CollectionTest, LeavesOutWhatCannotBeRead) {
    add({id_at(10, 50)});
    add_broken();
    FakeProduct* damaged = add({id_at(10, 50)});
    damaged->store->fail_key = "Grid_Point_ID/0";
    add({id_at(10, 50)});
    const auto collection = make();
    for (int n = 0; n < 2; ++n) {
        EXPECT_THAT(collection->touching(0, 4, dgg::BlockSet::all()).value(), ElementsAre(0, 3));
    }
    EXPECT_EQ(total_opens(), 4);
    const auto failures = collection->failures();
    ASSERT_EQ(failures.size(), 2U);
    EXPECT_EQ(failures[0].product, 1U);
    EXPECT_EQ(failures[0].error.message, "product 1 is broken");
    EXPECT_EQ(failures[1].product, 2U);
    EXPECT_THAT(failures[1].error.message, HasSubstr("Grid_Point_ID"));
    EXPECT_EQ(messages.size(), 2U);  // asking again tells nothing new
}

TEST_F(CollectionTest, FailsWhereThatIsAskedFor) {
    add({id_at(10, 50)});
    add_broken();
    CollectionOptions options;
    options.failure_is_error = true;
    const auto collection = make(options);
    const auto found = collection->touching(0, 2, dgg::BlockSet::all());
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().message, "product 1 is broken");
    EXPECT_THAT(messages, IsEmpty());
}

TEST_F(CollectionTest, TheFirstErrorOfAProductStands) {
    add({7});
    const auto collection = make();
    EXPECT_TRUE(collection->note_failure(0, corrupt("one")).ok());
    EXPECT_TRUE(collection->note_failure(0, corrupt("two")).ok());
    ASSERT_EQ(collection->failures().size(), 1U);
    EXPECT_EQ(collection->failures()[0].error.message, "one");
    EXPECT_EQ(messages.size(), 1U);
}

TEST_F(CollectionTest, OpensNothingWhoseFootprintIsKept) {
    for (int k = 0; k < 20; ++k) {
        add({id_at(10 * k, 50)});
    }
    const test::TempFolder folder;
    const auto store = [&] { return std::make_unique<FootprintStore>(folder.path(), "c"); };
    EXPECT_THAT(make({}, store())->touching(0, 20, blocks_at(30, 50)).value(), ElementsAre(3));
    EXPECT_EQ(total_opens(), 20);
    EXPECT_THAT(make({}, store())->touching(0, 20, blocks_at(30, 50)).value(), ElementsAre(3));
    EXPECT_EQ(total_opens(), 0);
}

TEST_F(CollectionTest, ManyThreadsOpenEachProductOnce) {
    for (int k = 0; k < 12; ++k) {
        if (k % 5 == 4) {
            add_broken();
        } else {
            add({id_at(10 * k, 50)}, k % 2 == 0 ? kAscending : kDescending);
        }
    }
    CollectionOptions options;
    options.box = LonLatBox{-5, 45, 200, 55};
    const auto collection = make(options);
    std::vector<std::thread> threads;
    for (std::uint32_t t = 0; t < 6; ++t) {
        threads.emplace_back([&, t] {
            for (std::uint32_t n = 0; n < 24; ++n) {
                EXPECT_EQ(collection->product((n + t) % 12).ok(), (n + t) % 12 % 5 != 4);
            }
            EXPECT_EQ(collection->touching(0, 12, dgg::BlockSet::all()).value().size(), 10U);
            EXPECT_EQ(collection->failures().size(), 2U);
            EXPECT_TRUE(collection->sample().ok());
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const auto& n : opens) {
        EXPECT_EQ(n, 1);
    }
}

TEST_F(CollectionTest, ThreadsThatOpenInsideOfLoopsEnd) {
    for (int k = 0; k < 8; ++k) {
        add({id_at(10 * k, 50)});
    }
    CollectionOptions options;
    options.product_bytes = 1;  // one at a time: opened again and again
    const auto collection = make(options);
    runtime->pool.parallel_for(40, [&](std::size_t n) {
        runtime->pool.parallel_for(4, [&](std::size_t k) {
            const auto product = collection->product(static_cast<std::uint32_t>((n + k) % 8)).value();
            const Variable* const ids = product->find("Grid_Point_ID");
            EXPECT_TRUE(product->load({&ids, 1}, Product::Ids::kRows).ok());
        });
    });
    EXPECT_GE(total_opens(), 8);
}

}  // namespace
}  // namespace vcube::swath
