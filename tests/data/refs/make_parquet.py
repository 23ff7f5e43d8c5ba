#!/usr/bin/python3
"""Writes the Parquet fixtures beside it: parquet/<name>.parq with what stands in each in parquet/expected.json, and the
reference set sample.parq with what each key means in sample_expected.json, and
evil.parq, a refs file that names what it must not.

The files are made by tests/support/parquet_writer.py from the values that the expectations list; the rules for keys
(C-order numbers, which file, which row) are worked out here with numpy as fsspec's LazyReferenceMapper does.
Run: /usr/bin/python3 -B make_parquet.py   (Debian 12: numpy, numcodecs 0.11)"""
import dataclasses
import json
import pathlib
import random
import shutil
import sys

import numpy as np

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parents[1] / "support"))
import parquet_writer as pq  # noqa: E402
from parquet_writer import Column  # noqa: E402

rng = random.Random(7)
out = here / "parquet"
expected = {}


def paths(n, distinct, nulls=True):
    urls = [f"s3://bucket/dir/product_{i:04}_\u00e9.nc" for i in range(distinct)]
    values = [urls[i * distinct // n] for i in range(n)]
    if nulls:
        for i in rng.sample(range(n), n // 5):
            values[i] = None
    return values


def offsets(n):
    return [rng.randrange(1 << 40) for _ in range(n)]


def raws(n):
    return [None if rng.random() < 0.8 else bytes(rng.randrange(256) for _ in range(rng.randrange(12)))
            for _ in range(n)]


def four(n=80, distinct=7, **options):
    """The columns of a reference file; options go to all of them."""
    columns = [Column("path", pq.BYTE_ARRAY, paths(n, distinct)), Column("offset", pq.INT64, offsets(n)),
               Column("size", pq.INT64, [rng.randrange(1 << 20) for _ in range(n)]),
               Column("raw", pq.BYTE_ARRAY, raws(n))]
    for column in columns:
        for key, value in options.items():
            setattr(column, key, value)
    return columns


def save(name, columns, **options):
    (out / f"{name}.parq").write_bytes(pq.write(columns, **options))
    expected[name] = {}
    for c in columns:
        if c.nested:
            continue
        values = [v if v is None or isinstance(v, int) else pq.as_bytes(v).hex() for v in c.values]
        expected[name][c.name] = {"integers": c.type in (pq.INT32, pq.INT64) and c.name != "nothing", "values": values}


def encoded(text_encoding, int_encoding, **options):
    columns = four(**options)
    for c in columns:
        c.encoding = text_encoding if c.type == pq.BYTE_ARRAY else int_encoding
    return columns


def make_variations():
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    for name in ("UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "LZ4_RAW"):
        save(f"codec_{name.lower()}", four(), codec=getattr(pq, name))
        save(f"v2_{name.lower()}", encoded(pq.RLE_DICTIONARY, pq.PLAIN, version=2, page_rows=24), codec=getattr(pq, name))
    save("dictionary", encoded(pq.RLE_DICTIONARY, pq.RLE_DICTIONARY), codec=pq.SNAPPY)
    save("dictionary_old", encoded(pq.PLAIN_DICTIONARY, pq.PLAIN_DICTIONARY, page_rows=30), codec=pq.ZSTD)
    save("dictionary_wide", encoded(pq.RLE_DICTIONARY, pq.PLAIN, index_width=19, run_style="packed"), codec=pq.ZSTD)
    save("dictionary_runs", encoded(pq.RLE_DICTIONARY, pq.PLAIN, index_width=32, run_style="rle"))
    save("dictionary_then_plain", encoded(pq.RLE_DICTIONARY, pq.RLE_DICTIONARY, page_rows=20, dictionary_rows=40))
    one = four(n=60, distinct=1)
    one[0].encoding = pq.RLE_DICTIONARY  # indices of no bits
    save("dictionary_of_one", one)
    save("delta", encoded(pq.DELTA_LENGTH_BYTE_ARRAY, pq.DELTA_BINARY_PACKED, n=300), codec=pq.ZSTD)
    save("delta_strings", encoded(pq.DELTA_BYTE_ARRAY, pq.BYTE_STREAM_SPLIT, version=2, page_rows=50))
    save("delta_edges", [
        Column("a", pq.INT64, [-(1 << 63), (1 << 63) - 1, 0, -1, -(1 << 63), 5], False, pq.DELTA_BINARY_PACKED),
        Column("b", pq.INT32, [-(1 << 31), (1 << 31) - 1, 0, -1, -(1 << 31), 5], False, pq.DELTA_BINARY_PACKED),
        Column("c", pq.INT32, [7, 7, 7, 7, 7, 7], False, pq.DELTA_BINARY_PACKED),
        Column("d", pq.BYTE_ARRAY, ["", "", "abc", "ab", "abcd" * 40, ""], False, pq.DELTA_BYTE_ARRAY),
        Column("e", pq.BYTE_ARRAY, ["", "x", "", "", "", "y" * 300], False, pq.DELTA_LENGTH_BYTE_ARRAY)])
    save("levels_runs", four(run_style="rle"))
    save("levels_packed", four(run_style="packed", page_rows=33))
    save("levels_old", four(level_encoding=pq.BIT_PACKED, page_rows=29))
    save("checksums", four(crc=True, statistics=True, page_rows=40), codec=pq.SNAPPY)
    save("row_groups", encoded(pq.RLE_DICTIONARY, pq.PLAIN), codec=pq.ZSTD, group_rows=32)
    save("values_plain_v2", four(version=2, v2_plain=True), codec=pq.ZSTD)
    required = four(n=40)
    required[0].values = paths(40, 5, nulls=False)
    required[3].values = [b"" for _ in range(40)]
    for c in required:
        c.optional = False
    save("required", required, codec=pq.SNAPPY)
    save("required_v2", [dataclasses.replace(c, version=2) for c in required])
    save("narrow", [Column("offset", pq.INT32, [rng.randrange(-(1 << 31), 1 << 31) for _ in range(90)]),
                    Column("size", pq.INT32, [rng.randrange(1 << 32) for _ in range(90)], converted=pq.UINT32),
                    Column("count", pq.INT32, [1 << 31, 5, (1 << 32) - 1] * 30, converted=pq.UINT32,
                           encoding=pq.DELTA_BINARY_PACKED)])
    save("null_integers", [Column("offset", pq.INT64, [None if i % 3 == 0 else i << 33 for i in range(100)], page_rows=30),
                           Column("none", pq.INT32, [None] * 100),
                           Column("late", pq.INT64, list(range(99)) + [None], page_rows=10)])
    null = pq.null_column("nothing", 50)
    null.encoding = pq.RLE_DICTIONARY
    save("null_column", [null, Column("path", pq.BYTE_ARRAY, [None] * 50, version=2)])
    save("beside", [Column("key", pq.BYTE_ARRAY, [f"k{i}" for i in range(20)]),
                    Column("extra", pq.INT64, list(range(20)), nested=True)] + four(n=20)[::-1], codec=pq.GZIP)
    save("no_rows", four(n=0))
    for name in ("LZ4", "BROTLI"):
        save(f"codec_{name.lower()}", four(), codec=getattr(pq, name))
        save(f"v2_{name.lower()}", encoded(pq.RLE_DICTIONARY, pq.PLAIN, version=2, page_rows=24), codec=getattr(pq, name))
    (out / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


# A reference set.
RECORD_SIZE = 6


def zarray(shape, chunks, **more):
    return {"shape": shape, "chunks": chunks, "dtype": "<i2", "compressor": None, "fill_value": 0, "filters": None,
            "order": "C", "zarr_format": 2, **more}


def refs_file(rows, **options):
    """rows: None, bytes (raw) or [path], [path, offset, size]; padded to the record size."""
    rows = rows + [None] * (RECORD_SIZE - len(rows))
    lists = [r if isinstance(r, list) else None for r in rows]
    columns = [Column("path", pq.BYTE_ARRAY, [r and r[0] for r in lists], encoding=pq.RLE_DICTIONARY),
               Column("offset", pq.INT64, [r[1] if r and len(r) > 1 else 0 for r in lists], optional=False),
               Column("size", pq.INT64, [r[2] if r and len(r) > 1 else 0 for r in lists], optional=False),
               Column("raw", pq.BYTE_ARRAY, [r if isinstance(r, bytes) else None for r in rows])]
    return pq.write(columns, codec=pq.ZSTD, **options)


def meaning(row):
    if row is None:
        return None
    if isinstance(row, bytes):
        import base64
        return base64.b64decode(row[7:]).hex() if row.startswith(b"base64:") else row.hex()
    return row


def make_set():
    folder = here / "sample.parq"
    shutil.rmtree(folder, ignore_errors=True)
    arrays = {
        "sst": (zarray([7, 50], [2, 20]), "."),                       # 4 x 3 chunks, two files
        "deep/er/wind": (zarray([3, 4, 5], [1, 2, 5], dimension_separator="/"), "/"),
        "levels/0": (zarray([30], [5]), "."),
        "levels/1": (zarray([15], [5], dimension_separator="/"), "/"),
        "crs": (zarray([], []), "."),
        "sparse": (zarray([4, 40], [1, 2]), "."),                     # 80 chunks; most files are absent
        "empty": (zarray([0, 5], [2, 2]), "."),
    }
    metadata = {".zgroup": {"zarr_format": 2}, ".zattrs": {"title": "caf\u00e9 \"x\" \\ \n"}, "deep/.zgroup": {"zarr_format": 2}}
    refs = {}
    for name, (meta, separator) in arrays.items():
        metadata[f"{name}/.zarray"] = meta
        metadata[f"{name}/.zattrs"] = {"_ARRAY_DIMENSIONS": [f"d{i}" for i in range(len(meta["shape"]))]}
        grid = [-(-s // c) for s, c in zip(meta["shape"], meta["chunks"])]
        total = int(np.prod(grid)) if grid else 1
        rows = []
        for number in range(total):
            if name == "crs":
                row = b"\x01\x00\x00\x00"
            elif name == "levels/1":
                row = [b"\x00\xffinline", b"base64:AAEC/w==", b""][number]
            elif name == "sparse":
                row = [f"f{number}.nc", number, 5] if 30 <= number < 35 else None
            elif number % 5 == 3:
                row = None
            elif number % 5 == 4:
                row = [f"whole_{number}.nc"]
            else:
                row = [f"https://host/{name.replace('/', '_')}_{number // 4}.nc?sig=1", 1000 * number + 7, 100 + number]
            rows.append(row)
            at = [int(i) for i in np.unravel_index(number, grid)] if grid else [0]
            refs[f"{name}/{separator.join(map(str, at))}"] = meaning(row)
        for k in range(0, total, RECORD_SIZE):
            part = rows[k:k + RECORD_SIZE]
            if any(r is not None for r in part):
                file = folder / name / f"refs.{k // RECORD_SIZE}.parq"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(refs_file(part))
    (folder / ".zmetadata").write_text(json.dumps({"metadata": metadata, "record_size": RECORD_SIZE}))
    (here / "sample_expected.json").write_text(
        json.dumps({"metadata": {k: json.dumps(v) for k, v in metadata.items()}, "refs": refs}, separators=(",", ":")) + "\n")


def make_evil():
    """What a hostile set may name."""
    (here / "evil.parq").write_bytes(refs_file([["/etc/passwd", 0, 5], ["file:///etc/passwd", 0, 5], ["x", -5, 10],
                                                b"base64:%%%", ["x", (1 << 63) - 1, 9]]))


make_variations()
make_set()
make_evil()
