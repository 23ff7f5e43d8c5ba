"""Cubes behind web servers that speak HTTP/2 over TLS: hypercorn, and nginx where it is installed."""
import collections
import contextlib
import pathlib
import shutil
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import web_archive as archive

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from http2_server import LAST, TOGETHER, TROUBLED, Http2Server, available  # noqa: E402

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl, to make a certificate")

# Logs as http2_server does, and makes the kinds of trouble of that which nginx can make; counts by connection.
CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 600; }}
http {{
    log_format kind '$server_protocol $status $request_uri $connection';
    access_log {folder}/access.log kind;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    map "$connection_requests $args" $trouble {{
        "~^({troubled}) (busy|reset)" $args;
    }}
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
        keepalive_requests {last};
        root {folder}/web;
        location / {{
            if ($trouble ~ busy) {{ add_header Retry-After 1 always; return 503; }}
            if ($trouble ~ reset) {{ return 444; }}
        }}
    }}
}}
"""

# Of RFC 9113, section 7.
NO_ERROR, INTERNAL_ERROR, REFUSED_STREAM, CANCEL = 0, 2, 7, 8

Line = collections.namedtuple("Line", "protocol status target connection")


class Nginx:
    """Serves a folder's `web`, as Http2Server does; says GOAWAY at the request `last` of a connection."""

    def __init__(self, folder, last):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        troubled = "|".join(map(str, TROUBLED))
        (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=self.port, troubled=troubled, last=last))
        self.process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise RuntimeError((folder / "error.log").read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Site:
    """The archive on a server with a certificate that nobody has signed."""

    def __init__(self, folder, kind, last=1000):
        self.folder = folder
        (folder / "web").mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "key.pem", "-out",
                        folder / "cert.pem"], check=True, capture_output=True)
        self.server = Nginx(folder, last) if kind == "nginx" else Http2Server(*(
            folder / name for name in ("web", "cert.pem", "key.pem", "access.log")))
        self.trusted = {"CURL_CA_BUNDLE": f"{folder}/cert.pem"}

    def references(self, query=""):
        """Local ones, so that all that goes through the server is data; with a query for each object."""
        written = archive.write(self.folder / "web", url=f"https://localhost:{self.server.port}/")
        place = written.rename(self.folder / "refs.json")
        place.write_text(place.read_text().replace(".bin", f".bin{query}"))
        return place

    def log(self, count):
        """The requests: `count`, which are noted after they are answered, or more."""
        for _ in range(100):
            lines = [Line(*text.split()) for text in (self.folder / "access.log").read_text().splitlines()]
            if len(lines) >= count:
                break
            time.sleep(0.05)
        return lines


@pytest.fixture(params=["hypercorn", "nginx"])
def start(request, tmp_path):
    """Starts a Site."""
    if request.param == "nginx" and NGINX is None:
        pytest.skip("no nginx (Debian: nginx-light)")
    if request.param == "hypercorn" and not available():
        pytest.skip("no hypercorn (Debian: python3-hypercorn)")
    with contextlib.ExitStack() as stack:
        def run(**how):
            site = Site(tmp_path, request.param, **how)
            stack.callback(site.server.stop)
            return site

        yield run


@pytest.fixture
def site(start):
    return start()


def only_hypercorn(test):
    return pytest.mark.parametrize("start", ["hypercorn"], indirect=True)(test)


def read(references, *options):
    """The values and what they cost."""
    dataset = archive.opened(references, *options)
    values = dataset.ReadAsArray()
    return values, {name: float(text) for name, text in dataset.GetMetadata("FETCH_STATISTICS").items()}


def connections(lines):
    return len({line.connection for line in lines})


@pytest.mark.parametrize("way", ["unsafe", "bundle"])
def test_all_over_one_connection(site, way):
    with archive.configured(**{"unsafe": {"GDAL_HTTP_UNSAFESSL": "YES"}, "bundle": site.trusted}[way]):
        values, _ = read(site.references(), "COALESCE_GAP=0", "MAX_CONCURRENCY=64")
    assert np.array_equal(values, archive.values())
    lines = site.log(archive.CHUNKS)
    assert len(lines) == archive.CHUNKS and {line[:2] for line in lines} == {("HTTP/2.0", "206")}, lines
    assert connections(lines) == 1, lines


@only_hypercorn
def test_many_streams_at_a_time(site):
    """No request is answered before there are as many as may be."""
    with archive.configured(**site.trusted):
        values, cost = read(site.references("?together"), "COALESCE_GAP=0", f"MAX_CONCURRENCY={TOGETHER}", "RETRIES=0")
    assert np.array_equal(values, archive.values()) and cost["REQUESTS"] == archive.CHUNKS
    assert connections(site.log(archive.CHUNKS)) == 1


def check_retried(site, query):
    """The troubled requests are made once more over the same connection, and no others."""
    with archive.configured(**site.trusted):
        values, cost = read(site.references(query), "COALESCE_GAP=0")
    assert np.array_equal(values, archive.values())
    lines = site.log(archive.CHUNKS + len(TROUBLED))
    assert len(lines) == archive.CHUNKS + len(TROUBLED) and connections(lines) == 1, lines
    assert (cost["RETRIES"], cost["FAILURES"]) == (len(TROUBLED), 0)
    return lines


def test_reset_streams(site):
    check_retried(site, f"?reset={INTERNAL_ERROR}")


@only_hypercorn
@pytest.mark.parametrize("code", [NO_ERROR, INTERNAL_ERROR, CANCEL])
def test_ways_to_reset_streams(site, code):
    check_retried(site, f"?reset={code}")


@only_hypercorn
@pytest.mark.parametrize("query", [f"?reset={REFUSED_STREAM}", f"?cut={NO_ERROR}", f"?cut={INTERNAL_ERROR}", f"?cut={CANCEL}"])
def test_streams_that_libcurl_may_ask_for_again(site, query):
    """Refused ones, and such as end before libcurl has looked at the reply: at once, by other connections too. Each is asked
    for once more, whoever does it."""
    with archive.configured(**site.trusted):
        values, cost = read(site.references(query), "COALESCE_GAP=0")
    assert np.array_equal(values, archive.values()) and cost["FAILURES"] == 0
    assert cost["RETRIES"] <= len(TROUBLED)
    assert len(site.log(archive.CHUNKS + len(TROUBLED))) == archive.CHUNKS + len(TROUBLED)


def test_retry_after(site):
    begin = time.monotonic()
    lines = check_retried(site, "?busy")
    assert time.monotonic() - begin >= 1
    assert [line.status for line in lines].count("503") == len(TROUBLED), lines


def test_connections_that_go_away(start):
    """What was sent over one and is not answered comes again over others."""
    site = start(last=LAST)
    with archive.configured(**site.trusted):
        values, cost = read(site.references("?goaway"), "COALESCE_GAP=0", "MAX_CONCURRENCY=64")
    assert np.array_equal(values, archive.values()) and cost["FAILURES"] == 0
    lines = site.log(archive.CHUNKS)
    assert len(lines) == archive.CHUNKS and connections(lines) >= archive.CHUNKS / LAST, lines


def test_http1_where_it_is_asked_for(site):
    with archive.configured(**site.trusted, GDAL_HTTP_VERSION="1.1"):
        values, _ = read(site.references())
    assert np.array_equal(values, archive.values())
    lines = site.log(archive.STEPS)
    assert len(lines) == archive.STEPS and {line[:2] for line in lines} == {("HTTP/1.1", "206")}, lines


def test_a_certificate_that_is_not_trusted(site):
    with pytest.raises(RuntimeError, match=r"day_.*\.bin.*not trusted"):
        read(site.references())
    assert site.log(0) == []
