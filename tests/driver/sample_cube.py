"""A small cube as archives publish them: time, ascending latitudes, longitudes from 0 to 360, packed and plain variables."""
import numpy as np
import numcodecs

TIMES, ROWS, COLUMNS = 3, 90, 180
LATITUDES = np.arange(-89, 91, 2.0)
LONGITUDES = np.arange(1, 361, 2.0)
DATES = ["2023-04-01T00:00:00Z", "2023-04-02T00:00:00Z", "2023-04-03T12:00:00Z"]


def packed():
    """sst as stored: int16 that tells its own place, with a hole of fill values."""
    t, y, x = np.meshgrid(np.arange(TIMES), np.arange(ROWS), np.arange(COLUMNS), indexing="ij")
    data = (t * 10000 + y * 100 + x - 15000).astype("<i2")
    data[:, 40:45, 100:110] = -32768
    return data


def shown(stored):
    """The same as a map: north first, longitudes from -180 to 180."""
    return np.roll(stored[..., ::-1, :], COLUMNS // 2, axis=-1)


def fill(group):
    """Writes the cube into a Zarr group."""

    def add(name, data, dims, chunks=None, fill_value=None, **attributes):
        array = group.create_dataset(name, data=data, chunks=chunks or data.shape, compressor=numcodecs.Zlib(4),
                                     fill_value=fill_value)
        array.attrs.update({"_ARRAY_DIMENSIONS": dims, **attributes})

    group.attrs.update({"title": "sample cube", "Conventions": "CF-1.8"})
    add("time", np.array([0, 24, 60], "<i4"), ["time"], units="hours since 2023-04-01 00:00:00", standard_name="time",
        calendar="standard", axis="T")
    add("lat", LATITUDES.astype("<f4"), ["lat"], units="degrees_north", standard_name="latitude", axis="Y")
    add("lon", LONGITUDES.astype("<f8"), ["lon"], units="degrees_east", standard_name="longitude", axis="X")
    add("depth", np.array([0.5, 10.0], "<f8"), ["depth"], units="m", positive="down", axis="Z")
    add("sst", packed(), ["time", "lat", "lon"], (1, 32, 50), -32768, units="K", long_name="sea surface temperature",
        standard_name="sea_surface_temperature", scale_factor=0.01, add_offset=273.15, _FillValue=-32768,
        valid_range=[-30000, 30000])
    temp = np.arange(TIMES * 2 * ROWS * COLUMNS, dtype="<f4").reshape(TIMES, 2, ROWS, COLUMNS)
    add("temp", temp, ["time", "depth", "lat", "lon"], (2, 1, 45, 60), float("nan"), units="degC")
    kinds = np.tile(np.array([0, 1, 2], "u1"), ROWS * COLUMNS // 3).reshape(ROWS, COLUMNS)
    add("kind", kinds, ["lat", "lon"], (30, 60), long_name="surface kind", flag_values=[0, 1, 2],
        flag_meanings="sea land ice")
