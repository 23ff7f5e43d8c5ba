#!/usr/bin/python3
"""Writes v3.json: chunks of Zarr v3 codec chains, encoded by this script from the specification (zarr-specs v3: bytes,
transpose, sharding_indexed, gzip, blosc, crc32c; zarr-extensions: zstd, vlen-utf8, vlen-bytes, cast_value, scale_offset,
numcodecs.*) with numcodecs, zlib and a CRC-32C of its own. "order": dimensions of the decoded chunk in memory.
Run: /usr/bin/python3 -B make_v3.py   (Debian 12: numcodecs 0.11.0)"""
import base64
import gzip
import struct

import numcodecs
import numpy as np

from fixture import Cases

rng = np.random.default_rng(7)
cases = Cases()
ABSENT = 2**64 - 1
GZIP, ZSTD = {"name": "gzip", "configuration": {"level": 5}}, {"name": "zstd", "configuration": {"level": 3, "checksum": False}}
CRC = {"name": "crc32c"}
LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}
BIG = {"name": "bytes", "configuration": {"endian": "big"}}
BLOSC = {"name": "blosc", "configuration": {"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 4, "blocksize": 0}}
INDEX = [LITTLE, CRC]


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


assert crc32c(b"123456789") == 0xe3069283


def transpose(*order):
    return {"name": "transpose", "configuration": {"order": list(order)}}


def sharding(chunk, codecs, index=INDEX, location=None):
    config = {"chunk_shape": list(chunk), "codecs": codecs, "index_codecs": index}
    if location:
        config["index_location"] = location
    return {"name": "sharding_indexed", "configuration": config}


def encode(values, codecs, absent=()):
    """values: an array in native order; absent: grid positions of inner chunks that a shard leaves out."""
    data = values
    for codec in codecs:
        codec = {"name": codec} if isinstance(codec, str) else codec
        name, config = codec["name"], codec.get("configuration", {})
        if name == "transpose":
            order = config["order"]
            data = np.transpose(data, order) if order not in ("C", "F") else data if order == "C" else data.T
        elif name in ("bytes", "endian"):
            order = "<" if config.get("endian", "little") == "little" else ">"
            data = np.ascontiguousarray(data).astype(data.dtype.newbyteorder(order)).tobytes()
        elif name == "sharding_indexed":
            data = encode_shard(data, config, absent)
        elif name == "crc32c":
            data = data + struct.pack("<I", crc32c(data))
        elif name == "gzip":
            data = gzip.compress(data, config["level"], mtime=0)
        elif name == "cast_value":
            kind = np.dtype(config["data_type"])
            mapped = {float(k): v for k, v in config.get("scalar_map", {}).get("encode", [])}
            out = np.empty(data.shape, kind)
            for at, value in np.ndenumerate(data):
                special = [v for k, v in mapped.items() if k == value or (k != k and value != value)]
                out[at] = special[0] if special else np.rint(value) if kind.kind in "iu" else value
            data = out
        elif name == "scale_offset":
            data = ((data - data.dtype.type(config.get("offset", 0))) * data.dtype.type(config.get("scale", 1)))
        elif name in ("vlen-utf8", "vlen-bytes"):
            data = numcodecs.get_codec({"id": name}).encode(np.ascontiguousarray(data))
        else:
            config = {k: v for k, v in config.items() if k not in ("typesize", "checksum")}
            if isinstance(config.get("shuffle"), str):
                config["shuffle"] = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}[config["shuffle"]]
            codec = numcodecs.get_codec({"id": name.replace("numcodecs.", ""), **config})
            out = codec.encode(np.ascontiguousarray(data) if isinstance(data, np.ndarray) else data)
            data = out if isinstance(out, np.ndarray) and codec.codec_id in (
                "delta", "fixedscaleoffset", "quantize", "astype", "packbits", "bitround") else bytes(
                    numcodecs.compat.ensure_bytes(out))
    return bytes(data)


def encode_shard(values, config, absent):
    chunk = config["chunk_shape"]
    counts = [n // c for n, c in zip(values.shape, chunk)]
    at_end = config.get("index_location", "end") == "end"
    index = np.full(counts + [2], ABSENT, "u8")
    index_size = len(encode(index, config["index_codecs"]))
    body = b"" if at_end else bytes(index_size)
    for position in rng.permutation(list(np.ndindex(*counts)) or [()]):  # in any order, with unused bytes between
        position = tuple(int(p) for p in position)
        if position in absent:
            continue
        inner = values[tuple(slice(p * c, (p + 1) * c) for p, c in zip(position, chunk))]
        data = encode(inner, config["codecs"])
        body += bytes(int(rng.integers(0, 4)))
        index[position] = len(body), len(data)
        body += data
    encoded = encode(index, config["index_codecs"])
    return body + encoded if at_end else encoded + body[index_size:]


def add(name, values, codecs, order=None, absent=(), fill=None, decoded=None, stored_type=None):
    if decoded is None:
        decoded = values.copy()
    if absent:
        chunk = [c for c in codecs if not isinstance(c, str) and c["name"] == "sharding_indexed"][0]["configuration"]["chunk_shape"]
        for position in absent:
            decoded[tuple(slice(p * c, (p + 1) * c) for p, c in zip(position, chunk))] = 0 if fill is None else fill
    memory = np.ascontiguousarray(np.transpose(decoded, order)) if order else decoded
    others = {"codecs": codecs, "shape": list(values.shape)}
    if order:
        others["order"] = order
    if fill is not None:
        others["fill"] = base64.b64encode(np.array(fill, values.dtype).tobytes()).decode()
    cases.add(name, encode(values, codecs, absent), memory, dtype=stored_type, **others)


def field(dtype, shape):
    n = int(np.prod(shape))
    wave = 50 * np.sin(np.arange(n) / 5.0) + 60
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return (np.arange(n) % 3 == 0).reshape(shape)
    return (wave if dtype.kind in "fc" else np.round(wave)).astype(dtype).reshape(shape)


TYPES = ["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16"]
for dtype in TYPES:
    values = field(dtype, (3, 4))
    add(f"bytes little {dtype}", values, [LITTLE])
    add(f"bytes big {dtype}", values, [BIG])
    for name, codec in (("gzip", GZIP), ("zstd", ZSTD), ("blosc", BLOSC), ("crc32c", CRC)):
        add(f"big {name} {dtype}", values, [BIG, codec])
for dtype in ("|u1", "|b1", "|i1"):
    add(f"bytes bare {dtype}", field(dtype, (5,)), ["bytes"])
    add(f"bytes object {dtype}", field(dtype, (5,)), [{"name": "bytes"}])
    add(f"bytes empty {dtype}", field(dtype, (5,)), [{"name": "bytes", "configuration": {}}])
add("endian, the draft's name", field("<i4", (6,)), [{"name": "endian", "configuration": {"endian": "big"}}])
add("dates big", np.arange(6).astype("M8[D]").astype("M8[s]"), [BIG, ZSTD])
add("text big", np.array(["a", "\u00e9\u4e2d"], "<U3"), [BIG])
add("scalar", np.array(3.5), [BIG, CRC])
record = np.dtype([("a", "<i2"), ("b", "<f8"), ("c", "S3")])
rows = np.zeros(4, record)
rows["a"], rows["b"], rows["c"] = range(4), np.arange(4) / 3, b"xy"
swapped = np.zeros(4, record.newbyteorder(">"))
for key in record.names:
    swapped[key] = rows[key]
cases.add("structured big", swapped.tobytes(), rows, codecs=[BIG], shape=[4])
cases.add("structured little", rows.tobytes(), rows, codecs=[LITTLE], shape=[4])
for shuffle in ("noshuffle", "shuffle", "bitshuffle"):
    for cname in ("lz4", "lz4hc", "zstd", "zlib", "blosclz"):
        config = {"cname": cname, "clevel": 5, "shuffle": shuffle, "typesize": 4, "blocksize": 0}
        add(f"blosc {cname} {shuffle}", field("<i4", (40,)), [LITTLE, {"name": "blosc", "configuration": config}])
add("chain of five", field("<i4", (40,)), [LITTLE, CRC, ZSTD, GZIP, CRC])

# Transposes.
cube = field("<i2", (2, 3, 4))
for order in ([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]):
    expected = None if order == [0, 1, 2] else order
    add(f"transpose {order}", cube, [transpose(*order), BIG], expected)
    add(f"transpose {order} gzip", cube, [transpose(*order), LITTLE, GZIP], expected)
add("transpose F", cube, [{"name": "transpose", "configuration": {"order": "F"}}, LITTLE], [2, 1, 0])
add("transpose C", cube, [{"name": "transpose", "configuration": {"order": "C"}}, LITTLE])
first, second = [1, 2, 0], [0, 2, 1]
add("transpose twice", cube, [transpose(*first), transpose(*second), LITTLE], [first[i] for i in second])
add("transpose back", cube, [transpose(1, 2, 0), transpose(2, 0, 1), LITTLE])
add("transpose three times", cube, [transpose(1, 0, 2), transpose(0, 2, 1), transpose(2, 1, 0), LITTLE],
    [[1, 0, 2][i] for i in [[0, 2, 1][j] for j in [2, 1, 0]]])
add("transpose scalar", np.array(7, "<i4"), [transpose(), LITTLE])
add("transpose one", field("<i4", (5,)), [transpose(0), BIG])
four = field("<f4", (2, 3, 4, 5))
add("transpose four", four, [transpose(3, 0, 2, 1), BIG, ZSTD], [3, 0, 2, 1])

# Shards.
plane = field("<i4", (12, 20))
for location in (None, "start", "end"):
    for chunk in ((12, 20), (4, 5), (1, 20), (12, 1), (1, 1), (6, 10)):
        add(f"shard {location} {chunk}", plane, [sharding(chunk, [LITTLE], INDEX, location)])
    add(f"shard {location} gzip", plane, [sharding((4, 5), [BIG, GZIP], INDEX, location)])
    gaps = [(0, 0), (1, 3), (2, 2)]
    add(f"shard {location} absent", plane, [sharding((4, 5), [LITTLE, ZSTD], INDEX, location)], absent=gaps, fill=-9)
    add(f"shard {location} absent zero", plane, [sharding((4, 5), [LITTLE], INDEX, location)], absent=gaps)
add("shard all absent", plane, [sharding((6, 10), [LITTLE])], absent=list(np.ndindex(2, 2)), fill=5)
for index in ([LITTLE], [BIG, CRC], [LITTLE, CRC, CRC], [BIG]):
    add(f"shard index {[c['name'] for c in index]} {index[0]['configuration']['endian']}", plane,
        [sharding((4, 5), [LITTLE], index)])
add("shard then gzip", plane, [sharding((4, 5), [LITTLE]), GZIP])
add("shard then crc32c and zstd", plane, [sharding((4, 5), [LITTLE, CRC]), CRC, ZSTD], absent=[(1, 1)], fill=2)
add("shard of transposed chunks", plane, [sharding((4, 5), [transpose(1, 0), BIG, ZSTD])])
add("transposed shard", plane, [transpose(1, 0), sharding((5, 4), [LITTLE])], [1, 0])
add("transposed shard of transposed chunks", plane, [transpose(1, 0), sharding((5, 4), [transpose(1, 0), BIG])], [1, 0])
add("shards in shards", plane, [sharding((6, 10), [sharding((3, 5), [LITTLE, GZIP], [BIG, CRC], "start")])])
add("shards in shards with a compressor", plane,
    [sharding((6, 10), [transpose(1, 0), sharding((5, 3), [LITTLE]), ZSTD]), GZIP])
add("shards in shards in shards", plane, [sharding((12, 10), [sharding((6, 10), [sharding((3, 2), [BIG])])])])
add("shard of three dimensions", four[0], [sharding((3, 2, 5), [transpose(2, 0, 1), LITTLE])])
add("shard of four dimensions", four, [sharding((1, 3, 2, 1), [transpose(3, 2, 1, 0), BIG, BLOSC])], absent=[(1, 0, 1, 2)],
    fill=1.5)
add("shard of one dimension", field("<f8", (60,)), [sharding((7 - 2,), [LITTLE])])
add("shard of a scalar", np.array(3, "<i2"), [sharding((), [BIG])])
add("shard bytes", field("|u1", (8, 8)), [sharding((4, 4), ["bytes", GZIP])])
cases.add("shard structured", encode(swapped.view("V13"), [sharding((2,), ["bytes"])]), rows,
          codecs=[sharding((2,), [BIG])], shape=[4])

# numcodecs' codecs under their v3 names.
def n(name, **config):
    return {"name": f"numcodecs.{name}", "configuration": config}


for name, config in (("zlib", {"level": 3}), ("gzip", {"level": 3}), ("zstd", {"level": 3}), ("lz4", {"acceleration": 1}),
                     ("bz2", {"level": 2}), ("lzma", {"preset": 1}), ("crc32", {}), ("adler32", {}),
                     ("shuffle", {"elementsize": 4})):
    add(f"numcodecs.{name}", field("<f4", (30,)), [LITTLE, n(name, **config)])
    add(f"numcodecs.{name} in a shard", field("<f4", (30,)), [sharding((10,), [BIG, n(name, **config)])])
add("numcodecs.blosc", field("<f4", (30,)),
    [LITTLE, {"name": "numcodecs.blosc", "configuration": {"cname": "zstd", "clevel": 5, "shuffle": "shuffle"}}])
eight = field("<f8", (30,))
shuffled = np.frombuffer(eight.tobytes(), "u1").reshape(30, 8).T.tobytes()
cases.add("numcodecs.shuffle of the array's size", shuffled, eight, codecs=[LITTLE, n("shuffle")], shape=[30])
for endian in (LITTLE, BIG):
    order = endian["configuration"]["endian"]
    ints = field("<i4", (5, 6))
    add(f"numcodecs.delta {order}", ints, [n("delta", dtype="<i4"), endian])
    add(f"numcodecs.delta narrow {order}", ints, [n("delta", dtype="<i4", astype="<i2"), endian, ZSTD])
    floats = field("<f8", (5, 6))
    packing = n("fixedscaleoffset", scale=10, offset=3, dtype="<f8", astype="<i2")
    wanted = numcodecs.FixedScaleOffset(scale=10, offset=3, dtype="<f8", astype="<i2")
    add(f"numcodecs.fixedscaleoffset {order}", floats, [packing, endian, GZIP],
        decoded=wanted.decode(wanted.encode(floats)).reshape(floats.shape))
    long_names = n("fixedscaleoffset", scale=10, offset=3, dtype="float64", astype="int16")
    add(f"numcodecs.fixedscaleoffset long names {order}", floats, [long_names, endian],
        decoded=wanted.decode(wanted.encode(floats)).reshape(floats.shape))
    wanted = numcodecs.Quantize(digits=1, dtype="<f8", astype="<f4")
    add(f"numcodecs.quantize {order}", floats, [n("quantize", digits=1, dtype="<f8", astype="<f4"), endian],
        decoded=wanted.decode(wanted.encode(floats)).reshape(floats.shape))
    add(f"numcodecs.astype {order}", np.round(floats), [n("astype", encode_dtype="<i2", decode_dtype="<f8"), endian])
    rounded = numcodecs.BitRound(keepbits=5).encode(floats).view("<f8")
    add(f"numcodecs.bitround {order}", floats, [n("bitround", keepbits=5), endian], decoded=rounded.reshape(floats.shape))
    add(f"transpose and numcodecs.delta {order}", ints, [transpose(1, 0), n("delta", dtype="<i4"), endian], [1, 0])
    # cast_value and scale_offset.
    numbers = np.array([0, 1, 2, 100, 127], "<f8")
    for stored in ("int8", "uint8", "int16", "uint16", "int32", "uint64", "float32", "float16"):
        add(f"cast_value {stored} {order}", numbers, [{"name": "cast_value", "configuration": {"data_type": stored}}, endian])
    add(f"cast_value to integers {order}", numbers.astype("<i2"),
        [{"name": "cast_value", "configuration": {"data_type": "float64", "rounding": "towards-zero"}}, endian])
    maps = {"encode": [["NaN", 255]], "decode": [[255, "NaN"]]}
    add(f"cast_value map {order}", np.array([1, np.nan, 3], "<f4"),
        [{"name": "cast_value", "configuration": {"data_type": "uint8", "scalar_map": maps}}, endian])
    scaled = {"name": "scale_offset", "configuration": {"offset": 5, "scale": 0.5}}
    source = np.array([5, 7, 9.5, -3], "<f8")
    add(f"scale_offset {order}", source, [scaled, endian])
    add(f"scale_offset and cast_value {order}", source * 2 + 1,
        [{"name": "scale_offset", "configuration": {"offset": 5, "scale": 2}},
         {"name": "cast_value", "configuration": {"data_type": "int8"}}, endian])
    add(f"scale_offset integers {order}", np.array([5, 7, -9, 100], "<i4"),
        [{"name": "scale_offset", "configuration": {"offset": -1, "scale": 3}}, endian])
    add(f"scale_offset defaults {order}", source, [{"name": "scale_offset"}, endian])
add("numcodecs.packbits", field("|b1", (5, 6)), [n("packbits"), "bytes"])
add("numcodecs.packbits gzip", field("|b1", (5, 6)), [n("packbits"), "bytes", GZIP])
add("bitround", numcodecs.BitRound(keepbits=3).encode(field("<f4", (9,))).view("<f4"), [{"name": "bitround", "configuration": {"keepbits": 3}}, LITTLE])
add("unknown but not needed", field("<i2", (4,)), [LITTLE])
cases[-1]["codecs"] = [LITTLE, {"name": "example.org/telemetry", "must_understand": False}]
# Integers of scale_offset that do not divide: towards negative infinity.
odd = np.array([7, -7, 8, -8, 2**31 - 1, -2**31], "<i4")
for scale in (3, -3, -1, 1):
    with np.errstate(over="ignore"):
        expected = odd // np.int32(scale) + np.int32(2)
    cases.add(f"scale_offset floor {scale}", odd.tobytes(), expected, shape=[6],
              codecs=[{"name": "scale_offset", "configuration": {"offset": 2, "scale": scale}}, LITTLE])


def add_cast(name, stored, expected, **config):
    """Stored values and the values they decode to, as the rules of cast_value have it."""
    cases.add(f"cast_value {name}", stored.tobytes(), expected, shape=[expected.size],
              codecs=[{"name": "cast_value", "configuration": {"data_type": stored.dtype.name, **config}}, LITTLE])


halves = np.array([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4, -2.6])
add_cast("nearest-even", halves, np.array([0, 2, 2, 0, -2, -2, 2, -3], "<i2"))
add_cast("towards-zero", halves, np.array([0, 1, 2, 0, -1, -2, 2, -2], "<i2"), rounding="towards-zero")
add_cast("towards-positive", halves, np.array([1, 2, 3, 0, -1, -2, 3, -2], "<i2"), rounding="towards-positive")
add_cast("towards-negative", halves, np.array([0, 1, 2, -1, -2, -3, 2, -3], "<i2"), rounding="towards-negative")
add_cast("nearest-away", halves, np.array([1, 2, 3, -1, -2, -3, 2, -3], "<i2"), rounding="nearest-away")
big = np.array([-129, -128, 127, 128, 256, 300], "<i4")
add_cast("clamp", big, np.array([-128, -128, 127, 127, 127, 127], "|i1"), out_of_range="clamp")
add_cast("wrap", big, np.array([127, -128, 127, -128, 0, 44], "|i1"), out_of_range="wrap")
add_cast("clamp infinity", np.array([np.inf, -np.inf, 1e300]), np.array([255, 0, 255], "|u1"), out_of_range="clamp")
add_cast("large integers", np.array([2**63, 2**64 - 1], "<u8"), np.array([2**63 - 1] * 2, "<i8"), out_of_range="clamp")
add_cast("exact integers", np.array([2**53 + 1, -2**53 - 1], "<i8"), np.array([2**53 + 1, 2**64 - 2**53 - 1], "<u8"), out_of_range="wrap")

# Text and bytes.
words = np.array([["a", "bc"], ["", "\u00e9\u4e2d"], ["d", "e"], ["f", "ghi"]], dtype=object)
for name, convert in (("vlen-utf8", str), ("vlen-bytes", str.encode)):
    values = np.array([[convert(w) for w in row] for row in words], dtype=object)
    for label, codecs in (("", [{"name": name}]), (" zstd", [name, ZSTD]), (" gzip crc32c", [{"name": name, "configuration": {}}, GZIP, CRC])):
        cases.add_strings(name + label, encode(values, codecs), [w.encode() for w in words.ravel()], codecs=codecs, shape=[4, 2])
    codecs = [transpose(1, 0), {"name": name}]
    cases.add_strings(f"{name} transposed", encode(values, codecs), [w.encode() for w in words.T.ravel()], codecs=codecs,
                      shape=[4, 2], order=[1, 0])
    codecs = [sharding((2, 1), [{"name": name}, ZSTD])]
    cases.add_strings(f"{name} in a shard", encode(values, codecs), [w.encode() for w in words.ravel()], codecs=codecs, shape=[4, 2])
    expected = words.copy()
    expected[2:, 1] = "fill"
    cases.add_strings(f"{name} in a shard, absent", encode(values, codecs, [(1, 1)]), [w.encode() for w in expected.ravel()],
                      codecs=codecs, shape=[4, 2], fill=base64.b64encode(b"fill").decode())
cases.write(__file__)
