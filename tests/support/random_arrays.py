"""Random Zarr v2 arrays, written by zarr-python: every type x order x codec chain x chunk shape x edge x fill value.

write_group(folder, count, seed) makes a group of `count` arrays in a directory store, some chunks of which are taken
away again; references(folder, target) describes the same store as Kerchunk references of every form, and parquet(references,
folder) these as Kerchunk Parquet. What the arrays hold is what zarr-python reads back: some codecs lose precision on the
way in.
"""
import base64
import json
import math
import pathlib
import random
import shutil

import numcodecs
import numpy as np
import parquet_writer as pq
import zarr

NUMBERS = ["|b1", "|i1", "|u1"] + [order + kind for order in "<>" for kind in
                                   ("i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")]
TIMES = [order + kind for order in "<>" for kind in ("M8[ns]", "M8[D]", "m8[s]", "m8[ms]")]
TEXTS = ["|S1", "|S7", "<U1", ">U5", "|V3"]
RECORDS = [[("a", "<i2"), ("b", ">f4")], [("x", "|u1"), ("y", [("u", "<f8"), ("v", "<i4")]), ("z", "|i1")]]
SHAPES = [(), (1,), (7,), (1000,), (3, 5), (17, 64), (40, 33), (2, 9, 31), (5, 1, 12), (4, 12, 20), (2, 3, 7, 11), (3, 2, 2, 5, 6)]


def compressors(rng):
    blosc = numcodecs.Blosc(rng.choice(["lz4", "lz4hc", "zstd", "zlib", "blosclz"]), rng.randint(0, 9), rng.choice([-1, 0, 1, 2]))
    raw = [{"id": 3, "dist": 2}, {"id": 33, "preset": 1}]  # delta and LZMA2, without a container
    return [None, numcodecs.Zlib(rng.randint(0, 9)), numcodecs.GZip(rng.randint(0, 9)), numcodecs.Zstd(rng.choice([-2, 1, 9])),
            numcodecs.LZ4(rng.choice([1, 10])), blosc, numcodecs.BZ2(rng.randint(1, 9)),
            numcodecs.LZMA(preset=rng.randint(0, 3)), numcodecs.LZMA(format=3, filters=raw)]


def number_filters(rng, dtype):
    kind, size = dtype.kind, dtype.itemsize
    chains = [[], [numcodecs.Shuffle(size)], [numcodecs.CRC32()], [numcodecs.Adler32()], [numcodecs.Shuffle(size), numcodecs.Zlib(1)],
              [numcodecs.Shuffle(size), numcodecs.CRC32(), numcodecs.Zstd(1)]]
    if kind == "b":
        chains += [[numcodecs.PackBits()]]
    if kind in "iuf" and not (kind == "f" and size == 2):
        chains += [[numcodecs.Delta(dtype)], [numcodecs.Delta(dtype), numcodecs.Shuffle(size)]]
    if kind == "f" and size > 2:
        chains += [[numcodecs.FixedScaleOffset(offset=-20, scale=10, dtype=dtype, astype=rng.choice(["<i4", ">i2", "<f4"]))],
                   [numcodecs.Quantize(digits=2, dtype=dtype)], [numcodecs.AsType("<f4", dtype)]]
        if dtype.isnative:
            chains += [[numcodecs.BitRound(rng.randint(3, 12))]]
    if kind in "iu" and size < 8:
        chains += [[numcodecs.AsType(rng.choice(["<i8", ">i8"]), dtype)]]
    return rng.choice(chains)


def values(random_numbers, shape, dtype):
    kind = dtype.kind
    if kind == "b":
        return random_numbers.integers(0, 2, shape).astype(dtype)
    if kind in "iu":
        info = np.iinfo(dtype)
        return random_numbers.integers(info.min, info.max, shape, dtype=dtype.newbyteorder("="), endpoint=True).astype(dtype)
    if kind == "f":
        data = np.round(random_numbers.normal(20, 40, shape), 1)
        return np.where(random_numbers.random(shape) < 0.05, np.nan, data).astype(dtype)
    if kind == "c":
        return (random_numbers.normal(0, 5, shape) + 1j * random_numbers.normal(0, 5, shape)).astype(dtype)
    if kind in "Mm":
        return random_numbers.integers(-10**9, 10**9, shape).astype("<i8").view(f"{kind}8[{np.datetime_data(dtype)[0]}]").astype(dtype)
    if kind == "U":
        letters = list("aZ é日😀")
        longest = dtype.itemsize // 4
        words = ["".join(random_numbers.choice(letters, random_numbers.integers(0, longest + 1)))
                 for _ in range(math.prod(shape))]
        return np.array(words, dtype).reshape(shape)
    raw = random_numbers.integers(0 if kind == "V" else 32, 127, (*shape, dtype.itemsize)).astype("u1")
    return np.ascontiguousarray(raw).view(dtype).reshape(shape)


def fill_value(rng, dtype):
    kind = dtype.kind
    if kind == "b":
        return rng.choice([None, False, True])
    if kind in "iu":
        info = np.iinfo(dtype)
        return rng.choice([None, 0, 7, int(info.min), int(info.max)])
    if kind == "f":
        return rng.choice([None, 0, -99.5, float("nan"), float("inf"), float("-inf")])
    if kind == "c":
        return rng.choice([None, 0, 1 - 2j])
    if kind in "Mm":
        return rng.choice([None, 0, np.array(12345, dtype.newbyteorder("="))[()]])
    if kind == "S":
        return rng.choice([None, b"", b"x"])
    if kind == "U":
        return rng.choice([None, "", "é"])
    return None


def object_array(rng, random_numbers, shape):
    """Elements of variable length, with the codec that writes them."""
    words = ["", "a", "Łódź", "日本", "x" * 300, "with \"quotes\"", "line\nbreak"]
    codec = rng.choice([numcodecs.VLenUTF8(), numcodecs.VLenBytes(), numcodecs.JSON(),
                        numcodecs.Categorize(labels=words[1:5], dtype=object)])
    if codec.codec_id == "categorize":
        words = words[1:5]
    data = np.empty(shape, object)
    flat = [rng.choice(words) for _ in range(math.prod(shape))]
    if codec.codec_id == "vlen-bytes":
        flat = [word.encode() for word in flat]
    data.reshape(-1)[...] = np.array(flat, object)
    return data, codec


def write_array(group, name, rng, random_numbers):
    shape = rng.choice(SHAPES)
    chunks = tuple(max(1, rng.choice([extent, extent + 3, rng.randint(1, extent), (extent + 1) // 2])) for extent in shape)
    kind = rng.choice(["number"] * 7 + ["time", "text", "record", "object"])
    how = {"order": rng.choice("CF"), "compressor": rng.choice(compressors(rng)), "filters": None,
           "dimension_separator": rng.choice("./")}
    if kind == "object":
        data, codec = object_array(rng, random_numbers, shape)
        # the fill value of bytes cannot be text, and zarr-python 2.13 writes no other
        fill = None if codec.codec_id == "vlen-bytes" else rng.choice([None, ""])
        array = group.create(name, shape=shape, chunks=chunks, dtype=object, object_codec=codec, fill_value=fill, **how)
    else:
        dtype = np.dtype(rng.choice({"number": NUMBERS, "time": TIMES, "text": TEXTS, "record": RECORDS}[kind]))
        if dtype.names:
            data = np.zeros(shape, dtype)
            for field in dtype.names:
                part = dtype[field]
                if part.names:
                    for inner in part.names:
                        data[field][inner] = values(random_numbers, shape, part[inner])
                else:
                    data[field] = values(random_numbers, shape, part)
        else:
            data = values(random_numbers, shape, dtype)
        if kind == "number":
            how["filters"] = number_filters(rng, dtype) or None
            if any(filter.codec_id == "fixedscaleoffset" for filter in how["filters"] or []):
                data = np.nan_to_num(data)
        array = group.create(name, shape=shape, chunks=chunks, dtype=dtype, fill_value=fill_value(rng, dtype), **how)
    array[...] = data
    return array


def write_group(folder, count, seed):
    """Makes the store and returns its group; every fourth array loses about a third of its chunks."""
    rng, random_numbers = random.Random(seed), np.random.default_rng(seed)
    group = zarr.open_group(zarr.DirectoryStore(str(folder)), mode="w")
    redrawn = 0
    for number in range(count):
        name = f"{rng.choice(['', 'deep/', 'deep/er/'])}a{number:03}"
        array = None
        while array is None:
            try:
                array = write_array(group, name, rng, random_numbers)
                array[...]
            except Exception as error:  # a combination that zarr-python itself cannot write or read: draw another
                array, redrawn = None, redrawn + 1
                shutil.rmtree(pathlib.Path(folder, name), ignore_errors=True)
                assert redrawn <= count // 5, error
        if rng.random() < 0.25 and array.fill_value is not None:
            for file in sorted(pathlib.Path(folder, name).rglob("*")):
                if file.is_file() and not file.name.startswith(".") and rng.random() < 0.33:
                    file.unlink()
    zarr.consolidate_metadata(group.store)
    return group


def references(folder, target, seed=0):
    """Kerchunk references to a directory store, each chunk in a form drawn at random: inline, whole object or range."""
    rng = random.Random(seed)
    folder, target = pathlib.Path(folder), pathlib.Path(target)
    packed = target.with_suffix(".bin")
    refs = {}
    with open(packed, "wb") as out:
        for file in sorted(folder.rglob("*")):
            key = file.relative_to(folder).as_posix()
            if file.is_dir() or file.name == ".zmetadata":
                continue
            data = file.read_bytes()
            form = rng.choice(["inline", "whole", "range", "range"])
            if file.name in (".zarray", ".zattrs", ".zgroup", "zarr.json"):
                refs[key] = data.decode() if rng.random() < 0.5 else json.loads(data)
            elif form == "inline":
                refs[key] = "base64:" + base64.b64encode(data).decode()
            elif form == "whole":
                refs[key] = [str(file)]
            else:
                out.write(b"gap"[: rng.randint(0, 3)])
                refs[key] = [packed.name, out.tell(), len(data)]
                out.write(data)
    keys = list(refs)
    rng.shuffle(keys)
    target.write_text(json.dumps({"version": 1, "refs": {key: refs[key] for key in keys}}))
    return target


METADATA = (".zarray", ".zattrs", ".zgroup")


def parquet_file(rows, rng):
    """One refs.N.parq of rows (path, offset, size, raw): columns, encodings and pages as one writer or another has them."""
    path, offset, size, raw = (list(column) for column in zip(*rows))
    texts = rng.choice([pq.PLAIN, pq.RLE_DICTIONARY, pq.PLAIN_DICTIONARY, pq.DELTA_LENGTH_BYTE_ARRAY])
    numbers = {"encoding": rng.choice([pq.PLAIN, pq.DELTA_BINARY_PACKED, pq.RLE_DICTIONARY]), "optional": rng.random() < 0.3}
    how = {"version": rng.choice([1, 2]), "page_rows": rng.choice([0, 7])}
    columns = [pq.Column("path", pq.BYTE_ARRAY, path, encoding=texts, **how), pq.Column("offset", pq.INT64, offset, **numbers, **how),
               pq.Column("size", pq.INT64, size, **numbers, **how), pq.Column("raw", pq.BYTE_ARRAY, raw, **how)]
    return pq.write(columns, codec=rng.choice([pq.ZSTD, pq.SNAPPY, pq.GZIP, pq.UNCOMPRESSED, pq.LZ4_RAW]))


def parquet(references, folder, seed=0, record_size=50):
    """The references of a version 1 file as Kerchunk Parquet; relative paths are relative to the same folder."""
    rng = random.Random(seed)
    folder = pathlib.Path(folder)
    refs = json.loads(pathlib.Path(references).read_text())["refs"]
    metadata = {key: json.loads(value) if isinstance(value, str) else value for key, value in refs.items()
                if key.rpartition("/")[2] in METADATA}
    folder.mkdir()
    (folder / ".zmetadata").write_text(json.dumps({"metadata": metadata, "record_size": record_size}))
    for name, array in ((key.rpartition("/")[0], array) for key, array in metadata.items() if key.endswith("/.zarray")):
        grid = [-(-extent // chunk) for extent, chunk in zip(array["shape"], array["chunks"])]
        rows = []
        for index in np.ndindex(*grid):
            entry = refs.get(f"{name}/" + (array.get("dimension_separator", ".").join(map(str, index)) or "0"))
            if isinstance(entry, list):
                rows.append((*entry, *([0, 0] if len(entry) == 1 else []), None))
            else:
                rows.append((None, 0, 0, None if entry is None else base64.b64decode(entry.removeprefix("base64:"))))
        rows += [(None, 0, 0, None)] * (-len(rows) % (record_size if grid else 1))
        (folder / name).mkdir(parents=True)
        for first in range(0, len(rows), record_size):
            (folder / name / f"refs.{first // record_size}.parq").write_bytes(parquet_file(rows[first:first + record_size], rng))
    return folder
