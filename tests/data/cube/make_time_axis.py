#!/usr/bin/python3
"""Makes time_axis.json: what cftime and numpy say of CF and datetime64 times. Run: /usr/bin/python3 make_time_axis.py"""
import json
import pathlib
import random
import warnings

import cftime
import numpy as np

warnings.simplefilter("ignore")
CALENDARS = ["standard", "gregorian", "proleptic_gregorian", "noleap", "365_day", "all_leap", "366_day", "360_day", "julian"]
EPOCHS = {
    "days": ["2000-01-01 00:00:00", "1900-01-01", "1582-10-01", "1-1-1 00:00:0.0", "1970-01-01T00:00:00Z", "1850-12-30 6:30",
             "2000-02-28 12:00:00 -05:00", "1999-12-31 23:59:59.5", "-0044-03-15 00:00:00"],
    "hours": ["1900-01-01 00:00:0.0", "1582-10-15 00:00", "2001-06-15 10:20:30.25 +05:30"],
    "minutes": ["1970-01-01 00:00", "2020-02-27 23:59:00 UTC"],
    "seconds": ["1970-01-01T00:00:00Z", "2000-01-01 12:00:00", "1981-01-01 00:00:00 +0200"],
    "milliseconds": ["1970-01-01"],
    "microseconds": ["2000-01-01"],
}
SPAN = {"days": 800000, "hours": 9e6, "minutes": 6e7, "seconds": 4e9, "milliseconds": 4e12, "microseconds": 1e15}


def text(date):
    sign, year = ("-" if date.year < 0 else ""), abs(date.year)
    out = f"{sign}{year:04d}-{date.month:02d}-{date.day:02d}T{date.hour:02d}:{date.minute:02d}:{date.second:02d}"
    if date.microsecond:
        out += f".{date.microsecond:06d}".rstrip("0")
    return out + "Z"


def main():
    rng = random.Random(2)
    cf = []
    for calendar in CALENDARS:
        for unit, epochs in EPOCHS.items():
            for epoch in epochs:
                units = f"{unit} since {epoch}"
                span = SPAN[unit]
                values = [0, 1, -1, int(rng.uniform(0, span)), int(rng.uniform(-span / 8, span)),
                          rng.uniform(0, span), rng.uniform(-span / 8, span), float(np.float32(rng.uniform(0, span)))]
                for value in values:
                    try:
                        date = cftime.num2date(value, units, calendar, only_use_cftime_datetimes=True)
                    except (ValueError, OverflowError):
                        continue
                    cf.append({"units": units, "calendar": calendar, "value": value, "integer": isinstance(value, int),
                               "iso": text(date)})
    for value in [0, 1, 7, 13, -5]:
        date = cftime.num2date(value, "months since 2000-01-15", "360_day")
        cf.append({"units": "months since 2000-01-15", "calendar": "360_day", "value": value, "integer": True, "iso": text(date)})
        date = cftime.num2date(value, "common_years since 2001-03-01", "noleap")
        cf.append({"units": "common_years since 2001-03-01", "calendar": "noleap", "value": value, "integer": True,
                   "iso": text(date)})
    numpy_cases = []
    for unit in ["ns", "us", "ms", "s", "m", "h", "D", "W", "M", "Y", "25D", "10ns", "3M"]:
        for value in [0, 1, -1, 12345, -1000, int(rng.uniform(-5e2, 5e2))]:
            instant = np.datetime64(value, (unit.lstrip("0123456789"), int("".join(c for c in unit if c.isdigit()) or 1)))
            fine = np.datetime_as_string(instant.astype("M8[ns]") if unit in ("ns", "10ns") else instant.astype("M8[us]"))
            fine = fine.rstrip("0").rstrip(".") if "." in fine else fine
            numpy_cases.append({"unit": unit, "value": value, "iso": fine + "Z"})
    path = pathlib.Path(__file__).with_name("time_axis.json")
    with open(path, "w") as out:
        out.write('{"cf": [\n' + ",\n".join(map(json.dumps, cf)) + '\n],\n"datetime64": [\n')
        out.write(",\n".join(map(json.dumps, numpy_cases)) + "\n]}\n")
    print(len(cf), "CF cases,", len(numpy_cases), "datetime64 cases, cftime", cftime.__version__)


main()
