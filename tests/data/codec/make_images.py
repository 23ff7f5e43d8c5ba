#!/usr/bin/python3
"""Writes images.json: the codecs of imagecodecs that numcodecs lacks. The encoders: Pillow (JPEG, JPEG 2000, PNG, WebP),
GDAL (TIFF, JPEG 2000 of 12 and signed bits) and the libraries themselves through ctypes (LERC, brotli, snappy, LZ4
frames). What is lossy is expected as Pillow, GDAL or the library decode it. The array filters are written out here from
their descriptions; predictor 3 comes from GDAL's TIFF writer.
Run: /usr/bin/python3 -B make_images.py   (Debian 12: Pillow 9.4, GDAL 3.6.2, LERC 4.0, brotli 1.0.9, snappy 1.1.9)"""
import base64
import ctypes
import io
import json
import pathlib
import struct
import zlib

import numcodecs
import numpy as np
from osgeo import gdal
from PIL import Image

from fixture import Cases

gdal.UseExceptions()
rng = np.random.default_rng(9)
cases = Cases()
GDAL_TYPES = {"u1": gdal.GDT_Byte, "i2": gdal.GDT_Int16, "u2": gdal.GDT_UInt16, "i4": gdal.GDT_Int32,
              "u4": gdal.GDT_UInt32, "f4": gdal.GDT_Float32, "f8": gdal.GDT_Float64, "c8": gdal.GDT_CFloat32}


def smooth(dtype, shape):
    n = int(np.prod(shape))
    values = 60 * np.sin(np.arange(n) / 17.0) + 100 + rng.integers(0, 4, n)
    return values.astype(dtype).reshape(shape)


def add(name, encoded, values, **config):
    cases.add(name, encoded, np.asarray(values), None, config)


# Pillow
def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(data):
    return np.asarray(Image.open(io.BytesIO(data)))


GRAY, RGB, RGBA = (Image.fromarray(smooth("u1", shape)) for shape in ((19, 26), (19, 26, 3), (19, 26, 4)))
for name, image, options in (("gray", GRAY, {}), ("rgb", RGB, {"quality": 90, "subsampling": 0}),
                             ("rgb 420", RGB, {"quality": 60, "subsampling": 2}),
                             ("progressive", RGB, {"progressive": True}), ("optimized", GRAY, {"optimize": True})):
    data = saved(image, "JPEG", **options)
    add(f"imagecodecs_jpeg {name}", data, opened(data), id="imagecodecs_jpeg")
data = saved(GRAY, "JPEG")
add("imagecodecs_jpeg8", data, opened(data), id="imagecodecs_jpeg8", tables=None, header=None, bitspersample=8)
# Pillow writes and reads CMYK inverted.
data = saved(RGBA.convert("RGB").convert("CMYK"), "JPEG")
add("imagecodecs_jpeg cmyk", data, 255 - opened(data), id="imagecodecs_jpeg")
data = saved(RGB, "JPEG", subsampling=0)
ycc = Image.open(io.BytesIO(data))
ycc.draft("YCbCr", ycc.size)
for space in ("YCBCR", 3):
    add(f"imagecodecs_jpeg as {space}", data, np.asarray(ycc), id="imagecodecs_jpeg", colorspace_data=space)
end = data.index(b"\xff\xda")
add("imagecodecs_jpeg header", data[end:-2], opened(data), id="imagecodecs_jpeg",
    header=base64.b64encode(data[:end]).decode())
for kind in ("JPEG2000", "PNG", "WEBP"):
    codec = {"JPEG2000": "imagecodecs_jpeg2k", "PNG": "imagecodecs_png", "WEBP": "imagecodecs_webp"}[kind]
    options = {"WEBP": {"lossless": True, "exact": True}, "JPEG2000": {"irreversible": False}}.get(kind, {})
    for image in (GRAY, RGB, RGBA):
        if kind == "WEBP" and image is GRAY:
            continue
        data = saved(image, kind, **options)
        assert (opened(data) == np.asarray(image)).all()
        add(f"{codec} {image.mode}", data, image, id=codec)
words = Image.fromarray(smooth("u2", (9, 14)) * 300)
for kind, codec in (("JPEG2000", "imagecodecs_jpeg2k"), ("PNG", "imagecodecs_png")):
    add(f"{codec} 16 bits", saved(words, kind), np.asarray(words).astype("u2"), id=codec)
data = saved(RGB, "JPEG2000", irreversible=True, quality_mode="rates", quality_layers=[8])
add("imagecodecs_jpeg2k lossy", data, opened(data), id="imagecodecs_jpeg2k")
data = saved(RGB, "JPEG2000", no_jp2=True, tile_size=(16, 16))
add("imagecodecs_jpeg2k codestream, tiles", data, RGB, id="imagecodecs_jpeg2k", codecformat="j2k")
add("imagecodecs_jpeg2k planar", data, np.moveaxis(np.asarray(RGB), 2, 0), id="imagecodecs_jpeg2k", planar=True)
for name, image in (("rgb", RGB), ("rgba", RGBA)):
    data = saved(image, "WEBP", quality=70)
    add(f"imagecodecs_webp lossy {name}", data, opened(data), id="imagecodecs_webp", hasalpha=image is RGBA)
data = saved(RGB, "WEBP", lossless=True)
add("imagecodecs_webp alpha asked for", data, RGB.convert("RGBA"), id="imagecodecs_webp", hasalpha=True)
data = saved(RGBA, "WEBP", lossless=True, exact=True)
add("imagecodecs_webp alpha left out", data, np.asarray(RGBA)[..., :3], id="imagecodecs_webp", hasalpha=False)

# PNG's kinds
add("imagecodecs_spng", saved(RGB, "PNG"), RGB, id="imagecodecs_spng")
add("imagecodecs_apng one frame", saved(RGB, "PNG"), RGB, id="imagecodecs_apng")
add("imagecodecs_png gray alpha", saved(RGBA.convert("LA"), "PNG"), RGBA.convert("LA"), id="imagecodecs_png")
palette = RGB.quantize(11)
add("imagecodecs_png palette", saved(palette, "PNG"), palette.convert("RGB"), id="imagecodecs_png")
data = saved(palette, "PNG", transparency=3)
add("imagecodecs_png palette with alpha", data, Image.open(io.BytesIO(data)).convert("RGBA"), id="imagecodecs_png")
bits = GRAY.point(lambda v: 255 * (v > 100)).convert("1")
add("imagecodecs_png 1 bit", saved(bits, "PNG"), bits.convert("L"), id="imagecodecs_png")


def interlaced(values):
    """Adam7, written from the specification; Pillow checks it."""
    height, width = values.shape[:2]
    rows = b""
    for x, y, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        rows += b"".join(b"\0" + row.tobytes() for row in values[y::dy, x::dx])
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(data)) + kind + data +
                                           struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks)


data = interlaced(np.asarray(RGB))
assert (opened(data) == np.asarray(RGB)).all()
add("imagecodecs_png interlaced", data, RGB, id="imagecodecs_png")


# GDAL
def written(values, driver="GTiff", read_back=False, planes=False, **options):
    """The file of an array of rows x columns (x bands)."""
    path = f"/vsimem/image.{driver}"
    stack = values[..., None] if values.ndim == 2 else values
    memory = gdal.GetDriverByName("MEM").Create("", stack.shape[1], stack.shape[0], stack.shape[2],
                                                GDAL_TYPES[values.dtype.str[1:]])
    for band in range(stack.shape[2]):
        memory.GetRasterBand(band + 1).WriteArray(stack[..., band])
    gdal.GetDriverByName(driver).CreateCopy(path, memory, options=[f"{k}={v}" for k, v in options.items()])
    data = contents(path)
    raster = gdal.Open(path).ReadAsArray()
    gdal.Unlink(path)
    return (data, raster if raster.ndim == 2 or planes else np.moveaxis(raster, 0, 2)) if read_back else data


def contents(path):
    file = gdal.VSIFOpenL(path, "rb")
    gdal.VSIFSeekL(file, 0, 2)
    size = gdal.VSIFTellL(file)
    gdal.VSIFSeekL(file, 0, 0)
    data = bytes(gdal.VSIFReadL(1, size, file))
    gdal.VSIFCloseL(file)
    return data


TIFF = {"id": "imagecodecs_tiff"}
for dtype in GDAL_TYPES:
    values = smooth("<" + dtype, (11, 17))
    add(f"imagecodecs_tiff {dtype}", written(values), values, **TIFF)
    add(f"imagecodecs_tiff {dtype} big endian", written(values, ENDIANNESS="BIG"), values, **TIFF)
    if dtype != "c8":
        predictor = 3 if dtype[0] == "f" else 2
        data = written(values, COMPRESS="DEFLATE", PREDICTOR=predictor, TILED="YES", BLOCKXSIZE=16, BLOCKYSIZE=16)
        add(f"imagecodecs_tiff {dtype} tiles", data, values, **TIFF)
        # libtiff 4.5 writes predictor 3 wrongly into big-endian files.
        data = written(values, COMPRESS="LZW", PREDICTOR=2 if predictor == 2 else 1, ENDIANNESS="BIG", BLOCKYSIZE=3)
        add(f"imagecodecs_tiff {dtype} big endian strips", data, values, **TIFF)
values = smooth("<i2", (11, 17))
for compress in ("PACKBITS", "ZSTD", "LZMA", "LERC", "LERC_ZSTD"):
    add(f"imagecodecs_tiff {compress}", written(values, COMPRESS=compress), values, **TIFF)
add("imagecodecs_tiff BigTIFF", written(values, BIGTIFF="YES"), values, **TIFF)
for bits, dtype in ((1, "u1"), (2, "u1"), (4, "u1"), (7, "u1"), (9, "<u2"), (12, "<u2")):
    for shape in ((5, 13), (5, 13, 3)):
        values = rng.integers(0, 1 << bits, shape).astype(dtype)
        add(f"imagecodecs_tiff {bits} bits {shape}", written(values, NBITS=bits, INTERLEAVE="PIXEL"), values, **TIFF)
values = rng.integers(0, 4096, (20, 37)).astype("<u2")
data = written(values, NBITS=12, COMPRESS="DEFLATE", TILED="YES", BLOCKXSIZE=16, BLOCKYSIZE=16, ENDIANNESS="BIG")
add("imagecodecs_tiff 12 bits tiles", data, values, **TIFF)
values = smooth("<u2", (11, 17, 3))
for compress in ("NONE", "DEFLATE"):
    add(f"imagecodecs_tiff pixels {compress}", written(values, INTERLEAVE="PIXEL", COMPRESS=compress), values, **TIFF)
    planes = np.moveaxis(values, 2, 0)
    add(f"imagecodecs_tiff planes {compress}", written(values, INTERLEAVE="BAND", COMPRESS=compress), planes, **TIFF)
    data = written(values, INTERLEAVE="BAND", COMPRESS=compress, TILED="YES", BLOCKXSIZE=16, BLOCKYSIZE=16)
    add(f"imagecodecs_tiff planes in tiles {compress}", data, planes, **TIFF)
colors = np.asarray(RGB)
for name, options in (("jpeg", {"COMPRESS": "JPEG"}), ("jpeg ycc", {"COMPRESS": "JPEG", "PHOTOMETRIC": "YCBCR"}),
                      ("jpeg ycc tiles", {"COMPRESS": "JPEG", "PHOTOMETRIC": "YCBCR", "TILED": "YES", "BLOCKXSIZE": 16,
                                          "BLOCKYSIZE": 16}), ("webp", {"COMPRESS": "WEBP", "WEBP_LOSSLESS": "YES"})):
    data, expected = written(colors, read_back=True, INTERLEAVE="PIXEL", **options)
    add(f"imagecodecs_tiff {name}", data, expected, **TIFF)
# libtiff's RGB of CMYK: (255 - k) * (255 - c) / 255, cut.
cmyk = RGB.convert("CMYK")
inks = 255 - np.asarray(cmyk).astype("i4")
add("imagecodecs_tiff cmyk", saved(cmyk, "TIFF"), (inks[..., 3:] * inks[..., :3] // 255).astype("u1"), **TIFF)
add("imagecodecs_tiff rgba", saved(GRAY, "TIFF"), np.asarray(GRAY.convert("RGBA")), asrgb=True, **TIFF)
pages = [Image.fromarray(smooth("u1", (8, 9))) for _ in range(3)]
other = Image.fromarray(smooth("u1", (4, 5)))
data = saved(pages[0], "TIFF", save_all=True, append_images=[other, pages[1], pages[2]])
stack = np.stack([np.asarray(page) for page in pages])
add("imagecodecs_tiff pages", data, stack, **TIFF)
add("imagecodecs_tiff page 3", data, stack[2], index=3, **TIFF)
add("imagecodecs_tiff pages 3 and 0", data, stack[[2, 0]], index=[3, 0], **TIFF)
values = np.arange(1600, dtype="<f4").reshape(40, 40) // 7
data = written(values, driver="COG", COMPRESS="DEFLATE", BLOCKSIZE=128, OVERVIEW_COUNT=1, OVERVIEWS="IGNORE_EXISTING")
add("imagecodecs_tiff COG with overviews", data, values, **TIFF)
for name, values, options in (("12 bits", smooth("<u2", (9, 14)) * 20, {"NBITS": 12}), ("i2", smooth("<i2", (9, 14)) - 150, {})):
    data, expected = written(values, driver="JP2OpenJPEG", read_back=True, REVERSIBLE="YES", QUALITY=100, **options)
    assert (expected == values).all()
    add(f"imagecodecs_jpeg2k {name}", data, values, id="imagecodecs_jpeg2k")


def strip(values, **options):
    """The bytes of the only strip of a TIFF file, and the tables of JPEG."""
    path = "/vsimem/strip.tif"
    with_block = dict(options, BLOCKYSIZE=values.shape[0], INTERLEAVE="PIXEL")
    data, expected = written(values, read_back=True, **with_block)
    gdal.FileFromMemBuffer(path, data)
    dataset = gdal.Open(path)
    band = dataset.GetRasterBand(1)
    offset, size, tables = (band.GetMetadataItem(key, "TIFF") for key in ("BLOCK_OFFSET_0_0", "BLOCK_SIZE_0_0", "JPEGTABLES"))
    band = dataset = None
    gdal.Unlink(path)
    return data[int(offset):int(offset) + int(size)], expected, tables


for dtype in ("<f4", "<f8", ">f4", ">f8"):
    for shape in ((12, 7), (5, 6, 3)):
        values = smooth(dtype.replace(">", "<"), shape)
        data, _, _ = strip(values, COMPRESS="DEFLATE", PREDICTOR=3)  # its planes do not depend on the byte order
        config = {"id": "imagecodecs_floatpred", "shape": list(shape), "dtype": dtype, "axis": 1 - len(shape) if len(shape) == 3 else -1}
        cases.add(f"imagecodecs_floatpred {dtype} {shape}", data, values, [config], {"id": "zlib"}, dtype=dtype)
for photometric in ("RGB", "YCBCR"):
    data, expected, tables = strip(colors, COMPRESS="JPEG", PHOTOMETRIC=photometric)
    assert tables
    add(f"imagecodecs_jpeg tables {photometric}", data, expected, id="imagecodecs_jpeg",
        tables=base64.b64encode(bytes.fromhex(tables)).decode(), colorspace_jpeg={"RGB": 2, "YCBCR": None}[photometric],
        colorspace_data="RGB")

# LERC
lerc = ctypes.CDLL("libLerc.so.4")
LERC_TYPES = {"i1": 0, "u1": 1, "i2": 2, "u2": 3, "i4": 4, "u4": 5, "f4": 6, "f8": 7}


def lerc_encode(values, bands=1, depth=1, valid=None, error=0.0, version=4):
    rows, columns = values.shape[-2:] if depth == 1 else values.shape[-3:-1]
    values = np.ascontiguousarray(values)
    out = np.zeros(values.nbytes * 2 + 10000, "u1")
    size = ctypes.c_uint()
    kind = LERC_TYPES[values.dtype.str[1:]]
    mask = None if valid is None else np.ascontiguousarray(valid, "u1")
    code = lerc.lerc_encodeForVersion(values.ctypes.data_as(ctypes.c_void_p), version, kind, depth, columns, rows, bands,
                                      0 if mask is None else 1, None if mask is None else mask.ctypes.data_as(ctypes.c_void_p),
                                      ctypes.c_double(error), out.ctypes.data_as(ctypes.c_void_p), out.size, ctypes.byref(size))
    assert code == 0
    data = out[:size.value].tobytes()
    decoded = np.zeros_like(values)
    masks = np.zeros((rows, columns), "u1")
    code = lerc.lerc_decode(data, len(data), 0 if mask is None else 1, masks.ctypes.data_as(ctypes.c_void_p), depth, columns, rows,
                            bands, kind, decoded.ctypes.data_as(ctypes.c_void_p))
    assert code == 0 and np.abs(decoded.astype("f8") - values)[... if valid is None else valid].max() <= error
    return data, decoded


LERC = {"id": "imagecodecs_lerc"}
for dtype in LERC_TYPES:
    add(f"imagecodecs_lerc {dtype}", *lerc_encode(smooth("f8", (13, 18)).astype("<" + dtype)), **LERC)
values = smooth("<f4", (13, 18))
for version in (2, 3, 5, 6):
    add(f"imagecodecs_lerc version {version}", *lerc_encode(values, version=version), **LERC)
add("imagecodecs_lerc lossy", *lerc_encode(values, error=0.1), **LERC)
valid = smooth("u1", (13, 18)) > 100
assert 0 < valid.sum() < valid.size
data, decoded = lerc_encode(values, valid=valid)
assert (decoded[~valid] == 0).all()
add("imagecodecs_lerc mask", data, decoded, **LERC)
add("imagecodecs_lerc bands", *lerc_encode(smooth("<u2", (3, 9, 8)), bands=3), planar=True, **LERC)
add("imagecodecs_lerc depth", *lerc_encode(smooth("<u2", (9, 8, 3)), depth=3), **LERC)
data, decoded = lerc_encode(values)
add("imagecodecs_lerc zstd", numcodecs.Zstd().encode(data), decoded, compression="zstd", **LERC)
add("imagecodecs_lerc deflate", zlib.compress(data), decoded, compression="deflate", **LERC)


# Compressors


values = smooth("<u2", (30, 25))
raw = values.tobytes()
brotli, snappy, lz4 = (ctypes.CDLL(f"lib{name}") for name in ("brotlienc.so.1", "snappy.so.1", "lz4.so.1"))
for name, data in (("", raw), (" zeros", bytes(5000))):
    array = np.frombuffer(data, "<u2")
    out, size = ctypes.create_string_buffer(10000), ctypes.c_size_t(10000)
    assert brotli.BrotliEncoderCompress(9, 22, 0, ctypes.c_size_t(len(data)), data, ctypes.byref(size), out) == 1
    add("imagecodecs_brotli" + name, out.raw[:size.value], array, id="imagecodecs_brotli")
    size = ctypes.c_size_t(10000)
    assert snappy.snappy_compress(data, ctypes.c_size_t(len(data)), out, ctypes.byref(size)) == 0
    add("imagecodecs_snappy" + name, out.raw[:size.value], array, id="imagecodecs_snappy")
    lz4.LZ4F_compressFrame.restype = ctypes.c_size_t
    # frame: block size, linked blocks, checksum of the content, type, size, dictionary, checksum of blocks; level
    for kind, first in (("", (0, 0, 0, 0)), (" checksums", (4, 1, 1, 0))):
        preferences = struct.pack("<IIIIQIIiIIIII", *first, 0, 0, 1 if kind else 0, 0, 0, 0, 0, 0, 0)
        size = lz4.LZ4F_compressFrame(out, ctypes.c_size_t(10000), data, ctypes.c_size_t(len(data)), preferences)
        assert size < 10000
        add(f"imagecodecs_lz4f{name}{kind}", out.raw[:size], array, id="imagecodecs_lz4f")


# Filters, from their descriptions
def bitshuffle(data, width, block=0):
    block = block or 8192 // width
    elements = np.frombuffer(data, "u1").reshape(-1, width)
    whole = len(elements) // 8 * 8
    out = b""
    for first in range(0, whole, block):
        part = elements[first:min(first + block, whole)]
        bits = np.unpackbits(part, axis=1, bitorder="little")  # elements x bits
        out += np.packbits(bits.T, axis=1, bitorder="little").tobytes()
    return out + elements[whole:].tobytes()


assert bitshuffle(bytes(range(8)), 1) == bytes([0xaa, 0xcc, 0xf0, 0, 0, 0, 0, 0])
for width in (1, 2, 4, 8):
    for count in (5, 30, 8 * 1030 // width):
        values = (rng.integers(0, 1 << 8 * min(width, 7), 30)[np.arange(count) % 30]).astype(f"<u{width}")
        for block in (0, 64):
            filters = [{"id": "imagecodecs_bitshuffle", "itemsize": width, "blocksize": block}]
            cases.add(f"imagecodecs_bitshuffle {width} {count} {block}", zlib.compress(bitshuffle(values.tobytes(), width, block)),
                      values, filters, {"id": "zlib"})
reverse = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
values = np.arange(256, dtype="u1")
add("imagecodecs_bitorder", reverse, values, id="imagecodecs_bitorder")
for shape, axis in (((7, 5), -1), ((7, 5), 0), ((3, 4, 5), 1)):
    for dtype in ("<u2", ">f4"):
        values = smooth(dtype, shape)
        integers = values.view(dtype.replace("f", "u"))
        before = np.roll(integers, 1, axis)
        before[tuple(0 if d == axis % len(shape) else slice(None) for d in range(len(shape)))] = 0
        config = {"id": "imagecodecs_xor", "shape": list(shape), "dtype": dtype, "axis": axis}
        cases.add(f"imagecodecs_xor {dtype} {shape} {axis}", (integers ^ before).astype(integers.dtype).tobytes(), values, [config],
                  dtype=dtype)
raw = np.frombuffer(b"0123456789", "u1")
add("imagecodecs_xor bytes", bytes(raw ^ np.concatenate([[0], raw[:-1]]).astype("u1")), raw, id="imagecodecs_xor")


def byteshuffle(values, delta, reorder, step):
    """Of each row; `values` of rows x elements."""
    width = values.dtype.itemsize
    planes = values.view("u1").reshape(len(values), -1, width)
    if reorder and values.dtype.str[0] == "<":
        planes = planes[..., ::-1]
    rows = np.moveaxis(planes, 2, 1).reshape(len(values), -1)
    if delta:
        before = np.concatenate([np.zeros((len(rows), step), "u1"), rows[:, :-step]], 1)
        rows = rows - before
    return rows.tobytes()


for dtype in ("<u2", ">i4", "<f8"):
    for delta in (False, True):
        for reorder in (False, True):
            for shape, axis, dist in (((6, 8), -1, 1), ((6, 8), -1, 4), ((4, 8, 3), -2, 1), ((4, 8, 3), -2, 2)):
                values = smooth(dtype, shape)
                step = dist * (shape[-1] if axis == -2 else 1)
                config = {"id": "imagecodecs_byteshuffle", "shape": list(shape), "dtype": dtype, "axis": axis, "dist": dist,
                          "delta": delta, "reorder": reorder}
                data = byteshuffle(values.reshape(shape[0], -1), delta, reorder, step)
                cases.add(f"imagecodecs_byteshuffle {dtype} {delta} {reorder} {shape} {dist}", data, values, [config], dtype=dtype)
for bits, dtype in ((1, "u1"), (3, "u1"), (10, "<u2"), (12, "<u2"), (12, ">u2"), (17, "<u4"), (31, "<u4")):
    for run in (0, 5):
        values = rng.integers(0, 1 << bits, 20).astype(dtype)
        data = b""
        for row in values.reshape(-1, run or 20):
            text = "".join(f"{value:0{bits}b}" for value in row)
            text += "0" * (-len(text) % 8)
            data += bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8))
        config = {"id": "imagecodecs_packints", "dtype": dtype, "bitspersample": bits, "runlen": run}
        count = len(data) * 8 // bits if run == 0 else 20
        if count == 20:
            cases.add(f"imagecodecs_packints {bits} {dtype} {run}", data, values, None, config, dtype=dtype)
cases.write(__file__)

# What is refused: a chunk of `elements` bytes, and a part of the message.
frames = saved(RGB, "WEBP", save_all=True, append_images=[GRAY.convert("RGB")])
complex_integers = gdal.GetDriverByName("GTiff").Create("/vsimem/c.tif", 4, 4, 1, gdal.GDT_CInt16)
complex_integers = None
differing = saved(pages[0], "TIFF", save_all=True, append_images=[other])
refused = [
    ("an animation", {"id": "imagecodecs_webp"}, frames, 19 * 26 * 3, "animated"),
    ("LERC 1", {"id": "imagecodecs_lerc"}, b"CntZImage " + bytes(90), 64, "version 1"),
    ("complex integers", TIFF, contents("/vsimem/c.tif"), 64, "format 5"),
    ("no such page", dict(TIFF, index=7), differing, 72, "no page 7"),
    ("pages that differ", dict(TIFF, index=[0, 1]), differing, 92, "differ"),
    ("no image", TIFF, b"II*\0" + bytes(40), 64, "TIFF image of 44 bytes"),
    ("PNG for JPEG", {"id": "imagecodecs_jpeg"}, saved(GRAY, "PNG"), 19 * 26, "Not a JPEG file"),
    ("JPEG for PNG", {"id": "imagecodecs_png"}, saved(GRAY, "JPEG"), 19 * 26, "Not a PNG file"),
    ("JPEG for JPEG 2000", {"id": "imagecodecs_jpeg2k"}, saved(GRAY, "JPEG"), 19 * 26, "no codestream"),
]
lines = ",\n".join(json.dumps({"name": name, "compressor": config, "encoded": base64.b64encode(data).decode(),
                               "elements": elements, "message": message}) for name, config, data, elements, message in refused)
pathlib.Path(__file__).with_name("image_errors.json").write_text("[\n" + lines + "\n]\n")
