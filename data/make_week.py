#!/usr/bin/python3
"""Makes days of synthetic SMOS L2 half orbits, morning and evening, as an archive holds them:

    data/make_week.py OUTPUT_FOLDER [--days 7] [--start 2023-07-15] [--box W,S,E,N] [--size small] ...

writes OUTPUT_FOLDER/SMOS/L2SM/MIR_SMUDP2/2023/07/15/<name>/<name>.nc and so on: 29 products a day, of which --box keeps
those that pass a region. Soil moisture is what make_product.py invents, and rain that falls here and there and dries.
One product in four is a file of the older generation; two products are there twice: once of an older processor (with a
higher counter), once with a lower counter. The same options give the same values. Prints the products' paths.
"""
import argparse
import datetime
import pathlib
import sys
from typing import NamedTuple

import numpy as np

import dgg
import land
import make_product as single
import make_references
import ocean_layout
import product_file
import product_layout

MAIN = """Chi_2 Chi_2_P Confidence_Flags DGG_Current_Flags Days GQX Grid_Point_ID Latitude Longitude M_AVA Microseconds
N_RFI_X N_RFI_Y Optical_Thickness_Nad Optical_Thickness_Nad_DQX Processing_Flags RFI_Prob Science_Flags Seconds
Soil_Moisture Soil_Moisture_DQX Surface_Temperature Surface_Temperature_DQX X_Swath""".split()
LEFT_OUT = ("VH:SPH:QI:", "VH:SPH:LODS:")  # headers: statistics and lists of files, three quarters of all
THIN = 16  # a small product has one of so many cells
BLOCK = 16  # cells along a side of the blocks in which the grid is searched
BLOCK_KM = 260.0  # from a block's middle to its farthest cell, with room
SHORE_KM = 220.0  # so much sea along the coast do soil-moisture products hold
RAINS_A_DAY, DRYING_DAYS, SPIN_UP_DAYS = 160, 2.5, 6
DAY = datetime.timedelta(days=1)
PASSES = ("ascending", "descending")


class Made(NamedTuple):
    """A product as it was made."""

    path: pathlib.Path
    facts: dict  # of make_product.facts_of
    generation: str
    state: str = "good"  # superseded, truncated, corrupt or missing
    references: pathlib.Path | None = None


def block_middles():
    """Unit vectors of the middles of all blocks of 16 x 16 cells, by number."""
    quad, i, j = np.meshgrid(np.arange(10), np.arange(0, 512, BLOCK), np.arange(0, 512, BLOCK), indexing="ij")
    middle = 2 + quad * dgg.QUAD + (i + BLOCK // 2) * 512 + j + BLOCK // 2
    return dgg.unit(*dgg.centre_of(middle.ravel()))


def cells_of_blocks(blocks):
    """seqnums of the cells of blocks, and the block of each."""
    per_side = 512 // BLOCK
    quad, rest = np.divmod(blocks, per_side**2)
    first = 2 + quad * dgg.QUAD + rest // per_side * BLOCK * 512 + rest % per_side * BLOCK
    inside = (np.arange(BLOCK)[:, None] * 512 + np.arange(BLOCK)).ravel()
    return (first[:, None] + inside).ravel(), np.repeat(blocks, inside.size)


def within(points, centres, km):
    """Which points have one of the centres at most km away."""
    limit, out = np.cos(km / single.EARTH_KM), np.zeros(len(points), bool)
    centres = centres.astype("f4").T
    for at in range(0, len(points), 20000):
        part = slice(at, at + 20000)
        out[part] = (points[part].astype("f4") @ centres).max(axis=1) > limit
    return out


def in_box(lon, lat, box, margin_km=0.0):
    """Which points lie in west, south, east, north, or at most margin_km beside."""
    west, south, east, north = box
    up = margin_km / 111.2
    side = up / np.maximum(0.05, np.cos(np.radians(lat)))
    return (lat >= south - up) & (lat <= north + up) & ((lon - west + side) % 360 <= (east - west) % 360 + 2 * side)


class World:
    """The grid points that products may have, in blocks, and the state of the weather above them."""

    def __init__(self, tracks, sea, args):
        self.middles = block_middles()
        along = np.vstack([track.at(np.arange(0, track.duration_s + 1, 20.0)) for track in tracks])
        near = within(self.middles, along, single.SWATH_KM + BLOCK_KM)
        if args.crop:
            near &= in_box(*dgg.lonlat(self.middles), args.box, BLOCK_KM)
        seqnum, block = cells_of_blocks(np.flatnonzero(near))
        keep = np.ones(len(seqnum), bool)
        if args.size == "small":
            keep = seqnum * 2654435761 % 2**32 < 2**32 // THIN
        seqnum, block = seqnum[keep], block[keep]
        lon, lat = dgg.centre_of(seqnum)
        on_land = land.is_land(lon, lat)
        if sea:
            keep = ~on_land
        else:
            shore = np.vstack([dgg.unit(*outline.T) for outline in land.outlines(1.0)])
            keep = on_land | within(self.middles, shore, SHORE_KM)[block]
        if args.crop:
            keep &= in_box(lon, lat, args.box)
        self.seqnum, self.block, self.lon, self.lat = seqnum[keep], block[keep], lon[keep], lat[keep]
        self.points = dgg.unit(self.lon, self.lat)
        self.ground = None if sea else single.Ground.at(self.points, self.lon, self.lat, on_land[keep], args.seed)
        self.first = np.searchsorted(self.block, np.arange(len(self.middles) + 1))
        self.start = args.start
        self.rains = iter(self.make_rains(args)) if not sea else iter(())
        self.next_rain = next(self.rains, None)
        # In units of the start of the week, from which every rain dries at the same rate.
        self.fallen = np.zeros(len(self.seqnum))

    @staticmethod
    def make_rains(args):
        """Rains in order of time: time in days after the start, place, radius in km, amount in m3/m3."""
        rng = np.random.default_rng([args.seed, 2])
        span = args.days + SPIN_UP_DAYS
        days = np.sort(rng.uniform(-SPIN_UP_DAYS, args.days, rng.poisson(RAINS_A_DAY * span)))
        places = rng.normal(size=(len(days), 3))
        places /= np.linalg.norm(places, axis=1)[:, None]
        return list(zip(days, places, rng.uniform(120, 420, len(days)), rng.uniform(0.08, 0.24, len(days))))

    def rain_at(self, time):
        """What the rains until then add to soil moisture. Times must not go back."""
        days = (time - self.start) / DAY
        while self.next_rain is not None and self.next_rain[0] <= days:
            day, place, radius, amount = self.next_rain
            blocks = np.flatnonzero(self.middles @ place > np.cos((2 * radius + BLOCK_KM) / single.EARTH_KM))
            spans = [np.arange(self.first[b], self.first[b + 1]) for b in blocks]
            cells = np.concatenate([np.zeros(0, int), *spans])
            distance = single.EARTH_KM * np.arccos(np.clip(self.points[cells] @ place, -1, 1))
            ground = self.ground
            wet = amount * np.exp(-((distance / radius) ** 2)) * (1 + 0.3 * ground.fine[cells])
            # Where the climate is dry, so is the rain.
            wet = np.clip(wet, 0, None) * np.minimum(1, ground.wet[cells] / 0.12)
            self.fallen[cells] += wet * np.exp(day / DRYING_DAYS)
            self.next_rain = next(self.rains, None)
        return self.fallen * np.exp(-days / DRYING_DAYS)

    def swath(self, track, rng):
        """Which of the points are in the track's swath, in the file's order; seconds after the start; km across."""
        along = track.at(np.arange(0, track.duration_s + 1, 20.0))
        middles = np.flatnonzero(within(self.middles, along, single.SWATH_KM + BLOCK_KM))
        guess = np.zeros(len(self.middles))
        guess[middles] = track.nearest(self.middles[middles])
        near = np.zeros(len(self.middles), bool)
        near[middles] = True
        cells = np.flatnonzero(near[self.block])
        seconds, across = track.locate(self.points[cells], guess[self.block[cells]])
        keep = (np.abs(across) < single.SWATH_KM) & (seconds > 0) & (seconds < track.duration_s)
        cells, seconds, across = cells[keep], seconds[keep], across[keep]
        order = np.lexsort((rng.random(len(cells)), np.floor(seconds / 40)))
        return cells[order], seconds[order], across[order]


def place_columns(world, cells):
    """The columns that tell where the rows are; ESA's coordinates are cut to three digits, a little low."""
    return {"Grid_Point_ID": dgg.grid_point_id(world.seqnum[cells]), "Latitude": np.round(world.lat[cells] - 5e-4, 3),
            "Longitude": np.round(world.lon[cells] - 5e-4, 3)}


def moisture_columns(world, track, rng):
    """Every variable of a soil-moisture product."""
    cells, seconds, across = world.swath(track, rng)
    columns = single.field(world.ground.take(cells), across, rng, world.rain_at(track.start)[cells])
    columns |= single.times(track, seconds, columns["M_AVA"] > 0, rng) | place_columns(world, cells)
    columns["X_Swath"] = np.round(across / product_layout.SCALES["X_Swath"])
    return columns


def ocean_columns(world, track, rng, seed):
    """Every variable of an ocean-salinity product."""
    cells, seconds, across = world.swath(track, rng)
    points, lat = world.points[cells], world.lat[cells]
    waves = np.random.default_rng([seed, 3])
    wide, fine = (single.smooth_noise(points, waves, wave_km) for wave_km in (3000, 500))
    n = len(cells)
    noise = 0.4 + 0.5 * np.cos(np.radians(lat)) ** -1 * (across / single.SWATH_KM) ** 2
    salinity = 34.2 + 1.8 * np.exp(-(((np.abs(lat) - 25) / 14) ** 2)) + 0.5 * wide + 0.2 * fine
    salinity += 0.3 * noise * rng.normal(size=n)
    seen = (np.abs(across) < single.SEEN_KM) & (rng.random(n) > 0.15)
    midnight = datetime.datetime(2000, 1, 1)
    days = (track.start - midnight) / DAY + seconds / 86400

    def some(values):
        return np.where(seen, values, -999.0)

    return place_columns(world, cells) | {
        "SSS_corr": some(salinity), "Sigma_SSS_corr": some(noise), "SSS_anom": some(0.5 * wide + 0.2 * fine),
        "Sigma_SSS_anom": some(0.9 * noise), "Dg_chi2_corr": some(100 + 20 * rng.normal(size=n)),
        "Dg_quality_SSS_corr": some(100 * noise), "Dg_quality_SSS_anom": some(90 * noise),
        "Coast_distance": np.full(n, 800.0), "X_swath": across, "Mean_acq_time": some(days),
        "Dg_RFI_X": np.floor(3 * rng.random(n)) * seen, "Dg_RFI_Y": np.floor(3 * rng.random(n)) * seen}


def tracks_of(args):
    """The half orbits that start in the days asked for and pass the box, in order. They continue those of the default
    product of make_product.py, at 14.4 revolutions a day."""
    orbit = datetime.timedelta(seconds=single.PERIOD_S)
    known = single.Track(datetime.datetime(2023, 7, 15, 3, 45), False).node
    k = int((args.start - known) / orbit) - 2
    out = []
    while known + k * orbit < args.start + args.days * DAY + orbit:
        for descending in (False, True):
            first_deg = 78.4 if descending else -101.6
            start = known + (k + first_deg / 360) * orbit
            start = (start + datetime.timedelta(seconds=0.5)).replace(microsecond=0)
            if args.start <= start < args.start + args.days * DAY and args.passes in ("both", PASSES[descending]):
                out.append(single.Track(start, descending))
        k += 1
    if args.box is not None:
        out = [t for t in out if in_box(*dgg.lonlat(t.at(np.arange(0, t.duration_s, 20.0))), args.box, 300).any()]
    return sorted(out, key=lambda track: track.start)


def write(args, facts, layout, columns, generation):
    """One product in its folder of the archive; returns its path."""
    collection = "L2SM" if facts["type"] == "MIR_SMUDP2" else "L2OS"
    day = facts["start"].strftime("%Y/%m/%d")
    name = facts["name"]
    path = pathlib.Path(args.folder) / "SMOS" / collection / facts["type"] / day / name / (name + ".nc")
    path.parent.mkdir(parents=True, exist_ok=True)
    wanted = layout.variables if args.variables == "all" or layout is ocean_layout.LAYOUT else MAIN
    columns = {name: columns[name].astype(layout.variables[name][0]) for name in wanted}
    headers = product_layout.headers(facts, columns)
    if args.variables == "all" and layout is not ocean_layout.LAYOUT:
        headers = product_layout.global_attributes(facts, columns)
    product_file.write(path, layout, columns, headers, generation, level=1)
    return path


def make_moisture(tracks, args):
    """The soil-moisture products in order of time, the superseded ones before those that replace them."""
    world, made = World(tracks, False, args), []
    # The version is what counts; the counter, only of one version.
    twice = {len(tracks) // 3: ((650, 3), (700, 1)), 2 * len(tracks) // 3: ((700, 1), (700, 2))}
    for k, track in enumerate(tracks):
        generation = "smosbox" if k % 4 == 3 else "new"
        versions = twice.get(k, ((700, 1),))
        for processor, counter in versions:
            state = "good" if (processor, counter) == versions[-1] else "superseded"
            rng = np.random.default_rng([args.seed, 4, int(track.start.timestamp()), processor, counter])
            facts = single.facts_of(track, None, "OPER", "MIR_SMUDP2", processor, counter)
            columns = moisture_columns(world, track, rng)
            if len(columns["Grid_Point_ID"]):
                path = write(args, facts, product_layout.LAYOUT, columns, generation)
                made.append(Made(path, facts, generation, state))
    return made


def make_ocean(tracks, args):
    """Ocean-salinity products of the first tracks."""
    tracks = tracks[: args.ocean]
    world, made = World(tracks, True, args) if tracks else None, []
    for track in tracks:
        rng = np.random.default_rng([args.seed, 5, int(track.start.timestamp())])
        facts = single.facts_of(track, None, "OPER", "MIR_OSUDP2")
        columns = ocean_columns(world, track, rng, args.seed)
        if len(columns["Grid_Point_ID"]):
            made.append(Made(write(args, facts, ocean_layout.LAYOUT, columns, "new"), facts, "new"))
    return made


def refer(made, folder, root):
    """References of a product under its own relative path, as nckcidx lays them out."""
    out = pathlib.Path(folder) / made.path.relative_to(root).with_suffix(".nc.json")
    make_references.write(made.path, out, inline=100)
    return made._replace(references=out)


def damage(made):
    """Spoils three products: one is cut off, one has wrong bytes in the middle of a column, one is deleted."""
    good = [k for k, product in enumerate(made) if product.state == "good" and product.generation == "new"]
    for state, k in zip(("truncated", "corrupt", "missing"), (good[len(good) * n // 4] for n in (1, 2, 3))):
        path = made[k].path
        if state == "truncated":
            path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 5])
        elif state == "corrupt":
            where = make_references.references(path, "")["refs"]["Soil_Moisture/0"]
            with open(path, "r+b") as file:
                file.seek(where[1])
                file.write(b"\xff" * where[2])
        else:
            path.unlink()
        made[k] = made[k]._replace(state=state)
    return made


def make(args):
    """Makes it all and returns what there is, soil moisture first."""
    tracks = tracks_of(args)
    if not tracks:
        raise ValueError("no half orbit of these days passes the box")
    made = make_moisture(tracks, args) + make_ocean(tracks, args)
    if args.references:
        made = [refer(product, args.references, args.folder) for product in made]
        index = {"version": 2, "source_path": str(pathlib.Path(args.folder).resolve()), "source_protocol": "file",
                 "source_storage_options": {}}
        (pathlib.Path(args.references) / "nckc-index.json").write_text(make_references.text(index))
    return damage(made) if args.damage else made


def box_of(text):
    """west,south,east,north."""
    box = tuple(float(part) for part in text.split(","))
    if len(box) != 4:
        raise ValueError(text)
    return box


def arguments(argv=None):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="where the archive's folder SMOS goes")
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--start", type=datetime.datetime.fromisoformat, default="2023-07-15", metavar="DAY",
                        help="first day, UTC (default: 2023-07-15)")
    parser.add_argument("--passes", choices=("both", *PASSES), default="both")
    parser.add_argument("--box", type=box_of, metavar="W,S,E,N", help="only half orbits that pass this region")
    parser.add_argument("--crop", action="store_true", help="and of those only the grid points in it")
    parser.add_argument("--size", choices=("full", "small"), default="full", help=f"small: one of {THIN} cells")
    parser.add_argument("--variables", choices=("main", "all"), default="main",
                        help=f"main: {len(MAIN)} of the {len(product_layout.LAYOUT.variables)}, and fewer headers")
    parser.add_argument("--ocean", type=int, default=0, metavar="N",
                        help="ocean-salinity products of the first N half orbits")
    parser.add_argument("--references", metavar="FOLDER", help="Kerchunk references of all, in a folder of their own")
    parser.add_argument("--damage", action="store_true",
                        help="spoil three: one is cut off, one has wrong bytes, one is missing (its reference is not)")
    parser.add_argument("--seed", type=int, default=2, help="of the random numbers")
    args = parser.parse_args(argv)
    if args.crop and args.box is None:
        parser.error("--crop needs --box")
    return args


if __name__ == "__main__":
    try:
        for product in make(arguments()):
            sys.stdout.write(f"{product.path}\n")
    except (OSError, ValueError) as error:
        sys.exit(f"make_week: {error}")
