"""Writes the seeds of fuzz_open: small stores by zarr-python as references, zips and folders."""
import base64
import io
import json
import pathlib
import zipfile

import numcodecs
import numpy as np
import zarr

OUT = pathlib.Path(__file__).resolve().parent / "corpus" / "open"


def fill(group):
    def add(name, data, dimensions, chunks=None, **attributes):
        data = np.asarray(data)
        array = group.create_dataset(name, data=data, shape=data.shape, dtype=data.dtype, chunks=chunks or data.shape,
                                     compressor=numcodecs.Zlib(1))
        array.attrs.update({"_ARRAY_DIMENSIONS": dimensions, **attributes})

    group.attrs["title"] = "seed"
    add("lat", np.linspace(4, 1, 4), ["lat"], units="degrees_north")
    add("lon", np.linspace(1, 5, 5), ["lon"], units="degrees_east")
    add("time", np.array([0, 6], "<i4"), ["time"], units="hours since 2020-01-01")
    add("t", np.arange(40, dtype="<i2").reshape(2, 4, 5), ["time", "lat", "lon"], (1, 3, 3), scale_factor=0.1, _FillValue=-1,
        coordinates="s", valid_range=[0, 30])
    add("s", np.array([b"a", b"bc"], "S3"), ["time"])
    add("r", np.array([(1, 2.5), (3, 4.5)], [("i", "<i4"), ("d", ">f8")]), ["time"])
    add("m", np.array(["2020-01-01", "NaT"], "M8[ns]"), ["time"])
    group.create_dataset("v", data=np.array(["x", "yz"], dtype=object), dtype=str)
    group.create_group("g").create_dataset("a", data=np.arange(3), chunks=2, compressor=None)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    store = {}
    fill(zarr.open_group(store, mode="w"))
    store = {key: bytes(value) for key, value in sorted(store.items())}
    refs = {key: value.decode() if key.rsplit("/")[-1].startswith(".z") else "base64:" + base64.b64encode(value).decode()
            for key, value in store.items()}
    (OUT / "refs").write_bytes(b"j" + json.dumps({"version": 1, "refs": refs}).encode())
    few = {key: value for key, value in refs.items() if key.startswith(("t/", ".z", "lat", "lon"))}
    few["t/0.0.0"] = ["{{u}}/x", 0, 10]
    (OUT / "templates").write_bytes(b"j" + json.dumps({"version": 1, "templates": {"u": "/vsimem"}, "refs": few}).encode())
    (OUT / "folder").write_bytes(b"d@@" + b"\n@@".join(key.encode() + b"\n" + value for key, value in store.items()))
    meta = {"zarr_format": 3, "node_type": "array", "shape": [4, 6], "data_type": "int16", "fill_value": 0,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 3]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}], "dimension_names": ["y", "x"], "attributes": {}}
    group = {"zarr_format": 3, "node_type": "group", "attributes": {"a": 1}}
    files = {"zarr.json": json.dumps(group).encode(), "a/zarr.json": json.dumps(meta).encode(),
             "a/c/0/0": np.arange(6, dtype="<i2").tobytes()}
    (OUT / "v3").write_bytes(b"d@@" + b"\n@@".join(key.encode() + b"\n" + value for key, value in files.items()))
    for name, method in (("zip", zipfile.ZIP_STORED), ("zip_deflated", zipfile.ZIP_DEFLATED)):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            for key, value in store.items():
                archive.writestr(zipfile.ZipInfo(key), value, compress_type=method)
        (OUT / name).write_bytes(b"z" + out.getvalue())


if __name__ == "__main__":
    main()
