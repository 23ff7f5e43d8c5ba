#!/usr/bin/python3
"""VCube beside its peers on one cube of NetCDF-4 files, in one run.

Makes 48 files of 1800 x 3600 (sst int16 and sm float32, chunks 1 x 200 x 200, shuffle + zlib level 4, a smooth field
with noise, fixed seed) and one reference file of all chunks; then times opening, the whole of sst, one step and the
series of one point with VCube, xarray + fsspec + zarr, h5py and GDAL's netCDF driver, and checks that all read the same.

    bench/compare_cubes.py [FOLDER] [--files N] [--repeat N] [--small]

FOLDER keeps the files for the next run (default: a temporary folder). --small: a tiny cube, to check values only.
GDAL_DRIVER_PATH names the folder of gdal_VCUBE.so (default: build/release/plugins, then build/dev/plugins).
"""
import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parents[1]
for preset in ("release", "dev"):
    if "GDAL_DRIVER_PATH" not in os.environ and (PROJECT / "build" / preset / "plugins" / "gdal_VCUBE.so").exists():
        os.environ["GDAL_DRIVER_PATH"] = str(PROJECT / "build" / preset / "plugins")

import fsspec  # noqa: E402
import h5py  # noqa: E402
import numpy as np  # noqa: E402
import xarray  # noqa: E402
from osgeo import gdal  # noqa: E402

os.environ.setdefault("VCUBE_CACHE_SIZE", "0")
gdal.UseExceptions()
SEED = 7


def make_file(path, step, rows, columns, chunk, **layout):
    """One step in a NetCDF-4 file; `layout` goes to h5py.File."""
    rng = np.random.default_rng([SEED, step])
    lat, lon = np.linspace(90, -90, rows)[:, None], np.linspace(-180, 180, columns)
    smooth = 288 + 14 * np.cos(np.radians(lat)) * np.sin(np.radians(lon * 2 + step * 7)) + 6 * np.cos(np.radians(lat * 3))
    sst = np.round((smooth + rng.normal(0, 1.2, smooth.shape) - 290) / 0.01).astype("i2")
    sm = (np.round((0.25 + (smooth - 288) / 80 + rng.normal(0, 0.0015, smooth.shape)) * 1000) / 1000).astype("f4")
    dry = np.sin(np.radians(lon * 3)) * np.cos(np.radians(lat * 2)) < -0.2
    sst[dry], sm[dry] = -32767, -999
    with h5py.File(path, "w", libver="earliest", **layout) as file:
        for name, data, fill in (("sst", sst, -32767), ("sm", sm, -999)):
            made = file.create_dataset(name, data=data[None], chunks=(1, chunk, chunk), shuffle=True, compression="gzip",
                                       compression_opts=4, fillvalue=fill)
            made.attrs["_FillValue"] = np.array([fill], data.dtype)
        for name, data, units in (("time", [float(step)], "days since 2020-01-01"), ("lat", lat[:, 0], "degrees_north"),
                                  ("lon", lon, "degrees_east")):
            file[name] = np.asarray(data)
            file[name].attrs["units"] = units
            file[name].make_scale(name)
        for name in ("sst", "sm"):
            for d, scale in enumerate(("time", "lat", "lon")):
                file[name].dims[d].attach_scale(file[scale])


def make_references(target, files):
    """One cube along time of all files, by h5py's own list of chunks."""
    refs = {".zgroup": '{"zarr_format": 2}'}
    for k, path in enumerate(files):
        with h5py.File(path) as file:
            for name in ("sst", "sm"):
                data = file[name]
                for i in range(data.id.get_num_chunks()):
                    chunk = data.id.get_chunk_info(i)
                    place = [k, *(o // c for o, c in zip(chunk.chunk_offset[1:], data.chunks[1:]))]
                    key = f"{name}/" + ".".join(map(str, place))
                    refs[key] = [str(path), chunk.byte_offset, chunk.size]
                if k == 0:
                    meta = {"zarr_format": 2, "shape": [len(files), *data.shape[1:]], "chunks": list(data.chunks),
                            "dtype": data.dtype.str, "compressor": None, "order": "C", "fill_value": data.fillvalue.item(),
                            "filters": [{"id": "shuffle", "elementsize": data.dtype.itemsize}, {"id": "zlib", "level": 4}]}
                    refs[f"{name}/.zarray"] = json.dumps(meta)
                    refs[f"{name}/.zattrs"] = '{"_ARRAY_DIMENSIONS": ["time", "lat", "lon"]}'
    target.write_text(json.dumps({"version": 1, "refs": refs}))


class VCube:
    name = "VCube"

    def __init__(self, references, files):
        self.dataset = gdal.OpenEx(f'VCUBE:"{references}"', gdal.OF_MULTIDIM_RASTER)
        self.array = self.dataset.GetRootGroup().OpenMDArray("sst")

    def whole(self):
        return self.array.ReadAsArray()

    def step(self, k):
        n = [d.GetSize() for d in self.array.GetDimensions()]
        return self.array.ReadAsArray(array_start_idx=[k, 0, 0], count=[1, *n[1:]])[0]

    def series(self, y, x):
        n = self.array.GetDimensions()[0].GetSize()
        return self.array.ReadAsArray(array_start_idx=[0, y, x], count=[n, 1, 1]).ravel()


class Xarray:
    name = "xarray + fsspec + zarr"

    def __init__(self, references, files):
        mapper = fsspec.filesystem("reference", fo=str(references), remote_protocol="file").get_mapper("")
        self.data = xarray.open_dataset(mapper, engine="zarr", consolidated=False, chunks=None, mask_and_scale=False,
                                        decode_times=False)["sst"]

    def whole(self):
        return self.data.variable[...].values

    def step(self, k):
        return self.data.variable[k].values

    def series(self, y, x):
        return self.data.variable[:, y, x].values


class H5py:
    name = "h5py on the files"

    def __init__(self, references, files):
        self.files = [h5py.File(path) for path in files]

    def whole(self):
        out = np.empty((len(self.files), *self.files[0]["sst"].shape[1:]), "i2")
        for k, file in enumerate(self.files):
            file["sst"].read_direct(out[k:k + 1])
        return out

    def step(self, k):
        return self.files[k]["sst"][0]

    def series(self, y, x):
        return np.array([file["sst"][0, y, x] for file in self.files])


class GdalNetcdf:
    name = "GDAL's netCDF driver"

    def __init__(self, references, files):
        self.arrays = [gdal.OpenEx(str(path), gdal.OF_MULTIDIM_RASTER, allowed_drivers=["netCDF"]) for path in files]
        self.arrays = [(d, d.GetRootGroup().OpenMDArray("sst")) for d in self.arrays]

    def whole(self):
        return np.concatenate([array.ReadAsArray() for _, array in self.arrays])

    def step(self, k):
        return self.arrays[k][1].ReadAsArray()[0]

    def series(self, y, x):
        return np.array([a.ReadAsArray(array_start_idx=[0, y, x], count=[1, 1, 1]).item() for _, a in self.arrays])


def measure(reader, references, files, repeat):
    """Best times of opening, whole, step and series, and the whole array.

    Every reading starts from a new opening of a new copy of the references, so that nobody profits from what a process
    remembers of stores and decoded chunks (VCube's chunk cache is off); the files are in the page cache for all.
    """
    k, y, x = len(files) // 2, 11, 17
    best = dict.fromkeys(("open", "whole", "step", "series"), float("inf"))
    results = {}
    for number in range(repeat):
        for what, read in (("whole", lambda r: r.whole()), ("step", lambda r: r.step(k)), ("series", lambda r: r.series(y, x))):
            copy = references.with_name(f"{references.stem}_{reader.__name__}_{number}_{what}.json")
            shutil.copyfile(references, copy)
            results.pop(what, None)
            start = time.perf_counter()
            opened = reader(copy, files)
            best["open"] = min(best["open"], time.perf_counter() - start)
            start = time.perf_counter()
            results[what] = read(opened)
            best[what] = min(best[what], time.perf_counter() - start)
            del opened
            copy.unlink()
    values = results["whole"]
    if not ((results["step"] == values[k]).all() and (results["series"] == values[:, y, x]).all()):
        sys.exit(f"{reader.name}: parts differ from the whole")
    return list(best.values()), values


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=pathlib.Path)
    parser.add_argument("--files", type=int, default=48)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="a tiny cube: checks values, its times mean nothing")
    arguments = parser.parse_args()
    rows, columns, chunk, count = (90, 180, 40, 4) if arguments.small else (1800, 3600, 200, arguments.files)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or pathlib.Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / f"cube_{rows}x{columns}_{k:03d}.nc" for k in range(count)]
        for k, path in enumerate(files):
            if not path.exists():
                make_file(path, k, rows, columns, chunk)
        references = folder / f"cube_{rows}x{columns}_{count}.json"
        make_references(references, files)
        with h5py.File(files[0]) as file:
            stored = file["sst"].id.get_storage_size() * count
        decoded = rows * columns * count * 2
        for path in files:  # into the page cache
            path.read_bytes()
        print(f"sst: {decoded / 1e6:.0f} MB decoded, {stored / 1e6:.0f} MB stored (compression {decoded / stored:.2f}); "
              f"{os.cpu_count()} cores; best of {arguments.repeat}")
        rows_out, expected = [], None
        for reader in (H5py, VCube, Xarray, GdalNetcdf):
            times, values = measure(reader, references, files, 1 if arguments.small else arguments.repeat)
            expected = values if expected is None else expected
            if values.dtype != expected.dtype or not np.array_equal(values, expected):
                sys.exit(f"{reader.name} reads other values than h5py")
            rows_out.append((reader.name, times))
            del values
        base = dict(rows_out)["VCube"]
        print(f"{'':24}" + "".join(f"{c:>22}" for c in ("open", "whole sst", "one step", "point series")))
        for name, times in rows_out:
            cells = [f"{t * 1e3:10.1f} ms {t / b:7.2f} x" for t, b in zip(times, base)]
            print(f"{name:24}" + "".join(f"{c:>22}" for c in cells))
        print("x: times that of VCube; all values equal")


if __name__ == "__main__":
    main()
