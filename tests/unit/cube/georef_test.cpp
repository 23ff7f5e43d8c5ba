#include "core/cube/georef.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>

namespace vcube {
namespace {

/// Arrays of one chunk each, inline.
class MemoryStore : public Store {
public:
    std::map<std::string, std::string> entries;

    [[nodiscard]] std::string_view name() const override { return "memory"; }
    [[nodiscard]] Result<std::vector<std::string>> metadata_keys() const override {
        std::vector<std::string> keys;
        for (const auto& [key, value] : entries) {
            if (key.find(".z") != std::string::npos) {
                keys.push_back(key);
            }
        }
        return keys;
    }
    [[nodiscard]] Result<std::optional<std::string>> metadata(std::string_view key) const override {
        const auto found = entries.find(std::string(key));
        return found == entries.end() ? std::nullopt : std::optional(found->second);
    }
    Status locate(std::span<const std::string> keys, std::span<ChunkLocation> out) const override {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const auto found = entries.find(keys[i]);
            if (found != entries.end()) {
                out[i] = Inline{as_byte_span(found->second), nullptr};
            } else {
                out[i] = Missing{};
            }
        }
        return {};
    }
};

/// Builds a store and derives the georeferencing of its array "data".
class GeorefTest : public ::testing::Test {
protected:
    std::shared_ptr<MemoryStore> store_ = std::make_shared<MemoryStore>();
    std::shared_ptr<Runtime> runtime_ = std::make_shared<Runtime>(1, 1U << 20U, std::unique_ptr<Fetcher>());
    Group root_;

    void SetUp() override { store_->entries[".zgroup"] = R"({"zarr_format": 2})"; }

    static std::string list(const std::vector<std::string>& words, const char* quote) {
        std::string out;
        for (const std::string& word : words) {
            out += (out.empty() ? "" : ",") + (quote + word + quote);
        }
        return "[" + out + "]";
    }

    void array(const std::string& path, const char* dtype, const std::vector<std::string>& shape,
               const std::vector<std::string>& dimensions, const std::string& attributes) {
        store_->entries[path + "/.zarray"] = R"({"zarr_format": 2, "order": "C", "filters": null, "compressor": null,
            "fill_value": null, "dtype": ")" +
                                             std::string(dtype) + R"(", "shape": )" + list(shape, "") +
                                             R"(, "chunks": )" + list(shape, "") + "}";
        store_->entries[path + "/.zattrs"] =
            R"({"_ARRAY_DIMENSIONS": )" + list(dimensions, "\"") + (attributes.empty() ? "" : ", " + attributes) + "}";
    }

    template <class T>
    void coordinate(const std::string& path, const char* dtype, const std::vector<T>& values,
                    const std::string& attributes, const std::vector<std::string>& shape = {},
                    const std::vector<std::string>& dimensions = {}) {
        const std::string name = path.substr(path.rfind('/') + 1);
        const std::vector<std::string> extents = shape.empty() ? std::vector{std::to_string(values.size())} : shape;
        array(path, dtype, extents, dimensions.empty() ? std::vector{name} : dimensions, attributes);
        std::string key = path + "/0";
        for (std::size_t d = 1; d < extents.size(); ++d) {
            key += ".0";
        }
        store_->entries[key] = {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
    }

    template <class T = double>
    static std::vector<T> range(double first, double step, std::size_t count) {
        std::vector<T> out;
        for (std::size_t i = 0; i < count; ++i) {
            out.push_back(static_cast<T>(first + static_cast<double>(i) * step));
        }
        return out;
    }

    void lat_lon(const std::vector<double>& lat, const std::vector<double>& lon) {
        coordinate("lat", "<f8", lat, R"("units": "degrees_north")");
        coordinate("lon", "<f8", lon, R"("units": "degrees_east")");
        array("data", "<f4", {std::to_string(lat.size()), std::to_string(lon.size())}, {"lat", "lon"}, "");
    }

    Georef derive(const std::string& path = "data") {
        auto root = read_hierarchy(*store_);
        EXPECT_TRUE(root.ok()) << (root.ok() ? "" : root.error().message);
        root_ = std::move(root).value();
        const ArrayMeta* found = root_.find_array(path);
        EXPECT_NE(found, nullptr);
        const std::size_t slash = path.rfind('/');
        const Group* group = slash == std::string::npos ? &root_ : root_.find_group(path.substr(0, slash));
        return derive_georef(root_, *group, *found, {store_, runtime_});
    }
};

void expect_transform(const Georef& georef, const std::array<double, 6>& expected, double tolerance = 1e-12) {
    ASSERT_TRUE(georef.geotransform.has_value());
    for (std::size_t i = 0; i < 6; ++i) {
        EXPECT_NEAR((*georef.geotransform)[i], expected[i], tolerance) << i;
    }
}

TEST_F(GeorefTest, LatLonNorthFirst) {
    lat_lon(range(89, -2, 90), range(-179, 2, 180));
    const Georef georef = derive();
    EXPECT_EQ(georef.x_dim, 1U);
    EXPECT_EQ(georef.y_dim, 0U);
    EXPECT_EQ(georef.crs, "EPSG:4326");
    EXPECT_FALSE(georef.flip_y);
    EXPECT_EQ(georef.roll_x, 0U);
    expect_transform(georef, {-180, 2, 0, 90, 0, -2});
}

TEST_F(GeorefTest, AscendingRowsAreFlipped) {
    lat_lon(range(30, 0.5, 11), range(10, 0.25, 5));
    const Georef georef = derive();
    EXPECT_TRUE(georef.flip_y);
    expect_transform(georef, {9.875, 0.25, 0, 35.25, 0, -0.5});
}

TEST_F(GeorefTest, LongitudesFromZeroTo360AreRolled) {
    lat_lon(range(88, -4, 45), range(1, 2, 180));
    const Georef edges = derive();
    EXPECT_EQ(edges.roll_x, 90U);
    expect_transform(edges, {-180, 2, 0, 90, 0, -4});
    lat_lon(range(90, -0.25, 721), range(0, 0.25, 1440));  // a column's centre stands on 180
    const Georef centres = derive();
    EXPECT_EQ(centres.roll_x, 720U);
    expect_transform(centres, {-180.125, 0.25, 0, 90.125, 0, -0.25});
    lat_lon(range(90, -1, 181), range(-360, 1, 360));
    EXPECT_EQ(derive().roll_x, 180U);
    lat_lon(range(90, -1, 181), range(-179.5, 1, 360));
    EXPECT_EQ(derive().roll_x, 0U);
}

TEST_F(GeorefTest, RegionsBeyond180AreMovedAsAWhole) {
    lat_lon(range(10, -1, 5), range(200, 1, 20));
    expect_transform(derive(), {-160.5, 1, 0, 10.5, 0, -1});
    EXPECT_EQ(derive().roll_x, 0U);
    lat_lon(range(10, -1, 5), range(170, 1, 20));  // across the date line: as it is
    expect_transform(derive(), {169.5, 1, 0, 10.5, 0, -1});
}

TEST_F(GeorefTest, SinglePrecisionAxesMeanTheirDecimalNumbers) {
    coordinate("lat", "<f4", range<float>(89.95, -0.1, 1800), R"("standard_name": "latitude")");
    coordinate("lon", "<f4", range<float>(-179.95, 0.1, 3600), R"("standard_name": "longitude")");
    array("data", "<f4", {"1800", "3600"}, {"lat", "lon"}, "");
    const Georef georef = derive();
    expect_transform(georef, {-180, 0.1, 0, 90, 0, -0.1}, 1e-10);
}

TEST_F(GeorefTest, IrregularAxesHaveNoGeotransform) {
    std::vector<double> lat = range(40, -1, 20);
    lat[7] += 0.002;
    lat_lon(lat, range(0, 1, 20));
    const Georef georef = derive();
    EXPECT_FALSE(georef.geotransform);
    EXPECT_FALSE(georef.flip_y);
    EXPECT_EQ(georef.crs, "EPSG:4326");
    lat[7] -= 0.0015;  // half a thousandth of a pixel
    lat_lon(lat, range(0, 1, 20));
    EXPECT_TRUE(derive().geotransform);
    lat[7] = std::nan("");
    lat_lon(lat, range(0, 1, 20));
    EXPECT_FALSE(derive().geotransform);
}

TEST_F(GeorefTest, AxesAreFoundByTheirAttributes) {
    coordinate("a", "<f8", range(0, 100, 4), R"("axis": "X")");
    coordinate("b", "<f8", range(900, -100, 5), R"("standard_name": "projection_y_coordinate")");
    coordinate("time", "<f8", range(0, 1, 3), R"("units": "days since 2000-01-01")");
    array("data", "<f4", {"4", "3", "5"}, {"a", "time", "b"}, "");
    const Georef georef = derive();
    EXPECT_EQ(georef.x_dim, 0U);
    EXPECT_EQ(georef.y_dim, 2U);
    EXPECT_EQ(georef.crs, "");
    expect_transform(georef, {-50, 100, 0, 950, 0, -100});
}

TEST_F(GeorefTest, WithoutCoordinatesTheLastTwoDimensionsCount) {
    array("data", "<f4", {"4", "3", "5"}, {"", "", ""}, "");
    const Georef georef = derive();
    EXPECT_EQ(georef.x_dim, 2U);
    EXPECT_EQ(georef.y_dim, 1U);
    EXPECT_FALSE(georef.geotransform);
    EXPECT_EQ(georef.crs, "");
    array("line", "<f4", {"4"}, {"x"}, "");
    EXPECT_FALSE(derive("line").x_dim);
}

TEST_F(GeorefTest, OtherAxesAreNoPlace) {
    coordinate("time", "<f8", range(0, 1, 4), R"("units": "days since 2000-01-01")");
    coordinate("level", "<f8", range(0, 1, 3), R"("positive": "up")");
    array("data", "<f4", {"4", "3"}, {"time", "level"}, "");
    EXPECT_FALSE(derive().geotransform);
}

TEST_F(GeorefTest, GridMappingWithKilometres) {
    coordinate("x", "<f8", range(-1000, 25, 81), R"("standard_name": "projection_x_coordinate", "units": "km")");
    coordinate("y", "<f8", range(1000, -25, 81), R"("standard_name": "projection_y_coordinate", "units": "km")");
    array("data", "<f4", {"81", "81"}, {"y", "x"}, R"("grid_mapping": "stereo")");
    array("stereo", "<i4", {}, {}, R"("grid_mapping_name": "polar_stereographic", "standard_parallel": 70.0,
          "latitude_of_projection_origin": 90.0, "straight_vertical_longitude_from_pole": -45.0)");
    const Georef georef = derive();
    EXPECT_EQ(georef.crs.find("+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45"), 0U) << georef.crs;
    expect_transform(georef, {-1012500, 25000, 0, 1012500, 0, -25000});
}

TEST_F(GeorefTest, GeostationaryAnglesAndPackedCoordinates) {
    coordinate("x", "<i2", range<std::int16_t>(0, 1, 100),
               R"("axis": "X", "units": "rad", "scale_factor": 5.6e-05, "add_offset": -0.1)");
    coordinate("y", "<i2", range<std::int16_t>(0, 1, 100),
               R"("axis": "Y", "units": "rad", "scale_factor": -5.6e-05, "add_offset": 0.1)");
    array("data", "<f4", {"100", "100"}, {"y", "x"}, R"("grid_mapping": "goes")");
    array("goes", "<i4", {}, {}, R"("grid_mapping_name": "geostationary", "perspective_point_height": 35786023.0,
          "longitude_of_projection_origin": -75.0, "sweep_angle_axis": "x")");
    const double h = 35786023.0;
    expect_transform(derive(), {(-0.1 - 2.8e-05) * h, 5.6e-05 * h, 0, (0.1 + 2.8e-05) * h, 0, -5.6e-05 * h}, 1e-6);
}

TEST_F(GeorefTest, ExtendedGridMappingPicksTheOneOfTheAxes) {
    coordinate("x", "<f8", range(0, 1, 5), R"("axis": "X", "units": "m")");
    coordinate("y", "<f8", range(0, 1, 5), R"("axis": "Y", "units": "m")");
    array("data", "<f4", {"5", "5"}, {"y", "x"}, R"("grid_mapping": "wgs: lat lon laea: x y")");
    array("wgs", "<i4", {}, {}, R"("grid_mapping_name": "latitude_longitude")");
    array("laea", "<i4", {}, {}, R"("crs_wkt": "PROJCRS[\"laea\"]")");
    EXPECT_EQ(derive().crs, "PROJCRS[\"laea\"]");
    array("data", "<f4", {"5", "5"}, {"y", "x"}, R"("grid_mapping": "wgs: lat lon")");
    EXPECT_EQ(derive().crs, "EPSG:4326");
}

TEST_F(GeorefTest, RioxarrayAttributes) {
    array("data", "<f4", {"10", "20"}, {"y", "x"}, "");
    array("spatial_ref", "<i8", {}, {},
          R"("crs_wkt": "PROJCRS[\"any\"]", "GeoTransform": "100.0 10.0 0.0 900.0 0.0 -10.0")");
    const Georef georef = derive();
    EXPECT_EQ(georef.crs, "PROJCRS[\"any\"]");
    EXPECT_FALSE(georef.flip_y);
    expect_transform(georef, {100, 10, 0, 900, 0, -10});
    array("spatial_ref", "<i8", {}, {},
          R"("crs_wkt": "PROJCRS[\"any\"]", "GeoTransform": "100.0 10.0 0.0 900.0 0.0 10.0")");
    EXPECT_TRUE(derive().flip_y);
    expect_transform(derive(), {100, 10, 0, 1000, 0, -10});
}

TEST_F(GeorefTest, CoordinatesOfParentGroupsAndOfTheCoordinatesAttribute) {
    lat_lon(range(10, -1, 5), range(0, 1, 6));
    store_->entries["a/.zgroup"] = R"({"zarr_format": 2})";
    array("a/data", "<f4", {"5", "6"}, {"lat", "lon"}, "");
    expect_transform(derive("a/data"), {-0.5, 1, 0, 10.5, 0, -1});
    coordinate("breite", "<f8", range(10, -1, 5), R"("units": "degrees_north")", {}, {"rows"});
    coordinate("laenge", "<f8", range(0, 1, 6), R"("units": "degrees_east")", {}, {"columns"});
    array("data", "<f4", {"5", "6"}, {"rows", "columns"}, R"("coordinates": "laenge breite")");
    expect_transform(derive(), {-0.5, 1, 0, 10.5, 0, -1});
    EXPECT_EQ(derive().crs, "EPSG:4326");
}

TEST_F(GeorefTest, OneElementTakesItsBounds) {
    coordinate("lat", "<f8", std::vector<double>{50}, R"("units": "degrees_north", "bounds": "lat_bnds")");
    coordinate("lat_bnds", "<f8", std::vector<double>{49.5, 50.5}, "", {"1", "2"}, {"lat", "two"});
    coordinate("lon", "<f8", range(0, 1, 6), R"("units": "degrees_east")");
    array("data", "<f4", {"1", "6"}, {"lat", "lon"}, "");
    expect_transform(derive(), {-0.5, 1, 0, 50.5, 0, -1});
    coordinate("lat", "<f8", std::vector<double>{50}, R"("units": "degrees_north")");
    EXPECT_FALSE(derive().geotransform);
}

TEST_F(GeorefTest, CurvilinearCoordinates) {
    const std::vector<double> plane(12, 1.0);
    coordinate("lon2", "<f8", plane, R"("standard_name": "longitude")", {"3", "4"}, {"j", "i"});
    coordinate("lat2", "<f8", plane, R"("standard_name": "latitude")", {"3", "4"}, {"j", "i"});
    array("data", "<f4", {"3", "4", "2"}, {"j", "i", "band"}, R"("coordinates": "lat2 lon2 missing")");
    const Georef georef = derive();
    EXPECT_EQ(georef.geolocation->x.path, "lon2");
    EXPECT_EQ(georef.geolocation->y.path, "lat2");
    EXPECT_EQ(georef.y_dim, 0U);
    EXPECT_EQ(georef.x_dim, 1U);
    EXPECT_FALSE(georef.geotransform);
}

TEST_F(GeorefTest, RotatedPoleHasItsOwnDegrees) {
    coordinate("rlat", "<f8", range(-20, 0.5, 10), R"("standard_name": "grid_latitude", "units": "degrees")");
    coordinate("rlon", "<f8", range(350, 0.5, 10), R"("standard_name": "grid_longitude", "units": "degrees")");
    array("data", "<f4", {"10", "10"}, {"rlat", "rlon"}, R"("grid_mapping": "pole")");
    array("pole", "|S1", {}, {}, R"("grid_mapping_name": "rotated_latitude_longitude",
          "grid_north_pole_latitude": 39.25, "grid_north_pole_longitude": -162.0)");
    const Georef georef = derive();
    EXPECT_EQ(georef.crs.find("+proj=ob_tran +o_proj=longlat"), 0U);
    expect_transform(georef, {-10.25, 0.5, 0, -15.25, 0, -0.5});  // as PROJ gives them
}

TEST_F(GeorefTest, UnreadableCoordinatesGiveNoGeotransform) {
    lat_lon(range(10, -1, 5), range(0, 1, 6));
    store_->entries["lon/0"] = "short";
    const Georef georef = derive();
    EXPECT_FALSE(georef.geotransform);
    EXPECT_EQ(georef.crs, "EPSG:4326");
}

TEST_F(GeorefTest, BoundsTellTheEdges) {
    coordinate("lat", "<f8", range(10, -1, 3), R"("units": "degrees_north", "bounds": "lat_bnds")");
    coordinate("lat_bnds", "<f8", std::vector<double>{9, 10, 8, 9, 7, 8}, "", {"3", "2"}, {"lat", "two"});
    coordinate("lon", "<f8", range(0, 1, 3), R"("units": "degrees_east", "bounds": "lon_bnds")");
    coordinate("lon_bnds", "<f8", std::vector<double>{0, 1, 1, 2, 2, 3}, "", {"3", "2"}, {"lon", "two"});
    array("data", "<f4", {"3", "3"}, {"lat", "lon"}, "");
    expect_transform(derive(), {0, 1, 0, 10, 0, -1});
}

TEST_F(GeorefTest, IrregularAxesBecomeLines) {
    std::vector<double> lat = range(-40, 1, 20);
    lat[7] += 0.2;
    lat_lon(lat, range(1, 2, 180));
    const Georef georef = derive();
    EXPECT_FALSE(georef.geotransform);
    EXPECT_FALSE(georef.flip_y);
    EXPECT_EQ(georef.roll_x, 90U);
    ASSERT_TRUE(georef.geolocation);
    EXPECT_EQ(georef.geolocation->crs, "EPSG:4326");
    EXPECT_EQ(georef.geolocation->y.path, "lat");
    EXPECT_TRUE(georef.geolocation->y.plain());
    EXPECT_EQ(georef.geolocation->x.width, 180U);
    EXPECT_EQ(georef.geolocation->x.height, 1U);
    EXPECT_EQ(georef.geolocation->x.roll, 90U);
    EXPECT_EQ(georef.geolocation->x.turn, -360);
    lat[8] = lat[7];  // not monotonic
    lat_lon(lat, range(1, 2, 180));
    EXPECT_FALSE(derive().geolocation);
}

TEST_F(GeorefTest, OtherDimensionsAreNotTakenForPlaces) {
    array("data", "<f4", {"4", "3", "5", "2"}, {"rows", "cols", "time", "band"}, "");
    EXPECT_EQ(derive().y_dim, 0U);
    EXPECT_EQ(derive().x_dim, 1U);
    coordinate("height", "<f8", range(0, 1, 5), R"("positive": "up")");
    array("data", "<f4", {"4", "5", "3"}, {"a", "height", "b"}, "");
    EXPECT_EQ(derive().y_dim, 0U);
    EXPECT_EQ(derive().x_dim, 2U);
}

TEST_F(GeorefTest, DegreesOutweighAProjection) {
    lat_lon(range(10, -1, 5), range(0, 1, 6));
    array("data", "<f4", {"5", "6"}, {"lat", "lon"}, R"("grid_mapping": "crs")");
    array("crs", "<i4", {}, {}, R"("grid_mapping_name": "sinusoidal")");
    EXPECT_EQ(derive().crs, "EPSG:4326");
    array("crs", "<i4", {}, {}, R"("grid_mapping_name": "latitude_longitude", "earth_radius": 6371229)");
    EXPECT_EQ(derive().crs, "+proj=longlat +R=6371229 +no_defs +type=crs");
}

TEST_F(GeorefTest, GridMappingOfTheGroupOrTheOnlyOne) {
    coordinate("x", "<f8", range(0, 1, 5), R"("axis": "X")");
    coordinate("y", "<f8", range(0, 1, 5), R"("axis": "Y")");
    array("data", "<f4", {"5", "5"}, {"y", "x"}, "");
    array("polar", "<i4", {}, {}, R"("grid_mapping_name": "sinusoidal")");
    EXPECT_EQ(derive().crs.find("+proj=sinu"), 0U);
    array("other", "<i4", {}, {}, R"("grid_mapping_name": "orthographic")");
    EXPECT_EQ(derive().crs, "");
    store_->entries[".zattrs"] = R"({"grid_mapping": "other"})";
    EXPECT_EQ(derive().crs.find("+proj=ortho"), 0U);
    store_->entries[".zattrs"] = R"({"proj:code": "EPSG:3035"})";
    EXPECT_EQ(derive().crs, "EPSG:3035");
}

TEST_F(GeorefTest, CurvilinearCoordinatesOfOtherShapes) {
    coordinate("lon2", "<f8", std::vector<double>{0, 1, 2, 3, 1, 2.5, 3, 4}, R"("units": "degrees_east")",
               {"1", "2", "4"}, {"time", "j", "i"});
    coordinate("lat2", "<f8", std::vector<double>{0, 1, 2, 3, 1, 2.5, 3, 4}, R"("units": "degrees_north")",
               {"1", "2", "4"}, {"time", "j", "i"});
    array("data", "<f4", {"4", "3", "2"}, {"i", "time", "j"}, "");
    const Georef georef = derive();
    ASSERT_TRUE(georef.geolocation);
    EXPECT_EQ(georef.geolocation->x.width, 4U);
    EXPECT_EQ(georef.geolocation->x.height, 2U);
    EXPECT_EQ(georef.x_dim, 0U);
    EXPECT_EQ(georef.y_dim, 2U);
}

TEST_F(GeorefTest, SpatialConvention) {
    array("data", "<f4", {"6", "8", "2"}, {"row", "col", "band"}, R"("spatial:dimensions": ["row", "col"],
        "proj:code": "EPSG:32633", "spatial:transform": [10, 0, 500, 0, -10, 900])");
    const Georef georef = derive();
    EXPECT_EQ(georef.y_dim, 0U);
    EXPECT_EQ(georef.x_dim, 1U);
    expect_transform(georef, {500, 10, 0, 900, 0, -10});
    for (const char* const wrong :
         {R"("spatial:transform": [10, 0, 500])", R"("spatial:transform": [0, 0, 0, 0, 0, 0])",
          R"("spatial:transform": [10, 0, 500, 0, -10, 900], "spatial:transform_type": "rpc")",
          R"("spatial:transform": [10, 0, 500, 0, -10, 900], "spatial:shape": [7, 8])",
          R"("spatial:bbox": [1, 1, 0, 0])", R"("spatial:transform": "none", "spatial:dimensions": [1, 2])"}) {
        array("data", "<f4", {"6", "8"}, {"row", "col"}, wrong);
        EXPECT_FALSE(derive().geotransform) << wrong;
    }
}

}  // namespace
}  // namespace vcube
