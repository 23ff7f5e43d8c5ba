"""Land and sea on a rotated pole's grid and in a satellite's view, warped to longitudes and latitudes: coasts stand where
they belong. Positions of the pixels come from the formulas of the Met Office and CGMS, not from PROJ."""
import pathlib
import sys

import numpy as np
import pytest
from osgeo import gdal
from test_georef import add, open_array

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "data"))
import land  # noqa: E402


def rotated_pole(rlon, rlat, pole_lon, pole_lat):
    """True positions of longitudes and latitudes about a pole, on a sphere."""
    rlon, rlat, pole = np.radians(rlon), np.radians(rlat), np.radians(pole_lat)
    lat = np.arcsin(np.sin(rlat) * np.sin(pole) + np.cos(rlat) * np.cos(rlon) * np.cos(pole))
    lon = np.arctan2(np.cos(rlat) * np.sin(rlon), np.sin(pole) * np.cos(rlat) * np.cos(rlon) - np.cos(pole) * np.sin(rlat))
    return (np.degrees(lon) + pole_lon + 360) % 360 - 180, np.degrees(lat)


def satellite_view(x, y, sweep, longitude, height, a, b):
    """True positions of scanning angles in radians; NaN beside the Earth. CGMS 03 (sweep y), GOES-R product guide (x)."""
    k, distance = (a / b) ** 2, height + a
    if sweep == "y":
        along, east, north = np.cos(x) * np.cos(y), np.sin(x) * np.cos(y), np.sin(y)
    else:
        along, east, north = np.cos(x) * np.cos(y), np.sin(x), np.cos(x) * np.sin(y)
    # the ray distance * (1, 0, 0) - r * (along, -east, -north) meets the ellipsoid
    p, q, s = along**2 + east**2 + k * north**2, distance * along, distance**2 - a**2
    with np.errstate(invalid="ignore"):
        r = (q - np.sqrt(q * q - p * s)) / p
    s1, s2, s3 = distance - r * along, r * east, r * north
    return longitude + np.degrees(np.arctan2(s2, s1)), np.degrees(np.arctan(k * s3 / np.hypot(s1, s2)))


def fill_with(x, y, x_attributes, y_attributes, mapping, lon, lat):
    known = np.isfinite(lon) & np.isfinite(lat)
    data = np.full(lon.shape, 255, "u1")
    data[known] = land.is_land(lon[known], lat[known])

    def fill(group):
        add(group, "x", x, ["x"], **x_attributes)
        add(group, "y", y, ["y"], **y_attributes)
        add(group, "crs", np.int32(0), [], **mapping)
        add(group, "data", data, ["y", "x"], grid_mapping="crs", _FillValue=255)

    return fill


def pole_grid(first=-30.0):
    rlon, rlat = first + np.arange(300) * 0.2, -25 + np.arange(250) * 0.2
    lon, lat = rotated_pole(*np.meshgrid(rlon, rlat), -162.0, 39.25)
    mapping = {"grid_mapping_name": "rotated_latitude_longitude", "grid_north_pole_latitude": 39.25, "grid_north_pole_longitude": -162.0,
               "earth_radius": 6371229.0}
    return fill_with(rlon, rlat, {"standard_name": "grid_longitude", "units": "degrees"},
                     {"standard_name": "grid_latitude", "units": "degrees"}, mapping, lon, lat)


def view(sweep):
    longitude, height = (0.0, 35785831.0) if sweep == "y" else (-75.0, 35786023.0)
    a, b = (6378169.0, 6356583.8) if sweep == "y" else (6378137.0, 6356752.31414)
    step = 0.00028
    x, y = (np.arange(-560, 560) + 0.5) * step, (np.arange(560, -560, -1) - 0.5) * step
    lon, lat = satellite_view(*np.meshgrid(x, y), sweep, longitude, height, a, b)
    mapping = {"grid_mapping_name": "geostationary", "latitude_of_projection_origin": 0.0, "longitude_of_projection_origin": longitude,
               "perspective_point_height": height, "sweep_angle_axis": sweep, "semi_major_axis": a, "semi_minor_axis": b}
    return fill_with(x, y, {"standard_name": "projection_x_coordinate", "units": "rad"},
                     {"standard_name": "projection_y_coordinate", "units": "rad"}, mapping, lon, lat)


CASES = {
    "rotated pole": (lambda: pole_grid(), (-5, 35, 40, 65)),
    "rotated pole from 330 on": (lambda: pole_grid(330.0), (-5, 35, 40, 65)),
    "geostationary, sweep y": (lambda: view("y"), (-20, -35, 50, 50)),
    "geostationary, sweep x": (lambda: view("x"), (-110, -40, -35, 45)),
}


def warp(dataset, bounds, resolution):
    return gdal.Warp("", dataset, format="MEM", dstSRS="EPSG:4326", outputBounds=bounds, xRes=resolution, yRes=resolution, dstNodata=255)


@pytest.mark.parametrize("name", CASES)
def test_coasts(make_cube, name):
    make, bounds = CASES[name]
    resolution = 0.25
    got = warp(open_array(make_cube(make())), bounds, resolution).ReadAsArray()
    west, south, east, north = bounds
    lon, lat = np.meshgrid(np.arange(west + resolution / 2, east, resolution), np.arange(north - resolution / 2, south, -resolution))
    expected = land.is_land(lon.ravel(), lat.ravel()).reshape(lon.shape)
    assert (got != 255).mean() > 0.97
    # Pixels away from coasts are exact; near them nearest neighbours may differ, so a shift by one pixel would show.
    wrong = ((got != expected) & (got != 255)).mean()
    shifted = ((got[:, 2:] != expected[:, :-2]) & (got[:, 2:] != 255)).mean()
    assert wrong < 0.02 and wrong < shifted / 2, (wrong, shifted)
