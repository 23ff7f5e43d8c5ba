#!/usr/bin/python3
"""Draws a time series (CSV of time_series.py: time,place,value), a line for each place, into a PNG.

    data/draw_series.py [--title TEXT] [--label TEXT] SERIES.csv OUTPUT.png
"""
import argparse
import csv
import datetime

import matplotlib

matplotlib.use("Agg")
import matplotlib.dates as dates
import matplotlib.pyplot as plt

COLOURS = ["#1e6e9e", "#c7642c", "#3f8f5f", "#7b4f9d", "#b0902a", "#5b6770"]
FRAME, GRID, TEXT = "#5b6770", "#dbe3e8", "#27323a"


def read(path):
    """place -> (times, values), places in the file's order."""
    out = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            times, values = out.setdefault(row["place"], ([], []))
            times.append(datetime.datetime.fromisoformat(row["time"].replace("Z", "")))
            values.append(float(row["value"]))
    return out


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("series")
    parser.add_argument("output")
    parser.add_argument("--title", default="")
    parser.add_argument("--label", default="soil moisture (m³ m⁻³)")
    args = parser.parse_args()

    figure, axes = plt.subplots(figsize=(9.5, 4.4), dpi=105)
    figure.subplots_adjust(left=0.085, right=0.975, top=0.84, bottom=0.11)
    for colour, (place, (times, values)) in zip(COLOURS * 9, read(args.series).items()):
        axes.plot(times, values, color=colour, lw=1.6, marker="o", ms=4.5, mec="white", mew=0.8, label=place)
    axes.set_ylabel(args.label, color=TEXT)
    axes.set_ylim(0, None)
    axes.grid(color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    locator = dates.AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    axes.tick_params(colors=TEXT)
    for side, spine in axes.spines.items():
        spine.set_color(FRAME)
        spine.set_visible(side in ("left", "bottom"))
    axes.legend(frameon=False, labelcolor=TEXT, ncol=9, loc="lower left", bbox_to_anchor=(-0.01, 1.0), columnspacing=1.6)
    figure.suptitle(args.title, fontsize=13, color=TEXT, y=0.97)
    figure.savefig(args.output)


if __name__ == "__main__":
    main()
