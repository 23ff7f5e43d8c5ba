#!/usr/bin/python3
"""Writes Kerchunk Parquet reference sets of one array for benchmarks: make_parquet_refs.py FOLDER [CHUNKS [RECORD_SIZE]]

FOLDER/<codec>_<paths>.parq, codec zstd, snappy or none; paths "few" (1000 chunks a URL, dictionary, as Kerchunk writes
them) or "many" (one chunk a URL, plain). Fixed seed."""
import json
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "support"))
import parquet_writer as pq  # noqa: E402
from parquet_writer import Column  # noqa: E402

ROWS, COLUMNS = 25, 40


def references(numbers, per_url):
    """Chunks one after another in their files, of sizes that vary as those of compressed data do."""
    rng = random.Random(numbers.start)
    at = 0
    for i in numbers:
        if i % per_url == 0:
            at = 40000
        size = rng.randrange(20000, 60000)
        yield f"s3://bucket/archive/2023/product_{i // per_url:06}.nc", at, size
        at += size


def refs_file(numbers, record_size, few, codec):
    rows = list(references(numbers, 1000 if few else 1))
    pad = record_size - len(rows)
    return pq.write([
        Column("path", pq.BYTE_ARRAY, [r[0] for r in rows] + [None] * pad, encoding=pq.RLE_DICTIONARY if few else pq.PLAIN),
        Column("offset", pq.INT64, [r[1] for r in rows] + [0] * pad, optional=False),
        Column("size", pq.INT64, [r[2] for r in rows] + [0] * pad, optional=False),
        Column("raw", pq.BYTE_ARRAY, [None] * record_size)], codec=codec)


def main(folder, chunks=1_000_000, record_size=100_000):
    times = chunks // (ROWS * COLUMNS)
    zarray = {"shape": [times, ROWS * 10, COLUMNS * 10], "chunks": [1, 10, 10], "dtype": "<f4", "compressor": None,
              "fill_value": 0, "filters": None, "order": "C", "zarr_format": 2}
    metadata = {".zgroup": {"zarr_format": 2}, "sst/.zarray": zarray, "sst/.zattrs": {"_ARRAY_DIMENSIONS": ["time", "y", "x"]}}
    for codec, files in (("zstd", None), ("snappy", 1), ("none", 1)):
        for paths in ("few", "many"):
            target = pathlib.Path(folder) / f"{codec}_{paths}.parq"
            (target / "sst").mkdir(parents=True, exist_ok=True)
            (target / ".zmetadata").write_text(json.dumps({"metadata": metadata, "record_size": record_size}))
            count = -(-chunks // record_size)
            for k in range(count if files is None and paths == "few" else min(count, 1)):
                numbers = range(k * record_size, min((k + 1) * record_size, chunks))
                number = {"zstd": pq.ZSTD, "snappy": pq.SNAPPY, "none": pq.UNCOMPRESSED}[codec]
                (target / "sst" / f"refs.{k}.parq").write_bytes(refs_file(numbers, record_size, paths == "few", number))


main(sys.argv[1], *map(int, sys.argv[2:]))
