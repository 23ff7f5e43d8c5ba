"""Progress and interrupts of computed rasters: SMOS products, collections of them, and the grid itself."""
import contextlib
import ctypes
import pathlib
import sys
import threading
import time

import numpy as np
import pytest
from osgeo import gdal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import small_product  # noqa: E402
import test_server  # noqa: E402
from small_week import open_collection  # noqa: E402

# The library that the bindings have loaded.
GDAL = next(line.split()[-1] for line in pathlib.Path("/proc/self/maps").read_text().splitlines() if "libgdal" in line)
PATIENCE = 3  # seconds, where the server is silent for minutes


class Impatient:
    """A progress callback that says stop from some call or time on, and notes what it is told where."""

    def __init__(self, calls=10**9, after=3600.0):
        self.calls, self.end, self.seen, self.threads = calls, time.monotonic() + after, [], set()

    def __call__(self, done, *_):
        self.seen.append(done)
        self.threads.add(threading.get_ident())
        return 0 if len(self.seen) >= self.calls or time.monotonic() > self.end else 1


@contextlib.contextmanager
def interrupted():
    """The block ends with one error, which is an interrupt, and soon."""
    said = []
    gdal.PushErrorHandler(lambda kind, number, text: said.append((kind, number, text)))
    start = time.monotonic()
    try:
        with pytest.raises(RuntimeError, match="cancelled"):
            yield
    finally:
        gdal.PopErrorHandler()
    assert time.monotonic() - start < PATIENCE
    errors = [number for kind, number, text in said if kind >= gdal.CE_Failure and "IReadBlock" not in text]  # GDAL's
    assert errors in ([gdal.CPLE_UserInterrupt], [gdal.CPLE_UserInterrupt] * 2)
    assert said[-1][1] == gdal.CPLE_UserInterrupt


def listing(path, server, files):
    path.write_text("".join(server.url(name) + "\n" for name in files))
    return path


@pytest.fixture
def served(week):
    """The small week behind a server, and a list of its references there."""
    root = week.folder.parent
    with test_server.TestServer(root) as server:
        names = [product.references.relative_to(root).as_posix() for product in week.made]
        yield server, listing(root / "served.txt", server, names)


@pytest.fixture
def product(tmp_path):
    """One product as a file of 6 000 rows, and the server of its references."""
    sys.path.insert(0, str(test_server.PROJECT / "data"))
    import make_references

    ids = np.unique(np.concatenate([small_product.block(lon, lat) for lon in range(0, 30, 3) for lat in range(30, 60, 3)]))
    path = pathlib.Path(small_product.write(tmp_path / small_product.NAME, {
        "Grid_Point_ID": ids, "Soil_Moisture": np.linspace(0, 1, len(ids), dtype="f4")}))
    make_references.write(path, tmp_path / "product.json", inline=100)
    with test_server.TestServer(tmp_path) as server:
        yield server, path


def open_product(location, *options):
    return gdal.OpenEx(f'VCUBE:"{location}":/Soil_Moisture', open_options=[*options, "EXTENT=-2,28,34,62", "RES=0.05"])


# --- servers that say nothing

def read(how, raster, callback):
    if how == "dataset":
        return raster.ReadAsArray(callback=callback)
    if how == "band":
        return raster.GetRasterBand(1).ReadAsArray(callback=callback)
    if how == "overview":
        return raster.GetRasterBand(1).GetOverview(0).ReadAsArray(callback=callback)
    if how == "decimated":
        return raster.GetRasterBand(1).ReadAsArray(buf_xsize=50, buf_ysize=30, callback=callback)
    raise ValueError(how)


@pytest.mark.parametrize("how", ["dataset", "band", "overview", "decimated"])
def test_silence_in_the_middle_of_a_product(product, how):
    server, path = product
    expected = read(how, open_product(path), None)
    server.rules({"path_contains": ".nc", "fault": "silence"})
    raster = open_product(server.url("product.json"), "TIMEOUT=300")
    callback = Impatient(after=0.4)
    with interrupted():
        read(how, raster, callback)
    assert len(callback.seen) > 2 and callback.seen == sorted(callback.seen)
    assert callback.threads == {threading.get_ident()}
    server.rules()
    np.testing.assert_array_equal(read(how, raster, None), expected)


class ExtraArg(ctypes.Structure):
    """GDALRasterIOExtraArg (gdal.h), version 1."""

    _fields_ = [("version", ctypes.c_int), ("resampling", ctypes.c_int), ("progress", ctypes.c_void_p),
                ("data", ctypes.c_void_p), ("floating", ctypes.c_int), ("window", ctypes.c_double * 4)]


def read_from_c(source, width, height, callback):
    """What GDAL's C function for a band or dataset returns, and the last error's number. GDAL's Python asks a callback only when the percentage has
    changed (or is 0), so it cannot be interrupted in Python while nothing comes; C is asked each time."""
    library = ctypes.CDLL(GDAL)
    progress = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_double, ctypes.c_char_p, ctypes.c_void_p)(callback)
    extra = ExtraArg(1, 0, ctypes.cast(progress, ctypes.c_void_p), None, 0, (ctypes.c_double * 4)())
    buffer = ctypes.create_string_buffer(width * height * 8)
    window = [ctypes.c_int(n) for n in (0, 0, 0, width, height)]  # GF_Read first
    handle = ctypes.c_void_p(int(source.this))
    place = (ctypes.c_int(width), ctypes.c_int(height), ctypes.c_int(gdal.GDT_Float64))
    zero = ctypes.c_longlong(0)
    if isinstance(source, gdal.Band):
        result = library.GDALRasterIOEx(handle, *window, buffer, *place, zero, zero, ctypes.byref(extra))
    else:
        result = library.GDALDatasetRasterIOEx(handle, *window, buffer, *place, ctypes.c_int(1), None, zero, zero, zero,
                                               ctypes.byref(extra))
    return result, library.CPLGetLastErrorNo()


@pytest.mark.parametrize("what", [".json", ".nc"])
@pytest.mark.parametrize("how", ["dataset", "band", "overview"])
def test_silence_in_the_middle_of_a_collection(week, served, how, what):
    """While products are opened, and while their columns are read."""
    server, names = served
    raster = open_collection(names, COMPOSITE="2DAY", COMPOSITE_METHOD="MEAN", TIMEOUT="300")
    server.rules({"path_contains": what, "fault": "silence"})
    source = raster if how == "dataset" else raster.GetRasterBand(1)
    source = source.GetOverview(0) if how == "overview" else source
    size = (source.RasterXSize, source.RasterYSize) if how == "dataset" else (source.XSize, source.YSize)
    callback = Impatient(after=0.4)
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    start = time.monotonic()
    result = read_from_c(source, *size, callback)
    took = time.monotonic() - start
    gdal.PopErrorHandler()
    assert result == (gdal.CE_Failure, gdal.CPLE_UserInterrupt) and took < PATIENCE
    assert len(callback.seen) > 2 and callback.seen == sorted(callback.seen)
    assert callback.threads == {threading.get_ident()} and not raster.GetMetadata("FAILED_PRODUCTS")
    server.rules()
    expected = open_collection(week.folder, COMPOSITE="2DAY", COMPOSITE_METHOD="MEAN")
    np.testing.assert_array_equal(raster.ReadAsArray(), expected.ReadAsArray())
    assert not raster.GetMetadata("FAILED_PRODUCTS")


# --- work

@pytest.mark.parametrize("how", ["dataset", "band", "overview", "decimated"])
def test_a_composite_that_nobody_wants(week, how):
    """A callback that says no at the first call; the next read is whole."""
    options = {"COMPOSITE": "ALL", "COMPOSITE_METHOD": "MEDIAN", "BBOX": "-12,34,32,61"}  # nobody else's collection
    raster = open_collection(week.folder, **options)
    callback = Impatient(calls=1)
    with interrupted():
        read(how, raster, callback)
    assert callback.seen == [0.0]
    other = open_collection(week.folder, **options, MAX_CHUNK_BYTES="1GB")  # shares nothing with it
    np.testing.assert_array_equal(read(how, raster, None), read(how, other, None))
    assert not raster.GetMetadata("FAILED_PRODUCTS")


def test_products_that_nobody_wants_are_not_read(week, served):
    server, names = served
    raster = open_collection(names, COMPOSITE="ALL")
    server.reset()
    with interrupted():
        raster.ReadAsArray(callback=Impatient(calls=1))
    stopped = len({request["path"] for request in server.log() if request["path"].endswith(".nc")})
    np.testing.assert_array_equal(raster.ReadAsArray(), open_collection(week.folder, COMPOSITE="ALL").ReadAsArray())
    everything = len({request["path"] for request in server.log() if request["path"].endswith(".nc")})
    assert stopped < everything / 2 and everything > 10


@pytest.mark.parametrize("type_", [gdal.GDT_UInt32, gdal.GDT_Float64])
@pytest.mark.parametrize("how", ["dataset", "band", "overview"])
def test_the_grid_itself(how, type_):
    """A large window of it takes long enough to be stopped on the way, and tells how far it is."""
    dataset = gdal.OpenEx("VCUBE:DGG", open_options=["EXTENT=-20,-40,140,60", "RES=0.01"])
    source = dataset.GetRasterBand(1)
    if how == "overview":
        source = source.GetOverview(0)
    elif how == "dataset":
        source = dataset
    window = (0, 0, 4000, 4000)
    callback = Impatient()
    whole = source.ReadAsArray(*window, buf_type=type_, callback=callback)
    assert callback.seen == sorted(callback.seen) and callback.seen[0] < 1 and callback.seen[-1] == 1.0
    assert callback.threads == {threading.get_ident()}
    with interrupted():
        source.ReadAsArray(*window, buf_type=type_, callback=Impatient(calls=2))
    np.testing.assert_array_equal(source.ReadAsArray(*window, buf_type=type_), whole)


def test_progress_of_many_steps(week):
    raster = open_collection(week.folder, BBOX="-12,34,32,60", COMPOSITE="DAY")
    callback = Impatient()
    image = raster.ReadAsArray(callback=callback)
    assert callback.seen == sorted(callback.seen) and callback.seen[-1] == 1.0 and callback.seen.count(1.0) == 1
    assert callback.threads == {threading.get_ident()}
    np.testing.assert_array_equal(image, raster.ReadAsArray())


def test_a_no_at_the_end_counts(week):
    raster = open_collection(week.folder, COMPOSITE="DAY")

    def until_the_end(done, *_):
        return 0 if done == 1.0 else 1

    with interrupted():
        raster.ReadAsArray(callback=until_the_end)
