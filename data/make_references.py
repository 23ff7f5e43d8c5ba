#!/usr/bin/python3
"""Writes Kerchunk references (JSON, version 1) of a NetCDF-4 / HDF5 file: where each variable's chunks lie.

    data/make_references.py PRODUCT.nc REFERENCES.json [--url URL] [--inline BYTES]

Chunks are named by URL, by default the product's path relative to the reference file. Source: Kerchunk reference
specification; Zarr v2 specification. It reads what SMOS products use (shuffle, deflate, fixed-length types); other
filters are an error.
"""
import argparse
import base64
import json
import os
import pathlib
import sys

import h5py
import numpy as np

_HIDDEN = {"_FillValue", "_NCProperties", "_Netcdf4Dimid", "_Netcdf4Coordinates", "CLASS", "NAME", "DIMENSION_LIST",
           "REFERENCE_LIST", "DIMENSION_LABELS"}
_NOT_A_VARIABLE = b"This is a netCDF dimension but not a netCDF variable"


def plain(value):
    """An attribute as JSON has it; arrays of one element become that element."""
    if isinstance(value, (bytes, np.bytes_)):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray):
        items = [plain(v) for v in value.ravel()]
        return items[0] if len(items) == 1 else items
    return value.item() if isinstance(value, np.generic) else value


def attributes(item):
    """The attributes that a reader of the file sees, sorted by name."""
    return {name: plain(item.attrs[name]) for name in sorted(item.attrs) if name not in _HIDDEN}


def filters_of(dataset):
    """The dataset's HDF5 filters as Zarr v2 names them."""
    plist, out = dataset.id.get_create_plist(), []
    for k in range(plist.get_nfilters()):
        code, _, values, name = plist.get_filter(k)
        if code == h5py.h5z.FILTER_SHUFFLE:
            out.append({"elementsize": dataset.dtype.itemsize, "id": "shuffle"})
        elif code == h5py.h5z.FILTER_DEFLATE:
            out.append({"id": "zlib", "level": values[0]})
        else:
            where = f"{dataset.file.filename}: {dataset.name}"
            raise ValueError(f"{where}: filter {name.decode()} ({code}) is not supported")
    return out or None


def chunk_locations(dataset):
    """Pairs of chunk key and (offset, size); a chunk that was never written has none."""
    if dataset.chunks is None:
        offset = dataset.id.get_offset()
        if offset is not None:
            yield ".".join("0" * max(1, dataset.ndim)), offset, dataset.id.get_storage_size()
        return
    for k in range(dataset.id.get_num_chunks()):
        chunk = dataset.id.get_chunk_info(k)
        if chunk.filter_mask:
            raise ValueError(f"{dataset.file.filename}: {dataset.name}: a chunk was stored without some of its filters")
        key = ".".join(str(at // size) for at, size in zip(chunk.chunk_offset, dataset.chunks))
        yield key, chunk.byte_offset, chunk.size


def array_metadata(dataset):
    """.zarray of a dataset."""
    fill = dataset.fillvalue
    return {"chunks": list(dataset.chunks or dataset.shape), "compressor": None, "dtype": dataset.dtype.str,
            "fill_value": plain(fill), "filters": filters_of(dataset), "order": "C", "shape": list(dataset.shape),
            "zarr_format": 2}


def dimension_names(dataset):
    """Names of the dimension scales along each axis."""
    return [dim[0].name.split("/")[-1] if len(dim) else f"phony_dim_{k}" for k, dim in enumerate(dataset.dims)]


def text(value):
    """JSON without blanks."""
    return json.dumps(value, separators=(",", ":"))


def references(path, url, inline=0):
    """All references of the file's root group, as Kerchunk's version 1 object."""
    refs = {}
    with h5py.File(path, "r") as file, open(path, "rb") as raw:
        refs[".zgroup"] = text({"zarr_format": 2})
        refs[".zattrs"] = text(attributes(file))
        for name in sorted(file):
            dataset = file[name]
            if not isinstance(dataset, h5py.Dataset):
                raise ValueError(f"{path}: {name}: groups are not supported")
            if bytes(dataset.attrs.get("NAME", b"")).startswith(_NOT_A_VARIABLE):
                continue
            refs[f"{name}/.zarray"] = text(array_metadata(dataset))
            refs[f"{name}/.zattrs"] = text({"_ARRAY_DIMENSIONS": dimension_names(dataset)} | attributes(dataset))
            for key, offset, size in chunk_locations(dataset):
                if size < inline:
                    raw.seek(offset)
                    refs[f"{name}/{key}"] = "base64:" + base64.b64encode(raw.read(size)).decode()
                else:
                    refs[f"{name}/{key}"] = [url, offset, size]
    return {"version": 1, "refs": refs}


def write(path, output, url=None, inline=0):
    """The references of the file as a JSON file; folders are made."""
    url = url or os.path.relpath(path.resolve(), output.resolve().parent)
    result = references(path, url, inline)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result), encoding="utf-8")


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("product", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--url", help="how the references name the product (default: its path from the output)")
    parser.add_argument("--inline", type=int, default=0, metavar="BYTES",
                        help="chunks smaller than this go into the JSON")
    args = parser.parse_args()
    try:
        write(args.product, args.output, args.url, args.inline)
    except (OSError, ValueError) as error:
        sys.exit(f"make_references: {error}")


if __name__ == "__main__":
    main()
