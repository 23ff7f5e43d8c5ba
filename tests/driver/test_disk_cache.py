"""VCUBE_DISK_CACHE_DIR, _SIZE and _MAX_AGE: read when the first dataset of a process is opened, so each test has a
process of its own."""
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import zarr

from remote_access import sample_references

import zarr3_writer  # isort: skip
from test_server import TestServer  # isort: skip
from web_server import serve  # isort: skip

SCRIPT = """import sys
from osgeo import gdal
gdal.UseExceptions()
try:
    dataset = gdal.Open(sys.argv[1])
    print(dataset.ReadAsArray().sum(), dataset.GetMetadata("FETCH_STATISTICS"))
except RuntimeError as error:
    print("error:", error)
"""


def run(name, **environment):
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", SCRIPT, name], check=False, capture_output=True, text=True,
                          env=os.environ | environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def archive(tmp_path):
    """(a server of the chunks in one file, a dataset name)."""
    objects = {}
    with serve(objects) as server:
        document, objects["chunks.bin"] = sample_references(tmp_path, server.url("chunks.bin"))
        (tmp_path / "local.json").write_bytes(document)
        yield server, f'VCUBE:"{tmp_path}/local.json":/sst'


def test_what_one_process_read_serves_the_next(archive, tmp_path):
    server, name = archive
    settings = {"VCUBE_DISK_CACHE_DIR": str(tmp_path / "disk"), "VCUBE_DISK_CACHE_SIZE": "1MB",
                "VCUBE_DISK_CACHE_MAX_AGE": "600"}
    first = run(name, **settings)
    asked = len(server.requests)
    assert asked > 0 and "error" not in first
    assert (tmp_path / "disk").stat().st_mode & 0o777 == 0o700
    second = run(name, **settings)
    assert len(server.requests) == asked and second.split()[0] == first.split()[0]
    assert "'DISK_HITS': '39'" in second
    settings["VCUBE_DISK_CACHE_MAX_AGE"] = "0"  # the server is asked for the object's version
    third = run(name, **settings)
    assert third.split()[0] == first.split()[0] and "'DISK_HITS': '39'" in third
    assert [r.headers["range"] for r, _ in server.requests[asked:]] == ["bytes=0-0"]


@pytest.mark.parametrize("option, value, words", [
    ("VCUBE_DISK_CACHE_SIZE", "many", "a number of bytes"), ("VCUBE_DISK_CACHE_SIZE", "0", "a number of bytes"),
    ("VCUBE_DISK_CACHE_SIZE", "-1", "a number of bytes"), ("VCUBE_DISK_CACHE_MAX_AGE", "1.5", "whole seconds"),
    ("VCUBE_DISK_CACHE_MAX_AGE", "-1", "whole seconds"), ("VCUBE_DISK_CACHE_DIR", "/proc/nothing/here", "/proc/nothing/here")])
def test_unusable_values(archive, option, value, words):
    server, name = archive
    said = run(name, **{option: value})
    assert said.startswith("error: " + option) and words in said and not server.requests


def test_without_a_folder_nothing_is_written(archive, tmp_path):
    _, name = archive
    before = sorted(tmp_path.iterdir())
    assert "'DISK_HITS': '0'" in run(name, VCUBE_DISK_CACHE_SIZE="1GB")
    assert sorted(tmp_path.iterdir()) == before


READ = """import sys
import numpy
from osgeo import gdal
gdal.UseExceptions()
dataset = gdal.Open(sys.argv[1])
numpy.save(sys.argv[2], dataset.ReadAsArray())
print(dataset.GetMetadataItem("DISK_HITS", "FETCH_STATISTICS"))
"""
SHAPE, CHUNK, ABSENT, FILL = (4, 60, 80), (1, 30, 40), (2, 1, 1), -9
CHUNKS = 16


def write_folder(folder, form, seed):
    """A cube of chunks with one absent as a Zarr folder; what another reader finds there."""
    shutil.rmtree(folder, ignore_errors=True)
    data = np.random.default_rng(seed).integers(0, 2**31, SHAPE, dtype="i4")
    if form == "v2":
        store = zarr.DirectoryStore(str(folder))
        zarr.open_group(store, mode="w").create_dataset("v", data=data, chunks=CHUNK, fill_value=FILL)
        (folder / "v" / ".".join(map(str, ABSENT))).unlink()
        zarr.consolidate_metadata(store)
        return zarr.open_group(store, mode="r")["v"][:]
    zarr3_writer.write_group(folder)
    if form == "v3":
        return zarr3_writer.write_array(folder, "v", data, CHUNK, fill=FILL, skip={ABSENT})
    return zarr3_writer.write_array(folder, "v", data, (2, 60, 80), [zarr3_writer.sharded(CHUNK)], fill=FILL)


@pytest.fixture
def folders(tmp_path):
    """A function that reads a folder of the server in a new process with a disk cache: values, hits, requests for what
    the folder has, requests for what it has not."""
    served = tmp_path / "served"
    served.mkdir()

    def read(name, **settings):
        server.reset()
        arguments = [f'VCUBE:"{server.url(name)}":/v', tmp_path / "out.npy"]
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", READ, *arguments], check=True, capture_output=True,
                              text=True, env=os.environ | {"VCUBE_DISK_CACHE_DIR": str(tmp_path / "disk")} | settings)
        log = server.log()
        there = [request for request in log if request["status"] != 404]
        return np.load(tmp_path / "out.npy"), int(done.stdout), there, [r for r in log if r["status"] == 404]

    with TestServer(served) as server:
        read.folder = served
        yield read


def paths(requests):
    return {request["path"] for request in requests}


@pytest.mark.parametrize("form", ["v2", "v3", "shards"])
def test_folders(folders, form):
    name = form + ".zarr"
    expected = write_folder(folders.folder / name, form, 1)
    got, _, first, _ = folders(name)
    assert np.array_equal(got, expected)
    assert all("if-none-match" not in request["headers"] for request in first)
    if form != "shards":
        assert len(paths(first) - {f"/{name}/.zmetadata", f"/{name}/zarr.json", f"/{name}/v/zarr.json"}) == CHUNKS - 1

    # One question an object, metadata too; no bytes.
    got, hits, second, absent = folders(name)
    assert np.array_equal(got, expected) and paths(second) == paths(first)
    assert [r["status"] for r in second] == [304] * len(second) and sum(r["body_bytes"] for r in second) == 0
    assert len(second) == len(paths(second)) <= hits
    assert all("if-none-match" in r["headers"] for r in second) and all("if-none-match" not in r["headers"] for r in absent)

    # None where that is allowed. What is not there is looked for again.
    got, _, third, absent = folders(name, VCUBE_DISK_CACHE_MAX_AGE="600")
    assert np.array_equal(got, expected) and third == [] and (form == "shards" or absent != [])

    changed = write_folder(folders.folder / name, form, 2)
    got, _, fourth, _ = folders(name)
    assert np.array_equal(got, changed) and not np.array_equal(got, expected)
    assert paths(fourth) == paths(first)
    got, _, fifth, _ = folders(name)
    assert np.array_equal(got, changed) and {r["status"] for r in fifth} == {304}


def test_one_chunk_of_a_folder_that_is_rewritten(folders):
    expected = write_folder(folders.folder / "v2.zarr", "v2", 1)
    folders("v2.zarr")
    zarr.open_group(str(folders.folder / "v2.zarr"), mode="r+")["v"][0, :30, :40] = expected[0, :30, :40] = 7
    got, _, requests, _ = folders("v2.zarr")
    assert np.array_equal(got, expected)
    assert [r["path"] for r in requests if r["status"] != 304] == ["/v2.zarr/v/0.0.0"]
    assert [r["headers"].get("if-none-match") is None for r in requests] == [False] * len(requests)


def test_damaged_chunks_are_brought_again(folders, tmp_path):
    expected = write_folder(folders.folder / "v2.zarr", "v2", 1)
    folders("v2.zarr")
    for path in (tmp_path / "disk").rglob("*.range"):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    got, hits, requests, _ = folders("v2.zarr")
    assert np.array_equal(got, expected) and hits < 2  # metadata that was read twice
    statuses = [r["status"] for r in requests if "/v/" in r["path"]]
    assert statuses.count(304) == statuses.count(200) == CHUNKS - 1
    got, _, requests, _ = folders("v2.zarr")
    assert np.array_equal(got, expected) and {r["status"] for r in requests} == {304}
