"""Log-ins of web servers as GDAL is configured for them, and that what one host is told reaches no other."""
import base64
import os
import ssl
import subprocess
import sys
import urllib.parse

import numpy as np
import pytest
import sample_cube
from osgeo import gdal

from remote_access import configured, failures, listen, sample_objects, sample_references

from web_server import Reply, WebServer, object_reply, serve  # isort: skip

SST = sample_cube.shown(sample_cube.packed())


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def wants(**headers):
    """A check for serve(): 401 without these headers. Cookies of other tests may be there too: no port tells them apart."""

    def check(request):
        for name, value in headers.items():
            given = request.headers.get(name, "")
            if value not in (given.split("; ") if name == "cookie" else [given]):
                return Reply(401, {"WWW-Authenticate": 'Basic realm="archive"'})
        return None

    return check


class Archive:
    """A server of the sample cube's chunks, and local references to them."""

    def __init__(self, folder, check=lambda request: None, tls=None, host="127.0.0.1", user="", query=""):
        objects = {}
        self.server = serve(objects, check, tls)
        base = self.server.url("data/", host).replace("://", "://" + user)
        document, chunks = sample_objects(folder, base, query)
        objects.update({"data/" + path: content for path, content in chunks.items()})
        objects["data/refs.json"] = document
        self.references = folder / "local.json"
        self.references.write_bytes(document)
        self.name = f'VCUBE:"{self.references}":/sst'
        self.remote_name = f'VCUBE:"{base}refs.json":/sst'

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.close()


def assert_reads(name, **how):
    assert np.array_equal(gdal.OpenEx(name, **how).ReadAsArray(), SST)


def assert_refused(name, *words):
    """One error, with these words in it."""
    got, said = listen(lambda: gdal.Open(name).ReadAsArray())
    assert got is None and len(failures(said)) == 1, said
    for word in words:
        assert word in failures(said)[0], failures(said)[0]
    return said


# --- log-ins

TOKEN = "Bearer tok-123"


@pytest.mark.parametrize("options", [
    {"GDAL_HTTP_HEADERS": f"Authorization: {TOKEN}"},
    {"GDAL_HTTP_HEADERS": f'X-Other: 1,"Authorization: {TOKEN}",X-Third: 2'},
    {"GDAL_HTTP_HEADERS": f"X-Other: 1\r\nAuthorization: {TOKEN}\r\n"},
    {"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": "tok-123"},
])
def test_bearer_token(tmp_path, options):
    with Archive(tmp_path, wants(authorization=TOKEN)) as archive:
        assert_refused(archive.name, "401", archive.server.url("data/"))
        with configured(options):
            assert_reads(archive.name)
        with configured(paths={"/vsicurl/" + archive.server.url("data/"): options}):
            assert_reads(archive.name)
        with configured(paths={"/vsicurl/" + archive.server.url("elsewhere/"): options}):
            assert_refused(archive.name.replace("/sst", "/temp"), "401")


def test_references_behind_the_same_log_in(tmp_path):
    with Archive(tmp_path, wants(authorization=TOKEN)) as archive:
        assert_refused(archive.remote_name, "401")
        gdal.VSICurlClearCache()  # GDAL remembers what it could not open
        with configured({"GDAL_HTTP_HEADERS": f"Authorization: {TOKEN}"}):
            assert_reads(archive.remote_name)


def test_header_file_that_is_rewritten(tmp_path):
    valid = {"token": "one"}
    check = lambda request: wants(authorization="Bearer " + valid["token"])(request)  # noqa: E731
    headers = tmp_path / "headers.txt"
    headers.write_text("# log-in of the archive\nAuthorization: Bearer one\nX-Other: 1\n")
    with Archive(tmp_path, check) as archive, configured({"GDAL_HTTP_HEADER_FILE": str(headers)}):
        dataset = gdal.Open(archive.name)
        assert np.array_equal(dataset.GetRasterBand(1).ReadAsArray(), SST[0])
        valid["token"] = "two"
        headers.write_text("Authorization: Bearer two\n")
        assert np.array_equal(dataset.ReadAsArray(), SST)
        headers.unlink()
        assert_refused(archive.name.replace("/sst", "/temp"), "GDAL_HTTP_HEADER_FILE")


@pytest.mark.parametrize("auth", ["", "BASIC", "ANY"])
def test_user_and_password(tmp_path, auth):
    with Archive(tmp_path, wants(authorization=basic("me", "pa@ss:w"))) as archive:
        assert_refused(archive.name, "401")
        with configured({"GDAL_HTTP_USERPWD": "me:pa@ss:w", "GDAL_HTTP_AUTH": auth}):
            assert_reads(archive.name)


def test_user_and_password_in_the_url(tmp_path):
    with Archive(tmp_path, wants(authorization=basic("me", "pa@ss w")), user="me:pa%40ss%20w@") as archive:
        assert_reads(archive.name)
        assert "pa%40ss" not in archive.server.log_text()


def test_netrc(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with Archive(tmp_path, wants(authorization=basic("net", "rc-pass"))) as archive:
        assert_refused(archive.name, "401")
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login net password rc-pass\n")
        with configured({"GDAL_HTTP_NETRC": "NO"}):
            assert_refused(archive.name.replace("/sst", "/kind"), "401")
        assert_reads(archive.name)
        (tmp_path / ".netrc").rename(tmp_path / "other")
        assert_refused(archive.name.replace("/sst", "/temp"), "401")
        with configured({"GDAL_HTTP_NETRC_FILE": str(tmp_path / "other")}):
            assert gdal.Open(archive.name.replace("/sst", "/temp")).ReadAsArray().shape == (6, 90, 180)


def test_cookies(tmp_path):
    with Archive(tmp_path, wants(cookie="session=abc")) as archive:
        assert_refused(archive.name, "401")
        with configured({"GDAL_HTTP_COOKIE": "session=abc"}):
            assert_reads(archive.name)
    jar = tmp_path / "cookies.txt"
    jar.write_text("# Netscape HTTP Cookie File\nlocalhost\tFALSE\t/\tFALSE\t0\tfrom_file\tyes\n")
    with Archive(tmp_path, wants(cookie="from_file=yes"), host="localhost") as archive:
        with configured({"GDAL_HTTP_COOKIEFILE": str(jar)}):
            assert_reads(archive.name)


def test_user_agent_and_version(tmp_path):
    with Archive(tmp_path) as archive:
        with configured({"GDAL_HTTP_USERAGENT": "my tool/1", "GDAL_HTTP_VERSION": "1.1"}):
            assert_reads(archive.name)
        assert {r.headers["user-agent"] for r, _ in archive.server.requests} == {"my tool/1"}


def test_an_unusable_option_is_one_error(tmp_path):
    with Archive(tmp_path) as archive, configured({"GDAL_HTTP_HEADER_FILE": "/no/such/file"}):
        assert_refused(archive.name, "GDAL_HTTP_HEADER_FILE")
        assert not archive.server.requests


# --- Earthdata's way: the data host sends to a log-in host, which sends back with a cookie

class LogIn:
    """Two hosts: `data` wants a cookie, `login` a user; they send clients to and fro."""

    def __init__(self, folder):
        self.logins = 0
        self.data = Archive(folder, self._check)
        self.login = WebServer(self._login)

    def _check(self, request):
        host = self.data.server.url()
        if request.raw_path == "/callback":
            code = dict(urllib.parse.parse_qsl(request.raw_query))
            return Reply(302, {"Set-Cookie": f"session={code['code']}; Path=/; HttpOnly", "Location": code["state"]})
        if "session=granted-secret" in request.headers.get("cookie", ""):
            return None
        query = urllib.parse.urlencode({"redirect_uri": host + "callback", "state": host + request.target[1:]})
        return Reply(302, {"Location": self.login.url("oauth/authorize?" + query, "localhost")})

    def _login(self, request):
        if request.headers.get("authorization") != basic("earth", "data-pass"):
            return Reply(401, {"WWW-Authenticate": 'Basic realm="log in"'}, b"<html>log in</html>")
        self.logins += 1
        query = dict(urllib.parse.parse_qsl(request.raw_query))
        back = query["redirect_uri"] + "?" + urllib.parse.urlencode({"code": "granted-secret", "state": query["state"]})
        return Reply(302, {"Location": back, "Set-Cookie": "login_host=only; Path=/"})


def test_log_in_by_redirect(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    hosts = LogIn(tmp_path)
    assert_refused(hosts.data.name, "401")
    (tmp_path / ".netrc").write_text("machine localhost login earth password data-pass\n")
    with configured({"GDAL_HTTP_COOKIEFILE": str(tmp_path / "cookies"), "GDAL_HTTP_COOKIEJAR": str(tmp_path / "cookies")}):
        assert_reads(hosts.data.name)
        answered = len([s for s in hosts.data.server.statuses() if s in (200, 206)])
        assert answered >= 36  # a chunk each
        assert 1 <= hosts.logins <= 16  # those that were under way before the first cookie came
        before = hosts.logins
        assert gdal.Open(hosts.data.name.replace("/sst", "/temp")).ReadAsArray().shape == (6, 90, 180)
        assert hosts.logins == before
    assert "data-pass" not in hosts.data.server.log_text() and basic("earth", "data-pass") not in hosts.data.server.log_text()
    assert "login_host" not in hosts.data.server.log_text()
    assert "session=granted-secret" not in "".join(r.headers.get("cookie", "") for r, _ in hosts.login.requests)
    hosts.data.server.close()
    hosts.login.close()


def test_the_cookie_of_a_log_in_is_kept_in_a_file(tmp_path):
    """Where GDAL_HTTP_COOKIEJAR and GDAL_HTTP_COOKIEFILE name one: the next program needs no log-in."""
    hosts = LogIn(tmp_path)
    (tmp_path / ".netrc").write_text("machine localhost login earth password data-pass\n")
    jar = {"GDAL_HTTP_COOKIEFILE": str(tmp_path / "jar"), "GDAL_HTTP_COOKIEJAR": str(tmp_path / "jar"), "HOME": str(tmp_path)}
    for program in range(2):
        before = hosts.logins
        done = subprocess.run([sys.executable, "-c", f"""from osgeo import gdal
gdal.UseExceptions()
assert gdal.Open('{hosts.data.name}').ReadAsArray().shape == (3, 90, 180)
gdal.GDALDestroyDriverManager()  # as GDAL's own programs do at their end: the jar is written then
"""], check=False, capture_output=True, text=True, env=os.environ | jar)
        assert done.returncode == 0, done.stderr
        assert hosts.logins == before if program else hosts.logins > 0
        assert "granted-secret" in (tmp_path / "jar").read_text()
    hosts.data.server.close()
    hosts.login.close()


# --- redirects tell nobody else

SECRETS = {
    "header": {"GDAL_HTTP_HEADERS": "Authorization: Bearer s3cret-tok,X-Api-Key: s3cret-key"},
    "file": {"GDAL_HTTP_HEADER_FILE": None},
    "bearer": {"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": "s3cret-tok"},
    "user": {"GDAL_HTTP_USERPWD": "me:s3cret-pass"},
    "cookie": {"GDAL_HTTP_COOKIE": "session=s3cret"},
    "netrc": {},
    "url": {},
}


@pytest.mark.parametrize("other_host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("kind", SECRETS)
def test_nothing_follows_a_redirect_to_another_host(tmp_path, monkeypatch, kind, other_host):
    monkeypatch.setenv("HOME", str(tmp_path))
    options = dict(SECRETS[kind])
    if kind == "file":
        (tmp_path / "headers").write_text("Authorization: Bearer s3cret-tok\nX-Api-Key: s3cret-key\n")
        options["GDAL_HTTP_HEADER_FILE"] = str(tmp_path / "headers")
    if kind == "netrc":  # .netrc knows no ports: only hosts of another name are told apart
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password s3cret-pass\n")
    stored = {}
    other = serve(stored)
    send_on = lambda request: Reply(302, {"Location": other.url(request.target[1:], other_host)})  # noqa: E731
    with Archive(tmp_path, send_on, user="me:s3cret-pass@" if kind == "url" else "", query="?s3cret-query=1") as archive:
        stored.update({p: c for p, c in sample_objects(tmp_path, "")[1].items()})
        stored.update({"data/" + p: c for p, c in list(stored.items())})
        with configured(options):
            assert_reads(archive.name)
        first, second = archive.server.log_text(), other.log_text()
    other.close()
    told = "s3cret" in "\n".join(v for r, _ in archive.server.requests for v in r.headers.values())
    encoded = basic("me", "s3cret-pass") in first
    assert told or encoded  # what must not go on was there
    sent_on = "\n".join(v for r, _ in other.requests for v in r.headers.values())
    assert len(other.requests) >= 36 and "s3cret" not in sent_on
    if not (kind == "netrc" and other_host == "127.0.0.1"):
        assert "authorization" not in second
    assert "referer" not in second and "x-api-key" not in second


def test_redirects_lead_to_web_servers_only(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("s3cret-file " * 10000)
    for target in (f"file://{secret}", "ftp://127.0.0.1/x", f"/vsicurl/{secret}", "gopher://127.0.0.1:1/x"):
        with Archive(tmp_path, lambda request, to=target: Reply(302, {"Location": to})) as archive:
            said = assert_refused(archive.name.replace("/sst", "/kind"), archive.server.url("data/"))
            assert "s3cret" not in str(said)


def test_a_loop_of_redirects_ends(tmp_path):
    with Archive(tmp_path, lambda request: Reply(302, {"Location": request.target})) as archive:
        assert_refused(archive.name, "redirect")


# --- proxies

def proxy_for(objects, user=None):
    def answer(request):
        if user and request.headers.get("proxy-authorization") != user:
            return Reply(407, {"Proxy-Authenticate": 'Basic realm="proxy"'})
        if request.method == "CONNECT":
            return Reply(403)
        url = urllib.parse.urlsplit(request.target)
        content = objects.get(urllib.parse.unquote(url.path).lstrip("/"))
        return object_reply(request, content) if url.hostname == "archive.invalid" and content else Reply(404)

    return WebServer(answer)


@pytest.mark.parametrize("option", ["GDAL_HTTP_PROXY", "GDAL_PROXY"])
def test_proxy(tmp_path, option):
    document, objects = sample_objects(tmp_path, "http://archive.invalid/")
    (tmp_path / "local.json").write_bytes(document)
    with proxy_for(objects, basic("prox", "y-pass")) as proxy:
        name = f'VCUBE:"{tmp_path}/local.json":/sst'
        with configured({option: proxy.url(), "VCUBE_RETRIES": "0"}):
            assert_refused(name, "407", "http://archive.invalid/")
            with configured({"GDAL_HTTP_PROXYUSERPWD": "prox:y-pass", "GDAL_PROXY_AUTH": "BASIC"}):
                assert_reads(name)


def test_https_proxy(tmp_path):
    document, _ = sample_objects(tmp_path, "https://archive.invalid/")
    (tmp_path / "local.json").write_bytes(document)
    with proxy_for({}) as proxy, configured({"GDAL_HTTPS_PROXY": proxy.url(), "VCUBE_RETRIES": "0"}):
        assert_refused(f'VCUBE:"{tmp_path}/local.json":/kind', "https://archive.invalid/")
        assert {r.method for r, _ in proxy.requests} == {"CONNECT"}


# --- certificates

@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """(server's certificate with key, client's certificate, client's key), each its own authority."""
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("server", "client"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / f"{name}.key",
                        "-out", folder / f"{name}.pem"], check=True, capture_output=True)
    return folder


def test_certificates(tmp_path, certificates):
    bundles = ("GDAL_CURL_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")  # some may be set on this machine
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    with Archive(tmp_path, tls=tls) as archive:
        assert_refused(archive.name, "https://127.0.0.1", "trusted")
        with configured({"GDAL_HTTP_UNSAFESSL": "YES"}):
            assert_reads(archive.name)
        for option in bundles:
            with configured({**dict.fromkeys(bundles, ""), option: str(certificates / "server.pem")}):
                assert gdal.Open(archive.name.replace("/sst", "/kind")).ReadAsArray() is not None
        assert_refused(archive.name.replace("/sst", "/temp"), "trusted")


def test_client_certificate(tmp_path, certificates):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    tls.load_verify_locations(certificates / "client.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    with Archive(tmp_path, tls=tls) as archive:
        with configured({"GDAL_CURL_CA_BUNDLE": str(certificates / "server.pem"), "VCUBE_RETRIES": "0"}):
            assert_refused(archive.name, "https://127.0.0.1")
            with configured({"GDAL_HTTP_SSLCERT": str(certificates / "client.pem"),
                             "GDAL_HTTP_SSLKEY": str(certificates / "client.key")}):
                assert_reads(archive.name)


# --- locations

def test_queries_stay_as_they_are(tmp_path):
    query = "?versionId=1&sig=a%2Bb%2F+c=&x=%20~(!)"
    with Archive(tmp_path, query=query) as archive:
        assert_reads(archive.name)
        assert {"?" + r.raw_query for r, _ in archive.server.requests} == {query}


@pytest.mark.parametrize("path", ["a b/c+d=e&f/é€ ü.bin", "100%/x.bin", "50%25 off/%41.bin", "~(a)!*'/;:@,$[1].bin"])
def test_paths_of_every_character(tmp_path, path):
    document, chunks = sample_references(tmp_path, "URL")
    with serve({}) as server:
        stored = urllib.parse.unquote(path)
        server.answer = lambda request: object_reply(request, chunks) if request.path == "/" + stored else Reply(404)
        (tmp_path / "local.json").write_bytes(document.replace(b'"URL"', f'"{server.url(path)}"'.encode()))
        assert_reads(f'VCUBE:"{tmp_path}/local.json":/sst')


@pytest.mark.parametrize("form", ["/vsicurl/{}", "/vsicurl?use_head=no&url={}", "/vsicurl_streaming/{}", "HTTP{}"])
def test_every_form_of_a_url(tmp_path, form):
    with Archive(tmp_path) as archive:
        text = archive.references.read_text()
        base = archive.server.url("data/")
        written = form.format(base) if not form.startswith("HTTP") else "HTTP" + base[4:]
        archive.references.write_text(text.replace(base, written))
        assert_reads(archive.name)


def test_rewritten_locations(tmp_path):
    with Archive(tmp_path) as archive:
        base = archive.server.url("data/")
        archive.references.write_text(archive.references.read_text().replace(base, "s3://no-such-bucket/x/"))
        assert_reads(archive.name, open_options=[f"URL_REWRITE=gs://other/=/none/,s3://no-such-bucket/x/={base}"])
        archive.server.forget()
        local = [f"URL_REWRITE=s3://no-such-bucket/x/={tmp_path}/"]
        temp = gdal.OpenEx(archive.name.replace("/sst", "/temp"), open_options=local)
        assert temp.ReadAsArray().shape == (6, 90, 180) and not archive.server.requests
        os.rename(tmp_path / "refs_store", tmp_path / "moved")
        kind = archive.name.replace("/sst", "/kind")
        got, said = listen(lambda: gdal.OpenEx(kind, open_options=local).ReadAsArray())
        assert got is None and len(failures(said)) == 1 and str(tmp_path) in failures(said)[0]
