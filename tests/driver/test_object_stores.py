"""Google's, Azure's and Alibaba's object stores: how GDAL's configuration reaches their servers. The server here does not
check signatures, but that they are there, whose they are, and that no other log-in is sent beside them."""
import base64
import urllib.parse

import numpy as np
import pytest
import sample_cube
from osgeo import gdal

from remote_access import configured, failures, listen, sample_references

from web_server import Reply, WebServer, object_reply  # isort: skip

SST = sample_cube.shown(sample_cube.packed())
KEY = "data/a b+c=é.bin"
AZURE_KEY = base64.b64encode(b"azure account key, 32 bytes long").decode()


class Store:
    """Gives the chunks to requests that `admits(pairs of the query, headers)` lets in."""

    def __init__(self, folder, location, admits):
        document, chunks = sample_references(folder, location)
        (folder / "refs.json").write_bytes(document)
        self.name, self.admits = f'VCUBE:"{folder}/refs.json":/sst', admits

        def answer(request):
            query = dict(urllib.parse.parse_qsl(request.raw_query, keep_blank_values=True))
            if request.path.endswith("/" + KEY) and self.admits(query, request.headers):
                return object_reply(request, chunks)
            return Reply(403, {}, b"<Error><Code>AccessDenied</Code></Error>")

        self.server = WebServer(answer)

    def close(self):
        self.server.close()


def google(store):
    return {"CPL_GS_ENDPOINT": store.server.url(), "GS_ACCESS_KEY_ID": "GOOG1", "GS_SECRET_ACCESS_KEY": "hmac"}


def azure(store):
    return {"AZURE_STORAGE_CONNECTION_STRING":
            f"DefaultEndpointsProtocol=http;AccountName=acct;AccountKey={AZURE_KEY};BlobEndpoint={store.server.url('acct')}"}


def azure_token(store):
    return {"AZURE_STORAGE_CONNECTION_STRING":
            f"AccountName=acct;SharedAccessSignature=sv=2020&sp=r&sig=a%2Bb%3D;BlobEndpoint={store.server.url('acct')}"}


def azure_public(store):
    return {"AZURE_STORAGE_ACCOUNT": "acct", "AZURE_NO_SIGN_REQUEST": "YES", "CPL_AZURE_USE_HTTPS": "NO",
            "CPL_AZURE_ENDPOINT": store.server.url("acct").rstrip("/")}


def google_public(store):
    return {"CPL_GS_ENDPOINT": store.server.url(), "GS_NO_SIGN_REQUEST": "YES"}


def alibaba(store):
    return {"OSS_ENDPOINT": f"127.0.0.1:{store.server.port}", "OSS_HTTPS": "NO", "OSS_VIRTUAL_HOSTING": "NO",
            "OSS_ACCESS_KEY_ID": "OSS1", "OSS_SECRET_ACCESS_KEY": "s"}


def has(**wanted):
    """Nothing but these in the query (None: any value), and no log-in in a header."""
    return lambda query, headers: (all(n in query and v in (None, query[n]) for n, v in wanted.items())
                                   and "authorization" not in headers and "a=b" not in headers.get("cookie", ""))


@pytest.mark.parametrize("location, settings, admits", [
    ("gs://bucket/", google, has(GoogleAccessId="GOOG1", Signature=None, Expires=None)),
    ("gcs://bucket/", google, has(GoogleAccessId="GOOG1")),
    ("/vsigs/bucket/", google, has(GoogleAccessId="GOOG1")),
    ("gs://bucket/", google_public, lambda query, headers: not query and "authorization" not in headers),
    ("az://container/", azure, has(sig=None, se=None, sp="r")),
    ("abfs://container@acct.dfs.core.windows.net/", azure, has(sig=None)),
    ("az://container/", azure_token, has(sig="a+b=", sv="2020", sp="r")),
    ("az://container/", azure_public, lambda query, headers: not query and "authorization" not in headers),
    ("oss://bucket/", alibaba, has(OSSAccessKeyId="OSS1", Signature=None)),
])
def test_signed_urls(tmp_path, location, settings, admits):
    store = Store(tmp_path, location + KEY, admits)
    other_logins = {"GDAL_HTTP_USERPWD": "me:pass", "GDAL_HTTP_COOKIE": "a=b", "GDAL_HTTP_HEADERS": "X-Extra: 1"}
    with configured({**settings(store), **other_logins}):
        assert np.array_equal(gdal.Open(store.name).ReadAsArray(), SST)
        assert {r.headers.get("x-extra") for r, _ in store.server.requests} == {"1"}
    store.close()


@pytest.mark.parametrize("location, settings, more", [
    ("gs://bucket/", google, {"GS_USER_PROJECT": "my-project"}),
    ("az://container/", azure, {"GDAL_HTTP_HEADERS": "x-ms-extra: 1"}),
    ("s3://bucket/", None, {"AWS_REQUEST_PAYER": "requester"}),
])
def test_what_a_url_cannot_say_goes_through_gdal(tmp_path, location, settings, more):
    store = Store(tmp_path, location + KEY, lambda query, headers: "authorization" in headers)
    s3 = {"AWS_S3_ENDPOINT": f"127.0.0.1:{store.server.port}", "AWS_HTTPS": "NO", "AWS_VIRTUAL_HOSTING": "NO",
          "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"}
    with configured({**(settings(store) if settings else s3), **more}):
        assert np.array_equal(gdal.Open(store.name).ReadAsArray(), SST)
    store.close()


def test_nobody_is_logged_in(tmp_path):
    store = Store(tmp_path, "az://container/" + KEY, has(sig=None))
    with configured({"AZURE_STORAGE_ACCOUNT": "acct", "CPL_AZURE_VM_API_ROOT_URL": "disabled"}):
        _, said = listen(lambda: gdal.Open(store.name).ReadAsArray())
    assert len(failures(said)) == 1 and "AZURE_STORAGE_ACCESS_KEY" in failures(said)[0]
    store.close()
