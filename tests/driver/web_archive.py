"""A small archive as web servers have them: a cube in time of one file a step, and references with relative names."""
import contextlib
import json
import os

import numcodecs
import numpy as np
import zarr
from osgeo import gdal

STEPS, ROWS, COLUMNS, TILE = 8, 120, 160, 40
CHUNKS = STEPS * (ROWS // TILE) * (COLUMNS // TILE)
GAP = 300  # bytes between two chunks of a file


def values(seed=1):
    """Noise on a slope, so that every chunk differs and no two have the same size."""
    noise = np.random.default_rng(seed).integers(-100, 100, (STEPS, ROWS, COLUMNS))
    return (np.arange(STEPS * ROWS * COLUMNS).reshape(noise.shape) % 29000 + noise).astype("<i2")


def write(folder, data=None, name="refs.json", url="", packed=True):
    """Writes day_0.bin ... and the references; names in these are relative, or begin with `url`. Their path.

    Chunks that are not packed have the same places in all archives.
    """
    data = values() if data is None else data
    store = {}
    array = zarr.open_group(store, mode="w").create_dataset("v", data=data, chunks=(1, TILE, TILE), fill_value=-9,
                                                             compressor=numcodecs.Zlib(1) if packed else None)
    array.attrs["_ARRAY_DIMENSIONS"] = ["time", "y", "x"]
    refs = {key: bytes(text).decode() for key, text in store.items() if key.rsplit("/", 1)[-1].startswith(".z")}
    for step in range(STEPS):
        path, offset = folder / f"day_{step}.bin", GAP
        with open(path, "wb") as file:
            for key in sorted(key for key in store if key.startswith(f"v/{step}.")):
                file.seek(offset)
                file.write(store[key])
                refs[key] = [url + path.name, offset, len(store[key])]
                offset += len(store[key]) + GAP
    target = folder / name
    target.write_text(json.dumps({"version": 1, "refs": refs}))
    return target


def touch(path, seconds=5):
    """Another ETag and time, the same bytes."""
    status = os.stat(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + seconds * 10**9))


def opened(place, *options):
    """The cube of the references at `place`."""
    return gdal.OpenEx(f'VCUBE:"{place}":/v', gdal.OF_RASTER, open_options=list(options))


def data_requests(server):
    """Of the server's log, those for the cube's files."""
    return [request for request in server.log() if "day_" in request["path"]]


@contextlib.contextmanager
def configured(**options):
    """GDAL's configuration options, for a while."""
    before = {name: gdal.GetConfigOption(name) for name in options}
    for name, value in options.items():
        gdal.SetConfigOption(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            gdal.SetConfigOption(name, value)
