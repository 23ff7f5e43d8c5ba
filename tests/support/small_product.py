"""Small SMOS products for tests, written with h5py, and what h5py reads back from any product."""
import pathlib
import sys

import h5py
import numpy as np

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "data"))
import dgg  # noqa: E402  (numpy implementation of the grid, apart from the driver's)

NAME = "SM_OPER_MIR_SMUDP2_20230401T150613_20230401T155931_700_001_1.nc"


def write(path, columns, attributes=None, column_attributes=None):
    """`columns`: name -> array. Returns the path as text."""
    with h5py.File(path, "w") as file:
        for name, value in (attributes or {}).items():
            file.attrs[name] = value
        for name, values in columns.items():
            dataset = file.create_dataset(name, data=values)
            for key, value in (column_attributes or {}).get(name, {}).items():
                dataset.attrs[key] = value
    return str(path)


def block(lon, lat, size=12):
    """Grid_Point_IDs of the cells around a point."""
    lons, lats = np.meshgrid(np.linspace(lon - 1, lon + 1, size * 8), np.linspace(lat - 1, lat + 1, size * 8))
    return dgg.grid_point_id(np.unique(dgg.seqnum_of(lons.ravel(), lats.ravel()))).astype("u4")


def columns_of(path):
    """Every column as stored (unsigned where the file says so), and seqnum of each row, 0 for bad ids."""
    with h5py.File(path) as file:
        ids = file["Grid_Point_ID"][:]
        columns = {}
        for name, item in file.items():
            if item.shape != ids.shape or item.attrs.get("CLASS") is not None:
                continue
            values = item[:]
            if "_Unsigned" in item.attrs and values.dtype.kind == "i":
                values = values.view(f"u{values.dtype.itemsize}")
            columns[name] = values
    return columns, dgg.seqnum_of_id(columns["Grid_Point_ID"])


def values_at(band, transform, lon, lat, rows=1008):
    """Values of the pixels that hold the points, read in strips of whole rows."""
    column = np.floor((lon - transform[0]) / transform[1]).astype(int)
    row = np.floor((lat - transform[3]) / transform[5]).astype(int)
    out = None
    for top in range(0, band.YSize, rows):
        here = (row >= top) & (row < top + rows)
        if here.any():
            strip = band.ReadAsArray(0, top, band.XSize, min(rows, band.YSize - top))
            if out is None:
                out = np.zeros(len(lon), strip.dtype)
            out[here] = strip[row[here] - top, column[here]]
    return out


def pixel_centres(raster):
    """x and y of every pixel centre, two arrays of the raster's shape."""
    g = raster.GetGeoTransform()
    x = g[0] + (np.arange(raster.RasterXSize) + 0.5) * g[1]
    y = g[3] + (np.arange(raster.RasterYSize) + 0.5) * g[5]
    return np.meshgrid(x, y)


def drawn(cells, row_seqnums, values, nodata):
    """Pixel by pixel what a raster of a column must be: `cells` are the seqnums of the pixels."""
    row_of = np.full(dgg.CELLS + 1, -1)
    placed = np.nonzero(row_seqnums)[0][::-1]  # of a repeated id the first row stands
    row_of[row_seqnums[placed]] = placed
    rows = row_of[cells]
    return np.where(rows >= 0, values[rows], np.array(nodata, values.dtype))


def assert_cells(got, lon, lat):
    """`got` are the cells at the points (0 where a coordinate is not finite). Points on an edge between two cells, which
    regular grids have along the icosahedron's lines of symmetry, may be given to either."""
    good = np.isfinite(lon) & np.isfinite(lat)
    assert ((got == 0) == ~good).all()
    expected = np.zeros(got.shape, got.dtype)
    expected[good] = dgg.seqnum_of(lon[good], lat[good])
    different = np.nonzero(got != expected)
    assert len(different[0]) <= 1e-3 * got.size
    nudge = 1e-9
    either = [dgg.seqnum_of(lon[different] + dx, np.clip(lat[different] + dy, -90, 90))
              for dx, dy in ((-nudge, 0), (nudge, 0), (0, -nudge), (0, nudge))]
    assert (got[different] == np.array(either).reshape(4, -1)).any(axis=0).all()
