"""VCUBE:DGG, the grid itself, against the published rasters and against a numpy implementation of its own."""
import pathlib
import sys

import numpy as np
import pytest
from osgeo import gdal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from small_product import assert_cells, dgg, pixel_centres  # noqa: E402

# lon, lat, seqnum: the facts of the grid (DGGRID 9.0).
POINTS = [(0, 0, 609961), (10, 50, 541143), (-100, 40, 202068), (179.99, -45, 2560522), (150, -30, 2289891),
          (25, -88.6, 1961477), (-60, -15, 488598)]


def open_dgg(*options):
    return gdal.OpenEx("VCUBE:DGG", open_options=list(options))


def test_known_points():
    for lon, lat, seqnum in POINTS:
        assert dgg.seqnum_of([lon], [lat])[0] == seqnum  # the oracle first
        point = open_dgg(f"EXTENT={lon - 0.0001},{lat - 0.0001},{lon + 0.0001},{lat + 0.0001}", "RES=0.0002")
        assert point.GetRasterBand(1).ReadAsArray()[0, 0] == seqnum
        assert point.GetRasterBand(2).ReadAsArray()[0, 0] == dgg.grid_point_id([seqnum])[0]


def test_bands_and_overviews():
    grid = open_dgg()
    assert (grid.RasterXSize, grid.RasterYSize, grid.RasterCount) == (16384, 8064, 2)
    assert grid.GetGeoTransform() == (-180, 360 / 16384, 0, 88.59375, 0, -360 / 16384)
    assert grid.GetSpatialRef().GetAuthorityCode(None) == "4326"
    for number, name in ((1, "seqnum"), (2, "Grid_Point_ID")):
        band = grid.GetRasterBand(number)
        assert band.GetDescription() == name
        assert band.DataType == gdal.GDT_UInt32
        assert band.GetNoDataValue() == 0
        sizes = [(band.GetOverview(k).XSize, band.GetOverview(k).YSize) for k in range(band.GetOverviewCount())]
        assert sizes == [(16384 >> k, 8064 >> k) for k in range(1, 7)]


@pytest.mark.parametrize("level, tolerated", [(1, 800), (3, 70), (5, 0)])
def test_published_rasters(shared_data, level, tolerated):
    published = gdal.Open(str(shared_data / f"dgg/smos-box-seqnum-level{level}.tif")).ReadAsArray()
    grid = open_dgg()  # a band lives as long as its dataset
    overview = grid.GetRasterBand(1).GetOverview(level - 1).ReadAsArray()
    assert overview.shape == published.shape
    assert (overview != published).sum() <= tolerated
    if level == 1:
        own = open_dgg("RES=0.0439453125")
        assert (own.RasterXSize, own.RasterYSize) == (8192, 4032)
        np.testing.assert_array_equal(own.GetRasterBand(1).ReadAsArray(), overview)


@pytest.mark.parametrize("options", [
    ["EXTENT=-180,-90,180,90", "RES=0.5"],                       # to the poles
    ["EXTENT=170,-20,190,20", "RES=0.05"],                       # across the date line
    ["GRID=EASE2_NORTH"],
    ["CRS=EPSG:3857", "RES=40000"],
    ["CRS=EPSG:32633", "EXTENT=300000,5000000,700000,5600000", "RES=1000"],
    ["CRS=+proj=ortho +lat_0=20 +lon_0=10", "EXTENT=-6500000,-6500000,6500000,6500000", "RES=30000"],
])
def test_every_pixel_against_pyproj_and_numpy(options):
    pyproj = pytest.importorskip("pyproj")
    grid = open_dgg(*options)
    x, y = pixel_centres(grid)
    crs = next((o[4:] for o in options if o.startswith("CRS=")), "EPSG:6931" if "GRID=EASE2_NORTH" in options else None)
    if crs is not None:
        x, y = pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
    got = grid.GetRasterBand(1).ReadAsArray()
    assert_cells(got, x, y)
    ids = np.where(got > 0, dgg.grid_point_id(np.maximum(got, 1)), 0)
    np.testing.assert_array_equal(grid.GetRasterBand(2).ReadAsArray(), ids)


def test_windows_types_and_decimation():
    grid = open_dgg("EXTENT=-30,-30,30,30", "RES=0.05")
    band = grid.GetRasterBand(1)
    whole = band.ReadAsArray()
    np.testing.assert_array_equal(band.ReadAsArray(113, 257, 400, 333), whole[257:590, 113:513])
    doubles = band.ReadAsArray(113, 257, 400, 333, buf_type=gdal.GDT_Float64)
    np.testing.assert_array_equal(doubles, whole[257:590, 113:513].astype("f8"))
    clamped = np.empty((50, 60), "u1")
    band.ReadAsArray(0, 0, 60, 50, buf_obj=clamped)
    assert (clamped == 255).all()
    np.testing.assert_array_equal(band.ReadAsArray(buf_xsize=600, buf_ysize=600), band.GetOverview(0).ReadAsArray())
    assert bytes(band.ReadBlock(1, 1)) == whole[256:512, 256:512].tobytes()
    # Blocks at the right and lower edge hold what is left of the raster.
    np.testing.assert_array_equal(band.ReadAsArray(1100, 1100, 100, 100), whole[1100:, 1100:])


def test_overviews_are_computed_at_their_own_centres():
    grid = open_dgg("EXTENT=-30,-30.1,30.1,30", "RES=0.05")  # odd: sizes are rounded up
    assert (grid.RasterXSize, grid.RasterYSize) == (1202, 1202)
    band = grid.GetRasterBand(1)
    size, pixel = 1202, 0.05
    for k in range(band.GetOverviewCount()):
        size, pixel = (size + 1) // 2, pixel * 2
        overview = band.GetOverview(k)
        assert (overview.XSize, overview.YSize) == (size, size)
        lon, lat = np.meshgrid(-30 + (np.arange(size) + 0.5) * pixel, 30 - (np.arange(size) + 0.5) * pixel)
        assert_cells(overview.ReadAsArray(), lon, lat)
