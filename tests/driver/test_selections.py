"""Selections in dataset names give what xarray's sel and isel, or numpy's indexing, give for the same cube."""
import numcodecs
import numpy as np
import oracle
import pytest
import sample_cube
import xarray
from osgeo import gdal

STEPS = 30
LEVELS = np.array([1000, 850, 500, 300], "<i4")
STATIONS = np.array(["Kiel", "Bad Doberan", "a,b/c", "x"], "S12")


def fill(group):
    def add(name, data, dims, chunks=None, **attributes):
        array = group.create_dataset(name, data=data, chunks=chunks or data.shape, compressor=numcodecs.Zlib(1), fill_value=None)
        array.attrs.update({"_ARRAY_DIMENSIONS": dims, **attributes})

    add("time", np.arange(STEPS, dtype="<i4") * 12, ["time"], units="hours since 2023-03-25 00:00:00", calendar="standard")
    add("level", LEVELS, ["level"], units="hPa")
    add("lat", np.linspace(47.5, 45, 6).astype("<f4"), ["lat"], units="degrees_north")
    add("lon", np.arange(10, 18, dtype="<f8"), ["lon"], units="degrees_east")
    add("packed", np.array([0, 5, 10, 15], "<i2"), ["packed"], scale_factor=0.1, add_offset=273.15)
    add("fine", np.array([0.1, 0.2, 0.3], "<f4"), ["fine"])
    add("day", np.array(["2020-01-01", "2020-02-01", "2020-02-15"], "M8[ns]"), ["day"])
    add("station", STATIONS, ["station"])
    add("step", np.array([0, 6, 12, 24], "<f8"), ["step"], units="hours")
    add("lead", np.array([0, 30, 60], "m8[m]"), ["lead"])
    t = np.arange(STEPS * 4 * 6 * 8, dtype="<f4").reshape(STEPS, 4, 6, 8)
    add("t", t, ["time", "level", "lat", "lon"], (7, 1, 4, 5))
    for name, size in (("packed", 4), ("fine", 3), ("day", 3), ("station", 4), ("step", 4), ("lead", 3)):
        add("by_" + name, np.arange(size * 48, dtype="<i4").reshape(size, 6, 8), [name, "lat", "lon"])
    add("plain", np.arange(5 * 48, dtype="<i4").reshape(5, 6, 8), ["", "lat", "lon"])


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    return str(oracle.write_references(tmp_path_factory.mktemp("cube"), fill))


@pytest.fixture(scope="module")
def data(cube):
    return xarray.open_zarr(oracle.mapper(cube), consolidated=False)


def shown(cube, tail):
    return gdal.Open(f'VCUBE:"{cube}":/{tail}')


@pytest.mark.parametrize("tail, how", [
    ("t:time=2023-04-01T12:00:00Z,level=850", dict(time="2023-04-01T12:00:00", level=850)),
    ("t:time=2023-04-01T12,level=850", dict(time="2023-04-01T12:00:00", level=850)),
    ("t:time=2023-04-01 12:00,level=850.0", dict(time="2023-04-01T12:00:00", level=850)),
    ("t:level=500", dict(level=500)),
    ("t:level=300,1000", dict(level=[300, 1000])),
    ("t:time=2023-04-01/2023-04-03,level=850", dict(time=slice("2023-04-01", "2023-04-03"), level=850)),
    ("t:time=2023-04/,level=850", dict(time=slice("2023-04", None), level=850)),
    ("t:time=/2023-03,level=850", dict(time=slice(None, "2023-03"), level=850)),
    ("t:level=850/300,time=[0]", dict(level=slice(850, 300), time="2023-03-25T00")),
    ("by_fine:fine=0.2", dict(fine=np.float32(0.2))),
    ("by_day:day=2020-02-15", dict(day="2020-02-15")),
    ("by_step:step=PT6H", dict(step=np.timedelta64(6, "h"))),
    ("by_step:step=6", dict(step=np.timedelta64(6, "h"))),
    ("by_step:step=PT6H/P1D", dict(step=slice(np.timedelta64(6, "h"), np.timedelta64(1, "D")))),
    ("by_lead:lead=PT30M", dict(lead=np.timedelta64(30, "m"))),
    ("by_station:station=Bad Doberan", dict(station=b"Bad Doberan")),
    ('by_station:station="a,b/c",Kiel', dict(station=[b"a,b/c", b"Kiel"])),
])
def test_values(cube, data, tail, how):
    expected = data[tail.split(":")[0]].sel(how).values.reshape(-1, 6, 8)
    assert np.array_equal(shown(cube, tail).ReadAsArray().reshape(-1, 6, 8), expected)


@pytest.mark.parametrize("tail, how", [
    ("t:time~2023-04-01T07:00,level~840", dict(time="2023-04-01T07:00", level=840)),
    ("t:time~2023-04-01T06:00,level~925", dict(time="2023-04-01T06:00", level=925)),
    ("t:time~2030,level~0", dict(time="2030-01-01", level=0)),
    ("by_packed:packed~273.7", dict(packed=273.7)),
    ("by_step:step~PT11H", dict(step=np.timedelta64(11, "h"))),
])
def test_nearest(cube, data, tail, how):
    expected = data[tail.split(":")[0]].sel(how, method="nearest").values
    assert np.array_equal(shown(cube, tail).ReadAsArray(), expected)


@pytest.mark.parametrize("text", ["273.65", "273.65000000000003"])
def test_packed_coordinates_are_unpacked(cube, data, text):
    assert np.array_equal(shown(cube, f"by_packed:packed={text}").ReadAsArray(), data.by_packed.values[1])


@pytest.mark.parametrize("item, index", [("3", 3), ("-1", -1), ("2:5", slice(2, 5)), ("-3:", slice(-3, None)), ("::7", slice(None, None, 7)),
                                         ("::-4", slice(None, None, -4)), ("5,2,2,9", [5, 2, 2, 9]), ("1,3:5", [1, 3, 4])])
def test_indices(cube, data, item, index):
    expected = data.t.values[index][..., 1, :, :].reshape(-1, 6, 8)
    got = shown(cube, f"t:level=[1],time=[{item}]")
    assert np.array_equal(got.ReadAsArray().reshape(-1, 6, 8), expected)
    window = got.ReadAsArray(2, 1, 5, 4).reshape(-1, 4, 5)
    assert np.array_equal(window, expected[:, 1:5, 2:7])


def test_lists_in_two_dimensions(cube, data):
    got = shown(cube, "t:level=[3,0,2],time=[20,4:6]")
    assert np.array_equal(got.ReadAsArray(), data.t.values[[20, 4, 5]][:, [3, 0, 2]].reshape(9, 6, 8))
    assert got.GetRasterBand(1).GetDescription() == "time=2023-04-04T00:00:00Z, level=300"
    some = got.ReadRaster(band_list=[9, 1, 4, 5])
    assert np.frombuffer(some, "f4").tolist() == got.ReadAsArray()[[8, 0, 3, 4]].ravel().tolist()


def test_bands_tell_what_is_fixed(cube):
    dataset = shown(cube, "t:time=[-1],level=850")
    band = dataset.GetRasterBand(1)
    assert band.GetDescription() == "t"
    assert band.GetMetadataItem("TIME") == "2023-04-08T12:00:00Z"
    assert (band.GetMetadataItem("DIM_level"), band.GetMetadataItem("DIM_time")) == ("850", "2023-04-08T12:00:00Z")


def test_profiles(cube, data):
    series = shown(cube, "t:lat~46.6,lon=12,level=850")
    assert (series.RasterXSize, series.RasterYSize, series.RasterCount) == (STEPS, 1, 1)
    assert np.array_equal(series.ReadAsArray()[0], data.t.sel(lon=12, level=850).sel(lat=46.6, method="nearest"))
    section = shown(cube, "t:lon=12,level=850")
    assert np.array_equal(section.ReadAsArray(), data.t.sel(lon=12, level=850))
    assert section.GetGeoTransform(can_return_null=True) is None


def test_dimension_without_a_name(cube):
    whole = shown(cube, "plain")
    assert np.array_equal(shown(cube, "plain:dim0=[-2]").ReadAsArray(), whole.ReadAsArray()[3])
    with pytest.raises(RuntimeError, match=r"dim0=3.*no coordinate values.*dim0=\[0\]"):
        shown(cube, "plain:dim0=3")


@pytest.mark.parametrize("tail, words", [
    ("t:time=2023-04-01,level=850", ["t: time=2023-04-01", "fits 2 steps", "2023-04-01T00:00:00Z, 2023-04-01T12:00:00Z"]),
    ("t:time=2023-06-01", ["not there", "nearest: 2023-04-08T12:00:00Z"]),
    ("t:level=700", ["level=700", "nearest: 500, 850"]),
    ("t:level=top", ["'top' is no number"]),
    ("t:time=noon", ["ISO 8601"]),
    ("t:time=[30]", ["[30] is outside", "30 elements"]),
    ("by_station:station=Ulm", ["there are: Kiel, Bad Doberan"]),
    ("by_station:station~Ulm", ["nearest"]),
])
def test_errors_name_dimension_value_and_what_there_is(cube, tail, words):
    with pytest.raises(RuntimeError) as error:
        shown(cube, tail)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("calendar, date", [("360_day", "2001-02-30"), ("noleap", "2001-03-01"), ("julian", "2001-02-28")])
def test_calendars(make_cube, calendar, date):
    def calendar_cube(group):
        time = group.create_dataset("time", data=np.arange(100, dtype="<i4"), fill_value=None)
        time.attrs.update({"_ARRAY_DIMENSIONS": ["time"], "units": "days since 2001-01-01", "calendar": calendar})
        a = group.create_dataset("a", data=np.arange(100 * 12, dtype="<i4").reshape(100, 3, 4))
        a.attrs["_ARRAY_DIMENSIONS"] = ["time", "y", "x"]

    path = make_cube(calendar_cube)
    expected = xarray.open_zarr(oracle.mapper(path), consolidated=False).a.sel(time=date).values.reshape(3, 4)
    assert np.array_equal(shown(path, f"a:time={date}").ReadAsArray(), expected)


def test_sample_of_dates(make_cube):
    path = make_cube(sample_cube.fill)
    for number, date in enumerate(sample_cube.DATES):
        got = gdal.Open(f"VCUBE:{path}:/sst:time={date}").ReadAsArray()
        assert np.array_equal(got, sample_cube.shown(sample_cube.packed())[number])


class TestSeveralVariables:
    @pytest.fixture
    def sample(self, make_cube):
        return str(make_cube(sample_cube.fill))

    def test_bands_in_order_with_their_own_types(self, sample):
        stack = gdal.Open(f'VCUBE:"{sample}":/kind,/sst,/temp:depth=10')
        single = [gdal.Open(f'VCUBE:"{sample}":/{name}') for name in ("kind", "sst", "temp:depth=10")]
        assert stack.RasterCount == 7
        bands = [stack.GetRasterBand(i + 1) for i in range(7)]
        assert [b.DataType for b in bands] == [gdal.GDT_Byte] + [gdal.GDT_Int16] * 3 + [gdal.GDT_Float32] * 3
        assert bands[0].GetDescription() == "kind"
        assert bands[1].GetDescription() == f"sst, time={sample_cube.DATES[0]}"
        assert bands[1].GetNoDataValue() == -32768 and bands[1].GetUnitType() == "K"
        assert (bands[1].GetScale(), bands[1].GetOffset()) == (0.01, 273.15)
        assert bands[0].GetScale() in (None, 1.0) and bands[4].GetUnitType() == "degC"
        assert stack.GetGeoTransform() == single[0].GetGeoTransform()
        assert stack.GetSpatialRef().IsSame(single[0].GetSpatialRef())
        expected = np.concatenate([np.atleast_3d(d.ReadAsArray().reshape(-1, 90, 180)).astype("f8") for d in single])
        assert np.array_equal(stack.ReadAsArray(buf_type=gdal.GDT_Float64), expected)
        some = np.frombuffer(stack.ReadRaster(10, 20, 30, 40, band_list=[7, 1, 2], buf_type=gdal.GDT_Float64), "f8")
        assert np.array_equal(some.reshape(3, 40, 30), expected[[6, 0, 1], 20:60, 10:40])

    def test_selections_hold_for_those_before(self, sample):
        both = gdal.Open(f'VCUBE:"{sample}":/temp:time=[1],depth=[0],/temp:time=[2],depth=[1]')
        whole = gdal.Open(f'VCUBE:"{sample}":/temp').ReadAsArray()
        assert np.array_equal(both.ReadAsArray(), whole[[2, 5]])
        both = gdal.Open(f'VCUBE:"{sample}":/sst,/temp:time=2023-04-02')
        assert both.RasterCount == 3
        with pytest.raises(RuntimeError, match="tiem=.*no such dimension.*/kind, /sst"):
            gdal.Open(f'VCUBE:"{sample}":/kind,/sst:tiem=2023-04-02')

    def test_other_grids_are_refused(self, make_cube):
        def grids(group):
            for name, shape in (("a", (4, 6)), ("b", (4, 7))):
                group.create_dataset(name, data=np.zeros(shape, "u1"))

        with pytest.raises(RuntimeError, match="/a and /b are not on one grid: 6 x 4 against 7 x 4"):
            gdal.Open(f'VCUBE:"{make_cube(grids)}":/a,/b')

    def test_statistics_are_those_of_the_variable(self, sample):
        stack = gdal.Open(f'VCUBE:"{sample}":/kind,/sst')
        low, high, mean, deviation = stack.GetRasterBand(2).ComputeStatistics(False)
        data = sample_cube.packed()[0].astype("f8")
        data = data[data != -32768]
        assert (low, high) == (data.min(), data.max())
        assert mean == pytest.approx(data.mean()) and deviation == pytest.approx(data.std())
        stack = None
        single = gdal.Open(f'VCUBE:"{sample}":/sst')
        assert single.GetRasterBand(1).GetStatistics(False, False)[:2] == [low, high]
