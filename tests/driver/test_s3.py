"""Cubes and collections in S3 buckets, through a server that checks every signature."""
import concurrent.futures
import itertools
import os
import pathlib
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import sample_cube
import zarr
from osgeo import gdal

from remote_access import configured, failures, listen, sample_references
from small_week import open_collection

from s3_server import EMPTY_HASH, Bucket, Key, S3Server, canonical_request, signature  # isort: skip

NUMBERS = itertools.count(1)
SST = sample_cube.shown(sample_cube.packed())
ANSWERED = {200, 206, 404}  # 404: overviews and other files that may stand beside


# --- the server's own check, against the examples of the Amazon S3 API reference ("Signature Calculations for the
# Authorization Header", "Authenticating Requests: Using Query Parameters")

EXAMPLE_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
EXAMPLE_SCOPE, EXAMPLE_STAMP = "20130524/us-east-1/s3/aws4_request", "20130524T000000Z"
EXAMPLE_HEADERS = {"host": "examplebucket.s3.amazonaws.com", "x-amz-content-sha256": EMPTY_HASH, "x-amz-date": EXAMPLE_STAMP}
IN_QUERY = [("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", f"AKIAIOSFODNN7EXAMPLE/{EXAMPLE_SCOPE}"),
            ("X-Amz-Date", EXAMPLE_STAMP), ("X-Amz-Expires", "86400"), ("X-Amz-SignedHeaders", "host")]


@pytest.mark.parametrize("path, pairs, headers, signed, payload, expected", [
    ("/test.txt", [], {"range": "bytes=0-9"}, ["host", "range", "x-amz-content-sha256", "x-amz-date"], EMPTY_HASH,
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    ("/", [("lifecycle", "")], {}, ["host", "x-amz-content-sha256", "x-amz-date"], EMPTY_HASH,
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    ("/", [("prefix", "J"), ("max-keys", "2")], {}, ["host", "x-amz-content-sha256", "x-amz-date"], EMPTY_HASH,
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ("/test.txt", IN_QUERY, {}, ["host"], "UNSIGNED-PAYLOAD",
     "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"),
])
def test_signatures_of_the_specification(path, pairs, headers, signed, payload, expected):
    request = canonical_request("GET", path, pairs, {**EXAMPLE_HEADERS, **headers}, signed, payload)
    assert signature(EXAMPLE_SECRET, EXAMPLE_STAMP, EXAMPLE_SCOPE, request) == expected


# --- buckets

@pytest.fixture(scope="module")
def server():
    with S3Server() as running:
        yield running


@pytest.fixture
def store(server):
    """The server with nothing in it, and GDAL's configuration that leads there."""
    server.keys.clear()
    server.buckets.clear()
    server.forget()
    server.page, server.life = 1000, 7 * 86400
    with configured({"AWS_S3_ENDPOINT": server.endpoint, "AWS_HTTPS": "NO", "AWS_VIRTUAL_HOSTING": "FALSE",
                     "AWS_REGION": "us-east-1", "CPL_AWS_EC2_API_ROOT_URL": "http://127.0.0.1:1",
                     "CPL_AWS_CREDENTIALS_FILE": "/none", "AWS_CONFIG_FILE": "/none"}):
        yield server


def name_of(kind):
    """A bucket that no other test has: what is opened is remembered for the process."""
    return f"{kind}-{os.getpid()}-{next(NUMBERS)}"


def credentials(access, secret, **more):
    return {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret, **more}


def put_cube(store, folder, data_key="chunks.bin", **bucket):
    """The sample cube: references in one bucket, chunks in another. (dataset name, references' bucket, data's bucket)"""
    refs, data = name_of("refs"), name_of("data")
    document, chunks = sample_references(folder, f"s3://{data}/{data_key}")
    store.buckets[refs] = Bucket({"cubes/refs.json": document})
    store.buckets[data] = Bucket({data_key: chunks}, **bucket)
    return f'VCUBE:"s3://{refs}/cubes/refs.json":/sst', refs, data


def readers(store, bucket):
    """What the requests to a bucket were signed with: {(form, access key)}."""
    found = set()
    for request, _ in store.requests:
        if request.path.split("/")[1] != bucket:
            continue
        header, query = request.headers.get("authorization", ""), request.raw_query
        assert not (header and "X-Amz-Signature" in query)
        if "X-Amz-Credential=" in query:
            found.add(("query", query.split("X-Amz-Credential=")[1].split("%2F")[0]))
        elif header:
            found.add(("header", header.split("Credential=")[1].split("/")[0]))
        else:
            found.add(("none", ""))
    return found


def test_two_buckets_with_credentials_of_their_own(store, tmp_path):
    name, refs, data = put_cube(store, tmp_path)
    store.keys.update(REFS=Key("secret/of+refs", (refs,)), DATA=Key("secret/of+data", (data,), token="to/ken+="))
    with configured(paths={f"/vsis3/{refs}/": credentials("REFS", "secret/of+refs"),
                           f"/vsis3/{data}/": credentials("DATA", "secret/of+data", AWS_SESSION_TOKEN="to/ken+=")}):
        assert np.array_equal(gdal.Open(name).ReadAsArray(), SST)
    assert {access for _, access in readers(store, refs)} == {"REFS"}
    assert readers(store, data) == {("query", "DATA")}
    assert set(store.statuses()) <= ANSWERED
    with configured(credentials("REFS", "secret/of+refs")):  # the same handle's chunks stay; another band's are refused
        dataset = gdal.Open(name.replace("/sst", "/temp"))
        _, said = listen(lambda: dataset.ReadAsArray())
    assert len(failures(said)) == 1 and "403" in failures(said)[0] and data in failures(said)[0]


@pytest.mark.parametrize("key", ["a b/c+d=e&f/é€.bin", "100%/%20/x?y=1.bin", "~(a)!*'/;:@,$.bin", "a//b/./c/../d.bin"])
def test_keys_of_every_character(store, tmp_path, key):
    name, refs, data = put_cube(store, tmp_path, key)
    store.keys["K"] = Key("s", (refs, data))
    with configured(credentials("K", "s")):
        assert np.array_equal(gdal.Open(name).ReadAsArray(), SST)
    assert readers(store, data) == {("query", "K")}


def test_wrong_secret_is_one_error(store, tmp_path):
    name, refs, data = put_cube(store, tmp_path)
    store.keys.update(K=Key("right", (refs,)), D=Key("right", (data,)))
    with configured(credentials("K", "right"), {f"/vsis3/{data}/": credentials("D", "wrong-s3cret")}):
        dataset = gdal.Open(name)
        _, said = listen(lambda: dataset.ReadAsArray())
        assert len(failures(said)) == 1
        for word in ("403", "SignatureDoesNotMatch", f"s3://{data}/chunks.bin"):
            assert word in failures(said)[0]
        assert "wrong-s3cret" not in str(said) and "X-Amz" not in str(said)
        assert len([s for s in store.statuses() if s == 403]) < 40  # asked twice, not for as long as it takes
    with configured(credentials("K", "right"), {f"/vsis3/{data}/": credentials("D", "right")}):
        assert np.array_equal(gdal.Open(name).ReadAsArray(), SST)  # put right, it reads


def test_wrong_secret_of_the_references(store, tmp_path):
    name, refs, data = put_cube(store, tmp_path)
    store.keys["K"] = Key("right", (refs, data))
    with configured(credentials("K", "wrong-s3cret")):
        opened, said = listen(lambda: gdal.Open(name))
    assert opened is None and len(failures(said)) == 1
    assert f"s3://{refs}/cubes/refs.json" in failures(said)[0] and "wrong-s3cret" not in str(said)


def write_profiles(path, **profiles):
    path.write_text("".join(f"[{name}]\naws_access_key_id = {access}\naws_secret_access_key = {secret}\n"
                            for name, (access, secret) in profiles.items()))


def test_profile_and_rotated_keys(store, tmp_path):
    name, refs, data = put_cube(store, tmp_path)
    file = tmp_path / "credentials"
    write_profiles(file, default=("NOBODY", "x"), archive=("OLD", "old-secret"))
    store.keys["OLD"] = Key("old-secret", (refs, data))
    with configured({"CPL_AWS_CREDENTIALS_FILE": str(file), "AWS_PROFILE": "archive"}):
        dataset = gdal.Open(name)
        assert np.array_equal(dataset.GetRasterBand(1).ReadAsArray(), SST[0])
        assert readers(store, data) == {("query", "OLD")}
        write_profiles(file, default=("NOBODY", "x"), archive=("NEW", "new-secret"))
        store.keys.clear()
        store.keys["NEW"] = Key("new-secret", (refs, data))
        store.forget()
        assert np.array_equal(dataset.ReadAsArray(), SST)
    assert readers(store, data) == {("query", "OLD"), ("query", "NEW")} | (readers(store, data) & {("header", "NEW")})
    assert store.requests[-1][1] == 206


def test_expired_token_and_its_successor(store, tmp_path):
    name, refs, data = put_cube(store, tmp_path)
    store.keys["K"] = Key("s", (refs, data), token="first")
    with configured(credentials("K", "s", AWS_SESSION_TOKEN="first")):
        dataset = gdal.Open(name)
        assert np.array_equal(dataset.GetRasterBand(1).ReadAsArray(), SST[0])
        store.keys["K"].expired = True
        _, said = listen(lambda: dataset.GetRasterBand(2).ReadAsArray())
        assert len(failures(said)) == 1 and "ExpiredToken" in failures(said)[0]
        store.keys["K"] = Key("s", (refs, data), token="second")
        gdal.SetConfigOption("AWS_SESSION_TOKEN", "second")
        assert np.array_equal(dataset.ReadAsArray(), SST)
        gdal.SetConfigOption("AWS_SESSION_TOKEN", None)


def test_a_signature_that_expired_is_made_anew(store, tmp_path):
    name, refs, data = put_cube(store, tmp_path)
    store.keys["K"] = Key("s", (refs, data))
    with configured(credentials("K", "s")):
        dataset = gdal.Open(name)
        assert np.array_equal(dataset.GetRasterBand(1).ReadAsArray(), SST[0])
        store.life = 1
        time.sleep(2.2)
        store.forget()
        assert np.array_equal(dataset.ReadAsArray(), SST)
        assert 403 in store.statuses()


def test_requester_pays(store, tmp_path):
    name, refs, data = put_cube(store, tmp_path, requester_pays=True)
    store.keys["K"] = Key("s", (refs, data))
    with configured(credentials("K", "s")):
        _, said = listen(lambda: gdal.Open(name).ReadAsArray())
        assert len(failures(said)) == 1 and "403" in failures(said)[0]
        with configured(paths={f"/vsis3/{data}/": {"AWS_REQUEST_PAYER": "requester"}}):
            store.forget()
            dataset = gdal.Open(name)
            assert np.array_equal(dataset.ReadAsArray(), SST)
            statistics = dataset.GetMetadata("FETCH_STATISTICS")
            assert int(statistics["RANGES"]) >= 36 and int(statistics["BYTES"]) > 10000 and statistics["FAILURES"] == "0"
    assert readers(store, data) == {("header", "K")}  # a signed URL cannot tell who pays
    assert set(store.statuses()) <= ANSWERED


def test_public_buckets_are_not_signed_for(store, tmp_path):
    name, refs, data = put_cube(store, tmp_path, public=True)
    store.buckets[refs].public = True
    with configured(credentials("SOMEBODY", "s", AWS_NO_SIGN_REQUEST="YES")):
        assert np.array_equal(gdal.Open(name).ReadAsArray(), SST)
    assert readers(store, data) == readers(store, refs) == {("none", "")}
    assert set(store.statuses()) <= ANSWERED


def test_a_bucket_in_another_region(store, tmp_path):
    name, refs, data = put_cube(store, tmp_path, region="eu-central-1")
    store.keys["K"] = Key("s", (refs, data))
    with configured(credentials("K", "s")):
        assert np.array_equal(gdal.Open(name).ReadAsArray(), SST)
        refusals = [s for s in store.statuses() if s >= 400]
        assert 0 < len(refusals) < 40
    with configured(credentials("K", "s"), {f"/vsis3/{data}/": {"AWS_REGION": "eu-central-1"}}):
        store.forget()
        temp = gdal.Open(name.replace("/sst", "/temp")).ReadAsArray()
        assert temp.shape[0] == 6 and readers(store, data) == {("query", "K")} and set(store.statuses()) <= ANSWERED


def test_many_threads_at_once_in_a_bucket_of_another_region(store, tmp_path):
    """GDAL asks for the region once; all wait for what it finds out."""
    refs, data = name_of("refs"), name_of("data")
    store.buckets[refs], store.buckets[data] = Bucket(), Bucket(region="eu-central-1")
    store.keys["K"] = Key("s", (refs, data))
    for k in range(8):
        (tmp_path / str(k)).mkdir()
        document, chunks = sample_references(tmp_path / str(k), f"s3://{data}/{k}.bin")
        store.buckets[refs].objects[f"{k}.json"] = document
        store.buckets[data].objects[f"{k}.bin"] = chunks
    with configured(credentials("K", "s")), concurrent.futures.ThreadPoolExecutor(8) as threads:
        read = threads.map(lambda k: gdal.Open(f'VCUBE:"s3://{refs}/{k}.json":/sst').ReadAsArray(), range(8))
        assert all(np.array_equal(one, SST) for one in read)


def test_no_credentials_at_all(store, tmp_path):
    name, _, _ = put_cube(store, tmp_path)
    opened, said = listen(lambda: gdal.Open(name))
    assert opened is None and len(failures(said)) == 1 and "AWS_SECRET_ACCESS_KEY" in failures(said)[0]


# --- directories

def put_zarr(store, folder, consolidated=False):
    """The sample cube as a Zarr directory: (its folder's URL, bucket)."""
    bucket = name_of("zarr")
    local = folder / "cube.zarr"
    sample_cube.fill(zarr.open_group(zarr.DirectoryStore(str(local)), mode="w"))
    if consolidated:
        zarr.consolidate_metadata(str(local))
    files = (path for path in sorted(local.rglob("*")) if path.is_file())
    store.buckets[bucket] = Bucket({f"deep/cube.zarr/{p.relative_to(local).as_posix()}": p.read_bytes() for p in files})
    return f"s3://{bucket}/deep/cube.zarr", bucket


@pytest.mark.parametrize("consolidated", [False, True])
@pytest.mark.parametrize("page, payer", [(3, ""), (1000, ""), (1000, "requester")])
def test_zarr_directory(store, tmp_path, consolidated, page, payer):
    location, bucket = put_zarr(store, tmp_path, consolidated)
    store.keys["K"] = Key("s", (bucket,))
    store.page = page
    store.buckets[bucket].requester_pays = payer != ""
    with configured(credentials("K", "s", AWS_REQUEST_PAYER=payer)):
        listed = gdal.Open(f'VCUBE:"{location}"').GetSubDatasets()
        assert [n for n, _ in listed] == [f'VCUBE:"{location}":/{v}' for v in ("kind", "sst", "temp")]
        assert np.array_equal(gdal.Open(f'VCUBE:"{location}":/sst').ReadAsArray(), SST)


def test_a_later_process_brings_no_chunk_again(store, tmp_path):
    """A condition goes with a URL that was signed without it."""
    location, bucket = put_zarr(store, tmp_path, consolidated=True)
    store.keys["K"] = Key("s", (bucket,))
    read = "import sys; from osgeo import gdal; import numpy; numpy.save(sys.argv[2], gdal.Open(sys.argv[1]).ReadAsArray())"
    settings = {name: gdal.GetConfigOption(name) for name in (
        "AWS_S3_ENDPOINT", "AWS_HTTPS", "AWS_VIRTUAL_HOSTING", "AWS_REGION", "CPL_AWS_EC2_API_ROOT_URL",
        "CPL_AWS_CREDENTIALS_FILE", "AWS_CONFIG_FILE")}
    environment = {**os.environ, **settings, **credentials("K", "s"), "VCUBE_DISK_CACHE_DIR": str(tmp_path / "disk")}

    def chunks():
        """(status, whether it came with a condition) of the requests for chunks."""
        store.forget()
        subprocess.run([sys.executable, "-W", "ignore", "-c", read, f'VCUBE:"{location}":/sst', tmp_path / "out.npy"],
                       check=True, env=environment)
        assert np.array_equal(np.load(tmp_path / "out.npy"), SST)
        asked = [(r, status) for r, status in store.requests if "/sst/" in r.path]
        assert all("X-Amz-SignedHeaders=host&" in r.raw_query + "&" for r, _ in asked)
        return [(status, "if-none-match" in r.headers) for r, status in asked]

    first = chunks()
    assert len(first) > 10 and set(first) == {(200, False)}
    assert chunks() == [(304, True)] * len(first)


def test_an_absent_chunk_and_one_that_must_not_be_read(store, tmp_path):
    location, bucket = put_zarr(store, tmp_path)
    objects = store.buckets[bucket].objects
    store.keys["K"] = Key("s", (bucket,))
    with configured(credentials("K", "s")):
        dataset = gdal.Open(f'VCUBE:"{location}":/sst')
        del objects["deep/cube.zarr/sst/1.0.0"]
        read = dataset.ReadAsArray()
        expected = sample_cube.packed()
        expected[1, :32, :50] = -32768  # no such key: the fill value
        assert np.array_equal(read, sample_cube.shown(expected))
        # Who may not list a bucket is told 403 of what does not exist: that is not known to be absent.
        del objects["deep/cube.zarr/temp/0.0.0.0"]
        temp = gdal.Open(f'VCUBE:"{location}":/temp')
        store.keys["K"].may_list = False
        _, said = listen(lambda: temp.ReadAsArray())
    assert len(failures(said)) == 1
    assert "403" in failures(said)[0] and "temp/0.0.0.0" in failures(said)[0]


@pytest.mark.parametrize("page", [4, 1000])
def test_collection_of_products(store, week, page):
    bucket = name_of("smos")
    store.buckets[bucket] = Bucket({f"SMOS/{p.relative_to(week.folder).as_posix()}": p.read_bytes()
                                    for p in sorted(week.folder.rglob("*")) if p.is_file()})
    store.keys["K"] = Key("s", (bucket,))
    store.page = page
    day = {"COMPOSITE": "DAY", "TIME_RANGE": "2023-07-30"}
    expected = open_collection(week.folder, **day).ReadAsArray()
    with configured(credentials("K", "s")):
        for location in (f"s3://{bucket}/SMOS", f"/vsis3/{bucket}/SMOS", f"s3://{bucket}/SMOS/**/*SMUDP2*.nc"):
            np.testing.assert_array_equal(open_collection(location, **day).ReadAsArray(), expected)
    assert np.isfinite(expected).any() and set(store.statuses()) <= ANSWERED


# --- s3rver, another implementation

@pytest.fixture(scope="module")
def s3rver(tmp_path_factory):
    """npm's s3rver, where the environment variable S3RVER names a folder of node modules that has it."""
    program = pathlib.Path(os.environ.get("S3RVER", "/none")) / "s3rver" / "bin" / "s3rver.js"
    if not program.exists():
        pytest.skip("s3rver is not there: npm install s3rver, and S3RVER names its node_modules")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("s3rver")
    process = subprocess.Popen(["node", str(program), "-d", str(folder), "-p", str(port), "-a", "127.0.0.1", "--silent",
                                "--configure-bucket", "cubes"])
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    with configured({"AWS_S3_ENDPOINT": f"127.0.0.1:{port}", "AWS_HTTPS": "NO", "AWS_VIRTUAL_HOSTING": "FALSE",
                     "AWS_REGION": "us-east-1", **credentials("S3RVER", "S3RVER")}):
        yield "cubes"
    process.terminate()
    process.wait()


def test_s3rver(s3rver, tmp_path):
    document, chunks = sample_references(tmp_path, f"s3://{s3rver}/a b+c/chunks.bin")
    for key, content in (("refs.json", document), ("a b+c/chunks.bin", chunks)):
        file = gdal.VSIFOpenL(f"/vsis3/{s3rver}/{key}", "wb")
        gdal.VSIFWriteL(content, 1, len(content), file)
        gdal.VSIFCloseL(file)
    name = f'VCUBE:"s3://{s3rver}/refs.json":/sst'
    assert np.array_equal(gdal.Open(name).ReadAsArray(), SST)
    with configured(credentials("NOBODY", "S3RVER")):  # whose signatures it takes it checks, but not the signatures
        _, said = listen(lambda: gdal.Open(name.replace("/sst", "/temp")).ReadAsArray())
        assert len(failures(said)) == 1 and "403" in failures(said)[0]


def test_s3rver_lists_a_zarr_directory(s3rver, tmp_path):
    local = tmp_path / "cube.zarr"
    sample_cube.fill(zarr.open_group(zarr.DirectoryStore(str(local)), mode="w"))
    for path in sorted(p for p in local.rglob("*") if p.is_file()):
        file = gdal.VSIFOpenL(f"/vsis3/{s3rver}/cube.zarr/{path.relative_to(local).as_posix()}", "wb")
        gdal.VSIFWriteL(path.read_bytes(), 1, path.stat().st_size, file)
        gdal.VSIFCloseL(file)
    assert np.array_equal(gdal.Open(f'VCUBE:"s3://{s3rver}/cube.zarr":/sst').ReadAsArray(), SST)
