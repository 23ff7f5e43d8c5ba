#!/usr/bin/python3
"""Writes inflate.json: streams made by Python's zlib and gzip and by numcodecs' zstd, and dtype.json: what numpy says
of type strings and structured types. Run: /usr/bin/python3 make_inflate.py   (Debian 12: numpy 1.24.2)"""
import base64
import gzip
import json
import pathlib
import zlib

import numcodecs
import numpy as np

here = pathlib.Path(__file__).parent
text = b"".join(b"line %d of a reference file\n" % (i * i) for i in range(150))
zstd = numcodecs.zstd.compress


def skippable(n):
    return b"\x50\x2a\x4d\x18" + n.to_bytes(4, "little") + bytes(n)


streams = {
    "zlib": [zlib.compress(text), zlib.compress(text, 0), zlib.compress(text, 9)],
    "gzip": [gzip.compress(text), gzip.compress(text[:1000]) + gzip.compress(text[1000:]),
             gzip.compress(text) + bytes(100), gzip.compress(b"") + gzip.compress(text)],
    "zstd": [zstd(text, 3), zstd(text[:777], 1) + zstd(text[777:], 19), skippable(9) + zstd(text, 5)],
}
b64 = {k: [base64.b64encode(s).decode() for s in v] for k, v in streams.items()}
b64["size"] = len(text)
b64["bomb_gzip"] = base64.b64encode(gzip.compress(bytes(3_000_000), 9)).decode()
b64["bomb_zstd"] = base64.b64encode(zstd(bytes(3_000_000), 9)).decode()
(here / "inflate.json").write_text(json.dumps(b64, indent=0) + "\n")

KINDS = {"b": "bool", "i": "int", "u": "uint", "f": "float", "c": "complex", "S": "bytes", "U": "unicode", "V": "raw",
         "M": "datetime", "m": "timedelta", "O": "object"}
strings = ["|b1", "|i1", "|u1", "<i2", ">i2", "<u2", "<i4", ">u4", "<i8", ">u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8",
           "<c8", ">c16", "|S1", "|S12", "<U5", ">U1", "|V3", "<M8[ns]", ">M8[s]", "<M8[25D]", "<m8[1us]", "<M8", "|O",
           "f4", "=i4", "|u2", "<u1", ">S3", "<m8[Y]", "<M8[as]"]
types = []
for text_ in strings:
    t = np.dtype(text_)
    order = t.byteorder
    types.append({"given": text_, "str": t.str, "kind": KINDS[t.kind], "size": t.itemsize, "little": order != ">"})
refused = ["", "<", "f", "<f3", "<f16", "<i3", "<x4", "<f4 ", "<f4x", "<f-4", "<M8[q]", "<M8[]", "<M8[0s]", "<M8ns", "|S99999999999999999999",
           "|S2000000", "<U300000", "|b2", "<c4", "<M4[s]", "<<f4", "|S0", "<U0", "4f"]
structs = []
for descr in ([["a", "<i2"], ["b", ">f4"]], [["a", "<i2"], ["", "|V4"], ["c", "<f8", [2, 3]]],
              [["p", [["x", "<f4"], ["y", "<f4"]]], ["t", "<M8[s]"]], [["a", "|u1", 1], ["s", "|S3"], ["u", "<U2"]],
              [[["title", "a"], "<i2"]], [["v", "<i4", 5]]):
    def tuples(d):
        if isinstance(d, str):
            return d
        return [(tuple(f[0]) if isinstance(f[0], list) else f[0], tuples(f[1]),
                 *([tuple(f[2]) if isinstance(f[2], list) else f[2]] if len(f) > 2 else [])) for f in d]
    t = np.dtype(tuples(descr))
    structs.append({"descr": descr, "size": t.itemsize, "str": t.str, "names": list(t.names),
                    "offsets": [t.fields[n][1] for n in t.names], "sizes": [t.fields[n][0].itemsize for n in t.names]})
(here / "dtype.json").write_text(json.dumps({"types": types, "refused": refused, "structs": structs}, indent=0) + "\n")
