#!/usr/bin/python3
"""Writes the seeds corpus/json/gen*, templates* and template*: documents and templates of tests/data/refs/templates.json.

Run: /usr/bin/python3 make_json_corpus.py"""
import json
import pathlib

here = pathlib.Path(__file__).parent
out = here / "corpus" / "json"
out.mkdir(parents=True, exist_ok=True)
fixture = json.loads((here.parent / "data" / "refs" / "templates.json").read_text())
for i, text in enumerate([d["document"] for d in fixture["documents"]] + fixture["bad"]):
    document = json.loads(text)
    document["refs"][".zgroup"] = "{}"
    (out / f"gen{i:02}").write_text(json.dumps(document))
# Several expressions a seed: the fuzzer takes them apart.
templates = [case["template"] for case in fixture["cases"]]
for i in range(0, len(templates), 12):
    (out / f"template{i // 12:02}").write_text("".join(templates[i:i + 12]))
for i in range(0, len(templates), 3):
    if "i" in templates[i]:
        entry = {"key": "a/{{i}}", "url": templates[i], "offset": "{{i}}", "length": "1", "dimensions": {"i": {"stop": 3}}}
        (out / f"templates{i:03}").write_text(json.dumps({"version": 1, "templates": {"u": "x", "f": "{{c}}"}, "refs": {".zgroup": "{}"}, "gen": [entry]}))
# Kerchunk's prototype of 2020.
store = {"a/0": {"offset": 10, "size": 5}, "a/1": {"size": 7, "offset": 15}, "source": {"uri": "h.nc"}}
metadata = {".zgroup": {"zarr_format": 2}, "a/.zarray": {"shape": [4], "chunks": [2]}, "a/.zchunkstore": store}
(out / "prototype").write_text(json.dumps({"zarr_consolidated_format": 1, "metadata": metadata}))
