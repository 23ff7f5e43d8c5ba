"""Opening from a web server: few requests, and what it fails at, changes or is slow with is read with the care of data."""
import collections
import pathlib
import sys

import numpy as np
import pytest
import web_archive as archive
import zarr
from osgeo import gdal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import zarr3_writer  # noqa: E402
from test_server import TestServer  # noqa: E402


@pytest.fixture
def server(tmp_path):
    """Serves the archive."""
    archive.write(tmp_path)
    with TestServer(tmp_path) as running:
        running.folder = tmp_path
        yield running


@pytest.mark.parametrize("fault", ["status", "reset_before", "reset_middle", "short_body", "stall"])
def test_references_that_fail_for_a_time(server, fault):
    server.rules({"path_contains": "refs.json", "fault": fault, "times": 2})
    assert np.array_equal(archive.opened(server.url("refs.json"), "TIMEOUT=0.5").ReadAsArray(), archive.values())


def test_rewritten_references(server):
    before = archive.opened(server.url("refs.json")).ReadAsArray()
    archive.write(server.folder, archive.values(4))
    for path in server.folder.iterdir():
        archive.touch(path)
    after = archive.opened(server.url("refs.json")).ReadAsArray()
    assert np.array_equal(before, archive.values()) and np.array_equal(after, archive.values(4))


def test_rewritten_references_of_the_same_size(server):
    """The ETag tells, where size and time do not."""
    place = server.url("made.json")
    text = (server.folder / "refs.json").read_text()
    for fill in ("-9", "-8"):
        server.put("made.json", text.replace('\\"fill_value\\": -9', f'\\"fill_value\\": {fill}').encode())
        dataset = archive.opened(place)
        assert dataset.GetRasterBand(1).GetNoDataValue() == float(fill)


def test_redirected_references(server, tmp_path):
    with TestServer(tmp_path) as other:
        server.rules({"path_contains": "refs.json", "fault": "redirect", "location": other.url("{path}")})
        assert np.array_equal(archive.opened(server.url("refs.json")).ReadAsArray(), archive.values())
        # Relative names mean the place that the user named.
        assert archive.data_requests(server) and archive.data_requests(other) == []


# What is asked for

ROOT = [".zgroup", ".zattrs", ".zarray"]
MEMBER = ["v/.zgroup", "v/.zattrs", "v/.zarray", "v/zarr.json"]


def asked(server, folder):
    """How often each file of the folder was asked for; whole, for its first byte only, or other than by GET."""
    out = collections.Counter()
    for request in server.log():
        assert request["path"].startswith(f"/{folder}/"), request
        first = request["headers"].get("range") == "bytes=0-0"
        kind = ("first of " if first else "") if request["method"] == "GET" else request["method"] + " "
        out[kind + request["path"][len(folder) + 2:]] += 1
    return out


def once(*names):
    """The root's zarr.json twice: it may hold all metadata, then it is asked for beside its siblings."""
    return collections.Counter({".zmetadata": 1, "zarr.json": 2, **dict.fromkeys(names, 1)})


def test_opening_a_folder_that_is_not_there(server):
    with pytest.raises(RuntimeError, match="no Zarr metadata there"):
        archive.opened(server.url("absent.zarr"))
    assert asked(server, "absent.zarr") == once(*ROOT, *MEMBER)


def test_opening_a_folder_with_all_metadata_in_one_file(server):
    store = zarr.DirectoryStore(str(server.folder / "a.zarr"))
    zarr.open_group(store, mode="w").create_dataset("v", data=archive.values())
    zarr.consolidate_metadata(store)
    datasets = [archive.opened(server.url("a.zarr"))]
    assert asked(server, "a.zarr") == {".zmetadata": 1}
    server.reset()
    datasets.append(archive.opened(server.url("a.zarr")))
    assert asked(server, "a.zarr") == {"first of .zmetadata": 1}


def test_opening_a_folder_of_version_2(server):
    folder = server.folder / "plain.zarr"
    array = zarr.open_group(str(folder), mode="w").create_dataset("v", data=archive.values(), chunks=(1, 40, 40))
    datasets = [archive.opened(server.url("plain.zarr"))]
    assert asked(server, "plain.zarr") == once(*ROOT, *MEMBER)
    # Again: whether what was there is the same, and what was not has come.
    server.reset()
    datasets.append(archive.opened(server.url("plain.zarr")))
    assert asked(server, "plain.zarr") == dict.fromkeys(["first of .zmetadata", "first of .zgroup", "first of v/.zarray"], 1)
    array.attrs["comment"] = "new"
    zarr.consolidate_metadata(zarr.DirectoryStore(str(folder)))
    assert archive.opened(server.url("plain.zarr")).GetMetadataItem("v#comment") == "new"


def test_opening_a_folder_of_version_3(server):
    zarr3_writer.write_group(server.folder / "three.zarr")
    zarr3_writer.write_array(server.folder / "three.zarr", "v", archive.values(), [1, 40, 40],
                             dimension_names=["time", "y", "x"])
    assert archive.opened(server.url("three.zarr")).RasterCount == archive.STEPS
    coordinates = [f"{name}/zarr.json" for name in ("time", "y", "x")]
    assert asked(server, "three.zarr") == once(*ROOT, *MEMBER, *coordinates)


@pytest.mark.parametrize("many", [False, True])
def test_references_cost_one_request(server, many):
    """Nobody looks for files beside them, in either interface of GDAL."""
    place = f'VCUBE:"{server.url("refs.json")}"'
    if many:
        values = gdal.OpenEx(place, gdal.OF_MULTIDIM_RASTER).GetRootGroup().OpenMDArray("v").ReadAsArray()
    else:
        values = gdal.OpenEx(place + ":/v").ReadAsArray()
    assert np.array_equal(values, archive.values())
    expected = [("GET", "/refs.json")] + [("GET", f"/day_{step}.bin") for step in range(archive.STEPS)]
    assert sorted((request["method"], request["path"]) for request in server.log()) == sorted(expected)
