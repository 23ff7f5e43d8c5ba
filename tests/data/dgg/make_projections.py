#!/usr/bin/python3
"""Writes projections.csv: coordinates of several CRSs and their longitude and latitude as pyproj gives them."""
import pathlib

import numpy as np
import pyproj

CRSS = {
    "EPSG:3035": (2426000, 1530000, 7400000, 5440000),
    "EPSG:6933": (-17300000, -7300000, 17300000, 7300000),
    "EPSG:6931": (-8900000, -8900000, 8900000, 8900000),
    "EPSG:6932": (-8900000, -8900000, 8900000, 8900000),
    "EPSG:3413": (-3800000, -5300000, 3700000, 5800000),
    "EPSG:32633": (200000, 0, 900000, 9000000),
    "EPSG:3857": (-20000000, -20000000, 20000000, 20000000),
    "EPSG:27700": (0, 0, 700000, 1300000),
    "EPSG:2056": (2480000, 1070000, 2840000, 1300000),
    "EPSG:4258": (-20, 30, 40, 70),
    "+proj=geos +h=35785831 +lon_0=0 +sweep=y": (-6000000, -6000000, 6000000, 6000000),
    "+proj=igh +ellps=WGS84": (-20000000, -8600000, 20000000, 8600000),
}

rng = np.random.default_rng(9)
lines = []
for crs, (left, bottom, right, top) in CRSS.items():
    x = rng.uniform(left, right, 12)
    y = rng.uniform(bottom, top, 12)
    lon, lat = pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
    for row in zip(x, y, lon, lat):
        lines.append(crs + "," + ",".join("%.17g" % value if np.isfinite(value) else "nan" for value in row) + "\n")
pathlib.Path(__file__).with_name("projections.csv").write_text("".join(lines))
