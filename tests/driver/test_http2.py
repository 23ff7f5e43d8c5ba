"""Cubes behind a web server that speaks HTTP/2 over TLS (nginx, where it is installed)."""
import contextlib
import pathlib
import shutil
import socket
import subprocess
import time

import numpy as np
import pytest
import web_archive as archive
from osgeo import gdal

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(NGINX is None or shutil.which("openssl") is None,
                                reason="needs nginx with HTTP/2 and openssl (Debian: nginx-light, openssl)")

CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 600; }}
http {{
    log_format kind '$server_protocol $status $uri';
    access_log {folder}/access.log kind;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
        root {folder}/web;
    }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    """nginx with a certificate that nobody has signed, for the archive."""

    def __init__(self, folder):
        self.folder, self.port = pathlib.Path(folder), free_port()
        (self.folder / "web").mkdir()
        archive.write(self.folder / "web")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.folder / "key.pem", "-out",
                        self.folder / "cert.pem"], check=True, capture_output=True)
        (self.folder / "nginx.conf").write_text(CONFIGURATION.format(folder=self.folder, port=self.port))
        self.process = subprocess.Popen([NGINX, "-p", self.folder, "-c", self.folder / "nginx.conf"], stderr=subprocess.DEVNULL)
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise RuntimeError((self.folder / "error.log").read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def url(self, path):
        return f"https://localhost:{self.port}/{path}"

    def log(self, count):
        """Protocol, status and path of the requests for the cube's files: of `count`, which are noted after they are answered."""
        for _ in range(100):
            lines = [line for line in (self.folder / "access.log").read_text().splitlines() if "day_" in line]
            if len(lines) >= count:
                break
            time.sleep(0.05)
        return lines


@pytest.fixture
def nginx(tmp_path):
    running = Nginx(tmp_path)
    yield running
    running.stop()


def configurations(folder):
    """Ways to reach a server whose certificate the system does not know."""
    return {"unsafe": {"GDAL_HTTP_UNSAFESSL": "YES"}, "bundle": {"CURL_CA_BUNDLE": f"{folder}/cert.pem"}}


@pytest.fixture
def references(nginx, tmp_path):
    """Local, so that all that goes through nginx is data."""
    document = (nginx.folder / "web" / "refs.json").read_text().replace("day_", nginx.url("day_"))
    (tmp_path / "local.json").write_text(document)
    return tmp_path / "local.json"


@pytest.mark.parametrize("way", ["unsafe", "bundle"])
def test_http2(nginx, references, way):
    with archive.configured(**configurations(nginx.folder)[way]):
        dataset = archive.opened(references, "COALESCE_GAP=0")
        assert np.array_equal(dataset.ReadAsArray(), archive.values())
    lines = nginx.log(archive.CHUNKS)
    assert len(lines) == archive.CHUNKS and all(line.startswith("HTTP/2.0 206 ") for line in lines), lines


def test_http1_where_it_is_asked_for(nginx, references):
    with archive.configured(GDAL_HTTP_UNSAFESSL="YES", GDAL_HTTP_VERSION="1.1"):
        assert np.array_equal(archive.opened(references).ReadAsArray(), archive.values())
    lines = nginx.log(archive.STEPS)
    assert len(lines) == archive.STEPS and all(line.startswith("HTTP/1.1 206 ") for line in lines), lines


def test_a_certificate_that_is_not_trusted(nginx, references):
    with pytest.raises(RuntimeError, match=r"day_.*\.bin.*not trusted"):
        archive.opened(references).ReadAsArray()
    assert nginx.log(0) == []
