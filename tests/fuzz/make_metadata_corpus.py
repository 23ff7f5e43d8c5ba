#!/usr/bin/python3
"""Writes corpus/metadata: seeds of fuzz_metadata from the arrays of tests/data/cube/arrays.json (Zarr v2) and zarr3.json."""
import json
import pathlib

here = pathlib.Path(__file__).parent
keys = json.loads((here.parent / "data/cube/arrays.json").read_text())["keys"]
out = here / "corpus/metadata"
out.mkdir(parents=True, exist_ok=True)
for name in ["type_be_i4_f", "type_le_c8_c", "type_be_c16_c", "type_S5_c", "type_be_U3_f", "type_V4_c", "type_le_f2_f", "cube_c",
             "cube_f", "four", "scalar", "empty", "slash", "nan_holes", "bare_be", "type_le_M8_s__c"]:
    chunk = next((v for k, v in keys.items() if k.startswith(name + "/") and ".z" not in k), "")
    zarray = json.dumps(json.loads(keys[name + "/.zarray"]))
    zattrs = '{"_ARRAY_DIMENSIONS": ["y", "x"], "units": "K", "_FillValue": NaN}'
    text = "\0".join([zarray, zattrs, '{"title": "root"}', ""]).encode() + bytes.fromhex(chunk)
    (out / name).write_bytes(text)

keys = json.loads((here.parent / "data/cube/zarr3.json").read_text())["keys"]
for name in ["type_19_big", "type_17_big", "type_14_little", "bare_type_9", "key_v2", "transpose_201", "transpose_bare", "scalar",
             "shard", "shard_start", "shard_index_bare", "shard_index_transposed", "shard_nested", "shard_compressed",
             "transposed_shard", "shard_sparse", "strings", "strings_sharded", "blobs", "fixed_u", "numcodecs"]:
    chunk = next((v for k, v in keys.items() if k.startswith(name + "/") and not k.endswith("zarr.json")), "")
    for length in range(3):  # inline, a range, to the object's end: by the length
        parts = [json.dumps(json.loads(keys[name + "/zarr.json"])), "", "{}", ""]
        (out / f"v3_{name}_{length}").write_bytes("\0".join(parts).encode() + bytes(length) + bytes.fromhex(chunk))
