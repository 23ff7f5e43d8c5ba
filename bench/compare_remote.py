#!/usr/bin/python3
"""One cube of NetCDF-4 files on a web server, read by VCube and its peers, in one run.

    GDAL_DRIVER_PATH=build/release/plugins bench/compare_remote.py [--rounds N] [--check] [--small]

Makes 50 files of 1000 x 1600 with 40 chunks of sst each (as compare_cubes.py makes them; chunks begin at multiples of
4096 bytes, as files for parallel file systems have them, so that no two touch) and references to them, serves both with
the test server at 50 ms and at 0 ms before each reply, and reads the whole of sst, 2 000 chunks:

- VCube as it is, and with COALESCE_GAP=0 and MAX_CONCURRENCY=256: each chunk is a request, as if near ones were not
  joined. Beside it the same references with local paths.
- GDAL /vsicurl: the same GDAL reads the stored bytes of one chunk after another by VSIFReadL, in the order of the file.
  Decoding is left out in its favour. After two minutes it is stopped, and the total extrapolated, which is said.
- xarray + fsspec + zarr on the same references, all at once (chunks=None): fsspec joins the requests, too. Then no
  reader can be much faster than a round trip and the local read, which is the bound that is printed.
- The same with chunks={}, as its documentation opens such sets: dask asks for one chunk after another.

A second set of the same files has its chunks at multiples of 128 KB, as where those of other variables lie between
them: there fsspec makes a request for each chunk. With MAX_CONCURRENCY=500 a few hundred of VCube's are under way.

The first set again where each connection carries 2 MB/s: what has come is decoded while the rest comes.

Every way runs in processes of its own, in turn; requests and bytes are counted by the server. A round trip is 50 ms of
reading time. --check fails where a demanded ratio is not reached: in both sets, at most 2 x requests / concurrency
round trips beyond the local read, 15 times /vsicurl, 5 times xarray, at 0 ms 1.3 times the local read; where chunks lie
together at most 1.5 times the bound. What the bound leaves of a peer's time is printed beside. --small: a tiny cube, to
check values only.
"""
import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import compare_cubes as cubes
from compare_cubes import gdal

sys.path.insert(0, str(cubes.PROJECT / "tests" / "support"))
os.environ.setdefault("VCUBE_BUILD", str(pathlib.Path(os.environ.get("GDAL_DRIVER_PATH", ".")).resolve().parent))
from test_server import TestServer  # noqa: E402

PATIENCE = 120  # seconds, for /vsicurl
EACH_CHUNK = ["COALESCE_GAP=0", "MAX_CONCURRENCY=256"]
LOCAL, VCUBE, CHUNKS = "VCube, local files", "VCube", "VCube, a request a chunk"
MANY = "VCube, 500 at a time"
TOGETHER, APART = 4096, 131072  # chunks begin at multiples of these
VSICURL, XARRAY = "GDAL /vsicurl", "xarray + fsspec + zarr"
DASK = "xarray, chunks={}"
SLOW = {VSICURL, DASK}  # one round


def read_with_vcube(references, options):
    start = time.perf_counter()
    dataset = gdal.OpenEx(f'VCUBE:"{references}"', gdal.OF_MULTIDIM_RASTER, open_options=options)
    array = dataset.GetRootGroup().OpenMDArray("sst")
    opened = time.perf_counter()
    values = array.ReadAsArray()
    return opened - start, time.perf_counter() - opened, values, 1


def read_with_xarray(references, chunks):
    start = time.perf_counter()
    store = cubes.fsspec.filesystem("reference", fo=references, target_protocol="http", remote_protocol="http")
    data = cubes.xarray.open_dataset(store.get_mapper(""), engine="zarr", consolidated=False, chunks=chunks,
                                     mask_and_scale=False, decode_times=False)["sst"]
    opened = time.perf_counter()
    values = data.variable[...].values
    return opened - start, time.perf_counter() - opened, values, 1


def read_with_vsi(references, _options):
    """The stored bytes of the chunks, in the order of files and offsets, and the part of them that was read in time."""
    chunks = stored_chunks(json.loads(pathlib.Path(references).read_text()))
    parts, file, opened = [], None, None
    start = time.perf_counter()
    for url, offset, size in chunks:
        if opened != url:
            file, opened = gdal.VSIFOpenL("/vsicurl/" + url if url.startswith("http") else url, "rb"), url
        gdal.VSIFSeekL(file, offset, os.SEEK_SET)
        parts.append(bytes(gdal.VSIFReadL(1, size, file)))
        if time.perf_counter() - start > PATIENCE:
            break
    return 0, time.perf_counter() - start, parts, len(parts) / len(chunks)


def stored_chunks(document):
    """URL, offset and size of the chunks of sst by file and offset."""
    return sorted(tuple(place) for key, place in document["refs"].items() if key.startswith("sst/") and key[4] != ".")


WAYS = {LOCAL: (read_with_vcube, []), VCUBE: (read_with_vcube, []), CHUNKS: (read_with_vcube, EACH_CHUNK),
        MANY: (read_with_vcube, ["MAX_CONCURRENCY=500"]),
        XARRAY: (read_with_xarray, None), DASK: (read_with_xarray, {}), VSICURL: (read_with_vsi, [])}


class Setup:
    """The cube on disk, its references with paths and with URLs, and the server."""

    def __init__(self, folder, small, interval=TOGETHER):
        self.folder = pathlib.Path(folder).resolve()
        self.interval = interval
        rows, columns, chunk, count = (90, 180, 40, 4) if small else (1000, 1600, 200, 50)
        self.files = [self.folder / f"cube_{k:03d}.nc" for k in range(count)]
        for k, path in enumerate(self.files):
            cubes.make_file(path, k, rows, columns, chunk, alignment_threshold=1, alignment_interval=interval)
        self.local = self.folder / "local.json"
        cubes.make_references(self.local, self.files)
        self.chunks = stored_chunks(json.loads(self.local.read_text()))
        for path in self.files:  # into the page cache
            path.read_bytes()

    def serve(self, latency, rate):
        """Starts a server of so many ms and bytes a second (0: any), and writes references with its URL."""
        server = TestServer(self.folder, latency_ms=latency, rate=rate)
        (self.folder / "remote.json").write_text(self.local.read_text().replace(f"{self.folder}/", server.url()))
        return server

    def stored(self, part):
        """A checksum of the stored bytes of the first chunks."""
        checksum = hashlib.sha256()
        for path, offset, size in self.chunks[:round(part * len(self.chunks))]:
            with open(path, "rb") as file:
                file.seek(offset)
                checksum.update(file.read(size))
        return checksum.hexdigest()

    def values(self):
        """A checksum of the values, by h5py."""
        return hashlib.sha256(cubes.H5py(self.local, self.files).whole().tobytes()).hexdigest()


def measure(way, setup, server):
    """One way in a new process, with what the server counted."""
    references = {LOCAL: setup.local, VSICURL: setup.folder / "remote.json"}.get(way, server.url("remote.json"))
    server.reset()
    done = subprocess.run([sys.executable, "-B", __file__, "--way", way, "--references", str(references)], check=False,
                          stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{way}: failed")
    return json.loads(done.stdout) | server.counts()


def run_way(way, references):
    """What a process of one way does: reads, and tells seconds and a checksum."""
    read, options = WAYS[way]
    opened, seconds, values, part = read(references, options)
    content = b"".join(values) if isinstance(values, list) else values.tobytes()
    print(json.dumps({"open": opened, "read": seconds / part, "part": part,
                      "values": hashlib.sha256(content).hexdigest()}))


def run(setup, latency, ways, rounds, rate=0):
    """way -> its best round; says them."""
    values = setup.values()
    found = {way: [] for way in ways}
    with setup.serve(latency, rate) as server:
        for number in range(rounds):
            for way in ways:
                if way not in SLOW or number == 0:
                    found[way].append(measure(way, setup, server))
    best = {way: min(results, key=lambda result: result["read"]) for way, results in found.items()}
    print(f"\n{latency} ms latency, {len(setup.chunks)} chunks in {len(setup.files)} files, "
          f"{sum(size for *_, size in setup.chunks) / 1e6:.1f} MB stored at multiples of {setup.interval // 1024} KB"
          f"{f', {rate / 1e6:g} MB/s a connection' if rate else ''}; best of {rounds}")
    print(f"  {'':26}{'open':>9}{'read':>11}{'requests':>10}{'MB':>8}{'at once':>9}{'round trips':>13}{'x VCube':>9}")
    for way, result in best.items():
        for one in found[way]:
            if one["values"] != (setup.stored(one["part"]) if way == VSICURL else values):
                sys.exit(f"{way} reads other values than h5py")
        trips = f"{result['read'] * 1e3 / latency:13.1f}" if latency and way != LOCAL else f"{'':13}"
        print(f"  {way:26}{result['open']:7.3f} s{result['read']:9.3f} s{result['requests']:10}"
              f"{result['body_bytes'] / 1e6:8.1f}{result['most_at_once']:9}{trips}"
              f"{result['read'] / best[VCUBE]['read']:9.2f}")
        if result["part"] < 1:
            print(f"    stopped after {PATIENCE} s and {result['part']:.0%} of the chunks; its time is extrapolated")
    return best


def judge(sets, latency):
    """Says what is demanded; true where all of it is reached. `sets`: name -> (best at that latency, at none)."""
    good = True

    def demand(what, reached, bound, fits):
        nonlocal good
        good &= fits
        print(f"  {what}: {reached:.2f} (demanded: {bound}){'' if fits else ' MISSED'}")

    for name, (late, near) in sets.items():
        print(f"\n{name}")
        local = late[LOCAL]["read"]
        bound = local + latency / 1e3
        for way in (one for one in (VCUBE, CHUNKS, MANY) if one in late):
            requests, at_once = late[way]["requests"], late[way]["most_at_once"]  # as the server saw them
            trips, most = (late[way]["read"] - local) * 1e3 / latency, 2 * requests / at_once
            demand(f"{way}: round trips beyond the local read, {requests} requests, {at_once} at a time", trips,
                   f"at most {most:.1f}", trips <= most)
        for way, peer in ((VCUBE, VSICURL), (VCUBE, DASK), (VCUBE, XARRAY), (MANY, XARRAY)):
            if way in late and peer in late:
                ratio, left = late[peer]["read"] / late[way]["read"], late[peer]["read"] / bound
                least = 15 if peer == VSICURL else 5
                demand(f"{way}: times as fast as {peer}, where a round trip and the local read leave {left:.1f}",
                       ratio, f"at least {least}", ratio >= least)
        if CHUNKS in late:
            ratio = late[VCUBE]["read"] / bound
            demand("VCube: of a round trip and the local read", ratio, "at most 1.5", ratio <= 1.5)
        ratio = near[VCUBE]["read"] / near[LOCAL]["read"]
        demand("without latency, of the local read", ratio, "at most 1.3", ratio <= 1.3)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--small", action="store_true", help="a tiny cube: checks values, its times mean nothing")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--references", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        run_way(arguments.way, arguments.references)
        return
    if gdal.GetDriverByName("VCUBE") is None:
        sys.exit("GDAL does not know VCUBE: set GDAL_DRIVER_PATH to the folder of gdal_VCUBE.so")
    latency, rounds, rate = (2, 1, 1_000_000) if arguments.small else (50, arguments.rounds, 2_000_000)
    sets = {}
    for name, interval, way in (("Chunks together", TOGETHER, CHUNKS), ("Chunks apart", APART, MANY)):
        with tempfile.TemporaryDirectory() as folder:
            setup = Setup(folder, arguments.small, interval)
            peers = [XARRAY, VSICURL, *([DASK] if interval == TOGETHER else [])]
            sets[name] = (run(setup, latency, [LOCAL, VCUBE, way, *peers], rounds),
                          run(setup, 0, [LOCAL, VCUBE, XARRAY], rounds))
            if interval == TOGETHER:
                run(setup, latency, [LOCAL, VCUBE, XARRAY], rounds, rate)
    if not arguments.small and not judge(sets, latency) and arguments.check:
        sys.exit("less than demanded")


if __name__ == "__main__":
    main()
