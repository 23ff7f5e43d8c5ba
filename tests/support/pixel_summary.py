"""What pixels that summarise their cells must be, by numpy and pyproj: every sample mapped by data/dgg.py.

A pixel is divided in n x n samples, n a power of two so that a sample's nominal side is at most 3.2 km, and at least 4.
A sample is the cell at its centre and counts as much as the area it covers on the sphere: the cosine of the latitude on
longitude and latitude; otherwise the area at every 32nd corner of samples, from the points one sample to each side, and
bilinear between corners.
"""
import numpy as np
import pyproj
from small_product import dgg

STEP = 32


def samples_per_side(pixel_metres):
    n = 4
    while pixel_metres / n > 3200:
        n *= 2
    return n


def to_lonlat(crs, x, y):
    """Longitude and latitude of coordinates of a CRS, NaN where they have none."""
    if crs == "EPSG:4326":
        return x, y
    lon, lat = pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
    bad = ~(np.isfinite(lon) & np.isfinite(lat))
    return np.where(bad, np.nan, lon), np.where(bad, np.nan, lat)


def _difference(before, middle, after):
    back, fore = middle - before, after - middle
    b, f = np.linalg.norm(back, axis=-1)[..., None], np.linalg.norm(fore, axis=-1)[..., None]
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(f) | (f > 2 * b), 2 * back, np.where(np.isnan(b) | (b > 2 * f), 2 * fore, after - before))


def _corner_areas(crs, transform, columns, rows):
    """Area of a sample at corners (columns, rows) of samples."""
    def point(dx, dy):
        return dgg.unit(*to_lonlat(crs, transform[0] + (columns + dx) * transform[1], transform[3] + (rows + dy) * transform[5]))
    middle = point(0, 0)
    return np.linalg.norm(np.cross(_difference(point(-1, 0), middle, point(1, 0)),
                                   _difference(point(0, -1), middle, point(0, 1))), axis=-1) / 4


def sample_areas(crs, transform, columns, rows, lat):
    """Weights of samples; `transform` is that of the samples."""
    if crs == "EPSG:4326":
        return np.cos(np.radians(lat))
    c, r = columns // STEP * STEP, rows // STEP * STEP
    left, right, low_left, low_right = (_corner_areas(crs, transform, c + i * STEP, r + j * STEP)
                                        for j in (0, 1) for i in (0, 1))
    s, t = (columns % STEP + 0.5) / STEP, (rows % STEP + 0.5) / STEP
    smooth = ((1 - t) * ((1 - s) * left + s * right) + t * ((1 - s) * low_left + s * low_right))
    corners = np.stack([left, right, low_left, low_right])
    some = np.isfinite(corners).any(axis=0)
    mean = np.where(some, np.nansum(corners, axis=0) / np.maximum(np.isfinite(corners).sum(axis=0), 1), 1.0)
    return np.where(np.isfinite(smooth), smooth, mean)


def samples_of(crs, transform, x, y, n):
    """Cells (0: none) and areas of the n * n samples of pixel (x, y)."""
    fine = (transform[0], transform[1] / n, 0, transform[3], 0, transform[5] / n)
    columns, rows = np.meshgrid(x * n + np.arange(n), y * n + np.arange(n))
    lon, lat = to_lonlat(crs, fine[0] + (columns + 0.5) * fine[1], fine[3] + (rows + 0.5) * fine[5])
    good = np.isfinite(lon) & (np.abs(lat) <= 90)
    cells = np.zeros(columns.shape, int)
    cells[good] = dgg.seqnum_of(lon[good], lat[good])
    return cells, sample_areas(crs, fine, columns, rows, lat)


def summary(crs, transform, x, y, n, value_of, nodata, mode=False):
    """Mean or mode of a pixel, float64; `value_of`: value by seqnum, nodata at 0 and where there is none."""
    cells, areas = samples_of(crs, transform, x, y, n)
    values = value_of[cells]
    counts = (values != nodata) & np.isfinite(values)
    if not counts.any():
        return nodata
    if not mode:
        return np.average(values[counts].astype("f8"), weights=areas[counts])
    found, where = np.unique(values[counts], return_inverse=True)
    return found[np.argmax(np.bincount(where, areas[counts]))]


def table(row_seqnums, values, nodata):
    """`value_of` of a product's column; of a repeated id the first row stands."""
    out = np.full(dgg.CELLS + 1, nodata, values.dtype)
    out[row_seqnums[::-1]] = values[::-1]
    out[0] = nodata
    return out
