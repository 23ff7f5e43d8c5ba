"""The multidimensional API on stores made here: what GDAL shows against what zarr, numpy and netCDF4 say."""
import base64
import json
import os
import subprocess

import netCDF4
import numcodecs
import numpy as np
import oracle
import pytest
import sample_cube
import zarr
from osgeo import gdal, osr


def root_of(path, **how):
    return gdal.OpenEx(str(path), gdal.OF_MULTIDIM_RASTER, **how).GetRootGroup()


def add(group, name, data, dimensions=None, chunks=None, fill_value=None, compressor=numcodecs.Zlib(1), **attributes):
    data = np.asarray(data)
    array = group.create_dataset(name, data=data, shape=data.shape, chunks=chunks or data.shape, dtype=data.dtype,
                                 fill_value=fill_value, compressor=compressor)
    if dimensions is not None:
        array.attrs["_ARRAY_DIMENSIONS"] = dimensions
    array.attrs.update(attributes)
    return array


@pytest.fixture
def cube(make_cube):
    return make_cube(sample_cube.fill)


# --- attributes ---

ATTRIBUTES = {
    "int": 3, "negative": -7, "wide": 2**40, "unsigned": 2**63 + 5, "float": 0.1, "huge": 1e300, "text": "grüße", "empty": "",
    "true": True, "ints": [1, 2, 3], "wides": [1, 2**40], "unsigneds": [1, 2**63], "floats": [0.5, 2, -3], "texts": ["a", "b c"],
    "booleans": [True, False], "mixed": [1, "a", 2.5], "matrix": [[1, 2, 3], [4, 5, 6]], "texts2": [["a", "b"], ["c", "d"]],
    "with nan": [1.5, "NaN", "-Infinity"], "null": None, "object": {"a": [1, {"b": None}]}, "ragged": [[1], [2, 3]], "none": [],
    "nulls": [1, None],
}


def value_of(attribute):
    kind, shape = attribute.GetDataType(), tuple(attribute.GetDimensionsSize())
    if kind.GetClass() == gdal.GEDTC_STRING:
        values = attribute.ReadAsStringArray() if shape else attribute.ReadAsString()
        return np.array(values).reshape(shape).tolist() if shape else values
    raw = np.frombuffer(attribute.ReadAsRaw(), dtype={gdal.GDT_Int32: "i4", gdal.GDT_Int64: "i8", gdal.GDT_UInt64: "u8",
                                                     gdal.GDT_Float64: "f8"}[kind.GetNumericDataType()])
    return raw.reshape(shape).tolist() if shape else raw[0].item()


def test_attributes(make_cube):
    def fill(group):
        group.attrs.update(ATTRIBUTES)
        add(group, "a", np.arange(3), ["x"], **ATTRIBUTES)

    root = root_of(make_cube(fill))
    for owner in (root, root.OpenMDArray("a")):
        found = {item.GetName(): item for item in owner.GetAttributes()}
        assert set(ATTRIBUTES) <= set(found)
        for name, expected in ATTRIBUTES.items():
            got = value_of(owner.GetAttribute(name))
            if name in ("null", "object", "ragged", "none", "nulls"):
                assert found[name].GetDataType().GetSubType() == gdal.GEDTST_JSON
                assert json.loads(got) == expected, name
            elif name == "mixed":
                assert got == ["1", "a", "2.5"]
            elif name == "with nan":
                assert np.isnan(got[1]) and [got[0], got[2]] == [1.5, -np.inf]
            else:
                assert got == expected, name
    # as wide as it must be, no wider
    types = {name: root.GetAttribute(name).GetDataType().GetNumericDataType() for name in ("int", "wide", "unsigned", "float")}
    assert list(types.values()) == [gdal.GDT_Int32, gdal.GDT_Int64, gdal.GDT_UInt64, gdal.GDT_Float64]


def test_attributes_that_the_array_tells_otherwise(cube):
    array = root_of(cube).OpenMDArray("sst")
    names = [item.GetName() for item in array.GetAttributes()]
    assert not {"units", "scale_factor", "add_offset", "_FillValue"} & set(names) and "valid_range" in names
    everything = [item.GetName() for item in array.GetAttributes(["SHOW_ALL=YES"])]
    assert {"units", "scale_factor", "add_offset", "_FillValue"} <= set(everything)
    assert array.GetAttribute("units").ReadAsString() == "K"
    with pytest.raises(RuntimeError, match="absent"):
        array.GetAttribute("absent")


def test_unsigned_bounds_mean_unsigned_numbers(make_cube, tmp_path):
    """netCDF-3 style unsigned bytes: the attribute changes what stored numbers mean, in bounds and flags as well."""
    stored = np.array([0, 1, 127, -128, -2, -1], "i1")

    def fill(group):
        add(group, "a", stored, ["x"], _Unsigned="true", valid_range=[0, -2], _FillValue=-1, flag_values=[1, -2])

    array = root_of(make_cube(fill)).OpenMDArray("a")
    assert array.ReadAsArray().tolist() == stored.view("u1").tolist()
    assert value_of(array.GetAttribute("valid_range")) == [0, 254]
    assert value_of(array.GetAttribute("flag_values")) == [1, 254]
    assert array.GetNoDataValueAsDouble() == 255 and "_Unsigned" not in [item.GetName() for item in array.GetAttributes()]
    assert array.GetMask().ReadAsArray().tolist() == [1, 1, 1, 1, 1, 0]


# --- element types ---

NUMBERS = ["|b1", "|i1", "|u1", "<i2", ">i2", "<u2", "<i4", ">i4", "<u4", "<i8", ">i8", "<u8", "<f2", "<f4", ">f4", "<f8", ">f8",
           "<c8", ">c8", "<c16"]


def numbers(dtype, count=24):
    rng = np.random.default_rng(list(dtype.encode()))
    kind = np.dtype(dtype).kind
    if kind == "b":
        return rng.integers(0, 2, count).astype(dtype)
    if kind in "iu":
        bounds = np.iinfo(dtype)
        return rng.integers(bounds.min, bounds.max, count, dtype=np.dtype(dtype).newbyteorder("="), endpoint=True).astype(dtype)
    values = rng.normal(size=count) * 100
    return (values + 1j * rng.normal(size=count) if kind == "c" else values).astype(dtype)


@pytest.mark.parametrize("dtype", NUMBERS)
def test_numbers(make_cube, dtype):
    data = numbers(dtype).reshape(4, 6)
    path = make_cube(lambda group: add(group, "a", data, ["y", "x"], chunks=(3, 4)))
    array = root_of(path).OpenMDArray("a")
    oracle.assert_same(array.ReadAsArray(), oracle.read(path)["a"], dtype)
    assert array.GetBlockSize() == [3, 4] and array.GetDataType().GetClass() == gdal.GEDTC_NUMERIC


@pytest.mark.parametrize("unit", ["ns", "us", "ms", "s", "m", "h", "D", "25s", "M"])
def test_times_are_integers_with_a_unit(make_cube, unit):
    values = np.array([0, 1, -5, 10**6]).astype(f"M8[{unit}]")
    values[2] = np.datetime64("NaT")

    def fill(group):
        add(group, "when", values, ["x"])
        add(group, "long", values - values[0], ["x"])

    root = root_of(make_cube(fill))
    when, long = root.OpenMDArray("when"), root.OpenMDArray("long")
    assert np.array_equal(when.ReadAsArray(), values.astype("i8"))
    assert when.GetDataType().GetNumericDataType() == gdal.GDT_Int64
    assert when.GetNoDataValueAsInt64() == np.datetime64("NaT").astype("i8")
    if unit in ("ns", "M"):  # cftime knows neither; a month is one of the calendar
        assert when.GetUnit() == {"ns": "nanoseconds", "M": "months"}[unit] + " since 1970-01-01"
    else:  # what cftime makes of the unit is what numpy says
        cut = [0, 1, 3]
        expected = values[cut].astype("M8[us]").astype(object)
        got = netCDF4.num2date(values.astype("i8")[cut] * (25 if unit == "25s" else 1), when.GetUnit().replace("25 ", ""))
        assert [str(date) for date in got] == [str(date) for date in expected]
    assert long.GetUnit() and " since " not in long.GetUnit() and when.GetUnit() == long.GetUnit() + " since 1970-01-01"


TEXTS = np.array([["ab", "", "grüße"], ["€uro", "\U0001f30d x", "abcdefgh"]])


@pytest.mark.parametrize("dtype", ["S", "<U8", ">U8", "O"])
def test_texts(make_cube, dtype):
    def fill(group):
        if dtype == "O":
            array = group.create_dataset("a", shape=(2, 3), chunks=(1, 2), dtype=str, fill_value="")
            array[...] = TEXTS
        else:
            data = np.char.encode(TEXTS, "utf-8").astype("S14") if dtype == "S" else TEXTS.astype(dtype)
            array = add(group, "a", data, chunks=(1, 2))
        array.attrs["_ARRAY_DIMENSIONS"] = ["y", "x"]

    array = root_of(make_cube(fill)).OpenMDArray("a")
    assert array.GetDataType().GetClass() == gdal.GEDTC_STRING
    assert array.Read() == TEXTS.ravel().tolist()
    assert array.GetView("[::-1,1:]").Read() == TEXTS[::-1, 1:].ravel().tolist()
    assert array.GetView("[1]").Transpose([0]).Read() == TEXTS[1].tolist()
    assert array.Transpose([1, 0]).Read() == TEXTS.T.ravel().tolist()


INNER = np.dtype([("re", "<f8"), ("flag", "|b1")])
RECORD = np.dtype([("id", "<i4"), ("half", "<f2"), ("small", "|i1"), ("name", "S5"), ("in", INNER), ("big", ">u8"), ("word", "<U3")])


def records():
    rng = np.random.default_rng(1)
    out = np.zeros((3, 5), RECORD)
    out["id"], out["half"], out["small"] = rng.integers(-9, 9, (3, 5)), rng.normal(size=(3, 5)), rng.integers(-128, 127, (3, 5))
    out["name"] = np.arange(15).reshape(3, 5).astype("S5")
    out["in"]["re"], out["in"]["flag"] = rng.normal(size=(3, 5)), rng.integers(0, 2, (3, 5))
    out["big"], out["word"] = 2**64 - 1 - np.arange(15).reshape(3, 5).astype("u8"), "äbc"
    return out


def test_structures(make_cube):
    data = records()
    array = root_of(make_cube(lambda group: add(group, "a", data, ["y", "x"], chunks=(2, 2)))).OpenMDArray("a")
    kind = array.GetDataType()
    assert kind.GetClass() == gdal.GEDTC_COMPOUND
    assert [item.GetName() for item in kind.GetComponents()] == list(RECORD.names)
    for name in ("id", "half", "small", "big"):
        oracle.assert_same(array[name].ReadAsArray(), data[name], name)
    for name in INNER.names:
        oracle.assert_same(array["in"][name].ReadAsArray(), data["in"][name], name)
    assert array["name"].Read() == [item.decode() for item in data["name"].ravel()]
    assert array["word"].Read() == data["word"].ravel().tolist()
    view = array.GetView("[1:,::-2]")["id"]
    assert np.array_equal(view.ReadAsArray(), data["id"][1:, ::-2])
    assert np.array_equal(array.GetView("['big']").Transpose([1, 0]).ReadAsArray(), data["big"].T)


def test_opaque_bytes(make_cube):
    data = np.arange(24, dtype="u1").view("V4")
    hidden = np.zeros(2, "V100")
    path = make_cube(lambda group: (add(group, "a", data, ["x"]), add(group, "big", hidden), add(group, "big2", hidden)))
    warnings = []
    gdal.PushErrorHandler(lambda kind, number, text: warnings.append(text))
    root = root_of(path)
    gdal.PopErrorHandler()
    assert root.GetMDArrayNames() == ["a"]
    for i in range(4):
        assert root.OpenMDArray("a")[f"b{i}"].ReadAsArray().tolist() == list(range(i, 24, 4))
    told = [text for text in warnings if "not shown" in text]
    assert len(told) == 1 and "big" in told[0] and "1 more" in told[0]
    with pytest.raises(RuntimeError, match="big"):
        root.OpenMDArray("big")


def test_unknown_codec_is_told_when_reading(make_cube):
    path = make_cube(lambda group: (add(group, "good", np.arange(4), ["x"]), add(group, "bad", np.arange(4), ["x"], units="K")))
    document = json.loads(path.read_text())
    meta = json.loads(document["refs"]["bad/.zarray"])
    meta["compressor"] = {"id": "middle_out", "level": 3}
    document["refs"]["bad/.zarray"] = json.dumps(meta)
    path.write_text(json.dumps(document))
    root = root_of(path)
    bad = root.OpenMDArray("bad")
    assert bad.GetUnit() == "K" and bad.GetDimensions()[0].GetSize() == 4
    assert json.loads(bad.GetStructuralInfo()["COMPRESSOR"])["id"] == "middle_out"
    with pytest.raises(RuntimeError, match=r"bad.*middle_out|middle_out.*bad"):
        bad.ReadAsArray()
    assert root.OpenMDArray("good").ReadAsArray().tolist() == [0, 1, 2, 3]


# --- dimensions and coordinates ---

def test_dimensions(cube):
    root = root_of(cube)
    dimensions = {item.GetName(): item for item in root.GetDimensions()}
    assert {name: item.GetSize() for name, item in dimensions.items()} == {"time": 3, "lat": 90, "lon": 180, "depth": 2}
    assert {name: (item.GetType(), item.GetDirection()) for name, item in dimensions.items()} == {
        "time": (gdal.DIM_TYPE_TEMPORAL, "FUTURE"), "lat": (gdal.DIM_TYPE_HORIZONTAL_Y, "NORTH"),
        "lon": (gdal.DIM_TYPE_HORIZONTAL_X, "EAST"), "depth": (gdal.DIM_TYPE_VERTICAL, "DOWN")}
    stored = oracle.read(cube)
    for array in ("sst", "temp", "kind"):
        for item in root.OpenMDArray(array).GetDimensions():
            assert item.GetFullName() == "/" + item.GetName() == dimensions[item.GetName()].GetFullName()
            oracle.assert_same(item.GetIndexingVariable().ReadAsArray(), stored[item.GetName()])


def test_dimensions_without_coordinates_or_names(make_cube):
    def fill(group):
        add(group, "named", np.zeros((2, 3)), ["a", "b"])
        add(group, "bare", np.zeros((4, 5)))
        add(group, "x", np.zeros(7), ["x"])
        add(group, "other_size", np.zeros((3, 7)), ["x", "b"])

    root = root_of(make_cube(fill))
    assert [(d.GetName(), d.GetSize(), d.GetIndexingVariable()) for d in root.OpenMDArray("named").GetDimensions()] == [
        ("a", 2, None), ("b", 3, None)]
    bare = root.OpenMDArray("bare").GetDimensions()
    assert [d.GetSize() for d in bare] == [4, 5] and len({d.GetFullName() for d in bare}) == 2
    # a variable of the dimension's name and another size is no coordinate of it
    assert root.OpenMDArray("other_size").GetDimensions()[0].GetIndexingVariable() is None


def nested(group):
    group.attrs["title"] = "outer"
    add(group, "x", np.linspace(0, 1, 4), ["x"], axis="X")
    inner = group.create_group("inner")
    inner.attrs["title"] = "inner"
    add(inner, "y", np.linspace(5, 7, 3), ["y"], axis="Y")
    add(inner, "lonely", np.arange(12.0).reshape(3, 4), ["y", "x"], coordinates="aux /top absent")
    add(inner, "aux", np.arange(12).reshape(3, 4), ["y", "x"])
    add(group, "top", np.arange(4), ["x"])
    deep = inner.create_group("deep")
    add(deep, "v", np.arange(6).reshape(2, 3), ["z", "y"])


def test_groups_and_names(make_cube):
    root = root_of(make_cube(nested))
    assert (root.GetMDArrayNames(), root.GetGroupNames()) == (["top", "x"], ["inner"])
    inner = root.OpenGroup("inner")
    assert inner.GetFullName() == "/inner" and inner.GetAttribute("title").ReadAsString() == "inner"
    assert [d.GetFullName() for d in inner.GetDimensions()] == ["/inner/y"]  # x is of the group above
    array = root.OpenMDArrayFromFullname("/inner/lonely")
    assert array.GetFullName() == "/inner/lonely"
    assert [d.GetFullName() for d in array.GetDimensions()] == ["/inner/y", "/x"]
    assert [v.GetFullName() for v in array.GetCoordinateVariables()] == ["/inner/aux", "/top"]
    assert root.OpenGroupFromFullname("/inner/deep").GetMDArrayNames() == ["v"]
    assert root.ResolveMDArray("v", "/").GetFullName() == "/inner/deep/v"
    assert root.ResolveMDArray("y", "/inner/deep").GetFullName() == "/inner/y"
    for call in (root.OpenMDArray, root.OpenGroup, root.OpenMDArrayFromFullname):
        with pytest.raises(RuntimeError):
            call("absent")


def test_root_at_a_group_or_array(make_cube):
    path = make_cube(nested)
    inner = root_of(f'VCUBE:"{path}":/inner')
    assert (inner.GetName(), inner.GetMDArrayNames(), inner.GetGroupNames()) == ("/", ["aux", "lonely", "y"], ["deep"])
    array = inner.OpenMDArray("lonely")
    assert array.GetFullName() == "/lonely" and array.ReadAsArray().tolist() == np.arange(12.0).reshape(3, 4).tolist()
    assert [d.GetFullName() for d in array.GetDimensions()] == ["/y", "/x"]
    assert array.GetDimensions()[1].GetIndexingVariable().ReadAsArray().tolist() == np.linspace(0, 1, 4).tolist()
    assert inner.OpenMDArrayFromFullname("/deep/v").GetDimensions()[1].GetFullName() == "/y"
    alone = root_of(f'VCUBE:"{path}":/inner/lonely')
    assert alone.GetMDArrayNames() == ["lonely", "y"] and not alone.GetGroupNames()
    with pytest.raises(RuntimeError, match="absent"):
        root_of(f'VCUBE:"{path}":/absent')


def test_coordinate_variables(make_cube):
    def fill(group):
        add(group, "data", np.zeros((3, 4)), ["y", "x"], coordinates="lat lon")
        add(group, "lat", np.arange(12.0).reshape(3, 4), ["y", "x"], units="degrees_north")
        add(group, "lon", np.arange(12.0).reshape(3, 4), ["y", "x"], units="degrees_east")

    array = root_of(make_cube(fill)).OpenMDArray("data")
    assert [v.GetName() for v in array.GetCoordinateVariables()] == ["lat", "lon"]
    assert array.GetCoordinateVariables()[1].GetUnit() == "degrees_east"


def test_spatial_reference_follows_the_dimensions(make_cube):
    def fill(group):
        add(group, "lat", np.linspace(50, 40, 11), ["lat"], units="degrees_north")
        add(group, "lon", np.linspace(0, 10, 6), ["lon"], units="degrees_east")
        add(group, "yx", np.zeros((2, 11, 6)), ["t", "lat", "lon"])
        add(group, "xy", np.zeros((6, 2, 11)), ["lon", "t", "lat"])

    root = root_of(make_cube(fill))
    for name, lat, lon in (("yx", 2, 3), ("xy", 3, 1)):
        srs = root.OpenMDArray(name).GetSpatialRef()
        assert srs.GetAuthorityCode(None) == "4326"
        assert srs.GetDataAxisToSRSAxisMapping() == [lat, lon], name
    assert root.OpenMDArray("lat").GetSpatialRef() is None


# --- encodings ---

def test_unit_scale_nodata_mask(cube):
    array, stored = root_of(cube).OpenMDArray("sst"), oracle.read(cube)["sst"]
    assert (array.GetUnit(), array.GetScale(), array.GetOffset()) == ("K", 0.01, 273.15)
    assert array.GetNoDataValueAsRaw() == np.array(-32768, "i2").tobytes()
    unscaled = array.GetUnscaled().ReadAsArray()
    expected = np.where(stored == -32768, np.nan, stored * 0.01 + 273.15)
    assert np.allclose(unscaled, expected, equal_nan=True, rtol=1e-12)
    assert np.array_equal(array.GetMask().ReadAsArray(), (stored != -32768) & (np.abs(stored.astype(int)) <= 30000))


@pytest.mark.parametrize("dtype, value", [("i8", -(2**63) + 1), ("i8", 2**53 + 1), ("u8", 2**64 - 1), ("u8", 2**53 + 1), ("u1", 255),
                                          ("i1", -128), ("f4", 1e20), ("f8", -9.96921e36), ("f2", 65504)])
def test_nodata_in_the_type_of_the_array(make_cube, dtype, value):
    array = root_of(make_cube(lambda group: add(group, "a", np.zeros(3, dtype), ["x"], fill_value=value))).OpenMDArray("a")
    shown = oracle.as_gdal_shows(np.array(value).astype(dtype))
    assert array.GetNoDataValueAsRaw() == shown.tobytes()
    if dtype == "i8":
        assert array.GetNoDataValueAsInt64() == value
    if dtype == "u8":
        assert array.GetNoDataValueAsUInt64() == value


def test_no_nodata(cube):
    assert root_of(cube).OpenMDArray("kind").GetNoDataValueAsRaw() is None


# --- reading ---

VIEWS = ["[1]", "[...,3]", "[:,5:60:7,::-1]", "[::-2,...,10:100]", "[0,::-3,-1]", "[newaxis,1]", "[:,newaxis,:,2]", "[-1,-1,-1]", "[2:0:-1]"]


@pytest.mark.parametrize("expression", VIEWS)
def test_views(cube, expression):
    array, stored = root_of(cube).OpenMDArray("sst"), oracle.read(cube)["sst"]
    expected = eval("stored" + expression.replace("newaxis", "None"))
    view = array.GetView(expression)
    assert np.array_equal(np.array(view.ReadAsArray()).reshape(expected.shape), expected)
    assert [d.GetSize() for d in view.GetDimensions()] == list(expected.shape)


@pytest.mark.parametrize("order", [[0, 2, 1], [2, 1, 0], [1, 2, 0], [2, -1, 0, 1]])
def test_transposes(cube, order):
    array, stored = root_of(cube).OpenMDArray("sst"), oracle.read(cube)["sst"]
    expected = np.transpose(stored, [axis for axis in order if axis >= 0])
    if -1 in order:
        expected = np.expand_dims(expected, order.index(-1))
    assert np.array_equal(array.Transpose(order).ReadAsArray(), expected)
    turned = array.GetView("[::-1,1:80:3]").Transpose([2, 0, 1])
    assert np.array_equal(turned.ReadAsArray(), stored[::-1, 1:80:3].transpose(2, 0, 1))


@pytest.mark.parametrize("buffer", [gdal.GDT_Byte, gdal.GDT_Int16, gdal.GDT_UInt16, gdal.GDT_Int32, gdal.GDT_UInt32, gdal.GDT_Int64,
                                    gdal.GDT_UInt64, gdal.GDT_Float32, gdal.GDT_Float64, gdal.GDT_CFloat32, gdal.GDT_CFloat64,
                                    gdal.GDT_CInt16, gdal.GDT_CInt32])
def test_buffer_types(make_cube, buffer):
    data = np.array([[-3.5, 0, 1.49], [200.5, 254.6, 100]])
    array = root_of(make_cube(lambda group: add(group, "a", data, ["y", "x"]))).OpenMDArray("a")
    kind = gdal.ExtendedDataType.Create(buffer)
    if buffer in (gdal.GDT_CInt16, gdal.GDT_CInt32):
        dtype = {gdal.GDT_CInt16: "i2", gdal.GDT_CInt32: "i4"}[buffer]
        got = np.frombuffer(array.Read(buffer_datatype=kind), dtype).reshape(2, 3, 2)
        assert got[..., 0].tolist() == [[-4, 0, 1], [201, 255, 100]] and not got[..., 1].any()
        return
    got = array.ReadAsArray(buffer_datatype=kind)
    # as the classic API converts: MEM is an in-tree driver
    memory = gdal.GetDriverByName("MEM").Create("", 3, 2, 1, gdal.GDT_Float64)
    memory.GetRasterBand(1).WriteArray(data)
    assert np.array_equal(got, memory.GetRasterBand(1).ReadAsArray(buf_type=buffer)), got


def test_strides(cube):
    """Steps in the array and strides in the buffer, of either sign; elements that share a place leave the last one."""
    array, stored = root_of(cube).OpenMDArray("sst"), oracle.read(cube)["sst"]
    start, count, step = [2, 80, 7], [2, 9, 5], [-1, -4, 30]
    expected = stored[2:0:-1, 80::-4, 7::30][:, :9, :5]
    assert np.array_equal(array.ReadAsArray(start, count, step), expected.reshape(2, 9, 5)[:, :9])
    raw = array.Read(start, count, step, [5, 10, 1])  # (y, t, x) in the buffer
    assert np.array_equal(np.frombuffer(raw, "i2")[: 90].reshape(9, 2, 5), expected.transpose(1, 0, 2))


def test_scalars(make_cube):
    def fill(group):
        group.create_dataset("n", data=np.array(42, "i4"), shape=(), chunks=())
        group.create_dataset("s", data=np.array(b"text", "S8"), shape=(), chunks=())

    root = root_of(make_cube(fill))
    number = root.OpenMDArray("n")
    assert number.GetDimensionCount() == 0 and np.frombuffer(number.Read(), "i4").tolist() == [42]
    assert root.OpenMDArray("s").Read() == ["text"]


def test_classic_dataset(cube):
    stored = oracle.read(cube)["sst"]
    dataset = root_of(cube).OpenMDArray("sst").AsClassicDataset(2, 1)
    assert (dataset.RasterXSize, dataset.RasterYSize, dataset.RasterCount) == (180, 90, 3)
    assert np.array_equal(dataset.ReadAsArray(), stored)
    assert dataset.GetGeoTransform() == (0.0, 2.0, 0.0, -90.0, 0.0, 2.0)  # as stored, south first
    assert dataset.GetSpatialRef().IsGeographic()
    band = dataset.GetRasterBand(2)
    assert (band.GetNoDataValue(), band.GetScale(), band.GetOffset(), band.GetUnitType()) == (-32768, 0.01, 273.15, "K")
    view = root_of(cube).OpenMDArray("temp").GetView("[:,1,::-1,:]").AsClassicDataset(2, 1)
    assert np.array_equal(view.ReadAsArray(), oracle.read(cube)["temp"][:, 1, ::-1])


def test_statistics(cube):
    stored = oracle.read(cube)["sst"]
    valid = stored[(stored != -32768) & (np.abs(stored.astype(int)) <= 30000)].astype("f8")
    for array in (root_of(cube).OpenMDArray("sst"), root_of(cube).OpenMDArray("sst").Transpose([2, 0, 1])):
        found = array.ComputeStatistics(False)
        assert (found.min, found.max, found.valid_count) == (valid.min(), valid.max(), valid.size)
        assert np.isclose(found.mean, valid.mean()) and np.isclose(found.std_dev, valid.std())
    assert root_of(cube).OpenMDArray("sst").GetStatistics(False, True).max == valid.max()


def test_resampled(cube):
    array = root_of(cube).OpenMDArray("kind")
    mercator = osr.SpatialReference()
    mercator.ImportFromEPSG(3857)
    resampled = array.GetResampled([None, None], gdal.GRIORA_NearestNeighbour, mercator)
    assert resampled.GetDimensionCount() == 2
    # GDAL's own warper on the same values
    classic = array.AsClassicDataset(1, 0)
    expected = gdal.Warp("", classic, format="VRT", dstSRS="EPSG:3857", resampleAlg="near")
    assert [d.GetSize() for d in resampled.GetDimensions()] == [expected.RasterYSize, expected.RasterXSize]
    assert np.array_equal(resampled.ReadAsArray(), expected.ReadAsArray())


def test_processing_chunks(cube):
    array = root_of(cube).OpenMDArray("sst")
    assert array.GetBlockSize() == [1, 32, 50]
    size = array.GetProcessingChunkSize(50000)
    assert all(part % block == 0 or part == whole for part, block, whole in zip(size, [1, 32, 50], [3, 90, 180]))
    assert 3200 <= np.prod(size) * 2 <= 50000


# --- chunks ---

def chunk_file(path):
    return path.parent / "refs_chunks.bin"


def test_advised_chunks_are_read_from_memory(cube):
    """After the advice the bytes on disk are not looked at: they may even be gone."""
    stored = oracle.read(cube)["sst"]
    root = root_of(cube)
    array = root.OpenMDArray("sst")
    assert array.AdviseRead([0, 30, 40], [2, 40, 120]) == gdal.CE_None
    os.truncate(chunk_file(cube), 0)
    assert np.array_equal(array.ReadAsArray([0, 30, 40], [2, 40, 120]), stored[:2, 30:70, 40:160])
    again = root.OpenMDArray("sst").GetView("[1,::-1]")
    assert np.array_equal(again.ReadAsArray([30, 60], [20, 50]), stored[1, ::-1][30:50, 60:110])
    with pytest.raises(RuntimeError, match="sst"):
        array.ReadAsArray([2, 0, 0], [1, 10, 10])  # not in the advice


def test_advice_keeps_to_its_limit(cube):
    stored = oracle.read(cube)["sst"]
    array = root_of(cube).OpenMDArray("sst")
    chunk = 32 * 50 * 2
    assert array.AdviseRead([0, 0, 0], [3, 90, 180], [f"CACHE_SIZE={chunk * 4}"]) == gdal.CE_None
    os.truncate(chunk_file(cube), 0)
    assert np.array_equal(array.ReadAsArray([0, 0, 0], [1, 32, 180]), stored[:1, :32])  # the first row of chunks
    with pytest.raises(RuntimeError):
        array.ReadAsArray([2, 80, 170], [1, 1, 1])


def test_advice_of_what_cannot_be_read_is_an_error(cube):
    os.truncate(chunk_file(cube), 0)
    with pytest.raises(RuntimeError, match="sst"):
        root_of(cube).OpenMDArray("sst").AdviseRead()


def test_structural_info(make_cube):
    filters = [numcodecs.Delta("<i4")]

    def fill(group):
        group.create_dataset("a", data=np.arange(60, dtype="<i4").reshape(6, 10), chunks=(4, 3), filters=filters,
                             compressor=numcodecs.Blosc("zstd", 3), order="F")

    info = root_of(make_cube(fill)).OpenMDArray("a").GetStructuralInfo()
    assert info["FORMAT"] == "Zarr 2" and info["CODECS"] == "delta,blosc" and info["ORDER"] == "F"
    assert (info["CHUNK_GRID"], info["CHUNK_COUNT"]) == ("2,4", "8")
    assert json.loads(info["COMPRESSOR"]) == numcodecs.Blosc("zstd", 3).get_config()
    assert json.loads(info["FILTERS"]) == [filters[0].get_config()]


# --- tools ---

def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_gdalmdiminfo(cube):
    told = json.loads(run("gdalmdiminfo", "-detailed", str(cube)))
    assert told["driver"] == "VCUBE" and set(told["arrays"]) == {"time", "lat", "lon", "depth", "sst", "temp", "kind"}
    sst = told["arrays"]["sst"]
    assert (sst["datatype"], sst["dimensions"], sst["unit"], sst["scale"], sst["nodata_value"]) == (
        "Int16", ["/time", "/lat", "/lon"], "K", 0.01, -32768)
    assert np.array_equal(sst["values"], oracle.read(cube)["sst"])
    one = json.loads(run("gdalmdiminfo", f'VCUBE:"{cube}":/sst'))
    assert set(one["arrays"]) == {"time", "lat", "lon", "sst"}


def opened(path):
    """Arrays of a netCDF file or Zarr folder as stored, by other readers."""
    if str(path).endswith(".nc"):
        with netCDF4.Dataset(path) as file:
            file.set_auto_maskandscale(False)
            return {name: variable[...] for name, variable in file.variables.items()}
    return {name: array[...] for name, array in zarr.open_group(str(path), mode="r").arrays()}


@pytest.mark.parametrize("target", ["out.nc", "out.zarr"])
def test_translate_everything(cube, tmp_path, target):
    out = tmp_path / target
    gdal.MultiDimTranslate(str(out), str(cube), format="netCDF" if target.endswith("nc") else "Zarr")
    stored, copied = oracle.read(cube), opened(out)
    for name, expected in stored.items():
        assert np.array_equal(np.asarray(copied[name]), expected, equal_nan=True), name
    if target.endswith("nc"):
        with netCDF4.Dataset(out) as file:
            sst = file["sst"]
            assert (sst.scale_factor, sst.add_offset, sst._FillValue, sst.units) == (0.01, 273.15, -32768, "K")
            assert file.title == "sample cube" and sst.dimensions == ("time", "lat", "lon")


ARRAYS = {
    "name=sst,transpose=[2,0,1]": lambda a: a["sst"].transpose(2, 0, 1),
    "name=sst,view=[::-1,::-1,:]": lambda a: a["sst"][::-1, ::-1],
    "name=temp,view=[:,1]": lambda a: a["temp"][:, 1],
    "name=/kind,dstname=sst": lambda a: a["kind"],
}


@pytest.mark.parametrize("specification", ARRAYS)
@pytest.mark.parametrize("target", ["out.nc", "out.zarr", "out.vrt"])
def test_translate_arrays(cube, tmp_path, monkeypatch, specification, target):
    monkeypatch.chdir(tmp_path)  # GDAL 3.6 takes the relative names of a multidimensional VRT from there
    out = tmp_path / target
    kind = {"nc": "netCDF", "zarr": "Zarr", "vrt": "VRT"}[target.split(".")[1]]
    gdal.MultiDimTranslate(str(out), str(cube), format=kind, arraySpecs=[specification])
    name = "temp" if "temp" in specification else "sst"
    if kind == "VRT":
        got = root_of(out).OpenMDArray(name).ReadAsArray()
    else:
        got = opened(out)[name]
    assert np.array_equal(np.asarray(got), ARRAYS[specification](oracle.read(cube)))


def test_translate_subset_and_scale(cube, tmp_path):
    out = tmp_path / "out.nc"
    run("gdalmdimtranslate", "-of", "netCDF", "-array", "sst", "-subset", "time(24,60)", "-subset", "lat(-9.5,20.5)", "-scaleaxes",
        "lon(4)", str(cube), str(out))
    stored = oracle.read(cube)["sst"]
    rows = (sample_cube.LATITUDES >= -9.5) & (sample_cube.LATITUDES <= 20.5)
    with netCDF4.Dataset(out) as file:
        file.set_auto_maskandscale(False)
        assert np.array_equal(file["sst"][...], stored[1:][:, rows][:, :, ::4])
        assert np.array_equal(file["lat"][...], sample_cube.LATITUDES[rows].astype("f4"))
        assert np.array_equal(file["lon"][...], sample_cube.LONGITUDES[::4])


def test_translate_groups(make_cube, tmp_path):
    out = tmp_path / "out.nc"
    gdal.MultiDimTranslate(str(out), str(make_cube(nested)), format="netCDF")
    with netCDF4.Dataset(out) as file:
        assert np.array_equal(file["inner/lonely"][...], np.arange(12.0).reshape(3, 4))
        assert np.array_equal(file["inner/deep/v"][...], np.arange(6).reshape(2, 3))
        assert file["inner"].title == "inner" and set(file.dimensions) == {"x"}


def test_translate_texts_and_records(make_cube, tmp_path):
    words = np.array([b"one", b"three"], "S5")
    pairs = np.array([(1, 2.5), (3, 4.5)], [("i", "<i4"), ("d", "<f8")])
    path = make_cube(lambda group: (add(group, "words", words, ["n"]), add(group, "pairs", pairs, ["n"])))
    out = tmp_path / "out.zarr"
    gdal.MultiDimTranslate(str(out), str(path), format="Zarr")
    copied = opened(out)
    assert [bytes(word).rstrip(b"\0") for word in copied["words"]] == [b"one", b"three"]
    assert copied["pairs"]["i"].tolist() == [1, 3] and copied["pairs"]["d"].tolist() == [2.5, 4.5]


def test_many_arrays(tmp_path):
    """Names come from the metadata in one go; each of the arrays opens on its own."""
    refs = {".zgroup": json.dumps({"zarr_format": 2})}
    meta = {"zarr_format": 2, "shape": [2, 3], "chunks": [2, 3], "dtype": "<i2", "compressor": None, "fill_value": None,
            "filters": None, "order": "C"}
    for k in range(2000):
        refs[f"v{k:04}/.zarray"] = json.dumps(meta)
        refs[f"v{k:04}/.zattrs"] = json.dumps({"_ARRAY_DIMENSIONS": ["y", "x"], "number": k})
        refs[f"v{k:04}/0.0"] = "base64:" + base64.b64encode(np.full(6, k, "<i2").tobytes()).decode()
    path = tmp_path / "refs.json"
    path.write_text(json.dumps({"version": 1, "refs": refs}))
    root = root_of(path)
    assert root.GetMDArrayNames() == [f"v{k:04}" for k in range(2000)]
    assert len(root.GetDimensions()) == 2
    for k in (0, 1, 777, 1999):
        array = root.OpenMDArray(f"v{k:04}")
        assert array.GetAttribute("number").ReadAsInt() == k and (array.ReadAsArray() == k).all()
