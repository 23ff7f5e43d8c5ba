#!/usr/bin/python3
"""Makes a synthetic SMOS L2 soil-moisture product: the structure of the real ones (see product_layout.py), half an
orbit's swath, and a plausible but invented field. The same options give the same values.

    data/make_product.py OUTPUT_FOLDER [--start 2023-07-15T03:45:00] [--descending] [--seed N] ...

The satellite is sun-synchronous (06:00 at the ascending node), so the start time decides where the swath goes. The
default passes over southern and central Africa, Italy, central Europe and Scandinavia. Prints the file's path.
"""
import argparse
import datetime
import pathlib
import sys
from typing import NamedTuple

import numpy as np

import dgg
import land
import product_file
import product_layout as layout

EARTH_KM = 6371.0
PERIOD_S = 149 * 86400 / 2144  # 2144 orbits in 149 days
INCLINATION = np.radians(98.44)
HALF_ORBIT_DEG = 191.6
SWATH_KM, SEEN_KM = 640.0, 580.0  # grid points in the file; those that the instrument saw
KNOWN_ORBIT = (70486, datetime.datetime(2023, 4, 1, 13, 54, 30))

# Soil moisture (m3/m3) by latitude, for the land that the field is made for.
_LAT = [-90, -40, -34, -29, -23, -17, -10, -4, 4, 9, 13, 17, 21, 30, 33, 37, 42, 46, 51, 57, 64, 72, 90]
_WET = [.05, .18, .18, .11, .08, .13, .24, .33, .35, .27, .16, .07, .035, .03, .05, .13, .19, .27, .30, .31, .34, .36,
        .3]
# lon, lat, radius km, factor: places drier or wetter than their latitude.
_PLACES = [(15, -23, 500, .5), (45, 6, 900, .45), (45, 23, 1100, .5), (22, -19, 250, 1.7), (-5, 40, 500, .75),
           (19, 47, 200, .8), (10, 46, 150, 1.2), (31, 30.8, 110, 4.0), (31, 7.5, 300, 1.25), (33, 47, 500, .7)]
_MOUNTAINS = [(7.3, 45.9, 110), (9.5, 46.7, 110), (12.5, 47.1, 110), (10.8, 46.5, 90), (39, 9.5, 200),
              (37.6, 13.2, 110), (29, -29.5, 130), (7.5, 61.3, 170), (13, 65, 100), (36.5, -1, 90)]
_FORESTS = [(22, 0, 900), (12, 0, 350), (16, 62, 550), (27, 63, 500)]
_RFI = [(12.5, 41.9, 60), (28.9, 41.0, 80), (18.9, 49.8, 90), (32.5, 15.6, 80), (13.2, 32.7, 70), (21.0, 52.2, 70)]


def distance_km(points, lon, lat):
    """Great-circle distance of unit vectors to one place."""
    return EARTH_KM * np.arccos(np.clip(points @ dgg.unit(lon, lat), -1, 1))


class Track:
    """The sub-satellite track of half an orbit."""

    def __init__(self, start, descending):
        self.start, self.descending = start, descending
        self.first_deg = 78.4 if descending else -101.6
        self.duration_s = HALF_ORBIT_DEG / 360 * PERIOD_S
        self.node = start - datetime.timedelta(seconds=self.first_deg / 360 * PERIOD_S)
        hours = (self.node - self.node.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds() / 3600
        self.node_lon = ((6 - hours) * 15 + 180) % 360 - 180

    def at(self, seconds):
        """Unit vectors under the satellite, `seconds` after the start."""
        u = np.radians(self.first_deg + np.asarray(seconds) * 360 / PERIOD_S)
        after_node = (np.degrees(u) / 360) * PERIOD_S
        lon = self.node_lon + np.degrees(np.arctan2(np.cos(INCLINATION) * np.sin(u), np.cos(u))) - after_node / 240
        return dgg.unit(lon, np.degrees(np.arcsin(np.sin(INCLINATION) * np.sin(u))))

    def nearest(self, points):
        """Seconds after the start of the closest approach, to about ten seconds."""
        samples = np.arange(0, self.duration_s + 1, 20.0)
        return samples[np.argmax(points.astype("f4") @ self.at(samples).T.astype("f4"), axis=1)]

    def locate(self, points, seconds=None):
        """Seconds after the start of the closest approach, and the signed distance across the track in km. `seconds`:
        a first guess, better than 30 seconds."""
        if seconds is None:
            seconds = self.nearest(points)
        for _ in range(3):
            before, here, after = (np.einsum("ij,ij->i", points, self.at(seconds + d)) for d in (-5.0, 0.0, 5.0))
            bend = np.minimum(before - 2 * here + after, -1e-9)
            seconds = seconds - np.clip(2.5 * (after - before) / bend, -20, 20)
        here, there = self.at(seconds), self.at(seconds + 1.0)
        normal = np.cross(here, there)
        normal /= np.linalg.norm(normal, axis=1)[:, None]
        return seconds, -EARTH_KM * np.arcsin(np.clip(np.einsum("ij,ij->i", points, normal), -1, 1))


def swath_cells(track):
    """seqnums near the track: whole blocks of 16 x 16 cells of each quad, chosen by their middle."""
    quad, i, j = np.meshgrid(np.arange(10), np.arange(0, 512, 16), np.arange(0, 512, 16), indexing="ij")
    middle = 2 + quad * dgg.QUAD + (i + 8) * 512 + j + 8
    points = dgg.unit(*dgg.centre_of(middle.ravel()))
    along = track.at(np.arange(0, track.duration_s + 1, 20.0))
    near = (points @ along.T).max(axis=1) > np.cos((SWATH_KM + 260) / EARTH_KM)
    block = (np.arange(16)[:, None] * 512 + np.arange(16)).ravel()
    first = (2 + quad * dgg.QUAD + i * 512 + j).ravel()[near]
    return (first[:, None] + block).ravel()


def smooth_noise(points, rng, wave_km, waves=24):
    """A random field of unit variance with features of about `wave_km`."""
    k = rng.normal(size=(3, waves)) * (2 * np.pi * EARTH_KM / wave_km) / np.sqrt(3)
    phase = rng.uniform(0, 2 * np.pi, waves)
    return np.cos(points.astype("f4") @ k.astype("f4") + phase.astype("f4")).sum(axis=1) * np.sqrt(2 / waves)


def bump(points, places):
    """The largest of soft discs of radius km around places, 1 in the middle."""
    out = np.zeros(len(points))
    for lon, lat, radius in places:
        out = np.maximum(out, np.exp(-((distance_km(points, lon, lat) / radius) ** 2)))
    return out


def make_columns(track, args):
    """Every variable of the product, by name."""
    rng = np.random.default_rng(args.seed)
    seqnum = swath_cells(track)
    lon, lat = dgg.centre_of(seqnum)
    points = dgg.unit(lon, lat)
    seconds, across = track.locate(points)
    keep = (np.abs(across) < SWATH_KM) & (seconds > 0) & (seconds < track.duration_s)
    seqnum, lon, lat, points, seconds, across = (a[keep] for a in (seqnum, lon, lat, points, seconds, across))

    on_land = land.is_land(lon, lat)
    shore = np.vstack([dgg.unit(*o.T) for o in land.outlines(1.0)]).astype("f4")
    close = np.zeros(len(seqnum), bool)
    sea = np.flatnonzero(~on_land)
    close[sea] = (points[sea].astype("f4") @ shore.T).max(axis=1) > np.cos(220 / EARTH_KM)
    rows = np.flatnonzero(on_land | close)
    # Rows come in short runs of time, not sorted within a run, as in ESA's files.
    rows = rows[np.lexsort((rng.random(len(rows)), np.floor(seconds[rows] / 40)))]
    if args.points and args.points < len(rows):
        nearest = np.argsort(distance_km(points[rows], 10.0, 47.0), kind="stable")[: args.points]
        rows = rows[np.sort(nearest)]
    if args.bad_ids:
        rows = np.concatenate([rows, rng.choice(rows, args.bad_ids)])
    seqnum, lon, lat, points, seconds, across, on_land = (
        a[rows] for a in (seqnum, lon, lat, points, seconds, across, on_land))

    ids = dgg.grid_point_id(seqnum)
    if args.bad_ids:
        k = np.arange(args.bad_ids)
        ids[len(ids) - args.bad_ids:] = (1 + k % 8) * 10**6 + dgg.QUAD + 1 + k // 8
    columns = field(Ground.at(points, lon, lat, on_land, args.seed), across, rng)
    columns |= times(track, seconds, columns["M_AVA"] > 0, rng)
    columns["Grid_Point_ID"] = ids
    # ESA's coordinates are cut to three digits, a little low.
    columns["Latitude"], columns["Longitude"] = np.round(lat - 5e-4, 3), np.round(lon - 5e-4, 3)
    columns["X_Swath"] = np.round(across / layout.SCALES["X_Swath"])
    return {name: columns[name].astype(kind) for name, (kind, _) in layout.LAYOUT.variables.items()}


def times(track, seconds, seen, rng):
    """Mean acquisition time; fill on a fifth of the rows, and wherever nothing was seen."""
    told = seen & (rng.random(len(seconds)) > 0.12)
    midnight = track.start.replace(hour=0, minute=0, second=0, microsecond=0)
    since = seconds + (track.start - midnight).total_seconds()
    days = (midnight - datetime.datetime(2000, 1, 1)).days + np.floor(since / 86400)
    return {"Days": np.where(told, days, 0), "Seconds": np.where(told, np.floor(since % 86400), 0),
            "Microseconds": np.where(told, np.floor(since % 1 * 1e6), 0)}


class Ground(NamedTuple):
    """What is under the satellite whenever it passes, by grid point. Weather of its own: the same whatever rows there
    are."""

    lat: np.ndarray
    on_land: np.ndarray
    ice: np.ndarray
    mountain: np.ndarray
    height: np.ndarray  # m
    forest: np.ndarray  # 0..1
    rfi: np.ndarray  # 0..1
    wet: np.ndarray  # soil moisture without noise, m3/m3
    mid: np.ndarray  # smooth noise with features of 400 km
    fine: np.ndarray  # and of 110 km

    @classmethod
    def at(cls, points, lon, lat, on_land, seed):
        """Of unit vectors, which lie at lon, lat."""
        waves = np.random.default_rng([seed, 1])
        wide, mid, fine = (smooth_noise(points, waves, wave_km) for wave_km in (1500, 400, 110))
        wet = np.interp(lat + 2 * wide, _LAT, _WET)
        for x, y, radius, factor in _PLACES:
            wet *= factor ** np.exp(-((distance_km(points, x, y) / radius) ** 2))
        wet *= 1 + 0.16 * mid + 0.10 * fine + 0.08 * wide
        peaks = bump(points, _MOUNTAINS)
        return cls(lat=lat, on_land=on_land,
                   ice=(lat < -60) | land.inside(land.ring(land.RINGS["Greenland"]), lon, lat),
                   mountain=peaks + 0.12 * fine + 0.06 * mid > 0.45,
                   height=np.where(on_land, np.clip(250 + 220 * mid + 1500 * peaks, 1, None), -25),
                   forest=bump(points, _FORESTS), rfi=bump(points, _RFI) * np.clip(1 + 0.2 * fine, 0, 1), wet=wet,
                   mid=mid, fine=fine)

    def take(self, rows):
        """The same of some of the points."""
        return Ground(*(column[rows] for column in self))


def field(ground, across, rng, rain=0.0):
    """The invented measurement. `rain`: soil moisture that the weather of the last days adds."""
    lat, on_land, ice, mountain, height, forest, rfi, wet, mid, fine = ground
    n = len(lat)
    out = {name: np.full(n, layout.LAYOUT.fill_value(name), float) for name in layout.LAYOUT.variables}

    def some(where, values):
        return np.where(where, values, -999.0)

    grain = rng.normal(size=n)
    wet = np.clip(wet * (1 + 0.05 * grain) + rain, 0.004, 0.62)
    dry = wet < 0.06
    looks = np.where(np.abs(across) < SEEN_KM, np.maximum(0, 105 * (1 - (np.abs(across) / SEEN_KM) ** 2.5)), 0)
    seen = np.floor(looks + 2 * rng.random(n)) * (looks > 0)
    probability = np.clip(0.9 * rfi**2 + 0.01 * rng.exponential(size=n), 0, 1)
    tried = seen > 3
    good = tried & on_land & ~mountain & ~ice & (probability < 0.3) & (seen > 18)
    good &= rng.random(n) > 0.01 + 0.06 * forest
    temperature = 302 - 0.011 * lat**2 + 2 * mid + 0.5 * grain
    tau = np.clip(0.05 + 0.25 * wet / 0.3 + 0.7 * forest + 0.03 * fine, 0, None)
    noise = 0.3 + 2.5 * (1 - seen / 107) ** 2

    out["Soil_Moisture"] = some(good, wet)
    out["Soil_Moisture_DQX"] = some(good, 0.006 + 0.05 * forest + 0.05 * wet + 0.01 * noise)
    out["Optical_Thickness_Nad"] = some(good, tau)
    out["Optical_Thickness_Nad_DQX"] = some(good, 0.02 + 0.1 * tau)
    out["Surface_Temperature"] = some(tried & on_land, temperature)
    out["Surface_Temperature_DQX"] = some(tried & on_land, 2 + 0.2 * noise)
    out["Roughness_Param"] = some(good, np.clip(0.1 + 0.2 * forest + 0.02 * fine, 0, None))
    out["Roughness_Param_DQX"] = some(good, 0.3 + 0.05 * np.abs(fine))
    real = np.where(on_land, 3 + 60 * wet + 40 * wet**2, 70 + fine)
    imaginary = np.where(on_land, -0.3 - 9 * wet, -72 + 2 * fine)
    for name, where in (("MD", tried), ("Non_MD", good | (tried & ~on_land))):
        out[f"Dielect_Const_{name}_RE"], out[f"Dielect_Const_{name}_IM"] = some(where, real), some(where, imaginary)
        for part in ("RE", "IM"):
            out[f"Dielect_Const_{name}_{part}_DQX"] = some(where, 0.1 + 0.02 * real * noise)
    bright_v = np.where(on_land, temperature * (0.96 - 0.55 * wet), 122 + 3 * fine)
    bright_h = np.where(on_land, temperature * (0.88 - 0.75 * wet + 0.08 * forest), 78 + 2 * fine)
    for level, haze in (("ASL", 0.0), ("TOA", 2.5)):
        for channel, bright in (("V", bright_v), ("H", bright_h)):
            name = f"TB_{level}_Theta_B_{channel}"
            out[name] = some(tried, bright + haze + noise * rng.normal(size=n) + 60 * rfi)
            out[name + "_DQX"] = some(tried, noise)
    out["HR_Cur_DQX"], out["Tau_Cur_DQX"] = some(on_land, 0.1 + 0.2 * forest), some(on_land, 0.05 + 0.1 * forest)
    out["AFP"] = np.where(tried, 20 + 8 * (np.abs(across) / SEEN_KM) ** 2, 0)
    out["Altitude"] = height

    out["M_AVA"], out["N_AF_FOV"], out["N_Sun_FOV"] = seen, np.floor(seen * 0.55), seen
    out["M_AVA0"] = np.floor(seen * 2.3) + 1
    out["N_RFI_X"] = np.where(tried, np.floor(probability * seen * 0.5 + 2 * rng.random(n)), 0)
    out["N_RFI_Y"] = np.where(tried, np.floor(probability * seen * 0.5 + 2 * rng.random(n)), 0)
    out["N_Strong_RFI"] = np.floor(4 * rfi)
    out["N_Wild"] = np.where(tried, np.floor(rng.exponential(size=n) * 0.6), 0)
    out["RFI_Prob"] = np.clip(np.floor(probability / layout.SCALES["RFI_Prob"]), 0, 200)
    out["Chi_2"] = np.where(good, np.clip(20 + 8 * grain + 60 * rfi, 1, 255), 0)
    out["Chi_2_P"] = np.where(good, np.clip(200 - 60 * np.abs(grain) - 150 * rfi, 1, 255), 0)
    out["GQX"] = np.where(good, 1 + np.clip(np.floor(4 * rfi), 0, 9), 0)
    out["S_Tree_1"] = np.where(tried, np.where(on_land, np.where(forest > 0.5, 12, 6), 2), 0)
    out["S_Tree_2"] = np.where(good, 33, 0)
    out |= flags(on_land, ice, mountain, forest, rfi, dry, good, tried)
    return out


def flags(on_land, ice, mountain, forest, rfi, dry, good, tried):
    """The flag columns."""
    bit = {name: 1 << k for k, name in enumerate(layout.SCIENCE)}
    science = np.zeros(len(on_land), np.int64)
    for name, where in (("FL_OW", ~on_land), ("FL_TOPO_S", mountain), ("FL_FOREST", on_land & (forest > 0.4)),
                        ("FL_NOMINAL", on_land & (forest <= 0.4)), ("FL_SAND", on_land & dry),
                        ("FL_BARREN", on_land & dry), ("FL_TEC", tried), ("FL_URBAN_LOW", rfi > 0.6), ("FL_ICE", ice)):
        science |= np.where(where, bit[name], 0)
    no_product = tried & on_land & ~good
    return {
        "Science_Flags": science,
        "Confidence_Flags": (np.where(no_product, 16, 0) | np.where(rfi > 0.3, 2 | 4, 0)
                             | np.where(good & (forest > 0.7), 64, 0)),
        "Processing_Flags": np.where(good, 4, np.where(no_product, 2, 0)),
        "DGG_Current_Flags": np.where(on_land, 4, 0) | np.where(rfi > 0.3, 8, 0),
    }


def facts_of(track, orbit=None, file_class="TEST", kind="MIR_SMUDP2", processor=700, counter=1):
    """What the headers tell: name, times, orbit, node, state vector in m and m/s."""
    stop = track.start + datetime.timedelta(seconds=round(track.duration_s))
    if orbit is None:
        orbit = KNOWN_ORBIT[0] + round((track.node - KNOWN_ORBIT[1]).total_seconds() / PERIOD_S)
    position = track.at([0.0])[0] * (EARTH_KM + 758) * 1e3
    velocity = (track.at([1.0])[0] - track.at([0.0])[0]) * (EARTH_KM + 758) * 1e3
    name = f"SM_{file_class}_{kind}_{track.start:%Y%m%dT%H%M%S}_{stop:%Y%m%dT%H%M%S}_{processor:03}_{counter:03}_1"
    return {"name": name, "class": file_class, "type": kind, "processor": f"{processor:03}", "start": track.start,
            "stop": stop, "orbit": orbit, "descending": track.descending, "node": track.node,
            "node_lon": track.node_lon, "position": position, "velocity": velocity}


def make(folder, args):
    """Writes one product into the folder and returns its path."""
    track = Track(args.start, args.descending)
    columns, facts = make_columns(track, args), facts_of(track, args.orbit)
    path = pathlib.Path(folder) / (facts["name"] + ".nc")
    path.parent.mkdir(parents=True, exist_ok=True)
    product_file.write(path, layout.LAYOUT, columns, layout.global_attributes(facts, columns), args.generation)
    return path


def arguments(argv=None):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="where the file goes; its name follows ESA's pattern")
    parser.add_argument("--start", type=datetime.datetime.fromisoformat, metavar="TIME",
                        help="start of the half orbit, UTC, such as 2023-07-15T03:45:00")
    parser.add_argument("--orbit", type=int, help="absolute orbit number (default: from the start time)")
    parser.add_argument("--descending", action="store_true", help="an evening pass, north to south")
    parser.add_argument("--seed", type=int, default=2, help="of the random numbers")
    parser.add_argument("--generation", choices=("new", "smosbox"), default="new", help="how the file is stored")
    parser.add_argument("--points", type=int, metavar="N", help="only the N grid points nearest to 10 E, 47 N")
    parser.add_argument("--bad-ids", type=int, default=0, metavar="N", help="add N rows whose ids name no grid point")
    args = parser.parse_args(argv)
    if args.start is None:
        time = "15:56:30" if args.descending else "03:45:00"
        args.start = datetime.datetime.fromisoformat("2023-07-15T" + time)
    if args.points is not None and args.points < 1 or args.bad_ids < 0:
        parser.error("--points must be positive and --bad-ids not negative")
    return args


if __name__ == "__main__":
    options = arguments()
    sys.stdout.write(f"{make(options.folder, options)}\n")
