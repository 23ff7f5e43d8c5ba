"""Stores made by zarr-python, as Kerchunk references, and what zarr, fsspec and xarray read from those references."""
import base64
import json
import pathlib

import fsspec
import numpy as np
import zarr

METADATA = (".zarray", ".zattrs", ".zgroup")


def write_references(folder, fill, name="refs.json", version=1, form="range", inline_below=0, object_metadata=False):
    """Lets fill(group) write a Zarr v2 group and references its chunks.

    form: "range" packs all chunks into one file and writes [url, offset, length]; "whole" leaves each in its file and
    writes [url]. Chunks smaller than inline_below stand in the JSON: as text where they are ASCII, else as base64. URLs
    are relative to the reference file.
    """
    folder = pathlib.Path(folder)
    store = folder / (name.split(".")[0] + "_store")
    fill(zarr.open_group(zarr.DirectoryStore(str(store)), mode="w"))
    packed = folder / (name.split(".")[0] + "_chunks.bin")
    refs, offset = {}, 0
    with open(packed, "wb") as out:
        out.write(b"not a chunk")
        offset = out.tell()
        for path in sorted(store.rglob("*")):
            if path.is_dir() or path.name == ".zmetadata":
                continue
            key, data = path.relative_to(store).as_posix(), path.read_bytes()
            if path.name in METADATA:
                refs[key] = json.loads(data) if object_metadata else data.decode()
            elif len(data) < inline_below:
                text = all(byte < 128 for byte in data) and not data.startswith(b"base64:")
                refs[key] = data.decode() if text else "base64:" + base64.b64encode(data).decode()
            elif form == "whole":
                refs[key] = [path.relative_to(folder).as_posix()]
            else:
                out.write(data)
                refs[key] = [packed.name, offset, len(data)]
                offset += len(data)
    document = refs if version == 0 else {"version": 1, "refs": refs}
    target = folder / name
    target.write_text(json.dumps(document))
    return target


def mapper(references):
    """The references through fsspec; relative URLs made absolute, which fsspec would take from the working directory."""
    references = pathlib.Path(references)
    with fsspec.open(str(references), "rt", compression="infer") as file:
        document = json.load(file)
    refs = document["refs"] if "version" in document else document
    for key, value in refs.items():
        if isinstance(value, dict):
            refs[key] = json.dumps(value)
        elif isinstance(value, list) and "://" not in value[0] and not value[0].startswith("/"):
            refs[key] = [str(references.parent / value[0]), *value[1:]]
    return fsspec.filesystem("reference", fo={"version": 1, "refs": refs}, remote_protocol="file").get_mapper("")


def read(references):
    """name -> array, read by zarr through fsspec."""
    bytes_of = mapper(references)
    # a plain dictionary, because this fsspec fails on absent chunks when zarr asks for many at once
    group = zarr.open_group({key: bytes_of[key] for key in bytes_of}, mode="r")
    return {name: array[...] for name, array in group.arrays()}


def as_gdal_shows(array):
    """The same numbers in the type that GDAL 3.6 has for them, native byte order."""
    array = np.asarray(array)
    wider = {"i1": "i2", "f2": "f4", "b1": "u1"}.get(array.dtype.str[1:], array.dtype.str[1:])
    return array.astype(wider)


def assert_same(got, expected, what=""):
    """Bit for bit the same, types and shapes too; NaNs may differ in payload only where the type was widened."""
    shown = as_gdal_shows(expected)
    got = np.asarray(got)
    assert got.shape == shown.shape, (what, got.shape, shown.shape)
    assert got.dtype == shown.dtype, (what, got.dtype, shown.dtype)
    if np.asarray(expected).dtype.str[1:] == "f2":
        assert np.array_equal(got, shown, equal_nan=True), what
        return
    same = np.ascontiguousarray(got).reshape(-1).view("u1") == np.ascontiguousarray(shown).reshape(-1).view("u1")
    if not same.all():
        bad = np.flatnonzero(~same.reshape(-1, shown.dtype.itemsize).all(1))
        place = np.unravel_index(bad[0], shown.shape)
        raise AssertionError(f"{what}: {bad.size} of {shown.size} differ, first at {place}: {got[place]} for {shown[place]}")
