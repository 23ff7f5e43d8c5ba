#!/usr/bin/python3
"""Writes hdf5_values.json: what h5py reads from the shared HDF5 files (dtype, shape, bytes in C order as base64).

usage: make_hdf5_values.py <shared data>/kerchunk/files
"""
import base64
import json
import pathlib
import sys

import h5py

LEFT_OUT = {"dtypes.h5": ["v_vlen"]}
FILES = ["bigendian.h5", "chunk_edge_missing.h5", "compact.h5", "contiguous.h5", "dtypes.h5",
         "filtermask_shuffle_skipped.h5", "groups.h5", "latest_v3.h5", "lzf.h5", "unlimited_bigchunk.h5", "userblock.h5"]


def main(folder):
    out = {}
    for name in FILES:
        with h5py.File(folder / name) as file:
            arrays = {}

            def visit(path, item):
                if isinstance(item, h5py.Dataset) and path not in LEFT_OUT.get(name, []):
                    # The stored byte order, which numpy keeps in the dtype.
                    values = item[()]
                    arrays[path] = {"size": item.dtype.itemsize, "shape": list(item.shape),
                                    "bytes": base64.b64encode(values.tobytes()).decode()}

            file.visititems(visit)
            out[name] = arrays
    target = pathlib.Path(__file__).with_name("hdf5_values.json")
    target.write_text(json.dumps(out, indent=1) + "\n")


main(pathlib.Path(sys.argv[1]))
