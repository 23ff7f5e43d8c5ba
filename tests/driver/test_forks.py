"""Hosts that fork, run many processes, or end without closing anything. Each case is a program of its own with a
time-out: what hangs fails."""
import importlib.util
import os
import pathlib
import signal
import subprocess
import sys
import textwrap

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import test_server  # noqa: E402
import web_archive  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
SECONDS = 100

PRELUDE = f"""
import os, signal, sys, threading, time
sys.path[:0] = [{str(HERE)!r}]
import numpy as np
from osgeo import gdal
import web_archive
gdal.UseExceptions()
sys.stdout.reconfigure(line_buffering=True)  # what is not written yet would be written by each child
URL = sys.argv[1]
WANTED = web_archive.values()

def right(dataset, band=None):
    if band is None:
        return bool((dataset.ReadAsArray() == WANTED).all())
    return bool((dataset.GetRasterBand(band).ReadAsArray() == WANTED[band - 1]).all())

def child(body):
    '''Runs body() in a fork that ends as programs do; its exit code.'''
    pid = os.fork()
    if pid == 0:
        sys.exit(0 if body() else 3)
    deadline = time.time() + 40
    while time.time() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "hangs"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    web_archive.write(folder)
    with test_server.TestServer(folder, latency_ms=5) as running:
        yield running


@pytest.fixture
def run(server, tmp_path):
    """Runs a program on the archive's references; what it prints. A program that hangs is an error."""

    def call(body, *arguments, timeout=SECONDS):
        program = tmp_path / "program.py"
        program.write_text(PRELUDE + textwrap.dedent(body))
        process = subprocess.Popen([sys.executable, "-W", "ignore", program, server.url("refs.json"), *arguments],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            pytest.fail(f"hangs; it said {out!r} {err[-2000:]!r}")
        assert process.returncode == 0, err[-3000:]
        return out.split()

    return call


def test_a_child_reads_on_through_what_it_inherited(run):
    """And through a dataset of its own; the parent reads on after it."""
    out = run("""
        dataset = web_archive.opened(URL)
        print(right(dataset, 1))
        print(child(lambda: right(dataset, 1) and right(dataset)))
        print(child(lambda: right(web_archive.opened(URL))))
        print(child(lambda: right(dataset, 2) and right(web_archive.opened(URL))))
        print(right(dataset))
        """)
    assert out == ["True", "0", "0", "0", "True"]


def test_children_that_read_at_the_same_time(run):
    """As gunicorn with preload: the application has read, then four workers do."""
    out = run("""
        dataset = web_archive.opened(URL)
        print(right(dataset, 1))
        pids = []
        for worker in range(4):
            pid = os.fork()
            if pid == 0:
                ok = right(dataset) and right(web_archive.opened(URL))
                sys.exit(0 if ok else 3)
            pids.append(pid)
        print(*[os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids])
        print(right(dataset))
        """)
    assert out == ["True", "0", "0", "0", "0", "True"]


@pytest.mark.skipif("libasan" in os.environ.get("LD_PRELOAD", ""),
                    reason="the sanitizer's allocator keeps a lock in the child that a thread of the parent held")
def test_forking_while_something_is_read_ahead(run):
    """The child has no part in the loads that the parent's thread has begun."""
    out = run("""
        for attempt in range(5):
            dataset = web_archive.opened(URL, "MAX_CONCURRENCY=1", "COALESCE_GAP=0")
            dataset.AdviseRead(0, 0, 160, 120, None, None, None, list(range(1, 9)))
            time.sleep(0.01 * attempt)
            print(child(lambda: right(dataset, 8)), right(dataset, 8))
        """)
    assert out == ["0", "True"] * 5


def test_a_grandchild(run):
    out = run("""
        dataset = web_archive.opened(URL)
        print(right(dataset, 1))
        print(child(lambda: right(dataset, 2) and child(lambda: right(dataset, 3)) == 0))
        """)
    assert out == ["True", "0"]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(run, method):
    out = run("""
        import multiprocessing

        def read(band):
            return right(web_archive.opened(URL), band)

        if __name__ == "__main__":
            print(right(web_archive.opened(URL), 1))
            with multiprocessing.get_context(sys.argv[2]).Pool(3) as pool:
                print(*pool.map(read, range(1, 9)))
        """, method)
    assert out == ["True"] * 9


@pytest.mark.parametrize("processes", [True, False])
@pytest.mark.parametrize("reader", ["gdal", "rasterio", "rioxarray"])
def test_dask_distributed(run, processes, reader):
    for module in ["distributed"] + ([] if reader == "gdal" else [reader]):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"no python3-{module} here")
    out = run("""
        def read(band):
            name = f'VCUBE:"{URL}":/v'
            if sys.argv[2] == "gdal":
                return right(gdal.Open(name), band)
            if sys.argv[2] == "rasterio":
                import rasterio
                with rasterio.open(name) as source:
                    return bool((source.read(band) == WANTED[band - 1]).all())
            import rioxarray
            data = rioxarray.open_rasterio(name, chunks={"band": 1})
            return bool((data.sel(band=band).values == WANTED[band - 1]).all())

        if __name__ == "__main__":
            import distributed
            print(read(1))
            with distributed.Client(n_workers=2 if sys.argv[3] == "True" else 1, threads_per_worker=2,
                                    processes=sys.argv[3] == "True", dashboard_address=None) as client:
                print(*client.gather(client.map(read, range(1, 9))))
        """, reader, str(processes))
    assert out == ["True"] * 9


@pytest.mark.parametrize("ending", ["", "sys.exit(0)", "dataset = None", "os._exit(0)"])
def test_ending_without_closing(run, ending):
    out = run(f"""
        dataset = web_archive.opened(URL)
        print(right(dataset))
        other = gdal.OpenEx(f'VCUBE:"{{URL}}"', gdal.OF_MULTIDIM_RASTER).GetRootGroup().OpenMDArray("v")
        print(other.ReadAsArray().shape == WANTED.shape, flush=True)
        {ending}
        """)
    assert out == ["True", "True"]


@pytest.mark.parametrize("view", ["classic", "multidim"])
def test_ending_while_something_is_read_ahead(run, server, view):
    server.latency(300)
    try:
        out = run("""
            if sys.argv[2] == "classic":
                dataset = web_archive.opened(URL, "MAX_CONCURRENCY=1", "COALESCE_GAP=0")
                dataset.AdviseRead(0, 0, 160, 120, None, None, None, list(range(1, 9)))
            else:
                dataset = gdal.OpenEx(f'VCUBE:"{URL}"', gdal.OF_MULTIDIM_RASTER,
                                      open_options=["MAX_CONCURRENCY=1", "COALESCE_GAP=0"])
                array = dataset.GetRootGroup().OpenMDArray("v")
                array.AdviseRead()
            print("advised", flush=True)
            """, view, timeout=20)
    finally:
        server.latency(5)
    assert out == ["advised"]


def test_ending_while_another_thread_reads(run, server):
    server.latency(300)
    try:
        out = run("""
            dataset = web_archive.opened(URL, "MAX_CONCURRENCY=1", "COALESCE_GAP=0")
            threading.Thread(target=dataset.ReadAsArray, daemon=True).start()
            time.sleep(0.5)
            print("reading", flush=True)
            os._exit(0)
            """, timeout=20)
    finally:
        server.latency(5)
    assert out == ["reading"]


def test_threads_with_datasets_of_their_own(run):
    out = run("""
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(8) as pool:
            print(*pool.map(lambda band: right(web_archive.opened(URL), band % 8 + 1), range(32)))
        """)
    assert out == ["True"] * 32
