#!/usr/bin/python3
"""Collections of SMOS products side by side in one run: VCube and the numpy pipeline that people have.

    GDAL_DRIVER_PATH=build/release/plugins bench/compare_collections.py [--rounds N] [--check] [--small]

1. A composite of the 30 half orbits of a day, LAST and MEAN, on the 8192 x 4032 raster of xcube-smos's level 0. Peers map
   each product (compare_smos.py has both ways: as xcube-smos does it, and numpy at its best) and combine rasters. For
   information a third one does in numpy what VCube does: combines by cell and maps once.
2. Opening 10 000 references as one collection with daily steps. The peer opens each with xarray; it opens 100, and the
   time is counted a hundred times.
3. The time series of a point over 1 000 products, from references (xarray) and from files (h5py); VCube the first time,
   and again when it knows the footprints.
4. VCube alone: the mean of 10 000 products over Europe, for its peak of memory.

Every way runs in processes of its own, in turn; each tells its peak of resident memory, which holds Python, numpy and
what else the way needs. Products are synthetic (data/make_week.py, all variables); the many references are copies of
those of a few products under other names. --check fails where a demanded ratio is not reached or a bound not kept.
"""
import argparse
import datetime
import functools
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
from osgeo import gdal

import compare_smos as smos

sys.path.insert(0, str(smos.PROJECT / "data"))
import make_references  # noqa: E402
import make_week  # noqa: E402

gdal.UseExceptions()
VARIABLE, NODATA = "Soil_Moisture", np.float32(-999)
XARRAY = "xarray, references"
EUROPE = "-12,35,32,62"


class Setup:
    """What the run consists of, and where it lies."""

    def __init__(self, folder, small):
        self.folder = Path(folder)
        self.res = "RES=0.703125" if small else smos.RES
        self.composed, self.opened, self.series, self.sampled = (8, 60, 24, 10) if small else (30, 10000, 1000, 100)
        self.small = small

    def make(self):
        """Products with references beside them; references by themselves in a folder for each use."""
        options = [str(self.folder / "archive"), "--days=2", "--variables=all"]
        options += ["--size=small", "--box=0,40,20,55"] if self.small else []
        made = [p for p in make_week.make(make_week.arguments(options)) if p.state == "good"]
        (self.folder / "products.json").write_text(json.dumps([str(product.path) for product in made]))
        for product in made:
            make_references.write(product.path, smos.references_of(product.path), url=str(product.path))
        (self.folder / "cell").write_text(str(self.often_seen()))
        grid = gdal.OpenEx("VCUBE:DGG", open_options=[self.res])
        np.save(self.folder / "index.npy", grid.GetRasterBand(1).ReadAsArray().astype(np.uint32))
        for path in self.products()[: self.composed]:
            link = self.folder / "day" / path.parent.name / (path.name + ".json")
            link.parent.mkdir(parents=True)
            os.link(smos.references_of(path), link)
        self.make_many("open", self.opened)
        self.make_many("series", self.series)

    def often_seen(self):
        """Of the cells in the latitudes of Europe the one with most values."""
        count = np.zeros(smos.CELLS + 1, np.uint32)
        for path in self.products():
            with h5py.File(path) as file:
                good = (file[VARIABLE][:] != NODATA) & (np.abs(file["Latitude"][:] - 48) < 6)
                count[make_week.dgg.seqnum_of_id(file["Grid_Point_ID"][:][good])] += 1
        return int(np.argmax(count))

    def make_many(self, name, count):
        """References under the names of `count` products, 50 minutes apart."""
        sources = [smos.references_of(path) for path in self.products()]
        for number in range(count):
            start = datetime.datetime(2023, 1, 1) + number * datetime.timedelta(minutes=50)
            stop = start + datetime.timedelta(minutes=53)
            product = f"SM_OPER_MIR_SMUDP2_{start:%Y%m%dT%H%M%S}_{stop:%Y%m%dT%H%M%S}_700_001_1"
            path = self.folder / name / f"{start:%Y/%m/%d}" / product / (product + ".nc.json")
            path.parent.mkdir(parents=True)
            os.link(sources[number % len(sources)], path)

    def products(self):
        """Paths of the products in order of time."""
        return [Path(path) for path in json.loads((self.folder / "products.json").read_text())]


def collection(setup, folder, *options):
    """The variable of a collection of references."""
    return gdal.OpenEx(f'VCUBE:"{setup.folder / folder}":/{VARIABLE}', open_options=[setup.res, *options])


def warm_up(setup, way):
    """What a process does once: PROJ's database, xarray's list of what opens what."""
    if way.startswith("VCube"):
        gdal.OpenEx("VCUBE:DGG", open_options=["RES=1"]).ReadAsArray()
    elif way == XARRAY:
        open_with_xarray(smos.references_of(setup.products()[0])).close()


# --- 1. composites. Each gives the raster: NODATA or NaN where there is nothing.

class Last:
    """The latest value of every pixel."""

    def __init__(self, shape):
        self.out = np.full(shape, NODATA)

    def add(self, values):
        np.copyto(self.out, values, where=values != NODATA)

    def result(self):
        return self.out


class Mean:
    """The mean of every pixel in float64."""

    def __init__(self, shape):
        self.total, self.count = np.zeros(shape), np.zeros(shape, np.uint32)

    def add(self, values):
        good = values != NODATA
        np.add(self.total, values, out=self.total, where=good)
        self.count += good

    def result(self):
        with np.errstate(invalid="ignore"):
            return self.total / self.count


def by_pixel(method, read, index, setup):
    """Maps product after product and combines the rasters."""
    combine = {"LAST": Last, "MEAN": Mean}[method](index.raster.shape)
    for path in setup.products()[: setup.composed]:
        combine.add(read(path, VARIABLE, index))
    return combine.result()


def by_cell(method, index, setup):
    """The same by grid cell, mapped once."""
    combine = {"LAST": Last, "MEAN": Mean}[method](smos.CELLS + 1)
    for path in setup.products()[: setup.composed]:
        with h5py.File(path) as file:
            ids, values = file["Grid_Point_ID"][:], file[VARIABLE][:]
        seqnums, good = smos.seqnums_of(ids)
        table = np.full(smos.CELLS + 1, NODATA)
        table[seqnums[good]] = values[good]
        combine.add(table)
    return np.take(combine.result(), index.raster, mode="clip")


def composed_by_vcube(method, setup):
    return collection(setup, "day", "COMPOSITE=ALL", f"COMPOSITE_METHOD={method}").ReadAsArray()


def composite(setup, way, method):
    """Seconds, and a checksum of the raster. What a peer keeps from product to product (the raster of seqnums, compiled
    functions) is loaded before the clock runs."""
    warm_up(setup, way)
    if way == "VCube":
        work = functools.partial(composed_by_vcube, method, setup)
    elif way == "numpy by cell":
        index = smos.WideIndex(setup.folder)
        work = functools.partial(by_cell, method, index, setup)
    else:
        read, kind = {"as xcube-smos": (smos.as_xcube_smos, smos.Index),
                      "numpy at its best": (smos.at_numpys_best, smos.WideIndex)}[way]
        index = kind(setup.folder)
        read(setup.products()[-1], VARIABLE, index)
        work = functools.partial(by_pixel, method, read, index, setup)
    start = time.perf_counter()
    result = work()
    seconds, peak = time.perf_counter() - start, peak_mb()
    filled = int((result == result).sum() - (result == NODATA).sum())
    shown = np.where(result == result, result, NODATA).astype("f4")
    return {"seconds": seconds, "values": hashlib.sha256(shown).hexdigest(), "filled": filled, "peak": peak}


# --- 2. opening

def opening(setup, way):
    """Seconds, and how many steps there are."""
    warm_up(setup, way)
    if way == "VCube":
        start = time.perf_counter()
        steps = collection(setup, "open", "COMPOSITE=DAY").RasterCount
        return {"seconds": time.perf_counter() - start, "values": steps}
    paths = sorted((setup.folder / "open").rglob("*.nc.json"))
    start = time.perf_counter()
    for path in paths[: setup.sampled]:
        open_with_xarray(path).close()
    seconds = (time.perf_counter() - start) * len(paths) / setup.sampled
    return {"seconds": seconds, "values": len({path.parents[1] for path in paths})}


def open_with_xarray(path):
    """References as a dataset."""
    store = smos.fsspec.get_mapper("reference://", fo=str(path), remote_protocol="file")
    return smos.xarray.open_dataset(store, engine="zarr", consolidated=False, decode_cf=False)


# --- 3. series

def series(setup, way):
    """Seconds, and the values of all products at the point."""
    cell = int((setup.folder / "cell").read_text())
    wanted = int(make_week.dgg.grid_point_id(cell))
    lon, lat = (float(degrees[0]) for degrees in make_week.dgg.centre_of(np.array([cell])))
    count, products = setup.series, setup.products()
    warm_up(setup, way)
    if way.startswith("VCube"):
        gdal.SetConfigOption("VCUBE_INDEX_DIR", str(setup.folder / "index"))
        start = time.perf_counter()
        options = ["RES=0.01", f"EXTENT={lon - 0.005},{lat - 0.005},{lon + 0.005},{lat + 0.005}"]
        raster = gdal.OpenEx(f'VCUBE:"{setup.folder / "series"}":/{VARIABLE}', open_options=options)
        values = raster.ReadAsArray(0, 0, 1, 1).ravel()
    elif way == "h5py":
        start = time.perf_counter()
        values = np.full(count, NODATA)
        for number in range(count):
            with h5py.File(products[number % len(products)]) as file:
                row = np.flatnonzero(file["Grid_Point_ID"][:] == wanted)
                if len(row):
                    values[number] = file[VARIABLE][row[0]]
    else:
        paths = sorted((setup.folder / "series").rglob("*.nc.json"))
        start = time.perf_counter()
        values = np.full(count, NODATA)
        for number, path in enumerate(paths):
            with open_with_xarray(path) as data:
                row = np.flatnonzero(data["Grid_Point_ID"].values == wanted)
                if len(row):
                    values[number] = data[VARIABLE].values[row[0]]
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "values": [round(float(value), 6) for value in values],
            "filled": int((values != NODATA).sum())}


# --- 4. memory

def many(setup, _way):
    """The mean of all references over Europe: seconds, and how many pixels hold something."""
    start = time.perf_counter()
    options = [f"EXTENT={EUROPE}", "RES=0.1", "COMPOSITE=ALL", "COMPOSITE_METHOD=MEAN"]
    image = gdal.OpenEx(f'VCUBE:"{setup.folder / "open"}":/{VARIABLE}', open_options=options).ReadAsArray()
    return {"seconds": time.perf_counter() - start, "values": int(np.isfinite(image).sum())}


TASKS = {
    "LAST": (lambda setup, way: composite(setup, way, "LAST"),
             ["as xcube-smos", "numpy at its best", "numpy by cell", "VCube"]),
    "MEAN": (lambda setup, way: composite(setup, way, "MEAN"),
             ["as xcube-smos", "numpy at its best", "numpy by cell", "VCube"]),
    "open": (opening, [XARRAY, "VCube"]),
    "series": (series, [XARRAY, "h5py", "VCube", "VCube again"]),
    "many": (many, ["VCube"]),
}


def measure(task, way, setup):
    """One way in a new process."""
    if task == "series" and way == "VCube":
        for known in (setup.folder / "index").glob("*"):
            known.unlink()
    command = [sys.executable, "-B", __file__, "--task", task, "--way", way, "--folder", setup.folder]
    done = subprocess.run(command + (["--small"] if setup.small else []), check=False, stdout=subprocess.PIPE, text=True,
                          env=os.environ | {"VCUBE_INDEX_DIR": "NO"})
    if done.returncode != 0:
        sys.exit(f"{task}, {way}: failed")
    return json.loads(done.stdout)


def run(setup, rounds):
    """task -> way -> best seconds and largest peak in MB; says them."""
    out = {}
    for task, (_, ways) in TASKS.items():
        ways = [way for way in ways if way != XARRAY or smos.xarray is not None]
        found = {way: [] for way in ways}
        for _ in range(rounds if task != "many" else 1):
            for way in ways:
                found[way].append(measure(task, way, setup))
        titles = {"LAST": f"composite of {setup.composed} products, LAST",
                  "MEAN": f"composite of {setup.composed} products, MEAN",
                  "open": f"opening {setup.opened} references", "many": f"mean of {setup.opened} products over Europe",
                  "series": f"series of a point, {setup.series} products"}
        print(f"\n{titles[task]:46}{'best':>9} {'median':>9} {'peak':>9}")
        out[task] = {}
        for way, results in found.items():
            seconds, peak = [r["seconds"] for r in results], max(r["peak"] for r in results)
            out[task][way] = (min(seconds), peak)
            print(f"  {way:44}{min(seconds):7.3f} s {np.median(seconds):7.3f} s {peak:6.0f} MB")
        values = {json.dumps(r["values"]) for results in found.values() for r in results}
        if len(values) != 1:
            sys.exit(f"{titles[task]}: the ways give different values: {sorted(values)}"[:2000])
        if any(r.get("filled", 1) == 0 for results in found.values() for r in results):
            sys.exit(f"{titles[task]}: nothing in it")
    return out


def judge(found):
    """Says the ratios; true where all that is demanded is reached."""
    good = True
    print()
    for task, ratio in (("LAST", 25), ("MEAN", 25), ("series", 10)):
        ours = found[task]["VCube"][0]
        for way, (seconds, _) in found[task].items():
            if way.startswith("VCube"):
                continue
            demanded = ratio if way in ("as xcube-smos", XARRAY) else None
            reached = seconds / ours
            good &= demanded is None or reached >= demanded
            print(f"{task}: {reached:6.1f} times as fast as {way}" + (f" (demanded: {demanded})" if demanded else ""))
    opened, peak = found["open"]["VCube"][0], found["many"]["VCube"][1]
    print(f"open: {opened:.3f} s (demanded: 0.5 s)")
    print(f"memory of 10 000 products over a window: {peak:.0f} MB (demanded: 1024 MB)")
    return good and opened <= 0.5 and peak <= 1024


def peak_mb():
    """Of resident memory of this program. getrusage would count that of the process which started it, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--small", action="store_true", help="tiny: for whether all give the same values")
    parser.add_argument("--task", choices=TASKS, help=argparse.SUPPRESS)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if gdal.GetDriverByName("VCUBE") is None:
        sys.exit("GDAL does not know VCUBE: set GDAL_DRIVER_PATH to the folder of gdal_VCUBE.so")
    if args.task:
        result = TASKS[args.task][0](Setup(args.folder, args.small), args.way)
        result.setdefault("peak", peak_mb())
        print(json.dumps(result))
        return
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(folder, args.small)
        setup.make()
        smos.report_peers()
        found = run(setup, 1 if args.small else args.rounds)
    if not args.small and not judge(found) and args.check:
        sys.exit("less than demanded")


if __name__ == "__main__":
    main()
