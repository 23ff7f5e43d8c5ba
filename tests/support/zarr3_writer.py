"""Writes Zarr v3 arrays and groups into a folder, following the specification; zarr-python is not used, so what it and
VCube read can be compared with an independent third.

write_array(folder, path, data, chunks, codecs) writes one array and returns what a reader must give (equal to `data`
except where codecs lose precision or chunks are left out); write_group(folder, path) one group. A codec is given as in
the metadata: {"name": ..., "configuration": {...}}. sharded(...), transpose(...), bytes_codec(...) make some of them.
references(folder, ...) describes any directory store, v2 or v3, as Kerchunk references, and pack(folder, file) the same
with all chunks put together into one file, so that chunks and shards lie somewhere inside a larger object.

chunks may be a list of extents along each dimension instead of one extent: chunk grid "rectilinear".

Sources: Zarr v3 core specification; codecs bytes, transpose, sharding_indexed, crc32c, gzip, blosc, zstd, vlen-utf8,
vlen-bytes; chunk key encodings default and v2; zarr-extensions data-types,
chunk-grids/rectilinear; numcodecs' own codecs as "numcodecs.<id>".
"""
import base64
import itertools
import json
import math
import pathlib
import struct

import numcodecs
import numpy as np

MISSING = 2**64 - 1


def _crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _crc32c_table()


def crc32c(data):
    """CRC-32C (Castagnoli), RFC 3720."""
    value = 0xFFFFFFFF
    for byte in data:
        value = (value >> 8) ^ _TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


# --- data types and fill values ---------------------------------------------------------------------------------------

def data_type(dtype):
    """The metadata's data type of a numpy type; "string" of objects."""
    dtype = np.dtype(dtype)
    if dtype.names:
        return {"name": "struct", "configuration": {"fields": [
            {"name": name, "data_type": data_type(dtype[name])} for name in dtype.names]}}
    if dtype.kind in "biufc":
        return dtype.newbyteorder("=").name
    if dtype.kind in "mM":
        unit, scale = np.datetime_data(dtype)
        return {"name": "numpy.datetime64" if dtype.kind == "M" else "numpy.timedelta64",
                "configuration": {"unit": unit, "scale_factor": scale}}
    if dtype.kind == "U":
        return {"name": "fixed_length_utf32", "configuration": {"length_bytes": dtype.itemsize}}
    if dtype.kind == "S":
        return {"name": "null_terminated_bytes", "configuration": {"length_bytes": dtype.itemsize}}
    if dtype.kind == "V":
        return f"r{8 * dtype.itemsize}"
    return "string"


def _float_json(value, hexadecimal):
    value = np.asarray(value)
    if hexadecimal or (np.isnan(value) and value.tobytes() != np.array(np.nan, value.dtype).tobytes()):
        return "0x" + value.astype(value.dtype.newbyteorder(">")).tobytes().hex()
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(value)


def fill_json(fill, dtype, hexadecimal=False):
    """A fill value as the metadata write it. `hexadecimal`: floats by their bits."""
    dtype = np.dtype(dtype)
    if dtype.names:
        fill = np.array(fill, dtype)
        return {name: fill_json(fill[name], dtype[name], hexadecimal) for name in dtype.names}
    if dtype.kind == "O":
        return list(fill) if isinstance(fill, bytes) else fill
    fill = np.array(fill, dtype.newbyteorder("="))
    if dtype.kind == "b":
        return bool(fill)
    if dtype.kind in "iu":
        return int(fill)
    if dtype.kind == "f":
        return _float_json(fill, hexadecimal)
    if dtype.kind == "c":
        return [_float_json(fill.real, hexadecimal), _float_json(fill.imag, hexadecimal)]
    if dtype.kind in "mM":
        return "NaT" if np.isnat(fill) else int(fill.view("i8"))
    if dtype.kind == "U":
        return str(fill)
    if dtype.kind == "S":
        return base64.b64encode(fill.tobytes()).decode()
    return list(fill.tobytes())


# --- codecs -----------------------------------------------------------------------------------------------------------

def bytes_codec(endian="little"):
    return {"name": "bytes", "configuration": {"endian": endian}} if endian else {"name": "bytes"}


def transpose(order):
    return {"name": "transpose", "configuration": {"order": list(order)}}


def sharded(chunk_shape, codecs=None, index_codecs=None, location="end"):
    configuration = {"chunk_shape": list(chunk_shape), "codecs": codecs or [bytes_codec()],
                     "index_codecs": index_codecs or [bytes_codec(), {"name": "crc32c"}]}
    if location:
        configuration["index_location"] = location
    return {"name": "sharding_indexed", "configuration": configuration}


def _in_order(data, endian):
    """The same values with every field in one byte order."""
    little = endian != "big"

    def ordered(dtype):
        if dtype.names:
            return np.dtype([(name, ordered(dtype[name])) for name in dtype.names])
        return dtype.newbyteorder("<" if little else ">")

    return data.astype(ordered(data.dtype))


def _encode_vlen(data, as_bytes):
    parts = [struct.pack("<I", data.size)]
    for value in data.ravel():
        encoded = value.encode() if isinstance(value, str) else bytes(value)
        parts += [struct.pack("<I", len(encoded)), encoded]
    return b"".join(parts)


def _encode_shard(codec, data, fill, rng):
    """Inner chunks in C order, or, with `rng`, in any order and with gaps between them."""
    options = codec["configuration"]
    inner = options["chunk_shape"]
    per_shard = [extent // chunk for extent, chunk in zip(data.shape, inner)]
    index = np.full(per_shard + [2], MISSING, "<u8")
    places = list(itertools.product(*map(range, per_shard)))
    if rng is not None:
        rng.shuffle(places)
    encoded_index = encode(options["index_codecs"], index, None)
    at_start = options.get("index_location") == "start"
    body = bytearray(len(encoded_index) if at_start else 0)
    for place in places:
        part = data[tuple(slice(p * c, (p + 1) * c) for p, c in zip(place, inner))]
        encoded = encode(options["codecs"], part, fill, rng) if not _is_fill(part, fill) else None
        if encoded is None:
            continue
        if rng is not None:
            body += bytes(rng.randrange(4))
        index[place] = len(body), len(encoded)
        body += encoded
    if (index == MISSING).all():
        return None
    encoded_index = encode(options["index_codecs"], index, None)
    if at_start:
        body[:len(encoded_index)] = encoded_index
        return bytes(body)
    return bytes(body) + encoded_index


def _filled(shape, fill, dtype):
    """np.full, also of bytes as objects, whose trailing NULs it would take away."""
    element = np.empty((), dtype)
    element[()] = fill
    out = np.empty(shape, dtype)
    out[...] = element
    return out


def _is_fill(data, fill):
    if fill is None:
        return False
    if data.dtype.kind == "O":
        return all(value == fill for value in data.ravel())
    return data.tobytes() == _filled(data.shape, fill, data.dtype).tobytes()


def _numcodec(codec):
    return numcodecs.get_codec({"id": codec["name"].removeprefix("numcodecs."), **codec.get("configuration", {})})


ARRAY_FILTERS = {"numcodecs.delta", "numcodecs.fixedscaleoffset", "numcodecs.quantize", "numcodecs.bitround",
                 "numcodecs.astype", "numcodecs.packbits"}


LOSSY = ARRAY_FILTERS - {"numcodecs.delta", "numcodecs.packbits"}


def as_read(codecs, data):
    """What is left of `data` after codecs that keep less than they are given, as numcodecs itself decodes it."""
    for codec in codecs:
        if codec["name"] == "sharding_indexed":
            data = as_read(codec["configuration"]["codecs"], data)
        if codec["name"] in LOSSY:
            encoded = _encode_array(codec, data)
            data = np.asarray(_numcodec(codec).decode(encoded)).view(data.dtype).reshape(data.shape)
    return data


def _encode_array(codec, data):
    if codec["name"] == "transpose":
        return data.transpose(codec["configuration"]["order"])
    out = np.asarray(_numcodec(codec).encode(np.ascontiguousarray(data)))
    return out if codec["name"] == "numcodecs.packbits" else out.reshape(data.shape)


def _encode_bytes(codec, data):
    name, options = codec["name"], codec.get("configuration", {})
    if name == "crc32c":
        return data + struct.pack("<I", crc32c(data))
    if name == "gzip":
        return numcodecs.GZip(options.get("level", 5)).encode(data)
    if name == "zstd":
        return numcodecs.Zstd(options.get("level", 0)).encode(data)
    if name == "blosc":
        shuffle = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}[options["shuffle"]]
        size = options.get("typesize", 1)
        items = np.frombuffer(data, np.dtype(f"V{size}")) if len(data) % size == 0 and data else data
        return bytes(numcodecs.Blosc(options["cname"], options["clevel"], shuffle, options.get("blocksize", 0)).encode(items))
    if name.startswith("numcodecs."):
        return bytes(_numcodec(codec).encode(np.frombuffer(data, "u1")))
    raise ValueError(f"no writer of {name}")


def encode(codecs, data, fill, rng=None):
    """One chunk as bytes; None where it is a shard that holds nothing."""
    codecs = [{"name": codec} if isinstance(codec, str) else codec for codec in codecs]
    done = 0
    while codecs[done]["name"] == "transpose" or codecs[done]["name"] in ARRAY_FILTERS:
        data = _encode_array(codecs[done], data)
        done += 1
    to_bytes, rest = codecs[done], codecs[done + 1:]
    if to_bytes["name"] == "bytes":
        out = np.ascontiguousarray(_in_order(data, to_bytes.get("configuration", {}).get("endian"))).tobytes()
    elif to_bytes["name"] in ("vlen-utf8", "vlen-bytes"):
        out = _encode_vlen(data, to_bytes["name"] == "vlen-bytes")
    elif to_bytes["name"] == "sharding_indexed":
        out = _encode_shard(to_bytes, data, fill, rng)
    else:
        raise ValueError(f"no writer of {to_bytes['name']}")
    for codec in rest if out is not None else []:
        out = _encode_bytes(codec, out)
    return out


# --- arrays and groups ------------------------------------------------------------------------------------------------

def chunk_key(index, encoding="default", separator=None):
    separator = separator or ("/" if encoding == "default" else ".")
    parts = [str(i) for i in index]
    return separator.join(["c"] + parts) if encoding == "default" else separator.join(parts) or "0"


def chunk_edges(chunks, shape):
    """(first element, extent) of the chunks along each dimension."""
    edges = []
    for extents, length in zip(chunks, shape):
        if isinstance(extents, int):
            extents = [extents] * math.ceil(length / extents)
        begins = [0, *itertools.accumulate(extents)]
        edges.append([(begin, extent) for begin, extent in zip(begins, extents) if begin < length])
    return edges


def grid_json(chunks, rng=None):
    """rng: extents in any of the forms that the specification allows."""
    if all(isinstance(extents, int) for extents in chunks):
        return {"name": "regular", "configuration": {"chunk_shape": list(chunks)}}
    shapes = []
    for extents in chunks:
        if isinstance(extents, int):
            shapes.append(extents)
            continue
        shapes.append([])
        for extent, group in itertools.groupby(extents):
            times = len(list(group))
            in_pairs = times > 1 if rng is None else rng.random() < 0.5
            shapes[-1] += [[extent, times]] if in_pairs else [extent] * times
    return {"name": "rectilinear", "configuration": {"kind": "inline", "chunk_shapes": shapes}}


def _node(folder, path):
    place = pathlib.Path(folder, path.strip("/"))
    place.mkdir(parents=True, exist_ok=True)
    return place


def write_group(folder, path="", attributes=None):
    document = {"zarr_format": 3, "node_type": "group", "attributes": attributes or {}}
    (_node(folder, path) / "zarr.json").write_text(json.dumps(document))


def write_array(folder, path, data, chunks, codecs=None, *, fill=0, encoding="default", separator=None,
                attributes=None, dimension_names=None, skip=(), drop_fill=False, type_json=None, fill_text=None,
                rng=None, extra=None):
    """Writes `data` in chunks (shards, where the codecs shard) of shape `chunks`.

    fill: the value of what is not stored. skip: chunk indices left out, or a function that tells them.
    drop_fill: chunks that hold nothing but the fill value are left out too. type_json, fill_text: metadata in place of
    those made from data.dtype and fill. rng: a random.Random for the order of chunks in shards and gaps between them.
    extra: further members of the metadata.
    """
    data = np.asarray(data)
    codecs = codecs or [bytes_codec()]
    document = {"zarr_format": 3, "node_type": "array", "shape": list(data.shape),
                "data_type": data_type(data.dtype) if type_json is None else type_json,
                "chunk_grid": grid_json(chunks, rng),
                "chunk_key_encoding": {"name": encoding},
                "fill_value": fill_json(fill, data.dtype) if fill_text is None else fill_text,
                "codecs": codecs, **(extra or {})}
    if separator:
        document["chunk_key_encoding"]["configuration"] = {"separator": separator}
    if attributes is not None:
        document["attributes"] = attributes
    if dimension_names is not None:
        document["dimension_names"] = list(dimension_names)
    place = _node(folder, path)
    (place / "zarr.json").write_text(json.dumps(document))
    expected = as_read(codecs, data).copy()
    left_out = skip if callable(skip) else set(skip).__contains__
    edges = chunk_edges(chunks, data.shape)
    for index in itertools.product(*[range(len(along)) for along in edges]):
        places = [along[i] for along, i in zip(edges, index)]
        window = tuple(slice(begin, begin + extent) for begin, extent in places)
        chunk = _filled([extent for _, extent in places], fill, data.dtype)
        part = data[(..., *window)]
        chunk[tuple(slice(0, n) for n in part.shape)] = part
        if left_out(index):
            expected[window] = _filled(part.shape, fill, data.dtype)
            continue
        encoded = None if drop_fill and _is_fill(chunk, fill) else encode(codecs, chunk, fill, rng)
        if encoded is not None:
            file = place / chunk_key(index, encoding, separator)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(encoded)
    return expected


# --- references to directory stores -----------------------------------------------------------------------------------

METADATA = {".zarray", ".zgroup", ".zattrs", ".zmetadata", "zarr.json"}


def files_of(folder):
    """Keys of a directory store -> files."""
    folder = pathlib.Path(folder)
    return {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}


def _inline(data):
    try:
        text = data.decode("ascii")
        if not text.startswith("base64:"):
            return text
    except UnicodeDecodeError:
        pass
    return "base64:" + base64.b64encode(data).decode()


def references(folder, inline=0, whole=False, url=str):
    """Kerchunk references (version 1) to a directory store. inline: chunks up to so many bytes stand in the references;
    whole: entries without offset and length; url: a function of the file's path."""
    refs = {}
    for key, file in files_of(folder).items():
        data = file.read_bytes()
        if file.name in METADATA:
            refs[key] = data.decode()
        elif len(data) <= inline:
            refs[key] = _inline(data)
        else:
            refs[key] = [url(file)] if whole else [url(file), 0, len(data)]
    return {"version": 1, "refs": refs}


def pack(folder, target, rng=None, url=str):
    """The same, with all chunks in the file `target`, in any order and with gaps where `rng` is given."""
    refs, body = {}, bytearray()
    files = list(files_of(folder).items())
    if rng is not None:
        rng.shuffle(files)
    for key, file in files:
        data = file.read_bytes()
        if file.name in METADATA:
            refs[key] = data.decode()
            continue
        if rng is not None:
            body += bytes([0xAA]) * rng.randrange(20)
        refs[key] = [url(target), len(body), len(data)]
        body += data
    pathlib.Path(target).write_bytes(bytes(body))
    return {"version": 1, "refs": dict(sorted(refs.items()))}
