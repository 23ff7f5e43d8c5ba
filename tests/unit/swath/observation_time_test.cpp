#include "core/swath/observation_time.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/fetch/local_fetcher.h"
#include "core/index/hdf5_store.h"
#include "tests/unit/refs/shared_data.h"
#include "tests/unit/swath/fake_product.h"

namespace vcube::swath {
namespace {

using test::FakeProduct;

TEST(ObservationTime, OfSoilMoistureIsDaysSecondsAndMicroseconds) {
    FakeProduct made;
    made.ids({5, 6, 7}).add<std::int32_t>("Days", "<i4", {8491, 0, 1}, R"("_FillValue": 0)");
    made.add<std::uint32_t>("Seconds", "<u4", {57563, 0, 0}, R"("_FillValue": 0)");
    made.add<std::uint32_t>("Microseconds", "<u4", {999994, 0, 0}, R"("_FillValue": 0)");
    const auto times = observation_times(*made.open(test::inline_runtime()).value()).value();
    ASSERT_EQ(times.size(), 3U);
    EXPECT_DOUBLE_EQ(times[0], 8491 * 86400.0 + 57563.999994);
    EXPECT_TRUE(std::isnan(times[1]));
    EXPECT_EQ(times[2], 86400.0);  // midnight: Seconds is 0 without being fill
}

TEST(ObservationTime, OfOceanSalinityIsDays) {
    FakeProduct made;
    made.ids({5, 6}).add<float>("Mean_acq_time", "<f4", {8491.25F, -999.0F}, R"("_FillValue": -999.0)");
    const auto times = observation_times(*made.open(test::inline_runtime()).value()).value();
    ASSERT_EQ(times.size(), 2U);
    EXPECT_EQ(times[0], 8491.25 * 86400);
    EXPECT_TRUE(std::isnan(times[1]));
}

TEST(ObservationTime, IsNotFoundWhereAProductDoesNotTell) {
    FakeProduct made;
    made.ids({5}).add<std::int32_t>("Days", "<i4", {8491});
    const auto times = observation_times(*made.open(test::inline_runtime()).value());
    ASSERT_FALSE(times.ok());
    EXPECT_EQ(times.error().code, ErrorCode::kNotFound);
}

struct RealProduct {
    const char* name;
    std::size_t rows, untold;
    double first, last;  // of Days * 86400 + Seconds + Microseconds / 1e6 where Days is not 0, by netCDF4 and numpy
};
constexpr RealProduct kReal[] = {
    {"SM_OPER_MIR_SMUDP2_20230401T150613_20230401T155931_700_001_1.nc", 42949, 8235, 733676904.804901, 733679963.04828},
    {"SM_OPER_MIR_SMUDP2_20230401T191629_20230401T200942_700_001_1.nc", 50638, 10951, 733691918.217977,
     733694974.661401},
};

TEST(ObservationTime, OfRealProducts) {
    for (const RealProduct& real : kReal) {
        const auto path = shared_data() / "smos" / real.name;
        if (!std::filesystem::exists(path)) {
            GTEST_SKIP() << "no " << path;
        }
        const auto store = open_hdf5(path).value();
        const auto runtime = std::make_shared<Runtime>(1, std::size_t{1} << 24U, FetcherFactory([](ThreadPool& pool) {
                                                           return std::make_unique<LocalFetcher>(pool);
                                                       }));
        const auto product = Product::open(read_hierarchy(*store).value(), {store, runtime}).value();
        auto times = observation_times(*product).value();
        EXPECT_EQ(times.size(), real.rows);
        EXPECT_EQ(std::erase_if(times, [](double time) { return std::isnan(time); }), real.untold);
        const auto [first, last] = std::minmax_element(times.begin(), times.end());
        EXPECT_NEAR(*first, real.first, 1e-6);
        EXPECT_NEAR(*last, real.last, 1e-6);
    }
}

}  // namespace
}  // namespace vcube::swath
