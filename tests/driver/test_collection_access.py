"""Collections of SMOS products from outside: ways to name them, times, failures in the middle, series, the
multidimensional view, threads and tools."""
import concurrent.futures
import datetime
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from osgeo import gdal

import collection_oracle as oracle
from small_week import GRID, Week, assert_band, open_collection

NODATA = np.float32(-999)


def iso(time):
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def listen(work):
    """The result of work() and the messages that it caused: [(class, text)]."""
    said = []
    gdal.PushErrorHandler(lambda kind, number, text: said.append((kind, text)))
    try:
        return work(), said
    finally:
        gdal.PopErrorHandler()


def run(*command, **environment):
    done = subprocess.run([str(part) for part in command], check=False, capture_output=True, text=True,
                          env=os.environ | environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- names

@pytest.fixture(scope="module")
def archive(week, tmp_path_factory):
    """The references in a zip."""
    path = tmp_path_factory.mktemp("zip") / "references.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for reference in sorted(week.references.rglob("*.json")):
            text = reference.read_text()
            if reference.name != "nckc-index.json":
                # Names that are relative to the reference's folder mean nothing in a zip.
                product = next(p for p in week.made if p.references == reference)
                relative = os.path.relpath(product.path, reference.parent)
                text = text.replace(f'"{relative}"', f'"{product.path}"')
            file.writestr(reference.relative_to(week.references).as_posix(), text)
    return path


def test_every_way_to_name_a_collection_gives_the_same(week, archive, tmp_path):
    mixed = tmp_path / "mixed.txt"
    lines = [str(p.path if k % 2 else p.references) for k, p in enumerate(week.made)]
    mixed.write_text("# products and references\n" + "\n".join(reversed(lines)) + "\n")
    locations = [week.folder, week.folder / "SMOS/L2SM", week.references, mixed, archive,
                 week.folder / "SMOS/L2SM/MIR_SMUDP2/2023/*/*/*/*.nc"]
    images, times = [], []
    for location in locations:
        raster = open_collection(location, COMPOSITE="2DAY", COMPOSITE_METHOD="MEAN")
        images.append(raster.ReadAsArray())
        times.append([raster.GetRasterBand(k + 1).GetMetadata() for k in range(raster.RasterCount)])
    assert images[0].shape[0] == 2 and np.isfinite(images[0]).sum() > 3000
    for image, time in zip(images[1:], times[1:]):
        np.testing.assert_array_equal(image, images[0])
        assert time == times[0]


def test_the_bare_name_lists_variables(week):
    listing = gdal.OpenEx(f'VCUBE:"{week.folder}"', open_options=["COMPOSITE=DAY"])
    names = {name.rpartition("/")[2]: text for name, text in listing.GetSubDatasets()}
    columns = set(week.products[0].load().names)
    assert columns <= set(names)
    assert {name + "_Observation_Time" for name in columns} <= set(names)
    assert "4 x " in names["Soil_Moisture"] and "m3 m-3" in names["Soil_Moisture"]


def test_both_types_in_one_folder(tmp_path):
    week = Week(tmp_path, "--days=1", "--ocean=2")
    with pytest.raises(RuntimeError, match="PRODUCT_TYPE"):
        open_collection(week.folder)
    assert open_collection(week.folder, PRODUCT_TYPE="MIR_SMUDP2").RasterCount == len(week.products)
    salty = oracle.newest(p.path for p in week.made if "OSUDP2" in p.path.name)
    grid = oracle.Grid(-170.03, -70.03, 170.07, 75.07, 0.5)
    raster = open_collection(week.folder, "SSS_corr", grid=grid, PRODUCT_TYPE="MIR_OSUDP2", COMPOSITE="DAY",
                             COMPOSITE_METHOD="BEST")
    table = oracle.table(salty, "SSS_corr", "BEST", quality="Sigma_SSS_corr")
    assert_band(raster.GetRasterBand(1), table[grid.cells])
    raster = open_collection(week.folder / "SMOS/L2OS", "SSS_corr_Observation_Time", grid=grid, COMPOSITE="DAY")
    expected = oracle.time_table(salty, "SSS_corr", "LAST")[grid.cells]
    assert np.isfinite(expected).sum() > 300
    assert_band(raster.GetRasterBand(1), expected, exact=False)


# --- times

@pytest.mark.parametrize("step", ["DAY", "3DAY", "MONTH", "YEAR", "ALL"])
def test_times_of_steps(week, step):
    raster = open_collection(week.folder, COMPOSITE=step)
    steps = oracle.steps(week.products, step)
    bands = [raster.GetRasterBand(k + 1) for k in range(raster.RasterCount)]
    if step != "ALL":
        assert [band.GetMetadataItem("TIME") for band in bands] == [iso(first) for first, _, _ in steps]
        assert [band.GetMetadataItem("TIME_END") for band in bands] == [iso(after) for _, after, _ in steps]
        assert [band.GetDescription() for band in bands] == ["time=" + iso(first) for first, _, _ in steps]
    assert [int(band.GetMetadataItem("PRODUCTS")) for band in bands] == [len(members) for _, _, members in steps]
    assert int(raster.GetMetadataItem("PRODUCTS")) == len(week.products)
    assert int(raster.GetMetadataItem("SUPERSEDED_PRODUCTS")) == 2


def test_steps_chosen_in_the_name(week):
    first = open_collection(week.folder, "Soil_Moisture:time=2023-08-01", COMPOSITE="DAY")
    last = open_collection(week.folder, "Soil_Moisture:time=[-1]", COMPOSITE="DAY")
    whole = open_collection(week.folder, COMPOSITE="DAY")
    assert (first.RasterCount, last.RasterCount) == (1, 1)
    np.testing.assert_array_equal(first.ReadAsArray(), whole.GetRasterBand(3).ReadAsArray())
    np.testing.assert_array_equal(last.ReadAsArray(), whole.GetRasterBand(4).ReadAsArray())


# --- the multidimensional view

def test_multidimensional_view(week):
    options = ["COMPOSITE=2DAY", "COMPOSITE_METHOD=MEAN", *GRID.options]
    root = gdal.OpenEx(f'VCUBE:"{week.folder}"', gdal.OF_MULTIDIM_RASTER, open_options=options).GetRootGroup()
    array = root.OpenMDArray("Soil_Moisture")
    assert [dim.GetName() for dim in array.GetDimensions()] == ["time", "y", "x"]
    assert [dim.GetSize() for dim in array.GetDimensions()] == [2, GRID.height, GRID.width]
    raster = open_collection(week.folder, COMPOSITE="2DAY", COMPOSITE_METHOD="MEAN")
    np.testing.assert_array_equal(array.ReadAsArray(), raster.ReadAsArray())
    # A few pixels of all steps, backwards and with a stride.
    part = array.ReadAsArray(array_start_idx=[1, 200, 17], count=[2, 40, 60], array_step=[-1, -2, 3])
    np.testing.assert_array_equal(part, raster.ReadAsArray()[::-1, 200:120:-2, 17:197:3])

    time = array.GetDimensions()[0].GetIndexingVariable()
    bounds = root.OpenMDArray(time.GetAttribute("bounds").ReadAsString())
    unit, _, since = time.GetUnit().partition(" since ")
    epoch = datetime.datetime.fromisoformat(since.replace("Z", "")[:19])
    seconds = {"seconds": 1, "days": 86400}[unit]

    def moments(values):
        return [epoch + datetime.timedelta(seconds=float(value) * seconds) for value in np.ravel(values)]

    steps = oracle.steps(week.products, "2DAY")
    assert moments(bounds.ReadAsArray()) == [time for first, after, _ in steps for time in (first, after)]
    assert all(first <= time <= after for time, (first, after, _) in zip(moments(time.ReadAsArray()), steps))


# --- failures in the middle

@pytest.fixture(scope="module")
def spoilt(tmp_path_factory):
    """A week with one product cut off, one with a damaged column, and one that is gone; `readable`: what has the column
    Soil_Moisture."""
    week = Week(tmp_path_factory.mktemp("spoilt"), "--days=3", "--damage")
    bad = {product.path: product.state for product in week.made if product.state not in ("good", "superseded")}
    assert sorted(bad.values()) == ["corrupt", "missing", "truncated"]
    week.bad = {state: path for path, state in bad.items()}
    week.readable = [product for product in week.products if product.path not in bad]
    week.whole = [product for product in week.products if bad.get(product.path, "corrupt") == "corrupt"]
    return week


def failed(raster):
    """Name -> reason of the products that the metadata lists."""
    items = raster.GetMetadata("FAILED_PRODUCTS") or {}
    names = {key: pathlib.Path(name).name.partition(".")[0] for key, name in items.items() if key.endswith("_NAME")}
    assert len(items) == 2 * len(names)
    return {name: items[key.replace("_NAME", "_ERROR")] for key, name in names.items()}


@pytest.mark.parametrize("source,lost", [("folder", ["corrupt", "truncated"]),
                                         ("references", ["corrupt", "missing", "truncated"])])
def test_composites_of_what_can_be_read(spoilt, source, lost):
    os.utime(spoilt.bad["corrupt"])  # nobody has opened this collection before

    def work():
        raster = open_collection(getattr(spoilt, source), COMPOSITE="ALL", COMPOSITE_METHOD="MEAN")
        assert_band(raster.GetRasterBand(1), oracle.table(spoilt.readable, "Soil_Moisture", "MEAN")[GRID.cells], False)
        raster.ReadAsArray(0, 0, 50, 50)
        return raster

    raster, said = listen(work)
    found = failed(raster)
    assert sorted(found) == sorted(spoilt.bad[state].stem for state in lost)
    assert "Soil_Moisture" in found[spoilt.bad["corrupt"].stem]
    raster = None
    warnings = [text for kind, text in said if kind == gdal.CE_Warning]
    assert [kind for kind, _ in said] == [gdal.CE_Warning] and f"{len(lost)} of " in warnings[0], said


def test_other_columns_of_a_damaged_product_count(spoilt):
    raster = open_collection(spoilt.folder, "Surface_Temperature", COMPOSITE="ALL", COMPOSITE_METHOD="MAX")
    table = oracle.table(spoilt.whole, "Surface_Temperature", "MAX")
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        assert_band(raster.GetRasterBand(1), table[GRID.cells])
    finally:
        gdal.PopErrorHandler()
    assert list(failed(raster)) == [spoilt.bad["truncated"].stem]


def test_the_band_of_a_lost_product_is_nodata(spoilt):
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        raster = open_collection(spoilt.references)
        assert raster.RasterCount == len(spoilt.products)
        image = raster.ReadAsArray()
    finally:
        gdal.PopErrorHandler()
    for number, product in enumerate(spoilt.products):
        if product in spoilt.readable:
            expected = oracle.table([product], "Soil_Moisture", "LAST")[GRID.cells]
            np.testing.assert_array_equal(image[number], expected)
        else:
            assert (image[number] == NODATA).all()


@pytest.mark.parametrize("step", ["NONE", "ALL"])
def test_a_lost_product_can_be_an_error(spoilt, step):
    def work():
        with pytest.raises(RuntimeError):
            open_collection(spoilt.references, COMPOSITE=step, MISSING_OBJECT="ERROR").ReadAsArray()

    _, said = listen(work)
    errors = [text for kind, text in said if kind == gdal.CE_Failure]
    assert errors and any(path.stem in errors[0] for path in spoilt.bad.values())


# --- series

def test_series_of_a_pixel(week):
    rasterio = pytest.importorskip("rasterio")
    # Of the small week's thinned cells one that was seen often.
    often = oracle.table(week.products, "Soil_Moisture", "COUNT")[GRID.cells[:-2, :-3]]
    row, column = np.unravel_index(np.argmax(often), often.shape)
    cells = GRID.cells[row:row + 2, column:column + 3]
    expected = np.array([oracle.table([product], "Soil_Moisture", "LAST")[cells] for product in week.products])
    assert 3 < (expected != NODATA).any(axis=(1, 2)).sum() < len(expected)
    name = f'VCUBE:"{week.folder}":/Soil_Moisture'
    options = dict(option.split("=") for option in GRID.options)
    with rasterio.open(name, **options) as raster:
        window = rasterio.windows.Window(int(column), int(row), 3, 2)
        np.testing.assert_array_equal(raster.read(window=window), expected)
        chosen = [1, 5, 4]
        np.testing.assert_array_equal(raster.read(chosen, window=window), expected[np.array(chosen) - 1])
    flags = [part for option in GRID.options for part in ("-oo", option)]
    said = run("gdallocationinfo", "-valonly", *flags, name, column, row)
    np.testing.assert_array_equal(np.array(said.split(), "f4"), expected[:, 0, 0])


def test_series_of_a_composite(week):
    for method in ("MEAN", "MEDIAN", "COUNT"):
        raster = open_collection(week.folder, COMPOSITE="DAY", COMPOSITE_METHOD=method)
        expected = np.array([oracle.table(members, "Soil_Moisture", method)[GRID.cells[150:152, 260:262]]
                             for _, _, members in oracle.steps(week.products, "DAY")])
        np.testing.assert_allclose(raster.ReadAsArray(260, 150, 2, 2), expected, rtol=2e-16)


# --- what is read

FRESH = """
import sys
import numpy as np
sys.path.insert(0, {here!r})
import conftest, small_week
raster = small_week.open_collection({source!r}, {name!r}, *{options!r})
np.save({out!r}, raster.ReadAsArray(*{window!r}))
"""


def read_fresh(out, source, name, options, window=()):
    """Pixels as a process of its own reads them, which has seen nothing yet."""
    code = FRESH.format(here=str(pathlib.Path(__file__).parent), source=str(source), name=name, options=options,
                        out=str(out), window=window)
    run(sys.executable, "-c", code)
    return np.load(out)


def test_only_products_of_the_window_are_read(week, tmp_path):
    """Known footprints tell which: the others' files may be gone, whatever is asked of the ones that touch."""
    archive, references = tmp_path / "archive", tmp_path / "references"
    shutil.copytree(week.folder, archive, copy_function=os.link)
    shutil.copytree(week.references, references, copy_function=shutil.copy2)
    options = ["MISSING_OBJECT=ERROR", f"INDEX_DIR={tmp_path / 'index'}"]
    window = (190, 100, 12, 9)
    whole = read_fresh(tmp_path / "a.npy", references, "Soil_Moisture", options)
    cells = np.unique(GRID.cells[100:109, 190:202])
    # The unit of footprints: blocks of 32 x 32 cells.
    blocks = np.unique((cells - 2) // 512 // 32 * 16 + (cells - 2) % 512 // 32)
    gone = 0
    for product in week.products:
        mine = product.load().seqnum[product.seqnum > 1] - 2
        if not np.isin(mine // 512 // 32 * 16 + mine % 512 // 32, blocks).any():
            (archive / product.path.relative_to(week.folder)).unlink()
            gone += 1
    assert 0 < gone < len(week.products)
    for step in (["COMPOSITE=NONE"], ["COMPOSITE=DAY", "COMPOSITE_METHOD=MEAN"]):
        part = read_fresh(tmp_path / "b.npy", references, "Soil_Moisture", [*options, *step], window)
        if step == ["COMPOSITE=NONE"]:
            np.testing.assert_array_equal(part, whole[:, 100:109, 190:202])
    with pytest.raises(AssertionError):
        read_fresh(tmp_path / "c.npy", references, "Soil_Moisture", options)


def test_only_the_columns_asked_for_are_read(week, tmp_path):
    """Chunks of all others are elsewhere, and nobody misses them."""
    references = tmp_path / "references"
    shutil.copytree(week.references, references)
    needed = ("Soil_Moisture", "Grid_Point_ID", "RFI_Prob")
    for product in week.made:
        path = references / product.references.relative_to(week.references)
        data = references_with(product, needed)
        path.write_text(data)
    images = [open_collection(source, FILTER="RFI_Prob<0.1", COMPOSITE="2DAY", COMPOSITE_METHOD="MAX",
                              MISSING_OBJECT="ERROR").ReadAsArray() for source in (references, week.folder)]
    assert (images[0] != NODATA).sum() > 3000
    np.testing.assert_array_equal(*images)
    with pytest.raises(RuntimeError):
        open_collection(references, "Chi_2", COMPOSITE="ALL", MISSING_OBJECT="ERROR").ReadAsArray()


def references_with(product, needed):
    """The references of a product in which only some columns' chunks can be found."""
    document = json.loads(product.references.read_text())
    for key, value in document["refs"].items():
        if isinstance(value, list):
            value[0] = str(product.path) if key.partition("/")[0] in needed else str(product.path) + ".gone"
    return json.dumps(document)


# --- threads and tools

def test_threads_with_handles_of_their_own(week):
    options = {"COMPOSITE": "DAY", "COMPOSITE_METHOD": "MEDIAN", "FILTER": "RFI_Prob<0.1"}
    expected = open_collection(week.folder, **options).ReadAsArray()
    windows = [(x, y, 120, 80) for x in range(0, 300, 100) for y in range(0, 180, 60)]

    def work(number):
        # Another filter: nothing of it is known yet, and all threads ask for the same at once.
        raster = open_collection(week.folder, **options | {"FILTER": "RFI_Prob<0.1,Chi_2>=0"})
        out = []
        for x, y, width, height in windows[number:] + windows[:number]:
            out.append((x, y, raster.ReadAsArray(x, y, width, height)))
        return out

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(8)))
    filtered = open_collection(week.folder, **options | {"FILTER": "RFI_Prob<0.1,Chi_2>=0"}).ReadAsArray()
    assert np.isfinite(filtered).sum() > 1000 and filtered.shape == expected.shape
    for parts in results:
        for x, y, part in parts:
            np.testing.assert_array_equal(part, filtered[:, y:y + 80, x:x + 120])


def test_warping_with_threads(week, tmp_path):
    name = f'VCUBE:"{week.folder}":/Soil_Moisture'
    grid = [part for option in (*GRID.options, "COMPOSITE=DAY") for part in ("-oo", option)]
    images = []
    for out, flags, threads in (("one.tif", [], "1"), ("many.tif", ["-multi", "-wo", "NUM_THREADS=4"], "ALL_CPUS")):
        run("gdalwarp", "-q", *flags, *grid, "-t_srs", "EPSG:3035", "-te", 25e5, 15e5, 55e5, 45e5, "-tr", 9e3, 9e3, name,
            tmp_path / out, GDAL_NUM_THREADS=threads)
        images.append(gdal.Open(str(tmp_path / out)).ReadAsArray())
    assert (images[0] != NODATA).sum() > 1000
    np.testing.assert_array_equal(*images)


def test_small_pictures(week, tmp_path):
    """-outsize 5%: overviews at their own pixel centres, the same with one thread and with many."""
    name = f'VCUBE:"{week.folder}":/Soil_Moisture'
    images = []
    for out, threads in (("one.tif", "1"), ("many.tif", "ALL_CPUS")):
        run("gdal_translate", "-q", "-outsize", "5%", "5%", "-oo", "COMPOSITE=DAY", name, tmp_path / out,
            GDAL_NUM_THREADS=threads)
        images.append(gdal.Open(str(tmp_path / out)).ReadAsArray())
    assert images[0].shape == (4, 403, 819) and (images[0] != NODATA).any()
    np.testing.assert_array_equal(*images)


def test_overviews_look_at_the_table(week):
    """A level's pixel holds what the table has at its own centre."""
    grid = oracle.Grid(-11.97, 35.02, 30.03, 61.02, 0.05)
    raster = open_collection(week.folder, grid=grid, COMPOSITE="ALL", COMPOSITE_METHOD="MAX")
    table = oracle.table(week.products, "Soil_Moisture", "MAX")
    band = raster.GetRasterBand(1)
    assert band.GetOverviewCount() >= 2
    for level in range(band.GetOverviewCount()):
        overview = band.GetOverview(level)
        size = 0.05 * grid.width / overview.XSize, 0.05 * grid.height / overview.YSize
        lon, lat = np.meshgrid(-11.97 + (np.arange(overview.XSize) + 0.5) * size[0],
                               61.02 - (np.arange(overview.YSize) + 0.5) * size[1])
        expected = table[oracle.dgg.seqnum_of(lon, lat)]
        assert (overview.ReadAsArray() != expected).mean() < 1e-3


QGIS = """
from qgis.core import QgsApplication, QgsPointXY, QgsRasterLayer
app = QgsApplication([], False)
app.initQgis()
layer = QgsRasterLayer({uri!r}, "moisture", "gdal")
print(layer.isValid(), layer.bandCount(), layer.crs().authid(), layer.bandName(2), sep="|")
for band in range(1, layer.bandCount() + 1):
    print(layer.dataProvider().sample(QgsPointXY({lon}, {lat}), band)[0])
"""


def test_qgis(week):
    """QGIS's own way to give options, and its view of bands and values."""
    if importlib.util.find_spec("qgis") is None:
        pytest.skip("QGIS is not installed")
    count = oracle.table(week.products, "Soil_Moisture", "COUNT")
    cell = int(np.argmax(count))
    lon, lat = (float(degrees[0]) for degrees in oracle.dgg.centre_of(np.array([cell])))
    uri = f'VCUBE:"{week.folder}":/Soil_Moisture|option:COMPOSITE=2DAY|option:COMPOSITE_METHOD=MEAN'
    said = run(sys.executable, "-c", QGIS.format(uri=uri, lon=lon, lat=lat), QT_QPA_PLATFORM="offscreen").split("\n")
    assert said[0] == "True|2|EPSG:4326|Band 2: time=2023-08-01T00:00:00Z"
    expected = [oracle.table(members, "Soil_Moisture", "MEAN")[cell]
                for _, _, members in oracle.steps(week.products, "2DAY")]
    np.testing.assert_array_equal([float(value) for value in said[1:3]], expected)


# --- errors

@pytest.mark.parametrize("name,options,words", [
    ("Soil_Moisture", {"FILTER": "Moisture<1"}, ["Moisture", "Soil_Moisture_DQX", "RFI_Prob"]),
    ("Soil_Moisture", {"FILTER": "Science_Flags&FL_SNOW==0"}, ["FL_SNOW", "FL_SNOW_DRY", "FL_TEC"]),
    ("Soil_Moisture", {"FILTER": "RFI_Prob<"}, ["a number", "character 10"]),
    ("Moisture", {}, ["Moisture", "Soil_Moisture"]),
    ("Science_Flags", {"COMPOSITE": "DAY", "COMPOSITE_METHOD": "AVERAGE"}, ["AVERAGE", "MEAN", "MEDIAN"]),
    ("Soil_Moisture", {"COMPOSITE": "WEEK"}, ["WEEK", "DAY", "MONTH"]),
    ("Soil_Moisture", {"TIME_RANGE": "yesterday"}, ["yesterday", "2023"]),
    ("Soil_Moisture", {"BBOX": "1,2,3"}, ["1,2,3"]),
    ("Soil_Moisture", {"BBOX": "100.1,-50.2,100.2,-50.1"}, ["none of", "BBOX"]),
    ("Soil_Moisture", {"ORBIT_PASS": "UP"}, ["ASCENDING", "DESCENDING"]),
    ("Chi_2", {"COMPOSITE": "DAY", "COMPOSITE_METHOD": "BEST", "BEST_BY": "Nothing"}, ["Nothing"]),
])
def test_errors_name_what_there_is(week, name, options, words):
    def work():
        with pytest.raises(RuntimeError):
            open_collection(week.folder, name, **options)

    _, said = listen(work)
    errors = [text for kind, text in said if kind == gdal.CE_Failure]
    assert len(errors) == 1
    assert all(word in errors[0] for word in words), errors[0]
