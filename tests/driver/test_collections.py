"""Composites of collections of SMOS products, pixel by pixel against collection_oracle: every method, filter, pass, box
and period, on a synthetic week and on real products."""
import datetime
import json

import numpy as np
import pytest

import collection_oracle as oracle
from small_week import GRID, assert_band, open_collection

NUMBERS = ["LAST", "FIRST", "MEAN", "MIN", "MAX", "COUNT", "MEDIAN", "BEST"]

def quality_of(product, name):
    """What BEST goes by: the variable's own DQX, or that of the soil moisture."""
    return name + "_DQX" if name + "_DQX" in product.load().names else "Soil_Moisture_DQX"


# FILTER as users write it, and what it means.
FILTERS = {
    "": None,
    "RFI_Prob<0.02": lambda p: p.decoded("RFI_Prob") < np.float64(0.02),
    "Soil_Moisture_DQX<0.03,Chi_2_P>=0.5": lambda p: (
        (p.decoded("Soil_Moisture_DQX") < np.float32(0.03)) & (p.decoded("Chi_2_P") >= 0.5)),
    "Science_Flags&FL_FOREST==0 AND N_RFI_X<=2": lambda p: (
        ~p.flag("Science_Flags", "FL_FOREST") & (p.decoded("N_RFI_X") <= 2)),
    "Science_Flags & (FL_SAND|FL_TOPO_S)": lambda p: p.flag("Science_Flags", "FL_SAND", "FL_TOPO_S"),
    "Confidence_Flags&2!=0 && Surface_Temperature>285.5": lambda p: (
        ((p.columns["Confidence_Flags"] & 2) != 0) & (p.decoded("Surface_Temperature") > 285.5)),
    "N_RFI_X==0,N_RFI_Y=0": lambda p: (p.columns["N_RFI_X"] == 0) & (p.columns["N_RFI_Y"] == 0),
    "X_Swath>-200,X_Swath<200": lambda p: np.abs(p.decoded("X_Swath")) < 200,
    "Confidence_Flags==0": lambda p: p.columns["Confidence_Flags"] == 0,
}
# On real products, which have other flags: the same, and a variable of which something passes.
REAL_FILTERS = {
    "Soil_Moisture_DQX<0.03,Chi_2_P>=0.5": "Soil_Moisture", "Science_Flags&FL_FOREST==0 AND N_RFI_X<=2": "Chi_2",
    "N_RFI_X==0,N_RFI_Y=0": "Soil_Moisture",
    "X_Swath>-200,X_Swath<200": "Surface_Temperature", "Confidence_Flags==0": "Science_Flags",
    "Science_Flags&(FL_SNOW_DRY|FL_ICE)": "Surface_Temperature",
    "Confidence_Flags&FL_NO_PROD==0 && Science_Flags&FL_DUAL_RETR_FNO_FFO!=0,RFI_Prob<0.05": "N_RFI_Y",
}
FILTERS |= {
    "Science_Flags&(FL_SNOW_DRY|FL_ICE)": lambda p: p.flag("Science_Flags", "FL_SNOW_DRY", "FL_ICE"),
    "Confidence_Flags&FL_NO_PROD==0 && Science_Flags&FL_DUAL_RETR_FNO_FFO!=0,RFI_Prob<0.05": lambda p: (
        ~p.flag("Confidence_Flags", "FL_NO_PROD") & p.flag("Science_Flags", "FL_DUAL_RETR_FNO_FFO")
        & (p.decoded("RFI_Prob") < 0.05)),
}
BOXES = {None: None, "-3.5,41.2,18.3,55.7": (-3.5, 41.2, 18.3, 55.7)}
PASSES = {None: None, "ASCENDING": True, "DESCENDING": False}


def compare(source, products, name, step, method, grid=GRID, **options):
    """Every band of a composite against the oracle; the number of pixels that hold something."""
    named = {"COMPOSITE": step, "COMPOSITE_METHOD": method, **options}
    if method in ("MODE", "OR") or (method == "LAST" and name in products[0].load().bits):
        named["FLAG_METHOD"] = named.pop("COMPOSITE_METHOD")
    raster = open_collection(source, name, grid=grid, **named)
    expected_steps = oracle.steps(products, step)
    assert raster.RasterCount == len(expected_steps)
    filled = 0
    for number, (_, _, members) in enumerate(expected_steps, 1):
        table = oracle.table(
            members, name, method, keep=FILTERS[options.get("FILTER", "")], ascending=PASSES[options.get("ORBIT_PASS")],
            box=BOXES[options.get("BBOX")], quality=quality_of(members[0], name) if method == "BEST" else None)
        assert_band(raster.GetRasterBand(number), table[grid.cells], exact=method != "MEAN")
        filled += (table != table[0]).sum() if table[0] == table[0] else np.isfinite(table).sum()
    return filled


@pytest.mark.parametrize("step", ["DAY", "3DAY", "ALL"])
@pytest.mark.parametrize("method", NUMBERS)
def test_methods_and_periods(week, method, step):
    assert compare(week.folder, week.products, "Soil_Moisture", step, method) > 3000


@pytest.mark.parametrize("step", ["DAY", "2DAY", "MONTH", "YEAR", "ALL"])
def test_periods(week, step):
    assert compare(week.folder, week.products, "Soil_Moisture", step, "LAST") > 3000


@pytest.mark.parametrize("name", ["Chi_2", "N_RFI_X", "X_Swath", "Surface_Temperature", "Days", "Grid_Point_ID"])
@pytest.mark.parametrize("method", ["FIRST", "MEAN", "MIN", "MAX", "COUNT", "MEDIAN"])
def test_types(week, name, method):
    """Scaled, unsigned, signed and wide integers: values stay the stored ones."""
    assert compare(week.folder, week.products, name, "2DAY", method) > 3000


@pytest.mark.parametrize("method", ["LAST", "MODE", "OR"])
@pytest.mark.parametrize("name", ["Science_Flags", "Confidence_Flags"])
def test_flags(week, name, method):
    assert compare(week.folder, week.products, name, "2DAY", method) > 3000


def test_flags_are_counted(week):
    """COUNT of COMPOSITE_METHOD holds for flags, too: how often a grid point was in a product."""
    assert compare(week.folder, week.products, "Science_Flags", "ALL", "COUNT") > 3000


@pytest.mark.parametrize("text", FILTERS)
@pytest.mark.parametrize("method", ["LAST", "MEAN", "COUNT"])
def test_filters(week, text, method):
    found = compare(week.folder, week.products, "Soil_Moisture", "2DAY", method, FILTER=text)
    # Some flags stand in real products only.
    assert found > 5 or "FL_ICE" in text or "FL_DUAL" in text


@pytest.mark.parametrize("box", [box for box in BOXES if box])
@pytest.mark.parametrize("ascending", PASSES)
@pytest.mark.parametrize("method", ["FIRST", "MEAN", "BEST"])
def test_passes_and_boxes(week, method, ascending, box):
    options = {"BBOX": box, "FILTER": "RFI_Prob<0.02"} | ({"ORBIT_PASS": ascending} if ascending else {})
    assert compare(week.folder, week.products, "Soil_Moisture", "DAY", method, **options) > 500


def test_passes_together_make_the_whole(week):
    """A cell's count is that of the mornings and that of the evenings."""
    counts = [open_collection(week.folder, COMPOSITE="ALL", COMPOSITE_METHOD="COUNT", **which).ReadAsArray()
              for which in ({}, {"ORBIT_PASS": "ASCENDING"}, {"ORBIT_PASS": "DESCENDING"})]
    assert counts[1].any() and counts[2].any()
    np.testing.assert_array_equal(counts[0], counts[1] + counts[2])


def test_best_by_another_variable(week):
    raster = open_collection(week.folder, COMPOSITE="ALL", COMPOSITE_METHOD="BEST", BEST_BY="Surface_Temperature")
    table = oracle.table(week.products, "Soil_Moisture", "BEST", quality="Surface_Temperature")
    assert_band(raster.GetRasterBand(1), table[GRID.cells])
    assert (table != oracle.table(week.products, "Soil_Moisture", "BEST", quality="Soil_Moisture_DQX")).any()


@pytest.mark.parametrize("method", NUMBERS)
def test_times_of_observation(week, method):
    raster = open_collection(week.folder, "Soil_Moisture_Observation_Time", COMPOSITE="2DAY", COMPOSITE_METHOD=method,
                             FILTER="RFI_Prob<0.02")
    assert raster.RasterCount == 2
    for number, (first, after, members) in enumerate(oracle.steps(week.products, "2DAY"), 1):
        band = raster.GetRasterBand(number)
        assert np.isnan(band.GetNoDataValue()) and band.GetUnitType() == "seconds since 2000-01-01 00:00:00"
        expected = oracle.time_table(members, "Soil_Moisture", method, keep=FILTERS["RFI_Prob<0.02"],
                                     quality="Soil_Moisture_DQX" if method == "BEST" else None)[GRID.cells]
        assert_band(band, expected, exact=False)
        told = expected[np.isfinite(expected)]
        assert told.min() >= (first - oracle.EPOCH).total_seconds()
        assert told.max() < (after - oracle.EPOCH).total_seconds() + 3600


def test_products_as_bands(week):
    """Without COMPOSITE each product is a band, drawn from its own rows."""
    for ascending, options in ((None, {}), (True, {"ORBIT_PASS": "ASCENDING"}), (False, {"ORBIT_PASS": "DESCENDING"})):
        products = [p for p in week.products if ascending in (None, p.load().ascending)]
        raster = open_collection(week.folder, **options)
        assert raster.RasterCount == len(products)
        assert [raster.GetRasterBand(k + 1).GetMetadataItem("TIME") for k in range(len(products))] == [
            f"{product.start:%Y-%m-%dT%H:%M:%SZ}" for product in products]
        for number in range(1, len(products) + 1, 5):
            table = oracle.table(products[number - 1:number], "Soil_Moisture", "LAST")
            assert_band(raster.GetRasterBand(number), table[GRID.cells])


@pytest.mark.parametrize("name", ["Soil_Moisture", "Science_Flags", "Chi_2"])
def test_products_as_bands_with_filter_and_box(week, name):
    text, box = "0.5,44.1,6.4,49.8", (0.5, 44.1, 6.4, 49.8)
    inside = [p for p in week.products
              if oracle.in_box(*oracle.dgg.centre_of(p.load().seqnum[p.placed]), box).any()]
    assert 0 < len(inside) < len(week.products)
    filter_text = "Science_Flags&FL_FOREST==0 AND N_RFI_X<=2"
    raster = open_collection(week.folder, name, BBOX=text, FILTER=filter_text)
    assert raster.RasterCount == len(inside)
    for number, product in enumerate(inside, 1):
        table = oracle.table([product], name, "LAST", keep=FILTERS[filter_text], box=box)
        assert_band(raster.GetRasterBand(number), table[GRID.cells])


@pytest.mark.parametrize("text,first,last", [
    ("2023-07-31/2023-08-01", "2023-07-31", "2023-08-02"), ("2023-08", "2023-08-01", "2023-09-01"),
    ("../2023-07-30", "2000-01-01", "2023-07-31"), ("2023-08-02/..", "2023-08-02", "2100-01-01"),
    ("2023-07-30T06:00/2023-07-31T04:30", "2023-07-30T06:00", "2023-07-31T04:31")])
def test_time_ranges(week, text, first, last):
    products = week.between(datetime.datetime.fromisoformat(first), datetime.datetime.fromisoformat(last))
    assert 0 < len(products) < len(week.products)
    assert open_collection(week.folder, TIME_RANGE=text).RasterCount == len(products)
    compare(week.folder, products, "Soil_Moisture", "DAY", "MEAN", TIME_RANGE=text)


def test_the_newest_version_counts(week):
    superseded = [product for product in week.made if product.state == "superseded"]
    assert len(superseded) == 2
    for old in superseded:
        (new,) = [p for p in week.products if p.start == old.facts["start"] and p.stop == old.facts["stop"]]
        assert new.path != old.path
        raster = open_collection(week.folder)
        (number,) = [k + 1 for k in range(raster.RasterCount)
                     if raster.GetRasterBand(k + 1).GetMetadataItem("TIME") == f"{new.start:%Y-%m-%dT%H:%M:%SZ}"]
        expected = oracle.table([new], "Soil_Moisture", "LAST")[GRID.cells]
        assert_band(raster.GetRasterBand(number), expected)
        older = oracle.table([oracle.Product(old.path)], "Soil_Moisture", "LAST")[GRID.cells]
        assert (older != expected).any()


@pytest.mark.parametrize("options", [
    ["CRS=EPSG:3035", "EXTENT=2500000,1500000,5500000,4500000", "RES=9000"], ["GRID=EASE2_GLOBAL_25KM"]])
def test_other_grids(week, options):
    """The same table on a projected grid: pixels by PROJ's inverse."""
    pyproj = pytest.importorskip("pyproj")
    raster = open_collection(week.folder, "Soil_Moisture", *options, grid=None, COMPOSITE="ALL", COMPOSITE_METHOD="MEAN")
    crs = pyproj.CRS.from_wkt(raster.GetSpatialRef().ExportToWkt())
    g = raster.GetGeoTransform()
    x, y = np.meshgrid(g[0] + (np.arange(raster.RasterXSize) + 0.5) * g[1],
                       g[3] + (np.arange(raster.RasterYSize) + 0.5) * g[5])
    lon, lat = pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
    table = oracle.table(week.products, "Soil_Moisture", "MEAN")
    got = raster.ReadAsArray()
    assert np.isfinite(got).sum() > 500
    # On lines of symmetry pixel centres lie between two cells.
    expected = table[oracle.dgg.seqnum_of(lon, lat)]
    same = (got == expected) | (np.isnan(got) & np.isnan(expected)) | (np.abs(got - expected) <= np.spacing(expected))
    assert (~same).sum() <= 2e-4 * got.size


# --- real products

REAL_GRID = oracle.Grid(-179.93, -88.03, 180.07, 80.97, 0.25)


@pytest.fixture(scope="module")
def real(shared_data):
    folder = shared_data / "smos"
    return folder, oracle.newest(sorted(folder.glob("SM_*.nc")))


@pytest.mark.parametrize("method", NUMBERS)
@pytest.mark.parametrize("name", ["Soil_Moisture", "Surface_Temperature", "Chi_2"])
def test_real_products(real, name, method):
    folder, products = real
    assert len(products) == 2
    assert compare(folder, products, name, "DAY", method, grid=REAL_GRID) > 1500


@pytest.mark.parametrize("text", REAL_FILTERS)
def test_filters_on_real_products(real, text):
    folder, products = real
    assert compare(folder, products, REAL_FILTERS[text], "ALL", "LAST", grid=REAL_GRID, FILTER=text) > 100


@pytest.mark.parametrize("ascending", PASSES)
@pytest.mark.parametrize("method", ["LAST", "MODE", "OR", "COUNT"])
def test_flags_of_real_products(real, method, ascending):
    folder, products = real
    options = {"ORBIT_PASS": ascending} if ascending else {}
    assert compare(folder, products, "Science_Flags", "ALL", method, grid=REAL_GRID, **options) > 40000


@pytest.mark.parametrize("text", ["150.3,-60.2,-139.7,60.4", "-180,60.5,180,90", "170,-90,200,-70.5",
                                  "-17.76,9.98,-17.7,10.04"])
def test_boxes_on_real_products(real, text):
    """Across the date line, at the poles, and smaller than what there is between two cells."""
    folder, products = real
    box = tuple(float(part) for part in text.split(","))
    expected = [oracle.table([product], "Science_Flags", "LAST", box=box)[REAL_GRID.cells] for product in products
                if oracle.in_box(*oracle.dgg.centre_of(product.load().seqnum[product.placed]), box).any()]
    raster = open_collection(folder, "Science_Flags", grid=REAL_GRID, BBOX=text)
    assert raster.RasterCount == len(expected) > 0
    for number, image in enumerate(expected, 1):
        assert_band(raster.GetRasterBand(number), image)


def test_times_of_real_products(real):
    folder, products = real
    raster = open_collection(folder, "Surface_Temperature_Observation_Time", grid=REAL_GRID, COMPOSITE="ALL")
    expected = oracle.time_table(products, "Surface_Temperature", "LAST")[REAL_GRID.cells]
    assert_band(raster.GetRasterBand(1), expected, exact=False)
    assert np.isfinite(expected).sum() > 5000


def test_references_of_real_products_give_the_same(real, shared_data, tmp_path):
    """A text list of references, under the names of the products."""
    folder, products = real
    names = []
    for product, number in zip(products, (1, 2)):
        link = tmp_path / (product.path.name + ".json")
        text = (shared_data / f"kerchunk/smos_{number}.json").read_text()
        url = json.loads(text)["refs"]["Soil_Moisture/0"][0]
        link.write_text(text.replace(f'"{url}"', f'"{product.path}"'))
        names.append(str(link))
    (tmp_path / "list.txt").write_text("\n".join(names) + "\n")
    images = [open_collection(source, grid=REAL_GRID, COMPOSITE="ALL", COMPOSITE_METHOD="MEAN").ReadAsArray()
              for source in (folder, tmp_path / "list.txt", tmp_path)]
    assert np.isfinite(images[0]).sum() > 100
    for image in images[1:]:
        np.testing.assert_array_equal(image, images[0])
