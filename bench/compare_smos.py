#!/usr/bin/python3
"""One SMOS product to the 8192 x 4032 grid: this driver beside what xcube-smos does, and numpy at its best.

    GDAL_DRIVER_PATH=build/release/plugins bench/compare_smos.py [PRODUCT.nc] [--rounds 7] [--check]

Each way runs in a process of its own, which is warm: plugin loaded, threads started, PROJ's database open; index raster
loaded, numba's functions compiled; references of every product written. Each round opens a copy of the product that was
not opened before and maps one variable into a fresh array; the kernel's page faults are in everybody's time. They cost
more or less with the memory that a process happens to get, so that each way has several processes, in turn.
xcube-smos opens products through xarray, fsspec and zarr from references and loops with numba; where those are not
installed, h5py and numpy stand in, and the output says so. VCube opens the same references, and in a second line the
product's file. Without a product (argument, or ../shared/data) a synthetic half orbit is made. --check fails where the
demanded ratios (12 and 4) are not reached from references.
"""
import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
from osgeo import gdal

try:
    import numba
except ImportError:
    numba = None
try:
    import fsspec
    import xarray
    import zarr  # noqa: F401  (what xarray opens references with)
except ImportError:
    xarray = None

try:
    import dask  # xcube-smos wraps every variable for it
except ImportError:
    dask = None

PROJECT = Path(__file__).resolve().parents[1]
WIDTH, HEIGHT, RES = 8192, 4032, "RES=0.0439453125"
NODATA = np.float32(-999)
CELLS = 2621442
MISSING = np.uint32(0xFFFFFFFF)
gdal.UseExceptions()


def find_product(folder):
    """A real product where the shared data are, or a synthetic one."""
    shared = Path(os.environ.get("VCUBE_SHARED_DATA", PROJECT.parent / "shared" / "data"))
    real = sorted((shared / "smos").glob("SM_*.nc"))
    if real:
        return real[-1]
    print("no shared data: a synthetic half orbit instead")
    made = subprocess.run([sys.executable, "-B", PROJECT / "data/make_product.py", folder], check=True,
                          capture_output=True, text=True)
    return Path(made.stdout.strip())


class Index:
    """What a peer keeps from product to product: the raster of seqnums."""

    def __init__(self, folder):
        self.raster = np.load(folder / "index.npy")


class WideIndex(Index):
    """The same with integers that np.take needs no conversion of, and memory for the row of every pixel."""

    def __init__(self, folder):
        super().__init__(folder)
        self.raster = self.raster.astype(np.intp)
        self.rows = np.zeros(self.raster.shape, np.intp)


def references_of(path):
    """Where the references of a product stand."""
    return path.with_suffix(".json")


def make_references(path):
    """References of the product, with absolute names."""
    subprocess.run([sys.executable, "-B", PROJECT / "data/make_references.py", path, references_of(path), "--url",
                    str(path)], check=True, capture_output=True)


def read_as_xcube(path, name):
    """Grid_Point_ID and a column, opened the way xcube-smos opens products."""
    if xarray is None:
        with h5py.File(path) as file:
            return file["Grid_Point_ID"][:], file[name][:]
    store = fsspec.get_mapper("reference://", fo=str(references_of(path)), remote_protocol="file")
    with xarray.open_dataset(store, engine="zarr", consolidated=False, decode_cf=False) as data:
        data = data.chunk() if dask is not None else data
        return data["Grid_Point_ID"].values, data[name].values


def seqnums_of(ids):
    """seqnum of each Grid_Point_ID, and which rows hold one."""
    ids = ids.astype(np.int64)
    seqnum = np.where(ids < 10**6, ids, ids - 737856 * ((ids - 1) // 10**6) + 1)
    rest = ids % 10**6
    return seqnum, ((rest >= 1) & (rest <= 262144)) | (ids <= 262145) | (ids == 9262145)


def compiled(function):
    """The function by numba, or nothing where that is not installed."""
    return None if numba is None else numba.njit(function)


@compiled
def number_rows(seqnums, good, table):
    """table[seqnum] = row."""
    for row in range(len(seqnums)):
        if good[row]:
            table[seqnums[row]] = row


@compiled
def look_up_rows(table, raster):
    """Row of every pixel: a flat copy of the raster, a zeroed array, one pixel after another."""
    pixels = raster.flatten()
    rows = np.zeros(pixels.size, np.uint32)
    for pixel in range(rows.size):
        rows[pixel] = table[pixels[pixel]]
    return rows.reshape(raster.shape)


def as_xcube_smos(path, name, index):
    """Row table, row of every pixel, mask, value where there is one: the steps of xcube-smos, with its types."""
    ids, values = read_as_xcube(path, name)
    seqnums, good = seqnums_of(ids)
    table = np.full(CELLS + 1, MISSING, np.uint32)
    if numba is None:
        table[seqnums[good]] = np.nonzero(good)[0]
        rows = np.take(table, index.raster, mode="clip")
    else:
        number_rows(seqnums, good, table)
        rows = look_up_rows(table, index.raster)
    mask = rows != MISSING
    mapped = values[np.where(mask, rows, 0)]
    return np.where(mask, mapped, NODATA)


def at_numpys_best(path, name, index):
    """Two look-ups a pixel without masks: row by cell, value by row, the last row being nodata."""
    with h5py.File(path) as file:
        ids, values = file["Grid_Point_ID"][:], file[name][:]
    seqnums, good = seqnums_of(ids)
    table = np.full(CELLS + 1, len(values), np.intp)
    table[seqnums[good]] = np.nonzero(good)[0]
    padded = np.append(values, NODATA)
    np.take(table, index.raster, out=index.rows, mode="clip")
    mapped = np.empty(index.raster.shape, values.dtype)
    np.take(padded, index.rows, out=mapped, mode="clip")
    return mapped


def by_cell_with_numpy(path, name, index):
    """Further than xcube-smos's plan goes: values by cell, then a single look-up a pixel. For information."""
    with h5py.File(path) as file:
        ids, values = file["Grid_Point_ID"][:], file[name][:]
    seqnums, good = seqnums_of(ids)
    by_cell = np.full(CELLS + 1, NODATA, values.dtype)
    by_cell[seqnums[good]] = values[good]
    mapped = np.empty(index.raster.shape, values.dtype)
    np.take(by_cell, index.raster, out=mapped, mode="clip")
    return mapped


def from_references(path, name, index):
    return with_vcube(references_of(path), name, index)


def with_vcube(path, name, _index):
    raster = gdal.OpenEx(f'VCUBE:"{path}":/{name}', open_options=[RES])
    return raster.GetRasterBand(1).ReadAsArray()


WAYS = {"as xcube-smos does it": (as_xcube_smos, Index), "numpy at its best": (at_numpys_best, WideIndex),
        "numpy, one take by cell": (by_cell_with_numpy, WideIndex), "VCube, references": (from_references, Path),
        "VCube, product file": (with_vcube, Path)}


def run_way(title, name, paths, folder):
    """One way in this process: prints milliseconds of each call and the result's checksum. Results are freed before the
    next call; the last path only warms up."""
    way, kept = WAYS[title]
    index = kept(folder)
    times, result = [], way(paths[-1], name, index)
    for path in paths[:-1]:
        result = None
        start = time.perf_counter()
        result = way(path, name, index)
        times.append((time.perf_counter() - start) * 1e3)
    print(json.dumps({"times": times, "values": hashlib.sha256(result).hexdigest()}))


def measure(title, name, paths, folder):
    """run_way in a new process."""
    done = subprocess.run([sys.executable, "-B", __file__, "--way", title, "--variable", name, "--folder", folder, *paths],
                          check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def measure_window(path, name):
    """A 512 x 512 window of an open product, ms."""
    raster = gdal.OpenEx(f'VCUBE:"{path}":/{name}', open_options=[RES])
    band = raster.GetRasterBand(1)
    rows = np.nonzero((band.ReadAsArray() != NODATA).any(axis=1))[0]
    top = int(min(rows[len(rows) // 2], HEIGHT - 512))
    columns = np.nonzero((band.ReadAsArray(0, top, WIDTH, 512) != NODATA).any(axis=0))[0]
    left = int(min(columns[len(columns) // 2], WIDTH - 512))
    times = []
    for _ in range(20):
        start = time.perf_counter()
        band.ReadAsArray(left, top, 512, 512)
        times.append((time.perf_counter() - start) * 1e3)
    return times


def report_peers():
    """Says what the peer is made of."""
    opened = "h5py (xarray, fsspec or zarr is not installed)"
    if xarray is not None:
        opened = f"fsspec {fsspec.__version__} + zarr {zarr.__version__} through xarray, from references"
    loops = "numpy (numba is not installed)" if numba is None else f"numba {numba.__version__}"
    print(f"xcube-smos's way opens with {opened}; loops by {loops}; numpy {np.__version__}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("product", nargs="*", type=Path)
    parser.add_argument("--variable", default="Surface_Temperature")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if gdal.GetDriverByName("VCUBE") is None:
        sys.exit("GDAL does not know VCUBE: set GDAL_DRIVER_PATH to the folder of gdal_VCUBE.so")
    if args.way:
        run_way(args.way, args.variable, args.product, args.folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        product = args.product[0] if args.product else find_product(folder)
        copies = []
        for number in range(args.rounds + 1):
            copies.append(folder / str(number) / product.name)
            copies[-1].parent.mkdir()
            shutil.copyfile(product, copies[-1])
            make_references(copies[-1])
        grid = gdal.OpenEx("VCUBE:DGG", open_options=[RES])
        np.save(folder / "index.npy", grid.GetRasterBand(1).ReadAsArray().astype(np.uint32))
        print(f"{product.name}, {args.variable}, {WIDTH} x {HEIGHT}, best and median of {args.processes} x {args.rounds} "
              f"rounds")
        report_peers()
        times, values = {title: [] for title in WAYS}, set()
        for title in list(WAYS) * args.processes:
            done = measure(title, args.variable, copies, folder)
            times[title] += done["times"]
            values.add(done["values"])
        best = {title: min(times[title]) for title in WAYS}
        for title in WAYS:
            print(f"{title:24}{best[title]:9.1f} ms {np.median(times[title]):9.1f} ms")
        if len(values) != 1:
            sys.exit("the ways give different values")
        window = measure_window(copies[0], args.variable)
        print(f"512 x 512 window, open   {min(window):8.2f} ms {np.median(window):9.2f} ms")
    for ours in ("VCube, references", "VCube, product file"):
        ratios = [best[title] / best[ours] for title in list(WAYS)[:3]]
        print(f"{ours}: {ratios[0]:.1f} times as fast as xcube-smos's way, {ratios[1]:.1f} times numpy's best with a row "
              f"index, {ratios[2]:.1f} times a single take without one")
    slow = best["as xcube-smos does it"] < 12 * best["VCube, references"]
    slow = slow or best["numpy at its best"] < 4 * best["VCube, references"]
    if args.check and (slow or min(window) > 3):
        sys.exit("slower than demanded")


if __name__ == "__main__":
    main()
