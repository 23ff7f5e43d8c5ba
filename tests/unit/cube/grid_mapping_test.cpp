#include "core/cube/grid_mapping.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "core/cube/attribute.h"

namespace vcube {
namespace {

Json json(const std::string& text) {
    auto parsed = parse_json(text, "test");
    EXPECT_TRUE(parsed.ok()) << text;
    return parsed.ok() ? parsed.value() : Json();
}

/// "+lat_0=52.0" and "+lat_0=52" are the same: words with their numbers as numbers, in any order.
std::set<std::string> words_of(const std::string& proj) {
    std::set<std::string> out;
    for (const std::string& word : split_words(proj)) {
        const std::size_t equals = word.find('=');
        const auto value = equals == std::string::npos ? std::nullopt : parse_number(word.substr(equals + 1));
        out.insert(value ? word.substr(0, equals + 1) + std::to_string(*value) : word);
    }
    return out;
}

// tests/data/cube/make_grid_mapping.py lets pyproj check every PROJ string against the CF attributes.
TEST(GridMapping, AppendixF) {
    std::ifstream in(VCUBE_TEST_DATA "/cube/grid_mapping.json");
    std::stringstream text;
    text << in.rdbuf();
    const Json cases = json(text.str());
    ASSERT_GE(cases.size(), 30U);
    std::set<std::string> names;
    for (const Json& entry : cases) {
        names.insert(entry["attributes"]["grid_mapping_name"].get<std::string>());
        EXPECT_EQ(words_of(crs_of_grid_mapping(entry["attributes"])), words_of(entry["proj"])) << entry;
    }
    EXPECT_EQ(names.size(), 16U);  // all of appendix F
}

TEST(GridMapping, TextOfOtherConventions) {
    EXPECT_EQ(crs_of_grid_mapping(json(R"({"crs_wkt": "GEOGCRS[1]", "grid_mapping_name": "mercator"})")), "GEOGCRS[1]");
    EXPECT_EQ(crs_of_grid_mapping(json(R"({"spatial_ref": "PROJCS[1]"})")), "PROJCS[1]");
    EXPECT_EQ(crs_of_grid_mapping(json(R"({"crs_wkt": "", "grid_mapping_name": "latitude_longitude"})")), "EPSG:4326");
    EXPECT_EQ(crs_of_grid_mapping(json(R"({"proj4": "+proj=utm +zone=33"})")), "+proj=utm +zone=33 +type=crs");
    EXPECT_EQ(crs_of_grid_mapping(json(R"({"epsg_code": "EPSG:3035"})")), "EPSG:3035");
    EXPECT_EQ(crs_of_grid_mapping(json(R"({"epsg_code": 6933})")), "EPSG:6933");
}

TEST(GridMapping, NothingWhereNotUnderstood) {
    for (const char* text : {"{}", "null", "[]", R"({"grid_mapping_name": "moon"})", R"({"grid_mapping_name": 5})",
                             R"({"spatial_ref": 0})", R"({"grid_mapping_name": "rotated_latitude_longitude"})",
                             R"({"epsg_code": "none"})", R"({"proj4": "rm -rf"})"}) {
        EXPECT_EQ(crs_of_grid_mapping(json(text)), "") << text;
    }
}

TEST(GridMapping, OddParameters) {
    EXPECT_EQ(words_of(crs_of_grid_mapping(json(R"({"grid_mapping_name": ["Lambert_Conformal_Conic"],
        "standard_parallel": "49.0, 77.0", "latitude_of_projection_origin": [49], "longitude_of_central_meridian": "-95",
        "false_easting": "NaN", "earth_radius": 6371000})"))),
              words_of("+proj=lcc +lat_1=49 +lat_2=77 +lat_0=49 +lon_0=-95 +R=6371000 +units=m +no_defs +type=crs"));
    // Figures that make no sense are unsaid ones.
    for (const char* figure : {R"("earth_radius": 0)", R"("earth_radius": "NaN")", R"("semi_major_axis": -1)",
                               R"("inverse_flattening": 298)", R"("semi_minor_axis": 6356752)"}) {
        EXPECT_EQ(
            crs_of_grid_mapping(json(R"({"grid_mapping_name": "latitude_longitude", )" + std::string(figure) + "}")),
            "EPSG:4326")
            << figure;
    }
    EXPECT_EQ(crs_of_grid_mapping(json(R"({"grid_mapping_name": "latitude_longitude", "earth_radius": -5,
        "semi_major_axis": 6378137.0, "inverse_flattening": "NaN"})")),
              "+proj=longlat +R=6378137 +no_defs +type=crs");
    // A sphere that is said as two equal axes, or as a flattening of 0.
    for (const char* figure :
         {R"("semi_major_axis": 6371229, "semi_minor_axis": 6371229)",
          R"("semi_major_axis": 6371229, "inverse_flattening": 0)", R"("semi_major_axis": 6371229)"}) {
        EXPECT_EQ(
            crs_of_grid_mapping(json(R"({"grid_mapping_name": "latitude_longitude", )" + std::string(figure) + "}")),
            "+proj=longlat +R=6371229 +no_defs +type=crs");
    }
}

TEST(GridMapping, ManyWaysToName) {
    for (const char* text :
         {R"({"crs": "EPSG:3035"})", R"({"crs": "epsg:3035"})", R"({"crs": "urn:ogc:def:crs:EPSG::3035"})",
          R"({"crs": "http://www.opengis.net/def/crs/EPSG/0/3035"})", R"({"proj4": "+init=epsg:3035"})",
          R"({"_CRS": {"url": "http://www.opengis.net/def/crs/EPSG/0/3035"}})", R"({"proj:code": "EPSG:3035"})",
          R"({"proj:epsg": 3035})", R"({"EPSG": "3035"})", R"({"srid": 3035})"}) {
        EXPECT_EQ(crs_of_grid_mapping(json(text)), "EPSG:3035") << text;
    }
    EXPECT_EQ(crs_of_grid_mapping(json(R"({"proj:code": "IAU_2015:30100"})")), "IAU_2015:30100");
    EXPECT_EQ(crs_of_grid_mapping(json(R"({"_CRS": {"projjson": {"type": "ProjectedCRS"}}})")),
              R"({"type":"ProjectedCRS"})");
    for (const char* text :
         {R"({"crs": "crs"})", R"({"crs": "a/b/c"})", R"({"crs": ":"})", R"({"crs": "urn:ogc:def:crs:"})",
          R"({"crs": "/etc/passwd"})", R"({"_CRS": {"url": "http://x/"}})", R"({"_CRS": 5})", R"({"proj:code": null})",
          R"({"proj:wkt2": "[["})"}) {
        EXPECT_EQ(crs_of_grid_mapping(json(text)), "") << text;
    }
}

TEST(GridMapping, WktKeepsTheParametersAsFallback) {
    const CrsText crs = crs_of_attributes(
        json(R"({"crs_wkt": "PROJCRS[1]", "grid_mapping_name": "sinusoidal", "earth_radius": 6371007.181})"));
    EXPECT_EQ(crs.text, "PROJCRS[1]");
    EXPECT_EQ(words_of(crs.fallback), words_of("+proj=sinu +R=6371007.181 +units=m +no_defs +type=crs"));
}

TEST(GridMapping, FalseOriginsAreInTheUnitOfTheAxes) {
    const Json attributes = json(R"({"grid_mapping_name": "sinusoidal", "false_easting": 2.5})");
    EXPECT_NE(crs_of_attributes(attributes, 1000).text.find("+x_0=2500"), std::string::npos);
}

TEST(GridMapping, LatitudeOfTrueScaleInTheWrongPlace) {
    EXPECT_EQ(crs_of_grid_mapping(json(R"({"grid_mapping_name": "polar_stereographic",
        "latitude_of_projection_origin": -71, "straight_vertical_longitude_from_pole": 0})"))
                  .find("+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0"),
              0U);
}

TEST(GridMapping, HeightOfTheSatellite) {
    EXPECT_EQ(satellite_height(json(R"({"grid_mapping_name": "geostationary", "perspective_point_height": 35786023})")),
              35786023);
    EXPECT_EQ(satellite_height(json(R"({"crs_wkt": "PROJCRS[\"a\",PARAMETER[\"Satellite Height\",35785831,UNIT]]"})")),
              35785831);
    EXPECT_EQ(satellite_height(json(R"({"proj4": "+proj=geos +h=35785831 +lon_0=0"})")), 35785831);
    EXPECT_EQ(satellite_height(json(R"({"grid_mapping_name": "vertical_perspective", "perspective_point_height": 5})")),
              0);
    EXPECT_EQ(satellite_height(json("{}")), 0);
}

}  // namespace
}  // namespace vcube
