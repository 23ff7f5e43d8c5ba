#!/usr/bin/python3
"""Writes the seeds corpus/parquet/*: what each kind of fuzz_parquet.cpp takes for valid.

Run: /usr/bin/python3 -B make_parquet_corpus.py   (numcodecs for zstd and lz4)"""
import json
import pathlib
import shutil
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "support"))
import parquet_writer as pq  # noqa: E402
from parquet_writer import Column  # noqa: E402

out = here / "corpus" / "parquet"
shutil.rmtree(out, ignore_errors=True)
out.mkdir(parents=True)

PATHS = ["https://h/a.nc", "https://h/a.nc", None, "https://h/b.nc", "b.nc", None, None, "b.nc", "c"]
NUMBERS = [5, -3, 1 << 40, 7, 8, 9, 10, 11, 1]


def refs(encoding=pq.PLAIN, integers=pq.PLAIN, codec=pq.UNCOMPRESSED, group_rows=0, **options):
    columns = [Column("path", pq.BYTE_ARRAY, PATHS, encoding=encoding),
               Column("offset", pq.INT64, NUMBERS, optional=False, encoding=integers),
               Column("size", pq.INT32, [n & 0xFFFF for n in NUMBERS], encoding=integers),
               Column("raw", pq.BYTE_ARRAY, [None] * 5 + [b"\0x", b"base64:AAA=", b"", None])]
    for column in columns:
        for key, value in options.items():
            setattr(column, key, value)
    return pq.write(columns, codec=codec, group_rows=group_rows)


def seed(name, kind, data):
    (out / name).write_bytes(bytes([kind]) + data)


# Whole files.
for codec in ("UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "LZ4_RAW"):
    seed(f"file_{codec.lower()}", 0, refs(codec=getattr(pq, codec)))
seed("file_dictionary", 0, refs(pq.RLE_DICTIONARY, pq.PLAIN_DICTIONARY, page_rows=4, group_rows=6))
seed("file_delta", 0, refs(pq.DELTA_BYTE_ARRAY, pq.DELTA_BINARY_PACKED, version=2))
seed("file_delta_length", 0, refs(pq.DELTA_LENGTH_BYTE_ARRAY, pq.BYTE_STREAM_SPLIT, crc=True, statistics=True))
seed("file_levels", 0, refs(level_encoding=pq.BIT_PACKED))

# Pages: flags (type, optional 4, unsigned 8, dictionary 16, version 2 is 32), encodings, rows, bytes of levels.
TYPES = {pq.INT32: 0, pq.INT64: 1, pq.BYTE_ARRAY: 2}


def page_seed(name, kind, encoding, values, version=1, optional=True, dictionary=None):
    column = Column("x", kind, values, optional=optional, encoding=encoding, version=version)
    present = [v for v in values if v is not None]
    body = pq.encode_values(column, present, dictionary)
    flags = pq.levels(column, values) if optional else b""
    if optional and version == 1:
        flags = len(flags).to_bytes(4, "little") + flags
    head = TYPES[kind] | 4 * optional | (16 if dictionary else 0) | (32 if version == 2 else 0)
    data = bytes([head, encoding | 3 << 4]) + len(values).to_bytes(2, "little") + bytes([len(flags)])
    if dictionary:
        entries = pq.plain(kind, dictionary)
        data += bytes([len(dictionary)]) + len(entries).to_bytes(2, "little") + entries
    seed(name, 1, data + flags + body)


for version in (1, 2):
    for encoding in (pq.PLAIN, pq.DELTA_LENGTH_BYTE_ARRAY, pq.DELTA_BYTE_ARRAY):
        page_seed(f"page_text_{encoding}_{version}", pq.BYTE_ARRAY, encoding, PATHS, version)
    for encoding in (pq.PLAIN, pq.DELTA_BINARY_PACKED, pq.BYTE_STREAM_SPLIT):
        page_seed(f"page_number_{encoding}_{version}", pq.INT64, encoding, NUMBERS, version, optional=version == 1)
    page_seed(f"page_dictionary_{version}", pq.BYTE_ARRAY, pq.RLE_DICTIONARY, PATHS, version,
              dictionary=list(dict.fromkeys(p for p in PATHS if p)))
page_seed("page_narrow", pq.INT32, pq.DELTA_BINARY_PACKED, [1, 5, -7, 1 << 30, -(1 << 31)])

# Sequences: width, number, piece.
for width, values in ((1, [0, 1] * 20 + [1] * 30), (3, list(range(8)) * 5), (17, [99999, 3] * 9 + [5] * 20)):
    for style in ("mixed", "packed", "rle"):
        seed(f"runs_{width}_{style}", 2, bytes([width, len(values), 0, 5]) + pq.runs(values, width, style))
seed("deltas", 2, bytes([0, 200, 0, 7]) + pq.deltas([(i * i * 7919) % 1000003 - 5 for i in range(200)], 64))

# Sets: key, .zmetadata, the refs file.
metadata = json.dumps({"metadata": {".zgroup": {}, "a/.zarray": {"shape": [9], "chunks": [1]},
                                    "a/b/.zarray": {"shape": [30, 4], "chunks": [10, 2]}}, "record_size": 9}).encode()
for key in (b"a/5", b"a/b/2.1", b"a/b/1/1"):
    seed("set_" + key.decode().replace("/", "_"), 3,
         bytes([len(key)]) + key + len(metadata).to_bytes(2, "little") + metadata + refs(codec=pq.ZSTD))
print(len(list(out.iterdir())), "seeds")
