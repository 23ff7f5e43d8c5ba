"""Web servers that fail in every way: right bytes in the end or one clear error, and an end when the caller wants one."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import web_archive as archive
from osgeo import gdal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from test_server import TestServer  # noqa: E402

# What goes wrong for a time, with what the error says where it does not pass.
PASSING = {
    "status": "HTTP 503 Service Unavailable", "reset_before": "", "reset_middle": "", "short_body": "", "long_body": "",
    "wrong_range": "wanted bytes", "short_range": "wanted bytes", "web_page": "web page", "garbage": "",
    "stall": "nothing for too long", "silence": "nothing for too long"}
QUICK = ["TIMEOUT=0.4"]


@pytest.fixture
def server(tmp_path):
    """Serves an archive whose references have a token in their URLs."""
    with TestServer(tmp_path) as running:
        archive.write(tmp_path, url=running.url())
        text = (tmp_path / "refs.json").read_text()
        (tmp_path / "refs.json").write_text(text.replace('.bin"', '.bin?token=verysecret"'))
        running.folder = tmp_path
        yield running


def errors_of(call):
    """All errors that GDAL raises in a call that fails."""
    errors = []
    gdal.PushErrorHandler(lambda level, number, text: errors.append(text) if level >= gdal.CE_Failure else None)
    gdal.DontUseExceptions()
    try:
        assert call() is None
    finally:
        gdal.UseExceptions()
        gdal.PopErrorHandler()
    return errors


# Faults


@pytest.mark.parametrize("fault", [*PASSING, "whole_object", "slow"])
def test_passes(server, fault):
    """Each fault three times: the bytes are right."""
    server.rules({"path_contains": "day_", "fault": fault, "times": 3, "pause": 10})
    dataset = archive.opened(server.url("refs.json"), *QUICK)
    assert np.array_equal(dataset.ReadAsArray(), archive.values())
    counts, harmless = server.counts(), fault in ("whole_object", "slow")
    assert counts["by_fault"] == {fault: 3}
    assert len(archive.data_requests(server)) == archive.STEPS + (0 if harmless else 3)


@pytest.mark.parametrize("fault", PASSING)
def test_stays(server, fault):
    """The same fault again and again: one error, with object, range, how often it was tried and what was wrong."""
    server.rules({"path_contains": "day_6", "fault": fault})
    dataset = archive.opened(server.url("refs.json"), "RETRIES=2", *QUICK)
    [error] = errors_of(dataset.GetRasterBand(7).ReadAsArray)
    assert server.url("day_6.bin") in error and PASSING[fault] in error, error
    assert re.search(r"bytes \d+ to \d+", error) and "after 3 attempts" in error, error
    # libcurl itself asks again where a connection that was used before ends without a byte.
    assert "verysecret" not in error and len(archive.data_requests(server)) in ((3, 4) if fault == "reset_before" else (3,))
    assert np.array_equal(dataset.GetRasterBand(6).ReadAsArray(), archive.values()[5])  # others are not touched


@pytest.mark.parametrize("status, asked", [(400, 1), (403, 2), (404, 1), (410, 1), (451, 1), (429, 3), (500, 3), (504, 3)])
def test_status(server, status, asked):
    """Refusals are asked for once more at most, failures of the server as often as RETRIES says."""
    server.rules({"path_contains": "day_6", "fault": "status", "status": status, "body": "no verysecret for you"})
    dataset = archive.opened(server.url("refs.json"), "RETRIES=2")
    [error] = errors_of(dataset.GetRasterBand(7).ReadAsArray)
    assert server.url("day_6.bin") in error and f"HTTP {status}" in error and "verysecret" not in error
    assert len(archive.data_requests(server)) <= asked


def test_retry_after(server):
    """A server that asks for a second of patience gets it."""
    server.rules({"path_contains": "day_6", "fault": "status", "status": 429, "retry_after": "1", "times": 1})
    start = time.monotonic()
    assert archive.opened(server.url("refs.json")).ReadAsArray(band_list=[7]) is not None
    assert time.monotonic() - start >= 1


def test_retries_of_none(server):
    server.rules({"path_contains": "day_6", "fault": "status", "times": 1})
    dataset = archive.opened(server.url("refs.json"), "RETRIES=0")
    [error] = errors_of(dataset.GetRasterBand(7).ReadAsArray)
    assert "HTTP 503" in error and len(archive.data_requests(server)) == 1
    assert np.array_equal(dataset.GetRasterBand(7).ReadAsArray(), archive.values()[6])


def test_everything_at_once(tmp_path):
    """A tenth of all replies fail, each in another way."""
    archive.write(tmp_path)
    with TestServer(tmp_path, seed=11) as server:
        server.rules(*[{"path_contains": "day_", "fault": fault, "share": 0.01, "pause": 5}
                       for fault in [*PASSING, "whole_object", "slow"]])
        for number in range(5):
            (tmp_path / f"{number}.json").write_text((tmp_path / "refs.json").read_text())
            dataset = archive.opened(server.url(f"{number}.json"), "COALESCE_GAP=0", *QUICK)
            assert np.array_equal(dataset.ReadAsArray(), archive.values())
        assert sum(server.counts()["by_fault"].values()) > 20


def test_server_that_is_gone(server):
    dataset = archive.opened(server.url("refs.json"), "RETRIES=1")
    server.stop()
    [error] = errors_of(dataset.ReadAsArray)
    assert "cannot be reached" in error and "day_" in error


# Redirects


@pytest.fixture
def other(tmp_path):
    """Another server of the same archive."""
    with TestServer(tmp_path) as running:
        yield running


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects(server, other, status):
    server.rules({"path_contains": "day_", "fault": "redirect", "status": status, "location": other.url("{path}")})
    assert np.array_equal(archive.opened(server.url("refs.json")).ReadAsArray(), archive.values())
    assert len(archive.data_requests(other)) == archive.STEPS


def test_relative_redirect(server):
    server.rules({"path_contains": "day_", "fault": "redirect", "location": "/{path}&again", "times": archive.STEPS})
    assert np.array_equal(archive.opened(server.url("refs.json")).ReadAsArray(), archive.values())


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "/vsimem/x", "gopher://127.0.0.1/", "http://",
                                      "javascript:alert(1)"])
def test_refused_redirects(server, location):
    """Only http and https are followed. (/vsimem/x is a path of the server, which it redirects again and again.)"""
    server.rules({"path_contains": "day_6", "fault": "redirect", "location": location},
                 {"path_contains": "vsimem", "fault": "redirect", "location": "/vsimem/x"})
    dataset = archive.opened(server.url("refs.json"))
    [error] = errors_of(dataset.GetRasterBand(7).ReadAsArray)
    assert server.url("day_6.bin") in error and "redirect" in error.lower(), error


def test_redirects_in_a_circle(server):
    server.rules({"path_contains": "day_6", "fault": "redirect", "location": "/{path}"})
    dataset = archive.opened(server.url("refs.json"))
    [error] = errors_of(dataset.GetRasterBand(7).ReadAsArray)
    assert "redirect" in error.lower() and "verysecret" not in error and len(archive.data_requests(server)) == 11


def test_headers_stay_with_their_host(server, other):
    """What GDAL_HTTP_HEADERS has for one host is not sent to the one that it redirects to."""
    server.rules({"path_contains": "day_", "fault": "redirect", "location": other.url("{path}", host="localhost")})
    with archive.configured(GDAL_HTTP_HEADERS="X-Token: verysecret"):
        archive.opened(server.url("refs.json")).ReadAsArray()
    assert all(request["headers"]["x-token"] == "verysecret" for request in archive.data_requests(server))
    assert archive.data_requests(other) and not any("x-token" in request["headers"] for request in other.log())


# Interrupts

PATIENCE = 3  # seconds, where the server is silent for minutes


class Impatient:
    """A progress callback that says stop after a while."""

    def __init__(self, after=0.3):
        self.end = time.monotonic() + after

    def __call__(self, *_):
        return 0 if time.monotonic() > self.end else 1


@pytest.mark.parametrize("fault", ["silence", "stall", "slow", "status"])
@pytest.mark.parametrize("how", ["dataset", "band", "translate"])
def test_progress_says_stop(server, fault, how):
    server.rules({"path_contains": "day_", "fault": fault, "pause": 60_000, "retry_after": "60"})
    dataset = archive.opened(server.url("refs.json"), "TIMEOUT=300")
    start = time.monotonic()
    with pytest.raises(RuntimeError):
        if how == "dataset":
            dataset.ReadAsArray(callback=Impatient())
        elif how == "band":
            dataset.GetRasterBand(1).ReadAsArray(callback=Impatient())
        else:
            gdal.Translate("/vsimem/out.tif", dataset, callback=Impatient())
    assert time.monotonic() - start < PATIENCE


@pytest.mark.parametrize("step", [0, 3, 7])
def test_progress_says_stop_in_the_middle_of_a_band(server, step):
    """A part of one of eight bands has come, then nothing more does."""
    server.rules({"path_contains": f"day_{step}", "fault": "stall"})
    dataset = archive.opened(server.url("refs.json"), "TIMEOUT=300")
    seen = []

    def impatient(done, *_):
        seen.append(done)
        return 0 if time.monotonic() - start > 1 else 1

    start = time.monotonic()
    with pytest.raises(RuntimeError):
        gdal.Translate("/vsimem/out.tif", dataset, callback=impatient)
    assert time.monotonic() - start < PATIENCE
    assert all(0 <= done <= 1 for done in seen) and max(seen) > step / archive.STEPS


def test_reading_goes_on_after_a_stop(server):
    server.rules({"path_contains": "day_", "fault": "silence"})
    dataset = archive.opened(server.url("refs.json"), "TIMEOUT=300")
    with pytest.raises(RuntimeError):
        dataset.ReadAsArray(callback=Impatient())
    server.rules()
    assert np.array_equal(dataset.ReadAsArray(callback=Impatient(60)), archive.values())


def test_one_stops_and_another_waits(server):
    """Two handles read the same chunk; one is interrupted, the other gets its values when the server answers."""
    server.rules({"path_contains": "day_", "fault": "slow", "pause": 100})
    results = {}

    def read(name, callback):
        try:
            results[name] = archive.opened(server.url("refs.json")).ReadAsArray(band_list=[1], callback=callback)
        except RuntimeError as error:
            results[name] = str(error)

    threads = [threading.Thread(target=read, args=arguments) for arguments in (("short", Impatient()), ("long", Impatient(60)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert isinstance(results["short"], str) and np.array_equal(results["long"], archive.values()[0])


INTERRUPTED = """
import sys, web_archive as archive
from osgeo import gdal
gdal.UseExceptions()
dataset = archive.opened(sys.argv[1], "TIMEOUT=300")
print("reading", flush=True)
try:
    dataset.ReadAsArray(callback=lambda *_: 1)
except (KeyboardInterrupt, RuntimeError):
    print("interrupted", flush=True)
"""


def test_ctrl_c(server):
    """SIGINT in Python, whose callbacks raise KeyboardInterrupt then."""
    server.rules({"path_contains": "day_", "fault": "silence"})
    environment = os.environ | {"PYTHONPATH": str(pathlib.Path(__file__).parent)}
    with subprocess.Popen([sys.executable, "-B", "-c", INTERRUPTED, server.url("refs.json")], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, env=environment) as process:
        assert process.stdout.readline() == "reading\n"
        time.sleep(0.5)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        try:
            output, _ = process.communicate(timeout=30)
        finally:
            process.kill()
        assert time.monotonic() - start < PATIENCE and output == "interrupted\n"


def test_ctrl_c_ends_gdal_translate(server):
    """A program without a handler dies at once, with the server silent and threads waiting."""
    server.rules({"path_contains": "day_", "fault": "silence"})
    with subprocess.Popen(["gdal_translate", "-q", "-oo", "TIMEOUT=300", f'VCUBE:"{server.url("refs.json")}":/v', "/vsimem/x.tif"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(1)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        finally:
            process.kill()
        assert time.monotonic() - start < PATIENCE and process.returncode != 0
