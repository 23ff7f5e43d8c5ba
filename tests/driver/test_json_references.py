"""Kerchunk JSON with templates and "gen": the shared files against their stored expectation, and generated sets against
fsspec + zarr."""
import json
import os
import pathlib

import fsspec
import numpy as np
import pytest
import zarr
from osgeo import gdal

PROJECT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("VCUBE_SHARED_DATA", PROJECT.parent / "shared" / "data")) / "kerchunk"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason=f"no shared data at {SHARED}")
gdal.UseExceptions()


def arrays(path):
    root = gdal.OpenEx(f'VCUBE:"{path}"', gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    return {name: root.OpenMDArray(name).ReadAsArray() for name in root.GetMDArrayNames()}


@needs_shared
def test_gen_of_the_shared_file():
    found = arrays(SHARED / "gen_v1.json")
    expected = np.load(SHARED / "gen_v1_expected.npy")
    assert sorted(found) == ["a", "whole"]
    np.testing.assert_array_equal(found["a"], expected)
    np.testing.assert_array_equal(found["whole"], expected)


@needs_shared
@pytest.mark.parametrize("name", ["templates.json", "templates_jinja.json", "v0.json", "objmeta.json", "base64.json"])
def test_forms_of_one_cube(name):
    expected, found = arrays(SHARED / "l3_combined.json"), arrays(SHARED / f"l3_combined_{name}")
    assert sorted(found) == sorted(expected)
    for array, values in expected.items():
        np.testing.assert_array_equal(found[array], values)


@pytest.mark.parametrize("order", [["version", "templates", "gen", "refs"], ["refs", "gen", "templates", "version"]])
@pytest.mark.parametrize("whole", [False, True])
def test_generated_set_equals_fsspec(tmp_path, order, whole):
    values = np.random.default_rng(4).integers(0, 1000, (5, 6, 8)).astype("<i4")
    (tmp_path / "b").mkdir()
    for i, step in enumerate(values):
        data = b"".join(np.ascontiguousarray(part).tobytes() for part in np.split(step, 3)) if not whole else step.tobytes()
        (tmp_path / "b" / f"step_{i:03d}.bin").write_bytes(data)
    meta = {"zarr_format": 2, "shape": [5, 6, 8], "chunks": [1, 6 if whole else 2, 8], "dtype": "<i4", "compressor": None,
            "fill_value": 0, "filters": None, "order": "C"}
    gen = {"key": "v/{{t}}.0.0" if whole else "v/{{ t }}.{{y}}.0", "url": "{{ file(n='%03d' % t) }}", "dimensions": {"t": {"stop": 5}}}
    if not whole:
        gen["dimensions"]["y"] = [0, 1, 2]
        gen.update(offset="{{ y * 2 * 8 * 4 }}", length="{{ 64 }}")
    document = {"version": 1, "templates": {"file": str(tmp_path) + "/b/step_{{ n }}.bin"}, "gen": [gen],
                "refs": {"v/.zarray": json.dumps(meta), ".zgroup": '{"zarr_format": 2}'}}
    path = tmp_path / "refs.json"
    path.write_text(json.dumps({key: document[key] for key in order}))
    reference = fsspec.filesystem("reference", fo=str(path), simple_templates=False, remote_protocol="file")
    expected = zarr.open(reference.get_mapper(""), mode="r")["v"][...]
    np.testing.assert_array_equal(expected, values)
    np.testing.assert_array_equal(arrays(path)["v"], values)
