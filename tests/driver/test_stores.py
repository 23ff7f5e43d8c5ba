"""Where a store may stand: folders, zip files, Parquet references, on disk, in memory, behind GDAL's file systems and on a web server."""
import functools
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import zipfile

import netCDF4
import numcodecs
import numpy as np
import oracle
import pytest
import sample_cube
import zarr
from osgeo import gdal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import parquet_writer as pq  # noqa: E402

VALUES = np.arange(3 * 40 * 60, dtype="<i2").reshape(3, 40, 60)
LAYERS = np.linspace(0, 1, 20).reshape(4, 5)


def fill(group, separator="."):
    """Two arrays, one in a group, with a chunk that is not stored."""
    data = group.create_dataset("data", data=VALUES, chunks=(1, 16, 20), fill_value=-7, compressor=numcodecs.Zlib(3),
                                dimension_separator=separator)
    data.attrs["_ARRAY_DIMENSIONS"] = ["t", "y", "x"]
    inner = group.create_group("deep/er").create_dataset("layers", data=LAYERS, chunks=(2, 2), dimension_separator=separator)
    inner.attrs["_ARRAY_DIMENSIONS"] = ["y", "x"]


EXPECTED = VALUES.copy()
EXPECTED[1, 16:32, 20:40] = -7


def make_folder(path, separator=".", consolidated=False):
    store = zarr.DirectoryStore(str(path), dimension_separator=separator)
    fill(zarr.open_group(store, mode="w"), separator)
    (path / "data" / separator.join("111")).unlink()
    if consolidated:
        zarr.consolidate_metadata(store)
    assert np.array_equal(zarr.open_group(store, mode="r")["data"][:], EXPECTED)
    return path


def zip_folder(folder, target, prefix="", method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(target, "w", method) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, prefix + path.relative_to(folder).as_posix())
    return target


def check(place, prefix=True):
    """Both arrays of the store, through both APIs."""
    name = f'VCUBE:"{place}"' if prefix else str(place)
    root = gdal.OpenEx(name, gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    assert root.GetMDArrayNames() == ["data"] and root.GetGroupNames() == ["deep"]
    assert np.array_equal(root.OpenMDArray("data").ReadAsArray(), EXPECTED)
    assert np.array_equal(root.OpenMDArrayFromFullname("/deep/er/layers").ReadAsArray(), LAYERS)
    assert np.array_equal(gdal.Open(f'VCUBE:"{place}":/data').ReadAsArray(), EXPECTED)
    assert np.array_equal(gdal.Open(f'VCUBE:"{place}":/deep/er/layers').ReadAsArray(), LAYERS)
    assert len(gdal.Open(name).GetSubDatasets()) == 2


@pytest.mark.parametrize("consolidated", [False, True])
@pytest.mark.parametrize("separator", [".", "/"])
def test_zarr_folders(tmp_path, separator, consolidated):
    folder = make_folder(tmp_path / "any name", separator, consolidated)
    check(folder)
    check(f"{folder}/")
    check(folder / ".zgroup")
    if consolidated:
        check(folder / ".zmetadata")


def test_relative_folder(tmp_path, monkeypatch):
    make_folder(tmp_path / "a.zarr")
    monkeypatch.chdir(tmp_path)
    dataset = gdal.Open('VCUBE:"a.zarr":/data')
    monkeypatch.chdir("/")
    assert np.array_equal(dataset.ReadAsArray(), EXPECTED)


@pytest.mark.parametrize("consolidated", [False, True])
def test_folders_behind_file_systems(tmp_path, consolidated):
    folder = make_folder(tmp_path / "a.zarr", consolidated=consolidated)
    for path in folder.rglob("*"):
        if path.is_dir():
            gdal.MkdirRecursive(f"/vsimem/stores/a.zarr/{path.relative_to(folder)}", 0o755)
        else:
            gdal.FileFromMemBuffer(f"/vsimem/stores/a.zarr/{path.relative_to(folder)}", path.read_bytes())
    check("/vsimem/stores/a.zarr")
    gdal.RmdirRecursive("/vsimem/stores")
    archive = zip_folder(folder, tmp_path / "inside.zip", "some/a.zarr/")
    check(f"/vsizip/{archive}/some/a.zarr")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("consolidated", [False, True])
@pytest.mark.parametrize("prefix", ["", "a.zarr/", "x/y/a.zarr/"])
def test_zarr_in_zip(tmp_path, prefix, consolidated, method):
    folder = make_folder(tmp_path / "a.zarr", consolidated=consolidated)
    check(zip_folder(folder, tmp_path / "a.zip", prefix, method))


def test_zip_by_zarr(tmp_path):
    store = zarr.ZipStore(str(tmp_path / "a.zip"), mode="w")
    fill(zarr.open_group(store))
    store.close()
    dataset = gdal.Open(f'VCUBE:"{tmp_path}/a.zip":/data')
    assert np.array_equal(dataset.ReadAsArray(), VALUES)


def test_zip_in_memory(tmp_path):
    archive = zip_folder(make_folder(tmp_path / "a.zarr"), tmp_path / "a.zip")
    gdal.FileFromMemBuffer("/vsimem/a.zip", archive.read_bytes())
    check("/vsimem/a.zip")
    gdal.Unlink("/vsimem/a.zip")


def test_array_at_the_root(tmp_path):
    zarr.save_array(zarr.DirectoryStore(str(tmp_path / "one")), LAYERS, chunks=(3, 3))
    root = gdal.OpenEx(f'VCUBE:"{tmp_path}/one"', gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    (name,) = root.GetMDArrayNames()
    assert np.array_equal(root.OpenMDArray(name).ReadAsArray(), LAYERS)


def version3(folder, consolidated):
    """A group with an array as the Zarr v3 specification lays them out; bytes codec only."""
    array = {"zarr_format": 3, "node_type": "array", "shape": [4, 5], "data_type": "float64", "fill_value": 0.5, "codecs":
             [{"name": "bytes", "configuration": {"endian": "little"}}], "chunk_grid": {"name": "regular", "configuration":
             {"chunk_shape": [2, 5]}}, "chunk_key_encoding": {"name": "default"}, "attributes": {}, "dimension_names": ["y", "x"]}
    group = {"zarr_format": 3, "node_type": "group", "attributes": {}}
    root = dict(group)
    if consolidated:
        root["consolidated_metadata"] = {"kind": "inline", "must_understand": False, "metadata": {"g": group, "g/a": array}}
    (folder / "g/a/c/0").mkdir(parents=True)
    (folder / "zarr.json").write_text(json.dumps(root))
    (folder / "g/a/c/0/0").write_bytes(LAYERS[:2].tobytes())
    if not consolidated:
        (folder / "g/zarr.json").write_text(json.dumps(group))
        (folder / "g/a/zarr.json").write_text(json.dumps(array))
    return np.vstack([LAYERS[:2], np.full((2, 5), 0.5)])


@pytest.mark.parametrize("consolidated", [False, True])
def test_version_3(tmp_path, server, consolidated):
    expected = version3(tmp_path / "v3", consolidated)
    archive = zip_folder(tmp_path / "v3", tmp_path / "v3.zip", "v3/")
    for place in (tmp_path / "v3", tmp_path / "v3/zarr.json", archive, f"{server.url}/v3.zip", f"{server.url}/v3"):
        assert np.array_equal(gdal.Open(f'VCUBE:"{place}":/g/a').ReadAsArray(), expected), place


def test_nczarr(tmp_path):
    """As netCDF-C writes Zarr: names of dimensions in an object of its own, the only ones of variables in groups."""
    with netCDF4.Dataset(f"file://{tmp_path}/nc.zarr#mode=nczarr,file", "w") as file:
        for name, size in (("lat", 4), ("lon", 6)):
            file.createDimension(name, size)
            file.createVariable(name, "f4", (name,))[...] = np.arange(size) * 0.5
        file["lat"].units, file["lon"].units = "degrees_north", "degrees_east"
        field = file.createGroup("inner").createVariable("field", "i2", ("lat", "lon"), chunksizes=(3, 4))
        field[...] = np.arange(24).reshape(4, 6)
        field.long_name = "a field"
    assert "_ARRAY_DIMENSIONS" not in (tmp_path / "nc.zarr/inner/field/.zattrs").read_text()
    root = gdal.OpenEx(f'VCUBE:"{tmp_path}/nc.zarr"', gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    array = root.OpenMDArrayFromFullname("/inner/field")
    assert [dimension.GetName() for dimension in array.GetDimensions()] == ["lat", "lon"]
    assert [attribute.GetName() for attribute in array.GetAttributes()] == ["long_name"]
    raster = gdal.Open(f'VCUBE:"{tmp_path}/nc.zarr":/inner/field')
    assert raster.GetGeoTransform() == (-0.25, 0.5, 0, 1.75, 0, -0.5)
    assert np.array_equal(raster.ReadAsArray()[::-1], np.arange(24).reshape(4, 6))


# References as Parquet, and in zip files


def parquet_references(references, folder, rows=40):
    """The same references as Kerchunk writes them as Parquet."""
    document = json.loads(references.read_text())["refs"]
    metadata = {key: json.loads(text) for key, text in document.items() if key.rsplit("/", 1)[-1].startswith(".z")}
    folder.mkdir()
    (folder / ".zmetadata").write_text(json.dumps({"metadata": metadata, "record_size": rows}))
    for key, array in metadata.items():
        if not key.endswith("/.zarray"):
            continue
        name = key[:-len("/.zarray")]
        grid = [-(-size // chunk) for size, chunk in zip(array["shape"], array["chunks"])] or [1]
        total = int(np.prod(grid))
        table = [(None, 0, 0, None)] * (-(-total // rows) * rows)
        for number, index in enumerate(np.ndindex(*grid)):
            entry = document.get(f"{name}/" + ".".join(map(str, index)))
            if isinstance(entry, list):
                table[number] = (entry[0], entry[1], entry[2], None)
            elif entry is not None:
                table[number] = (None, 0, 0, entry.encode())
        (folder / name).mkdir()
        for part in range(len(table) // rows):
            path, offset, size, raw = zip(*table[part * rows:(part + 1) * rows])
            columns = [pq.Column("path", pq.BYTE_ARRAY, list(path)), pq.Column("offset", pq.INT64, list(offset)),
                       pq.Column("size", pq.INT64, list(size)), pq.Column("raw", pq.BYTE_ARRAY, list(raw))]
            (folder / name / f"refs.{part}.parq").write_bytes(pq.write(columns, codec=pq.ZSTD))
    return folder


@pytest.fixture
def cube(make_cube):
    return make_cube(sample_cube.fill)


def sst(name):
    return gdal.Open(f"{name}:/sst").ReadAsArray()


def test_parquet_folder(cube, tmp_path):
    folder = parquet_references(cube, tmp_path / "refs.parq")
    expected = sample_cube.shown(sample_cube.packed())
    for place in (folder, f"{folder}/", folder / ".zmetadata", f"file://{folder}"):
        assert np.array_equal(sst(f'VCUBE:"{place}"'), expected), place
    for bare in (str(folder), f"{folder}/"):
        dataset = gdal.Open(bare)
        assert dataset.GetDriver().ShortName == "VCUBE" and len(dataset.GetSubDatasets()) >= 3
    folder.rename(tmp_path / "another name")
    assert np.array_equal(sst(f'VCUBE:"{tmp_path}/another name"'), expected)


@pytest.mark.parametrize("prefix", ["", "refs.parq/"])
def test_parquet_in_zip(cube, tmp_path, server, prefix):
    """PO.DAAC publishes such zips. Names relative to them are taken from the zip's folder: no data is in it."""
    folder = parquet_references(cube, tmp_path / "refs.parq")
    archive = zip_folder(folder, tmp_path / "refs.parq.zip", prefix)
    expected = sample_cube.shown(sample_cube.packed())
    assert gdal.Open(str(archive)).GetDriver().ShortName == "VCUBE"
    for place in (archive, f"{server.url}/refs.parq.zip", f"{server.url}/refs.parq", f"/vsicurl/{server.url}/refs.parq.zip"):
        assert np.array_equal(sst(f'VCUBE:"{place}"'), expected), place


@pytest.mark.parametrize("ending", ["json", "json.gz", "json.zst"])
@pytest.mark.parametrize("with_data", [False, True])
def test_json_references_in_zip(cube, tmp_path, ending, with_data):
    """Names relative to the references are members of the zip where it holds data, otherwise files beside the zip."""
    text = cube.read_bytes()
    encode = {"json": bytes, "json.gz": numcodecs.GZip().encode, "json.zst": numcodecs.Zstd().encode}[ending]
    with zipfile.ZipFile(tmp_path / "refs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"k/refs.{ending}", bytes(encode(text)))
        if with_data:
            archive.write(tmp_path / "refs_chunks.bin", "k/refs_chunks.bin")
    if with_data:
        (tmp_path / "refs_chunks.bin").unlink()
    assert np.array_equal(sst(f'VCUBE:"{tmp_path}/refs.zip"'), sample_cube.shown(sample_cube.packed()))


def test_references_with_consolidated_metadata_only(cube):
    document = json.loads(cube.read_text())
    texts = {key: document["refs"].pop(key) for key in list(document["refs"]) if key.rsplit("/", 1)[-1].startswith(".z")}
    document["refs"][".zmetadata"] = json.dumps({"zarr_consolidated_format": 1, "metadata":
                                                 {key: json.loads(text) for key, text in texts.items()}})
    cube.write_text(json.dumps(document))
    assert np.array_equal(sst(f'VCUBE:"{cube}"'), sample_cube.shown(sample_cube.packed()))


def test_folders_and_zips_of_others(tmp_path):
    """Without a prefix, what the name announces and is not there is left to other drivers, without a word."""
    (tmp_path / "table.parquet").mkdir()
    (tmp_path / "table.parquet" / "part-0.parquet").write_bytes(b"PAR1")
    with zipfile.ZipFile(tmp_path / "x.parq.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    make_folder(tmp_path / "a.zarr")
    for name in ("table.parquet", "x.parq.zip", "a.zarr"):
        done = subprocess.run(["gdalinfo", str(tmp_path / name)], capture_output=True, text=True, timeout=60, check=False)
        assert "VCUBE" not in done.stdout + done.stderr, done.stderr
        if name != "a.zarr":
            assert "not recognized as" in done.stderr
    for name in ("table.parquet", "x.parq.zip"):
        with pytest.raises(RuntimeError, match=name):
            gdal.Open(f'VCUBE:"{tmp_path / name}"')


# Changes are noticed


def test_rewritten_stores_are_opened_anew(tmp_path):
    folder = tmp_path / "a.zarr"
    titles = []
    for consolidated in (False, True, True):
        group = zarr.open_group(zarr.DirectoryStore(str(folder)), mode="a")
        title = f"title {len(titles)}" + "!" * len(titles)
        group.attrs["title"] = title
        if "a" not in group:
            group.create_dataset("a", data=LAYERS)
        if consolidated:
            zarr.consolidate_metadata(zarr.DirectoryStore(str(folder)))
        titles.append(title)
        root = gdal.OpenEx(f'VCUBE:"{folder}"', gdal.OF_MULTIDIM_RASTER).GetRootGroup()
        assert root.GetAttribute("title").ReadAsString() == title
    shutil.rmtree(folder)
    for names in (["a"], ["a", "b"]):
        for name in names:
            zarr.open_group(zarr.DirectoryStore(str(folder)), mode="a").require_dataset(name, shape=(4, 5), dtype="f4")
        root = gdal.OpenEx(f'VCUBE:"{folder}"', gdal.OF_MULTIDIM_RASTER).GetRootGroup()
        assert root.GetMDArrayNames() == names
    for value in (1, 2):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr(".zgroup", '{"zarr_format": 2}')
            archive.writestr("a/.zarray", json.dumps({"zarr_format": 2, "shape": [2, 2], "chunks": [2, 2], "dtype": "|u1", "order": "C",
                                                      "compressor": None, "filters": None, "fill_value": value}))
        assert gdal.Open(f'VCUBE:"{tmp_path}/a.zip":/a').ReadAsArray().tolist() == [[value, value]] * 2
        time.sleep(0.01)


# On a web server


class Ranges(http.server.SimpleHTTPRequestHandler):
    """Serves files with byte ranges and notes what is asked for."""

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(False)

    def do_GET(self):
        self.answer(True)

    def answer(self, body):
        path = pathlib.Path(self.translate_path(self.path))
        self.server.seen.append(f"{self.command} {self.path}")
        bad = self.server.bad.get(self.path.split("?")[0])
        if bad or not path.is_file():
            self.send_error(bad or 404)
            return
        data = path.read_bytes()
        wanted = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        begin, end = (int(wanted[1]), min(int(wanted[2] or len(data) - 1), len(data) - 1)) if wanted else (0, len(data) - 1)
        if wanted and begin >= len(data):
            self.send_error(416)
            return
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {begin}-{end}/{len(data)}")
        self.send_header("Content-Length", str(end + 1 - begin))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if body:
            self.wfile.write(data[begin:end + 1])


@pytest.fixture
def server(tmp_path):
    """Serves the test's folder; `.url`, `.seen` (requests), `.bad` (path -> status)."""
    handler = functools.partial(Ranges, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        running.seen, running.bad, running.url = [], {}, f"http://127.0.0.1:{running.server_port}"
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def objects(server):
    """Paths asked for, without the query, each once."""
    return {line.split(" ")[1].split("?")[0] for line in server.seen}


def test_remote_consolidated_folder(tmp_path, server):
    make_folder(tmp_path / "a.zarr", consolidated=True)
    gdal.OpenEx(f'VCUBE:"{server.url}/a.zarr"', gdal.OF_MULTIDIM_RASTER)
    assert objects(server) == {"/a.zarr/.zmetadata"}
    check(f"{server.url}/a.zarr")
    check(f"{server.url}/a.zarr/.zmetadata")
    (tmp_path / "a.zarr").rename(tmp_path / "plain name")
    check(f"/vsicurl/{server.url}/plain%20name")


def test_remote_zips(tmp_path, server):
    archive = zip_folder(make_folder(tmp_path / "a.zarr"), tmp_path / "a.zip", "a.zarr/")
    with zipfile.ZipFile(archive, "a") as more:  # a large zip, of which little is read
        more.writestr("a.zarr/data/9.9.9", os.urandom(3 << 20))
    gdal.OpenEx(f'VCUBE:"{server.url}/a.zip"', gdal.OF_MULTIDIM_RASTER)
    assert objects(server) == {"/a.zip"} and len(server.seen) <= 8, server.seen
    check(f"{server.url}/a.zip")
    check(f"{server.url}/a.zip?sig=secret")


def test_remote_folder_without_listing(tmp_path, server):
    make_folder(tmp_path / "a.zarr")
    assert np.array_equal(gdal.Open(f'VCUBE:"{server.url}/a.zarr":/data').ReadAsArray(), EXPECTED)
    assert np.array_equal(gdal.Open(f'VCUBE:"{server.url}/a.zarr":/deep/er/layers').ReadAsArray(), LAYERS)
    with pytest.raises(RuntimeError, match="a.zarr: a group whose members cannot be listed"):
        gdal.Open(f'VCUBE:"{server.url}/a.zarr"')
    with pytest.raises(RuntimeError, match="no array at /other"):
        gdal.Open(f'VCUBE:"{server.url}/a.zarr":/other')
    with pytest.raises(RuntimeError, match="gone.zarr"):
        gdal.Open(f'VCUBE:"{server.url}/gone.zarr"')
    with pytest.raises(RuntimeError, match="gone/x.json"):
        gdal.Open(f'VCUBE:"{server.url}/gone/x.json"')


def test_remote_georeferencing_without_listing(tmp_path, server):
    sample_cube.fill(zarr.open_group(zarr.DirectoryStore(str(tmp_path / "a.zarr")), mode="w"))
    local = gdal.Open(f'VCUBE:"{tmp_path}/a.zarr":/sst')
    remote = gdal.Open(f'VCUBE:"{server.url}/a.zarr":/sst')
    assert remote.GetGeoTransform() == local.GetGeoTransform() != (0, 1, 0, 0, 0, 1)
    assert remote.GetSpatialRef().IsSame(local.GetSpatialRef())
    assert np.array_equal(remote.ReadAsArray(), sample_cube.shown(sample_cube.packed()))


@pytest.mark.parametrize("status", [403, 500])
def test_a_failure_is_no_absent_chunk(tmp_path, server, status):
    make_folder(tmp_path / "a.zarr", consolidated=True)
    server.bad["/a.zarr/data/0.0.0"] = status
    dataset = gdal.Open(f'VCUBE:"{server.url}/a.zarr":/data')
    with pytest.raises(RuntimeError, match="data/0.0.0"):
        dataset.ReadAsArray()
    assert np.array_equal(dataset.GetRasterBand(2).ReadAsArray(), EXPECTED[1])


def test_unreadable_chunk_is_no_absent_chunk(tmp_path):
    folder = make_folder(tmp_path / "a.zarr")
    chunk = folder / "data/0.0.0"
    chunk.unlink()
    chunk.mkdir()
    with pytest.raises(RuntimeError, match="0.0.0"):
        gdal.Open(f'VCUBE:"{folder}":/data').ReadAsArray()


def test_signed_urls(tmp_path, server):
    make_folder(tmp_path / "a.zarr", consolidated=True)
    check(f"{server.url}/a.zarr?sig=se%2Fcret")
    inside = [line for line in server.seen if " /a.zarr/" in line]  # GDAL looks for side files of the folder too
    assert len(inside) > 9 and all(line.endswith("?sig=se%2Fcret") for line in inside), inside
    server.bad["/a.zarr/data/0.0.0"] = 500
    with pytest.raises(RuntimeError) as failure:
        gdal.Open(f'VCUBE:"{server.url}/a.zarr?sig=2secret":/data').ReadAsArray()
    assert "secret" not in str(failure.value)


# Policy and limits


def test_remote_references_name_no_local_files(cube, tmp_path, server):
    secret = tmp_path / "refs_chunks.bin"
    document = json.loads(cube.read_text())
    for key, value in document["refs"].items():
        if isinstance(value, list):
            value[0] = f"file://{secret}"
    cube.write_text(json.dumps(document))
    with zipfile.ZipFile(tmp_path / "refs.zip", "w") as archive:
        archive.write(cube, "refs.json")
    parquet_references(cube, tmp_path / "refs.parq")
    expected = sample_cube.shown(sample_cube.packed())
    for name in ("refs.json", "refs.zip", "refs.parq"):
        assert np.array_equal(sst(f'VCUBE:"{tmp_path}/{name}"'), expected)
        for place in (f"{server.url}/{name}", f"/vsicurl/{server.url}/{name}"):
            with pytest.raises(RuntimeError, match="ALLOW_LOCAL_REFERENCES=YES"):
                gdal.Open(f'VCUBE:"{place}":/sst').ReadAsArray()
            opened = gdal.OpenEx(f'VCUBE:"{place}":/sst', open_options=["ALLOW_LOCAL_REFERENCES=YES"])
            assert np.array_equal(opened.ReadAsArray(), expected)


def test_limits_are_options(cube, tmp_path):
    name = f'VCUBE:"{cube}":/sst'
    for option, words in (("MAX_REFERENCE_BYTES=2KB", "2048"), ("MAX_CHUNK_BYTES=1000", "1000")):
        with pytest.raises(RuntimeError, match=words):
            gdal.OpenEx(name, open_options=[option])
        key, value = option.split("=")
        gdal.SetConfigOption(f"VCUBE_{key}", value)
        with pytest.raises(RuntimeError, match=words):
            gdal.Open(name)
        gdal.SetConfigOption(f"VCUBE_{key}", None)
    for bad in ("MAX_CHUNK_BYTES=many", "MAX_REFERENCE_BYTES=-1", "MAX_REFERENCES=1.5", "MAX_CHUNK_BYTES=0",
                "MAX_REFERENCE_BYTES=99999999999GB"):
        with pytest.raises(RuntimeError, match=bad):
            gdal.OpenEx(name, open_options=[bad])
    assert gdal.OpenEx(name, open_options=["MAX_CHUNK_BYTES=1MB", "MAX_REFERENCE_BYTES=1GB", "MAX_REFERENCES=5"]).RasterCount == 3


def test_file_urls(cube):
    for url in (f"file://{cube}", f"FILE://localhost{cube}", f"file:{cube}", f"file://{str(cube).replace('refs', '%72efs')}"):
        assert np.array_equal(sst(f'VCUBE:"{url}"'), sample_cube.shown(sample_cube.packed())), url
