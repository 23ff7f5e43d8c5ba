#!/usr/bin/python3
"""Writes the seeds corpus/codec/*: one valid chunk for each chain of fuzz_codec.cpp's kinds.

Run: /usr/bin/python3 make_corpus.py   (Debian 12: numcodecs 0.11.0)"""
import json
import pathlib
import re

import numcodecs
import numpy as np

here = pathlib.Path(__file__).parent
out = here / "corpus" / "codec"
out.mkdir(parents=True, exist_ok=True)
source = (here / "fuzz_codec.cpp").read_text()
chains = [json.loads(text) for text in re.findall(r'R"\((\{"dtype".*?\})\)"', source)]
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
print(len(list(out.iterdir())), "seeds")
