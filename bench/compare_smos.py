#!/usr/bin/python3
"""One SMOS product to the 8192 x 4032 grid: this driver beside numpy doing what xcube-smos does, and numpy at its best.

    GDAL_DRIVER_PATH=build/release/plugins bench/compare_smos.py [PRODUCT.nc] [--rounds 7] [--check]

Everything runs in one process that is warm: plugin loaded, threads started, PROJ's database open, index raster of the
numpy peers loaded. Each round opens a copy of the product that was not opened before and maps one variable into a fresh
array. Without a product (argument, or ../shared/data) a synthetic half orbit is made. --check fails where the demanded
ratios (12 and 4) are not reached.
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

PROJECT = pathlib.Path(__file__).resolve().parents[1]
WIDTH, HEIGHT, RES = 8192, 4032, "RES=0.0439453125"
NODATA = np.float32(-999)
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


def read_with_h5py(path, name):
    """The id table (seqnum -> row) and a column."""
    with h5py.File(path) as file:
        ids, values = file["Grid_Point_ID"][:].astype(np.int64), file[name][:]
    seqnum = np.where(ids < 10**6, ids, ids - 737856 * ((ids - 1) // 10**6) + 1)
    rest = ids % 10**6
    good = ((rest >= 1) & (rest <= 262144)) | (ids <= 262145) | (ids == 9262145)
    table = np.full(2621443, -1, np.int32)
    table[seqnum[good]] = np.nonzero(good)[0]
    return table, values


def as_xcube_smos(path, name, index):
    """Row index of every pixel, then the value where there is one: the steps of xcube-smos."""
    table, values = read_with_h5py(path, name)
    rows = table[index]
    return np.where(rows >= 0, values[rows], NODATA)


def at_numpys_best(path, name, index):
    """Values by cell, padded with nodata, and one look-up a pixel."""
    table, values = read_with_h5py(path, name)
    by_cell = np.where(table >= 0, values[table], NODATA)
    return np.take(by_cell, index, mode="clip")


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
        grid = gdal.OpenEx("VCUBE:DGG", open_options=[RES])
        start = time.perf_counter()
        index = grid.GetRasterBand(1).ReadAsArray()
        print(f"{product.name}, {args.variable}, {WIDTH} x {HEIGHT}, best and median of {args.rounds} rounds")
        print(f"index raster from VCUBE:DGG {(time.perf_counter() - start) * 1e3:8.1f} ms, once; not counted below")
        with_vcube(copies[-1], args.variable, index)  # warms the process with a product that is not measured
        peers = {"as xcube-smos does it": as_xcube_smos, "numpy at its best": at_numpys_best, "VCube": with_vcube}
        best, results = {}, {}
        for title, function in peers.items():
            times, results[title] = measure(function, copies[:-1], args.variable, index)
            best[title] = min(times)
            print(f"{title:24}{best[title]:9.1f} ms {np.median(times):9.1f} ms")
        for title in list(peers)[:2]:
            if not np.array_equal(results[title], results["VCube"]):
                sys.exit(f"{title}: other values than VCube")
        window = measure_window(copies[0], args.variable)
        print(f"512 x 512 window, open   {min(window):8.2f} ms {np.median(window):9.2f} ms")
    ratios = [best[title] / best["VCube"] for title in list(peers)[:2]]
    print(f"VCube is {ratios[0]:.1f} times as fast as xcube-smos's way (demanded: 12), "
          f"{ratios[1]:.1f} times numpy's best (4)")
    if args.check and (ratios[0] < 12 or ratios[1] < 4 or min(window) > 3):
        sys.exit("slower than demanded")


if __name__ == "__main__":
    main()
