#!/usr/bin/python3
"""VCube beside Python's readers of large Kerchunk reference files, in one run.

Makes a reference set of one million chunks as JSON (80 MB), with --large of 50 million too (4 GB; plain, gzip and zstd),
and opens it with VCube, ujson, json and fsspec's ReferenceFileSystem. Each opening is a process of its own, so that its
peak memory is exact; what the process held before it opened the file is taken off. All must find the same chunk.

    bench/compare_refs.py [FOLDER] [--build BUILD] [--chunks N] [--repeat N] [--large] [--small]

FOLDER keeps the files for the next run (default: a temporary folder). --small: a tiny set, to check results only.
BUILD has bench/bench_open_refs and plugins/ (default: $VCUBE_BUILD, build/release, build/dev). Ratios are of processor
time as well as of the clock, since both count but only the first holds on a busy machine.
"""
import argparse
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parents[1]
FILES_EVERY, ROWS, COLUMNS = 1000, 25, 40  # chunks a file, chunks down and across
META = {"zarr_format": 2, "chunks": [1, 72, 90], "dtype": "<i2", "compressor": None, "filters": None, "fill_value": None, "order": "C"}


def entry(i):
    """The key and the reference of chunk i."""
    key = f"sst/{i // (ROWS * COLUMNS)}.{i // COLUMNS % ROWS}.{i % COLUMNS}"
    return key, f"s3://bucket/archive/2023/product_{i // FILES_EVERY:06d}.nc", 40000 + i % FILES_EVERY * 36021, 36000 + i % 97


def make_references(path, chunks):
    """Written a file's chunks at a time: the set may be larger than memory."""
    meta = {**META, "shape": [chunks // (ROWS * COLUMNS), ROWS * 72, COLUMNS * 90]}
    with open(path, "w") as out:
        out.write('{"version": 1, "refs": {".zgroup": "{\\"zarr_format\\":2}", "sst/.zarray": ' + json.dumps(json.dumps(meta)))
        for start in range(0, chunks, FILES_EVERY):
            out.write("".join(', "%s": ["%s", %d, %d]' % entry(i) for i in range(start, min(start + FILES_EVERY, chunks))))
        out.write("}}")


def compress(path):
    """The .gz and .zst of a file, where the programs are there."""
    out = []
    for suffix, command in ((".gz", ["gzip", "-1", "-k", "-f"]), (".zst", ["zstd", "-q", "-3", "-k", "-f"])):
        target = path.with_name(path.name + suffix)
        if shutil.which(command[0]):
            if not target.exists():
                subprocess.run([*command, str(path)], check=True)
            out.append(target)
    return out


def peak_bytes():
    """The high-water mark of this process alone; getrusage's holds that of its parent too."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


# The ways in Python: each gives (chunks, function that tells where a key is).
def read_text(path, mode):
    return gzip.open(path, mode) if path.endswith(".gz") else open(path, mode)


def way_ujson(path):
    import ujson
    return lambda: _parsed(ujson, path)


def way_json(path):
    return lambda: _parsed(json, path)


def _parsed(module, path):
    with read_text(path, "rt") as file:
        refs = module.load(file)["refs"]
    return len(refs) - 2, lambda key: "%s %d %d" % tuple(refs[key])


def way_fsspec(path):
    import fsspec.implementations.reference  # noqa: F401
    import fsspec

    def opened():
        refs = fsspec.filesystem("reference", fo=path, remote_protocol="file").references
        return len(refs) - 2, lambda key: "%s %d %d" % tuple(refs[key])
    return opened


def way_plugin(path):
    from osgeo import gdal
    gdal.UseExceptions()
    gdal.GetDriverByName("VCUBE")

    def opened():
        array = gdal.OpenEx(f'VCUBE:"{path}"', gdal.OF_MULTIDIM_RASTER).GetRootGroup().OpenMDArray("sst")
        chunks = 1
        for dimension, size in zip(array.GetDimensions(), array.GetBlockSize()):
            chunks *= -(-dimension.GetSize() // size)
        return chunks, None
    return opened


PYTHON_WAYS = {"ujson.load": way_ujson, "json.load": way_json, "fsspec ReferenceFileSystem": way_fsspec,
               "VCube in GDAL (Python)": way_plugin}


def run_way(name, path, key):
    """In the process that is measured."""
    opened = PYTHON_WAYS[name](path)
    base = peak_bytes()
    cpu, start = time.process_time(), time.perf_counter()
    chunks, place = opened()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({"seconds": seconds, "cpu": cpu, "chunks": chunks, "peak": peak_bytes() - base, "place": place(key) if place else None}))


def measure(build, name, path, key, repeat):
    """The best times and the largest peak of `repeat` processes."""
    if name == "VCube":
        command = [str(build / "bench" / "bench_open_refs"), str(path), key]
    else:
        command = [sys.executable, "-B", __file__, "--run", name, str(path), key]
    environment = {**os.environ, "GDAL_DRIVER_PATH": str(build / "plugins")}
    results = [json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout) for _ in range(repeat)]
    best = dict(results[0])
    for result in results:
        best = {**best, "seconds": min(best["seconds"], result["seconds"]), "cpu": min(best["cpu"], result["cpu"]), "peak": max(best["peak"], result["peak"])}
    return best


def show(title, rows, file_bytes):
    """`rows`: (name, result), VCube's first."""
    base = rows[0][1]
    print(f"\n{title}: {file_bytes / 1e6:.1f} MB")
    print(f"{'':28}{'clock':>10}{'':>10}{'processor':>12}{'':>10}{'peak':>12}{'of the file':>12}")
    for name, r in rows:
        print(f"{name:28}{r['seconds']:8.3f} s {r['seconds'] / base['seconds']:7.1f} x{r['cpu']:10.3f} s {r['cpu'] / base['cpu']:7.1f} x"
              f"{r['peak'] / 1e6:9.1f} MB{r['peak'] / file_bytes:10.2f} x")


def compare(build, path, chunks, names, repeat, file_bytes=None):
    number = chunks * 2 // 3
    key, *place = entry(number)
    expected = "%s %d %d" % tuple(place)
    path.read_bytes() if path.stat().st_size < 1 << 30 else None  # into the page cache
    rows = []
    for name in names:
        result = measure(build, name, path, key, repeat)
        if result["chunks"] != chunks or result["place"] not in (expected, None):
            sys.exit(f"{name} finds {result['chunks']} chunks and {key} at {result['place']}, not {chunks} and {expected}")
        rows.append((name, result))
    show(f"{path.name}, {chunks} chunks", rows, file_bytes or path.stat().st_size)
    return rows


def compare_json(build, folder, chunks, repeat, peers, compressed):
    path = folder / f"refs_{chunks}.json"
    if not path.exists():
        make_references(path, chunks)
    own = ["VCube"] if (build / "bench" / "bench_open_refs").exists() else []
    if (build / "plugins" / "gdal_VCUBE.so").exists():
        own.append("VCube in GDAL (Python)")
    if not own:
        sys.exit(f"neither bench/bench_open_refs nor plugins/gdal_VCUBE.so in {build}")
    rows = compare(build, path, chunks, own + peers, repeat)
    times = dict(rows)
    if "ujson.load" in times:
        ratio = times["ujson.load"]["cpu"] / rows[0][1]["cpu"]
        memory = rows[0][1]["peak"] / path.stat().st_size
        print(f"{rows[0][0]}: {ratio:.1f} times as fast as ujson (wanted 5), peak {memory:.2f} times the file (at most 1.5)")
    if compressed:
        for other in compress(path):
            compare(build, other, chunks, own + (["ujson.load"] if peers and other.suffix == ".gz" else []), repeat, path.stat().st_size)


RECORD_SIZE = 100_000  # references of a Parquet file, Kerchunk's default


def make_parquet(folder, chunks):
    """The same references as Kerchunk Parquet, by the tests' writer."""
    sys.path.insert(0, str(PROJECT / "tests" / "support"))
    import parquet_writer as pq
    meta = {**META, "shape": [chunks // (ROWS * COLUMNS), ROWS * 72, COLUMNS * 90]}
    (folder / "sst").mkdir(parents=True, exist_ok=True)
    for k in range(-(-chunks // RECORD_SIZE)):
        rows = [entry(i)[1:] for i in range(k * RECORD_SIZE, min((k + 1) * RECORD_SIZE, chunks))]
        pad = RECORD_SIZE - len(rows)
        paths, offsets, sizes = (list(column) for column in zip(*rows))
        columns = [pq.Column("path", pq.BYTE_ARRAY, paths + [None] * pad, encoding=pq.RLE_DICTIONARY),
                   pq.Column("offset", pq.INT64, offsets + [0] * pad, optional=False),
                   pq.Column("size", pq.INT64, sizes + [0] * pad, optional=False),
                   pq.Column("raw", pq.BYTE_ARRAY, [None] * RECORD_SIZE)]
        (folder / "sst" / f"refs.{k}.parq").write_bytes(pq.write(columns, codec=pq.ZSTD))
    (folder / ".zmetadata").write_text(json.dumps({"metadata": {".zgroup": {"zarr_format": 2}, "sst/.zarray": meta},
                                                   "record_size": RECORD_SIZE}))


def compare_parquet(build, folder, chunks, repeat, peers, compressed):
    """Opening and one chunk, in processes of their own; fsspec needs pandas and fastparquet for it and is not asked."""
    program = build / "bench" / "bench_open_parquet"
    if not program.exists():
        sys.exit(f"no {program}")
    path = folder / f"refs_{chunks}.parq"
    if not (path / ".zmetadata").exists():
        make_parquet(path, chunks)
    key, *place = entry(chunks * 2 // 3)
    results = [json.loads(subprocess.run([program, path, key], check=True, capture_output=True, text=True).stdout)
               for _ in range(repeat)]
    if any(r["place"] != "%s %d %d" % tuple(place) for r in results):
        sys.exit(f"VCube finds {key} at {results[0]['place']}, not {place}")
    seconds, cpu = min(r["seconds"] for r in results), min(r["cpu"] for r in results)
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    print(f"\n{path.name}, {chunks} chunks: {size / 1e6:.1f} MB")
    print(f"VCube opens it and finds a chunk in {seconds * 1e3:.1f} ms, {cpu * 1e3:.1f} ms of processor time (wanted 20), "
          f"peak {max(r['peak'] for r in results) / 1e6:.1f} MB")


# Forms of the same references: (name, function(build, folder, chunks, repeat, peers, compressed)).
FORMS = [("JSON", compare_json), ("Parquet", compare_parquet)]


def main():
    if len(sys.argv) == 5 and sys.argv[1] == "--run":
        return run_way(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=pathlib.Path)
    parser.add_argument("--build", type=pathlib.Path)
    parser.add_argument("--chunks", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--large", action="store_true", help="50 million chunks too, VCube only")
    parser.add_argument("--small", action="store_true", help="a tiny set: checks results, its times mean nothing")
    arguments = parser.parse_args()
    candidates = [os.environ.get("VCUBE_BUILD"), PROJECT / "build" / "release", PROJECT / "build" / "dev"]
    build = arguments.build or next((pathlib.Path(c) for c in candidates if c and pathlib.Path(c).exists()), None)
    if build is None:
        sys.exit("no build found: name it with --build")
    build = build.resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or pathlib.Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        peers = ["ujson.load", "json.load", "fsspec ReferenceFileSystem"]
        chunks, repeat = (5000, 1) if arguments.small else (arguments.chunks, arguments.repeat)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; best of {repeat}; x: times that of the first row")
        for _, form in FORMS:
            form(build, folder, chunks, repeat, peers, True)
            if arguments.large:
                form(build, folder, 50_000_000, 1, [], True)
    print("\nall find the same chunks")


if __name__ == "__main__":
    main()
