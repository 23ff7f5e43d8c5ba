"""Cubes on a web server: the same values as from disk with few requests, told apart when they change, cached on disk."""
import json
import os
import pathlib
import subprocess
import sys
import threading
import zipfile

import numpy as np
import pytest
import web_archive as archive
import zarr
from osgeo import gdal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from test_server import TestServer  # noqa: E402
from test_stores import parquet_references, zip_folder  # noqa: E402


@pytest.fixture
def server(tmp_path):
    """Serves the test's folder `web`, which holds the archive."""
    (tmp_path / "web").mkdir()
    archive.write(tmp_path / "web")
    with TestServer(tmp_path / "web") as running:
        running.folder = tmp_path / "web"
        yield running


# The same values


def test_relative_names(server):
    assert np.array_equal(archive.opened(server.url("refs.json")).ReadAsArray(), archive.values())


def test_absolute_names_in_local_references(server, tmp_path):
    references = archive.write(server.folder, name="absolute.json", url=server.url())
    references = references.rename(tmp_path / "absolute.json")
    assert np.array_equal(archive.opened(references).ReadAsArray(), archive.values())
    assert {request["path"] for request in server.log()} == {f"/day_{step}.bin" for step in range(archive.STEPS)}


def test_whole_objects(server):
    """References without offset and length."""
    document = json.loads((server.folder / "refs.json").read_text())
    for key, place in document["refs"].items():
        if isinstance(place, list):
            with open(server.folder / place[0], "rb") as file:
                file.seek(place[1])
                (server.folder / key.replace("/", "_")).write_bytes(file.read(place[2]))
            document["refs"][key] = [key.replace("/", "_")]
    (server.folder / "whole.json").write_text(json.dumps(document))
    assert np.array_equal(archive.opened(server.url("whole.json")).ReadAsArray(), archive.values())


@pytest.mark.parametrize("form", ["refs.parq", "refs.parq.zip", "a.zarr", "plain.zarr", "a.zip"])
def test_forms(server, form):
    if form.startswith("refs.parq"):
        folder = parquet_references(server.folder / "refs.json", server.folder / "refs.parq")
        zip_folder(folder, server.folder / "refs.parq.zip")
    else:
        folder = server.folder / form.replace(".zip", ".zarr")
        store = zarr.DirectoryStore(str(folder))
        zarr.open_group(store, mode="w").create_dataset("v", data=archive.values(), chunks=(1, 40, 40), fill_value=-9)
        (folder / "v" / "2.1.3").unlink()
        if form == "a.zarr":
            zarr.consolidate_metadata(store)
        zip_folder(folder, server.folder / "a.zip", method=zipfile.ZIP_STORED)
    local = archive.opened(server.folder / form).ReadAsArray()
    assert np.array_equal(archive.opened(server.url(form)).ReadAsArray(), local)
    expected = archive.values()
    if "zarr" in form or form == "a.zip":
        expected[2, 40:80, 120:160] = -9
    assert np.array_equal(local, expected)


def test_many_bands_of_a_window(server):
    bands, window = [8, 3, 1], (35, 30, 20, 60)
    got = archive.opened(server.url("refs.json")).ReadAsArray(*window, band_list=bands)
    assert np.array_equal(got, archive.values()[[7, 2, 0], 30:90, 35:55])


def test_warped_by_threads(server, tmp_path):
    options = gdal.WarpOptions(format="MEM", width=64, height=48, multithread=True, resampleAlg="near",
                               transformerOptions=["SRC_METHOD=NO_GEOTRANSFORM", "DST_METHOD=NO_GEOTRANSFORM"])
    names = server.url("refs.json"), server.folder / "refs.json"
    remote, local = (gdal.Warp("", archive.opened(name), options=options).ReadAsArray() for name in names)
    assert np.array_equal(remote, local) and len(np.unique(local)) > 1000


def test_several_handles_in_threads(server):
    expected, found = archive.values(), {}

    def read(number):
        dataset = archive.opened(server.url("refs.json"))
        found[number] = all(np.array_equal(dataset.GetRasterBand(1 + (step + number) % 8).ReadAsArray(),
                                           expected[(step + number) % 8]) for step in range(8))

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == dict.fromkeys(range(8), True)


# Few requests


def test_opening_reads_metadata_only(server):
    archive.opened(server.url("refs.json"))
    assert archive.data_requests(server) == []
    assert len([request for request in server.log() if request["path"] == "/refs.json"]) <= 3, server.log()


def test_a_window_reads_its_chunks_only(server):
    dataset = archive.opened(server.url("refs.json"))
    refs = json.loads((server.folder / "refs.json").read_text())["refs"]
    dataset.GetRasterBand(4).ReadAsArray(45, 50, 10, 10)
    _, offset, size = refs["v/3.1.1"]
    [request] = archive.data_requests(server)
    assert request["path"] == "/day_3.bin" and request["body_bytes"] == size
    assert request["headers"]["range"] == f"bytes={offset}-{offset + size - 1}"
    dataset.GetRasterBand(4).ReadAsArray(41, 50, 10, 10)  # decoded already
    assert len(archive.data_requests(server)) == 1


def test_near_chunks_come_together(server):
    dataset = archive.opened(server.url("refs.json"))
    dataset.GetRasterBand(1).ReadAsArray()
    assert len(archive.data_requests(server)) == 1
    dataset.ReadAsArray()
    assert len(archive.data_requests(server)) == archive.STEPS


def test_gap_zero_reads_nothing_twice_and_nothing_else(server):
    dataset = archive.opened(server.url("refs.json"), "COALESCE_GAP=0")
    assert np.array_equal(dataset.ReadAsArray(), archive.values())
    requests = archive.data_requests(server)
    refs = json.loads((server.folder / "refs.json").read_text())["refs"]
    assert len(requests) == archive.CHUNKS
    assert sum(r["body_bytes"] for r in requests) == sum(place[2] for key, place in refs.items() if isinstance(place, list))


@pytest.mark.parametrize("options, least, most", [(["MAX_CONCURRENCY=3"], 3, 3), (["MAX_CONCURRENCY=40"], 40, 40), ([], 16, 128)])
def test_concurrency(server, options, least, most):
    dataset = archive.opened(server.url("refs.json"), "COALESCE_GAP=0", *options)
    server.latency(30)
    server.reset()
    assert np.array_equal(dataset.ReadAsArray(), archive.values())
    assert least <= server.counts()["most_at_once"] <= most


def test_concurrency_is_of_the_process(server):
    """Handles of one process share what a server is asked at a time."""
    options = ["COALESCE_GAP=0", "MAX_CONCURRENCY=10"]
    datasets = [archive.opened(server.url("refs.json"), *options) for _ in range(4)]
    server.latency(20)
    server.reset()
    threads = [threading.Thread(target=lambda n=n: datasets[n].ReadAsArray(band_list=[2 * n + 1, 2 * n + 2])) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.counts()["most_at_once"] == 10


def test_configuration_options(server):
    with archive.configured(VCUBE_COALESCE_GAP="0", VCUBE_MAX_CONCURRENCY="2"):
        dataset = archive.opened(server.url("refs.json"))
        server.latency(10)
        server.reset()
        dataset.GetRasterBand(1).ReadAsArray()
    assert server.counts()["most_at_once"] == 2 and server.counts()["requests"] == 12


# Objects that are not there, elsewhere, or not what they were


def test_missing_object(server):
    (server.folder / "day_2.bin").unlink()
    dataset = archive.opened(server.url("refs.json"))
    with pytest.raises(RuntimeError, match=r"day_2\.bin"):
        dataset.ReadAsArray()
    warnings = []
    gdal.PushErrorHandler(lambda level, number, text: warnings.append(text))
    filled = archive.opened(server.url("refs.json"), "MISSING_OBJECT=FILL").ReadAsArray()
    gdal.PopErrorHandler()
    expected = archive.values()
    expected[2] = -9
    assert np.array_equal(filled, expected) and len(warnings) == 1 and "12 chunk" in warnings[0], warnings


def test_rewritten_to_another_server(server, tmp_path):
    (tmp_path / "mirror").mkdir()
    archive.write(tmp_path / "mirror")
    with TestServer(tmp_path / "mirror") as mirror:
        got = archive.opened(server.url("refs.json"), f"URL_REWRITE={server.url('day_')}={mirror.url('day_')}")
        assert np.array_equal(got.ReadAsArray(), archive.values())
        assert archive.data_requests(server) == [] and len(archive.data_requests(mirror)) == archive.STEPS


def test_rewritten_to_a_local_folder(server, tmp_path):
    (tmp_path / "mirror").mkdir()
    archive.write(tmp_path / "mirror")
    got = archive.opened(server.url("refs.json"), f"URL_REWRITE=none://=https://none/,{server.url()}={tmp_path}/mirror/")
    assert np.array_equal(got.ReadAsArray(), archive.values())
    assert archive.data_requests(server) == []


def test_changed_object(server):
    """An object that is rewritten between two reads is an error, and new when it is opened again."""
    archive.write(server.folder, packed=False)
    dataset = archive.opened(server.url("refs.json"))
    assert np.array_equal(dataset.GetRasterBand(4).ReadAsArray(0, 0, 40, 40), archive.values()[3, :40, :40])
    archive.write(server.folder, archive.values(3), packed=False)
    archive.touch(server.folder / "day_3.bin")
    with pytest.raises(RuntimeError, match=r"day_3\.bin.* has changed since it was first read"):
        dataset.GetRasterBand(4).ReadAsArray(80, 80, 40, 40)
    again = archive.opened(server.url("refs.json"))
    assert np.array_equal(again.ReadAsArray(), archive.values(3))


def test_changed_while_read(server):
    """Versions of one object are not mixed in one read."""
    dataset = archive.opened(server.url("refs.json"), "COALESCE_GAP=0", "MAX_CONCURRENCY=2")
    server.rules({"path_contains": "day_5", "fault": "other_version", "share": 0.5})
    with pytest.raises(RuntimeError, match=r"day_5\.bin.* has changed since it was first read: .* was .*, is "):
        dataset.ReadAsArray()


def test_without_etags(tmp_path):
    """Last-Modified tells versions apart where there is no ETag."""
    archive.write(tmp_path)
    with TestServer(tmp_path, "--no-etag") as server:
        dataset = archive.opened(server.url("refs.json"))
        dataset.GetRasterBand(1).ReadAsArray(0, 0, 10, 10)
        archive.touch(tmp_path / "day_0.bin")
        with pytest.raises(RuntimeError, match="has changed since it was first read: Last-Modified was"):
            dataset.GetRasterBand(1).ReadAsArray(80, 80, 10, 10)


def test_server_without_ranges(tmp_path):
    archive.write(tmp_path)
    with TestServer(tmp_path, "--no-ranges") as server:
        assert np.array_equal(archive.opened(server.url("refs.json")).ReadAsArray(), archive.values())


def test_server_without_keep_alive(tmp_path):
    archive.write(tmp_path)
    with TestServer(tmp_path, "--no-keep-alive") as server:
        dataset = archive.opened(server.url("refs.json"), "COALESCE_GAP=0")
        assert np.array_equal(dataset.ReadAsArray(), archive.values())


# The disk cache

READ = """
import sys, numpy, web_archive as archive
from osgeo import gdal
gdal.UseExceptions()
numpy.save(sys.argv[2], archive.opened(sys.argv[1]).ReadAsArray())
"""


def read_in_a_process(place, target, **configuration):
    """What a new process reads, and how many data requests it makes of `place`'s server."""
    environment = os.environ | {"PYTHONPATH": str(pathlib.Path(__file__).parent)} | configuration
    subprocess.run([sys.executable, "-B", "-c", READ, place, target], check=True, env=environment)
    return np.load(target)


@pytest.fixture
def cached(server, tmp_path):
    """A function that reads the archive in a new process with a disk cache, and tells data requests."""

    def read(**configuration):
        server.reset()
        got = read_in_a_process(server.url("refs.json"), tmp_path / "out.npy", VCUBE_DISK_CACHE_DIR=str(tmp_path / "cache"),
                                **configuration)
        return got, archive.data_requests(server)

    return read


def test_second_process_asks_for_versions_only(cached):
    got, requests = cached()
    assert np.array_equal(got, archive.values()) and len(requests) == archive.STEPS
    got, requests = cached()
    assert np.array_equal(got, archive.values())
    assert len(requests) == archive.STEPS and sum(r["body_bytes"] for r in requests) <= archive.STEPS, requests


def test_rewritten_object_is_not_taken_from_the_cache(server, cached):
    cached()
    archive.write(server.folder, archive.values(5))
    got, requests = cached()
    assert np.array_equal(got, archive.values(5)) and sum(r["body_bytes"] for r in requests) > 100000


def test_versions_are_believed_for_a_time(cached):
    cached()
    got, requests = cached(VCUBE_DISK_CACHE_MAX_AGE="3600")
    assert np.array_equal(got, archive.values()) and requests == []


def test_damaged_cache(cached, tmp_path):
    """An entry that does not fit its checksum counts as absent."""
    cached()
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.stat().st_size > 1000]
    assert files
    for path in files:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    got, requests = cached()
    assert np.array_equal(got, archive.values()) and sum(r["body_bytes"] for r in requests) > 100000


def test_bounded_cache(cached, tmp_path):
    got, _ = cached(VCUBE_DISK_CACHE_SIZE="100KB")
    kept = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert np.array_equal(got, archive.values()) and 0 < kept < 200_000


def test_no_cache_without_a_folder(server, tmp_path):
    got = read_in_a_process(server.url("refs.json"), tmp_path / "out.npy", XDG_CACHE_HOME=str(tmp_path / "home"))
    assert np.array_equal(got, archive.values()) and not (tmp_path / "home").exists()
