"""No credential and no query string is told or kept: everything that GDAL says with CPL_DEBUG=ON, metadata, file lists,
caches, overview and statistics files are searched for secrets that were given in every way there is."""
import base64
import os
import pathlib
import subprocess
import sys
import urllib.parse

import pytest

from remote_access import sample_objects, sample_references

from s3_server import Bucket, Key, S3Server  # isort: skip
from web_server import Reply, WebServer, object_reply  # isort: skip

SCRIPT = pathlib.Path(__file__).with_name("tell_everything.py")
MARK = "s3cret"  # every secret of these tests has it in its name, in some case
FORMS = [MARK, MARK.upper(), base64.b64encode(f"user:{MARK}-".encode()).decode()[:16], "X-Amz-Signature", "X-Amz-Credential"]


def found_in(text, forms=FORMS):
    """The lines that hold one of the forms."""
    return [line for line in text.splitlines() if any(form in line for form in forms)]


class Child:
    """Runs tell_everything.py with folders of its own; what it says and writes is searched."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("home", "disk", "index", "overviews"):
            (folder / name).mkdir()

    def run(self, name, *arguments, write=False, **environment):
        environment = {"CPL_DEBUG": "ON", "HOME": str(self.folder / "home"), "VCUBE_INDEX_DIR": str(self.folder / "index"),
                       "VCUBE_DISK_CACHE_DIR": str(self.folder / "disk"), "VCUBE_DISK_CACHE_MAX_AGE": "60",
                       "VCUBE_OVERVIEW_DIR": str(self.folder / "overviews"), "VCUBE_RETRIES": "1", "VCUBE_TIMEOUT": "3",
                       **environment}
        done = subprocess.run([sys.executable, "-W", "ignore", str(SCRIPT), name, *map(str, arguments),
                               *(["--write"] if write else [])], check=False, capture_output=True, timeout=120,
                              env=os.environ | environment)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")

    def written(self):
        """Names and contents of all files that were written."""
        parts = []
        for path in sorted(self.folder.rglob("*")):
            inside = path.relative_to(self.folder).parts[0]
            if inside in ("disk", "index", "overviews") or path.suffix in (".ovr", ".xml"):
                parts.append(str(path) + "\n" + (path.read_bytes().decode("latin-1") if path.is_file() else ""))
        return "\n".join(parts)


@pytest.fixture
def child(tmp_path):
    return Child(tmp_path)


# --- secrets of HTTP

class Web:
    """A server that says everything that it was told in its refusals, and local references that name it."""

    def __init__(self, folder):
        self.folder, self.objects, self.fault = folder, {}, "none"
        self.elsewhere = WebServer(lambda request: Reply(403, {}, request.text().encode()))
        self.server = WebServer(self._answer)
        query = f"?X-Amz-Signature={MARK}-sig&token={MARK}-query"
        base = f"http://user:{MARK}-pass@127.0.0.1:{self.server.port}/"
        document, chunks = sample_objects(folder, base, query)
        self.objects.update(chunks)
        self.objects["refs.json"] = document
        (folder / "local.json").write_bytes(document)
        (folder / "headers").write_text(f"X-File: {MARK}-file\n")
        (folder / "home" / ".netrc").write_text(f"default login user password {MARK}-netrc\n")
        self.name = f'VCUBE:"{folder}/local.json":/sst'
        self.remote_name = f'VCUBE:"{base}refs.json{query}":/sst'
        self.environment = {
            "GDAL_HTTP_HEADERS": f"X-Key: {MARK}-header,X-Other: {MARK.upper()}-HEADER",
            "GDAL_HTTP_HEADER_FILE": str(folder / "headers"),
            "GDAL_HTTP_COOKIE": f"session={MARK}-cookie", "GDAL_HTTP_PROXYUSERPWD": f"user:{MARK}-proxy"}

    def _answer(self, request):
        told = request.text().encode()
        content = self.objects.get(request.path.lstrip("/"))
        if request.path == "/refs.json" or self.fault == "none":
            return object_reply(request, content) if content is not None else Reply(404, {}, told)
        reply = object_reply(request, content)
        changed = {**reply.headers, "ETag": '"other"', "Content-Range": "bytes 0-1/2"}
        return {"403": Reply(403, {"Content-Type": "text/plain"}, told),
                "403 xml": Reply(403, {}, b"<Error><Code>" + MARK.encode() + b"</Code><Message>" + told + b"</Message></Error>"),
                "404": Reply(404, {}, told), "500": Reply(500, {"Retry-After": "0"}, told), "400": Reply(400, {}, told),
                "page": Reply(200, {"Content-Type": "text/html"}, told),
                "range": Reply(206, changed, b"ab"),
                "redirect": Reply(302, {"Location": self.elsewhere.url(f"x?code={MARK}-code")}),
                "redirect nowhere": Reply(302, {"Location": f"http://user:{MARK}-r@127.0.0.1:1/x?code={MARK}-code"}),
                "redirect file": Reply(302, {"Location": f"file:///etc/{MARK}?code={MARK}-code"}),
                "redirect garbage": Reply(302, {"Location": f"http://[{MARK}/"}),
                }[self.fault]

    def close(self):
        self.server.close()
        self.elsewhere.close()


@pytest.fixture
def web(child):
    running = Web(child.folder)
    yield running
    running.close()


FAULTS = ["403", "403 xml", "404", "500", "400", "page", "range", "redirect", "redirect nowhere", "redirect file",
          "redirect garbage"]


def test_web_success(child, web):
    said = child.run(web.name, write=True, **web.environment)
    sent = web.server.log_text()
    for secret in ("sig", "query", "header", "file", "cookie"):
        assert f"{MARK}-{secret}" in sent  # they were there to be told
    assert base64.b64encode(f"user:{MARK}-pass".encode()).decode() in sent
    assert "band 3 time=2023-04-03T12:00:00Z True" in said and "error:" not in said
    assert "VCUBE:" in said  # debug lines are on
    assert not found_in(said)
    written = child.written()
    assert list((child.folder / "disk").rglob("*")) and any("ovr" in p.name for p in child.folder.rglob("*"))
    assert not found_in(written)
    assert str(web.server.port) not in written.replace(f":{web.server.port}/refs_store", "")


def test_the_search_finds_what_is_there(child, web):
    """With a secret as the name of a file that is read, which messages do tell."""
    (child.folder / f"{MARK}.json").write_bytes((child.folder / "local.json").read_bytes())
    said = child.run(f'VCUBE:"{child.folder}/{MARK}.json":/sst', write=True, **web.environment)
    assert found_in(said) and found_in(child.written())


@pytest.mark.parametrize("fault", FAULTS)
def test_web_failures(child, web, fault):
    web.fault = fault
    said = child.run(web.name, **web.environment)
    assert f"http://127.0.0.1:{web.server.port}/refs_store/sst/" in said and "error:" in said
    assert not found_in(said)
    assert not found_in(child.written())


@pytest.mark.parametrize("form", ["/vsicurl_streaming/{}", "/vsicurl?empty_dir=yes&url={}"])
@pytest.mark.parametrize("fault", ["none", "403", "403 xml", "500", "redirect", "redirect nowhere"])
def test_what_gdal_itself_reads(child, web, form, fault):
    """Debug lines and reasons of GDAL's own client go through the driver's hands."""
    web.fault = fault
    base = f"http://user:{MARK}-pass@127.0.0.1:{web.server.port}/"
    text = (child.folder / "local.json").read_text()
    if "url=" in form:
        query = f"?X-Amz-Signature={MARK}-sig&token={MARK}-query"
        text = text.replace(query, urllib.parse.quote(query, safe=""))
        text = text.replace(base, form.format(urllib.parse.quote(base, safe="")))
    else:
        text = text.replace(base, form.format(base))
    (child.folder / "local.json").write_text(text)
    said = child.run(web.name, **web.environment)
    assert f"{MARK}-sig" in web.server.log_text() and ("error:" in said) == (fault != "none")
    assert not found_in(said) and not found_in(child.written())


def test_server_that_is_not_there(child, web):
    web.close()
    said = child.run(web.name, **web.environment)
    assert "error:" in said and not found_in(said)


def test_proxy_that_refuses(child, web):
    with WebServer(lambda request: Reply(407, {"Proxy-Authenticate": 'Basic realm="p"'}, request.text().encode())) as proxy:
        said = child.run(web.name, GDAL_HTTP_PROXY=proxy.url(), **web.environment)
        assert base64.b64encode(f"user:{MARK}-proxy".encode()).decode() in proxy.log_text()
    assert "407" in said and not found_in(said)
    said = child.run(web.name, GDAL_HTTP_PROXY=f"http://user:{MARK}@127.0.0.1:1", **web.environment)
    assert "error:" in said and not found_in(said)


def without_own_name(said):
    """GDAL itself says which dataset it opens and closes, and derives names from that."""
    own = ("GDAL: GDALOpen(", "GDAL: GDALClose(", "dataset DERIVED_SUBDATASETS")
    return "\n".join(line for line in said.splitlines() if not line.startswith(own))


@pytest.mark.parametrize("fault", ["none", *FAULTS])
def test_secrets_in_the_dataset_name(child, web, fault):
    web.fault = fault
    said = without_own_name(child.run(web.remote_name, write=fault == "none", **web.environment))
    assert ("error:" in said) == (fault != "none")
    assert not found_in(said)
    assert not found_in(child.written())


@pytest.mark.parametrize("name", [
    f'VCUBE:"http://user:{MARK}@127.0.0.1:1/refs.json?token={MARK}":/sst',
    f'VCUBE:"http://user:{MARK}@127.0.0.1:1/cube.zarr?token={MARK}":/sst',
    f'VCUBE:"/vsicurl/http://user:{MARK}@127.0.0.1:1/refs.json?token={MARK}"',
    f'VCUBE:"/vsicurl?url=http%3A%2F%2Fuser%3A{MARK}%40127.0.0.1%3A1%2Frefs.json%3Ftoken%3D{MARK}"',
    f'VCUBE:"s3://bucket/x?X-Amz-Signature={MARK}"',
])
def test_names_that_cannot_be_opened(child, name):
    said = without_own_name(child.run(name, AWS_S3_ENDPOINT="127.0.0.1:1", AWS_NO_SIGN_REQUEST="YES"))
    assert "error:" in said and not found_in(said)


@pytest.mark.parametrize("option", [f"URL_REWRITE=http://user:{MARK}-pass=http://user:{MARK}@127.0.0.1:1/?sig={MARK}",
                                    f"URL_REWRITE=http://user:{MARK}-pass=/no/such/folder/",
                                    f"URL_REWRITE=http://127.0.0.1=https://user:{MARK}@h/?sig={MARK},x"])
def test_options_that_lead_nowhere(child, web, option):
    said = child.run(web.name, "--option", option, **web.environment)
    assert "error:" in said
    assert not found_in(said)


# --- secrets of object stores

class Store:
    def __init__(self, folder):
        self.server = S3Server({f"AK{MARK.upper()}": Key(f"{MARK}-key", ("refs", "data"), token=f"{MARK}-token")})
        document, chunks = sample_references(folder, "s3://data/chunks.bin")
        self.server.buckets = {"refs": Bucket({"refs.json": document}), "data": Bucket({"chunks.bin": chunks})}
        self.name = 'VCUBE:"s3://refs/refs.json":/sst'
        self.environment = {"AWS_S3_ENDPOINT": self.server.endpoint, "AWS_HTTPS": "NO", "AWS_VIRTUAL_HOSTING": "FALSE",
                            "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": f"AK{MARK.upper()}",
                            "AWS_SECRET_ACCESS_KEY": f"{MARK}-key",
                            "AWS_SESSION_TOKEN": f"{MARK}-token"}


@pytest.fixture
def store(child):
    running = Store(child.folder)
    yield running
    running.server.close()


@pytest.mark.parametrize("payer", ["", "requester"])
def test_store_success(child, store, payer):
    said = child.run(store.name, write=True, AWS_REQUEST_PAYER=payer, **store.environment)
    assert f"{MARK}-token" in urllib.parse.unquote(store.server.log_text()) and set(store.server.statuses()) <= {200, 206, 404}
    assert "band 3 time=2023-04-03T12:00:00Z True" in said and "error:" not in said
    assert not found_in(said)
    assert not found_in(child.written())


@pytest.mark.parametrize("payer", ["", "requester"])
@pytest.mark.parametrize("fault", ["secret", "token", "key", "object", "bucket", "region", "gone"])
def test_store_failures(child, store, fault, payer):
    key = store.server.keys[f"AK{MARK.upper()}"]
    if fault == "secret":
        key.secret = "another"
    elif fault == "token":
        key.expired = True
    elif fault == "key":
        store.server.keys.clear()
    elif fault == "object":
        store.server.buckets["data"].objects.clear()
    elif fault == "bucket":
        del store.server.buckets["data"]
    elif fault == "region":
        store.server.buckets["data"].region = "xx-none-1"
        key.buckets = ("refs",)
    else:
        store.server.close()
    said = child.run(store.name, AWS_REQUEST_PAYER=payer, **store.environment)
    assert "error:" in said and not found_in(said)
    assert not found_in(child.written())


def test_collection_in_a_store(child, store, week):
    """Footprints and the cache on disk are written; they hold nothing of the log-in."""
    files = sorted(p for p in week.folder.rglob("*SMUDP2*.nc"))[:4]
    store.server.buckets["data"].objects.update({f"SMOS/{p.name}": p.read_bytes() for p in files})
    said = child.run('VCUBE:"s3://data/SMOS":/Soil_Moisture', "--option", "COMPOSITE=DAY", "--option", "EXTENT=0,40,10,50",
                     "--option", "RES=0.1", **store.environment)
    assert "error:" not in said and f"{MARK}-token" in urllib.parse.unquote(store.server.log_text())
    assert any(path.is_file() for path in (child.folder / "index").rglob("*"))
    assert not found_in(said) and not found_in(child.written())


@pytest.mark.parametrize("fault", ["none", "403", "redirect nowhere"])
def test_collection_by_a_list_of_signed_urls(child, web, week, fault):
    """A list of references, each with a signature of its own, and products behind it."""
    web.fault = fault
    lines = []
    base = f"http://user:{MARK}-pass@127.0.0.1:{web.server.port}/"
    query = f"?X-Amz-Signature={MARK}-sig"
    for product in [p for p in week.made if "SMUDP2" in p.path.name][:2]:
        relative = os.path.relpath(product.path, product.references.parent)
        text = product.references.read_text().replace(f'"{relative}"', f'"{base}{product.path.name}{query}"')
        assert query in text
        web.objects[product.path.name] = product.path.read_bytes()
        (child.folder / product.references.name).write_text(text)
        lines.append(product.references.name)
    (child.folder / "list.txt").write_text("\n".join(lines) + "\n")
    said = child.run(f'VCUBE:"{child.folder}/list.txt":/Soil_Moisture', "--option", "COMPOSITE=DAY", "--option",
                     "EXTENT=0,40,10,50", "--option", "RES=0.1", **web.environment)
    assert f"{MARK}-sig" in web.server.log_text()
    assert not found_in(said) and not found_in(child.written())


def test_profiles_are_not_told(child, store):
    (child.folder / "home" / ".aws").mkdir()
    (child.folder / "home" / ".aws" / "credentials").write_text(
        f"[default]\naws_access_key_id = AK{MARK.upper()}\naws_secret_access_key = {MARK}-key\n"
        f"aws_session_token = {MARK}-token\n")
    environment = {name: value for name, value in store.environment.items() if name not in (
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
    said = child.run(store.name, **environment)
    assert "error:" not in said and not found_in(said) and not found_in(child.written())
