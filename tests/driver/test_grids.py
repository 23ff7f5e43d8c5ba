"""The options CRS, EXTENT, RES, GRID and RESAMPLING: which grid they make, what its pixels are, what is said of wrong ones."""
import pathlib
import re
import sys

import numpy as np
import pyproj
import pytest
from osgeo import gdal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import pixel_summary  # noqa: E402
import small_product as small  # noqa: E402
from small_product import dgg  # noqa: E402

NAMED = {
    # As SMOS-Box has its tiles, and as NSIDC publishes sizes, pixels and corners, to the centimetre.
    "GLOBAL": ("4326", 16384, 8064, 0.02197265625, -180, 88.59375),
    "GLOBAL_LEVEL1": ("4326", 8192, 4032, 0.0439453125, -180, 88.59375),
    "LAEA_EUROPE": ("3035", 2000, 1640, 2500, 2500000, 5500000),
    "EASE2_GLOBAL_36KM": ("6933", 964, 406, 36032.220840584, -17367530.45, 7314540.83),
    "EASE2_GLOBAL_25KM": ("6933", 1388, 584, 25025.26, -17367530.44, 7307375.92),
    "EASE2_GLOBAL_9KM": ("6933", 3856, 1624, 9008.055210146, -17367530.45, 7314540.83),
    "EASE2_NORTH_36KM": ("6931", 500, 500, 36000, -9000000, 9000000),
    "EASE2_NORTH_25KM": ("6931", 720, 720, 25000, -9000000, 9000000),
    "EASE2_NORTH_9KM": ("6931", 2000, 2000, 9000, -9000000, 9000000),
    "EASE2_NORTH": ("6931", 720, 720, 25000, -9000000, 9000000),
    "EASE2_SOUTH_36KM": ("6932", 500, 500, 36000, -9000000, 9000000),
    "EASE2_SOUTH_25KM": ("6932", 720, 720, 25000, -9000000, 9000000),
    "EASE2_SOUTH_9KM": ("6932", 2000, 2000, 9000, -9000000, 9000000),
    "EASE2_SOUTH": ("6932", 720, 720, 25000, -9000000, 9000000),
    "POLAR_NORTH_25KM": ("3413", 304, 448, 25000, -3850000, 5850000),
    "POLAR_NORTH_12.5KM": ("3413", 608, 896, 12500, -3850000, 5850000),
    "POLAR_SOUTH_25KM": ("3976", 316, 332, 25000, -3950000, 4350000),
    "POLAR_SOUTH_12.5KM": ("3976", 632, 664, 12500, -3950000, 4350000),
}
PROJECT = pathlib.Path(__file__).resolve().parents[2]


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


def test_every_named_grid_is_in_the_table_of_the_docs():
    lines = (PROJECT / "data/grids.inc").read_text(encoding="utf-8")
    entries = re.findall(r'VCUBE_GRID\("([^"]+)", "([^"]+)", ([-\d.]+), ([-\d.]+),\s*([\d.]+), ([\d.]+),\s*(\d+), (\d+),\s*"([^"]*)"\)', lines)
    assert [entry[0] for entry in entries] == list(NAMED)
    rows = re.findall(r"^\| `([A-Z0-9_.]+)` \| (EPSG:\d+) \| ([^|]+) \| (\d+) x (\d+) \| ([-\d.]+), ([-\d.]+) \| ([^|]*) \|$",
                      (PROJECT / "docs/driver.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == len(entries)
    for (name, crs, pixel, width, height, x, y, what), entry in zip(rows, entries):
        value, unit = pixel.split()
        size = 360 / int(value[4:]) if unit == "degree" else float(value)
        assert (name, crs, width, height, what) == (*entry[:2], *entry[6:])
        np.testing.assert_allclose([size, float(x), float(y)], [float(entry[k]) for k in (4, 2, 3)], atol=0.0052)


def test_ease_and_polar_grids_have_the_published_corners():
    """Half of the global grid's width is 180 degrees; corners of the sea-ice grids in degrees, as NSIDC prints them."""
    for name, km in (("EASE2_GLOBAL_36KM", 36), ("EASE2_GLOBAL_25KM", 25), ("EASE2_GLOBAL_9KM", 9)):
        x = open_dgg(f"GRID={name}").GetGeoTransform()[0]
        lon, _ = pyproj.Transformer.from_crs(6933, 4326, always_xy=True).transform(x * (1 - 1e-9), 0)
        assert abs(lon + 180) < 1e-5, km
    for name, code, places in (("POLAR_NORTH_25KM", 3413, [(168.35, 30.98), (102.34, 31.37), (350.03, 34.35), (279.26, 33.92)]),
                               ("POLAR_SOUTH_25KM", 3976, [(317.76, -39.23), (42.24, -39.23), (135.00, -41.45), (225.00, -41.45)])):
        west, south, east, north = corners(open_dgg(f"GRID={name}"))
        x, y = [west, east, east, west], [north, north, south, south]
        lon, lat = pyproj.Transformer.from_crs(code, 4326, always_xy=True).transform(x, y)
        # NSIDC's are on the ellipsoid of Hughes: 0.01 degrees beside.
        np.testing.assert_allclose(np.mod(lon, 360), [place[0] for place in places], atol=0.01)
        np.testing.assert_allclose(lat, [place[1] for place in places], atol=0.03)


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
    (["GRID=NOWHERE"], "GRID=NOWHERE: no such grid; there are GLOBAL, GLOBAL_LEVEL1, LAEA_EUROPE, EASE2"),
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


@pytest.mark.parametrize("crs, extent, size", [
    ("EPSG:4326", (170, -20, 190, -10), 0.05),               # across the date line
    ("EPSG:4326", (-200, 60, -170, 70), 0.1),
    ("EPSG:2227", (5900000, 1900000, 6300000, 2300000), 2000),  # US survey feet
    ("EPSG:5041", (1500000, 1500000, 2500000, 2500000), 5000),  # the pole inside, axes not east and north
    ("EPSG:3031", (-500000, -500000, 500000, 500000), 5000),
    ("EPSG:32701", (100000, 7000000, 900000, 8000000), 5000),   # UTM at the date line
])
def test_any_grid_pixel_by_pixel(crs, extent, size):
    raster = open_dgg(f"CRS={crs}", "EXTENT=" + ",".join(map(str, extent)), f"RES={size}")
    assert corners(raster) == pytest.approx(extent)
    x, y = small.pixel_centres(raster)
    lon, lat = pixel_summary.to_lonlat(crs, x, y)
    small.assert_cells(raster.GetRasterBand(1).ReadAsArray(), np.where(np.isfinite(lon), (lon + 180) % 360 - 180, lon), lat)


def test_feet_count_as_feet():
    """The default pixel of 2500 m, and samples of at most 3.2 km, in a CRS in feet."""
    raster = open_dgg("CRS=EPSG:2227", "EXTENT=5900000,1900000,6300000,2300000")
    assert raster.GetGeoTransform()[1] == pytest.approx(2500 * 3937 / 1200)


def test_an_unknown_overview_resampling_lists_the_known_ones():
    with pytest.raises(RuntimeError, match="NEAREST, AVERAGE, MODE"):
        open_dgg("OVERVIEW_RESAMPLING=CUBIC")


# --- pixels that summarise their cells

NODATA = -1e6


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """A product of patches in many places, some cells without values; float64, so that sums can be compared closely."""
    places = [(10, 47), (0, 0), (178, 62), (-179, 62), (-45, 88), (15, 71), (60, -72), (-100, 40), (135, -66)]
    ids = np.unique(np.concatenate([small.block(lon, lat, 30) for lon, lat in places]))
    rng = np.random.default_rng(7)
    values = rng.normal(size=len(ids))
    values[::7] = NODATA
    columns = {"Grid_Point_ID": ids, "Value": values, "Kind": rng.integers(1, 6, len(ids)).astype("i2")}
    path = small.write(tmp_path_factory.mktemp("cells") / small.NAME, columns, column_attributes={"Value": {"_FillValue": NODATA}})
    return path, columns, dgg.seqnum_of_id(ids)


def open_cells(cells, name, *options):
    return gdal.OpenEx(f'VCUBE:"{cells[0]}":/{name}', open_options=list(options))


SUMMARIES = [
    (["EXTENT=5,44,15,50", "RES=0.25"], "EPSG:4326", 0.25 * 111195),
    (["EXTENT=176,60,184,64", "RES=0.5,0.25"], "EPSG:4326", 0.5 * 111195),
    (["GRID=EASE2_GLOBAL_36KM"], "EPSG:6933", 36032.220840584),
    (["GRID=EASE2_NORTH_36KM"], "EPSG:6931", 36000),
    (["GRID=POLAR_NORTH_25KM"], "EPSG:3413", 25000),
    (["GRID=POLAR_SOUTH_12.5KM"], "EPSG:3976", 12500),
    (["CRS=EPSG:3035", "EXTENT=4200000,2500000,4500000,2800000", "RES=5000"], "EPSG:3035", 5000),
    (["CRS=EPSG:2227", "EXTENT=2000000,0,14000000,6000000", "RES=100000"], "EPSG:2227", 100000 * 1200 / 3937),
    (["CRS=EPSG:3857", "EXTENT=-20037508,-20037508,20037508,20037508", "RES=60000"], "EPSG:3857", 60000),
]


@pytest.mark.parametrize("options, crs, metres", SUMMARIES)
@pytest.mark.parametrize("resampling, name", [("AVERAGE", "Value"), ("MODE", "Kind")])
def test_pixels_are_sums_over_samples(cells, options, crs, metres, resampling, name):
    raster = open_cells(cells, name, *options, f"RESAMPLING={resampling}")
    band = raster.GetRasterBand(1)
    nodata = band.GetNoDataValue() or 0
    value_of = pixel_summary.table(cells[2], cells[1][name], nodata)
    n = pixel_summary.samples_per_side(metres)
    got = band.ReadAsArray()
    rng = np.random.default_rng(5)
    rows, columns = np.nonzero(got != nodata)
    assert len(rows) > 20
    chosen = rng.choice(len(rows), min(len(rows), 80), replace=False)
    wrong = 0
    for y, x in zip(rows[chosen], columns[chosen]):
        expected = pixel_summary.summary(crs, raster.GetGeoTransform(), x, y, n, value_of, nodata, resampling == "MODE")
        # A sample on an edge between two cells may be given to either.
        wrong += not (got[y, x] == expected if resampling == "MODE" else np.isclose(got[y, x], expected, rtol=1e-9, atol=1e-9))
    assert wrong <= 1


def test_overviews_and_coarse_grids_agree(cells):
    for name, resampling in (("Value", "AVERAGE"), ("Kind", "MODE")):
        for crs, extent, size in (("EPSG:4326", "0,40,16,56", 0.015625), ("EPSG:3413", "-800000,-800000,800000,800000", 1562.5)):
            common = [f"CRS={crs}", f"EXTENT={extent}", f"RESAMPLING={resampling}"]
            raster = open_cells(cells, name, f"RES={size}", *common)
            fine = raster.GetRasterBand(1)
            assert fine.GetOverviewCount() == 2
            for level in range(fine.GetOverviewCount()):
                coarse = open_cells(cells, name, f"RES={size * 2 ** (level + 1)}", *common).ReadAsArray()
                np.testing.assert_array_equal(fine.GetOverview(level).ReadAsArray(), coarse)
                assert (coarse != (fine.GetNoDataValue() or 0)).sum() > 100


def test_resampling_of_overviews_is_a_choice_of_its_own(cells):
    extent = ["EXTENT=0,40,16,56", "RES=0.04"]
    plain = open_cells(cells, "Value", *extent)
    mixed = open_cells(cells, "Value", *extent, "RESAMPLING=AVERAGE", "OVERVIEW_RESAMPLING=NEAREST")
    both = open_cells(cells, "Value", *extent, "RESAMPLING=AVERAGE")
    overview = [raster.GetRasterBand(1).GetOverview(0).ReadAsArray() for raster in (plain, mixed, both)]
    np.testing.assert_array_equal(overview[0], overview[1])
    assert (overview[0] != overview[2]).any()
    assert (plain.ReadAsArray() != mixed.ReadAsArray()).any()
    np.testing.assert_array_equal(mixed.ReadAsArray(), both.ReadAsArray())


def test_windows_show_the_same_as_the_whole(cells):
    raster = open_cells(cells, "Value", "GRID=EASE2_NORTH_36KM", "RESAMPLING=AVERAGE")
    whole = raster.ReadAsArray()
    for x, y, width, height in ((0, 0, 500, 13), (201, 190, 77, 91), (250, 250, 1, 1), (499, 0, 1, 500)):
        np.testing.assert_array_equal(raster.ReadAsArray(x, y, width, height), whole[y:y + height, x:x + width])


def test_means_are_near_the_true_shares_of_cells(cells):
    """Samples 50 times as many along each side, with areas in closed form, are the cells' shares as they are."""
    value_of = pixel_summary.table(cells[2], cells[1]["Value"], NODATA)
    raster = open_cells(cells, "Value", "EXTENT=9,46,11,48", "RES=0.25", "RESAMPLING=AVERAGE")
    got = raster.ReadAsArray()
    transform = raster.GetGeoTransform()
    n = pixel_summary.samples_per_side(0.25 * 111195)
    for x, y in ((1, 1), (3, 2), (4, 6), (6, 5)):
        exact = pixel_summary.summary("EPSG:4326", transform, x, y, 50 * n, value_of, NODATA)
        # A few cells' shares of some 5 to 30 %, each known to 1 % with 16 x 16 samples; values of deviation 1.
        assert abs(got[y, x] - exact) < 0.02
