"""VCUBE_DISK_CACHE_DIR, _SIZE and _MAX_AGE: read when the first dataset of a process is opened, so each test has a
process of its own."""
import os
import subprocess
import sys

import pytest

from remote_access import sample_references

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
