#!/usr/bin/python3
"""Writes corpus/zip: seeds of fuzz_zip from the zip files that zipfile wrote (tests/data/refs/zips.json), and documents of metadata."""
import base64
import json
import pathlib

here = pathlib.Path(__file__).parent
out = here / "corpus/zip"
out.mkdir(parents=True, exist_ok=True)
for case in json.loads((here.parent / "data/refs/zips.json").read_text())["cases"]:
    (out / case["name"].replace(" ", "_").replace(",", "")).write_bytes(base64.b64decode(case["zip"]))
array = {"zarr_format": 3, "node_type": "array", "shape": [4]}
(out / "zmetadata").write_text(json.dumps({"metadata": {".zgroup": {"zarr_format": 2}, "a/.zarray": {"shape": [4]}},
                                           "zarr_consolidated_format": 1, "record_size": 10}))
(out / "zarr_json").write_text(json.dumps({"node_type": "group", "consolidated_metadata": {
    "kind": "inline", "must_understand": False, "metadata": {"a": array, "g/a": array}}}))
