#!/usr/bin/python3
"""Writes arrays.json: small Zarr v2 arrays as zarr-python stores them, with the values that numpy reads back.

Run with Debian 12's python3-zarr 2.13. Members: keys (store key -> text of metadata, or hexadecimal bytes of a chunk),
arrays (name -> numpy type in native order, shape, hexadecimal bytes in C order), fills (metadata text -> hexadecimal
bytes of one fill element, "" for none)."""
import json
import pathlib

import numcodecs
import numpy as np
import zarr

random = np.random.default_rng(20230401)
keys, arrays, fills = {}, {}, []


def values(dtype, shape):
    dtype = np.dtype(dtype)
    n = int(np.prod(shape))
    if dtype.kind == "b":
        out = random.integers(0, 2, n).astype(dtype)
    elif dtype.kind in "iu":
        info = np.iinfo(dtype)
        out = random.integers(info.min, info.max, n, dtype=dtype.newbyteorder("="), endpoint=True).astype(dtype)
    elif dtype.kind == "f":
        out = (random.standard_normal(n) * 100).astype(dtype)
    elif dtype.kind == "c":
        out = (random.standard_normal(n) + 1j * random.standard_normal(n)).astype(dtype)
    elif dtype.kind in "mM":
        out = random.integers(-10**9, 10**9, n).astype("<i8").view(dtype.newbyteorder("<")).astype(dtype)
    elif dtype.kind in "SU":
        out = np.array(["".join(random.choice(list("abcXYZ"), int(random.integers(0, 4)))) for _ in range(n)]).astype(dtype)
    else:
        out = np.frombuffer(random.bytes(n * dtype.itemsize), dtype).copy()
    return out.reshape(shape)


def add(name, dtype, shape, chunks, order="C", compressor=None, filters=None, fill=0, skip=(), **more):
    store = {}
    z = zarr.create(shape, chunks=chunks, dtype=dtype, order=order, compressor=compressor, filters=filters, fill_value=fill,
                    store=store, overwrite=True, **more)
    if 0 not in shape:
        z[...] = values(dtype, shape)
    for key in skip:
        del store[key]
    for key, data in store.items():
        data = bytes(data)
        keys[f"{name}/{key}"] = data.decode() if key.startswith(".z") else data.hex()
    back = np.asarray(zarr.open(store, mode="r")[...])
    native = back.astype(back.dtype.newbyteorder("="))
    arrays[name] = {"dtype": native.dtype.str, "shape": list(shape), "bytes": native.tobytes().hex()}


def add_fill(dtype, fill):
    store = {}
    z = zarr.create((3,), chunks=(2,), dtype=dtype, compressor=None, fill_value=fill, store=store)
    element = "" if fill is None else z[...].astype(z.dtype.newbyteorder("="))[:1].tobytes().hex()
    fills.append({"zarray": bytes(store[".zarray"]).decode(), "fill": element})


for dtype in ["|b1", "|i1", "|u1", "<i2", ">i2", "<u2", "<i4", ">i4", "<u4", "<i8", ">i8", "<u8", ">u8", "<f2", ">f2", "<f4",
              ">f4", "<f8", ">f8", "<c8", ">c16", "|S5", "<U3", ">U3", "<M8[s]", ">m8[ns]", "|V4"]:
    for order in "CF":
        name = "type_" + "".join(c if c.isalnum() else {"<": "le_", ">": "be_", "|": ""}.get(c, "_") for c in dtype)
        add(name + "_" + order.lower(), dtype, (5, 7), (2, 3), order, fill=None if dtype == "|V4" else 0)
zlib, shuffle = numcodecs.Zlib(4), numcodecs.Shuffle(2)
add("one", "<i2", (10,), (4,))
add("cube_c", "<i2", (3, 9, 11), (2, 4, 3), compressor=zlib, filters=[shuffle])
add("cube_f", "<i2", (3, 9, 11), (2, 4, 3), "F", compressor=zlib)
add("four", ">f4", (2, 3, 4, 5), (1, 2, 3, 2), filters=[numcodecs.Shuffle(4), zlib])
add("scalar", "<f8", (), (), compressor=zlib)
add("empty", "<i2", (0, 4), (2, 2))
add("wide", "<i4", (3, 5), (8, 10), compressor=zlib)
add("slash", "<i2", (5, 6), (2, 2), dimension_separator="/")
add("holes", "<i2", (6, 7), (2, 3), fill=-99, skip=["0.0", "1.1", "2.2"], compressor=zlib)
add("nan_holes", "<f4", (4, 4), (2, 2), fill=float("nan"), skip=["1.0"])
add("no_fill_holes", "<f4", (4, 4), (2, 2), fill=None, skip=["1.0"])
# zarr gives arbitrary memory for a chunk that has no fill value; here it is zero.
hole = np.frombuffer(bytes.fromhex(arrays["no_fill_holes"]["bytes"]), "<f4").reshape(4, 4).copy()
hole[2:, :2] = 0
arrays["no_fill_holes"]["bytes"] = hole.tobytes().hex()
add("bare_c", "<i4", (6, 10, 8), (6, 10, 8))
add("bare_f", "<i4", (6, 10, 8), (6, 10, 8), "F")
add("bare_be", ">i4", (6, 10, 8), (4, 10, 8))

for dtype, fill in [("<f4", float("nan")), (">f4", float("nan")), ("<f8", float("inf")), ("<f8", float("-inf")), ("<f2", 1.5),
                    ("<f2", float("nan")), (">f8", -1e300), ("<f4", 9.96921e36), ("|b1", True), ("|b1", False), ("|i1", -128),
                    ("|u1", 255), ("<i2", -32768), (">u2", 65535), ("<i8", -2**63), ("<u8", 2**64 - 1), (">i8", 2**63 - 1),
                    ("<c8", 1.5 - 2j), ("<c16", complex(-1.5, 1e300)), ("|S4", b"ab"), ("|S3", b""),
                    ("<U3", "h\u00e9\u20ac"), (">U2", "x"), ("<M8[s]", np.datetime64("2001-02-03", "s")),
                    ("<M8[ns]", np.datetime64("NaT", "ns")), ("|V3", b"\x01\x02\xff"), ("<i4", None), ("<f4", None)]:
    add_fill(dtype, fill)

text = json.dumps({"keys": keys, "arrays": arrays, "fills": fills}, indent=0)
pathlib.Path(__file__).with_name("arrays.json").write_text(text + "\n")
