#!/usr/bin/python3
"""Writes corpus/metadata: seeds of fuzz_metadata from the arrays that zarr-python wrote (tests/data/cube/arrays.json)."""
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
