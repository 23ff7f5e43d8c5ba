#!/usr/bin/python3
"""One SMOS product to the 8192 x 4032 grid: this driver beside what xcube-smos does, and numpy at its best.

    GDAL_DRIVER_PATH=build/release/plugins bench/compare_smos.py [PRODUCT.nc] [--rounds 7] [--check]

Everything runs in one process that is warm: plugin loaded, threads started, PROJ's database open, index raster of the
peers loaded, numba's functions compiled, references of every product written. Each round opens a copy of the product
that was not opened before and maps one variable into a fresh array; the kernel's page faults are in everybody's time.
xcube-smos opens products through xarray, fsspec and zarr from references and loops with numba; where those are not
installed, h5py and numpy stand in, and the output says so. Without a product (argument, or ../shared/data) a synthetic
half orbit is made. --check fails where the demanded ratios (12 and 4) are not reached.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

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

PROJECT = pathlib.Path(__file__).resolve().parents[1]
WIDTH, HEIGHT, RES = 8192, 4032, "RES=0.0439453125"
NODATA = np.float32(-999)
CELLS = 2621442
MISSING = np.uint32(0xFFFFFFFF)
gdal.UseExceptions()


def find_product(folder):
    """A real product where the shared data are, or a synthetic one."""
    shared = pathlib.Path(os.environ.get("VCUBE_SHARED_DATA", PROJECT.parent / "shared" / "data"))
    real = sorted((shared / "smos").glob("SM_*.nc"))
    if real:
        return real[-1]
    print("no shared data: a synthetic half orbit instead")
    made = subprocess.run([sys.executable, "-B", PROJECT / "data/make_product.py", folder], check=True,
                          capture_output=True, text=True)
    return pathlib.Path(made.stdout.strip())


class Index:
    """What the peers keep from product to product: the raster of seqnums, also with the integers that np.take needs no
    conversion of, and memory for the row of every pixel."""

    def __init__(self, raster):
        self.raster, self.wide = raster, raster.astype(np.intp)
        self.rows = np.zeros(raster.shape, np.intp)


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
def look_up_rows(table, index, rows):
    """Row of every pixel."""
    for pixel in range(len(index)):
        rows[pixel] = table[index[pixel]]


def as_xcube_smos(path, name, index):
    """Row table, row of every pixel, mask, value where there is one: the steps of xcube-smos, with its types."""
    ids, values = read_as_xcube(path, name)
    seqnums, good = seqnums_of(ids)
    table = np.full(CELLS + 1, MISSING, np.uint32)
    pixels = index.raster.ravel()
    if numba is None:
        table[seqnums[good]] = np.nonzero(good)[0]
        rows = np.take(table, pixels, mode="clip")
    else:
        number_rows(seqnums, good, table)
        rows = np.empty(pixels.shape, np.uint32)
        look_up_rows(table, pixels, rows)
    rows = rows.reshape(index.raster.shape)
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
    np.take(table, index.wide, out=index.rows, mode="clip")
    mapped = np.empty(index.wide.shape, values.dtype)
    np.take(padded, index.rows, out=mapped, mode="clip")
    return mapped


def by_cell_with_numpy(path, name, index):
    """Further than xcube-smos's plan goes: values by cell, then a single look-up a pixel. For information."""
    with h5py.File(path) as file:
        ids, values = file["Grid_Point_ID"][:], file[name][:]
    seqnums, good = seqnums_of(ids)
    by_cell = np.full(CELLS + 1, NODATA, values.dtype)
    by_cell[seqnums[good]] = values[good]
    mapped = np.empty(index.wide.shape, values.dtype)
    np.take(by_cell, index.wide, out=mapped, mode="clip")
    return mapped


def with_vcube(path, name, _index):
    raster = gdal.OpenEx(f'VCUBE:"{path}":/{name}', open_options=[RES])
    return raster.GetRasterBand(1).ReadAsArray()


def measure(function, paths, name, index):
    """Milliseconds of each call, and its result. Results are freed before the next call."""
    times, result = [], None
    for path in paths:
        result = None
        start = time.perf_counter()
        result = function(path, name, index)
        times.append((time.perf_counter() - start) * 1e3)
    return times, result


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
    parser.add_argument("product", nargs="?", type=pathlib.Path)
    parser.add_argument("--variable", default="Surface_Temperature")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if gdal.GetDriverByName("VCUBE") is None:
        sys.exit("GDAL does not know VCUBE: set GDAL_DRIVER_PATH to the folder of gdal_VCUBE.so")
    with tempfile.TemporaryDirectory() as folder:
        product = args.product or find_product(folder)
        copies = []
        for number in range(args.rounds + 1):
            copies.append(pathlib.Path(folder) / str(number) / product.name)
            copies[-1].parent.mkdir()
            shutil.copyfile(product, copies[-1])
            make_references(copies[-1])
        grid = gdal.OpenEx("VCUBE:DGG", open_options=[RES])
        start = time.perf_counter()
        raster = grid.GetRasterBand(1).ReadAsArray()
        print(f"{product.name}, {args.variable}, {WIDTH} x {HEIGHT}, best and median of {args.rounds} rounds")
        report_peers()
        print(f"index raster from VCUBE:DGG {(time.perf_counter() - start) * 1e3:8.1f} ms, once; not counted below")
        index = Index(raster)
        ways = {"as xcube-smos does it": as_xcube_smos, "numpy at its best": at_numpys_best,
                "numpy, one take by cell": by_cell_with_numpy, "VCube": with_vcube}
        best, results = {}, {}
        for title, way in ways.items():
            way(copies[-1], args.variable, index)  # warms the process with a product that is not measured
            times, results[title] = measure(way, copies[:-1], args.variable, index)
            best[title] = min(times)
            print(f"{title:24}{best[title]:9.1f} ms {np.median(times):9.1f} ms")
        for title, result in results.items():
            if not np.array_equal(result, results["VCube"]):
                sys.exit(f"{title}: other values than VCube")
        window = measure_window(copies[0], args.variable)
        print(f"512 x 512 window, open   {min(window):8.2f} ms {np.median(window):9.2f} ms")
    ratios = [best[title] / best["VCube"] for title in list(ways)[:3]]
    print(f"VCube is {ratios[0]:.1f} times as fast as xcube-smos's way (demanded: 12), {ratios[1]:.1f} times numpy"
          f"'s best with a row index (4), {ratios[2]:.1f} times a single take without one")
    if args.check and (ratios[0] < 12 or ratios[1] < 4 or min(window) > 3):
        sys.exit("slower than demanded")


if __name__ == "__main__":
    main()
