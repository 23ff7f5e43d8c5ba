"""The options CRS, EXTENT, RES and GRID: which grid they make, and what is said of wrong ones."""
import numpy as np
import pytest
from osgeo import gdal

NAMED = {
    # EASE-Grid 2.0: sizes, pixels and corners as NSIDC publishes them, to the centimetre.
    "GLOBAL": ("4326", 16384, 8064, 0.02197265625, -180, 88.59375),
    "LAEA_EUROPE": ("3035", 2000, 1640, 2500, 2500000, 5500000),
    "EASE2_GLOBAL_36KM": ("6933", 964, 406, 36032.220840584, -17367530.45, 7314540.83),
    "EASE2_GLOBAL_25KM": ("6933", 1388, 584, 25025.26, -17367530.44, 7307375.92),
    "EASE2_GLOBAL_9KM": ("6933", 3856, 1624, 9008.055210146, -17367530.45, 7314540.83),
    "EASE2_NORTH": ("6931", 720, 720, 25000, -9000000, 9000000),
    "EASE2_SOUTH": ("6932", 720, 720, 25000, -9000000, 9000000),
}


def open_dgg(*options):
    return gdal.OpenEx("VCUBE:DGG", open_options=list(options))


@pytest.mark.parametrize("name", NAMED)
def test_named_grids(name):
    code, width, height, pixel, x, y = NAMED[name]
    for spelling in (name, name.lower()):
        grid = open_dgg(f"GRID={spelling}")
        assert (grid.RasterXSize, grid.RasterYSize) == (width, height)
        np.testing.assert_allclose(grid.GetGeoTransform(), (x, pixel, 0, y, 0, -pixel), atol=0.0052, rtol=0)
        assert grid.GetSpatialRef().GetAuthorityCode(None) == code


def corners(grid):
    g = grid.GetGeoTransform()
    return g[0], g[3] + grid.RasterYSize * g[5], g[0] + grid.RasterXSize * g[1], g[3]


def test_defaults():
    assert open_dgg("CRS=EPSG:4326").GetGeoTransform() == open_dgg().GetGeoTransform()
    europe = open_dgg("CRS=EPSG:3035")
    assert corners(europe) == (2500000, 1400000, 7500000, 5500000)
    assert europe.GetGeoTransform() == open_dgg("GRID=LAEA_EUROPE").GetGeoTransform()
    coarse = open_dgg("CRS=EPSG:3035", "RES=5000")
    assert (coarse.RasterXSize, coarse.RasterYSize) == (1000, 820)
    assert open_dgg("RES=0.25,0.5").GetGeoTransform()[1::4] == (0.25, -0.5)


@pytest.mark.parametrize("crs, bounds", [
    ("EPSG:3857", (-20037508.34, -20048966.10, 20037508.34, 20048966.10)),  # bounds as EPSG and PROJ's area of use say
    ("EPSG:6931", (-9009964.76, -9009964.76, 9009964.76, 9009964.76)),      # the equator around the pole
])
def test_extent_from_the_area_of_use(crs, bounds):
    grid = open_dgg(f"CRS={crs}", "RES=10000")
    for got, expected in zip(corners(grid), bounds):
        assert got % 10000 == 0
        assert 0 <= (got - expected) * np.sign(expected) <= 10000


def test_an_extent_keeps_its_upper_left_corner():
    grid = open_dgg("CRS=EPSG:3035", "EXTENT=4000000,2000000,4010400,2020000", "RES=1000")
    assert (grid.RasterXSize, grid.RasterYSize) == (10, 20)
    assert grid.GetGeoTransform() == (4000000, 1000, 0, 2020000, 0, -1000)


def test_wkt_and_proj_strings_are_crs():
    code = open_dgg("CRS=EPSG:3035", "EXTENT=4000000,2000000,4100000,2100000", "RES=1000")
    wkt = code.GetSpatialRef().ExportToWkt(["FORMAT=WKT2_2019"])
    text = "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80 +units=m"
    for crs in (wkt, text):
        other = open_dgg(f"CRS={crs}", "EXTENT=4000000,2000000,4100000,2100000", "RES=1000")
        np.testing.assert_array_equal(other.ReadAsArray(), code.ReadAsArray())


@pytest.mark.parametrize("options, message", [
    (["GRID=NOWHERE"], "GRID=NOWHERE: no such grid; there are GLOBAL, LAEA_EUROPE, EASE2"),
    (["GRID=GLOBAL", "RES=1"], "give either"),
    (["GRID=GLOBAL", "CRS=EPSG:4326"], "give either"),
    (["EXTENT=10,0,0,10"], "EXTENT=10,0,0,10: expected xmin,ymin,xmax,ymax with xmin < xmax"),
    (["EXTENT=0,10,10,0"], "ymin < ymax"),
    (["EXTENT=0,0,10"], "got 3 numbers"),
    (["EXTENT=a,b,c,d"], "EXTENT=a,b,c,d: expected numbers"),
    (["EXTENT=0,0,nan,10"], "EXTENT=0,0,nan,10: expected numbers"),
    (["EXTENT=0;0;1;1"], "expected numbers"),
    (["RES=0"], "RES=0: expected a resolution greater than 0"),
    (["RES=-1"], "RES=-1"),
    (["RES=1,2,3"], "RES=1,2,3: expected one number, or xres,yres"),
    (["RES=inf"], "RES=inf"),
    (["RES=1e-12"], "pixels"),
    (["RES=1e-300"], "pixels"),
    (["EXTENT=0,0,1,1", "RES=5"], "no pixel is left"),
    (["CRS=EPSG:99999999"], "CRS=EPSG:99999999"),
    (["CRS=nonsense"], "CRS=nonsense"),
    (["CRS=EPSG:5773"], "CRS=EPSG:5773"),  # a vertical one
    (["CRS=+proj=ortho +lat_0=20 +lon_0=10"], "give EXTENT"),
])
def test_wrong_options_are_one_clear_error(options, message):
    errors = []
    gdal.PushErrorHandler(lambda kind, number, text: errors.append(text))
    try:
        with pytest.raises(RuntimeError):
            open_dgg(*options)
    finally:
        gdal.PopErrorHandler()
    assert len(errors) == 1
    assert message in errors[0]


def test_an_unknown_overview_resampling_lists_the_known_ones():
    with pytest.raises(RuntimeError, match="NEAREST, AVERAGE, MODE"):
        open_dgg("OVERVIEW_RESAMPLING=CUBIC")
