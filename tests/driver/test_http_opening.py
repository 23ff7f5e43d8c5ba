"""References on a web server that fails, changes them or is slow: they are read with the same care as data."""
import pathlib
import sys

import numpy as np
import pytest
import web_archive as archive

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
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
