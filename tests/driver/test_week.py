"""data/make_week.py makes what it says: an archive of half orbits as an archive looks, the same each time."""
import datetime
import json
import pathlib
import re
import sys

import h5py
import numpy as np
import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "data"))
import dgg  # noqa: E402
import make_week  # noqa: E402

BOX = "0,40,20,55"


def make(folder, *options):
    return make_week.make(make_week.arguments([str(folder), "--size=small", f"--box={BOX}", *options]))


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    folder = tmp_path_factory.mktemp("week")
    return folder, make(folder, "--days=3", "--ocean=2", "--crop", "--damage", f"--references={folder / 'refs'}")


def test_names_and_folders(week):
    folder, made = week
    for product in made:
        path = product.path.relative_to(folder)
        form = (r"SMOS/L2(SM|OS)/(MIR_[SO][MS]UDP2)/(\d{4})/(\d\d)/(\d\d)/"
                r"(SM_OPER_(MIR_..UDP2)_(\d{8})T\d{6}_\d{8}T\d{6}_\d{3}_\d{3}_1)/(.*)\.nc")
        match = re.fullmatch(form, path.as_posix())
        assert match, path
        assert match[2] == match[7] and match[6] == match[9] and "".join(match.group(3, 4, 5)) == match[8]
        assert product.path.is_file() == (product.state != "missing")
        assert json.loads(product.references.read_text())["version"] == 1
    assert json.loads((folder / "refs/nckc-index.json").read_text())["version"] == 2
    assert sum("OSUDP2" in product.path.name for product in made) == 2


def test_half_orbits_continue_each_other():
    for start, days in (("2023-07-15", 3), ("2023-07-16", 1), ("2022-12-30", 3)):
        tracks = make_week.tracks_of(make_week.arguments([".", f"--start={start}", f"--days={days}"]))
        assert abs(len(tracks) - 28.8 * days) <= 1
        assert all(start <= f"{track.start}" for track in tracks)
        for kind in (False, True):
            gaps = np.diff([track.start for track in tracks if track.descending is kind])
            assert {round(gap.total_seconds() / 2) for gap in gaps} == {round(make_week.single.PERIOD_S / 2)}
    both = [track.start for track in make_week.tracks_of(make_week.arguments(["."]))]
    assert datetime.datetime(2023, 7, 15, 3, 45) in both
    one = make_week.tracks_of(make_week.arguments([".", "--passes=descending"]))
    assert {track.descending for track in one} == {True} and len(one) == pytest.approx(len(both) / 2, abs=1)


def test_what_is_in_a_product(week):
    _, made = week
    seen = set()
    for product in made:
        if product.state not in ("good", "superseded") or "OSUDP2" in product.path.name:
            continue
        with h5py.File(product.path) as file:
            seqnum = dgg.seqnum_of_id(file["Grid_Point_ID"][:])
            lon, lat = dgg.centre_of(seqnum)
            assert (seqnum > 0).all() and len(np.unique(seqnum)) == len(seqnum)
            assert (np.abs(lon - 10) <= 10).all() and (np.abs(lat - 47.5) <= 7.5).all()
            assert np.abs(file["Latitude"][:] - lat).max() < 1.5e-3
            seen.add((product.generation, file["Soil_Moisture"].shuffle))
            moisture = file["Soil_Moisture"][:]
            assert ((moisture == -999) | (moisture > 0)).all()
            told = file["Seconds"][:] > 0
            midnight = (product.facts["start"].replace(hour=0, minute=0, second=0) - datetime.datetime(2000, 1, 1)).days
            since = ((file["Days"][:][told] - midnight) * 86400.0 + file["Seconds"][:][told]
                     - (product.facts["start"].hour * 3600 + product.facts["start"].minute * 60))
            assert (since >= 0).all() and (since < 3300).all()
    assert seen == {("new", True), ("smosbox", False)}


def test_versions_and_damage(week):
    _, made = week
    states = [product.state for product in made]
    assert {state: states.count(state) for state in set(states)} == {
        "superseded": 2, "truncated": 1, "corrupt": 1, "missing": 1, "good": len(made) - 5}
    replaced = [(a.path.name[-13:-5], b.path.name[-13:-5]) for a, b in zip(made, made[1:]) if a.state == "superseded"]
    assert replaced == [("_650_003", "_700_001"), ("_700_001", "_700_002")]
    truncated, corrupt = (next(p for p in made if p.state == state) for state in ("truncated", "corrupt"))
    with pytest.raises(OSError):
        h5py.File(truncated.path)
    with h5py.File(corrupt.path) as file:
        assert len(file["Soil_Moisture_DQX"][:])
        with pytest.raises(OSError):
            file["Soil_Moisture"][:]


def test_the_same_options_give_the_same_week(tmp_path):
    first, second, other = (make(tmp_path / name, "--days=1", f"--seed={seed}")
                            for name, seed in (("a", 2), ("b", 2), ("c", 3)))
    for a, b, c in zip(first, second, other):
        with h5py.File(a.path) as x, h5py.File(b.path) as y, h5py.File(c.path) as z:
            for name in x:
                np.testing.assert_array_equal(x[name][:], y[name][:])
            assert (x["Soil_Moisture"][:] != z["Soil_Moisture"][:]).any()


def test_soil_dries_after_rain(tmp_path):
    """The field moves in time: somewhere it gets wetter from pass to pass, elsewhere drier, by more than the noise."""
    made = [product for product in make(tmp_path, "--days=4", "--passes=ascending") if product.state == "good"]
    moisture = np.full((len(made), dgg.CELLS + 1), np.nan)
    for k, product in enumerate(made):
        with h5py.File(product.path) as file:
            values = file["Soil_Moisture"][:]
            moisture[k, dgg.seqnum_of_id(file["Grid_Point_ID"][:])] = np.where(values > 0, values, np.nan)
    moisture = moisture[:, np.isfinite(moisture).sum(axis=0) > 1]
    change = np.concatenate([np.diff(column[np.isfinite(column)]) for column in moisture.T])
    assert (change > 0.06).mean() > 0.01
    assert (change < -0.04).mean() > 0.02
