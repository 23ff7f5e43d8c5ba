#!/usr/bin/python3
"""Writes zarr3.json: small Zarr v3 arrays, encoded after the specification by tests/support/zarr3_writer.py.

Run with Debian 12's numpy and numcodecs. Members: keys (store key -> text of metadata, or hexadecimal bytes of a chunk),
arrays (name -> numpy type in native order, shape, hexadecimal bytes in C order), strings (name -> elements in C order),
fills (data type and fill value of the metadata -> hexadecimal bytes of one element)."""
import base64
import json
import pathlib
import random
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
import zarr3_writer as writer  # noqa: E402

numbers = np.random.default_rng(20260101)
rng = random.Random(7)
folder = pathlib.Path(tempfile.mkdtemp())
arrays, strings, fills = {}, {}, []
little, big = writer.bytes_codec("little"), writer.bytes_codec("big")
gzip = {"name": "gzip", "configuration": {"level": 5}}
zstd = {"name": "zstd", "configuration": {"level": 3, "checksum": False}}
crc = {"name": "crc32c"}


def values(dtype, shape):
    dtype = np.dtype(dtype)
    n = int(np.prod(shape))
    if dtype.kind == "b":
        return numbers.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "fc":
        return np.round(numbers.standard_normal(shape) * 100, 2).astype(dtype)
    if dtype.kind == "S":
        return np.array([b"ab", b"", b"c\0d", b"xyz"] * n, dtype)[:n].reshape(shape)
    if dtype.kind == "U":
        return np.array(["h\u00e9", "", "\u20acx", "\U0001F30D"] * n, dtype)[:n].reshape(shape)
    return np.frombuffer(numbers.bytes(n * dtype.itemsize), dtype).reshape(shape)


def add(name, data, chunks, codecs=None, **more):
    back = writer.write_array(folder, name, data, chunks, codecs, **more)
    back = np.asarray(back, order="C")
    arrays[name] = {"dtype": back.dtype.descr if back.dtype.names else back.dtype.str, "shape": list(back.shape),
                    "bytes": back.tobytes().hex()}


def add_text(name, data, chunks, codecs, **more):
    back = writer.write_array(folder, name, data, chunks, codecs, **more)
    strings[name] = [v.decode("latin-1") if isinstance(v, bytes) else str(v) for v in back.ravel()]


TYPES = ["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16", "<M8[25s]", "<m8[ns]",
         "|S3", "<U2", "|V3", [("a", "<i2"), ("b", "|u1"), ("c", [("x", "<f8"), ("y", "<U2")])]]
for i, dtype in enumerate(TYPES):
    dtype = np.dtype(dtype)
    fill = np.zeros((), dtype)[()]
    for codec in (little, big):
        data = values(dtype, (5, 4))
        add(f"type_{i}_{codec['configuration']['endian']}", data, (2, 3), [codec, gzip], fill=fill)
    add(f"bare_type_{i}", values(dtype, (5, 4)), (5, 4), [big], fill=fill)

field = np.arange(7 * 9 * 8, dtype="<i4").reshape(7, 9, 8)
add("plain", field, (3, 4, 8), [little])
add("no_endian", field.astype("u1"), (3, 4, 8), [{"name": "bytes"}])
add("named", field.astype("u1"), (3, 4, 8), ["bytes"])
add("key_dot", field, (3, 4, 5), [little, zstd], separator=".")
add("key_v2", field, (3, 4, 5), [little, zstd, crc], encoding="v2")
add("key_v2_slash", field, (3, 4, 5), [little], encoding="v2", separator="/")
add("scalar", np.array(3.25), (), [little])
add("scalar_v2", np.array(3.25), (), [big], encoding="v2")
add("empty", np.zeros((0, 3), "<i2"), (2, 2), [little])
for order in [(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]:
    add("transpose_" + "".join(map(str, order)), field, (3, 4, 5), [writer.transpose(order), big, zstd])
add("transpose_bare", field, (7, 9, 8), [writer.transpose((1, 2, 0)), big])
add("transpose_twice", field, (3, 4, 5), [writer.transpose((1, 2, 0)), writer.transpose((0, 2, 1)), little])
add("blosc", field, (3, 4, 5), [little, {"name": "blosc", "configuration": {
    "cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 4, "blocksize": 0}}])
add("numcodecs", field, (3, 4, 5), [{"name": "numcodecs.delta", "configuration": {"dtype": "<i4"}}, little, {
    "name": "numcodecs.shuffle", "configuration": {"elementsize": 4}}, {"name": "numcodecs.zlib", "configuration": {"level": 4}}])
add("holes", field, (3, 4, 5), [little, gzip], fill=-7, skip=[(0, 0, 0), (2, 1, 1)])
add("nan_holes", field[0].astype("<f4"), (3, 4), [little], fill=np.nan, skip=[(0, 0), (2, 1)])

shard = writer.sharded((1, 2, 4), [little, gzip])
add("shard", field, (2, 4, 8), [shard])
add("shard_start", field, (2, 4, 8), [writer.sharded((1, 2, 4), [big], location="start")])
add("shard_default", field, (2, 4, 8), [writer.sharded((1, 2, 4), [little], location=None)])
add("shard_any_order", field, (4, 4, 8), [writer.sharded((1, 2, 4), [little, zstd, crc])], rng=rng)
add("shard_index_bare", field, (2, 4, 8), [writer.sharded((2, 2, 4), [little, crc], [little])])
add("shard_index_big", field, (2, 4, 8), [writer.sharded((2, 2, 4), [little], [big, crc, crc], "start")])
add("shard_index_transposed", field, (2, 4, 8), [writer.sharded((1, 2, 4), [little], [writer.transpose((3, 1, 0, 2)), little])])
add("shard_transposed", field, (2, 4, 8), [writer.sharded((1, 2, 4), [writer.transpose((2, 0, 1)), big])])
add("shard_nested", field, (4, 8, 8), [writer.sharded((2, 4, 8), [writer.sharded((1, 2, 4), [little, zstd])])], rng=rng)
add("shard_compressed", field, (2, 4, 8), [shard, zstd])
add("transposed_shard", field, (2, 4, 8), [writer.transpose((2, 1, 0)), writer.sharded((4, 2, 1), [little])])
sparse = np.where(numbers.random(field.shape) < 0.02, field, -1).astype("<i4")
add("shard_sparse", sparse, (4, 4, 8), [writer.sharded((1, 2, 2), [little])], fill=-1)
add("shard_sparse_nested", sparse, (4, 8, 8), [writer.sharded((2, 4, 4), [writer.sharded((1, 2, 2), [little])])], fill=-1)
add("shard_holes", field, (2, 4, 8), [shard], fill=5, skip=[(0, 0, 0), (3, 2, 0)])
add("shard_one", field, (3, 4, 8), [writer.sharded((3, 4, 8), [little])])

words = np.array(["", "caf\u00e9", "\U0001F30D", "a" * 100, "line\nbreak", "nul\0inside"] * 4, object)[:22].reshape(2, 11)
utf8 = {"name": "vlen-utf8"}
add_text("strings", words, (2, 4), [utf8, zstd], fill="")
add_text("strings_transposed", words, (2, 4), [writer.transpose((1, 0)), utf8], fill="")
add_text("strings_holes", words, (1, 4), [utf8], fill="n/a", skip=[(0, 1), (1, 2)])
add_text("strings_sharded", words, (2, 8), [writer.sharded((1, 4), [utf8, gzip])], fill="")
blobs = np.empty(5, object)
blobs[:] = [b"", b"\0\1", b"\xff" * 9, b"plain", b"x"]
add_text("blobs", blobs, (2,), [{"name": "vlen-bytes"}], fill=b"\xfe\x00", type_json="bytes", skip=[(1,)])
add_text("blobs_base64", blobs, (2,), [{"name": "vlen-bytes"}], fill=b"\xfe\x00", fill_text="/gA=",
         type_json="variable_length_bytes", skip=[(1,)])
add_text("fixed_s", values("|S3", (5,)), (2,), [little], fill=b"")
add_text("fixed_u", values("<U2", (5,)), (2,), [big], fill="")
strings["fixed_s"] = [v.rstrip("\0") for v in strings["fixed_s"]]

for dtype, fill, text in [("<f4", np.nan, None), ("<f8", np.inf, None), ("<f2", -np.inf, None), ("<f4", 1.5, "0x3fc00000"),
                          ("<f8", None, "0x7ff8000000000001"), ("<f2", None, "0x7e01"), ("<f4", None, "0xffc00001"),
                          ("<c8", 1.5 - 2j, None), ("<c16", complex(np.nan, np.inf), None), ("<c8", None, ["0x3fc00000", "NaN"]),
                          ("|b1", True, None), ("<i8", -2**63, None), ("<u8", 2**64 - 1, None), ("|V3", b"\1\2\xff", None),
                          ("|V3", None, "AQL/"), ("|S4", b"ab", None), ("<U3", "h\u00e9", None), ("<M8[s]", np.datetime64("NaT"), None),
                          ("<m8[ms]", -5, None), ([("a", "<i2"), ("b", "<f4")], (-3, 2.5), None),
                          ([("a", "<i2"), ("b", "<f4")], None, "/f8AACBA")]:
    dtype = np.dtype(dtype)
    if fill is None and isinstance(text, str) and text.startswith("0x"):
        element = bytes.fromhex(text[2:])[::-1]
    elif isinstance(text, list):
        element = np.array([1.5, np.nan], "<f4").tobytes()
    elif fill is None:
        element = base64.b64decode(text)
    else:
        element = np.array(fill, dtype).tobytes()
    fills.append({"data_type": writer.data_type(dtype), "fill_value": writer.fill_json(fill, dtype) if text is None else text,
                  "bytes": element.hex()})
fills.append({"data_type": {"name": "structured", "configuration": {"fields": [["a", "int16"], ["b", "float32"]]}},
              "fill_value": "/f8AACBA", "bytes": np.array((-3, 2.5), [("a", "<i2"), ("b", "<f4")]).tobytes().hex()})

keys = {key: file.read_text() if file.name == "zarr.json" else file.read_bytes().hex()
        for key, file in writer.files_of(folder).items()}
text = json.dumps({"keys": keys, "arrays": arrays, "strings": strings, "fills": fills}, indent=0)
pathlib.Path(__file__).with_name("zarr3.json").write_text(text + "\n")
