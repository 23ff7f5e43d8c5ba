"""SMOS products as rasters: values, metadata, overviews, references of them, damaged ones."""
import json
import pathlib
import shutil
import sys

import h5py
import numpy as np
import pytest
from osgeo import gdal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import pixel_summary  # noqa: E402
import small_product as small  # noqa: E402
from small_product import dgg  # noqa: E402

PRODUCTS = ["SM_OPER_MIR_SMUDP2_20230401T150613_20230401T155931_700_001_1",
            "SM_OPER_MIR_SMUDP2_20230401T191629_20230401T200942_700_001_1"]


def open_variable(location, name, *options):
    return gdal.OpenEx(f'VCUBE:"{location}":/{name}', open_options=list(options))


def open_failing(location, *options):
    """The messages of an open that fails."""
    errors = []
    gdal.PushErrorHandler(lambda kind, number, text: errors.append((kind, text)))
    try:
        with pytest.raises(RuntimeError):
            gdal.OpenEx(location, open_options=list(options))
    finally:
        gdal.PopErrorHandler()
    return [text for kind, text in errors if kind == gdal.CE_Failure]


@pytest.fixture(params=[0, 1])
def real(request, shared_data):
    return shared_data / "smos" / (PRODUCTS[request.param] + ".nc")


@pytest.fixture
def references(real, shared_data):
    number = PRODUCTS.index(real.stem) + 1
    return shared_data / f"kerchunk/smos_{number}.json"


# --- real products

def test_every_row_of_every_variable_lies_in_the_pixel_of_its_own_cell(real):
    columns, seqnum = small.columns_of(real)
    placed = seqnum > 0
    assert (~placed).sum() == (1 if "T150613" in real.name else 0)
    lon, lat = dgg.centre_of(seqnum[placed])
    assert len(columns) == 72
    for name, values in columns.items():
        # Pixels of at most 5 km: the one that holds a cell's centre has its own centre in the cell of 15 km, too.
        raster = open_variable(real, name, "RES=0.0439453125")
        got = small.values_at(raster.GetRasterBand(1), raster.GetGeoTransform(), lon, lat)
        assert got.dtype == values.dtype
        np.testing.assert_array_equal(got, values[placed], err_msg=name)


def compare_with_pyproj(path, names, crs, *options):
    """Every pixel against pyproj and the numpy grid; the number of pixels inside the swath."""
    pyproj = pytest.importorskip("pyproj")
    columns, seqnum = small.columns_of(path)
    raster = open_variable(path, names[0], *options)
    to_lonlat = pyproj.Transformer.from_crs(crs, 4326, always_xy=True)
    lon, lat = to_lonlat.transform(*small.pixel_centres(raster))
    cells = dgg.seqnum_of(lon, lat)
    inside = np.isin(cells, seqnum[seqnum > 0])
    for name in names:
        raster = open_variable(path, name, *options)
        band = raster.GetRasterBand(1)
        expected = small.drawn(cells, seqnum, columns[name], band.GetNoDataValue())
        assert (band.ReadAsArray() != expected).sum() == 0, name
    return inside.sum()


@pytest.mark.parametrize("options", [["CRS=EPSG:3035"], ["GRID=LAEA_EUROPE"]])
def test_laea_europe_pixel_by_pixel(tmp_path, options):
    lons, lats = np.meshgrid(np.arange(-5, 25, 0.04), np.arange(36, 62, 0.04))
    seqnum = np.unique(dgg.seqnum_of(lons.ravel(), lats.ravel()))
    rng = np.random.default_rng(1)
    rng.shuffle(seqnum)
    path = small.write(tmp_path / small.NAME, {
        "Grid_Point_ID": dgg.grid_point_id(seqnum).astype("u4"), "Value": rng.normal(size=len(seqnum)).astype("f4"),
        "Count": rng.integers(1, 200, len(seqnum)).astype("u1")}, column_attributes={"Value": {"_FillValue": -999.0}})
    assert compare_with_pyproj(path, ["Value", "Count"], 3035, *options) > 900000


def test_real_products_in_an_equal_area_projection_pixel_by_pixel(real):
    lon, lat = (-24.7, 5.4) if "T191629" in real.name else (-140.0, 3.0)  # under the middle of the half orbit
    crs = f"+proj=laea +lat_0={lat} +lon_0={lon} +datum=WGS84"
    names = ["Surface_Temperature", "Science_Flags", "X_Swath", "N_RFI_X", "RFI_Prob", "Soil_Moisture"]
    inside = compare_with_pyproj(real, names, crs, f"CRS={crs}", "EXTENT=-4000000,-5000000,4000000,5000000", "RES=8000")
    assert inside > 20000


def test_references_give_identical_pixels(real, references):
    for name in ("Soil_Moisture", "Science_Flags", "Chi_2", "Grid_Point_ID", "Altitude", "Days"):
        rasters = [open_variable(location, name, "RES=0.0439453125") for location in (real, references)]
        bands = [raster.GetRasterBand(1) for raster in rasters]
        np.testing.assert_array_equal(bands[0].ReadAsArray(), bands[1].ReadAsArray())
        assert rasters[0].GetMetadata() == rasters[1].GetMetadata()
        for tell in ("GetNoDataValue", "GetScale", "GetOffset", "GetUnitType", "GetMetadata"):
            assert getattr(bands[0], tell)() == getattr(bands[1], tell)(), (name, tell)


def test_metadata_of_a_real_product(shared_data):
    ascending, descending = (shared_data / "smos" / (name + ".nc") for name in PRODUCTS)
    raster = open_variable(ascending, "Soil_Moisture")
    metadata = raster.GetMetadata()
    assert metadata["TIME"] == metadata["ACQUISITION_START"] == "2023-04-01T15:06:13Z"
    assert metadata["ACQUISITION_STOP"] == "2023-04-01T15:59:31Z"
    assert metadata["PRECISE_START"] == "2023-04-01T15:06:12.203012Z"
    assert (metadata["ORBIT"], metadata["PASS"]) == ("70486", "ASCENDING")
    assert metadata["PRODUCT_TYPE"] == "MIR_SMUDP2"
    assert metadata["PRODUCT_NAME"] == PRODUCTS[0]
    assert (metadata["PROCESSOR_VERSION"], metadata["PRODUCT_COUNTER"]) == ("700", "001")
    band = raster.GetRasterBand(1)
    assert band.GetDescription() == "Soil_Moisture"
    assert band.GetUnitType() == "m3 m-3"
    assert band.GetNoDataValue() == -999
    assert band.GetMetadataItem("TIME") == "2023-04-01T15:06:13Z"
    raster = open_variable(descending, "Altitude")
    assert (raster.GetMetadataItem("ORBIT"), raster.GetMetadataItem("PASS")) == ("70489", "DESCENDING")
    assert raster.GetRasterBand(1).GetNoDataValue() == -99999


def test_scales_and_flags_of_a_real_product(shared_data):
    real = shared_data / "smos" / (PRODUCTS[0] + ".nc")
    with h5py.File(real) as file:
        meanings = file["Science_Flags"].attrs["flag_meanings"][0].split()
        masks = file["Confidence_Flags"].attrs["flag_masks"]
        scale = file["Chi_2"].attrs["scale_factor"][0]
    raster = open_variable(real, "Chi_2")
    band = raster.GetRasterBand(1)
    assert (band.GetScale(), band.GetOffset(), band.GetNoDataValue()) == (scale, 0, 0)
    raster = open_variable(real, "Science_Flags")
    band = raster.GetRasterBand(1)
    table = band.GetDefaultRAT()
    assert [table.GetValueAsString(row, 1) for row in range(table.GetRowCount())] == meanings
    assert [table.GetValueAsInt(row, 0) for row in range(30)] == [1 << bit for bit in range(30)]
    assert band.GetMetadataItem("FLAG_" + meanings[29]) == str(1 << 29)
    assert band.GetNoDataValue() == 0xFFFFFFFF  # 0 is "no flag set"
    raster = open_variable(real, "Confidence_Flags")
    table = raster.GetRasterBand(1).GetDefaultRAT()
    assert [table.GetValueAsInt(row, 0) for row in range(table.GetRowCount())] == list(masks)


def test_a_bad_id_is_told_once_and_never_placed(shared_data, tmp_path):
    real = tmp_path / (PRODUCTS[0] + ".nc")  # a copy: opened for the first time in this process
    shutil.copyfile(shared_data / "smos" / real.name, real)
    warnings = []
    gdal.PushErrorHandler(lambda kind, number, text: warnings.append(text))
    try:
        for name in ("Soil_Moisture", "Grid_Point_ID"):
            raster = open_variable(real, name, "RES=0.5")
            ids = raster.ReadAsArray()
    finally:
        gdal.PopErrorHandler()
    assert len(warnings) == 1
    assert "1 of 42949 rows" in warnings[0] and "4262145 in row 30852" in warnings[0]
    assert not (ids == 4262145).any()


# --- rasters of a small product

@pytest.fixture
def product(tmp_path):
    ids = small.block(10, 47)
    n = len(ids)
    rng = np.random.default_rng(3)
    temperature = rng.uniform(250, 300, n).astype("f4")
    temperature[::5] = -999
    columns = {"Grid_Point_ID": ids, "Temperature": temperature, "Kind": (np.arange(n) % 3).astype("u1"),
               "Bits": (np.arange(n) % 8).astype("u2"), "Counts": rng.integers(-5, 300, n).astype("i2"),
               "Precise": rng.normal(size=n), "Long": np.arange(n, dtype="i8") * 2**40, "Signed": np.arange(n).astype("i1")}
    about = {"Temperature": {"_FillValue": np.float32(-999), "units": "K", "long_name": "skin temperature"},
             "Kind": {"flag_values": np.arange(3, dtype="u1"), "flag_meanings": "sea land ice"},
             "Bits": {"flag_masks": np.array([1, 2, 4], "i2"), "flag_meanings": "one two three"}}
    path = small.write(tmp_path / small.NAME, columns,
                       {"FH:Validity_Period:Validity_Start": "UTC=2023-04-01T15:06:13"}, about)
    return path, columns, dgg.seqnum_of_id(ids)


OPTIONS = ["EXTENT=8.5,45.5,11.5,48.5", "RES=0.004"]


def expected_pixels(product, name, raster):
    _, columns, seqnum = product
    lon, lat = small.pixel_centres(raster)
    values = columns[name].astype("i2") if columns[name].dtype == "i1" else columns[name]
    band = raster.GetRasterBand(1)
    nodata = band.GetNoDataValueAsInt64() if band.DataType == gdal.GDT_Int64 else band.GetNoDataValue()
    return small.drawn(dgg.seqnum_of(lon, lat), seqnum, values, nodata)


@pytest.mark.parametrize("name", ["Temperature", "Kind", "Bits", "Counts", "Precise", "Long", "Signed", "Grid_Point_ID"])
def test_every_type_pixel_by_pixel(product, name):
    raster = open_variable(product[0], name, *OPTIONS)
    band = raster.GetRasterBand(1)
    if name == "Precise":
        assert band.GetNoDataValue() is None  # the file declares none: 0 outside
        expected = np.nan_to_num(small.drawn(dgg.seqnum_of(*small.pixel_centres(raster)), product[2],
                                             product[1][name], np.nan), nan=0.0)
    else:
        expected = expected_pixels(product, name, raster)
    got = band.ReadAsArray()
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)
    # Blocks, another buffer type and a window of it say the same.
    np.testing.assert_array_equal(np.frombuffer(band.ReadBlock(1, 1), got.dtype).reshape(256, 256),
                                  expected[256:512, 256:512])
    np.testing.assert_array_equal(band.ReadAsArray(101, 77, 300, 200, buf_type=gdal.GDT_Float64),
                                  expected[77:277, 101:401].astype("f8"))
    np.testing.assert_array_equal(raster.ReadAsArray(101, 77, 300, 200), expected[77:277, 101:401])


def test_classes_have_names(product):
    raster = open_variable(product[0], "Kind")
    band = raster.GetRasterBand(1)
    assert band.GetCategoryNames() == ["sea", "land", "ice"]
    assert band.GetNoDataValue() == 255
    raster = open_variable(product[0], "Bits")
    band = raster.GetRasterBand(1)
    assert not band.GetCategoryNames()
    assert band.GetMetadataItem("flag_meanings") == "one two three"
    assert band.GetMetadataItem("flag_masks") == "1,2,4"


def test_listing(product):
    listing = gdal.OpenEx(product[0])
    assert listing.RasterCount == 0
    assert listing.GetMetadataItem("TIME") == "2023-04-01T15:06:13Z"
    entries = dict(listing.GetSubDatasets())
    assert len(entries) == 8
    text = entries[f'VCUBE:"{product[0]}":/Temperature']
    assert text == "skin temperature [K], 16384 x 8064 Float32, 2023-04-01T15:06:13Z"
    for name in entries:
        assert gdal.Open(name).RasterCount == 1


@pytest.mark.parametrize("resampling", ["NEAREST", "AVERAGE", "MODE"])
def test_overviews(product, resampling):
    names = {"NEAREST": ["Temperature"], "AVERAGE": ["Temperature", "Bits"], "MODE": ["Counts", "Bits"]}[resampling]
    for name in names:
        raster = open_variable(product[0], name, *OPTIONS, f"OVERVIEW_RESAMPLING={resampling}")
        band = raster.GetRasterBand(1)
        nodata = band.GetNoDataValue()
        assert [band.GetOverview(k).XSize for k in range(band.GetOverviewCount())] == [375, 188]
        for k in range(2):
            got, size, side = band.GetOverview(k).ReadAsArray(), (375, 188)[k], 2 << k
            if resampling == "NEAREST":
                pixel = 0.004 * side
                lon, lat = np.meshgrid(8.5 + (np.arange(size) + 0.5) * pixel, 48.5 - (np.arange(size) + 0.5) * pixel)
                expected = small.drawn(dgg.seqnum_of(lon, lat), product[2], product[1][name], nodata)
            else:
                n = pixel_summary.samples_per_side(0.004 * side * 111195)
                value_of = pixel_summary.table(product[2], product[1][name], nodata)
                transform = (8.5, 0.004 * side, 0, 48.5, 0, -0.004 * side)
                mode = resampling == "MODE" or name != "Temperature"
                rows, columns = np.random.default_rng(k).integers(0, size, (2, 300))
                expected = np.array([pixel_summary.summary("EPSG:4326", transform, x, y, n, value_of, nodata, mode)
                                     for x, y in zip(columns, rows)], got.dtype)
                got = got[rows, columns]
            assert (got != nodata).sum() > 100
            if expected.dtype.kind == "f":
                np.testing.assert_allclose(got, expected, rtol=1e-6)
            else:
                np.testing.assert_array_equal(got, expected)


def test_a_decimated_request_comes_from_an_overview(product):
    raster = open_variable(product[0], "Temperature", *OPTIONS)
    band = raster.GetRasterBand(1)
    np.testing.assert_array_equal(band.ReadAsArray(buf_xsize=375, buf_ysize=375), band.GetOverview(0).ReadAsArray())
    small_copy = gdal.Translate("", raster, format="MEM", width=37, height=37)
    assert (small_copy.ReadAsArray() != -999).any()


def test_building_overviews_writes_nothing(product, tmp_path):
    before = sorted(tmp_path.iterdir())
    raster = open_variable(product[0], "Temperature", *OPTIONS)
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    assert raster.BuildOverviews("NEAREST", [2, 4]) == 0
    gdal.PopErrorHandler()
    assert raster.GetRasterBand(1).GetOverviewCount() == 2
    del raster
    assert sorted(tmp_path.iterdir()) == before


def test_statistics_are_kept_by_grid(product):
    for options in (OPTIONS, ["EXTENT=9,46,10,47", "RES=0.1"]):
        raster = open_variable(product[0], "Temperature", *options)
        stored = raster.GetRasterBand(1).GetStatistics(False, False)
        assert stored == [0, 0, 0, -1]
        raster.GetRasterBand(1).ComputeStatistics(False)
        del raster
    again = open_variable(product[0], "Temperature", *OPTIONS)
    values = again.ReadAsArray()
    found = again.GetRasterBand(1).GetStatistics(False, False)
    np.testing.assert_allclose(found[:2], [values[values != -999].min(), values.max()])


# --- multidimensional

def test_multidimensional_view(product):
    dataset = gdal.OpenEx(product[0], gdal.OF_MULTIDIM_RASTER, open_options=OPTIONS)
    root = dataset.GetRootGroup()
    assert set(root.GetMDArrayNames()) == {"x", "y", *product[1]}
    assert root.GetGroupNames() == ["swath"]
    assert {a.GetName(): a.Read() for a in root.GetAttributes()}["TIME"] == "2023-04-01T15:06:13Z"
    array = root.OpenMDArray("Temperature")
    assert [(d.GetName(), d.GetSize(), d.GetType()) for d in array.GetDimensions()] == [
        ("y", 750, "HORIZONTAL_Y"), ("x", 750, "HORIZONTAL_X")]
    assert array.GetUnit() == "K"
    assert array.GetNoDataValueAsDouble() == -999
    assert array.GetSpatialRef().GetAuthorityCode(None) == "4326"
    assert {a.GetName(): a.Read() for a in array.GetAttributes()}["long_name"] == "skin temperature"
    raster = open_variable(product[0], "Temperature", *OPTIONS)
    pixels = raster.ReadAsArray()
    np.testing.assert_array_equal(array.ReadAsArray(), pixels)
    np.testing.assert_array_equal(array.ReadAsArray([10, 20], [30, 40]), pixels[10:40, 20:60])
    np.testing.assert_array_equal(array.ReadAsArray([10, 20], [30, 40], [3, 5]), pixels[10:100:3, 20:220:5])
    np.testing.assert_array_equal(array.ReadAsArray([99, 200], [30, 40], [-3, -5]), pixels[99:9:-3, 200:0:-5])
    doubles = array.Read([40, 20], [30, 40], [-1, 1], buffer_datatype=gdal.ExtendedDataType.Create(gdal.GDT_Float64))
    np.testing.assert_array_equal(np.frombuffer(doubles).reshape(30, 40), pixels[40:10:-1, 20:60])
    view = array.Transpose([1, 0])
    np.testing.assert_array_equal(view.ReadAsArray(), pixels.T)
    classic = array.AsClassicDataset(1, 0)
    np.testing.assert_array_equal(classic.ReadAsArray(), pixels)
    np.testing.assert_allclose(classic.GetGeoTransform(), raster.GetGeoTransform(), atol=1e-9)
    assert classic.GetSpatialRef().IsSame(raster.GetSpatialRef())
    lon, lat = small.pixel_centres(raster)
    np.testing.assert_allclose(root.OpenMDArray("x").ReadAsArray(), lon[0])
    np.testing.assert_allclose(root.OpenMDArray("y").ReadAsArray(), lat[:, 0])
    raw = root.OpenGroup("swath").OpenMDArray("Temperature").ReadAsArray()
    np.testing.assert_array_equal(raw, product[1]["Temperature"])


# --- damaged products

def test_ids_outside_the_grid(tmp_path):
    ids = np.concatenate([small.block(10, 47), np.array([0, 4262145, 4294967295, 9262146], "u4")])
    path = small.write(tmp_path / small.NAME, {"Grid_Point_ID": ids, "Value": np.arange(len(ids), dtype="f4") + 1})
    warnings = []
    gdal.PushErrorHandler(lambda kind, number, text: warnings.append((kind, text)))
    raster = open_variable(path, "Value", *OPTIONS)
    got = raster.ReadAsArray()
    gdal.PopErrorHandler()
    assert [kind for kind, _ in warnings] == [gdal.CE_Warning]
    assert f"4 of {len(ids)} rows" in warnings[0][1]
    assert got.max() <= len(ids) - 4
    np.testing.assert_array_equal(np.unique(got[got > 0]), np.arange(len(ids) - 4) + 1)


def test_a_product_without_ids(tmp_path):
    path = small.write(tmp_path / small.NAME, {"Soil_Moisture": np.zeros(5, "f4")})
    errors = open_failing(path)
    assert len(errors) == 1
    assert "Grid_Point_ID" in errors[0]


def test_columns_of_another_length_are_left_out(tmp_path):
    ids = small.block(10, 47)
    path = small.write(tmp_path / small.NAME, {"Grid_Point_ID": ids, "Good": np.zeros(len(ids), "f4"),
                                               "Short": np.zeros(5, "f4")})
    warnings = []
    gdal.PushErrorHandler(lambda kind, number, text: warnings.append(text))
    names = [name for name, _ in gdal.OpenEx(path).GetSubDatasets()]
    gdal.PopErrorHandler()
    assert any("Short (5)" in text for text in warnings)
    assert [name.rsplit("/", 1)[1] for name in names] == ["Good", "Grid_Point_ID"]


def test_an_unknown_variable_lists_the_known_ones(product):
    errors = open_failing(f'VCUBE:"{product[0]}":/Nothing')
    assert len(errors) == 1
    assert "Nothing" in errors[0] and "Temperature" in errors[0]


def test_a_missing_product_behind_references_is_an_error(product, shared_data, tmp_path):
    document = json.loads((shared_data / "kerchunk/smos_1.json").read_text())
    path = tmp_path / "refs.json"
    path.write_text(json.dumps(document))  # relative URLs that lead nowhere from here
    raster = open_variable(path, "Soil_Moisture")
    with pytest.raises(RuntimeError, match="Grid_Point_ID"):
        raster.ReadAsArray(0, 0, 10, 10)
