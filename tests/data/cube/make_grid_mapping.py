#!/usr/bin/python3
"""Makes grid_mapping.json: attributes of CF grid mappings and a PROJ string that means the same.

The PROJ strings are written by hand from CF appendix F; this script lets pyproj build the CRS from the CF attributes and
demands that it and the PROJ string put the same points at the same coordinates to a millimetre (1e-9 degree).
Run: /usr/bin/python3 make_grid_mapping.py
"""
import json
import pathlib
import warnings

import numpy as np
import pyproj

warnings.simplefilter("ignore")
GRS80 = {"semi_major_axis": 6378137.0, "inverse_flattening": 298.257222101}
WGS84 = {"semi_major_axis": 6378137.0, "inverse_flattening": 298.257223563}
BESSEL = {"semi_major_axis": 6377397.155, "semi_minor_axis": 6356078.962818189}
SPHERE = {"earth_radius": 6371229.0}
EUROPE, NORTH, SOUTH, GLOBE = (-10, 35, 30, 70), (-180, 50, 180, 89), (-180, -89, 180, -50), (-170, -80, 170, 80)
# name, attributes, PROJ string without "+no_defs +type=crs", where to compare (west, south, east, north)
CASES = [
    ("latitude_longitude", {}, "EPSG:4326", GLOBE),
    ("latitude_longitude", WGS84, "EPSG:4326", GLOBE),
    ("latitude_longitude", {"semi_major_axis": 6378137.0, "semi_minor_axis": 6356752.314245}, "EPSG:4326", GLOBE),
    ("latitude_longitude", SPHERE, "+proj=longlat +R=6371229", GLOBE),
    ("latitude_longitude", GRS80, "+proj=longlat +a=6378137 +rf=298.257222101", GLOBE),
    ("latitude_longitude", {**BESSEL, "longitude_of_prime_meridian": 2.33722917},
     "+proj=longlat +a=6377397.155 +b=6356078.962818189 +pm=2.33722917", EUROPE),
    ("albers_conical_equal_area", {"standard_parallel": [29.5, 45.5], "latitude_of_projection_origin": 23.0,
     "longitude_of_central_meridian": -96.0, "false_easting": 100.0, "false_northing": -200.0, **GRS80},
     "+proj=aea +lat_1=29.5 +lat_2=45.5 +lat_0=23 +lon_0=-96 +x_0=100 +y_0=-200 +a=6378137 +rf=298.257222101 +units=m",
     (-120, 25, -70, 50)),
    ("azimuthal_equidistant", {"latitude_of_projection_origin": 53.0, "longitude_of_projection_origin": 24.0,
     "false_easting": 5837287.81977, "false_northing": 2121415.69617, **WGS84},
     "+proj=aeqd +lat_0=53 +lon_0=24 +x_0=5837287.81977 +y_0=2121415.69617 +datum=WGS84 +units=m", EUROPE),
    ("geostationary", {"latitude_of_projection_origin": 0.0, "longitude_of_projection_origin": -75.0,
     "perspective_point_height": 35786023.0, "sweep_angle_axis": "x", **GRS80},
     "+proj=geos +lon_0=-75 +h=35786023 +sweep=x +a=6378137 +rf=298.257222101 +units=m", (-110, -40, -40, 40)),
    ("geostationary", {"latitude_of_projection_origin": 0.0, "longitude_of_projection_origin": 9.5,
     "perspective_point_height": 35785831.0, "fixed_angle_axis": "x", "semi_major_axis": 6378169.0,
     "semi_minor_axis": 6356583.8},
     "+proj=geos +lon_0=9.5 +h=35785831 +sweep=y +a=6378169 +b=6356583.8 +units=m", EUROPE),
    ("lambert_azimuthal_equal_area", {"latitude_of_projection_origin": 52.0, "longitude_of_projection_origin": 10.0,
     "false_easting": 4321000.0, "false_northing": 3210000.0, **GRS80},
     "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +a=6378137 +rf=298.257222101 +units=m", EUROPE),
    ("lambert_azimuthal_equal_area", {"latitude_of_projection_origin": 90, "longitude_of_projection_origin": 0, **WGS84},
     "+proj=laea +lat_0=90 +lon_0=0 +datum=WGS84 +units=m", NORTH),
    ("lambert_conformal_conic", {"standard_parallel": [49.0, 77.0], "latitude_of_projection_origin": 49.0,
     "longitude_of_central_meridian": -95.0, **WGS84},
     "+proj=lcc +lat_1=49 +lat_2=77 +lat_0=49 +lon_0=-95 +datum=WGS84 +units=m", (-130, 42, -60, 80)),
    ("lambert_conformal_conic", {"standard_parallel": 63.3, "latitude_of_projection_origin": 63.3,
     "longitude_of_central_meridian": 15.0, **SPHERE},
     "+proj=lcc +lat_1=63.3 +lat_2=63.3 +lat_0=63.3 +lon_0=15 +R=6371229 +units=m", (0, 50, 40, 75)),
    ("lambert_conformal_conic", {"standard_parallel": [25.0, 25.0], "latitude_of_projection_origin": 40.0,
     "longitude_of_central_meridian": 265.0, "semi_major_axis": 6371200.0, "semi_minor_axis": 6371200.0},
     "+proj=lcc +lat_1=25 +lat_2=25 +lat_0=40 +lon_0=265 +R=6371200 +units=m", (-120, 25, -70, 50)),
    ("lambert_cylindrical_equal_area", {"standard_parallel": 30.0, "longitude_of_central_meridian": 0.0, **WGS84},
     "+proj=cea +lat_ts=30 +lon_0=0 +datum=WGS84 +units=m", GLOBE),
    ("mercator", {"standard_parallel": 22.5, "longitude_of_projection_origin": 100.0, **SPHERE},
     "+proj=merc +lat_ts=22.5 +lon_0=100 +R=6371229 +units=m", (0, -60, 179, 60)),
    ("mercator", {"scale_factor_at_projection_origin": 0.9996, "longitude_of_projection_origin": 0.0,
     "false_easting": 500.0, **WGS84},
     "+proj=merc +k_0=0.9996 +lon_0=0 +x_0=500 +datum=WGS84 +units=m", GLOBE),
    ("oblique_mercator", {"azimuth_of_central_line": 53.31582047, "latitude_of_projection_origin": 4.0,
     "longitude_of_projection_origin": 115.0, "scale_factor_at_projection_origin": 0.99984,
     "false_easting": 590476.87, "false_northing": 442857.65, **WGS84},
     "+proj=omerc +lat_0=4 +lonc=115 +alpha=53.31582047 +k_0=0.99984 +x_0=590476.87 +y_0=442857.65 +datum=WGS84 +units=m",
     (109, 0, 119, 7)),
    ("orthographic", {"latitude_of_projection_origin": 40.0, "longitude_of_projection_origin": 10.0, **SPHERE},
     "+proj=ortho +lat_0=40 +lon_0=10 +R=6371229 +units=m", EUROPE),
    ("polar_stereographic", {"latitude_of_projection_origin": 90.0, "straight_vertical_longitude_from_pole": -45.0,
     "standard_parallel": 70.0, **WGS84},
     "+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +datum=WGS84 +units=m", NORTH),
    ("polar_stereographic", {"latitude_of_projection_origin": -90.0, "straight_vertical_longitude_from_pole": 0.0,
     "standard_parallel": -71.0, "false_easting": 1000.0, **WGS84},
     "+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0 +x_0=1000 +datum=WGS84 +units=m", SOUTH),
    ("polar_stereographic", {"latitude_of_projection_origin": 90.0, "straight_vertical_longitude_from_pole": 10.0,
     "scale_factor_at_projection_origin": 0.994, **WGS84},
     "+proj=stere +lat_0=90 +k_0=0.994 +lon_0=10 +datum=WGS84 +units=m", NORTH),
    ("rotated_latitude_longitude", {"grid_north_pole_latitude": 39.25, "grid_north_pole_longitude": -162.0, **SPHERE},
     "+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=39.25 +lon_0=18 +R=6371229", EUROPE),
    ("rotated_latitude_longitude", {"grid_north_pole_latitude": 42.5, "grid_north_pole_longitude": 83.0,
     "north_pole_grid_longitude": 30.0, **WGS84},
     "+proj=ob_tran +o_proj=longlat +o_lon_p=30 +o_lat_p=42.5 +lon_0=-97 +datum=WGS84", (-140, 30, -60, 70)),
    ("sinusoidal", {"longitude_of_projection_origin": 0.0, "semi_major_axis": 6371007.181, "inverse_flattening": 0.0},
     "+proj=sinu +lon_0=0 +R=6371007.181 +units=m", GLOBE),
    ("stereographic", {"latitude_of_projection_origin": 52.0, "longitude_of_projection_origin": 5.0,
     "scale_factor_at_projection_origin": 0.9999, "false_easting": 155000.0, "false_northing": 463000.0, **SPHERE},
     "+proj=stere +lat_0=52 +lon_0=5 +k_0=0.9999 +x_0=155000 +y_0=463000 +R=6371229 +units=m", EUROPE),
    ("transverse_mercator", {"scale_factor_at_central_meridian": 0.9996012717, "longitude_of_central_meridian": -2.0,
     "latitude_of_projection_origin": 49.0, "false_easting": 400000.0, "false_northing": -100000.0,
     "semi_major_axis": 6377563.396, "semi_minor_axis": 6356256.910},
     "+proj=tmerc +lat_0=49 +lon_0=-2 +k_0=0.9996012717 +x_0=400000 +y_0=-100000 +a=6377563.396 +b=6356256.91 +units=m",
     (-8, 50, 2, 60)),
    ("transverse_mercator", {"scale_factor_at_central_meridian": 1.0, "longitude_of_central_meridian": 9.0,
     "latitude_of_projection_origin": 0.0, "reference_ellipsoid_name": "Bessel 1841",
     "towgs84": [598.1, 73.7, 418.2, 0.202, 0.045, -2.455, 6.7]},
     "+proj=tmerc +lat_0=0 +lon_0=9 +k_0=1 +ellps=bessel +towgs84=598.1,73.7,418.2,0.202,0.045,-2.455,6.7 +units=m",
     (6, 47, 12, 55)),
    ("vertical_perspective", {"latitude_of_projection_origin": 10.0, "longitude_of_projection_origin": 20.0,
     "perspective_point_height": 5000000.0, **SPHERE},
     "+proj=nsper +lat_0=10 +lon_0=20 +h=5000000 +R=6371229 +units=m", (0, -10, 40, 30)),
]


def crs_of(attributes):
    if attributes["grid_mapping_name"] != "oblique_mercator":
        return pyproj.CRS.from_cf(attributes)
    # pyproj leaves the grid along the skew axis. CF means eastings and northings (rectified), as cartopy and PROJ do.
    conversion = pyproj.crs.coordinate_operation.HotineObliqueMercatorBConversion(
        attributes["latitude_of_projection_origin"], attributes["longitude_of_projection_origin"],
        attributes["azimuth_of_central_line"], attributes["azimuth_of_central_line"],
        attributes["scale_factor_at_projection_origin"], attributes["false_easting"], attributes["false_northing"])
    return pyproj.crs.ProjectedCRS(conversion, geodetic_crs=pyproj.CRS.from_epsg(4326))


def positions(crs, bounds):
    west, south, east, north = bounds
    lon, lat = np.meshgrid(np.linspace(west, east, 9), np.linspace(south, north, 7))
    base = crs.source_crs if crs.is_bound else crs
    transformer = pyproj.Transformer.from_crs(base.geodetic_crs, base, always_xy=True)
    return np.array(transformer.transform(lon.ravel(), lat.ravel()))


def main():
    cases, worst = [], 0.0
    for name, parameters, text, bounds in CASES:
        attributes = {"grid_mapping_name": name, **parameters}
        if text != "EPSG:4326":
            text += " +no_defs +type=crs"
        cf, proj = crs_of(attributes), pyproj.CRS.from_user_input(text)
        a, b = positions(cf, bounds), positions(proj, bounds)
        unit = 1e-9 if name.endswith("latitude_longitude") else 1e-3
        difference = np.nanmax(np.abs(a - b)) / unit
        assert np.isfinite(a).all() and np.isfinite(b).all(), (name, text)
        assert difference < 1, (name, text, difference, cf.to_wkt())
        ellipsoids = [c.ellipsoid for c in (cf, proj)]
        assert abs(ellipsoids[0].semi_major_metre - ellipsoids[1].semi_major_metre) < 1e-6, (name, text)
        assert abs(ellipsoids[0].semi_minor_metre - ellipsoids[1].semi_minor_metre) < 1e-3, (name, text)
        worst = max(worst, difference)
        cases.append({"attributes": attributes, "proj": text, "bounds": bounds})
    path = pathlib.Path(__file__).with_name("grid_mapping.json")
    path.write_text("[\n" + ",\n".join(map(json.dumps, cases)) + "\n]\n")
    print(len(cases), "cases, largest difference", worst, "of the tolerance; pyproj", pyproj.__version__)


main()
