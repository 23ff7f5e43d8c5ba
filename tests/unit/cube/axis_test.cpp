#include "core/cube/axis.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace vcube {
namespace {

DType real(std::uint32_t size) {
    DType type;
    type.kind = Kind::kFloat;
    type.size = size;
    return type;
}

AxisKind kind(const char* name, const char* attributes) {
    return classify_axis(name, parse_json(attributes, "attributes").value());
}

TEST(Axis, RolesByAttributesBeforeNames) {
    EXPECT_EQ(kind("lat", R"({"axis": "X"})").role, AxisRole::kX);
    EXPECT_EQ(kind("n", R"({"standard_name": "Latitude"})").role, AxisRole::kY);
    EXPECT_EQ(kind("n", R"({"units": "degrees_E"})").role, AxisRole::kX);
    EXPECT_EQ(kind("n", R"({"units": "days since 2000-01-01"})").role, AxisRole::kT);
    EXPECT_EQ(kind("n", R"({"positive": "down"})").role, AxisRole::kZ);
    EXPECT_EQ(kind("n", "{}").role, AxisRole::kUnknown);
    EXPECT_FALSE(kind("lat", R"({"axis": "Y"})").by_name);
    EXPECT_TRUE(kind("Latitude", "{}").by_name);
    EXPECT_EQ(kind("Latitude", "null").role, AxisRole::kY);
}

TEST(Axis, GeographicIsNotRotatedNorProjected) {
    EXPECT_TRUE(kind("lon", R"({"units": "degrees_east"})").geographic);
    EXPECT_TRUE(kind("lon", "{}").geographic);
    EXPECT_TRUE(kind("a", R"({"standard_name": "longitude"})").geographic);
    EXPECT_FALSE(kind("rlon", R"({"units": "degrees"})").geographic);
    EXPECT_FALSE(kind("rlon", R"({"standard_name": "grid_longitude", "units": "degrees_east"})").geographic);
    EXPECT_FALSE(kind("x", R"({"units": "m"})").geographic);
    EXPECT_FALSE(kind("lon", R"({"units": "m"})").geographic);
    EXPECT_FALSE(kind("time", R"({"units": "days since 2000-01-01"})").geographic);
}

TEST(Axis, FitsWithinAThousandthOfTheStep) {
    std::vector<double> values;
    for (int i = 0; i < 1000; ++i) {
        values.push_back(10 + i * 0.25);
    }
    ASSERT_TRUE(fit_axis(values, real(8)));
    EXPECT_EQ(fit_axis(values, real(8))->step, 0.25);
    values[500] += 0.25 * 0.9e-3;
    EXPECT_TRUE(fit_axis(values, real(8)));
    values[500] += 0.25 * 0.2e-3;
    EXPECT_FALSE(fit_axis(values, real(8)));
    values[500] = std::numeric_limits<double>::quiet_NaN();
    EXPECT_FALSE(fit_axis(values, real(8)));
    EXPECT_FALSE(fit_axis(std::array{1.0}, real(8)));
    EXPECT_FALSE(fit_axis(std::array{1.0, 1.0}, real(8)));
    EXPECT_FALSE(fit_axis(std::array{1.0, std::numeric_limits<double>::infinity()}, real(8)));
    EXPECT_FALSE(fit_axis(std::vector<double>{}, real(8)));
}

TEST(Axis, SinglePrecisionNoiseIsNoIrregularity) {
    std::vector<double> values;  // one kilometre near the date line: noise of a thousandth of a pixel and more
    for (int i = 0; i < 4000; ++i) {
        values.push_back(static_cast<double>(static_cast<float>(140.005 + i * 0.01)));
    }
    const auto fit = fit_axis(values, real(4));
    ASSERT_TRUE(fit);
    EXPECT_DOUBLE_EQ(fit->first, 140.005);
    EXPECT_NEAR(fit->step, 0.01, 1e-15);
}

TEST(Axis, LongitudesAreBroughtInto180) {
    const auto shift = [](double first, double step, std::uint64_t count) {
        return shift_longitudes({first, step}, count);
    };
    EXPECT_EQ(shift(0.5, 1, 360).roll, 180U);
    EXPECT_DOUBLE_EQ(shift(0.5, 1, 360).fit.first, -179.5);
    EXPECT_EQ(shift(0, 1, 360).roll, 180U);
    EXPECT_DOUBLE_EQ(shift(0, 1, 360).fit.first, -180);
    EXPECT_EQ(shift(20.5, 1, 360).roll, 160U);
    EXPECT_EQ(shift(-179.5, 1, 360).roll, 0U);
    EXPECT_EQ(shift(-180, 1, 360).roll, 0U);
    EXPECT_EQ(shift(-179, 1, 360).roll, 0U);
    EXPECT_EQ(shift(180.5, 1, 360).roll, 0U);
    EXPECT_DOUBLE_EQ(shift(180.5, 1, 360).fit.first, -179.5);
    EXPECT_EQ(shift(-359.5, 1, 360).roll, 180U);
    EXPECT_DOUBLE_EQ(shift(-359.5, 1, 360).fit.first, -179.5);
    EXPECT_EQ(shift(170, 1, 20).roll, 0U);
    EXPECT_DOUBLE_EQ(shift(170, 1, 20).fit.first, 170);
    EXPECT_DOUBLE_EQ(shift(180.5, 1, 20).fit.first, -179.5);
    EXPECT_DOUBLE_EQ(shift(-200, 1, 10).fit.first, 160);
    EXPECT_EQ(shift(359.5, -1, 360).roll, 0U);
    EXPECT_NEAR(shift(0.05, 0.10001 - 0.00001, 3600).fit.step, 0.1, 1e-15);
}

TEST(AxisUnit, AsUdunitsSpellsThem) {
    EXPECT_TRUE(axis_unit("km").is_length());
    EXPECT_EQ(axis_unit("km").factor, 1000);
    EXPECT_EQ(axis_unit("1000 m").factor, 1000);
    EXPECT_EQ(axis_unit("1e3 * metres").factor, 1000);
    EXPECT_NEAR(axis_unit("US_survey_foot").factor, 0.3048006096012192, 1e-15);
    EXPECT_TRUE(axis_unit("degrees_north").is_angle());
    EXPECT_NEAR(axis_unit("rad").factor, 57.29577951308232, 1e-12);
    EXPECT_NEAR(axis_unit("microradian").factor, 57.29577951308232e-6, 1e-18);
    EXPECT_EQ(axis_unit("degrees_west").factor, -1);
    for (const char* const other : {"", "K", "1", "m s-1", "days since 2000-01-01", "-1 m", "0 m", "nan m", "m m"}) {
        EXPECT_EQ(axis_unit(other).measure, AxisUnit::Measure::kUnknown) << other;
        EXPECT_EQ(axis_unit(other).factor, 1) << other;
    }
}

TEST(Bounds, MoveCentresWhereCellsLieBesideThem) {
    const AxisFit corner = centre_in_bounds({10, 1}, 5, 10, 15);  // values are the lower edges
    EXPECT_EQ(corner.first, 10.5);
    EXPECT_EQ(corner.step, 1);
    const AxisFit down = centre_in_bounds({90, -1}, 180, 90, -90);
    EXPECT_EQ(down.first, 89.5);
    EXPECT_EQ(down.step, -1);
    const AxisFit same = centre_in_bounds({0.5, 1}, 5, 1e-9, 5);  // as they are, but for noise
    EXPECT_EQ(same.first, 0.5);
    const AxisFit wider = centre_in_bounds({0.5, 1}, 5, -5, 10);  // cells that overlap
    EXPECT_EQ(wider.first, 0.5);
    EXPECT_EQ(wider.step, 1);
}

}  // namespace
}  // namespace vcube
