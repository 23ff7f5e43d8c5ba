#!/usr/bin/python3
"""Writes hdf5.json: chunks that HDF5 wrote through its filters (szip, lzf, fletcher32), with the values that were
written, and numcodecs' variant of fletcher32. Run: /usr/bin/python3 -B make_hdf5.py   (Debian 12: h5py 3.7, HDF5
1.10.8)"""
import io
import struct

import h5py
import numpy as np

from fixture import Cases

rng = np.random.default_rng(5)
cases = Cases()
NAMES = {2: "shuffle", 3: "fletcher32", 4: "szip", 32000: "lzf"}


def config(dataset):
    """The filters of a dataset as configurations, in encoding order."""
    plist = dataset.id.get_create_plist()
    out = []
    for i in range(plist.get_nfilters()):
        code, _, values, _ = plist.get_filter(i)
        entry = {"id": NAMES[code]}
        if code == 2:
            entry["elementsize"] = values[0]
        if code == 4:
            entry.update(zip(("options_mask", "pixels_per_block", "bits_per_pixel", "pixels_per_scanline"), values))
        out.append(entry)
    return out


def add(name, values, **options):
    with h5py.File(io.BytesIO(), "w") as file:
        data = file.create_dataset("x", data=values, chunks=values.shape, **options)
        mask, raw = data.id.read_direct_chunk((0,) * values.ndim)
        filters = config(data)
    if mask != 0:
        return False  # HDF5 left a filter out: the chunk did not get smaller
    cases.add(name, raw, values, filters)
    return True


def field(dtype, shape):
    n = int(np.prod(shape))
    wave = 60 * np.sin(np.arange(n) / 9.0) + 64
    dtype = np.dtype(dtype)
    return (wave + rng.normal(0, 1, n) * 0.1).astype(dtype).reshape(shape) if dtype.kind == "f" else \
        np.round(wave * (1 if dtype.itemsize == 1 else 100)).astype(dtype).reshape(shape)


used = 0
for dtype in ("|u1", "|i1", "<u2", ">i2", "<i4", ">u4", "<f4", ">f4", "<f8", ">f8", "<i8"):
    for shape in ((64,), (37,), (5, 40), (2, 130), (2, 2, 33)):
        for coding, block in (("nn", 8), ("ec", 8), ("nn", 32)) if np.dtype(dtype).itemsize < 4 else (("nn", 8), ("ec", 32)):
            used += add(f"szip {coding} {block} {dtype} {shape}", field(dtype, shape), compression="szip",
                        compression_opts=(coding, block))
assert used > 90, used
assert add("szip shuffle", field("<i4", (40, 40)), compression="szip", compression_opts=("nn", 16), shuffle=True)
assert add("szip fletcher32", field("<i2", (40, 41)), compression="szip", compression_opts=("nn", 16), fletcher32=True)
for dtype in ("|u1", ">i2", "<f4", "<f8"):
    for count in (300, 2000):
        assert add(f"lzf {dtype} {count}", np.round(field(dtype, (count,)) / 20).astype(dtype), compression="lzf")
assert add("lzf shuffle", field("<f4", (90, 20)), compression="lzf", shuffle=True)
assert add("lzf constant", np.full(70000, 3, "<i2"), compression="lzf")
assert add("lzf shuffle fletcher32", field("<f8", (50, 20)), compression="lzf", shuffle=True, fletcher32=True)
for dtype in ("|u1", ">i2", "<f4", ">f8"):
    for count in (1, 2, 7, 359, 360, 361, 721):
        assert add(f"fletcher32 {dtype} {count}", field(dtype, (count,)), fletcher32=True)
assert add("fletcher32 zeros", np.zeros(999, "u1"), fletcher32=True)
assert add("fletcher32 all ones", np.full(1001, 255, "u1"), fletcher32=True)
assert add("fletcher32 noise", rng.integers(0, 256, 3001, dtype="u1"), fletcher32=True)


def numcodecs_fletcher32(data):
    """numcodecs >= 0.12: native (little-endian) words, each sum modulo 65535."""
    first = second = 0
    padded = data + b"\0" * (len(data) % 2)
    for (word,) in struct.iter_unpack("<H", padded):
        first = (first + word) % 0xffff
        second = (second + first) % 0xffff
    return second << 16 | first


for dtype in ("|u1", ">i2", "<f4"):
    for count in (1, 7, 361):
        values = field(dtype, (count,))
        raw = values.tobytes()
        cases.add(f"fletcher32 of numcodecs {dtype} {count}", raw + struct.pack("<I", numcodecs_fletcher32(raw)), values,
                  [{"id": "fletcher32"}])
cases.write(__file__)
