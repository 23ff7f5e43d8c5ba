"""What a collection of SMOS products must show, computed from the files alone: netCDF4 reads them, numpy combines the
rows by cell, data/dgg.py places cells. Nothing here comes from the driver.

A table is an array by seqnum (0..CELLS; 0 is no cell) in the type that the band has, with nodata where no row counts.
"""
import datetime
import pathlib
import sys
from typing import NamedTuple

import netCDF4
import numpy as np

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "data"))
import dgg  # noqa: E402

EPOCH = datetime.datetime(2000, 1, 1)


def moment(text):
    """20230401T150613, as in file names."""
    return datetime.datetime.strptime(text, "%Y%m%dT%H%M%S")


class Columns(dict):
    """Columns as stored (unsigned where the file says so), read when they are asked for."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def __missing__(self, name):
        with netCDF4.Dataset(self.path) as file:
            file.set_auto_maskandscale(False)
            variable = file[name]
            values = variable[:]
            if "_Unsigned" in variable.ncattrs() and values.dtype.kind == "i":
                values = values.view(f"u{values.dtype.itemsize}")
        self[name] = values
        return values


class Product:
    """One file: its name's facts, its pass, and its columns as stored."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        parts = self.path.name.split(".")[0].split("_")
        self.file_class, self.kind = parts[1], "_".join(parts[2:4])
        self.start, self.stop = moment(parts[4]), moment(parts[5])
        self.version = (int(parts[6]), int(parts[7]))
        self.columns, self.names = Columns(self.path), []
        self.scales, self.fills, self.bits = {}, {}, {}

    def load(self):
        """Reads the file's attributes and ids, once."""
        if self.names:
            return self
        with netCDF4.Dataset(self.path) as file:
            passes = [file.getncattr(name) for name in file.ncattrs() if name.endswith(":Ascending_Flag")]
            self.ascending = passes == ["A"]
            for name, variable in file.variables.items():
                self.names.append(name)
                self.fills[name] = np.asarray(variable.getncattr("_FillValue")).ravel()[0]
                if "scale_factor" in variable.ncattrs():
                    self.scales[name] = tuple(float(np.ravel(variable.getncattr(key))[0])
                                              for key in ("scale_factor", "scale_offset"))
                if "flag_meanings" in variable.ncattrs():
                    names = np.ravel(variable.getncattr("flag_meanings"))[0].split()
                    masks = np.ravel(variable.getncattr("flag_masks")).astype(int)
                    # Masks of Science_Flags overflow their type: there the n-th flag is bit n.
                    spoilt = len(names) > 15
                    self.bits[name] = {flag: 1 << k if spoilt else int(masks[k]) for k, flag in enumerate(names)}
        self.seqnum = dgg.seqnum_of_id(self.columns["Grid_Point_ID"])
        # Of an id that stands twice the first row counts.
        _, first = np.unique(self.seqnum, return_index=True)
        once = np.zeros(len(self.seqnum), bool)
        once[first] = True
        self.placed = once & (self.seqnum > 0)
        return self

    def has_value(self, name):
        """Rows whose column holds a value: everything of flags, else neither fill nor NaN."""
        values = self.columns[name]
        if name in self.bits:
            return np.ones(len(values), bool)
        out = values != values.dtype.type(self.fills[name])
        return out & ~np.isnan(values) if values.dtype.kind == "f" else out

    def decoded(self, name):
        """The column as filters see it: scaled, NaN where there is no value; but 0 of integers is a number."""
        scale, offset = self.scales.get(name, (1.0, 0.0))
        numbers = self.columns[name].astype("f8") * scale + offset
        is_zero = (self.columns[name] == 0) & (self.columns[name].dtype.kind in "ui")
        return np.where(self.has_value(name) | is_zero, numbers, np.nan)

    def flag(self, name, *flags):
        """Rows in which one of the flags is set."""
        return (self.columns[name] & np.bitwise_or.reduce([self.bits[name][flag] for flag in flags])) != 0

    def times(self):
        """Seconds since 2000 of each row, NaN where it does not tell."""
        if "Mean_acq_time" in self.names:
            return self.decoded("Mean_acq_time") * 86400.0
        days, seconds, micro = (self.columns[name].astype("f8") for name in ("Days", "Seconds", "Microseconds"))
        return np.where(self.columns["Days"] != 0, days * 86400 + seconds + micro * 1e-6, np.nan)


def newest(paths):
    """The products of the files in order of time, of each the newest version."""
    best = {}
    for product in map(Product, paths):
        key = (product.kind, product.start, product.stop)
        if key not in best or product.version > best[key].version:
            best[key] = product
    return [best[key] for key in sorted(best, key=lambda key: key[1:])]


def step_of(time, step, origin):
    """A number by which products of one step of a composite are told, and the step's first moment and the next one's."""
    day = datetime.timedelta(days=1)
    midnight = time.replace(hour=0, minute=0, second=0)
    if step == "MONTH":
        first = midnight.replace(day=1)
        return first, (first + 32 * day).replace(day=1)
    if step == "YEAR":
        first = midnight.replace(month=1, day=1)
        return first, first.replace(year=first.year + 1)
    count = int(step[:-3] or 1)
    first = origin + (midnight - origin) // (count * day) * (count * day)
    return first, first + count * day


def steps(products, step):
    """[(first moment, moment after the last, products)] of a composite's steps."""
    if step == "ALL":
        return [(products[0].start, products[-1].start, products)]
    origin = products[0].start.replace(hour=0, minute=0, second=0)
    out = {}
    for product in products:
        out.setdefault(step_of(product.start, step, origin), []).append(product)
    return [(*key, members) for key, members in sorted(out.items())]


class Rows(NamedTuple):
    """Rows that count, of all products, in their order."""

    seqnum: np.ndarray
    value: np.ndarray
    time: np.ndarray
    quality: np.ndarray


def in_box(lon, lat, box):
    """Borders included; west > east crosses the date line."""
    west, south, east, north = box
    turned = (lon - west) % 360 <= (east - west) % 360 if (east - west) % 360 else east != west
    return turned & (lat >= south) & (lat <= north)


def rows_of(products, name, keep=None, ascending=None, box=None, quality=None):
    """`keep(product)`: a mask of rows. With a quality, rows count that have one."""
    parts = []
    for product in products:
        product.load()
        if ascending is not None and product.ascending != ascending:
            continue
        good = product.placed & product.has_value(name)
        if keep is not None:
            good &= keep(product)
        if box is not None:
            good[good] = in_box(*dgg.centre_of(product.seqnum[good]), box)
        best = product.decoded(quality) if quality else np.zeros(len(good))
        good &= ~np.isnan(best)
        parts.append((product.seqnum[good], product.columns[name][good], product.times()[good], best[good]))
    if not parts:
        column = products[0].columns[name]
        parts = [(np.zeros(0, int), column[:0], np.zeros(0), np.zeros(0))]
    return Rows(*(np.concatenate(column) for column in zip(*parts)))


def nodata_of(product, name):
    """What the band has where there is nothing, in the variable's own type: for flags all bits."""
    values = product.load().columns[name]
    if name in product.bits:
        return values.dtype.type(~values.dtype.type(0))
    return values.dtype.type(product.fills[name])


def chosen(rows, method):
    """For methods that choose one row a cell: which. Of equal ones MIN and MAX take the first, BEST the last."""
    here = np.arange(len(rows.seqnum))
    later = {"LAST": here, "FIRST": -here, "BEST": here, "MIN": -here, "MAX": -here}[method]
    worth = {"BEST": -rows.quality, "MIN": -rows.value.astype("f8"), "MAX": rows.value}.get(method, 0 * here)
    places = np.lexsort((later, worth, rows.seqnum))
    last = np.append(np.diff(rows.seqnum[places]) != 0, True)
    return places[last[: len(places)]]


def combined(seqnum, values, method):
    """For methods that make one value of many: cells, and what they hold. Of values as frequent MODE takes the
    smallest."""
    cells, cell = np.unique(seqnum, return_inverse=True)
    count = np.bincount(cell, minlength=len(cells))
    if method == "COUNT":
        return cells, count.astype("u4")
    if method == "MEAN":
        total = np.zeros(len(cells), np.longdouble)
        np.add.at(total, cell, values.astype(np.longdouble))
        return cells, (total / count).astype("f8")
    if method == "OR":
        out = np.zeros(len(cells), values.dtype)
        np.bitwise_or.at(out, cell, values)
        return cells, out
    if method == "MEDIAN":
        ordered = values[np.lexsort((values, cell))].astype("f8")
        first = np.cumsum(count) - count
        return cells, (ordered[first + (count - 1) // 2] + ordered[first + count // 2]) / 2
    pairs, often = np.unique(np.stack([cell, values.astype("i8")]), axis=1, return_counts=True)
    places = np.lexsort((-pairs[1], often, pairs[0]))
    return cells, pairs[1][places[np.append(np.diff(pairs[0][places]) != 0, True)[: len(places)]]].astype(values.dtype)


CHOOSING = ("LAST", "FIRST", "BEST", "MIN", "MAX")


def table(products, name, method, **which):
    """The table of a composite. `which`: see rows_of; `quality` for BEST."""
    rows = rows_of(products, name, **which)
    nodata = {"COUNT": np.uint32(0), "MEAN": np.nan, "MEDIAN": np.nan}.get(method, nodata_of(products[0], name))
    out = np.full(dgg.CELLS + 1, nodata)
    if method in CHOOSING:
        at = chosen(rows, method)
        out[rows.seqnum[at]] = rows.value[at]
    else:
        cells, values = combined(rows.seqnum, rows.value, method)
        out[cells] = values
    return out


def time_table(products, name, method, **which):
    """When was observed what table() shows: the time of the row that was chosen, else the mean of the rows that count
    and tell one."""
    rows = rows_of(products, name, **which)
    out = np.full(dgg.CELLS + 1, np.nan)
    if method in CHOOSING:
        at = chosen(rows, method)
        out[rows.seqnum[at]] = rows.time[at]
    else:
        told = np.isfinite(rows.time)
        cells, values = combined(rows.seqnum[told], rows.time[told], "MEAN")
        out[cells] = values
    return out


class Grid:
    """A grid in longitude and latitude whose pixel centres lie off the icosahedron's lines of symmetry, and the cell of
    every pixel."""

    def __init__(self, west, south, east, north, res):
        self.options = [f"EXTENT={west},{south},{east},{north}", f"RES={res}"]
        self.width, self.height = round((east - west) / res), round((north - south) / res)
        lon, lat = np.meshgrid(west + (np.arange(self.width) + 0.5) * res, north - (np.arange(self.height) + 0.5) * res)
        self.cells = dgg.seqnum_of(lon, lat)
