#!/usr/bin/python3
"""Writes others.json: codecs that numcodecs 0.11 lacks. The encoders: GDAL's TIFF writer (LZW, PackBits, predictor 2),
libzfp through ctypes, Python's zipfile and zlib, liblz4 through numcodecs; Bob Jenkins' lookup3, record_member and
astype written out here from their descriptions, checked by published values.
Run: /usr/bin/python3 -B make_others.py   (Debian 12: GDAL 3.6.2, zfp 1.0.0)"""
import ctypes
import io
import struct
import zipfile
import zlib

import numcodecs
import numpy as np
from osgeo import gdal

from fixture import Cases

gdal.UseExceptions()
rng = np.random.default_rng(6)
cases = Cases()


def smooth(dtype, shape):
    n = int(np.prod(shape))
    values = 50 * np.sin(np.arange(n) / 11.0) + 60
    return (values if np.dtype(dtype).kind == "f" else np.round(values)).astype(dtype).reshape(shape)


# TIFF: one strip of a file that GDAL writes.
def strip(values, **options):
    path = "/vsimem/x.tif"
    height, width = values.shape[:2]
    bands = values.shape[2] if values.ndim == 3 else 1
    code = {"uint8": gdal.GDT_Byte, "int16": gdal.GDT_Int16, "uint16": gdal.GDT_UInt16, "int32": gdal.GDT_Int32,
            "float32": gdal.GDT_Float32}[values.dtype.name]
    options = dict(options, BLOCKYSIZE=height, INTERLEAVE="PIXEL")
    raster = gdal.GetDriverByName("GTiff").Create(path, width, height, bands, code,
                                                  [f"{k}={v}" for k, v in options.items()])
    for band in range(bands):
        raster.GetRasterBand(band + 1).WriteArray(values[..., band] if bands > 1 else values)
    raster = None
    raster = gdal.Open(path)
    offset = int(raster.GetRasterBand(1).GetMetadataItem("BLOCK_OFFSET_0_0", "TIFF"))
    size = int(raster.GetRasterBand(1).GetMetadataItem("BLOCK_SIZE_0_0", "TIFF"))
    raster = None
    file = gdal.VSIFOpenL(path, "rb")
    gdal.VSIFSeekL(file, offset, 0)
    data = bytes(gdal.VSIFReadL(1, size, file))
    gdal.VSIFCloseL(file)
    gdal.Unlink(path)
    return data


LZW, PACKBITS = {"id": "imagecodecs_lzw"}, {"id": "imagecodecs_packbits"}
for dtype in ("u1", "<i2", "<f4"):
    for shape in ((1, 1), (1, 7), (40, 50), (3, 900)):
        for compress, codec in (("LZW", LZW), ("PACKBITS", PACKBITS)):
            values = smooth(dtype, shape)
            cases.add(f"{codec['id']} {dtype} {shape}", strip(values, COMPRESS=compress), values, None, codec)
noise = rng.integers(0, 256, (24, 300), dtype="u1")  # fills the table of LZW several times
cases.add("imagecodecs_lzw noise", strip(noise, COMPRESS="LZW"), noise, None, LZW)
cases.add("imagecodecs_packbits noise", strip(noise, COMPRESS="PACKBITS"), noise, None, PACKBITS)
constant = np.full((300, 300), 9, "u1")
cases.add("imagecodecs_lzw constant", strip(constant, COMPRESS="LZW"), constant, None, LZW)
cases.add("imagecodecs_packbits constant", strip(constant, COMPRESS="PACKBITS"), constant, None, PACKBITS)
for dtype in ("u1", "<i2", "<u2", "<i4"):
    for shape, axis in (((20, 30), -1), ((20, 30, 3), -2)):
        values = smooth(dtype, shape)
        delta = {"id": "imagecodecs_delta", "shape": list(shape), "dtype": np.dtype(dtype).str, "axis": axis}
        cases.add(f"imagecodecs_delta {dtype} {shape}", strip(values, COMPRESS="LZW", PREDICTOR=2), values, [delta], LZW)
        cases.add(f"imagecodecs_delta deflate {dtype} {shape}", strip(values, COMPRESS="DEFLATE", PREDICTOR=2), values,
                  [delta], {"id": "imagecodecs_zlib"})
values = smooth(">i2", (6, 5, 4))
for axis in (0, 1, 2, -3):
    data = values.astype("i8")
    step = np.diff(data, axis=axis, prepend=0).astype(">i2")
    cases.add(f"imagecodecs_delta big-endian axis {axis}", step.tobytes(), values,
              [{"id": "imagecodecs_delta", "shape": [6, 5, 4], "dtype": ">i2", "axis": axis}])
bits = smooth("<f4", (9, 8))
step = np.diff(bits.view("u4").astype("i8"), axis=1, prepend=0).astype("<u4")
cases.add("imagecodecs_delta floats", step.tobytes(), bits,
          [{"id": "imagecodecs_delta", "shape": [9, 8], "dtype": "<f4", "axis": -1}])

# zfp: what numcodecs' ZFPY writes, a stream with the full header. Expected: what libzfp itself decompresses.
zfp = ctypes.CDLL("libzfp.so.1")
for name in ("zfp_stream_open", "zfp_field_alloc", "stream_open", "zfp_field_1d", "zfp_field_2d", "zfp_field_3d", "zfp_field_4d"):
    getattr(zfp, name).restype = ctypes.c_void_p
for name in ("zfp_stream_maximum_size", "zfp_write_header", "zfp_compress", "zfp_decompress", "zfp_read_header"):
    getattr(zfp, name).restype = ctypes.c_size_t
zfp.zfp_stream_set_accuracy.restype = ctypes.c_double
zfp.zfp_stream_set_rate.restype = ctypes.c_double
ZFP_TYPES = {"int32": 1, "int64": 2, "float32": 3, "float64": 4}
P = ctypes.c_void_p


def zfp_field(values):
    lengths = [ctypes.c_size_t(n) for n in reversed(values.shape)]
    make = getattr(zfp, f"zfp_field_{values.ndim}d")
    return P(make(P(values.ctypes.data), ZFP_TYPES[values.dtype.name], *lengths))


FULL, WITHOUT_META = 7, 5


def zfp_encode(values, set_mode, header=FULL):
    """header: what of it stands before the data. imagecodecs leaves shape and type out where header=False."""
    stream, field = P(zfp.zfp_stream_open(None)), zfp_field(values)
    set_mode(stream, values)
    buffer = (ctypes.c_char * (zfp.zfp_stream_maximum_size(stream, field) + 1024))()
    zfp.zfp_stream_set_bit_stream(stream, P(zfp.stream_open(buffer, ctypes.c_size_t(len(buffer)))))
    zfp.zfp_write_header(stream, field, header)
    size = zfp.zfp_compress(stream, field)
    assert size > 0
    data = buffer.raw[:size]
    back = np.zeros_like(values)
    source = ctypes.create_string_buffer(data + bytes(4096))
    stream = P(zfp.zfp_stream_open(None))
    zfp.zfp_stream_set_bit_stream(stream, P(zfp.stream_open(source, ctypes.c_size_t(len(source)))))
    field = P(zfp.zfp_field_alloc()) if header == FULL else zfp_field(back)
    assert zfp.zfp_read_header(stream, field, header) > 0
    zfp.zfp_field_set_pointer(field, P(back.ctypes.data))
    assert zfp.zfp_decompress(stream, field) > 0
    return data, back


MODES = {
    "reversible": (lambda s, v: zfp.zfp_stream_set_reversible(s), 0),
    "accuracy": (lambda s, v: zfp.zfp_stream_set_accuracy(s, ctypes.c_double(0.01)), 0.01),
    "precision": (lambda s, v: zfp.zfp_stream_set_precision(s, 20), 1),
    "rate": (lambda s, v: zfp.zfp_stream_set_rate(s, ctypes.c_double(16), ZFP_TYPES[v.dtype.name], v.ndim, 0), 40),
}
for mode, (set_mode, tolerance) in MODES.items():
    for dtype in ("<f4", "<f8", "<i4", "<i8"):
        for shape in ((21,), (9, 14), (5, 6, 7), (4, 5, 2, 3)):
            values = smooth(dtype, shape) * (1 if dtype[1] == "f" else 1000)
            if mode == "accuracy" and dtype[1] == "i":
                continue
            values = np.ascontiguousarray(values.astype(dtype))
            encoded, decoded = zfp_encode(values, set_mode)
            assert mode in ("rate", "precision") or np.abs(decoded - values).max() <= tolerance, (mode, dtype, shape)
            cases.add(f"zfpy {mode} {dtype} {shape}", encoded, decoded, None, {"id": "zfpy", "mode": 4})
for mode in ("reversible", "rate", "accuracy"):
    for dtype, shape in (("<f4", (21,)), ("<f8", (9, 14)), ("<i4", (5, 6, 7)), ("<i8", (4, 5, 2, 3))):
        if mode == "accuracy" and dtype[1] == "i":
            continue
        values = np.ascontiguousarray((np.hypot(*np.indices((2, np.prod(shape))))[1].reshape(shape) * 3).astype(dtype))
        encoded, decoded = zfp_encode(values, MODES[mode][0], WITHOUT_META)
        cases.add(f"imagecodecs_zfp without header {mode} {dtype}", encoded, decoded, None,
                  {"id": "imagecodecs_zfp", "header": False, "shape": list(shape), "dtype": dtype})
zeros = np.zeros((12, 12), "<f4")
cases.add("zfpy zeros", *zfp_encode(zeros, MODES["accuracy"][0]), None, {"id": "imagecodecs_zfp"})


# lookup3, from the description at burtleburtle.net; the two last values are those of its self-test.
def lookup3(data, seed=0):
    mask = 0xffffffff
    rot = lambda x, k: ((x << k) | (x >> (32 - k))) & mask
    a = b = c = (0xdeadbeef + len(data) + seed) & mask
    if not data:
        return c
    while len(data) > 12:
        x, y, z = struct.unpack("<3I", data[:12])
        a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
        for ka, kb, kc in ((4, 6, 8), (16, 19, 4)):
            a = ((a - c) & mask) ^ rot(c, ka)
            c = (c + b) & mask
            b = ((b - a) & mask) ^ rot(a, kb)
            a = (a + c) & mask
            c = ((c - b) & mask) ^ rot(b, kc)
            b = (b + a) & mask
        data = data[12:]
    x, y, z = struct.unpack("<3I", data.ljust(12, b"\0"))
    a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
    c = ((c ^ b) - rot(b, 14)) & mask
    a = ((a ^ c) - rot(c, 11)) & mask
    b = ((b ^ a) - rot(a, 25)) & mask
    c = ((c ^ b) - rot(b, 16)) & mask
    a = ((a ^ c) - rot(c, 4)) & mask
    b = ((b ^ a) - rot(a, 14)) & mask
    return ((c ^ b) - rot(b, 24)) & mask


assert lookup3(b"") == 0xdeadbeef
assert lookup3(b"Four score and seven years ago") == 0x17770551
assert lookup3(b"Four score and seven years ago", 1) == 0xcd628161
for count in (1, 3, 12, 13, 24, 25, 100):
    raw = rng.integers(0, 256, count, dtype="u1")
    cases.add(f"jenkins_lookup3 {count}", raw.tobytes() + struct.pack("<I", lookup3(raw.tobytes())), raw,
              [{"id": "jenkins_lookup3"}])
raw = rng.integers(0, 256, 40, dtype="u1")
cases.add("jenkins_lookup3 initval", raw.tobytes() + struct.pack("<I", lookup3(raw.tobytes(), 77)), raw,
          [{"id": "jenkins_lookup3", "initval": 77, "prefix": None}])

# Checksums behind the data (numcodecs >= 0.15) and CRC-32C, from its polynomial; check value of RFC 3720.
def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


assert crc32c(b"123456789") == 0xe3069283
for name, function in (("crc32", zlib.crc32), ("adler32", zlib.adler32), ("crc32c", crc32c)):
    for location in ("start", "end", None):
        for count in (0, 1, 100):
            raw = rng.integers(0, 256, count, dtype="u1")
            value = struct.pack("<I", function(raw.tobytes()))
            at_end = location == "end" or (location is None and name == "crc32c")
            config = {"id": name} if location is None else {"id": name, "location": location}
            cases.add(f"{name} {location} {count}", raw.tobytes() + value if at_end else value + raw.tobytes(), raw, None,
                      config)
for count in (7, 8, 9, 3071, 3072, 3073, 6150, 9999):
    raw = (np.arange(count) * 7 % 251).astype("u1")
    cases.add(f"crc32c length {count}", raw.tobytes() + struct.pack("<I", crc32c(raw.tobytes())), raw, None, {"id": "crc32c"})

# kerchunk's codecs, as its descriptions have them: a field of records, a member of a zip file with its local header.
record = np.dtype([("time", ">i4"), ("sst", ">f4"), ("quality", "i1"), ("name", "S3")])
rows = np.zeros(9, record)
rows["time"], rows["sst"], rows["quality"], rows["name"] = np.arange(9), np.arange(9) * 1.5, range(9), b"ab"
descr = [list(d) for d in record.descr]
for member in record.names:
    cases.add(f"record_member {member}", rows.tobytes(), rows[member],
              [{"id": "record_member", "member": member, "dtype": descr}], dtype=record[member])
for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
    packed = io.BytesIO()
    values = smooth("<i2", (200,))
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("folder/member.bin", values.tobytes())
        info = archive.infolist()[0]
    member = packed.getvalue()[:30 + len("folder/member.bin") + info.compress_size]
    cases.add(f"deflate method {method}", member, values, None, {"id": "deflate"})

# imagecodecs' forms of the common compressors.
values = smooth("<f4", (70,))
raw = values.tobytes()
bare = zlib.compressobj(6, zlib.DEFLATED, -15)
cases.add("imagecodecs_deflate", zlib.compress(raw), values, None, {"id": "imagecodecs_deflate", "level": None, "raw": False})
cases.add("imagecodecs_deflate raw", bare.compress(raw) + bare.flush(), values, None,
          {"id": "imagecodecs_deflate", "raw": True})
lz4 = bytes(numcodecs.LZ4().encode(raw))
cases.add("imagecodecs_lz4", lz4[4:], values, None, {"id": "imagecodecs_lz4", "header": False})
repeated = np.zeros(9000, "<i4")
inner = zlib.compress(repeated.tobytes(), 0)
cases.add("zlib imagecodecs_lz4", bytes(numcodecs.LZ4().encode(inner))[4:], repeated, [{"id": "zlib"}], {"id": "imagecodecs_lz4"})
cases.add("imagecodecs_lz4 header", lz4, values, None, {"id": "imagecodecs_lz4", "header": True})
for name in ("zlib", "bz2", "lzma", "zstd", "blosc"):
    cases.add(f"imagecodecs_{name}", bytes(numcodecs.get_codec({"id": name}).encode(values)), values, None,
              {"id": f"imagecodecs_{name}"})

# Structured types: every field in native order.
for order in "<>":
    mixed = np.dtype([("a", order + "i2"), ("b", "S3"), ("c", order + "f8"), ("d", [("x", order + "f4"), ("y", "u1")]),
                      ("e", order + "U2"), ("f", order + "c8"), ("g", order + "M8[s]")])
    table = np.zeros(5, mixed)
    table["a"], table["b"], table["c"] = np.arange(5) - 2, [b"a", b"bc", b"def", b"", b"x"], np.arange(5) / 3
    table["d"]["x"], table["d"]["y"], table["e"] = np.arange(5) / 7, range(5), ["", "a", "bc", "\u00e9", "z"]
    table["f"], table["g"] = np.arange(5) * (1 - 2j), np.arange(5).astype("M8[s]")
    cases.add(f"structured {order}", table.tobytes(), table)
    cases.add(f"structured {order} zlib", zlib.compress(table.tobytes()), table, None, {"id": "zlib"})
    pair = np.dtype([("re", order + "f4"), ("im", order + "f4")])
    pairs = np.zeros(6, pair)
    pairs["re"], pairs["im"] = range(6), range(6, 12)
    cases.add(f"structured alike {order}", pairs.tobytes(), pairs)
cases.write(__file__)
