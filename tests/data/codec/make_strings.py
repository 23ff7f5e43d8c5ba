#!/usr/bin/python3
"""Writes strings.json: chunks of elements of variable length as numcodecs encodes them, and the texts they stand for:
text and bytes as they are, other objects as JSON ("json": compare values, not spelling).
Run: /usr/bin/python3 -B make_strings.py   (Debian 12: numcodecs 0.11.0)"""
import json
import struct

import numcodecs
import numpy as np

from fixture import Cases

cases = Cases()
TEXTS = [
    ["foo", "bar", "baz"],
    [""],
    ["", "", "x", ""],
    ["h\u00f6her", "\u4e2d\u6587", "\U0001f30d earth", "a\u0000b", "tab\tquote\"back\\slash\nline"],
    [f"station {i}" * (i % 5) for i in range(90)],
]
COMPRESSORS = [None, {"id": "zlib", "level": 1}, {"id": "zstd", "level": 1},
               {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1}]


def encode(values, object_codec, compressor):
    data = numcodecs.get_codec(dict(object_codec)).encode(values)
    if compressor:
        data = numcodecs.get_codec(dict(compressor)).encode(data)
    return bytes(numcodecs.compat.ensure_bytes(data))


def objects(values):
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def add(name, values, codec, strings, compressor=None, **others):
    cases.add_strings(name, encode(values, codec, compressor), strings, filters=[codec],
                      **({"compressor": compressor} if compressor else {}), **others)


for i, texts in enumerate(TEXTS):
    for compressor in COMPRESSORS:
        label = compressor["id"] if compressor else "raw"
        values = objects(texts)
        utf8 = [t.encode() for t in texts]
        add(f"vlen-utf8 {i} {label}", values, {"id": "vlen-utf8"}, utf8, compressor)
        add(f"vlen-bytes {i} {label}", objects(utf8), {"id": "vlen-bytes"}, utf8, compressor)
        add(f"json2 {i} {label}", values, numcodecs.JSON().get_config(), utf8, compressor)
        add(f"msgpack2 {i} {label}", values, numcodecs.MsgPack().get_config(), utf8, compressor)
        labels = sorted(set(texts) - {""})[:200]
        if labels:
            add(f"categorize {i} {label}", values, {"id": "categorize", "labels": labels, "dtype": "|O", "astype": "|u1"},
                [t.encode() if t in labels else b"" for t in texts], compressor)
add("json2 not ascii", objects(TEXTS[3]), numcodecs.JSON(ensure_ascii=False).get_config(), [t.encode() for t in TEXTS[3]])
add("json2 indented", objects(TEXTS[0]), numcodecs.JSON(indent=2).get_config(), [t.encode() for t in TEXTS[0]])
matrix = np.array([["a", "b", "c"], ["d", "e", "f"]], dtype=object)
flat = [t.encode() for t in "abcdef"]
add("json2 matrix", matrix, numcodecs.JSON().get_config(), flat)
add("msgpack2 matrix", matrix, numcodecs.MsgPack().get_config(), flat)
add("vlen-utf8 matrix", matrix, {"id": "vlen-utf8"}, flat)
add("vlen-bytes raw bytes", objects([b"\x00\xff\x80", b"", bytes(range(256))]), {"id": "vlen-bytes"},
    [b"\x00\xff\x80", b"", bytes(range(256))])
add("categorize wide", objects(["b", "a", "?"]),
    {"id": "categorize", "labels": ["a", "b"], "dtype": "|O", "astype": ">u2"}, [b"b", b"a", b""])
things = [1, -1, 2.5, True, None, {"a": "x", "b": [1, 2, {"c": None}]}, [1, "two", [3]], "text", 2**40, -2**40, 1e300, {}]
for name, codec in (("json2", numcodecs.JSON()), ("msgpack2", numcodecs.MsgPack())):
    # A text stands for itself, a null for no text.
    strings = [t.encode() if isinstance(t, str) else b"" if t is None else json.dumps(t).encode() for t in things]
    add(f"{name} objects", objects(things), codec.get_config(), strings, json=True)
add("msgpack2 long", objects(["x" * 40, "y" * 300, list(range(20)), {str(i): i for i in range(20)}]),
    numcodecs.MsgPack().get_config(),
    [b"x" * 40, b"y" * 300, json.dumps(list(range(20))).encode(),
     json.dumps({str(i): i for i in range(20)}).encode()], json=True)
add("msgpack2 numbers", objects([0, 127, 128, 255, 256, 65535, 65536, 2**32, 2**63, -32, -33, -128, -129, -32769, -2**31 - 1]),
    numcodecs.MsgPack().get_config(),
    [str(n).encode() for n in [0, 127, 128, 255, 256, 65535, 65536, 2**32, 2**63, -32, -33, -128, -129, -32769, -2**31 - 1]])
add("msgpack2 old raw", objects(["abc", "d" * 50]), numcodecs.MsgPack(use_bin_type=False, use_single_float=True).get_config(),
    [b"abc", b"d" * 50])
for dtype in ("|u1", "<i2", ">i4", "<i8", "<u8", "<f2", "<f4", "<f8"):
    ragged = [np.array(v, dtype=dtype) for v in ([1, 2, 3], [], [7], list(range(20)))]
    if dtype[1] == "f":
        ragged += [np.array([0.1, 1e-5, 1e20, 0.5], dtype="<f4").astype(dtype)] if dtype != "<f2" else []
    codec = {"id": "vlen-array", "dtype": dtype}
    data = numcodecs.vlen.VLenArray(dtype).encode(objects([r.astype(np.dtype(dtype)) for r in ragged]))
    cases.add_strings(f"vlen-array {dtype}", data, [json.dumps(r.tolist()).encode() for r in ragged], filters=[codec],
                      json=True, single=dtype in ("<f2", "<f4"))

# kerchunk's fill_hdf_strings: 16-byte identifiers stand for the texts of its map.
ids = ["id%02d" % i for i in range(4)]
raw = b"".join(i.encode().ljust(16, b"\0") for i in ids)
texts = ["alpha", "", "gamma \u03b3", "delta"]
cases.add_strings("fill_hdf_strings map", raw, [t.encode() for t in texts],
                  filters=[{"id": "fill_hdf_strings", "dtype": "S16", "id_map": dict(zip(ids, texts))}])
cases.add_strings("fill_hdf_strings one", raw, [b"same"] * 4,
                  filters=[{"id": "fill_hdf_strings", "dtype": "|S16", "id_map": "same"}])
cases.add_strings("fill_hdf_strings none", raw, [b""] * 4, filters=[{"id": "fill_hdf_strings", "dtype": "|S16"}])
assert struct.unpack("<I", bytes(numcodecs.VLenUTF8().encode(objects(["a"])))[:4]) == (1,)
cases.write(__file__)
