#!/usr/bin/python3
"""Draws coloured rasters (from gdaldem color-relief -alpha) side by side, with coastlines, a graticule and the legend
of the colour ramp, into one PNG.

    data/draw_map.py [--style RAMP.txt] [--title TEXT] [--titles A;B;...] [--columns N] OUTPUT.png RASTER...
"""
import argparse
import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize
from osgeo import gdal, osr
from PIL import Image

import land

gdal.UseExceptions()
SEA, LAND, COAST, GRID, TEXT = "#dbe7ee", "#f6f3ec", "#5b6770", "#b9c7d0", "#27323a"
PIXELS = 1100  # rasters are read no larger than they are drawn


def read_ramp(path):
    """A gdaldem colour file as (colour map, lowest value, highest value)."""
    rows = [line.split() for line in pathlib.Path(path).read_text().splitlines() if line[:1].isdigit()]
    value = np.array([float(r[0]) for r in rows])
    colour = np.array([[int(c) / 255 for c in r[1:4]] for r in rows])
    place = (value - value[0]) / (value[-1] - value[0])
    return LinearSegmentedColormap.from_list("ramp", list(zip(place, colour)), 512), value[0], value[-1]


class Panel:
    """One raster on one pair of axes."""

    def __init__(self, path, title=None):
        raster = gdal.Open(path)
        g, (width, height) = raster.GetGeoTransform(), (raster.RasterXSize, raster.RasterYSize)
        self.left, self.top = g[0], g[3]
        self.right, self.bottom = g[0] + g[1] * width, g[3] + g[5] * height
        factor = max(1.0, max(width, height) / PIXELS)
        self.image = np.moveaxis(raster.ReadAsArray(buf_xsize=round(width / factor), buf_ysize=round(height / factor)),
                                 0, -1)
        self.srs = raster.GetSpatialRef()
        code = self.srs.GetAuthorityCode(None)
        self.title = title or (f"EPSG:{code}" if code else self.srs.GetName())
        lonlat = osr.SpatialReference()
        lonlat.ImportFromEPSG(4326)
        for srs in (self.srs, lonlat):
            srs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        self.geographic = bool(self.srs.IsGeographic())
        self.forward = osr.CoordinateTransformation(lonlat, self.srs)
        back = osr.CoordinateTransformation(self.srs, lonlat)
        middle = back.TransformPoint((self.left + self.right) / 2, (self.top + self.bottom) / 2)
        self.middle = np.radians(middle[:2])

    @property
    def shape(self):
        """Width over height as drawn."""
        return (self.right - self.left) / (self.top - self.bottom)

    def project(self, lonlat):
        """Points in the raster's CRS; NaN where they lie too far round the Earth to draw."""
        if self.geographic:
            return np.array(lonlat)
        lon, lat = np.radians(lonlat).T
        near = (np.sin(lat) * np.sin(self.middle[1])
                + np.cos(lat) * np.cos(self.middle[1]) * np.cos(lon - self.middle[0]))
        out = np.array(self.forward.TransformPoints(lonlat.tolist()))[:, :2]
        out[near < -0.2] = np.nan
        return out

    def draw(self, axes):
        """Sea, land, graticule, data, coast."""
        axes.set_facecolor(SEA)
        coasts = [self.project(line) for line in land.outlines()]
        for name, line in zip([*land.RINGS, *land.LAKES], coasts):
            if not np.isnan(line).any():
                axes.fill(*line.T, color=SEA if name in land.LAKES else LAND, lw=0, zorder=1)
        for line in self.graticule():
            axes.plot(*self.project(line).T, color=GRID, lw=0.5, zorder=2)
        axes.imshow(self.image, extent=(self.left, self.right, self.bottom, self.top), zorder=3,
                    interpolation="nearest", aspect="equal")
        for line in coasts:
            axes.plot(*line.T, color=COAST, lw=0.7, zorder=4)
        axes.set_xlim(self.left, self.right)
        axes.set_ylim(self.bottom, self.top)
        axes.set_xticks([])
        axes.set_yticks([])
        for side in axes.spines.values():
            side.set_color(COAST)
        axes.set_title(self.title, fontsize=10, color=TEXT)

    @staticmethod
    def graticule(step=10):
        """Meridians and parallels."""
        for lon in range(-180, 181, step):
            yield np.array([[lon, lat] for lat in range(-80, 81, 1)], float)
        for lat in range(-80, 81, step):
            for west in range(-180, 180, 30):
                yield np.array([[lon, lat] for lon in range(west, west + 31, 1)], float)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output")
    parser.add_argument("rasters", nargs="+")
    parser.add_argument("--style", default=pathlib.Path(__file__).parent / "styles/soil_moisture.txt")
    parser.add_argument("--title", default="")
    parser.add_argument("--titles", default="", metavar="A;B;...", help="of the maps (default: the CRS of each)")
    parser.add_argument("--columns", type=int, metavar="N", help="maps in a row (default: all)")
    parser.add_argument("--label", default="soil moisture (m³ m⁻³)")
    args = parser.parse_args()

    titles = args.titles.split(";") + [None] * len(args.rasters)
    panels = [Panel(path, title) for path, title in zip(args.rasters, titles)]
    columns = args.columns or len(panels)
    rows = [panels[k:k + columns] for k in range(0, len(panels), columns)]
    height = 6.0 if len(rows) == 1 else 3.6
    # Inches: a margin and a title above every row, the title of all and the legend at the ends.
    width = height * max(sum(p.shape for p in row) for row in rows) + 0.3 * (columns + 1)
    total = len(rows) * (height + 0.42) + 1.3
    figure = plt.figure(figsize=(width, total), dpi=105)
    for j, row in enumerate(rows):
        left = 0.3
        for panel in row:
            bottom = total - 0.55 - (j + 1) * (height + 0.42) + 0.12
            panel.draw(figure.add_axes([left / width, bottom / total, height * panel.shape / width, height / total]))
            left += height * panel.shape + 0.3
    ramp, low, high = read_ramp(args.style)
    place = figure.add_axes([0.20, 0.52 / total, 0.60, 0.16 / total])
    legend = figure.colorbar(plt.cm.ScalarMappable(Normalize(low, high), ramp), cax=place, orientation="horizontal")
    legend.set_label(args.label, fontsize=10, color=TEXT)
    legend.ax.tick_params(labelsize=9, colors=TEXT)
    legend.outline.set_edgecolor(COAST)
    figure.suptitle(args.title, fontsize=13, color=TEXT, y=1 - 0.2 / total)
    figure.canvas.draw()
    picture = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
    picture.quantize(256).save(args.output, optimize=True)


if __name__ == "__main__":
    main()
