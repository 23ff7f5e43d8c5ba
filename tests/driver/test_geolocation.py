"""Grids without a geotransform: gdalwarp with the GEOLOCATION domain puts every pixel where its longitude and latitude say."""
import numpy as np
import pytest
from osgeo import gdal
from test_georef import add, open_array


def warp(dataset, bounds, resolution, algorithm="near"):
    west, south, east, north = bounds
    out = gdal.Warp("", dataset, format="MEM", geoloc=True, dstSRS="EPSG:4326", outputBounds=(west, south, east, north),
                    xRes=resolution, yRes=resolution, resampleAlg=algorithm, dstNodata=-9999)
    return out.ReadAsArray()


def centres(bounds, resolution):
    west, south, east, north = bounds
    lon = np.arange(west + resolution / 2, east, resolution)
    lat = np.arange(north - resolution / 2, south, -resolution)
    return np.meshgrid(lon, lat)


def field(lon, lat):
    """Smooth and different everywhere, the same at lon and lon + 360."""
    return (1000 + 100 * np.sin(np.radians(lon)) + 300 * np.cos(np.radians(lon)) + 3 * lat).astype("f8")


def assert_field(got, bounds, resolution, tolerance, least=0.95):
    lon, lat = centres(bounds, resolution)
    known = got != -9999
    assert known.mean() >= least, known.mean()
    error = np.abs(got - field(lon, lat))[known]
    assert error.max() <= tolerance, error.max()


def gaussian_latitudes(count):
    return np.degrees(np.arcsin(np.polynomial.legendre.leggauss(count)[0]))[::-1]


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("east", [0.0, -180.0, -360.0])
@pytest.mark.parametrize("transposed", [False, True])
def test_gaussian_grid(make_cube, flip, east, transposed):
    lat = gaussian_latitudes(64)[:: -1 if flip else 1]
    lon = east + np.arange(128) * 360 / 128 + 1
    data = field(*np.meshgrid(lon, lat))

    def fill(group):
        add(group, "lat", lat, ["lat"], units="degrees_north")
        add(group, "lon", lon, ["lon"], units="degrees_east")
        add(group, "data", data.T if transposed else data, ["lon", "lat"] if transposed else ["lat", "lon"])

    dataset = open_array(make_cube(fill))
    assert dataset.GetGeoTransform(can_return_null=True) is None
    assert dataset.GetSpatialRef().GetAuthorityCode(None) == "4326"
    bounds = (-170, -80, 170, 80)
    # half a cell is 1.4 degrees: 9 along longitude and 4 along latitude
    assert_field(warp(dataset, bounds, 0.5), bounds, 0.5, 14)


def curvilinear(rows=60, columns=80, turn=0.3):
    """A grid around 10 E 50 N that is turned against the meridians."""
    j, i = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    u, v = (i - columns / 2) * 0.2, (rows / 2 - j) * 0.2
    lat = 50 + u * np.sin(turn) + v * np.cos(turn)
    return 10 + (u * np.cos(turn) - v * np.sin(turn)) / np.cos(np.radians(lat)), lat


STORED = {
    "degrees": lambda values: (values, {}),
    "float32": lambda values: (values.astype("f4"), {}),
    "radians": lambda values: (np.radians(values), {"units": "radians"}),
    "packed": lambda values: (np.round(values / 0.0001).astype("i4"), {"scale_factor": 0.0001, "add_offset": 0.0}),
}


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("flip", [False, True])
def test_curvilinear_grid(make_cube, stored, flip):
    lon, lat = curvilinear()
    data = field(lon, lat)
    order = slice(None, None, -1 if flip else 1)

    def fill(group):
        for name, values in (("longitude", lon), ("latitude", lat)):
            array, attributes = STORED[stored](values[order])
            add(group, name[:3] + "2d", array, ["j", "i"], **{"standard_name": name, **attributes})
        add(group, "data", data[order], ["j", "i"], coordinates="lat2d lon2d")

    bounds = (6, 47, 14, 53)
    assert_field(warp(open_array(make_cube(fill)), bounds, 0.1), bounds, 0.1, 2.5)


@pytest.mark.parametrize("case", ["no attribute", "other group", "time axis", "one time", "every time", "selected band", "ascending index axis"])
def test_where_the_arrays_are_found(make_cube, case):
    lon, lat = curvilinear()
    data = field(lon, lat)

    def fill(group):
        place = group.create_group("geo") if case == "other group" else group
        times = {"one time": 1, "every time": 2}.get(case, 0)  # WRF repeats its grid for every time
        lead = ["t"] if times else []
        expand = (lambda a: np.stack([a] * times)) if times else (lambda a: a)
        add(place, "lon2d", expand(lon), lead + ["j", "i"], units="degrees_east")
        add(place, "lat2d", expand(lat), lead + ["j", "i"], units="degrees_north")
        if case == "ascending index axis":
            add(group, "j", np.arange(60), ["j"], axis="Y")
            add(group, "i", np.arange(80), ["i"], axis="X")
        where = group.create_group("science") if case == "other group" else group
        if case in ("time axis", "selected band", "every time"):
            stack = np.stack([data * 0, data])
            add(where, "data", stack, ["t", "j", "i"])
        elif case == "one time":
            add(where, "data", data[None], ["t", "j", "i"], coordinates="lon2d lat2d")
        else:
            add(where, "data", data, ["j", "i"])

    path = make_cube(fill)
    name = "science/data" if case == "other group" else "data:t=[1]" if case == "selected band" else "data"
    dataset = open_array(path, name)
    bounds = (6, 47, 14, 53)
    assert dataset.GetMetadata("GEOLOCATION")
    got = warp(dataset, bounds, 0.1)
    assert_field(got[1] if case in ("time axis", "every time") else got, bounds, 0.1, 2.5)


@pytest.mark.parametrize("first", [0, 60, -180])
def test_global_planes_of_any_longitudes(make_cube, first):
    """An ocean model's grid, longitudes from `first` on, beyond 180 and 360, warped to -180..180."""
    lat1 = gaussian_latitudes(90)
    lon1 = first + np.arange(180) * 2.0
    lon, lat = np.meshgrid(lon1, lat1)
    lon = lon + 0.3 * np.cos(np.radians(lat)) * np.sin(np.radians(lat * 2))

    def fill(group):
        add(group, "nav_lon", lon, ["y", "x"], units="degrees_east")
        add(group, "nav_lat", lat, ["y", "x"], units="degrees_north")
        add(group, "data", field(lon, lat), ["y", "x"], coordinates="nav_lon nav_lat")

    bounds = (-175, -75, 175, 75)
    assert_field(warp(open_array(make_cube(fill)), bounds, 1.0), bounds, 1.0, 12, 0.97)


def test_grids_that_move_have_no_place(make_cube):
    lon, lat = curvilinear()

    def fill(group):
        add(group, "lon2d", np.stack([lon, lon + 1]), ["t", "j", "i"], units="degrees_east")
        add(group, "lat2d", np.stack([lat, lat]), ["t", "j", "i"], units="degrees_north")
        add(group, "data", np.zeros((2, *lon.shape)), ["t", "j", "i"], coordinates="lon2d lat2d")

    assert not open_array(make_cube(fill)).GetMetadata("GEOLOCATION")


def test_holes_in_longitudes(make_cube):
    lon, lat = curvilinear()
    lon, lat = lon.copy(), lat.copy()
    data = field(lon, lat)
    lon[:4] = lat[:4] = np.nan

    def fill(group):
        add(group, "lon2d", lon, ["j", "i"], units="degrees_east")
        add(group, "lat2d", lat, ["j", "i"], units="degrees_north")
        add(group, "data", data, ["j", "i"], coordinates="lon2d lat2d")

    bounds = (8, 48, 12, 52)
    assert_field(warp(open_array(make_cube(fill)), bounds, 0.1), bounds, 0.1, 2.5)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_regular_grid_written_out(make_cube, dtype):
    """Two-dimensional coordinates of a regular grid are a geotransform."""
    lat1, lon1 = np.arange(-89.5, 90), np.arange(0.5, 360)
    lon, lat = np.meshgrid(lon1, lat1)

    def fill(group):
        add(group, "longitude", lon.astype(dtype), ["j", "i"], units="degrees_east")
        add(group, "latitude", lat.astype(dtype), ["j", "i"], units="degrees_north")
        add(group, "data", field(lon, lat), ["j", "i"])

    dataset = open_array(make_cube(fill))
    assert dataset.GetGeoTransform() == pytest.approx((-180, 1, 0, 90, 0, -1))
    assert dataset.GetSpatialRef().GetAuthorityCode(None) == "4326"
    assert np.allclose(dataset.ReadAsArray(), field(*np.meshgrid(np.arange(-179.5, 180), lat1[::-1])))
