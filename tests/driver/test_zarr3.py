"""Zarr v3 through GDAL: arrays that an independent writer made after the specification, in folders and behind references."""
import contextlib
import json
import pathlib
import random
import re
import sys

import numpy as np
import oracle
import pytest
from osgeo import gdal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import random_arrays  # noqa: E402
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


@pytest.mark.parametrize("encoding,separator", [("default", "/"), ("default", "."), ("v2", "."), ("v2", "/")])
def test_references_in_parquet(tmp_path, encoding, separator):
    """Regular grids: the number of a chunk in the files follows from its key, "c/0/1" as "0.1"."""
    data = np.arange(7 * 9, dtype="f4").reshape(7, 9)
    how = {"encoding": encoding, "separator": separator}
    writer.write_group(tmp_path / "s", "", {"title": "t"})
    writer.write_array(tmp_path / "s", "g/field", data, (2, 4), **how)
    writer.write_array(tmp_path / "s", "scalar", data[0, 5], (), **how)
    metadata, rows = {}, {"g/field": [(None, 0, 0, None)] * 12, "scalar": [(None, 0, 0, None)]}
    for key, file in writer.files_of(tmp_path / "s").items():
        if file.name == "zarr.json":
            metadata[key] = json.loads(file.read_text())
            continue
        array = next(name for name in rows if key.startswith(name + "/"))
        numbers = [int(n) for n in re.findall(r"\d+", key[len(array):])]
        place = numbers[0] * 3 + numbers[1] if array == "g/field" else 0
        rows[array][place] = (str(file), 0, file.stat().st_size, None)
    folder = tmp_path / "refs.parq"
    for name, table in rows.items():
        (folder / name).mkdir(parents=True)
        for first in range(0, len(table), 5):
            part = table[first:first + 5] + [(None, 0, 0, None)] * (5 - len(table[first:first + 5]))
            (folder / name / f"refs.{first // 5}.parq").write_bytes(random_arrays.parquet_file(part, random.Random(1)))
    (folder / ".zmetadata").write_text(json.dumps({"metadata": metadata, "record_size": 5}))
    _, root = open_root(folder)
    same(root.OpenMDArrayFromFullname("/g/field").ReadAsArray(), data, how)
    assert np.asarray(root.OpenMDArray("scalar").ReadAsArray()).item() == data[0, 5]
    assert root.GetAttribute("title").Read() == "t"


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


def test_codecs_as_some_writers_leave_them(tmp_path):
    """No "bytes": little-endian, as GDAL takes it. Names of numcodecs without its prefix, as zarr-python 3.2 writes them."""
    data = np.arange(35, dtype="<i4").reshape(5, 7) * 1000
    writer.write_group(tmp_path)
    for name, values, codecs, left in [
            ("bare", data, [writer.bytes_codec()], []),
            ("zipped", data, [writer.bytes_codec(), {"name": "gzip", "configuration": {"level": 1}}], ["gzip"]),
            ("turned", data, [writer.transpose([1, 0]), writer.bytes_codec(), {"name": "crc32c"}], ["transpose", "crc32c"])]:
        writer.write_array(tmp_path, name, values, (2, 3), codecs)
        document = json.loads((tmp_path / name / "zarr.json").read_text())
        document["codecs"] = [codec for codec in document["codecs"] if codec["name"] in left]
        (tmp_path / name / "zarr.json").write_text(json.dumps(document))
    for name, values, codecs in [
            ("packbits", data % 3000 == 0, [{"name": "numcodecs.packbits"}, writer.bytes_codec()]),
            ("delta", data, [{"name": "numcodecs.delta", "configuration": {"dtype": "<i4"}}, writer.bytes_codec()]),
            ("zlib", data, [writer.bytes_codec(), {"name": "numcodecs.zlib", "configuration": {"level": 1}}])]:
        writer.write_array(tmp_path, name, values, (2, 3), codecs, fill=values.dtype.type(0))
        text = (tmp_path / name / "zarr.json").read_text()
        (tmp_path / name / "zarr.json").write_text(text.replace("numcodecs.", ""))
    _, root = open_root(tmp_path)
    for name in ("bare", "zipped", "turned", "delta", "zlib"):
        assert np.array_equal(root.OpenMDArray(name).ReadAsArray(), data), name
    assert np.array_equal(root.OpenMDArray("packbits").ReadAsArray(), data % 3000 == 0)


UNKNOWN_TYPES = ["bfloat16", "int2", "uint4", "float8_e4m3", "float6_e2m3fn", "complex_float16", "N0f8", "binary_fixed_point"]


def test_types_that_gdal_cannot_show(tmp_path):
    """One warning each, with array and type; version 2's long doubles too."""
    data = np.arange(4, dtype="u1")
    writer.write_group(tmp_path / "v3")
    writer.write_array(tmp_path / "v3", "good", data, (4,))
    for i, name in enumerate(UNKNOWN_TYPES):
        writer.write_array(tmp_path / "v3", f"a{i}", data, (4,), type_json=name)
    long_double = {"zarr_format": 2, "shape": [4], "chunks": [4], "dtype": "<f16", "order": "C", "fill_value": 0,
                   "compressor": None, "filters": None}
    (tmp_path / "v2/long").mkdir(parents=True)
    (tmp_path / "v2/.zgroup").write_text('{"zarr_format": 2}')
    (tmp_path / "v2/long/.zarray").write_text(json.dumps(long_double))
    (tmp_path / "v2/good").mkdir()
    (tmp_path / "v2/good/.zarray").write_text(json.dumps({**long_double, "dtype": "|u1"}))
    for folder, named in [("v3", [(f"a{i}/zarr.json", name) for i, name in enumerate(UNKNOWN_TYPES)]),
                          ("v2", [("long/.zarray", "<f16")])]:
        told = []
        with gdal.ExceptionMgr(useExceptions=False) if hasattr(gdal, "ExceptionMgr") else contextlib.nullcontext():
            gdal.PushErrorHandler(lambda kind, number, text: told.append((kind, text)))
            try:
                dataset, root = open_root(tmp_path / folder)
                names = root.GetMDArrayNames()
            finally:
                gdal.PopErrorHandler()
        assert names == ["good"]
        assert all(kind == gdal.CE_Warning for kind, _ in told) and len(told) == len(named), told
        for place, name in named:
            assert sum(place in text and f'"{name}"' in text for _, text in told) == 1, (place, name, told)


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
