#!/usr/bin/python3
"""Writes pcodec.json, streams that decode, and pcodec_errors.json, streams that do not.

Two kinds of streams decode. Those named "pco" were written by the library itself (pco, crate and Python package, by
Martin Loncaric; no Debian package): bytes and numbers as the tests of gridlook (Zarr in the browser) and opencodecs
(against imagecodecs 2026.8.16) state them. All others are written by tests/support/pco_writer.py from the format's
description; that its reading of the description is right rests on the library's streams, of which it makes the first
byte for byte (asserted here), and on the description's examples.
Run: /usr/bin/python3 -B make_pcodec.py"""
import base64
import json
import pathlib
import sys

import numpy as np

from fixture import Cases

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "support"))
import pco_writer as pco  # noqa: E402

rng = np.random.default_rng(11)
cases = Cases()
CODEC = {"id": "pcodec", "level": 8, "mode_spec": "auto"}


def add(name, values, **how):
    expected = np.concatenate([np.ravel(v) for v in values]) if isinstance(values, list) else np.ravel(values)
    cases.add(f"pcodec {name}", pco.encode(values, **how), expected, None, CODEC)


# The library's own.
digits = np.array([3, 1, 4, 1, 5, 9, 2, 6], "<i4")
written = base64.b64decode("cGNvIQMAAwIEAQMHAAAAEAAIAAAAJAACA4RRAA==")
assert pco.encode(digits, bins=1) == written
cases.add("pco int32, classic", written, digits, None, CODEC)
cases.add("pco float32, multiples of a float", bytes.fromhex(
    "70636f2103050406040105170000326421d31b01018000000040000200ffffff7f01000000805fbbe700"),
    np.linspace(0, 1, 24, dtype="<f4"), None, CODEC)
cases.add("pco int16, multiples of an integer, differences", bytes.fromhex(
    "70636f21030884070401081d0000e1001001010000c01002000600400300001d090aaaaaaa4a5555550000"),
    (np.arange(30) * 7 - 100).astype("<i2"), None, CODEC)


def integers(dtype, n):
    """A walk with jumps to the ends of the type."""
    info = np.iinfo(dtype)
    step = max(1, int(info.max) // 4096)
    values = np.cumsum(rng.integers(-3 * step, 4 * step, n)) % (int(info.max) - int(info.min)) + int(info.min)
    values = np.array([int(v) for v in values], dtype=object)
    values[::97], values[5::101], values[7::103] = info.min, info.max, 0
    return values.astype(dtype)


def floats(dtype, n):
    """Smooth numbers, and all that is odd about floats: payloads of NaN, both zeros, subnormal numbers, infinities."""
    dtype = np.dtype(dtype)
    values = (np.sin(np.arange(n) / 9) * 50 + rng.normal(0, 1, n)).astype(dtype)
    word = np.dtype(f"<u{dtype.itemsize}")
    bits = 8 * dtype.itemsize
    info = np.finfo(dtype)
    inf = int(np.array(np.inf, dtype).view(word))
    odd = [inf, inf | 1 << (bits - 1), inf | 1, inf | 5 | 1 << (bits - 1), (1 << (bits - 1)) - 1, (1 << bits) - 1, 0,
           1 << (bits - 1), 1, 2 | 1 << (bits - 1), (1 << pco.FRACTION[bits]) - 1]
    odd += [int(np.array(v, dtype).view(word)) for v in (info.max, info.min, info.tiny)]
    values.view(word)[::max(1, n // 40)] = np.resize(np.array(odd, word), len(values[::max(1, n // 40)]))
    return values


def numbers(dtype, n):
    return (floats if np.dtype(dtype).kind == "f" else integers)(dtype, n)


INTEGERS = ("<u1", "<i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8")
FLOATS = ("<f2", "<f4", "<f8")
for dtype in INTEGERS + FLOATS:
    bits = 8 * np.dtype(dtype).itemsize
    add(f"{dtype} classic", numbers(dtype, 300))
    add(f"{dtype} one bin of all bits", numbers(dtype, 50), bins=1)
    add(f"{dtype} consecutive", numbers(dtype, 270), delta=("consecutive", 2))
    add(f"{dtype} lookback", numbers(dtype, 270), delta=("lookback", 5, 0))
    add(f"{dtype} dict", np.resize(numbers(dtype, 23), 400), mode=("dict",), bins=5)
    if bits < 64:
        add(f"{dtype} conv1", numbers(dtype, 270), delta=("conv1", 4, -7, [-3, 5, 13]))
for dtype in INTEGERS:
    add(f"{dtype} int_mult", numbers(dtype, 260), mode=("int_mult", 10))
    add(f"{dtype} int_mult by the largest", numbers(dtype, 100), mode=("int_mult", (1 << 8 * np.dtype(dtype).itemsize) - 1))
for dtype in FLOATS:
    add(f"{dtype} float_mult", numbers(dtype, 260), mode=("float_mult", 0.1))
    add(f"{dtype} float_mult, negative", numbers(dtype, 100), mode=("float_mult", -3.0), delta=("consecutive", 1, True))
    for k in (1, 5, pco.FRACTION[8 * np.dtype(dtype).itemsize]):
        add(f"{dtype} float_quant {k}", numbers(dtype, 60), mode=("float_quant", k))

# Orders, windows, states; batches and chunks that end anywhere.
for order in range(1, 8):
    for n in (1, order, 256 + order - 1):
        add(f"order {order} of {n}", numbers("<i4", n), delta=("consecutive", order), bins=3, table_log=4)
for n in (1, 2, 3, 5, 255, 256, 257, 513):
    add(f"{n} numbers", numbers("<u2", n), bins=5)
    add(f"lookback of {n}", numbers("<u2", n), delta=("lookback", 4, 0), bins=3)
for window_log, state_log in ((1, 0), (1, 1), (4, 3), (5, 5), (9, 2), (15, 4), (31, 0)):
    add(f"window {window_log}, state {state_log}", np.resize(integers("<i4", 37), 300),
        delta=("lookback", window_log, state_log))
add("lookbacks before the first", numbers("<u4", 40), delta=("lookback", 6, 0, False, [64, 1, 40, 2] + 35 * [50]))
add("secondary in differences", numbers("<i4", 600), mode=("int_mult", 1000), delta=("consecutive", 2, True))
add("secondary in lookbacks", np.resize(numbers("<f4", 50), 600), mode=("float_quant", 9), delta=("lookback", 7, 1, True))
add("dict in differences", np.resize(numbers("<f8", 9), 600), mode=("dict",), delta=("consecutive", 1))
add("dict in lookbacks", np.resize(numbers("<i2", 60), 600), mode=("dict",), delta=("lookback", 7, 0))
add("dict in conv1", np.resize(numbers("<f4", 60), 600), mode=("dict",), delta=("conv1", 2, 0, [1, 1, 1]))
add("conv1 of order 1", numbers("<u1", 300), delta=("conv1", 0, 0, [1]))
add("conv1 of order 32", numbers("<u4", 300), delta=("conv1", 20, 1 << 40, [(-1) ** i * i << 10 for i in range(32)]))
add("conv1 of fewer numbers than its order", numbers("<u2", 4), delta=("conv1", 3, 1, [1] * 9))
add("multiples and conv1", numbers("<i2", 300), mode=("int_mult", 3), delta=("conv1", 5, 3, [-10, 40]))
add("a constant", np.full(1000, -77, "<i8"))
add("two values", np.resize(np.array([1.5, np.nan]), 777))
add("a line", np.arange(1000, dtype="<i8") * 1000, delta=("consecutive", 1))
add("a parabola", (np.arange(600, dtype="<i8") ** 2), delta=("consecutive", 2))
for table_log, bins in ((1, 2), (3, 8), (8, 40), (12, 200), (14, 90)):
    add(f"a table of {1 << table_log}", rng.integers(0, 1 << 60, 500, dtype="<u8") >> rng.integers(0, 60, 500, dtype="<u8"),
        bins=bins, table_log=table_log)

# Versions, headers, chunks.
for version, minor, standalone in ((0, 0, 0), (1, 0, 1), (1, 0, 2), (2, 0, 2), (3, 0, 2), (3, 0, 3), (4, 0, 3), (4, 200, 3)):
    how = dict(version=version, minor=minor, standalone=standalone)
    add(f"version {version}.{minor} in {standalone}", numbers("<f4", 60), delta=("consecutive", 3), **how)
    add(f"version {version}.{minor} in {standalone}, no differences", numbers("<i8", 50), **how)
    if version > 0:
        add(f"version {version}.{minor} in {standalone}, multiples", numbers("<i4", 60), mode=("int_mult", 9),
            delta=("consecutive", 1), **how)
add("chunks", [numbers("<f4", n) for n in (3, 256, 300, 1)], uniform=True)
add("chunks of no said type", [numbers("<i2", n) for n in (3, 256, 300, 1)], hint=0)
add("a hint of all bits", numbers("<i2", 3), hint=(1 << 64) - 1)
cases.append({"name": "pcodec nothing", "compressor": CODEC, "dtype": "<f4", "elements": 0, "decoded": "",
              "encoded": base64.b64encode(b"pco!\x03\x05\x00\x04\x01\x00").decode()})
cases.write(__file__)

# Streams that do not decode: a valid one with single fields changed.
errors = []


def bad(name, text, encoded, dtype="<u4", elements=40):
    errors.append({"name": name, "error": text, "dtype": dtype, "elements": elements,
                   "encoded": base64.b64encode(bytes(encoded)).decode()})


def stream(*fields, head=b"pco!\x03\x00\x00\x04\x01", code=1, n=40):
    """One chunk from (value, bits); None: zeros to the next byte."""
    out = pco.Bits()
    for field in [(b, 8) for b in head] + [(code, 8), (n - 1, 24)] + list(fields):
        if field is None:
            out.align()
        else:
            out.put(*field)
    out.align()
    out.put(0, 64)
    return out.bytes()


CLASSIC, NO_DELTA = (0, 4), (0, 4)
ONE_BIN = [(0, 4), (1, 15), (7, 32), (0, 6)]
good = stream(CLASSIC, NO_DELTA, *ONE_BIN)
bad("magic", "does not begin with", b"pco?" + good[4:])
bad("empty", "does not begin with", b"")
bad("standalone version", "standalone version 4 is not known", b"pco!\x04" + good[5:])
bad("version", "format version 5 is not known", good[:7] + b"\x05" + good[8:])
bad("uniform type", "no type of numbers has the code 12", good[:5] + b"\x0c" + good[6:])
bad("uniform type of another chunk", "not all of the type", good[:5] + b"\x02" + good[6:])
bad("type", "no type of numbers has the code 99", stream(CLASSIC, NO_DELTA, *ONE_BIN, code=99))
bad("header padding", "bits between two fields are not zero", good[:6] + b"\x80" + good[7:])
bad("no end", "lacks the byte that ends it", good[:-8])
bad("more numbers", "160 bytes, expected 156", good, elements=39)
bad("two types", "not all of the type",
    pco.encode(np.arange(20, dtype="u4"))[:-1] + pco.encode(np.arange(20, dtype="i4"), standalone=2)[9:])
bad("old multiples", "format version 0 wrote them", stream((1, 4), (7, 32), (0, 3), *ONE_BIN, *ONE_BIN, head=b"pco!\x00"))
bad("multiples of zero", "IntMult", stream((1, 4), (0, 32), NO_DELTA, *ONE_BIN, *ONE_BIN))
bad("multiples of floats", "IntMult", stream((1, 4), (5, 32), NO_DELTA, *ONE_BIN, *ONE_BIN, code=5), "<f4")
for name, base in (("zero", 0.0), ("minus zero", -0.0), ("infinity", np.inf), ("nan", np.nan), ("minus nan", -np.nan)):
    latent = pco.ordered(np.array([base], "<f4"))[0]
    bad(f"multiples of {name}", "FloatMult", stream((2, 4), (latent, 32), NO_DELTA, *ONE_BIN, *ONE_BIN, code=5), "<f4")
bad("float multiples of integers", "FloatMult", stream((2, 4), (1 << 31 | 5, 32), NO_DELTA, *ONE_BIN, *ONE_BIN))
for k in (0, 24, 255):
    bad(f"quantised by {k}", "FloatQuant", stream((3, 4), (k, 8), NO_DELTA, *ONE_BIN, *ONE_BIN, code=5), "<f4")
bad("mode", "mode 5 of format version 4.1 is not known", stream((5, 4), NO_DELTA, *ONE_BIN))
bad("delta", "delta encoding 4 of format version 4.1 is not known", stream(CLASSIC, (4, 4), *ONE_BIN))
bad("order 0", "order 0", stream(CLASSIC, (1, 4), (0, 3), (0, 1), *ONE_BIN))
bad("dictionary too long", "cut short", stream((4, 4), ((1 << 25) - 1, 25), None, NO_DELTA, *ONE_BIN))
bad("dictionary index", "outside its dictionary", stream((4, 4), (7, 25), None, *[(i, 32) for i in range(7)], NO_DELTA,
                                                         *ONE_BIN))
bad("table too large", "a table of 32768 states", stream(CLASSIC, NO_DELTA, (15, 4), (1, 15)))
bad("too many bins", "does not hold 3 bins", stream(CLASSIC, NO_DELTA, (1, 4), (3, 15), *[(0, 39)] * 3))
bad("one bin and a table", "does not hold 1 bins", stream(CLASSIC, NO_DELTA, (2, 4), (1, 15), (3, 2), (0, 32), (0, 6)))
bad("weights too small", "add up to 3, expected 4", stream(CLASSIC, NO_DELTA, (2, 4), (2, 15), (1, 2), (0, 32), (0, 6),
                                                           (0, 2), (0, 32), (0, 6)))
bad("weights too large", "add up to 7, expected 4", stream(CLASSIC, NO_DELTA, (2, 4), (2, 15), (3, 2), (0, 32), (0, 6),
                                                           (2, 2), (0, 32), (0, 6)))
bad("no bins", "no bins for them", stream(CLASSIC, NO_DELTA, (0, 4), (0, 15)))
bad("no bins and a table", "add up to 0, expected 4", stream(CLASSIC, NO_DELTA, (2, 4), (0, 15)))
bad("bins cut short", "cut short", stream(CLASSIC, NO_DELTA, (14, 4), (16384, 15)))
bad("offsets too wide", "offsets of 33 bits", stream(CLASSIC, NO_DELTA, (0, 4), (1, 15), (0, 32), (33, 6)))
bad("offsets cut short", "cut short", stream(CLASSIC, NO_DELTA, (0, 4), (1, 15), (0, 32), (32, 6)))
bad("metadata padding", "bits between two fields", stream(CLASSIC, NO_DELTA, *ONE_BIN, (1, 1)))
bad("page padding", "bits behind its numbers",
    stream(CLASSIC, NO_DELTA, (0, 4), (1, 15), (7, 32), (1, 6), None, (0, 1), (2, 7), n=1), elements=1)
LOOKBACK = [(2, 4), (3, 5), (0, 4), (0, 1)]  # a window of 16
bad("lookback of a bin", "outside the window", stream(CLASSIC, *LOOKBACK, (0, 4), (1, 15), (17, 32), (0, 6), *ONE_BIN))
bad("no lookback", "outside the window", stream(CLASSIC, *LOOKBACK, (0, 4), (1, 15), (0, 32), (0, 6), *ONE_BIN))
bad("lookback", "out of its window", stream(CLASSIC, *LOOKBACK, (0, 4), (1, 15), (16, 32), (1, 6), *ONE_BIN, None,
                                            (0, 32), None, *[(1, 8)] * 40))
bad("more state than window", "smaller than what it starts with", stream(CLASSIC, (2, 4), (3, 5), (5, 4), (0, 1), *ONE_BIN))
bad("state cut short", "cut short", stream(CLASSIC, (2, 4), (31, 5), (15, 4), (0, 1), *ONE_BIN, *ONE_BIN, n=1 << 15),
    elements=1 << 15)


def conv1(bits, shift, bias, weights):
    return stream(CLASSIC, (3, 4), (shift, 5), (bias + (1 << 63), 64), (len(weights) - 1, 5),
                  *[(w + (1 << 31), 32) for w in weights], (0, 4), (1, 15), (7, bits), (0, bits.bit_length()),
                  code={16: 7, 32: 1, 64: 2}[bits])


bad("conv1 of 64 bits", "does not fit latents of 64 bits", conv1(64, 3, 0, [1]), "<u8")
bad("conv1 overflows", "does not fit latents of 32 bits", conv1(32, 3, 0, [1 << 30, 1 << 30]))
bad("conv1 has a large bias", "does not fit latents of 16 bits", conv1(16, 3, 1 << 31, [1]), "<u2")
bad("conv1 has the least bias", "does not fit latents of 32 bits", conv1(32, 3, -(1 << 63), [1]))
out = pathlib.Path(__file__).with_name("pcodec_errors.json")
out.write_text("[\n" + ",\n".join(json.dumps(e, separators=(",", ":")) for e in errors) + "\n]\n")
print(len(errors), "errors,", out.stat().st_size, "bytes")
