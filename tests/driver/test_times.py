"""Bands told apart by times, forecast steps and names, against cftime, numpy and xarray."""
import cftime
import numcodecs
import numpy as np
import pandas
import pytest
import xarray
from osgeo import gdal
from test_georef import add, open_array


def bands(dataset, item):
    return [dataset.GetRasterBand(i + 1).GetMetadataItem(item) for i in range(dataset.RasterCount)]


def stack(make_cube, leading, scalars=()):
    """data over leading axes (name, values, attributes) and 2 x 3 pixels."""

    def fill(group):
        for name, values, attributes in leading:
            add(group, name, values, [name], **attributes)
        for name, value, attributes in scalars:
            add(group, name, value, [], **attributes)
        shape = [len(values) for _, values, _ in leading] + [2, 3]
        add(group, "data", np.zeros(shape, "f4"), [name for name, _, _ in leading] + ["y", "x"])

    return open_array(make_cube(fill))


@pytest.mark.parametrize("calendar", ["standard", "gregorian", "proleptic_gregorian", "julian", "noleap", "365_day", "all_leap", "366_day", "360_day"])
def test_calendars(make_cube, calendar):
    values = np.array([-1.0, 0.0, 58.0, 59.0, 60.25, 365.0, 366.0, 36500.5, 200000.0])
    units = "days since 1582-10-01" if calendar in ("standard", "gregorian") else "days since 1999-12-30 06:00"
    dataset = stack(make_cube, [("time", values, {"units": units, "calendar": calendar})])
    expected = [t.isoformat() + "Z" for t in cftime.num2date(values, units, calendar)]
    assert bands(dataset, "TIME") == expected
    assert [dataset.GetRasterBand(i + 1).GetDescription() for i in range(len(values))] == ["time=" + text for text in expected]


@pytest.mark.parametrize("unit", ["ns", "us", "ms", "s", "m", "h", "D", "W", "M", "Y"])
def test_datetime64(make_cube, unit):
    values = np.array([0, 1, -1, 50], f"M8[{unit}]")
    dataset = stack(make_cube, [("time", values, {})])
    expected = [str(v) for v in values.astype("M8[ns]")] if unit not in "MY" else [str(v) for v in values.astype("M8[s]")]
    shown = bands(dataset, "TIME")
    assert all(text.endswith("Z") for text in shown)
    assert [np.datetime64(text[:-1], "ns") for text in shown] == [np.datetime64(text, "ns") for text in expected]


STEPS = {
    "float hours": (np.array([0.0, 6.0, 36.0, 1.5]), {"units": "hours", "standard_name": "forecast_period"}),
    "integer hours": (np.array([0, 6, 36, 96], "i4"), {"units": "hours"}),
    "xarray's timedelta": (np.array([0, 6, 36, 96], "i8") * 3600, {"units": "seconds", "dtype": "timedelta64[ns]"}),
    "timedelta64": (np.array([0, 6, 36, 96], "m8[h]"), {}),
    "timedelta64[ns]": (np.array([0, 6, 36, 96], "m8[h]").astype("m8[ns]"), {}),
}


def nanoseconds(values, attributes):
    if values.dtype.kind == "m":
        return values.astype("m8[ns]")
    return np.array([pandas.Timedelta(float(v), unit=attributes["units"]).to_timedelta64() for v in values], "m8[ns]")


@pytest.mark.parametrize("reference", ["dimension", "scalar"])
@pytest.mark.parametrize("steps", STEPS)
def test_forecasts(make_cube, steps, reference):
    """TIME is the valid time; the reference time and the step stand beside it."""
    values, attributes = STEPS[steps]
    attributes = dict(attributes)
    times = np.array([0, 12], "i8")
    about = {"units": "hours since 2023-02-28 18:00", "standard_name": "forecast_reference_time", "calendar": "standard"}
    step = ("step", values, attributes)
    if reference == "dimension":
        dataset = stack(make_cube, [("time", times, about), step])
    else:
        dataset = stack(make_cube, [step], [("time", np.int64(12), about)])
        times = times[1:]
    starts = np.datetime64("2023-02-28T18:00:00", "ns") + times * np.timedelta64(1, "h")
    expected = (starts[:, None] + nanoseconds(values, attributes)[None, :]).ravel()
    assert [np.datetime64(text[:-1], "ns") for text in bands(dataset, "TIME")] == list(expected)
    durations = bands(dataset, "DIM_step")
    assert [pandas.Timedelta(text).to_timedelta64() for text in durations] == list(np.tile(nanoseconds(values, attributes), times.size))
    assert durations[:3] == ["PT0H", "PT6H", "PT36H"]
    if reference == "dimension":
        assert bands(dataset, "DIM_time")[0] == "2023-02-28T18:00:00Z"


def test_time_that_is_valid_time_stays(make_cube):
    """standard_name time says when values hold: nothing is added to it."""
    dataset = stack(make_cube, [("time", np.array([0, 6]), {"units": "hours since 2023-01-01", "standard_name": "time"}),
                                ("step", np.array([6.0]), {"units": "hours"})])
    assert bands(dataset, "TIME") == ["2023-01-01T00:00:00Z", "2023-01-01T06:00:00Z"]


@pytest.mark.parametrize("kind", ["S5", "U5", "object"])
def test_names(make_cube, kind):
    names = ["land", "sea", "\u00e9t\u00e9" if kind != "S5" else "ice"]

    def fill(group):
        values = np.array(names, object if kind == "object" else kind)
        how = {"object_codec": numcodecs.VLenUTF8()} if kind == "object" else {}
        array = group.create_dataset("region", data=values, chunks=(3,), **how)
        array.attrs["_ARRAY_DIMENSIONS"] = ["region"]
        add(group, "data", np.zeros((3, 2, 3), "f4"), ["region", "y", "x"])

    dataset = open_array(make_cube(fill))
    assert bands(dataset, "DIM_region") == names
    assert [dataset.GetRasterBand(i + 1).GetDescription() for i in range(3)] == ["region=" + name for name in names]


def test_as_xarray_writes_them(tmp_path):
    """A cube that xarray encodes: its decoded coordinates are what bands say."""
    import json
    cube = xarray.Dataset(
        {"data": (("time", "step", "y", "x"), np.zeros((2, 3, 2, 3), "f4"))},
        coords={"time": pandas.to_datetime(["2023-04-01", "2023-04-01T12:00"]), "step": pandas.to_timedelta([0, 6, 12], unit="h")})
    cube.time.attrs["standard_name"] = "forecast_reference_time"
    cube.to_zarr(tmp_path / "a.zarr", consolidated=False)
    refs = {p.relative_to(tmp_path / "a.zarr").as_posix(): p.read_text() if p.name.startswith(".z") else [str(p)]
            for p in (tmp_path / "a.zarr").rglob("*") if p.is_file()}
    (tmp_path / "refs.json").write_text(json.dumps({"version": 1, "refs": refs}))
    decoded = xarray.open_zarr(tmp_path / "a.zarr", consolidated=False)
    expected = (decoded.time + decoded.step).values.ravel()
    dataset = gdal.OpenEx(f'VCUBE:"{tmp_path / "refs.json"}":/data', gdal.OF_RASTER)
    assert [np.datetime64(text[:-1], "ns") for text in bands(dataset, "TIME")] == list(expected)
