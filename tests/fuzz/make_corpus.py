#!/usr/bin/python3
"""Writes the seeds corpus/codec/*: one valid chunk for each of the first chains of fuzz_codec.cpp, and of each kind of
case in tests/data/codec the shortest.

Run: /usr/bin/python3 make_corpus.py   (Debian 12: numcodecs 0.11.0)"""
import base64
import json
import pathlib
import re

import numcodecs
import numpy as np

here = pathlib.Path(__file__).parent
out = here / "corpus" / "codec"
out.mkdir(parents=True, exist_ok=True)
source = (here / "fuzz_codec.cpp").read_text()
chains = [json.loads(text) for text in re.findall(r'R"\((\{"dtype".*?\})\)"', source)][:20]  # those of numcodecs
numcodecs.blosc.set_nthreads(1)


def shuffle(data, size):
    """As numcodecs, and with an incomplete last element left as it is."""
    whole = len(data) // size * size
    return np.frombuffer(data[:whole], "u1").reshape(-1, size).T.tobytes() + data[whole:]


def encode(config, values):
    data = values
    stages = list(config.get("filters") or [])
    if config.get("compressor"):
        stages.append(config["compressor"])
    for stage in stages:
        stage = dict(stage)
        if stage["id"] in ("delta", "fixedscaleoffset", "quantize"):
            # Only the encoded bytes matter here: numbers in the encoded type.
            data = np.arange(40).astype(stage.get("astype", stage["dtype"]))
        elif stage["id"] == "shuffle":
            data = shuffle(numcodecs.compat.ensure_bytes(data), stage.get("elementsize", 4))
        elif stage["id"] != "bitround":
            data = numcodecs.get_codec(stage).encode(data)
    return bytes(numcodecs.compat.ensure_bytes(data))


def write(name, selector, config, text=b""):
    dtype = np.dtype(config["dtype"])
    values = np.zeros(40, dtype=dtype) if dtype.kind == "U" else (np.arange(40) % 11).astype(dtype)
    chunk = encode(config, values)
    (out / name).write_bytes(bytes([selector]) + text + (40).to_bytes(2, "little") + chunk)


for i, config in enumerate(chains):
    write(f"chain{i:02}", i, config)
for i in (5, 8, 10, 14):
    write(f"json{i:02}", 255, chains[i], json.dumps(chains[i]).encode() + b"\0")
# By the codecs of a case: those chains are in the seed itself.
shortest = {}
for name in ("fixtures", "hdf5", "others", "images", "strings", "v3"):
    for case in json.loads((here.parent / "data" / "codec" / f"{name}.json").read_text()):
        stages = (case.get("filters") or []) + [case.get("compressor")] + case.get("codecs", [])
        kind = " ".join(stage if isinstance(stage, str) else stage.get("id") or stage["name"] for stage in stages if stage)
        size = len(case["encoded"])
        if kind and 40 < size < 1200 and size < len(shortest.get(kind, {"encoded": " " * 1200})["encoded"]):
            shortest[kind] = case
for i, kind in enumerate(sorted(shortest)):
    case = shortest[kind]
    config = {k: case[k] for k in ("dtype", "filters", "compressor", "codecs", "shape") if case.get(k) is not None}
    (out / f"case{i:03}").write_bytes(b"\xff" + json.dumps(config, separators=(",", ":")).encode() + b"\0" +
                                      case["elements"].to_bytes(2, "little") + base64.b64decode(case["encoded"]))
# Short streams of pco: each mode, delta encoding, type and version of the format.
for case in json.loads((here.parent / "data" / "codec" / "pcodec.json").read_text()):
    if len(case["encoded"]) < 530:
        config = {k: case[k] for k in ("dtype", "compressor")}
        name = "_".join(re.findall(r"\w+", case["name"]))
        (out / name).write_bytes(b"\xff" + json.dumps(config, separators=(",", ":")).encode() + b"\0" +
                                 case["elements"].to_bytes(2, "little") + base64.b64decode(case["encoded"]))
print(len(list(out.iterdir())), "seeds")
