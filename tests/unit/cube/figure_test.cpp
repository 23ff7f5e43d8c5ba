#include "core/cube/figure.h"

#include <gtest/gtest.h>

namespace vcube {
namespace {

Figure figure(const std::string& text) {
    auto parsed = parse_json("{" + text + "}", "test");
    EXPECT_TRUE(parsed.ok()) << text;
    return parsed.ok() ? figure_of(parsed.value()) : Figure();
}

TEST(Figure, Measured) {
    EXPECT_EQ(figure(R"("semi_major_axis": 6377397.155, "inverse_flattening": 299.1528128)").proj,
              " +a=6377397.155 +rf=299.1528128");
    EXPECT_EQ(figure(R"("semi_major_axis": 6378.137, "semi_minor_axis": 6356.75)").proj, " +a=6378137 +b=6356750");
    EXPECT_EQ(figure(R"("earth_radius": "6371.229")").proj, " +R=6371229");
    EXPECT_TRUE(figure(R"("semi_major_axis": 6378137, "inverse_flattening": 298.257223563)").is_wgs84);
    EXPECT_TRUE(figure("").is_wgs84);
}

TEST(Figure, Named) {
    EXPECT_EQ(figure(R"("reference_ellipsoid_name": "Airy 1830")").proj, " +ellps=airy");
    EXPECT_EQ(figure(R"("reference_ellipsoid_name": "GRS_1980")").proj, " +ellps=GRS80");
    EXPECT_EQ(figure(R"("reference_ellipsoid_name": "GRS 1980", "semi_major_axis": 6378137)").proj, " +ellps=GRS80");
    EXPECT_EQ(figure(R"("reference_ellipsoid_name": "of the moon")").proj, " +datum=WGS84");
    EXPECT_EQ(figure(R"("horizontal_datum_name": "D_OSGB_1936")").base, "EPSG:4277");
    EXPECT_EQ(
        figure(R"("geographic_crs_name": "ETRS89", "semi_major_axis": 6378137, "inverse_flattening": 298.257222101)")
            .base,
        "EPSG:4258");
    // a name that its ellipsoid contradicts
    EXPECT_EQ(
        figure(R"("horizontal_datum_name": "ETRS89", "semi_major_axis": 6377397, "inverse_flattening": 299)").base, "");
    EXPECT_EQ(figure(R"("horizontal_datum_name": "WGS84", "earth_radius": 6371000)").base, "");
}

TEST(Figure, MeridianAndShift) {
    EXPECT_EQ(figure(R"("prime_meridian_name": "Paris")").proj, " +datum=WGS84 +pm=2.337229166666667");
    EXPECT_EQ(figure(R"("prime_meridian_name": "Paris", "longitude_of_prime_meridian": 0)").proj, " +datum=WGS84");
    EXPECT_FALSE(figure(R"("longitude_of_prime_meridian": 10)").is_wgs84);
    EXPECT_EQ(figure(R"("reference_ellipsoid_name": "Bessel 1841", "towgs84": "1 2 3")").proj,
              " +ellps=bessel +towgs84=1,2,3");
    EXPECT_EQ(figure(R"("earth_radius": 6371229, "towgs84": [1, 2])").proj, " +R=6371229");
}

}  // namespace
}  // namespace vcube
