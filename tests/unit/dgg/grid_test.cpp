#include "core/dgg/grid.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace vcube::dgg {
namespace {

struct Point {
    std::string crs;
    double x, y, lon, lat;
};

std::vector<Point> points() {
    std::ifstream file(VCUBE_TEST_DATA "/dgg/projections.csv");
    std::vector<Point> all;
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        Point point;
        std::string text;
        std::getline(fields, point.crs, ',');
        for (double* value : {&point.x, &point.y, &point.lon, &point.lat}) {
            std::getline(fields, text, ',');
            *value = std::stod(text);
        }
        all.push_back(point);
    }
    return all;
}

TEST(Grid, HalvesRoundingUpAndKeepsTheOrigin) {
    const Grid half = Grid{"EPSG:3035", {100, 10, 1, 200, 2, -10}, 5, 8}.halved();
    EXPECT_EQ(half.crs, "EPSG:3035");
    EXPECT_EQ(half.width, 3U);
    EXPECT_EQ(half.height, 4U);
    EXPECT_EQ(half.geotransform, (std::array<double, 6>{100, 20, 2, 200, 4, -20}));
}

TEST(Projection, GivesWhatPyprojGives) {
    const auto all = points();
    ASSERT_EQ(all.size(), 144U);
    for (const Point& point : all) {
        const auto projection = Projection::create(point.crs);
        ASSERT_TRUE(projection.ok()) << projection.error().message;
        double x = point.x;
        double y = point.y;
        projection.value().inverse({&x, 1}, {&y, 1});
        if (std::isnan(point.lon)) {
            EXPECT_TRUE(std::isnan(x) && std::isnan(y)) << point.crs << ": " << x << ", " << y;
        } else {
            EXPECT_NEAR(x, point.lon, 1e-12) << point.crs << " " << point.x << ", " << point.y;
            EXPECT_NEAR(y, point.lat, 1e-12) << point.crs << " " << point.x << ", " << point.y;
        }
    }
}

TEST(Projection, KnowsLongitudeAndLatitudeByAnyName) {
    for (const char* crs : {"EPSG:4326", "OGC:CRS84", "WGS84", "+proj=longlat +datum=WGS84 +type=crs",
                            "+proj=longlat +datum=WGS84 +no_defs"}) {
        const auto projection = Projection::create(crs);
        ASSERT_TRUE(projection.ok()) << projection.error().message;
        EXPECT_TRUE(projection.value().is_lonlat()) << crs;
        double x = 190;
        double y = 95;
        projection.value().inverse({&x, 1}, {&y, 1});
        EXPECT_EQ(x, 190);
        EXPECT_EQ(y, 95);
    }
    EXPECT_FALSE(Projection::create("EPSG:3035").value().is_lonlat());
    EXPECT_FALSE(Projection::create("EPSG:4807").value().is_lonlat());  // grads, from Paris
}

TEST(Projection, TellsSmoothOnesFromOthers) {
    for (const char* crs : {"EPSG:4326", "EPSG:3035", "EPSG:6933", "EPSG:3413", "EPSG:32633", "EPSG:3857"}) {
        EXPECT_TRUE(Projection::create(crs).value().is_smooth()) << crs;
    }
    // Interrupted; several transformations by place.
    for (const char* crs : {"+proj=igh +ellps=WGS84", "EPSG:27700"}) {
        EXPECT_FALSE(Projection::create(crs).value().is_smooth()) << crs;
    }
}

TEST(Projection, RefusesWhatIsNoCrsAndNamesIt) {
    for (const char* crs : {"", "EPSG:999999", "utter nonsense", "+proj=nosuch +type=crs", "EPSG:4978"}) {
        const auto projection = Projection::create(crs);
        ASSERT_FALSE(projection.ok()) << crs;
        EXPECT_NE(projection.error().message.find('"' + std::string(crs) + '"'), std::string::npos)
            << projection.error().message;
    }
}

TEST(Projection, TurnsPointsThatAreNowhereIntoNan) {
    const auto projection = Projection::create("+proj=ortho +lat_0=0 +lon_0=0 +type=crs");
    ASSERT_TRUE(projection.ok());
    std::vector<double> x{0, 7e6, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 0};
    std::vector<double> y{0, 0, 0, 0, 1e5};
    projection.value().inverse(x, y);
    EXPECT_EQ(x[0], 0);
    for (const std::size_t k : {1U, 2U, 3U}) {
        EXPECT_TRUE(std::isnan(x[k]) && std::isnan(y[k])) << k;
    }
    EXPECT_GT(y[4], 0.8);
}

TEST(Projection, IsSharedByThreads) {
    const auto projection = Projection::create("EPSG:3035");
    ASSERT_TRUE(projection.ok());
    std::vector<std::vector<double>> xs(8, std::vector<double>(2000, 4e6));
    std::vector<std::vector<double>> ys(8, std::vector<double>(2000, 3e6));
    std::vector<std::thread> threads;
    for (std::size_t k = 0; k < xs.size(); ++k) {
        threads.emplace_back([&, k] { projection.value().inverse(xs[k], ys[k]); });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    for (std::size_t k = 0; k < xs.size(); ++k) {
        EXPECT_NEAR(xs[k].back(), 5.51779621244204, 1e-12);  // pyproj 3.4, PROJ 9.1
        EXPECT_NEAR(ys[k].back(), 50.0241187585419, 1e-12);
    }
}

}  // namespace
}  // namespace vcube::dgg
