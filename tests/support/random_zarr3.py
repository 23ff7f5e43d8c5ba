"""Random Zarr v3 arrays: type x shape x chunk grid x codec chain x shards x chunk keys x fill value.

write_store(folder, count, seed) writes a group of them with zarr3_writer and returns name -> what a reader must give.
`wide`: text, bytes, records and codecs that lose precision too."""
import json
import math
import random

import numpy as np
import zarr3_writer as writer

TYPES = ["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16", "<M8[s]", "<m8[ns]"]
SHAPES = [(), (1,), (17,), (300,), (3, 5), (21, 34), (2, 9, 31), (5, 1, 12), (4, 6, 10), (2, 3, 5, 7)]
CRC = {"name": "crc32c"}


def named(name, **configuration):
    return {"name": name, "configuration": configuration}


TEXTS = [np.dtype("U5"), np.dtype("S7"), np.dtype("V3"), np.dtype(object), np.dtype([("a", "<i2"), ("b", "<f4")])]


def bytes_codecs(rng, itemsize):
    """Bytes to bytes."""
    blosc = named("blosc", cname=rng.choice(["lz4", "zstd", "zlib"]), clevel=rng.randint(0, 9), typesize=itemsize,
                  shuffle=rng.choice(["noshuffle", "shuffle", "bitshuffle"]), blocksize=0)
    shuffle = named("numcodecs.shuffle", elementsize=itemsize)
    return rng.choice([[], [], [named("gzip", level=rng.randint(0, 9))], [named("zstd", level=3, checksum=False)], [blosc], [CRC],
                       [named("gzip", level=1), CRC], [CRC, named("zstd", level=1, checksum=False)],
                       [shuffle, named("numcodecs.zlib", level=4)], [named("numcodecs.bz2", level=1)],
                       [named("numcodecs.lz4", acceleration=1)], [named("numcodecs.lzma", preset=1)],
                       [named("numcodecs.adler32")], [named("numcodecs.crc32"), named("numcodecs.zlib", level=1)]])


def lossy(rng, dtype):
    """A codec that keeps less than it is given."""
    scaled = named("numcodecs.fixedscaleoffset", offset=-20, scale=10, dtype=dtype.str, astype=rng.choice(["<i4", "<f8"]))
    return rng.choice([named("numcodecs.quantize", digits=2, dtype=dtype.str), named("numcodecs.bitround", keepbits=rng.randint(3, 12)),
                       named("numcodecs.astype", encode_dtype="<f4", decode_dtype=dtype.str), scaled])


def chain(rng, dtype, chunk, wide=False):
    """A codec chain for chunks of this shape."""
    codecs = []
    if chunk and rng.random() < 0.3:
        order = rng.sample(range(len(chunk)), len(chunk))
        codecs.append(writer.transpose(order))
        chunk = [chunk[d] for d in order]
    if dtype.kind in "iu" and rng.random() < 0.15:
        codecs.append(named("numcodecs.delta", dtype=dtype.str))
    if wide and dtype.kind == "f" and dtype.itemsize > 2 and rng.random() < 0.6:
        codecs.append(lossy(rng, dtype))
        options = codecs[-1]["configuration"]
        dtype = np.dtype(options.get("encode_dtype", options.get("astype", dtype)))
    if dtype.kind == "O":
        return codecs + [{"name": "vlen-utf8"}] + bytes_codecs(rng, 1)
    return codecs + [writer.bytes_codec(rng.choice(["little", "big"]))] + bytes_codecs(rng, dtype.itemsize)


def sharded_chain(rng, dtype, inner, wide=False):
    """(codecs, shape of a shard) of chunks of shape `inner`; shards of any depth up to two."""
    codecs = chain(rng, dtype, inner, wide)
    if rng.random() < 0.5 or not inner:
        return codecs, inner
    for _ in range(2 if rng.random() < 0.25 else 1):
        index = rng.choice([None, [writer.bytes_codec()], [writer.bytes_codec("big"), CRC]])
        codecs = [writer.sharded(inner, codecs, index, rng.choice(["start", "end", None]))]
        inner = [extent * rng.randint(1, 3) for extent in inner]
    if rng.random() < 0.15:
        codecs += [named("zstd", level=1, checksum=False)]
    return codecs, inner


def irregular(rng, shape, unit):
    """Extents of chunks along each dimension, multiples of `unit`; the last may reach beyond the end, and others follow."""
    chunks = []
    for length, step in zip(shape, unit):
        if rng.random() < 0.2:
            chunks.append(step)
            continue
        extents = []
        while sum(extents) < length:
            extents += [step * rng.randint(1, 3)] * rng.randint(1, 3)
        chunks.append(extents)
    return chunks


def values(numbers, shape, dtype):
    if dtype.names:
        data = np.zeros(shape, dtype)
        for name in dtype.names:
            data[name] = values(numbers, shape, dtype[name])
        return data
    if dtype.kind == "O":
        words = np.array(["", "a", "Łódź", "日本", "x" * 300, "line\nbreak"], object)
        return np.asarray(words[numbers.integers(0, len(words), shape)], object).reshape(shape)
    if dtype.kind == "U":
        words = ["".join(numbers.choice(list("aZ é日😀"), numbers.integers(0, 6))) for _ in range(math.prod(shape))]
        return np.array(words, dtype).reshape(shape)
    if dtype.kind in "SV":
        raw = numbers.integers(0 if dtype.kind == "V" else 32, 127, (*shape, dtype.itemsize)).astype("u1")
        return np.ascontiguousarray(raw).view(dtype).reshape(shape)
    if dtype.kind == "b":
        return numbers.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "fc":
        data = np.round(numbers.normal(0, 50, shape), 1).astype(dtype)
        return data + np.round(numbers.normal(0, 50, shape), 1).astype(dtype) * dtype.type(1j) if dtype.kind == "c" else data
    low, high = (-10**9, 10**9) if dtype.kind in "mM" else (0, 2**min(8 * dtype.itemsize, 62) // 3)
    return numbers.integers(low, high, shape).astype("i8").astype(dtype)


def write_store(folder, count, seed, wide=False):
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    writer.write_group(folder, "", {"title": "random arrays"})
    expected = {}
    types = [np.dtype(name) for name in TYPES] + (TEXTS if wide else [])
    for i in range(count):
        dtype, shape = types[i % len(types)], rng.choice(SHAPES)
        inner = [rng.randint(1, extent + 2) if rng.random() < 0.7 else max(1, extent // 3) for extent in shape]
        codecs, chunks = sharded_chain(rng, dtype, inner, wide)
        if rng.random() < 0.2:
            chunks = irregular(rng, shape, chunks)
        data = values(numbers, shape, dtype)
        how = {}
        if dtype.kind == "O" and rng.random() < 0.4:
            data = np.array([word.encode() for word in data.ravel()] + [None], object)[:-1].reshape(shape)
            codecs = json.loads(json.dumps(codecs).replace("vlen-utf8", "vlen-bytes"))
            how["type_json"] = "variable_length_bytes"
        # of codecs that keep less, a fill value that stays what it is
        data_as_read = writer.as_read(codecs, data)
        zero = {"O": "" if "type_json" not in how else b""}.get(dtype.kind, np.zeros((), dtype)[()])
        fill = data_as_read.ravel()[0] if rng.random() < 0.5 else zero
        if rng.random() < 0.3 and dtype.kind in "biufcmM":
            data = np.where(numbers.random(shape) < 0.9, fill, data).astype(dtype)
        name = f"a{i:03}"
        expected[name] = writer.write_array(
            folder, name, data, chunks, codecs, fill=fill, encoding=rng.choice(["default", "v2"]),
            separator=rng.choice([None, ".", "/"]), skip=(lambda index: rng.random() < 0.1),
            drop_fill=rng.random() < 0.5, rng=rng if rng.random() < 0.5 else None, **how)
    return expected
