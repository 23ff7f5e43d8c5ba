"""Small weeks of half orbits for tests, and how collections are opened and compared with the oracle."""
import pathlib
import sys

import numpy as np
from osgeo import gdal

import collection_oracle as oracle

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "data"))
import make_week  # noqa: E402

EUROPE = (-12, 34, 32, 62)
GRID = oracle.Grid(-11.97, 35.02, 30.03, 61.02, 0.1)


class Week:
    """An archive in `folder`, its references in `references`; `products`: what of it counts, in order of time."""

    def __init__(self, folder, *options):
        self.folder, self.references = folder / "archive", folder / "references"
        box = ",".join(map(str, EUROPE))
        self.made = make_week.make(make_week.arguments(
            [str(self.folder), "--size=small", f"--box={box}", f"--references={self.references}", *options]))
        self.products = oracle.newest(product.path for product in self.made if "SMUDP2" in product.path.name)

    def between(self, first, last):
        """Products whose start lies in a time range."""
        return [product for product in self.products if first <= product.start < last]


def open_collection(location, name="Soil_Moisture", *options, grid=GRID, **named):
    """A variable of a collection; options as COMPOSITE="DAY"."""
    given = [*options, *(f"{key}={value}" for key, value in named.items()), *(grid.options if grid else ())]
    return gdal.OpenEx(f'VCUBE:"{location}":/{name}', open_options=given)


def assert_band(band, expected, exact=True):
    """A band whose pixels are those of an oracle's table, and whose type and nodata fit it."""
    got = band.ReadAsArray()
    assert got.dtype == expected.dtype, (got.dtype, expected.dtype)
    if exact:
        np.testing.assert_array_equal(got, expected)
        return
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    there = np.isfinite(expected)
    assert (np.abs(got[there] - expected[there]) <= np.spacing(np.abs(expected[there]))).all()
