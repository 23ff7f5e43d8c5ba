#!/usr/bin/python3
"""Writes fixtures.json: chunks as zarr/numcodecs encode them, and what numpy reads back.

Each case: name, filters, compressor, dtype, elements, encoded (base64), decoded (base64 of the array that numcodecs
decodes, in native byte order). Large decoded arrays are stored as zlib + base64 ("decoded_zlib").
Run: /usr/bin/python3 make_fixtures.py   (Debian 12: numcodecs 0.11.0, numpy 1.24.2)
"""
import base64
import bz2
import gzip
import json
import lzma
import pathlib
import warnings
import zlib

import numcodecs
import numpy as np

warnings.simplefilter("ignore")
rng = np.random.default_rng(20231)
cases = []


def encode(values, filters, compressor):
    data = values
    for config in filters or []:
        data = numcodecs.get_codec(dict(config)).encode(data)
    if compressor:
        data = numcodecs.get_codec(dict(compressor)).encode(data)
    return bytes(numcodecs.compat.ensure_bytes(data))


def decode(encoded, filters, compressor, dtype):
    data = encoded
    if compressor:
        data = numcodecs.get_codec(dict(compressor)).decode(data)
    for config in reversed(filters or []):
        data = numcodecs.get_codec(dict(config)).decode(data)
    flat = np.frombuffer(numcodecs.compat.ensure_bytes(data), dtype=dtype)
    return flat.astype(flat.dtype.newbyteorder("="))


def add_encoded(name, encoded, filters, compressor, dtype, decoded=None):
    if decoded is None:
        decoded = decode(encoded, filters, compressor, dtype)
    case = {"name": name, "filters": filters, "compressor": compressor,
            "dtype": np.dtype(dtype).str, "elements": int(decoded.size),
            "encoded": base64.b64encode(encoded).decode()}
    raw = decoded.tobytes()
    packed = zlib.compress(raw, 9)
    if len(packed) < len(raw) // 2 and len(raw) > 200:
        case["decoded_zlib"] = base64.b64encode(packed).decode()
    else:
        case["decoded"] = base64.b64encode(raw).decode()
    cases.append(case)


def add(name, values, filters=None, compressor=None):
    # numcodecs cannot decode what it wrote as xz with filters of its own.
    known = values.astype(values.dtype.newbyteorder("=")) if name.startswith("lzma delta") else None
    add_encoded(name, encode(values, filters, compressor), filters, compressor, values.dtype, known)


def field(dtype, n):
    """Smooth values that fit the type, with sign changes where it has a sign."""
    dtype = np.dtype(dtype)
    wave = 60 * np.sin(np.arange(n) / 7.0) + (0 if dtype.kind != "u" else 64)
    if dtype.kind == "f":
        return (wave + rng.normal(0, 1, n)).astype(dtype)
    if dtype.kind == "c":
        return (wave + 1j * np.cos(np.arange(n))).astype(dtype)
    return np.round(wave * (1 if dtype.itemsize == 1 else 200)).astype(dtype)


NUMERIC = ["|i1", "|u1"] + [o + t for o in "<>" for t in ("i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8")]
SHUFFLE = [{"id": "shuffle", "elementsize": 4}]

for dtype in NUMERIC + ["|b1", "<c8", ">c8", "<c16", ">c16"]:
    add(f"raw {dtype}", field(dtype, 13) if dtype != "|b1" else np.arange(13) % 3 == 0)
add("raw <U3", np.array(["a", "bcd", "\u00e9\u4e2d"], dtype="<U3"))
add("raw >U3", np.array(["a", "bcd", "\u00e9\u4e2d"], dtype=">U3"))
add("raw |S5", np.array([b"abc", b"12345"], dtype="S5"))
add("raw >M8[s]", np.array(["2023-04-01", "1969-01-01", "NaT"], dtype=">M8[s]"))
add("raw <m8[ms]", np.array([1, -5, 7], dtype="<m8[ms]"))
add("raw scalar", np.array([42.5], dtype=">f8"))

COMPRESSORS = {
    "zlib": {"id": "zlib", "level": 4}, "gzip": {"id": "gzip", "level": 6}, "zstd": {"id": "zstd", "level": 3},
    "lz4": {"id": "lz4", "acceleration": 1},
    "blosc": {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0},
}
for name, compressor in COMPRESSORS.items():
    for dtype in ("|u1", "<i2", ">i2", "<f4", ">f8"):
        add(f"{name} {dtype}", field(dtype, 61), None, compressor)
    add(f"{name} one element", field("<f4", 1), None, compressor)
    add(f"{name} incompressible", rng.integers(0, 256, 90, dtype="u1"), None, compressor)
    add(f"{name} constant", np.full(50000, 7, dtype="<i4"), None, compressor)
for cname in numcodecs.blosc.list_compressors():
    for shuffle in (0, 1, 2):
        for dtype in ("<i2", ">f4"):
            add(f"blosc {cname} shuffle {shuffle} {dtype}", field(dtype, 67), None,
                {"id": "blosc", "cname": cname, "clevel": 5, "shuffle": shuffle, "blocksize": 0})
    add(f"blosc {cname} blocks", np.arange(700, dtype="<i4") // 3, None,
        {"id": "blosc", "cname": cname, "clevel": 9, "shuffle": 1, "blocksize": 1024})
add("blosc level 0", field("<i4", 20), None, {"id": "blosc", "cname": "zstd", "clevel": 0, "shuffle": 1})

for size in (1, 2, 3, 4, 5, 7, 8, 12, 16):
    for count in (1, 15, 17, 34) if size in (2, 4, 8) else (1, 5):
        values = rng.integers(0, 256, size * count, dtype="u1")
        add(f"shuffle {size} x {count}", values, [{"id": "shuffle", "elementsize": size}])
add("shuffle default", field("<f4", 19), [{"id": "shuffle"}])

for dtype in NUMERIC:
    native = np.dtype(dtype).newbyteorder("=").str
    # numcodecs itself fails to decode into a big-endian dtype: the values are what it gives for the same numbers in
    # native order.
    # Rising, so that no difference of unsigned numbers is beyond a float's or a type's range: there numpy's answer
    # depends on the processor.
    values = field(native, 13) if np.dtype(dtype).kind != "u" else np.sort(field(native, 13))
    for astype in (dtype, "|i1", ">i4", "<f4"):
        enc_type = np.dtype(astype)
        codec = numcodecs.Delta(dtype=native, astype=enc_type.newbyteorder("="))
        native_encoded = np.frombuffer(numcodecs.compat.ensure_bytes(codec.encode(values)),
                                       dtype=enc_type.newbyteorder("="))
        decoded = np.frombuffer(numcodecs.compat.ensure_bytes(codec.decode(native_encoded)), dtype=native)
        add_encoded(f"delta {dtype} as {astype}", native_encoded.astype(enc_type).tobytes(),
                    [{"id": "delta", "dtype": dtype, "astype": astype}], None, dtype, decoded)
wrap = np.array([32767, -32768, 0, 32767], dtype="<i2")
add("delta wraps", wrap, [{"id": "delta", "dtype": "<i2"}])

FSO = [(10, 1000), (0.1, -3), (3.7, 0.25), (1, 0), (-8, 273.15), (1000000, 1e10), (300, 7), (1e5, 0), (64999.0, 1),
       (65000.0, 1), (7, 70000), (7, 65535), (7, 65536), (7, -128), (7, -129), (1.5, 1e39), (0.001, 300)]
for i, (scale, offset) in enumerate(FSO):
    types = NUMERIC if i == 0 else ["|i1", "<f2", ">f4"]
    for astype in types:
        enc = field(astype, 5)
        for dtype in ("<f8", ">f4", "<f2", "<i2", ">i8") if i < 1 else ("<f8",):
            if dtype[1] in "iu":
                # Only where the result fits the type: beyond it numpy's answer depends on the processor.
                real = enc.astype("f8") / scale + offset
                info = np.iinfo(dtype)
                if real.min() < info.min or real.max() > info.max:
                    continue
            config = {"id": "fixedscaleoffset", "scale": scale, "offset": offset, "dtype": dtype, "astype": astype}
            add_encoded(f"fso {len(cases)}", enc.tobytes(), [config], None, dtype)
special = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 65504, 65519.9, 65520, 1e-8, 5.96e-8, 2.98e-8, 2.9802322e-8,
                    8.94e-8, 6.1e-5, 6.09e-5, 1 / 3, 2049, 2051, -1e300, 1 + 2**-11, 1 + 2**-11 + 2**-40], dtype="<f8")
for dtype in ("<f2", ">f2", "<f4", ">f8"):
    for astype in ("<f2", "<f4", ">f4", "<f8"):
        enc = special.astype(astype)
        add_encoded(f"quantize {dtype} as {astype}", enc.tobytes(),
                    [{"id": "quantize", "digits": 3, "dtype": dtype, "astype": astype}], None, dtype)
halves = np.arange(0, 65536, 211, dtype="<u2").view("<f2")
halves = halves[~np.isnan(halves)]
add_encoded("quantize halves to float", halves.tobytes(),
            [{"id": "quantize", "digits": 3, "dtype": "<f4", "astype": "<f2"}], None, "<f4")
for dtype in ("<f2", "<f4", "<f8", ">f4"):
    if dtype[0] == "<":
        add(f"bitround {dtype}", field(dtype, 9), [{"id": "bitround", "keepbits": 4}])
add("bitround zlib", field("<f4", 90), [{"id": "bitround", "keepbits": 7}], COMPRESSORS["zlib"])

# Chains.
for dtype in ("<i2", ">i2", "<f4", ">f4", "<f8", ">f8"):
    size = np.dtype(dtype).itemsize
    shuffle = {"id": "shuffle", "elementsize": size}
    kerchunk = [shuffle, {"id": "zlib", "level": 5}]
    add(f"kerchunk {dtype}", field(dtype, 61), kerchunk)
    for name, compressor in COMPRESSORS.items():
        add(f"shuffle {name} {dtype}", field(dtype, 41), [shuffle], compressor)
        add(f"delta shuffle {name} {dtype}", field(dtype.replace(">", "<"), 41),
            [{"id": "delta", "dtype": dtype.replace(">", "<")}, shuffle], compressor)
add("fixedscaleoffset shuffle zlib", field("<f8", 120),
    [{"id": "fixedscaleoffset", "scale": 10, "offset": 3, "dtype": "<f8", "astype": "<i2"},
     {"id": "shuffle", "elementsize": 2}], COMPRESSORS["zlib"])
add("zlib in zlib", field("<i4", 120), [{"id": "zlib", "level": 1}], COMPRESSORS["zlib"])
add("shuffle zlib blosc", field("<i4", 120), SHUFFLE + [{"id": "zlib", "level": 5}], COMPRESSORS["blosc"])
add("zlib shuffle zlib", field("|u1", 64), [{"id": "zlib", "level": 5}, {"id": "shuffle", "elementsize": 1}],
    COMPRESSORS["zlib"])
add("structured zlib", np.array([(1, 2.5), (-3, 4.25)], dtype=[("a", "<i2"), ("b", ">f4")]).view("V6"),
    None, COMPRESSORS["zlib"])
members = field("<i4", 100).tobytes()
add_encoded("gzip two members", gzip.compress(members[:150]) + gzip.compress(members[150:]), None,
            COMPRESSORS["gzip"], "<i4")
add_encoded("gzip padded with zeros", gzip.compress(members) + bytes(20), None, COMPRESSORS["gzip"], "<i4")
add_encoded("zlib with bytes after it", zlib.compress(members) + b"tail", None, COMPRESSORS["zlib"], "<i4")

# Compressors and checksums that came later; the cases above keep their random numbers.
LATER = {
    "bz2": {"id": "bz2", "level": 3}, "base64": {"id": "base64"}, "crc32": {"id": "crc32"}, "adler32": {"id": "adler32"},
    "lzma": {"id": "lzma", "format": 1, "check": -1, "preset": None, "filters": None},
    "lzma crc32": {"id": "lzma", "format": 1, "check": lzma.CHECK_CRC32, "preset": 9, "filters": None},
    "lzma none": {"id": "lzma", "format": 1, "check": lzma.CHECK_NONE, "preset": 0, "filters": None},
    "lzma sha256": {"id": "lzma", "format": 1, "check": lzma.CHECK_SHA256, "preset": 1, "filters": None},
    "lzma alone": {"id": "lzma", "format": 2, "check": -1, "preset": 1, "filters": None},
    "lzma delta": {"id": "lzma", "format": 1, "check": -1, "preset": None,
                   "filters": [{"id": lzma.FILTER_DELTA, "dist": 4}, {"id": lzma.FILTER_LZMA2, "preset": 1}]},
    "lzma raw": {"id": "lzma", "format": 3, "check": -1, "preset": None,
                 "filters": [{"id": lzma.FILTER_DELTA, "dist": 2}, {"id": lzma.FILTER_LZMA2, "preset": 6}]},
    "lzma raw lzma1": {"id": "lzma", "format": 3, "check": -1, "preset": None,
                       "filters": [{"id": lzma.FILTER_LZMA1, "dict_size": 65536, "lc": 1, "lp": 1, "pb": 1}]},
    "lzma raw x86": {"id": "lzma", "format": 3, "check": -1, "preset": None,
                     "filters": [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "preset": 1}]},
}
for name, compressor in LATER.items():
    for dtype in ("|u1", "<i2", ">i2", "<f4", ">f8"):
        add(f"{name} {dtype}", field(dtype, 61), None, compressor)
    add(f"{name} one element", field("<f4", 1), None, compressor)
    add(f"{name} incompressible", rng.integers(0, 256, 90, dtype="u1"), None, compressor)
    add(f"{name} constant", np.full(3000, 7, dtype="<i4") if name[:2] in ("bz", "lz") else np.full(30, 7, dtype="<i4"),
        None, compressor)
add("bz2 blocks", np.arange(60000, dtype="<i4") % 5, None, {"id": "bz2", "level": 1})
add_encoded("bz2 two streams", bz2.compress(members[:150]) + bz2.compress(members[150:]), None, LATER["bz2"], "<i4")
add_encoded("bz2 with bytes after it", bz2.compress(members) + b"tail", None, LATER["bz2"], "<i4")
add_encoded("lzma two streams", lzma.compress(members[:150]) + lzma.compress(members[150:]), None, LATER["lzma"], "<i4")
add_encoded("lzma with bytes after it", lzma.compress(members) + b"tail of no stream", None, LATER["lzma"], "<i4")
auto = {"id": "lzma", "format": 0, "check": -1, "preset": None, "filters": None}
add_encoded("lzma auto xz", lzma.compress(members), None, auto, "<i4")
add_encoded("lzma auto alone", lzma.compress(members, format=lzma.FORMAT_ALONE), None, auto, "<i4")
for count in (1, 7, 8, 9, 16, 61):
    add(f"packbits {count}", rng.integers(0, 2, count).astype("|b1"), [{"id": "packbits"}])
add("packbits zlib", rng.integers(0, 2, 300).astype("|b1"), [{"id": "packbits"}], COMPRESSORS["zlib"])
for decoded in NUMERIC:
    for encoded in ("|i1", "<i2", ">i4", "<u8", "<f2", ">f4", "<f8"):
        config = {"id": "astype", "encode_dtype": encoded, "decode_dtype": decoded}
        # Only values of both types: beyond them numpy's answer depends on the processor.
        values = np.abs(field("<f8", 11)) // 2
        add_encoded(f"astype {decoded} from {encoded}", values.astype(encoded).tobytes(), [config], None, decoded)
add("astype zlib", field("<f8", 70), [{"id": "astype", "encode_dtype": "<f4", "decode_dtype": "<f8"}], COMPRESSORS["zlib"])
labels = ["low", "h\u00f6her", "\u4e2d\u6587", "a label longer than the type"]
for dtype in ("<U6", ">U6"):
    for astype in ("|u1", "<u2", ">i4"):
        config = {"id": "categorize", "labels": labels, "dtype": dtype, "astype": astype}
        codes = np.array([0, 1, 2, 3, 4, 5, 1, 0], dtype=astype)
        add_encoded(f"categorize {dtype} as {astype}", codes.tobytes(), [config], None, dtype)
for check in ("crc32", "adler32"):
    add(f"shuffle zlib {check}", field("<f4", 80), SHUFFLE + [{"id": "zlib", "level": 3}], {"id": check})
    add(f"{check} shuffle zstd", field("<f4", 80), [{"id": check}] + SHUFFLE, COMPRESSORS["zstd"])

out = pathlib.Path(__file__).with_name("fixtures.json")
lines = ",\n".join(json.dumps({k: v for k, v in case.items() if v is not None}, separators=(",", ":")) for case in cases)
out.write_text("[\n" + lines + "\n]\n")
print(len(cases), "cases,", out.stat().st_size, "bytes")
