"""External overviews of any array, where they stand, what they save; multiscales metadata as overviews."""
import http.server
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading

import numcodecs
import numpy as np
import oracle
import pytest
import sample_cube
import zarr
from osgeo import gdal


def run(*command):
    result = subprocess.run([*map(str, command)], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def levels(dataset):
    band = dataset.GetRasterBand(1)
    return [(band.GetOverview(i).XSize, band.GetOverview(i).YSize) for i in range(band.GetOverviewCount())]


def by_gdal(dataset, resampling, factors, path):
    """The same overviews of a GeoTIFF copy."""
    gdal.GetDriverByName("GTiff").CreateCopy(str(path), dataset)
    copy = gdal.Open(str(path))
    copy.BuildOverviews(resampling, factors)
    return copy


@pytest.mark.parametrize("resampling", ["average", "nearest", "mode", "bilinear", "cubic"])
def test_every_resampling_and_nodata(make_cube, tmp_path, resampling):
    name = f'VCUBE:"{make_cube(sample_cube.fill)}":/sst'
    run("gdaladdo", "-ro", "-q", "-r", resampling, name, 2, 4)
    dataset = gdal.Open(name)
    assert levels(dataset) == [(90, 45), (45, 23)]
    copy = by_gdal(dataset, resampling.upper(), [2, 4], tmp_path / "copy.tif")
    for level in (0, 1):
        assert np.array_equal(dataset.GetRasterBand(3).GetOverview(level).ReadAsArray(),
                              copy.GetRasterBand(3).GetOverview(level).ReadAsArray())
    assert dataset.GetRasterBand(1).GetOverview(0).GetNoDataValue() == -32768


def test_spellings_share_overviews(make_cube, monkeypatch, tmp_path):
    path = make_cube(sample_cube.fill)
    run("gdaladdo", "-ro", "-q", f'VCUBE:"{path}":/temp:time=[1],depth=10', 2)
    made = list(path.parent.glob("*.ovr"))
    assert [one.name for one in made] == ["refs.json.temp.time=1.depth=1.ovr"]
    monkeypatch.chdir(path.parent)
    for name in ('VCUBE:"refs.json":/temp:depth=[1],time=2023-04-02', "VCUBE:refs.json:/temp:time=[-2],depth=[-1]",
                 f"VCUBE:{path}:/temp:depth~9,time~2023-04-02T01:00", 'vcube:"./refs.json":/temp/:time=[1],depth=10'):
        assert levels(gdal.Open(name)) == [(90, 45)], name
    for name in ('VCUBE:"refs.json":/temp:depth=[1]', 'VCUBE:"refs.json":/temp:depth=[1],time=[0]', 'VCUBE:"refs.json":/sst'):
        assert levels(gdal.Open(name)) == [], name


def test_names_do_not_collide(make_cube):
    def fill(group):
        for name, value in (("a/b", 1), ("a_b", 2), ("a.b", 3)):
            group.create_dataset(name, data=np.full((64, 64), value, "u1"))

    path = make_cube(fill)
    for name in ("a/b", "a_b", "a.b"):
        run("gdaladdo", "-ro", "-q", f'VCUBE:"{path}":/{name}', 2)
    assert len(list(path.parent.glob("*.ovr"))) == 3
    for name, value in (("a/b", 1), ("a_b", 2), ("a.b", 3)):
        dataset = gdal.Open(f'VCUBE:"{path}":/{name}')
        assert (dataset.GetRasterBand(1).GetOverview(0).ReadAsArray() == value).all(), name


def test_clean_and_rebuild(make_cube):
    path = make_cube(sample_cube.fill)
    name = f'VCUBE:"{path}":/sst'
    run("gdaladdo", "-ro", "-q", "--config", "COMPRESS_OVERVIEW", "DEFLATE", name, 2, 4)
    file = path.parent / "refs.json.sst.ovr"
    assert gdal.Open(str(file)).GetMetadataItem("COMPRESSION", "IMAGE_STRUCTURE") == "DEFLATE"
    run("gdaladdo", "-clean", "-q", name)
    assert not file.exists() and levels(gdal.Open(name)) == []
    run("gdaladdo", "-ro", "-q", name, 8)
    assert levels(gdal.Open(name)) == [(23, 12)]


def test_folders_have_them_beside_not_inside(tmp_path):
    folder = tmp_path / "cube.zarr"
    sample_cube.fill(zarr.open_group(zarr.DirectoryStore(str(folder)), mode="w"))
    before = sorted(folder.rglob("*"))
    run("gdaladdo", "-ro", "-q", f'VCUBE:"{folder}":/sst', 2)
    assert sorted(folder.rglob("*")) == before
    assert (tmp_path / "cube.zarr.sst.ovr").exists()
    for spelling in (str(folder), str(folder) + "/"):
        assert levels(gdal.Open(f'VCUBE:"{spelling}":/sst')) == [(90, 45)], spelling


def test_in_memory(make_cube):
    path = make_cube(sample_cube.fill, inline_below=1 << 30)
    gdal.FileFromMemBuffer("/vsimem/overviews/refs.json", path.read_bytes())
    name = 'VCUBE:"/vsimem/overviews/refs.json":/sst'
    assert gdal.Open(name).BuildOverviews("NEAREST", [2]) == 0
    assert levels(gdal.Open(name)) == [(90, 45)]
    gdal.RmdirRecursive("/vsimem/overviews")


def test_variables_together_share_those_of_each(make_cube):
    path = make_cube(sample_cube.fill)
    run("gdaladdo", "-ro", "-q", f'VCUBE:"{path}":/kind,/sst', 2)
    assert levels(gdal.Open(f'VCUBE:"{path}":/sst')) == levels(gdal.Open(f'VCUBE:"{path}":/kind')) == [(90, 45)]
    stack = gdal.Open(f'VCUBE:"{path}":/sst,/kind')
    single = gdal.Open(f'VCUBE:"{path}":/kind')
    assert np.array_equal(stack.GetRasterBand(4).GetOverview(0).ReadAsArray(), single.GetRasterBand(1).GetOverview(0).ReadAsArray())


class Counting(http.server.SimpleHTTPRequestHandler):
    """Files of a folder by byte range; counts the bytes of bodies."""
    def log_message(self, *arguments):
        pass

    def send_head(self):
        path = pathlib.Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return None
        size = path.stat().st_size
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first, last = 0, size - 1
        if wanted:
            first, last = int(wanted[1]), min(int(wanted[2] or size - 1), size - 1)
        self.send_response(206 if wanted else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(last - first + 1))
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        if self.command == "GET":
            self.server.sent += last - first + 1
            with open(path, "rb") as file:
                file.seek(first)
                self.wfile.write(file.read(last - first + 1))
        return None

    def do_GET(self):
        self.send_head()


@pytest.fixture
def served(tmp_path):
    """A folder over HTTP; `sent` counts its bytes."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: Counting(*a, directory=str(folder)))
    server.sent, server.folder, server.url = 0, folder, f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def big(group):
    rng = np.random.default_rng(1)
    data = rng.integers(0, 30000, (2, 1200, 1600), "<i2")
    array = group.create_dataset("a", data=data, chunks=(1, 200, 200), compressor=numcodecs.Zlib(1))
    array.attrs["_ARRAY_DIMENSIONS"] = ["time", "y", "x"]


def test_a_small_request_reads_few_bytes(served, tmp_path):
    """5 % of the size, of a remote store: with overviews in OVERVIEW_DIR hardly anything is read."""
    oracle.write_references(served.folder, big)
    name = f'VCUBE:"{served.url}/refs.json":/a'
    stored = sum(one.stat().st_size for one in served.folder.glob("*.bin"))
    options = [f"OVERVIEW_DIR={tmp_path}/overviews"]
    with pytest.raises(RuntimeError, match="OVERVIEW_DIR"):
        gdal.Open(name).BuildOverviews("AVERAGE", [4, 16])
    full = gdal.OpenEx(name, open_options=options)
    assert full.BuildOverviews("AVERAGE", [4, 16]) == 0
    full = None
    gdal.VSICurlClearCache()
    code = f"""
from osgeo import gdal
gdal.UseExceptions()
dataset = gdal.OpenEx({name!r}, open_options={options!r})
assert dataset.GetRasterBand(1).GetOverviewCount() == 2
print(dataset.ReadAsArray(buf_xsize=80, buf_ysize=60).sum())
"""
    served.sent = 0
    run(sys.executable, "-c", code)
    assert 0 < served.sent < 0.02 * stored, (served.sent, stored)
    served.sent = 0
    run(sys.executable, "-c", code.replace("== 2", ">= 0").replace("OVERVIEW_DIR=", "OVERVIEW_DIR=/nowhere"))
    assert served.sent > 0.9 * stored, "without overviews, every chunk is read"
    environment = dict(os.environ, VCUBE_OVERVIEW_DIR=f"{tmp_path}/overviews")
    found = subprocess.run(["gdalinfo", name], check=True, capture_output=True, text=True, env=environment).stdout
    assert "Overviews: 400x300, 100x75" in found


def coarsened(data, factor):
    return data.reshape(data.shape[0] // factor, factor, data.shape[1] // factor, factor).mean((1, 3)).astype(data.dtype)


def write_pyramid(group, base=256):
    """Levels 0 (finest) to 2 of `t` and `u` with their own coordinates, each level of values that tell it from others."""
    rows, columns = base // 2, base
    for level in range(3):
        step = 2 ** level
        sub = group.require_group(str(level))
        height, width = rows // step, columns // step
        size = 180 / columns * 2 * step
        coordinates = {"lat": 90 - size * (np.arange(height) + 0.5), "lon": -180 + size * (np.arange(width) + 0.5)}
        for name, values in coordinates.items():
            array = sub.create_dataset(name, data=values)
            array.attrs.update({"_ARRAY_DIMENSIONS": [name], "units": "degrees_north" if name == "lat" else "degrees_east"})
        for number, name in enumerate("tu"):
            data = np.arange(height * width, dtype="f4").reshape(height, width) + 100000 * level + 1000000 * number
            array = sub.create_dataset(name, data=data, chunks=(64, 64))
            array.attrs["_ARRAY_DIMENSIONS"] = ["lat", "lon"]


CONVENTIONS = {
    "layout": {"layout": [{"asset": "0"}, {"asset": "1", "derived_from": "0", "transform": {"scale": [2.0, 2.0]}},
                          {"asset": "2", "derived_from": "1", "transform": {"scale": [2.0, 2.0]}}]},
    "datasets": [{"datasets": [{"path": "2"}, {"path": "1"}, {"path": "0"}], "type": "reduce"}],
    "tile matrices": {"tile_matrix_set": {"id": "x", "tileMatrices": [{"id": "0"}, {"id": "1"}, {"id": "2"}]},
                      "tile_matrix_limits": {"0": {}, "1": {}, "2": {}}},
    "arrays": {"layout": [{"asset": f"{level}/{name}"} for name in "t" for level in range(3)]},
    "no metadata": None,
}


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_multiscales_are_overviews(make_cube, convention):
    def fill(group):
        write_pyramid(group)
        if CONVENTIONS[convention] is not None:
            group.attrs["multiscales"] = CONVENTIONS[convention]

    path = make_cube(fill)
    dataset = gdal.Open(f'VCUBE:"{path}":/0/t')
    assert levels(dataset) == [(128, 64), (64, 32)]
    assert dataset.GetRasterBand(1).GetOverview(1).ReadAsArray()[0, :3].tolist() == [200000, 200001, 200002]
    assert dataset.ReadAsArray(buf_xsize=64, buf_ysize=32)[0, 0] == 200000
    assert dataset.ReadAsArray(buf_xsize=128, buf_ysize=64)[0, 0] == 100000
    assert dataset.ReadAsArray()[0, 1] == 1
    assert levels(gdal.Open(f'VCUBE:"{path}":/1/t')) == [(64, 32)]
    assert "Overviews: 128x64, 64x32" in run("gdalinfo", f'VCUBE:"{path}":/0/t')
    listed = [name.rpartition(":/")[2] for name, _ in gdal.Open(str(path)).GetSubDatasets()]
    if convention in ("layout", "datasets", "tile matrices"):
        assert listed == ["0/t", "0/u"]
        stack = gdal.Open(f'VCUBE:"{path}":/0/t,/0/u')
        assert stack.ReadAsArray(buf_xsize=64, buf_ysize=32)[:, 0, 0].tolist() == [200000, 1200000]


def test_a_group_of_one_variable_opens_its_finest_level(make_cube):
    def fill(group):
        group.attrs["multiscales"] = [{"datasets": [{"path": "fine"}, {"path": "coarse"}]}]
        group.create_dataset("fine", data=np.zeros((64, 80), "u1"))
        group.create_dataset("coarse", data=np.ones((32, 40), "u1"))

    path = make_cube(fill)
    dataset = gdal.Open(str(path))
    assert (dataset.RasterXSize, levels(dataset)) == (80, [(40, 32)])


def test_levels_that_do_not_fit_are_no_overviews(make_cube):
    def fill(group):
        write_pyramid(group)
        group.attrs["multiscales"] = CONVENTIONS["layout"]
        group["1/lat"][...] = group["1/lat"][...] / 2
        group["2/t"].attrs["scale_factor"] = 2.0

    assert levels(gdal.Open(f'VCUBE:"{make_cube(fill)}":/0/t')) == []


def test_bands_of_levels_are_the_same_steps(make_cube):
    def fill(group):
        group.attrs["multiscales"] = {"layout": [{"asset": "0"}, {"asset": "1"}]}
        for level, size in ((0, 64), (1, 32)):
            data = np.arange(3, dtype="i4")[:, None, None] * 10 + np.full((3, size, size), level, "i4")
            group.create_dataset(f"{level}/a", data=data).attrs["_ARRAY_DIMENSIONS"] = ["time", "y", "x"]

    path = make_cube(fill)
    dataset = gdal.Open(f'VCUBE:"{path}":/0/a:time=[2,0]')
    assert dataset.ReadAsArray(buf_xsize=32, buf_ysize=32)[:, 0, 0].tolist() == [21, 1]
    shutil.rmtree(path.parent)
