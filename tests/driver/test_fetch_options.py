"""Options of remote reading, what datasets tell of it, progress and cancelling, advice, opening with few requests."""
import contextlib
import pathlib
import sys
import time

import numpy as np
import pytest
from osgeo import gdal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import test_server  # noqa: E402
import web_archive  # noqa: E402


@pytest.fixture
def archive(tmp_path):
    """Yields the server of a small archive, its folder and its values."""
    web_archive.write(tmp_path)
    with test_server.TestServer(tmp_path) as server:
        yield server, tmp_path


@contextlib.contextmanager
def configured(name, value):
    gdal.SetConfigOption(name, value)
    try:
        yield
    finally:
        gdal.SetConfigOption(name, None)


def statistics(dataset):
    return {name: float(text) for name, text in dataset.GetMetadata("FETCH_STATISTICS").items()}


class Progress:
    """Notes what it is called with; says no from a share on."""

    def __init__(self, stop_at=2.0):
        self.stop_at, self.seen = stop_at, []

    def __call__(self, done, _text, _data):
        self.seen.append(done)
        return 0 if done >= self.stop_at else 1


@pytest.mark.parametrize("option, word", [
    ("MAX_CONCURRENCY=0", "from 1 to 4096"), ("MAX_CONCURRENCY=many", "from 1 to 4096"),
    ("MAX_CONCURRENCY=5000", "from 1 to 4096"), ("COALESCE_GAP=-1", "number of bytes"),
    ("COALESCE_GAP=1XB", "number of bytes"), ("RETRIES=-1", "from 0 to 100"), ("RETRIES=1.5", "from 0 to 100"),
    ("TIMEOUT=0", "more than 0"), ("TIMEOUT=-3", "more than 0"), ("TIMEOUT=soon", "more than 0"),
    ("TIMEOUT=100000", "at most 86400"), ("URL_REWRITE=s3://a", "FROM=TO"), ("URL_REWRITE=a=b,=c", "number 2")])
def test_unusable_values(make_cube, option, word):
    path = make_cube(lambda group: group.create_dataset("v", data=np.zeros((4, 4), "i2")))
    name = option.split("=")[0]
    with pytest.raises(RuntimeError, match=word) as told:
        gdal.OpenEx(f'VCUBE:"{path}":/v', open_options=[option])
    assert name in str(told.value)
    with configured("VCUBE_" + name, option.split("=", 1)[1]), pytest.raises(RuntimeError, match=word):
        gdal.OpenEx(f'VCUBE:"{path}":/v')


def test_a_rewrite_is_not_repeated_in_messages(make_cube):
    path = make_cube(lambda group: group.create_dataset("v", data=np.zeros((4, 4), "i2")))
    with pytest.raises(RuntimeError) as told:
        gdal.OpenEx(f'VCUBE:"{path}":/v', open_options=["URL_REWRITE=https://host/?sig:SECRET"])
    assert "SECRET" not in str(told.value)


@pytest.mark.parametrize("option", ["MAX_CONCURRENCY=1", "COALESCE_GAP=0", "COALESCE_GAP=1MB", "RETRIES=0", "TIMEOUT=2.5"])
def test_usable_values(archive, option):
    server, _ = archive
    assert (web_archive.opened(server.url("refs.json"), option).ReadAsArray() == web_archive.values()).all()


def test_one_request_at_a_time(archive):
    server, _ = archive
    dataset = web_archive.opened(server.url("refs.json"), "MAX_CONCURRENCY=1")
    server.latency(5)
    dataset.ReadAsArray()
    assert server.counts()["most_at_once"] == 1


def test_a_gap_decides_what_is_asked_together(archive):
    """Chunks of a file lie web_archive.GAP bytes apart."""
    server, _ = archive
    counts = {}
    for gap in (web_archive.GAP - 1, web_archive.GAP):
        dataset = web_archive.opened(server.url("refs.json"), f"COALESCE_GAP={gap}")
        server.reset()
        assert (dataset.ReadAsArray() == web_archive.values()).all()
        counts[gap] = len(web_archive.data_requests(server))
    assert counts[web_archive.GAP - 1] == web_archive.CHUNKS
    assert counts[web_archive.GAP] < web_archive.CHUNKS


@pytest.mark.parametrize("how", ["RETRIES", "VCUBE_RETRIES", "GDAL_HTTP_MAX_RETRY"])
def test_retries(archive, how):
    server, _ = archive
    options = ["RETRIES=2"] if how == "RETRIES" else []
    with configured(how, None if options else "2"):
        dataset = web_archive.opened(server.url("refs.json"), *options)
    server.rules({"path_contains": "day_3", "fault": "status", "status": 503})
    server.reset()
    with pytest.raises(RuntimeError, match="day_3.bin"):
        dataset.GetRasterBand(4).ReadAsArray(0, 0, 10, 10)
    assert len(web_archive.data_requests(server)) == 3
    assert statistics(dataset)["RETRIES"] == 2
    assert statistics(dataset)["FAILURES"] == 1


def test_rewritten_locations(archive, tmp_path_factory):
    """References that name another place are read from where the option says: a server, or a folder here."""
    server, folder = archive
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    web_archive.write(elsewhere, name="away.json", url="https://archive.example/data/")
    for target in (server.url(), f"{folder}/"):
        dataset = web_archive.opened(elsewhere / "away.json", f"URL_REWRITE=https://archive.example/data/={target}")
        assert (dataset.ReadAsArray() == web_archive.values()).all(), target


def test_the_references_themselves_are_rewritten(archive):
    server, folder = archive
    server.reset()
    dataset = web_archive.opened("https://archive.example/x/refs.json", f"URL_REWRITE=https://archive.example/x/={folder}/")
    assert (dataset.ReadAsArray() == web_archive.values()).all()
    assert server.log() == []


def test_opening_takes_one_request(archive):
    server, folder = archive
    server.reset()
    web_archive.opened(server.url("refs.json"))
    assert [request["path"] for request in server.log()] == ["/refs.json"]
    server.reset()
    web_archive.opened(server.url("refs.json"))
    assert [request["path"] for request in server.log()] == ["/refs.json"]


@pytest.mark.parametrize("blanks, requests", [(200_000, 1), (2_000_000, 2)])
def test_a_long_document_takes_two(archive, blanks, requests):
    server, folder = archive
    path = folder / "refs.json"
    path.write_text(path.read_text()[:-1] + " " * blanks + "}")
    server.reset()
    dataset = web_archive.opened(server.url("refs.json"))
    assert [request["path"] for request in server.log()] == ["/refs.json"] * requests
    assert (dataset.ReadAsArray() == web_archive.values()).all()


def test_rewritten_references_are_seen(archive):
    """The same name, another content and another size: the next open reads them anew."""
    server, folder = archive
    before = web_archive.opened(server.url("refs.json"))
    assert before.GetRasterBand(1).ReadAsArray()[0, 0] == web_archive.values()[0, 0, 0]
    other = web_archive.values(seed=2)
    web_archive.write(folder, other)
    web_archive.touch(folder / "refs.json")
    for step in range(web_archive.STEPS):
        web_archive.touch(folder / f"day_{step}.bin")
    assert (web_archive.opened(server.url("refs.json")).ReadAsArray() == other).all()


def test_a_changed_object_is_an_error_until_opened_again(archive):
    server, folder = archive
    dataset = web_archive.opened(server.url("refs.json"))
    dataset.GetRasterBand(1).ReadAsArray(0, 0, 10, 10)
    web_archive.touch(folder / "day_0.bin")
    with pytest.raises(RuntimeError, match="changed"):
        dataset.GetRasterBand(1).ReadAsArray(100, 100, 10, 10)
    again = web_archive.opened(server.url("refs.json"))
    assert (again.GetRasterBand(1).ReadAsArray() == web_archive.values()[0]).all()


def test_statistics_tell_what_the_server_saw(archive):
    server, _ = archive
    server.reset()
    dataset = web_archive.opened(server.url("refs.json"))
    dataset.ReadAsArray()
    counts = server.counts()
    told = statistics(dataset)
    assert "FETCH_STATISTICS" in dataset.GetMetadataDomainList()
    assert told["REQUESTS"] == counts["requests"]
    assert told["BYTES"] == counts["body_bytes"]
    assert told["RANGES"] == web_archive.CHUNKS + 1  # and the references
    assert (told["CHUNK_MISSES"], told["CHUNK_HITS"]) == (web_archive.CHUNKS, 0)
    assert told["SECONDS_WAITED"] > 0
    dataset.ReadAsArray()
    assert statistics(dataset)["CHUNK_HITS"] == web_archive.CHUNKS
    assert statistics(dataset)["REQUESTS"] == told["REQUESTS"]
    assert dataset.GetMetadataItem("RETRIES", "FETCH_STATISTICS") == "0"


def test_handles_share_decoded_chunks(archive):
    server, _ = archive
    first = web_archive.opened(server.url("refs.json"))
    second = web_archive.opened(server.url("refs.json"))
    first.ReadAsArray()
    server.reset()
    assert (second.ReadAsArray() == first.ReadAsArray()).all()
    assert server.counts()["requests"] == 0
    assert statistics(second)["CHUNK_HITS"] == web_archive.CHUNKS
    first = second = None
    web_archive.opened(server.url("refs.json")).ReadAsArray()
    assert server.counts()["requests"] > 1  # with the last handle its chunks are gone


def test_nothing_counted_nothing_told(make_cube):
    path = make_cube(lambda group: group.create_dataset("v", data=np.zeros((4, 4), "i2")))
    dataset = gdal.OpenEx(f'VCUBE:"{path}":/v')
    assert "FETCH_STATISTICS" not in dataset.GetMetadataDomainList()
    assert not dataset.GetMetadata("FETCH_STATISTICS")


def test_the_multidimensional_view_counts_too(archive):
    server, _ = archive
    dataset = gdal.OpenEx(f'VCUBE:"{server.url("refs.json")}"', gdal.OF_MULTIDIM_RASTER)
    array = dataset.GetRootGroup().OpenMDArray("v")
    assert (array.ReadAsArray() == web_archive.values()).all()
    assert statistics(dataset)["CHUNK_MISSES"] == web_archive.CHUNKS


def test_one_line_when_a_dataset_closes(archive):
    server, _ = archive
    lines = []
    dataset = web_archive.opened(server.url("refs.json?token=SECRET"))
    dataset.ReadAsArray()
    gdal.PushErrorHandler(lambda kind, _number, text: lines.append(text))
    try:
        with configured("CPL_DEBUG", "VCUBE"):
            dataset = None
    finally:
        gdal.PopErrorHandler()
    told = [line for line in lines if "REQUESTS=" in line]
    assert len(told) == 1 and "/refs.json" in told[0] and "SECRET" not in told[0]


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize("bands", [[1], [1, 2, 3, 4, 5, 6, 7, 8], [8, 1, 3]])
def test_progress_rises_to_the_end(archive, remote, bands):
    server, folder = archive
    if remote:
        server.latency(60)
    dataset = web_archive.opened(server.url("refs.json") if remote else folder / "refs.json", "MAX_CONCURRENCY=1")
    progress = Progress()
    read = dataset.ReadRaster(0, 0, 160, 120, band_list=bands, callback=progress)
    assert np.array_equal(np.frombuffer(read, "i2").reshape(len(bands), 120, 160), web_archive.values()[np.array(bands) - 1])
    assert progress.seen == sorted(progress.seen) and progress.seen[-1] == 1.0
    assert progress.seen.count(1.0) == 1
    if remote and len(bands) == 8:
        assert len(progress.seen) > 2


@pytest.mark.parametrize("how", ["dataset", "band", "decimated"])
def test_saying_no_ends_a_read(archive, how):
    """Requests that were not sent yet never are; the error is an interrupt and nothing else."""
    server, _ = archive
    dataset = web_archive.opened(server.url("refs.json"), "MAX_CONCURRENCY=1", "COALESCE_GAP=0")
    server.latency(40)
    server.reset()
    source = dataset.GetRasterBand(1) if how == "band" else dataset
    size = {"buf_xsize": 75, "buf_ysize": 55} if how == "decimated" else {}
    gdal.ErrorReset()
    with pytest.raises(RuntimeError, match="cancelled"):
        source.ReadRaster(0, 0, 160, 120, callback=Progress(stop_at=0.0), **size)
    assert gdal.GetLastErrorNo() == gdal.CPLE_UserInterrupt
    assert len(web_archive.data_requests(server)) < (12 if how == "band" else web_archive.CHUNKS)
    assert (dataset.ReadAsArray() == web_archive.values()).all()


def test_python_stops_a_read_that_stands_still_in_the_middle(archive):
    """GDAL's binding calls Python only where the percentage changes."""
    server, _ = archive
    dataset = web_archive.opened(server.url("refs.json"), "MAX_CONCURRENCY=1", "TIMEOUT=300")
    server.rules({"path_contains": "day_5", "fault": "silence"})
    calls, begun = [], time.monotonic()

    def callback(done, _text, _data):
        calls.append(done)
        return 0 if done > 0 and time.monotonic() - begun > 1 else 1

    with pytest.raises(RuntimeError):
        dataset.ReadRaster(0, 0, 160, 120, callback=callback)
    assert 0.2 < calls[-1] < 0.8
    assert time.monotonic() - begun < 30  # the server says nothing for minutes


def test_saying_no_at_the_end_of_a_local_read(archive):
    _, folder = archive
    dataset = web_archive.opened(folder / "refs.json")
    with pytest.raises(RuntimeError, match="cancelled"):
        dataset.ReadRaster(0, 0, 160, 120, callback=Progress(stop_at=1.0))


@pytest.mark.parametrize("of", ["dataset", "band", "resampled"])
def test_progress_of_computed_rasters_and_resampling(archive, of):
    _, folder = archive
    dataset = web_archive.opened(folder / "refs.json") if of == "resampled" else gdal.Open("VCUBE:DGG")
    source = dataset.GetRasterBand(1) if of == "band" else dataset
    how = {"buf_xsize": 50, "buf_ysize": 40, "resample_alg": gdal.GRIORA_Bilinear} if of == "resampled" else {}
    progress = Progress()
    source.ReadRaster(0, 0, 100, 100, callback=progress, **how)
    assert progress.seen == sorted(progress.seen) and progress.seen[-1] == 1.0
    if of != "resampled":  # there it is GDAL's code that is told no, and it says nothing
        with pytest.raises(RuntimeError, match="cancelled"):
            source.ReadRaster(0, 0, 100, 100, callback=Progress(stop_at=0.0), **how)


def test_a_failure_does_not_wait_for_the_rest(archive):
    server, _ = archive
    dataset = web_archive.opened(server.url("refs.json"), "MAX_CONCURRENCY=1", "COALESCE_GAP=0", "RETRIES=0")
    server.rules({"path_contains": "day_0", "fault": "status", "status": 500})
    server.latency(30)
    server.reset()
    with pytest.raises(RuntimeError, match="day_0.bin"):
        dataset.ReadAsArray()
    assert len(web_archive.data_requests(server)) < web_archive.CHUNKS / 2


def test_bands_in_any_order_are_one_batch(archive):
    """All requests of a read of scattered bands are under way at once."""
    server, _ = archive
    dataset = web_archive.opened(server.url("refs.json"))
    server.latency(100)
    server.reset()
    bands = [7, 2, 5, 1]
    read = dataset.ReadRaster(0, 0, 160, 120, band_list=bands)
    assert np.array_equal(np.frombuffer(read, "i2").reshape(4, 120, 160), web_archive.values()[np.array(bands) - 1])
    assert server.counts()["most_at_once"] == 4 == len(web_archive.data_requests(server))


def test_variables_of_a_stack_are_read_side_by_side(archive, tmp_path):
    server, folder = archive
    text = (folder / "refs.json").read_text()
    refs = text.replace('"v/', '"w/').partition('"refs": {')[2]
    (folder / "two.json").write_text(text.rstrip()[:-2] + ", " + refs)
    server.latency(100)
    stack = gdal.OpenEx(f'VCUBE:"{server.url("two.json")}":/v:time=[0],/w:time=[5]')
    server.reset()
    progress = Progress()
    read = stack.ReadRaster(0, 0, 160, 120, callback=progress)
    assert np.array_equal(np.frombuffer(read, "i2").reshape(2, 120, 160), web_archive.values()[[0, 5]])
    assert server.counts()["most_at_once"] == 2
    assert progress.seen == sorted(progress.seen) and progress.seen[-1] == 1.0
    server.rules({"path_contains": "day_5", "fault": "status", "status": 404})
    stack = gdal.OpenEx(f'VCUBE:"{server.url("two.json")}":/v:time=[0],/w:time=[5]', open_options=["RETRIES=1"])
    with pytest.raises(RuntimeError, match="day_5.bin"):
        stack.ReadAsArray()


@pytest.mark.parametrize("of", ["dataset", "bands", "array"])
def test_a_read_after_advice_asks_for_nothing_more(archive, of):
    server, _ = archive
    if of == "array":
        dataset = gdal.OpenEx(f'VCUBE:"{server.url("refs.json")}"', gdal.OF_MULTIDIM_RASTER)
        source = dataset.GetRootGroup().OpenMDArray("v")
    else:
        dataset = source = web_archive.opened(server.url("refs.json"))
    server.latency(30)
    server.reset()
    if of == "array":
        source.AdviseRead()
    elif of == "dataset":
        dataset.AdviseRead(0, 0, 160, 120, None, None, None, list(range(1, 9)))
    else:
        for band in range(1, 9):
            dataset.GetRasterBand(band).AdviseRead(0, 0, 160, 120)
    assert (source.ReadAsArray() == web_archive.values()).all()
    ranges = [(request["path"], request["headers"]["range"]) for request in web_archive.data_requests(server)]
    # What the advice has not come to yet, the read asks for itself: a file may take two requests, but no byte comes twice.
    assert web_archive.STEPS <= len(ranges) <= 2 * web_archive.STEPS
    spans = sorted((path, *map(int, text.removeprefix("bytes=").split("-"))) for path, text in ranges)
    assert all(one[0] != other[0] or one[2] < other[1] for one, other in zip(spans, spans[1:]))


@pytest.mark.parametrize("tool", ["translate", "warp"])
def test_tools_that_advise(archive, tmp_path, tool):
    """gdal_translate and gdalwarp advise what they read: each byte comes once."""
    server, _ = archive
    dataset = web_archive.opened(server.url("refs.json"))
    server.reset()
    if tool == "translate":
        out = gdal.Translate("", dataset, format="MEM")
    else:
        out = gdal.Warp("", dataset, format="MEM", srcSRS="EPSG:4326", dstSRS="EPSG:4326",
                        transformerOptions=["SRC_METHOD=NO_GEOTRANSFORM"])
    assert out.RasterCount == web_archive.STEPS
    ranges = [(request["path"], request["headers"]["range"]) for request in web_archive.data_requests(server)]
    assert len(ranges) == len(set(ranges)) and len(ranges) <= web_archive.CHUNKS
    assert statistics(dataset)["CHUNK_MISSES"] == web_archive.CHUNKS


def test_closing_ends_what_was_advised(archive):
    server, _ = archive
    dataset = web_archive.opened(server.url("refs.json"), "MAX_CONCURRENCY=1", "COALESCE_GAP=0")
    server.latency(50)
    server.reset()
    dataset.AdviseRead(0, 0, 160, 120, None, None, None, list(range(1, 9)))
    dataset = None
    assert len(web_archive.data_requests(server)) < web_archive.CHUNKS / 2
