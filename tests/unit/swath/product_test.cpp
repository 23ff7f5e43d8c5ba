#include "core/swath/product.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "core/base/log.h"
#include "core/cube/hierarchy.h"
#include "tests/unit/cube/fake_store.h"

namespace vcube::swath {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
test::Bytes bytes_of(const std::vector<T>& values) {
    test::Bytes bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

template <class T>
std::vector<T> values_of(const Buffer& buffer) {
    std::vector<T> values(buffer.size() / sizeof(T));
    std::memcpy(values.data(), buffer.data(), values.size() * sizeof(T));
    return values;
}

class ProductTest : public testing::Test {
protected:
    ProductTest() {
        store->texts[".zgroup"] = R"({"zarr_format": 2})";
        set_log_sink([this](LogLevel level, const std::string& message) {
            if (level == LogLevel::kWarning) {
                warnings.push_back(message);
            }
        });
    }
    ~ProductTest() override { set_log_sink({}); }

    template <class T>
    void add(const std::string& name, const std::string& type, const std::vector<T>& values,
             const std::string& attributes = R"({"_ARRAY_DIMENSIONS": ["n_grid_points"]})") {
        const std::string n = std::to_string(values.size());
        store->texts[name + "/.zarray"] = R"({"zarr_format": 2, "order": "C", "filters": null, "compressor": null,
            "fill_value": null, "shape": [)" +
                                          n + R"(], "chunks": [)" + n + R"(], "dtype": ")" + type + "\"}";
        store->texts[name + "/.zattrs"] = attributes;
        store->chunks[name + "/0"] = bytes_of(values);
    }

    Result<std::shared_ptr<const Product>> open() {
        bench = std::make_unique<test::Bench>(store);
        root = read_hierarchy(*store).value();
        return Product::open(root, {store, bench->runtime});
    }

    std::shared_ptr<test::FakeStore> store = std::make_shared<test::FakeStore>();
    std::unique_ptr<test::Bench> bench;
    Group root;
    std::vector<std::string> warnings;
};

TEST_F(ProductTest, ReadsColumnsOnceAndOnlyWhenAskedFor) {
    add<std::uint32_t>("Grid_Point_ID", "<u4", {5, 6, 9262145});
    add<float>("Soil_Moisture", "<f4", {0.1F, -999.0F, 0.3F});
    add<std::int16_t>("X_Swath", ">i2", {256, 512, -1});
    const auto product = open().value();
    EXPECT_EQ(bench->fetcher->total(), 0);
    EXPECT_EQ(product->row_count(), 3U);
    EXPECT_EQ(product->variables().size(), 3U);
    EXPECT_EQ(product->find("nothing"), nullptr);
    const Variable* moisture = product->find("Soil_Moisture");
    ASSERT_NE(moisture, nullptr);
    EXPECT_THAT(values_of<float>(*product->column(*moisture).value()), ElementsAre(0.1F, -999.0F, 0.3F));
    EXPECT_THAT(values_of<float>(*product->column(*moisture).value()), ElementsAre(0.1F, -999.0F, 0.3F));
    EXPECT_EQ(bench->fetcher->total(), 1);
    EXPECT_THAT(values_of<std::int16_t>(*product->column(*product->find("X_Swath")).value()), ElementsAre(1, 2, -1));
    EXPECT_EQ(product->rows().value()->row_of(2621442), 2U);
    EXPECT_EQ(product->rows().value().get(), product->rows().value().get());
    EXPECT_EQ(bench->fetcher->total(), 3);
    EXPECT_TRUE(warnings.empty());
}

TEST_F(ProductTest, ReadsSignedBitsAsUnsigned) {
    const std::string attributes = R"({"_Unsigned": "true"})";
    add<std::int32_t>("Grid_Point_ID", "<i4", {5, 6}, attributes);
    add<std::int16_t>("Flags", "<i2", {-1, 1}, attributes);
    const auto product = open().value();
    EXPECT_THAT(values_of<std::uint16_t>(*product->column(*product->find("Flags")).value()), ElementsAre(65535, 1));
    EXPECT_EQ(product->rows().value()->row_of(6), 1U);
}

TEST_F(ProductTest, WidensSignedBytes) {
    add<std::uint32_t>("Grid_Point_ID", "<u4", {5, 6});
    add<std::int8_t>("Small", "|i1", {-3, 3});
    const auto product = open().value();
    EXPECT_THAT(values_of<std::int16_t>(*product->column(*product->find("Small")).value()), ElementsAre(-3, 3));
}

TEST_F(ProductTest, TellsOnceOfRowsThatItCannotPlace) {
    add<std::uint32_t>("Grid_Point_ID", "<u4", {4262144, 4262145, 7, 7, 0});
    const auto product = open().value();
    EXPECT_TRUE(warnings.empty());
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(product->rows().value()->invalid_ids(), 2U);
    }
    ASSERT_EQ(warnings.size(), 2U);
    EXPECT_THAT(warnings[0], HasSubstr("2 of 5 rows not placed"));
    EXPECT_THAT(warnings[0], HasSubstr("first: 4262145 in row 1"));
    EXPECT_THAT(warnings[1], HasSubstr("1 of 5 rows not placed"));
}

TEST_F(ProductTest, LeavesOutColumnsOfAnotherLength) {
    add<std::uint32_t>("Grid_Point_ID", "<u4", {5, 6});
    add<float>("Good", "<f4", {1, 2});
    add<float>("Short", "<f4", {1});
    const auto product = open().value();
    EXPECT_EQ(product->find("Short"), nullptr);
    EXPECT_NE(product->find("Good"), nullptr);
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_THAT(warnings[0], HasSubstr("Short (1)"));
}

TEST_F(ProductTest, RefusesWhatIsNoProduct) {
    add<float>("Soil_Moisture", "<f4", {1, 2});
    auto none = open();
    ASSERT_FALSE(none.ok());
    EXPECT_THAT(none.error().message, HasSubstr("Grid_Point_ID"));
    EXPECT_FALSE(Product::recognise(root));
    add<float>("Grid_Point_ID", "<f4", {1, 2});
    auto real = open();
    ASSERT_FALSE(real.ok());
    EXPECT_THAT(real.error().message, HasSubstr("Grid_Point_ID"));
}

TEST_F(ProductTest, AFailedReadIsToldAndTriedAgain) {
    add<std::uint32_t>("Grid_Point_ID", "<u4", {5, 6});
    add<float>("Soil_Moisture", "<f4", {1, 2});
    const auto product = open().value();
    bool fail = true;
    bench->fetcher->before = [&fail](const std::string& /*key*/) {
        return fail ? std::optional<Error>(io_error("gone")) : std::nullopt;
    };
    const Variable& moisture = *product->find("Soil_Moisture");
    const auto first = product->column(moisture);
    ASSERT_FALSE(first.ok());
    EXPECT_THAT(first.error().message, HasSubstr("gone"));
    fail = false;
    EXPECT_TRUE(product->column(moisture).ok());
}

TEST_F(ProductTest, ManyThreadsShareOneRead) {
    add<std::uint32_t>("Grid_Point_ID", "<u4", {5, 6});
    add<float>("Soil_Moisture", "<f4", {1, 2});
    const auto product = open().value();
    std::vector<std::thread> threads;
    std::vector<const Buffer*> seen(8, nullptr);
    for (std::size_t i = 0; i < seen.size(); ++i) {
        threads.emplace_back([&, i] { seen[i] = product->column(*product->find("Soil_Moisture")).value().get(); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(bench->fetcher->total(), 1);
    for (const Buffer* buffer : seen) {
        EXPECT_EQ(buffer, seen[0]);
    }
}

TEST_F(ProductTest, FindsRowsOfAFewCellsWithoutATable) {
    std::vector<std::uint32_t> ids(3000);
    for (std::uint32_t row = 0; row < ids.size(); ++row) {
        ids[row] = dgg::grid_point_id(2000000 + row * 7);
    }
    ids[5] = 4262145;    // no cell's
    ids[2500] = ids[6];  // again
    add<std::uint32_t>("Grid_Point_ID", "<u4", ids);
    const auto product = open().value();
    std::vector<std::uint32_t> cells{2000000, 2000035, 2000042, 2000000 + 2999 * 7, 0, 1, dgg::kCells, dgg::kCells + 1};
    const std::vector<std::uint32_t> expected{
        0, RowIndex::kNoRow, 6, 2999, RowIndex::kNoRow, RowIndex::kNoRow, RowIndex::kNoRow, RowIndex::kNoRow};
    const std::size_t before = product->held_bytes();
    EXPECT_EQ(product->rows_of_cells(cells).value(), expected);
    EXPECT_EQ(product->held_bytes(), before + 12000);
    EXPECT_TRUE(product->rows_of_cells({}).value().empty());
    // Of many, and where the table is there already.
    std::vector<std::uint32_t> many(100, 2000000 + 70);
    EXPECT_EQ(product->rows_of_cells(many).value(), std::vector<std::uint32_t>(100, 10));
    EXPECT_GT(product->held_bytes(), before + 12000);
    EXPECT_EQ(product->rows_of_cells(cells).value(), expected);
    EXPECT_EQ(bench->fetcher->total(), 1);
}

TEST_F(ProductTest, LoadsColumnsTogether) {
    add<std::uint32_t>("Grid_Point_ID", "<u4", {5, 6});
    add<float>("A", "<f4", {1, 2});
    add<float>("B", "<f4", {3, 4});
    const auto product = open().value();
    const std::vector<const Variable*> both{product->find("A"), product->find("B")};
    EXPECT_TRUE(product->load(both, Product::Ids::kColumn).ok());
    EXPECT_EQ(bench->fetcher->counts(), (std::map<std::string, int>{{"A/0", 1}, {"B/0", 1}, {"Grid_Point_ID/0", 1}}));
    EXPECT_TRUE(product->load(both, Product::Ids::kRows).ok());
    EXPECT_TRUE(product->load({}, Product::Ids::kNone).ok());
    EXPECT_EQ(bench->fetcher->total(), 3);
    EXPECT_EQ(product->rows().value()->row_of(6), 1U);
    store->fail_key = "C/0";
    add<float>("C", "<f4", {3, 4});
    const auto again = open().value();
    const std::vector<const Variable*> all{again->find("A"), again->find("C")};
    const Status failed = again->load(all, Product::Ids::kRows);
    ASSERT_FALSE(failed.ok());
    EXPECT_THAT(failed.error().message, HasSubstr("C/0"));
}

TEST_F(ProductTest, NodataBytesAreOfTheColumnsType) {
    add<std::uint32_t>("Grid_Point_ID", "<u4", {5, 6});
    add<float>("F", "<f4", {1, 2}, R"({"_FillValue": -999.0})");
    add<std::int16_t>("I", "<i2", {1, 2}, R"({"_FillValue": -2})");
    add<std::int64_t>("L", "<i8", {1, 2}, R"({"_FillValue": -9007199254740993})");
    const auto product = open().value();
    const auto nodata = [&](const char* name) { return product->find(name)->nodata_bytes(); };
    EXPECT_EQ(nodata("F"), bytes_of<float>({-999.0F}));
    EXPECT_EQ(nodata("I"), bytes_of<std::int16_t>({-2}));
    EXPECT_EQ(nodata("L"), bytes_of<std::int64_t>({-9007199254740993}));
    EXPECT_EQ(nodata("Grid_Point_ID"), bytes_of<std::uint32_t>({0}));
}

}  // namespace
}  // namespace vcube::swath
