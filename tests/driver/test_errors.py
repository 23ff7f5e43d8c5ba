"""Bad input: one error that names the place, exit code not 0, never wrong pixels."""
import functools
import http.server
import json
import os
import pathlib
import re
import subprocess
import threading

import h5py
import numpy as np
import pytest
import sample_cube
from osgeo import gdal


def fails_once(name, *words, options=()):
    """gdal_translate fails on `name` with one error line that holds all words."""
    done = subprocess.run(["gdal_translate", "-q", "-of", "MEM", *options, name, ""], capture_output=True, text=True, timeout=60,
                          check=False)
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    assert done.returncode != 0 and len(errors) == 1, done.stderr
    for word in words:
        assert word in errors[0], (word, errors[0])
    return errors[0]


def document_of(path):
    return json.loads(pathlib.Path(path).read_text())


@pytest.fixture
def cube(make_cube):
    return make_cube(sample_cube.fill)


@pytest.fixture
def broken(cube):
    """A function that writes the sample cube's references after a change: change(refs) works on the mapping."""

    def make(change):
        document = document_of(cube)
        change(document["refs"])
        cube.write_text(json.dumps(document))
        return f'VCUBE:"{cube}":/sst'

    return make


@pytest.mark.parametrize("text, words", [("", ["refs.json"]), ("hello", ["refs.json"]), ("[1, 2]", ["refs.json"]),
                                         ("{}", ["refs.json"]), ('{"version": 1}', ["refs.json"]), ("null", ["refs.json"]),
                                         ('{"version": 1, "refs": 5}', ["refs.json", "refs"]),
                                         ('{"version": 1, "refs": {".zgroup": 5}}', ["refs.json", ".zgroup"]),
                                         ('{"version": 1, "refs": {"a/0": ["u", "x", 3]}}', ["refs.json", "a/0"]),
                                         ('{"version": 1, "refs": {"a/0": ["u", -1, 3]}}', ["refs.json", "a/0"]),
                                         ('{"version": 1, "refs": {"a/0": ["u", 1]}}', ["refs.json", "a/0"]),
                                         ("[" * 100000, ["refs.json"]), ('{"refs": ' * 5000, ["refs.json"])])
def test_not_references(tmp_path, text, words):
    path = tmp_path / "refs.json"
    path.write_text(text)
    fails_once(f'VCUBE:"{path}"', *words)


@pytest.mark.parametrize("part", [0.02, 0.5, 0.99])
def test_truncated_json(cube, part):
    text = cube.read_text()
    cube.write_text(text[:int(len(text) * part)])
    fails_once(f'VCUBE:"{cube}":/sst', "refs.json")


def test_truncated_gzip(cube, tmp_path):
    import gzip

    packed = gzip.compress(cube.read_bytes())
    target = tmp_path / "refs.json.gz"
    target.write_bytes(packed)
    assert gdal.Open(f'VCUBE:"{target}":/sst').RasterCount == 3
    target.write_bytes(packed[:-40])
    fails_once(f'VCUBE:"{target}":/sst', "refs.json.gz")


def zarray(**changes):
    def change(refs):
        refs["sst/.zarray"] = json.dumps({**json.loads(refs["sst/.zarray"]), **changes})

    return change


@pytest.mark.parametrize("changes, words", [
    ({"shape": [2**62, 2**62, 4]}, ["shape"]), ({"shape": "all"}, ["shape"]), ({"shape": [3, -90, 180]}, ["shape"]),
    ({"shape": [3, 90.5, 180]}, ["shape"]), ({"chunks": [2**31, 2**31, 2**31]}, ["chunk"]), ({"chunks": [1, 0, 50]}, ["chunks"]),
    ({"chunks": [1, 200000, 200000]}, ["chunk"]), ({"chunks": [1, 32]}, ["chunks"]), ({"dtype": "<q9"}, ["<q9"]),
    ({"dtype": 5}, ["type"]), ({"zarr_format": 7}, ["zarr_format"]), ({"order": "Q"}, ["order"]),
    ({"shape": [1] * 40, "chunks": [1] * 40}, ["shape"]),
    ({"filters": [{"id": "rot13"}]}, ["rot13"]), ({"compressor": {"id": "rot13"}}, ["rot13"]), ({"compressor": 5}, ["compressor"]),
    ({"filters": [{"id": "shuffle", "elementsize": "two"}]}, ["elementsize"]),
])
def test_wrong_array_metadata(broken, changes, words):
    fails_once(broken(zarray(**changes)), "sst", *words)


def test_metadata_that_is_no_json(broken):
    fails_once(broken(lambda refs: refs.update({"sst/.zarray": "{\"shape\": "})), "sst/.zarray")



def test_missing_chunk_file(broken):
    name = broken(lambda refs: refs.update({"sst/1.1.2": ["gone/away.nc", 0, 100]}))
    fails_once(name, "sst", "1.1.2", "gone/away.nc")
    dataset = gdal.Open(name)
    assert dataset.GetRasterBand(1).ReadAsArray() is not None
    with pytest.raises(RuntimeError, match="1.1.2"):
        dataset.GetRasterBand(2).ReadAsArray()


def test_missing_object_may_be_fill(broken):
    name = broken(lambda refs: refs.update({"sst/1.1.2": ["gone.nc", 0, 100]}))
    done = subprocess.run(["gdal_translate", "-q", "-of", "MEM", "-oo", "MISSING_OBJECT=FILL", name, ""], capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 0 and re.search(r"Warning 1: .*sst", done.stderr) and "ERROR" not in done.stderr
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    got = gdal.OpenEx(name, open_options=["MISSING_OBJECT=FILL"]).ReadAsArray()
    gdal.PopErrorHandler()
    expected = sample_cube.packed()
    expected[1, 32:64, 100:150] = -32768
    assert np.array_equal(got, sample_cube.shown(expected))


def test_short_object(broken, cube):
    def change(refs):
        url, offset, _ = refs["sst/0.0.0"]
        refs["sst/0.0.0"] = [url, offset, 10**6]

    fails_once(broken(change), "sst", "0.0.0", "refs_chunks.bin", f"{os.path.getsize(cube.parent / 'refs_chunks.bin')} bytes")


def test_range_beyond_the_object(broken):
    fails_once(broken(lambda refs: refs.update({"sst/0.0.0": ["refs_chunks.bin", 10**12, 100]})), "0.0.0", "refs_chunks.bin")


def test_absurd_range(broken):
    fails_once(broken(lambda refs: refs.update({"sst/0.0.0": ["refs_chunks.bin", 0, 2**60]})), "0.0.0", "refs_chunks.bin")


def test_corrupt_stream(broken):
    def change(refs):
        url, offset, length = refs["sst/0.1.0"]
        refs["sst/0.1.0"] = [url, offset + 7, length - 7]

    fails_once(broken(change), "sst", "0.1.0", "zlib")


def test_chunk_of_the_wrong_size(broken):
    def change(refs):
        refs["sst/0.1.0"] = refs["kind/0.0"]

    fails_once(broken(change), "sst", "0.1.0", "3200", "1800")


def test_other_arrays_are_unaffected(broken, cube):
    broken(zarray(compressor={"id": "rot13"}))
    root = gdal.OpenEx(str(cube), gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    assert root.OpenMDArray("sst").GetUnit() == "K"
    with pytest.raises(RuntimeError, match="rot13"):
        root.OpenMDArray("sst").Read()
    assert gdal.Open(f'VCUBE:"{cube}":/kind').ReadAsArray().max() == 2


def smos_like(path, ids, skip=()):
    """The least that the driver takes for a product, with these Grid_Point_IDs."""
    with h5py.File(path, "w") as file:
        file.attrs["FH:File_Type"] = "MIR_SMUDP2"
        rows = len(ids)
        columns = {"Grid_Point_ID": np.asarray(ids, "u4"), "Latitude": np.zeros(rows, "f4"), "Longitude": np.zeros(rows, "f4"),
                   "Soil_Moisture": np.linspace(0, 0.5, rows, dtype="f4")}
        dimension = file.create_dataset("n_grid_points", data=np.zeros(rows, "f4"))
        dimension.make_scale("n_grid_points")
        for name, data in columns.items():
            if name not in skip:
                file.create_dataset(name, data=data, chunks=data.shape, shuffle=True, compression=5).dims[0].attach_scale(dimension)
    return path


PRODUCT = "SM_OPER_MIR_SMUDP2_20230401T150613_20230401T155931_700_001_1.nc"


def test_product_without_ids(tmp_path):
    path = smos_like(tmp_path / PRODUCT, [609961 + k for k in range(50)], skip=["Grid_Point_ID"])
    fails_once(str(path), "Grid_Point_ID", PRODUCT)


def test_truncated_product(tmp_path):
    path = smos_like(tmp_path / PRODUCT, range(2000, 9000))
    data = path.read_bytes()
    path.write_bytes(data[:len(data) // 3])
    fails_once(str(path), PRODUCT)


def test_product_that_is_no_hdf5(tmp_path):
    path = tmp_path / PRODUCT
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(600))
    fails_once(str(path), PRODUCT)


def test_ids_outside_the_grid_are_one_warning(tmp_path):
    ids = [1_000_001 + k for k in range(100)] + [4_262_145, 0, 10_000_000, 4_294_967_295]
    path = smos_like(tmp_path / PRODUCT, ids)
    done = subprocess.run(["gdal_translate", "-q", "-of", "MEM", "-outsize", "1024", "504", f'VCUBE:"{path}":/Soil_Moisture', ""],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and "ERROR" not in done.stderr
    warnings = [line for line in done.stderr.splitlines() if line.startswith("Warning")]
    assert len(warnings) == 1 and "4 rows" in warnings[0], done.stderr


def test_unknown_variable_of_a_product(tmp_path):
    path = smos_like(tmp_path / PRODUCT, range(2000, 2100))
    fails_once(f'VCUBE:"{path}":/Sea_Colour', "Sea_Colour", "Soil_Moisture")


@pytest.mark.parametrize("options", [["CRS=EPSG:0"], ["EXTENT=1,2,3"], ["RES=-1"], ["GRID=MOON"], ["OVERVIEW_RESAMPLING=CUBIC"]])
def test_bad_grid_options(options):
    fails_once("VCUBE:DGG", options[0].split("=")[0], options=[word for option in options for word in ("-oo", option)])


class Ranges(http.server.SimpleHTTPRequestHandler):
    """Serves files with byte ranges; says nothing."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = pathlib.Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        wanted = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted:
            begin, end = int(wanted[1]), min(int(wanted[2] or len(data) - 1), len(data) - 1)
            if begin >= len(data):
                self.send_error(416)
                return
            part = data[begin:end + 1]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{end}/{len(data)}")
        else:
            part = data
            self.send_response(200)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        self.wfile.write(part)


@pytest.fixture
def server(tmp_path):
    """URL under which the test's folder is served."""
    handler = functools.partial(Ranges, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_remote_references(server, cube):
    dataset = gdal.Open(f'VCUBE:"{server}/refs.json":/sst')
    assert np.array_equal(dataset.ReadAsArray(), sample_cube.shown(sample_cube.packed()))


def test_missing_remote_objects(server, broken, cube):
    broken(lambda refs: refs.update({"sst/1.1.2": [f"{server}/gone.nc?token=secret", 0, 100]}))
    message = fails_once(f'VCUBE:"{cube}":/sst', "sst", "1.1.2", "gone.nc")
    assert "secret" not in message
    message = fails_once(f'VCUBE:"{server}/none.json?token=secret"', "none.json")
    assert "secret" not in message


def test_remote_references_may_not_name_local_files(server, broken, cube):
    local = os.fspath(cube.parent / "refs_chunks.bin")

    def change(refs):
        for key, value in refs.items():
            if isinstance(value, list):
                refs[key] = [local, *value[1:]]

    broken(change)
    assert gdal.Open(f'VCUBE:"{cube}":/sst').ReadAsArray() is not None
    fails_once(f'VCUBE:"{server}/refs.json":/sst', "ALLOW_LOCAL_REFERENCES")
    allowed = gdal.OpenEx(f'VCUBE:"{server}/refs.json":/sst', open_options=["ALLOW_LOCAL_REFERENCES=YES"])
    assert np.array_equal(allowed.ReadAsArray(), sample_cube.shown(sample_cube.packed()))


def test_too_many_bands(make_cube):
    path = make_cube(lambda group: group.create_dataset("a", shape=(70000, 2, 2), chunks=(70000, 2, 2), dtype="u1", fill_value=0))
    fails_once(f'VCUBE:"{path}":/a', "70000 bands", "65535")
