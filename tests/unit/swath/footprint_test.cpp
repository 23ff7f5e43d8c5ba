#include "core/swath/footprint.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <random>
#include <set>
#include <thread>

#include "core/base/log.h"
#include "core/dgg/isea.h"
#include "core/swath/block_caps.h"
#include "core/swath/window_blocks.h"
#include "tests/unit/swath/fake_product.h"
#include "tests/unit/swath/grids.h"
#include "tests/unit/swath/temp_folder.h"

namespace vcube::swath {
namespace {

using test::entry_of;
using test::FakeProduct;

std::uint32_t block_at(double lon, double lat) {
    return dgg::block_cell_of(dgg::seqnum_of(lon, lat)).block;
}

Footprint footprint_at(std::uint32_t n) {
    Footprint footprint;
    footprint.blocks.insert(n % dgg::kBlockCount);
    footprint.blocks.insert((n * 7919) % dgg::kBlockCount);
    footprint.rows = n;
    footprint.pass = n % 2 == 0 ? Pass::kAscending : Pass::kDescending;
    footprint.start = 1000 + n;
    footprint.stop = 2000 + n;
    return footprint;
}

bool same(const Footprint& a, const Footprint& b) {
    return a.blocks == b.blocks && a.rows == b.rows && a.pass == b.pass && a.start == b.start && a.stop == b.stop;
}

bool holds(const FootprintStore& store, std::uint32_t n) {
    const auto found = store.find(entry_of("product" + std::to_string(n)));
    return found && same(*found, footprint_at(n));
}

void put(FootprintStore& store, std::uint32_t n) {
    store.put(entry_of("product" + std::to_string(n)), footprint_at(n));
}

class FootprintFile : public testing::Test {
protected:
    FootprintFile() {
        set_log_sink([this](LogLevel level, const std::string& text) { messages.emplace_back(level, text); });
    }
    ~FootprintFile() override { set_log_sink({}); }
    [[nodiscard]] std::filesystem::path file() const { return std::filesystem::directory_iterator(folder)->path(); }
    const test::TempFolder temporary;
    const std::filesystem::path& folder = temporary.path();
    std::vector<std::pair<LogLevel, std::string>> messages;
};

TEST(Footprint, HoldsEveryBlockOfTheProduct) {
    const std::uint32_t europe = dgg::seqnum_of(10, 50);
    const std::uint32_t africa = dgg::seqnum_of(20, 0);
    const auto product = FakeProduct()
                             .ids({dgg::grid_point_id(europe), dgg::grid_point_id(africa), 4262145, 9262145})
                             .attributes(R"({"VH:SPH:MI:TI:Ascending_Flag": "D",
                                 "VH:SPH:MI:TI:Precise_Validity_Start": "UTC=2023-04-01T15:06:12.203012",
                                 "VH:SPH:MI:TI:Precise_Validity_Stop": "UTC=2023-04-01T15:59:31.448404"})")
                             .open(test::inline_runtime())
                             .value();
    const Footprint footprint = footprint_of(*product, {}).value();
    EXPECT_EQ(footprint.rows, 4U);
    EXPECT_EQ(footprint.pass, Pass::kDescending);
    EXPECT_EQ(footprint.start, 1680361572);  // date -u -d 2023-04-01T15:06:12 +%s
    EXPECT_EQ(footprint.stop, 1680364771);
    dgg::BlockSet expected;
    expected.insert(block_at(10, 50));
    expected.insert(block_at(20, 0));
    expected.insert(dgg::kBlockCount - 1);  // 9262145, the southern single cell; 4262145 is none
    EXPECT_EQ(footprint.blocks, expected);
}

// Half an orbit: 1000 km wide, from pole to pole, `lon` where it crosses the equator.
std::vector<std::uint32_t> half_orbit(double lon) {
    constexpr double kRadians = std::numbers::pi / 180;
    std::set<std::uint32_t> cells;
    for (double along = -90; along < 90; along += 0.1) {
        for (double across = -4.5; across < 4.5; across += 0.1) {
            // The orbit as an equator, then tilted by 98 degrees.
            const UnitVector p = unit_vector(along, across);
            const double tilt = 98 * kRadians;
            const double y = p.y * std::cos(tilt) - p.z * std::sin(tilt);
            const double z = p.y * std::sin(tilt) + p.z * std::cos(tilt);
            cells.insert(dgg::seqnum_of(lon + std::atan2(y, p.x) / kRadians, std::asin(z) / kRadians));
        }
    }
    return {cells.begin(), cells.end()};
}

TEST(Footprint, LosesNoRowInAnyWindow) {
    const auto mapper_of = [](const char* crs, double x, double y, double pixel, std::uint32_t width,
                              std::uint32_t height) {
        return dgg::CellMapper::create(test::grid_of(crs, x, y, pixel, width, height)).value();
    };
    const std::vector<dgg::CellMapper> mappers{mapper_of("EPSG:4326", -180, 88.59375, 0.087890625, 4096, 2016),
                                               mapper_of("EPSG:3035", 1500000, 6500000, 20000, 360, 360),
                                               mapper_of("EPSG:6931", -9000000, 9000000, 50000, 360, 360),
                                               mapper_of("EPSG:3031", -4000000, 4000000, 20000, 400, 400)};
    std::mt19937 random(7);
    const auto below = [&random](std::uint32_t end) { return static_cast<std::uint32_t>(random() % end); };
    int touched = 0;
    int shown = 0;
    for (const double lon : {-170.0, -20.0, 15.0, 100.0, 179.0}) {
        const std::vector<std::uint32_t> cells = half_orbit(lon);
        std::vector<std::uint32_t> ids;
        std::vector<bool> held(dgg::kCells + 1);
        for (const std::uint32_t cell : cells) {
            ids.push_back(dgg::grid_point_id(cell));
            held[cell] = true;
        }
        const auto product = FakeProduct().ids(ids).open(test::inline_runtime()).value();
        const Footprint footprint = footprint_of(*product, {}).value();
        for (int n = 0; n < 60; ++n) {
            const dgg::CellMapper& mapper = mappers[static_cast<std::size_t>(n) % mappers.size()];
            const dgg::Grid& grid = mapper.grid();
            dgg::Window window;
            window.width = 1 + below(n % 3 == 0 ? 360 : 60);
            window.height = 1 + below(n % 3 == 0 ? 300 : 60);
            window.x = below(grid.width - window.width + 1);
            window.y = below(grid.height - window.height + 1);
            bool any = false;
            mapper.map(window, [&](std::uint32_t, std::uint32_t, std::span<const std::uint32_t> seqnums) {
                any =
                    any || std::any_of(seqnums.begin(), seqnums.end(), [&](std::uint32_t cell) { return held[cell]; });
            });
            const bool touches = footprint.blocks.intersects(blocks_of_window(mapper, window));
            EXPECT_TRUE(touches || !any) << lon << " " << grid.crs << " " << window.x << " " << window.y;
            touched += touches ? 1 : 0;
            shown += any ? 1 : 0;
        }
    }
    EXPECT_GT(shown, 40);
    EXPECT_LT(touched, 2 * shown);  // and few are read in vain
}

TEST(Footprint, TakesTheNamesTimesWhereAttributesDoNotTell) {
    ProductName name;
    name.start = 5;
    name.stop = 9;
    const auto product = FakeProduct().ids({}).open(test::inline_runtime()).value();
    const Footprint footprint = footprint_of(*product, name).value();
    EXPECT_EQ(footprint.start, 5);
    EXPECT_EQ(footprint.stop, 9);
    EXPECT_EQ(footprint.pass, Pass::kUnknown);
    EXPECT_TRUE(footprint.blocks.empty());
}

TEST_F(FootprintFile, AreFoundAgain) {
    {
        FootprintStore store(folder / "made" / "here", "collection");
        EXPECT_FALSE(holds(store, 3));
        for (std::uint32_t n = 0; n < 600; ++n) {
            put(store, n);
        }
        EXPECT_TRUE(holds(store, 3));
    }
    const FootprintStore again(folder / "made" / "here", "collection");
    for (std::uint32_t n = 0; n < 600; ++n) {
        EXPECT_TRUE(holds(again, n)) << n;
    }
    EXPECT_FALSE(holds(again, 600));
    EXPECT_FALSE(holds(FootprintStore(folder / "made" / "here", "another"), 3));
    EXPECT_TRUE(messages.empty());
}

TEST_F(FootprintFile, OfARewrittenProductAreUnknown) {
    ProductEntry entry = entry_of("product1");
    entry.size = 100;
    entry.modified = 7;
    FootprintStore store(folder, "c");
    store.put(entry, footprint_at(1));
    EXPECT_TRUE(store.find(entry));
    entry.size = 101;
    EXPECT_FALSE(store.find(entry));
    entry.size = 100;
    entry.modified = 8;
    EXPECT_FALSE(store.find(entry));
    entry.modified = 7;
    entry.location = "product2";
    EXPECT_FALSE(store.find(entry));
}

TEST_F(FootprintFile, InMemoryWriteNothing) {
    {
        FootprintStore store(std::nullopt, "c");
        put(store, 1);
        EXPECT_TRUE(holds(store, 1));
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(FootprintFile, DamagedRecordsAreLeftOut) {
    {
        FootprintStore store(folder, "c");
        for (std::uint32_t n = 0; n < 5; ++n) {
            put(store, n);
        }
    }
    const std::uint64_t size = std::filesystem::file_size(file());
    const std::uint64_t record = size / 5;
    for (std::uint64_t at = record; at < 2 * record; ++at) {  // any byte of the second one
        std::fstream stream(file(), std::ios::in | std::ios::out | std::ios::binary);
        stream.seekg(static_cast<std::streamoff>(at));
        const int byte = stream.get();
        stream.seekp(static_cast<std::streamoff>(at));
        stream.put(static_cast<char>(byte ^ 0x20));
        stream.close();
        const FootprintStore store(folder, "c");
        for (std::uint32_t n = 0; n < 5; ++n) {
            EXPECT_EQ(holds(store, n), n != 1) << n << " " << at;
        }
        stream.open(file(), std::ios::in | std::ios::out | std::ios::binary);
        stream.seekp(static_cast<std::streamoff>(at));
        stream.put(static_cast<char>(byte));
    }
    EXPECT_TRUE(holds(FootprintStore(folder, "c"), 1));
}

TEST_F(FootprintFile, ACutFileGoesOn) {
    for (const std::uint64_t cut : {1U, 8U, 100U}) {
        {
            FootprintStore store(folder, std::to_string(cut));
            put(store, 1);
            put(store, 2);
        }
        std::filesystem::path path;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            path = entry.path();
        }
        std::filesystem::resize_file(path, std::filesystem::file_size(path) - cut);
        {
            FootprintStore store(folder, std::to_string(cut));
            EXPECT_TRUE(holds(store, 1));
            EXPECT_FALSE(holds(store, 2));
            put(store, 2);
            put(store, 3);
        }
        const FootprintStore store(folder, std::to_string(cut));
        for (std::uint32_t n = 1; n < 4; ++n) {
            EXPECT_TRUE(holds(store, n)) << n;
        }
        std::filesystem::remove(path);
    }
}

TEST_F(FootprintFile, AForeignFileIsNoTrouble) {
    { put(*std::make_unique<FootprintStore>(folder, "c"), 1); }
    const std::filesystem::path path = file();
    std::ofstream(path, std::ios::binary) << std::string(100000, '\xC2');
    {
        FootprintStore store(folder, "c");
        EXPECT_FALSE(holds(store, 1));
        put(store, 1);
    }
    EXPECT_TRUE(holds(FootprintStore(folder, "c"), 1));
}

TEST_F(FootprintFile, WhatCannotBeWrittenIsToldOnce) {
    std::ofstream(folder / "file") << "no folder";
    {
        FootprintStore store(folder / "file", "c");
        for (std::uint32_t n = 0; n < 3; ++n) {
            put(store, n);
            store.save();
        }
        EXPECT_TRUE(holds(store, 2));
    }
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0].first, LogLevel::kDebug);
}

TEST_F(FootprintFile, ManyStoresAppendAtOnce) {
    std::vector<std::thread> threads;
    for (std::uint32_t t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            FootprintStore store(folder, "c");
            for (std::uint32_t n = 0; n < 200; ++n) {
                put(store, t * 100 + n);  // half of them are the next one's too
                if (n % 7 == 0) {
                    store.save();
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    const FootprintStore store(folder, "c");
    for (std::uint32_t n = 0; n < 900; ++n) {
        EXPECT_TRUE(holds(store, n)) << n;
    }
}

TEST_F(FootprintFile, OneStoreServesManyThreads) {
    FootprintStore store(folder, "c");
    std::vector<std::thread> threads;
    for (std::uint32_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (std::uint32_t n = 0; n < 500; ++n) {
                put(store, n * 4 + t);
                EXPECT_TRUE(holds(store, n * 4 + t));
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    store.save();
    const FootprintStore again(folder, "c");
    for (std::uint32_t n = 0; n < 2000; ++n) {
        EXPECT_TRUE(holds(again, n)) << n;
    }
}

}  // namespace
}  // namespace vcube::swath
