#!/usr/bin/python3
"""Makes composites.json: six small products and what every method of composites must make of them, cell by cell in
plain numpy. The grid comes from data/dgg.py, which is written apart from the driver's code.

    tests/data/swath/make_composites.py > tests/data/swath/composites.json
"""
import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "data"))
import dgg  # noqa: E402

RNG = np.random.default_rng(20230401)
ROWS = 50
CONFIDENCE = {"FL_A": 2, "FL_B": 4, "FL_C": 8}

ATTRIBUTES = {
    "Grid_Point_ID": {},
    "Soil_Moisture": {"_FillValue": -999.0},
    "Soil_Moisture_DQX": {"_FillValue": -999.0},
    "N_RFI_X": {"_FillValue": 0},
    "Altitude": {"_FillValue": -32768},
    "RFI_Prob": {"_FillValue": 255, "scale_factor": 0.005, "scale_offset": 0.0},
    "Confidence_Flags": {"_FillValue": 0, "flag_masks": list(CONFIDENCE.values()),
                         "flag_values": list(CONFIDENCE.values()), "flag_meanings": " ".join(CONFIDENCE)},
    "Days": {"_FillValue": 0}, "Seconds": {"_FillValue": 0}, "Microseconds": {"_FillValue": 0},
}
FILLS = {name: attributes["_FillValue"] for name, attributes in ATTRIBUTES.items()
         if "_FillValue" in attributes and "flag_masks" not in attributes}


def some_cells():
    """Cells of several blocks, among them the two single ones."""
    lon, lat = np.meshgrid(np.arange(9.0, 11.2, 0.18), np.arange(49.6, 50.6, 0.12))
    cells = set(dgg.seqnum_of(lon.ravel(), lat.ravel()).tolist())
    cells |= set(dgg.seqnum_of(np.array([-0.1, 0.1, 179.9, -179.9]), np.array([0.0, 0.1, 10.0, 10.0])).tolist())
    return np.array(sorted(cells | {1, dgg.CELLS}))


CELLS = some_cells()


def product(number):
    cells = RNG.permutation(CELLS)[:ROWS]
    count = len(cells)
    ids = dgg.grid_point_id(cells).astype("<u4")
    moisture = (RNG.integers(1, 12, count) * 0.05).astype("<f4")
    moisture[RNG.random(count) < 0.25] = -999
    moisture[RNG.random(count) < 0.05] = np.nan
    quality = (RNG.integers(1, 5, count) * 0.01).astype("<f4")
    quality[RNG.random(count) < 0.15] = -999
    quality[RNG.random(count) < 0.05] = np.nan
    days = np.full(count, 8491 + number // 3, "<u2")
    days[RNG.random(count) < 0.2] = 0
    columns = {
        "Grid_Point_ID": ids, "Soil_Moisture": moisture, "Soil_Moisture_DQX": quality,
        "N_RFI_X": RNG.integers(0, 6, count).astype("<u2"),
        "Altitude": np.where(RNG.random(count) < 0.1, -32768, RNG.integers(-400, 4000, count)).astype("<i2"),
        "RFI_Prob": np.where(RNG.random(count) < 0.1, 255, RNG.integers(0, 60, count)).astype("|u1"),
        "Confidence_Flags": (2 * RNG.integers(0, 4, count)).astype("<u2"),
        "Days": days, "Seconds": RNG.integers(1, 86400, count).astype("<u4"),
        "Microseconds": (RNG.integers(0, 4, count) * 250000).astype("<u4"),
    }
    # An id twice: the first row stands though it holds no value. One that names no cell, as in a real product.
    columns["Grid_Point_ID"][7] = columns["Grid_Point_ID"][3]
    columns["Soil_Moisture"][3], columns["Soil_Moisture"][7] = -999, 0.6
    columns["N_RFI_X"][3], columns["N_RFI_X"][7] = 0, 5
    columns["Grid_Point_ID"][11] = 4262145
    return columns


PRODUCTS = [product(number) for number in range(6)]
ASCENDING = [True, False, True, True, False, False]


def holds_value(columns, name):
    values = columns[name]
    if "flag_masks" in ATTRIBUTES[name]:
        return np.ones(len(values), bool)
    return (values != values.dtype.type(FILLS[name])) & ~np.isnan(values.astype("f8"))


def times(columns):
    seconds = columns["Days"] * 86400.0 + columns["Seconds"].astype("f8") + columns["Microseconds"] * 1e-6
    return np.where(columns["Days"] != 0, seconds, np.nan)


def rows_that_count(columns, case):
    good = holds_value(columns, case["variable"])
    if case.get("filter") == "RFI_Prob<0.2,Confidence_Flags&FL_B==0":
        good &= holds_value(columns, "RFI_Prob") & (columns["RFI_Prob"] * 0.005 < 0.2)
        good &= (columns["Confidence_Flags"] & 4) == 0
    if case["method"] == "BEST":
        good &= holds_value(columns, case["quality"])
    seqnums = dgg.seqnum_of_id(columns["Grid_Point_ID"])
    if "box" in case:
        west, south, east, north = case["box"]
        lon, lat = dgg.centre_of(np.maximum(seqnums, 1))
        good &= (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    first = [seqnums.tolist().index(seqnum) == row for row, seqnum in enumerate(seqnums)]
    return seqnums, good & np.array(first) & (seqnums > 0)


def sequential_mean(values):
    total = np.float64(0)
    for value in values:
        total += np.float64(value)
    return total / len(values)


def combine(case, values, when, quality):
    """One cell's rows in the order of products."""
    method = case["method"]
    if method in ("LAST", "FIRST", "MIN", "MAX", "BEST"):
        row = {"LAST": lambda: len(values) - 1, "FIRST": lambda: 0,
               "MIN": lambda: values.index(min(values)), "MAX": lambda: values.index(max(values)),
               "BEST": lambda: max(k for k, q in enumerate(quality) if q == min(quality))}[method]()
        return when[row] if case.get("time") else values[row]
    if case.get("time"):
        known = [time for time in when if not np.isnan(time)]
        return sequential_mean(known) if known else np.nan
    if method == "COUNT":
        return len(values)
    if method == "MEAN":
        return sequential_mean(values)
    if method == "MEDIAN":
        return np.median(np.array(values).astype("f8"))
    if method == "OR":
        return np.bitwise_or.reduce(values)
    kinds, often = np.unique(values, return_counts=True)
    return kinds[np.argmax(often)]


def plain(value):
    """As JSON: the shortest decimals that give the number back in its own type."""
    if value is None or np.isnan(value):
        return None
    return float(str(value)) if np.asarray(value).dtype.kind == "f" else int(value)


def expect(case):
    found = {int(seqnum): ([], [], []) for seqnum in CELLS}
    for columns, ascending in zip(PRODUCTS, ASCENDING):
        if case.get("pass") is not None and (case["pass"] == "ASCENDING") != ascending:
            continue
        seqnums, good = rows_that_count(columns, case)
        when = times(columns)
        quality = columns[case["quality"]] if case["method"] == "BEST" else when
        for row in np.flatnonzero(good):
            cell = found[int(seqnums[row])]
            cell[0].append(columns[case["variable"]][row])
            cell[1].append(when[row])
            cell[2].append(quality[row])
    values = [combine(case, *cell) if cell[0] else None for cell in found.values()]
    if case["method"] == "COUNT" and not case.get("time"):
        values = [value or 0 for value in values]
    return {**case, "values": [plain(value) for value in values]}


def cases():
    numbers = ("LAST", "FIRST", "MEAN", "MIN", "MAX", "COUNT", "MEDIAN", "BEST")
    every = [{"variable": "Soil_Moisture", "method": method, "time": time} for method in numbers
             for time in (False, True)]
    every += [{"variable": name, "method": method} for name in ("N_RFI_X", "Altitude", "RFI_Prob")
              for method in numbers]
    every += [{"variable": "Altitude", "method": "MIN", "time": True}]
    every += [{"variable": "Confidence_Flags", "method": method, "time": time}
              for method in ("LAST", "FIRST", "COUNT", "MODE", "OR", "BEST") for time in (False, True)]
    some = [("Soil_Moisture", "LAST"), ("Soil_Moisture", "MEAN"), ("Soil_Moisture", "BEST"),
            ("Confidence_Flags", "OR")]
    narrow = [{"filter": "RFI_Prob<0.2,Confidence_Flags&FL_B==0"}, {"box": [9.3, 49.7, 10.7, 50.4]},
              {"pass": "DESCENDING"},
              {"filter": "RFI_Prob<0.2,Confidence_Flags&FL_B==0", "box": [9.3, 49.7, 10.7, 50.4],
               "pass": "ASCENDING"}]
    every += [{"variable": name, "method": method, **which} for which in narrow for name, method in some]
    for case in every:
        if case["method"] == "BEST":
            case["quality"] = "Soil_Moisture_DQX"
        yield case


def main():
    def lines(items):
        return ",\n".join(json.dumps(item, separators=(",", ":")) for item in items)

    products = [{"pass": "A" if ascending else "D",
                 "columns": {name: [values.dtype.str, [plain(value) for value in values]]
                             for name, values in columns.items()}}
                for columns, ascending in zip(PRODUCTS, ASCENDING)]
    print('{"attributes":' + json.dumps(ATTRIBUTES) + ',\n"cells":' + json.dumps(CELLS.tolist()) + ',\n"products":[\n'
          + lines(products) + '],\n"cases":[\n' + lines(map(expect, cases())) + "]}")


main()
