"""How an ESA SMOS L2 product is stored in its NetCDF-4 file, whatever its variables are.

Two generations are written. "new" is what ESA's v700 processor delivers: one chunk a variable, shuffle and deflate 5,
the uint8 variables contiguous. "smosbox" is what SMOS-Box converted from the older binary form: one chunk, deflate 6,
no shuffle, signed integers that `_Unsigned` marks, float32 `_FillValue`, long attribute names.
"""
from typing import NamedTuple

import h5py
import numpy as np

_DIMENSION = "n_grid_points"
_LONG = {
    "FH": "Fixed_Header", "VH": "Variable_Header", "SPH": "Specific_Product_Header", "MPH": "Main_Product_Header",
    "QI": "Quality_Information", "MI": "Main_Info", "TI": "Time_Info", "OI": "Orbit_Information",
    "LODS": "List_of_Data_Sets", "L2PL": "L2_Product_Location",
}


class Layout(NamedTuple):
    """The variables of a product type."""

    variables: dict  # name -> (numpy type, unit)
    scales: dict  # name -> scale_factor
    flags: dict  # name -> (names of the flags, their masks)
    fills: dict  # name -> fill value, where it is not -999 of floats and 0 of integers

    def fill_value(self, name):
        """What stands in a variable where there is nothing to tell."""
        return self.fills.get(name, -999.0 if self.variables[name][0].kind == "f" else 0)


def variables_of(table):
    """`table`: type -> "name" or "name:unit" of its variables, separated by blanks; an underscore in a unit is one."""
    out = {}
    for kind, names in table.items():
        for name in names.split():
            name, _, unit = name.partition(":")
            out[name] = (np.dtype("<" + kind), unit.replace("_", " "))
    return dict(sorted(out.items()))


def utc(time, digits=0):
    """A time as the headers have it."""
    return "UTC=" + time.isoformat(timespec="microseconds" if digits else "seconds")


def _long_name(name):
    return ":".join(_LONG.get(part, part) for part in name.split(":"))


def _variable_attributes(layout, name, new):
    kind, unit = layout.variables[name]
    out = {"units": unit} if unit else {}
    out["_FillValue"] = np.array([layout.fill_value(name)], kind if new else "<f4")
    if name in layout.scales:
        out["scale_factor"], out["scale_offset"] = np.array([layout.scales[name]], "<f8"), np.array([0.0], "<f8")
    if name in layout.flags:
        meanings, masks = layout.flags[name]
        out |= {"flag_masks": np.array(masks, "<i2"), "flag_values": np.array(masks, "<i2"),
                "flag_meanings": " ".join(meanings)}
    if kind.kind == "u":
        out["_Unsigned"] = "true"
    return out


def _set_attribute(item, name, value, new):
    if isinstance(value, str) and new:
        item.attrs.create(name, [value], shape=(1,), dtype=h5py.string_dtype("utf-8"))
    elif isinstance(value, str):
        item.attrs.create(name, np.bytes_(value.encode("utf-8")))
    else:
        item.attrs.create(name, value)


def _create_dataset(file, name, values, fill, new, level):
    """One variable as the netCDF library lays it out; high-level h5py cannot order attributes by creation."""
    kind = values.dtype
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_attr_creation_order(h5py.h5p.CRT_ORDER_TRACKED | h5py.h5p.CRT_ORDER_INDEXED)
    plist.set_fill_value(np.array(fill, kind))
    if new and kind.itemsize == 1:
        plist.set_layout(h5py.h5d.CONTIGUOUS)
        plist.set_alloc_time(h5py.h5d.ALLOC_TIME_LATE)
    else:
        plist.set_chunk(values.shape)
        if new:
            plist.set_shuffle()
        plist.set_deflate(level or (5 if new else 6))
    space = h5py.h5s.create_simple(values.shape)
    h5py.h5d.create(file.id, name.encode(), h5py.h5t.py_create(kind), space, plist).write(
        h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(values))
    return file[name]


def write(path, layout, columns, attributes, generation, level=None):
    """Writes the product: those of the layout's variables that `columns` holds. Superblock version 0, as ESA's files
    have it. `level` of deflate: the generation's own where it is not given."""
    new = generation == "new"
    n = len(columns["Grid_Point_ID"])
    with h5py.File(path, "w", libver=("earliest", "v110"), track_order=True) as file:
        for name, text in attributes.items():
            _set_attribute(file, name if new else _long_name(name), text, new)
        file.attrs.create("_NCProperties", np.bytes_(b"version=2,netcdf=4.7.3,hdf5=1.8.14,"))
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_attr_creation_order(h5py.h5p.CRT_ORDER_TRACKED | h5py.h5p.CRT_ORDER_INDEXED)
        h5py.h5d.create(file.id, _DIMENSION.encode(), h5py.h5t.IEEE_F32BE, h5py.h5s.create_simple((n,)), plist)
        scale = file[_DIMENSION]
        h5py.h5ds.set_scale(scale.id, f"This is a netCDF dimension but not a netCDF variable.{n:10d}".encode())
        scale.attrs.create("_Netcdf4Dimid", np.int32(0))
        for name, (kind, _) in layout.variables.items():
            if name not in columns:
                continue
            values = columns[name].astype(kind, copy=False)
            if not new and kind.kind == "u":
                values = values.view(np.dtype(f"<i{kind.itemsize}"))
            dataset = _create_dataset(file, name, values, layout.fill_value(name), new, level)
            for key, value in _variable_attributes(layout, name, new).items():
                _set_attribute(dataset, key, value, new)
            h5py.h5ds.attach_scale(dataset.id, scale.id, 0)
