"""Random Zarr v3 arrays: type x shape x chunk shape x codec chain x shards x chunk keys x fill value.

write_store(folder, count, seed) writes a group of them with zarr3_writer and returns name -> what a reader must give."""
import random

import numpy as np
import zarr3_writer as writer

TYPES = ["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16", "<M8[s]", "<m8[ns]"]
SHAPES = [(), (1,), (17,), (300,), (3, 5), (21, 34), (2, 9, 31), (5, 1, 12), (4, 6, 10), (2, 3, 5, 7)]
CRC = {"name": "crc32c"}


def named(name, **configuration):
    return {"name": name, "configuration": configuration}


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


def chain(rng, dtype, chunk):
    """A codec chain for chunks of this shape; shards now and then, of any depth up to two."""
    codecs = []
    if chunk and rng.random() < 0.3:
        order = rng.sample(range(len(chunk)), len(chunk))
        codecs.append(writer.transpose(order))
        chunk = [chunk[d] for d in order]
    if dtype.kind in "iu" and rng.random() < 0.15:
        codecs.append(named("numcodecs.delta", dtype=dtype.str))
    return codecs + [writer.bytes_codec(rng.choice(["little", "big"]))] + bytes_codecs(rng, dtype.itemsize)


def sharded_chain(rng, dtype, inner, depth=0):
    """(codecs, shape of a shard) of chunks of shape `inner`."""
    codecs = chain(rng, dtype, inner)
    if rng.random() < 0.5 or not inner:
        return codecs, inner
    for _ in range(2 if rng.random() < 0.25 else 1):
        index = rng.choice([None, [writer.bytes_codec()], [writer.bytes_codec("big"), CRC]])
        codecs = [writer.sharded(inner, codecs, index, rng.choice(["start", "end", None]))]
        inner = [extent * rng.randint(1, 3) for extent in inner]
    if rng.random() < 0.15:
        codecs += [named("zstd", level=1, checksum=False)]
    return codecs, inner


def values(numbers, shape, dtype):
    if dtype.kind == "b":
        return numbers.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "fc":
        data = np.round(numbers.normal(0, 50, shape), 1).astype(dtype)
        return data + np.round(numbers.normal(0, 50, shape), 1).astype(dtype) * dtype.type(1j) if dtype.kind == "c" else data
    low, high = (-10**9, 10**9) if dtype.kind in "mM" else (0, 2**min(8 * dtype.itemsize, 62) // 3)
    return numbers.integers(low, high, shape).astype("i8").astype(dtype)


def write_store(folder, count, seed):
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    writer.write_group(folder, "", {"title": "random arrays"})
    expected = {}
    for i in range(count):
        dtype, shape = np.dtype(TYPES[i % len(TYPES)]), rng.choice(SHAPES)
        inner = [rng.randint(1, extent + 2) if rng.random() < 0.7 else max(1, extent // 3) for extent in shape]
        codecs, chunks = sharded_chain(rng, dtype, inner)
        data = values(numbers, shape, dtype)
        fill = data.flat[0] if rng.random() < 0.5 else np.zeros((), dtype)[()]
        if rng.random() < 0.3:
            data = np.where(numbers.random(shape) < 0.9, fill, data).astype(dtype)
        encoding = rng.choice(["default", "v2"])
        name = f"a{i:03}"
        expected[name] = writer.write_array(
            folder, name, data, chunks, codecs, fill=fill, encoding=encoding, separator=rng.choice([None, ".", "/"]),
            skip=(lambda index: rng.random() < 0.1), drop_fill=rng.random() < 0.5, rng=rng if rng.random() < 0.5 else None)
    return expected
