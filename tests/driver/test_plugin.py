"""The library as GDAL sees it: what it exports and announces, options, caches, processes that fork."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import xml.etree.ElementTree as xml

import numpy as np
import pytest
import sample_cube
from osgeo import gdal


@pytest.fixture
def cube(make_cube):
    return str(make_cube(sample_cube.fill))


def run_python(code, **environment):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **environment}, check=False)


def collect_errors(action):
    """Result (None after an exception) and all errors that GDAL raised meanwhile."""
    seen = []
    gdal.PushErrorHandler(lambda kind, number, message: seen.append((kind, message)))
    try:
        return action(), seen
    except RuntimeError:
        return None, seen
    finally:
        gdal.PopErrorHandler()


def test_exports_one_symbol():
    library = next(pathlib.Path(folder) / "gdal_VCUBE.so" for folder in os.environ["GDAL_DRIVER_PATH"].split(os.pathsep))
    listing = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    symbols = [line.split()[-1] for line in listing.splitlines() if not line.split()[-1].startswith("__")]
    assert symbols == ["GDALRegister_VCUBE"]


def test_is_listed():
    formats = subprocess.run(["gdalinfo", "--formats"], capture_output=True, text=True, check=True).stdout
    line = next(line for line in formats.splitlines() if "VCUBE" in line)
    assert "raster" in line and "multidimensional" in line and "ro" in line and "v" in line


def test_metadata():
    metadata = gdal.GetDriverByName("VCUBE").GetMetadata()
    assert metadata["DCAP_VIRTUALIO"] == metadata["DMD_SUBDATASETS"] == "YES"
    assert metadata["DMD_CONNECTION_PREFIX"] == "VCUBE:"
    options = {option.get("name"): option for option in xml.fromstring(metadata["DMD_OPENOPTIONLIST"])}
    assert list(options) == ["CRS", "EXTENT", "RES", "GRID", "RESAMPLING", "OVERVIEW_RESAMPLING", "ALLOW_LOCAL_REFERENCES",
                             "OVERVIEW_DIR", "MISSING_OBJECT", "MAX_REFERENCE_BYTES", "MAX_REFERENCES", "MAX_CHUNK_BYTES",
                             "MAX_CONCURRENCY", "COALESCE_GAP", "RETRIES", "TIMEOUT", "URL_REWRITE", "TIME_RANGE", "BBOX", "ORBIT_PASS", "PRODUCT_TYPE", "COMPOSITE", "COMPOSITE_METHOD", "FLAG_METHOD",
                             "BEST_BY", "FILTER", "INDEX_DIR"]
    assert [value.text for value in options["RESAMPLING"]] == [value.text for value in options["OVERVIEW_RESAMPLING"]] == ["NEAREST", "AVERAGE", "MODE"]
    assert all(option.get("description") for option in options.values())


def test_leaves_other_files_alone(tmp_path):
    gdal.GetDriverByName("GTiff").Create(str(tmp_path / "a.tif"), 3, 3).FlushCache()
    assert gdal.Open(str(tmp_path / "a.tif")).GetDriver().ShortName == "GTiff"
    (tmp_path / "b.json").write_text('{"type": "FeatureCollection", "features": []}')
    assert gdal.IdentifyDriverEx(str(tmp_path / "b.json"), allowed_drivers=["VCUBE"]) is None
    (tmp_path / "empty.json").write_text("")
    assert gdal.IdentifyDriverEx(str(tmp_path / "empty.json"), allowed_drivers=["VCUBE"]) is None
    assert gdal.IdentifyDriverEx(str(tmp_path / "missing.json"), allowed_drivers=["VCUBE"]) is None


def test_recognised_without_prefix(cube):
    assert gdal.IdentifyDriver(cube).ShortName == "VCUBE"


def test_unknown_option_value_lists_the_valid_ones(cube):
    with pytest.raises(RuntimeError, match="MISSING_OBJECT=MAYBE: not a valid value; valid are ERROR, FILL"):
        gdal.OpenEx(f'VCUBE:"{cube}":/sst', open_options=["MISSING_OBJECT=MAYBE"])
    gdal.SetConfigOption("VCUBE_OVERVIEW_RESAMPLING", "CUBIC")
    try:
        with pytest.raises(RuntimeError, match="VCUBE_OVERVIEW_RESAMPLING=CUBIC: .* NEAREST, AVERAGE, MODE"):
            gdal.OpenEx(f'VCUBE:"{cube}":/sst')
    finally:
        gdal.SetConfigOption("VCUBE_OVERVIEW_RESAMPLING", None)


def test_unknown_option_name_warns(cube):
    dataset, seen = collect_errors(lambda: gdal.OpenEx(f'VCUBE:"{cube}":/sst', open_options=["COLOUR=RED"]))
    assert dataset is not None
    assert [kind for kind, _ in seen] == [gdal.CE_Warning] and "COLOUR" in seen[0][1]


def test_update_is_refused(cube):
    with pytest.raises(RuntimeError, match="read only"):
        gdal.OpenEx(f'VCUBE:"{cube}":/sst', gdal.OF_RASTER | gdal.OF_UPDATE)


def test_unusable_cache_size_is_an_error(cube):
    done = run_python(f"from osgeo import gdal; gdal.Open('VCUBE:{cube}:/sst')", VCUBE_CACHE_SIZE="plenty")
    assert "VCUBE_CACHE_SIZE=plenty: expected bytes" in done.stderr


@pytest.mark.parametrize("settings", [{"GDAL_NUM_THREADS": "1"}, {"GDAL_NUM_THREADS": "ALL_CPUS"}, {"VCUBE_CACHE_SIZE": "1"},
                                      {"VCUBE_CACHE_SIZE": "4KB"}, {"VCUBE_CACHE_SIZE": "0"}])
def test_settings_do_not_change_values(cube, settings, tmp_path):
    code = ("import numpy; from osgeo import gdal; "
            f"numpy.save(r'{tmp_path}/out.npy', gdal.Open('VCUBE:{cube}:/sst').ReadAsArray())")
    done = run_python(code, **settings)
    assert done.returncode == 0, done.stderr
    assert np.array_equal(np.load(tmp_path / "out.npy"), sample_cube.shown(sample_cube.packed()))


def test_rewritten_references_are_seen(tmp_path, make_cube):
    first = make_cube(lambda group: group.create_dataset("a", data=np.full((4, 4), 1, "u1")), "first.json")
    second = make_cube(lambda group: group.create_dataset("a", data=np.full((4, 4), 2, "u1")), "second.json")
    target = tmp_path / "refs.json"
    for source, value in ((first, 1), (second, 2), (first, 1)):
        shutil.copyfile(source, target)
        assert (gdal.Open(str(target)).ReadAsArray() == value).all()


def test_broken_neighbour_is_a_warning(cube):
    document = json.loads(pathlib.Path(cube).read_text())
    document["refs"]["bad/.zarray"] = '{"zarr_format": 2, "shape": "wide"}'
    pathlib.Path(cube).write_text(json.dumps(document))
    dataset, seen = collect_errors(lambda: gdal.Open(cube))
    assert len(dataset.GetSubDatasets()) == 3
    assert [kind for kind, _ in seen] == [gdal.CE_Warning] and "bad/.zarray" in seen[0][1]
    dataset, seen = collect_errors(lambda: gdal.Open(f'VCUBE:"{cube}":/bad'))
    assert dataset is None and len(seen) == 1 and "bad/.zarray" in seen[0][1]


def test_forked_child_reads(cube):
    """As dask and gunicorn do: the parent has read already, its worker threads do not exist in the child."""
    dataset = gdal.Open(f'VCUBE:"{cube}":/sst')
    expected = dataset.ReadAsArray()
    child = os.fork()
    if child == 0:
        threading.Timer(30, lambda: os._exit(3)).start()
        inherited = np.array_equal(dataset.ReadAsArray(), expected)
        fresh = gdal.Open(f'VCUBE:"{cube}":/temp').ReadAsArray(89, 89, 2, 1)[0, 0].tolist() == [179.0, 0.0]
        os._exit(0 if inherited and fresh else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_threads_with_their_own_handles(cube):
    expected = sample_cube.shown(sample_cube.packed())
    wrong = []

    def work(seed):
        random = np.random.default_rng(seed)
        dataset = gdal.Open(f'VCUBE:"{cube}":/sst')
        for _ in range(40):
            x, y = int(random.integers(0, 170)), int(random.integers(0, 80))
            if not np.array_equal(dataset.ReadAsArray(x, y, 10, 10), expected[:, y:y + 10, x:x + 10]):
                wrong.append((seed, x, y))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_ends_with_open_datasets_and_after_destroying_the_drivers(cube):
    code = f"from osgeo import gdal; d = gdal.Open('VCUBE:{cube}:/sst'); d.ReadAsArray(); gdal.Open('VCUBE:{cube}'); print('read')"
    done = run_python(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "read\n", "")
