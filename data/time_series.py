#!/usr/bin/python3
"""Writes the values of a raster at places, band by band, as CSV: time,place,value. Bands without a value are left out.

    data/time_series.py [-oo NAME=VALUE]... [--output SERIES.csv] DATASET PLACE=LON,LAT...

The dataset's bands tell their time (the metadata item TIME), as those of a collection of SMOS products do. Values are in
the band's unit, with scale and offset applied. All places are read in one go each: every product is opened once.
"""
import argparse
import csv
import math
import sys

from osgeo import gdal, osr

gdal.UseExceptions()


def place_of(text):
    """Name, longitude and latitude of "Vienna=16.4,48.2"."""
    name, _, position = text.rpartition("=")
    lon, lat = (float(part) for part in position.split(","))
    return name or position, lon, lat


def series(raster, lon, lat):
    """(time, value) of every band that has a value there."""
    from_lonlat = osr.SpatialReference()
    from_lonlat.ImportFromEPSG(4326)
    to = raster.GetSpatialRef()
    for srs in (from_lonlat, to):
        srs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    x, y, _ = osr.CoordinateTransformation(from_lonlat, to).TransformPoint(lon, lat)
    g = raster.GetGeoTransform()
    column, row = math.floor((x - g[0]) / g[1]), math.floor((y - g[3]) / g[5])
    if not (0 <= column < raster.RasterXSize and 0 <= row < raster.RasterYSize):
        raise ValueError(f"{lon},{lat} lies outside the raster")
    values = raster.ReadAsArray(column, row, 1, 1).reshape(-1)
    for number, value in enumerate(values.tolist(), 1):
        band = raster.GetRasterBand(number)
        if value == value and value != band.GetNoDataValue():
            yield band.GetMetadataItem("TIME"), value * (band.GetScale() or 1) + (band.GetOffset() or 0)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-oo", action="append", default=[], metavar="NAME=VALUE", help="open option")
    parser.add_argument("--output", type=argparse.FileType("w", encoding="utf-8"), default=sys.stdout, metavar="FILE")
    parser.add_argument("dataset")
    parser.add_argument("places", nargs="+", type=place_of, metavar="PLACE=LON,LAT")
    args = parser.parse_args()
    out = csv.writer(args.output, lineterminator="\n")
    try:
        raster = gdal.OpenEx(args.dataset, open_options=args.oo)
        out.writerow(["time", "place", "value"])
        for name, lon, lat in args.places:
            out.writerows([time, name, f"{value:.6g}"] for time, value in series(raster, lon, lat))
    except (RuntimeError, ValueError) as error:
        sys.exit(f"time_series: {error}")


if __name__ == "__main__":
    main()
