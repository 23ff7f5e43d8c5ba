"""Where arrays lie: geotransform, CRS, and what bands say of themselves, for l3 and for cubes made here."""
import json
import pathlib

import cftime
import netCDF4
import numpy as np
import oracle
import pyproj
import pytest
from osgeo import gdal, osr

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
MAPPINGS = json.loads((DATA / "cube" / "grid_mapping.json").read_text())


def add(group, name, data, dimensions, chunks=None, fill_value=None, **attributes):
    data = np.asarray(data)
    array = group.create_dataset(name, data=data, shape=data.shape, chunks=chunks or data.shape, fill_value=fill_value)
    array.attrs.update({"_ARRAY_DIMENSIONS": dimensions, **attributes})
    return array


def lat_lon_cube(lat, lon, data, **attributes):
    def fill(group):
        add(group, "lat", lat, ["lat"], units="degrees_north")
        add(group, "lon", lon, ["lon"], units="degrees_east")
        add(group, "data", data, ["lat", "lon"], chunks=(7, 11), **attributes)
        group.create_dataset("other", data=np.zeros((2, 2)))
    return fill


def open_array(path, name="data", **how):
    return gdal.OpenEx(f'VCUBE:"{path}":/{name}', gdal.OF_RASTER, **how)


def value_at(dataset, lon, lat):
    inverse = gdal.InvGeoTransform(dataset.GetGeoTransform())
    x, y = gdal.ApplyGeoTransform(inverse, lon, lat)
    return dataset.GetRasterBand(1).ReadAsArray(int(np.floor(x)), int(np.floor(y)), 1, 1)[0, 0]


AXES = {
    "north first": (np.linspace(89, -89, 90), np.linspace(-179, 179, 180), (-180, 2, 0, 90, 0, -2)),
    "south first": (np.linspace(-89, 89, 90), np.linspace(-179, 179, 180), (-180, 2, 0, 90, 0, -2)),
    "0 to 360": (np.linspace(89, -89, 90), np.linspace(1, 359, 180), (-180, 2, 0, 90, 0, -2)),
    "0 to 360, south first": (np.linspace(-89, 89, 90), np.linspace(1, 359, 180), (-180, 2, 0, 90, 0, -2)),
    "0 to 360, centres on 0": (np.linspace(90, -90, 91), np.arange(0, 360, 2.0), (-181, 2, 0, 91, 0, -2)),
    "region": (np.linspace(34.5, 70.5, 73), np.linspace(-9.75, 30.25, 81), (-10, 0.5, 0, 70.75, 0, -0.5)),
    "region beyond 180": (np.linspace(40, 0, 41), np.linspace(200, 240, 41), (-160.5, 1, 0, 40.5, 0, -1)),
}


@pytest.mark.parametrize("name", AXES)
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_lat_lon(make_cube, name, dtype):
    lat, lon, expected = AXES[name]
    data = (np.arange(lat.size)[:, None] * 1000 + np.arange(lon.size)).astype("i4")
    path = make_cube(lat_lon_cube(lat.astype(dtype), lon.astype(dtype), data))
    dataset = open_array(path)
    assert dataset.GetGeoTransform() == pytest.approx(expected, abs=1e-5)
    srs = dataset.GetSpatialRef()
    assert srs.GetAuthorityCode(None) == "4326"
    assert srs.GetDataAxisToSRSAxisMapping() == [2, 1]
    # every column and row is found where its coordinate says
    for i in range(0, lat.size, 7):
        for j in range(0, lon.size, 13):
            shown = (lon[j] + 180) % 360 - 180
            assert value_at(dataset, shown, lat[i]) == data[i, j], (i, j)
    # windows across the seam of a rolled axis are whole
    whole = dataset.ReadAsArray()
    assert sorted(whole.ravel().tolist()) == sorted(data.ravel().tolist())
    middle = dataset.RasterXSize // 2
    part = dataset.ReadAsArray(middle - 5, 3, 10, 20)
    assert (part == whole[3:23, middle - 5:middle + 5]).all()
    # the multidimensional interface keeps the stored order
    root = gdal.OpenEx(f'VCUBE:"{path}"', gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    oracle.assert_same(root.OpenMDArray("data").ReadAsArray(), data)


def test_irregular_axis_has_no_geotransform(make_cube):
    lat = np.array([50.0, 49.0, 47.0, 46.0])
    dataset = open_array(make_cube(lat_lon_cube(lat, np.arange(5.0), np.zeros((4, 5)))))
    assert dataset.GetGeoTransform(can_return_null=True) is None


@pytest.mark.parametrize("case", MAPPINGS, ids=lambda c: c["attributes"]["grid_mapping_name"])
def test_grid_mappings_project_as_pyproj(make_cube, case):
    attributes = case["attributes"]
    unit = "degrees" if attributes["grid_mapping_name"].endswith("latitude_longitude") else "m"

    def fill(group):
        add(group, "x", np.arange(4.0), ["x"], axis="X", units=unit)
        add(group, "y", np.arange(3.0)[::-1], ["y"], axis="Y", units=unit)
        add(group, "crs", np.int32(0), [], **attributes)
        add(group, "data", np.zeros((3, 4), "f4"), ["y", "x"], grid_mapping="crs")

    dataset = open_array(make_cube(fill))
    assert dataset.GetGeoTransform() == pytest.approx((-0.5, 1, 0, 2.5, 0, -1))
    shown = dataset.GetSpatialRef().Clone()
    shown.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    expected = pyproj.CRS.from_user_input(case["proj"])  # checked against the attributes where the table is made
    base = (expected.source_crs if expected.is_bound else expected).geodetic_crs
    to_expected = pyproj.Transformer.from_crs(base, expected.source_crs if expected.is_bound else expected, always_xy=True)
    got = pyproj.CRS.from_wkt(shown.ExportToWkt(["FORMAT=WKT2_2019"]))
    got = got.source_crs if got.is_bound else got
    to_got = pyproj.Transformer.from_crs(got.geodetic_crs, got, always_xy=True)
    west, south, east, north = case["bounds"]
    lon, lat = np.meshgrid(np.linspace(west, east, 5), np.linspace(south, north, 4))
    assert np.allclose(to_got.transform(lon, lat), to_expected.transform(lon, lat), rtol=0, atol=1e-3 if unit == "m" else 1e-9)


def test_crs_wkt_and_kilometres(make_cube):
    def fill(group):
        add(group, "x", np.arange(-1000, 1001, 25.0), ["x"], axis="X", units="km")
        add(group, "y", np.arange(-1000, 1001, 25.0), ["y"], axis="Y", units="km")
        add(group, "crs", np.int32(0), [], crs_wkt=pyproj.CRS.from_epsg(6931).to_wkt())
        add(group, "data", np.zeros((81, 81), "f4"), ["y", "x"], grid_mapping="crs")

    dataset = open_array(make_cube(fill))
    assert dataset.GetSpatialRef().GetAuthorityCode(None) == "6931"
    assert dataset.GetGeoTransform() == pytest.approx((-1012500, 25000, 0, 1012500, 0, -25000))


def test_geolocation_arrays(make_cube):
    lon, lat = np.meshgrid(np.linspace(5, 15, 8), np.linspace(55, 45, 6))

    def fill(group):
        add(group, "lon2", lon + lat / 100, ["j", "i"], standard_name="longitude", units="degrees_east")
        add(group, "lat2", lat - lon / 50, ["j", "i"], standard_name="latitude", units="degrees_north")
        add(group, "data", np.zeros((6, 8), "f4"), ["j", "i"], coordinates="lon2 lat2")

    dataset = open_array(make_cube(fill))
    domain = dataset.GetMetadata("GEOLOCATION")
    assert domain["PIXEL_STEP"] == "1" and domain["LINE_OFFSET"] == "0"
    oracle.assert_same(gdal.Open(domain["X_DATASET"]).ReadAsArray(), lon + lat / 100)
    warped = gdal.Warp("", dataset, format="MEM", dstSRS="EPSG:4326")
    assert warped.GetGeoTransform()[0] == pytest.approx(5.45, abs=1)


def test_bands_are_leading_dimensions_with_times_and_levels(make_cube):
    data = np.arange(3 * 2 * 4 * 5, dtype="i2").reshape(3, 2, 4, 5)

    def fill(group):
        add(group, "time", np.array([0.0, 36.5, 8760.25]), ["time"], units="hours since 2001-02-03 04:05:06", calendar="noleap")
        add(group, "level", np.array([850, 500], "i4"), ["level"], units="hPa", positive="down")
        add(group, "lat", np.arange(4.0)[::-1], ["lat"], units="degrees_north")
        add(group, "lon", np.arange(5.0), ["lon"], units="degrees_east")
        add(group, "data", data, ["time", "level", "lat", "lon"], chunks=(1, 1, 3, 3), fill_value=-32767, units="K",
            scale_factor=0.01, add_offset=273.15, long_name="air temperature")

    dataset = open_array(make_cube(fill))
    assert dataset.RasterCount == 6
    oracle.assert_same(dataset.ReadAsArray(), data.reshape(6, 4, 5))
    times = cftime.num2date([0.0, 36.5, 8760.25], "hours since 2001-02-03 04:05:06", "noleap")
    for number in range(6):
        band = dataset.GetRasterBand(number + 1)
        assert band.GetMetadataItem("TIME") == times[number // 2].isoformat() + "Z"
        assert band.GetMetadataItem("DIM_level") == ["850", "500"][number % 2]
        assert ["850", "500"][number % 2] in band.GetDescription()
        assert (band.GetScale(), band.GetOffset(), band.GetUnitType()) == (0.01, 273.15, "K")
        assert band.GetNoDataValue() == -32767


ENCODINGS = [
    ("f4", float("nan"), {}, float("nan"), None), ("f4", -999.0, {}, -999.0, None), ("i2", 0, {}, None, None),
    ("i2", 0, {"_FillValue": 0}, 0, None), ("u1", 0, {"_FillValue": 0, "flag_masks": [1, 2], "flag_meanings": "a b"}, None, None),
    ("i2", None, {"missing_value": [-5]}, -5, None), ("f8", None, {"_FillValue": "AAAAAAAA+H8="}, float("nan"), None),
    ("i8", -9223372036854775808, {}, -9223372036854775808, None), ("u8", 18446744073709551615, {}, 18446744073709551615, None),
    ("u1", 3, {"scale_factor": 0.005, "scale_offset": 2.0}, 3, (0.005, 2.0)),
]


@pytest.mark.parametrize("dtype,fill_value,attributes,nodata,scaling", ENCODINGS)
def test_nodata_and_scaling(make_cube, dtype, fill_value, attributes, nodata, scaling):
    def fill(group):
        add(group, "data", np.arange(6, dtype=dtype).reshape(2, 3), ["y", "x"], fill_value=fill_value, **attributes)

    path = make_cube(fill)
    dataset = open_array(path)  # outlives its band
    band = dataset.GetRasterBand(1)
    got = band.GetNoDataValue()
    assert got is None if nodata is None else (np.isnan(got) if nodata != nodata else got == nodata)
    assert (band.GetScale(), band.GetOffset()) == (scaling or (None, None))
    array = gdal.OpenEx(f'VCUBE:"{path}"', gdal.OF_MULTIDIM_RASTER).GetRootGroup().OpenMDArray("data")
    got = array.GetNoDataValue()
    assert got is None if nodata is None else (np.isnan(got) if nodata != nodata else got == nodata)


@pytest.mark.parametrize("said,stored,values", [("true", "i1", [-1, -128, 127]), ("false", "u1", [255, 128, 127]),
                                                ("true", "i2", [-1, -32768, 5]), ("true", "u2", [65535, 32768, 5])])
def test_unsigned_attribute_changes_the_reading(make_cube, said, stored, values):
    data = np.array([values], stored)
    expected = data.view(("u" if said == "true" else "i") + stored[1])

    def fill(group):
        add(group, "data", data, ["y", "x"], _Unsigned=said)

    path = make_cube(fill)
    oracle.assert_same(open_array(path).ReadAsArray(), expected)
    array = gdal.OpenEx(f'VCUBE:"{path}"', gdal.OF_MULTIDIM_RASTER).GetRootGroup().OpenMDArray("data")
    oracle.assert_same(array.ReadAsArray(), expected)


def test_l3(shared_data):
    path = shared_data / "kerchunk" / "l3_combined.json"
    first = sorted((shared_data / "kerchunk" / "l3").glob("*.nc"))[0]
    with netCDF4.Dataset(first) as file:
        lat, lon, units = file["lat"][:], file["lon"][:], file["sst"].units
    dataset = open_array(path, "sst")
    step = float(lon[1] - lon[0])
    assert dataset.GetGeoTransform() == pytest.approx(
        (float(lon.min()) - step / 2, step, 0, float(lat.max()) + step / 2, 0, -step), abs=1e-9)
    assert dataset.GetSpatialRef().GetAuthorityCode(None) == "4326"
    band = dataset.GetRasterBand(1)
    assert (band.GetUnitType(), band.GetScale(), band.GetOffset(), band.GetNoDataValue()) == (units, 0.01, 290.0, -32767)
    days = oracle.read(path)["time"]
    times = [t.isoformat() + "Z" for t in cftime.num2date(days, "days since 2000-01-01 00:00:00", "standard")]
    assert [dataset.GetRasterBand(i + 1).GetMetadataItem("TIME") for i in range(12)] == times
    listed = gdal.Open(f'VCUBE:"{path}"').GetSubDatasets()
    assert sorted(name.split('":/')[1] for name, _ in listed) == ["flags", "soil_moisture", "sst"]
    assert any("volumetric soil moisture" in text and "m3 m-3" in text for _, text in listed)
