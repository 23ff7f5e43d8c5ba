"""Zarr v3 through GDAL: arrays that an independent writer made after the specification, in folders and behind references."""
import json
import pathlib
import random
import sys

import numpy as np
import oracle
import pytest
from osgeo import gdal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import random_zarr3  # noqa: E402
import zarr3_writer as writer  # noqa: E402

COUNT, SEED = 240, 20260103


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zarr3")
    expected = random_zarr3.write_store(folder / "store.zarr", COUNT, SEED)
    forms = {"directory": folder / "store.zarr"}
    relative = lambda file: pathlib.Path(file).relative_to(folder).as_posix()  # noqa: E731
    packed = writer.pack(folder / "store.zarr", folder / "packed.bin", random.Random(SEED), relative)
    for form, references in [("references", writer.references(folder / "store.zarr", url=relative)),
                             ("whole", writer.references(folder / "store.zarr", whole=True, url=relative)),
                             ("inline", writer.references(folder / "store.zarr", inline=10**6)),
                             ("packed", packed)]:
        forms[form] = folder / f"{form}.json"
        forms[form].write_text(json.dumps(references))
    return expected, forms


FORMS = ["directory", "references", "whole", "inline", "packed"]


def open_root(path):
    dataset = gdal.OpenEx(f'VCUBE:"{path}"', gdal.OF_MULTIDIM_RASTER)
    return dataset, dataset.GetRootGroup()


def shown(values):
    values = np.asarray(values)
    return values.view("i8") if values.dtype.kind in "mM" else oracle.as_gdal_shows(values)


def same(got, expected, what):
    assert got.shape == expected.shape and got.dtype == expected.dtype, (what, got.dtype, got.shape, expected.dtype, expected.shape)
    assert got.tobytes() == expected.tobytes() or np.array_equal(got, expected, equal_nan=True), what


@pytest.mark.parametrize("form", FORMS)
def test_whole_arrays(store, form):
    expected, paths = store
    dataset, root = open_root(paths[form])
    assert set(root.GetMDArrayNames()) == set(expected)
    for name, values in expected.items():
        got = np.asarray(root.OpenMDArray(name).ReadAsArray())
        same(got.reshape(values.shape), shown(values), (name, form))


@pytest.mark.parametrize("form", ["directory", "packed"])
def test_windows(store, form):
    expected, paths = store
    rng = random.Random(SEED)
    dataset, root = open_root(paths[form])
    for name, values in expected.items():
        if values.ndim == 0:
            continue
        start = [rng.randrange(extent) for extent in values.shape]
        count = [rng.randint(1, extent - first) for extent, first in zip(values.shape, start)]
        got = np.asarray(root.OpenMDArray(name).ReadAsArray(start, count))
        picked = shown(values)[tuple(slice(a, a + n) for a, n in zip(start, count))]
        same(got.reshape(picked.shape), picked, (name, start, count))


RECTILINEAR = {
    "bare": None,
    "transposed": [writer.transpose([1, 0]), writer.bytes_codec("big"), {"name": "gzip", "configuration": {"level": 1}}],
    "sharded": [writer.sharded((50, 20), [writer.bytes_codec(), {"name": "crc32c"}])],
}


@pytest.mark.parametrize("name", RECTILINEAR)
def test_chunks_of_different_extents(tmp_path, name):
    """bare: a chunk is larger than what is read whole, so it is read by parts."""
    data = np.arange(2000 * 1200, dtype="u4").reshape(2000, 1200) * np.uint32(2654435761)
    writer.write_group(tmp_path)
    writer.write_array(tmp_path, name, data, [[100, 1500, 50, 50, 400], [1000, 220]], RECTILINEAR[name],
                       dimension_names=["y", "x"])
    _, root = open_root(tmp_path)
    array = root.OpenMDArray(name)
    assert array.GetBlockSize() == [0, 0] and array.GetStructuralInfo()["CHUNK_GRID"] == "5,2"
    same(array.ReadAsArray(), data, name)
    for rows, columns in [(slice(90, 1700, 3), slice(995, 1010)), (slice(1999, 3, -331), slice(1199, None, -400)),
                          (slice(1600, 1650), slice(0, 1200)), (slice(7, 8), slice(1000, 1200, 199))]:
        expected = data[rows, columns]
        starts = [rows.start, columns.start]
        got = array.ReadAsArray(starts, list(expected.shape), [rows.step or 1, columns.step or 1])
        same(got, expected, (name, rows, columns))
    same(array.Transpose([1, 0])[10:1100:7, 1599:1702].ReadAsArray(), data.T[10:1100:7, 1599:1702], name)
    dataset = gdal.Open(f'VCUBE:"{tmp_path}":/{name}')
    same(dataset.ReadAsArray(), data, name)
    same(dataset.ReadAsArray(980, 70, 60, 1900), data[70:1970, 980:1040], name)
    same(array.AsClassicDataset(1, 0).ReadAsArray(3, 99, 1100, 1700), data[99:1799, 3:1103], name)


def test_text_in_chunks_of_different_extents(tmp_path):
    words = np.array([f"w{i}" * (i % 5) for i in range(17)], object)
    writer.write_group(tmp_path)
    writer.write_array(tmp_path, "words", words, [[3, 1, 1, 7, 9]], [{"name": "vlen-utf8"}], fill="")
    _, root = open_root(tmp_path)
    array = root.OpenMDArray("words")
    assert list(array.Read()) == list(words)
    assert list(array.GetView("[15:2:-4]").Read()) == list(words[15:2:-4])


def test_chunks_that_no_shards_fit(tmp_path):
    writer.write_group(tmp_path)
    writer.write_array(tmp_path, "a", np.arange(10, dtype="u2"), [[4, 6]], [writer.sharded((2,))])
    text = (tmp_path / "a/zarr.json").read_text()
    (tmp_path / "a/zarr.json").write_text(text.replace('[4, 6]', '[4, 5, 1]'))
    _, root = open_root(tmp_path)
    with pytest.raises(RuntimeError, match='array "a".*does not divide'):
        root.OpenMDArray("a").ReadAsArray()


def test_names_attributes_dimensions(tmp_path):
    writer.write_group(tmp_path, "", {"title": "outer"})
    writer.write_group(tmp_path, "inner", {"level": 2})
    data = np.arange(12, dtype="i4").reshape(3, 4)
    writer.write_array(tmp_path, "inner/field", data, (2, 2), attributes={"units": "K"}, dimension_names=["y", None],
                       extra={"hint": {"must_understand": False}})
    writer.write_array(tmp_path, "implicit/group/field", data, (2, 2))
    dataset, root = open_root(tmp_path)
    assert root.GetAttribute("title").Read() == "outer"
    assert root.OpenGroup("inner").GetAttribute("level").Read() == 2
    array = root.OpenMDArrayFromFullname("/inner/field")
    assert array.GetUnit() == "K" or array.GetAttribute("units").Read() == "K"
    assert array.GetDimensions()[0].GetName() == "y"
    assert np.array_equal(root.OpenMDArrayFromFullname("/implicit/group/field").ReadAsArray(), data)


def test_an_array_that_cannot_be_read_hinders_no_other(tmp_path):
    writer.write_group(tmp_path)
    data = np.arange(12, dtype="i4").reshape(3, 4)
    writer.write_array(tmp_path, "good", data, (2, 2))
    writer.write_array(tmp_path, "codec", data, (2, 2))
    document = json.loads((tmp_path / "codec/zarr.json").read_text())
    document["codecs"].append({"name": "made_up.codec"})
    (tmp_path / "codec/zarr.json").write_text(json.dumps(document))
    writer.write_array(tmp_path, "type", data, (2, 2), type_json="int24")
    writer.write_array(tmp_path, "transformed", data, (2, 2), extra={"storage_transformers": [{"name": "made_up"}]})
    dataset, root = open_root(tmp_path)
    assert np.array_equal(root.OpenMDArray("good").ReadAsArray(), data)
    array = root.OpenMDArray("codec")
    assert [d.GetSize() for d in array.GetDimensions()] == [3, 4]
    with pytest.raises(RuntimeError, match="made_up.codec") as error:
        array.ReadAsArray()
    assert "codec" in str(error.value)
    assert "type" not in root.GetMDArrayNames()


def test_strings(tmp_path):
    writer.write_group(tmp_path)
    words = np.array(["", "caf\u00e9", "\U0001F30D", "plain", "a" * 300], object)
    vlen = {"name": "vlen-utf8"}
    writer.write_array(tmp_path, "words", words, (2,), [vlen, {"name": "gzip", "configuration": {"level": 1}}], fill="")
    writer.write_array(tmp_path, "sharded", words, (4,), [writer.sharded((2,), [vlen])], fill="")
    writer.write_array(tmp_path, "fixed", words.astype("U300"), (2,), fill="")
    dataset, root = open_root(tmp_path)
    for name in ("words", "sharded", "fixed"):
        assert list(root.OpenMDArray(name).Read()) == list(words), name
