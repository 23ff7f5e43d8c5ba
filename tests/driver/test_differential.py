"""Hundreds of random arrays, bit for bit: of Zarr v2 what zarr-python reads, of v3 what an independent writer wrote; as
folders, zips, and references in JSON and Parquet, in both of GDAL's interfaces, through windows, strides, decimation and
threads."""
import concurrent.futures
import json
import pathlib
import random
import sys
import zipfile

import numpy as np
import oracle
import pytest
import zarr
from osgeo import gdal

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import random_arrays  # noqa: E402
import random_zarr3  # noqa: E402

COUNT = {"v2": 500, "v3": 200}
SEED = 20230401
FORMS = [("v2", form) for form in ("references", "parquet", "folder", "zip", "deflated zip")] + [
    ("v3", form) for form in ("references", "folder", "zip", "deflated zip")]


def zipped(folder, target, method):
    with zipfile.ZipFile(target, "w", method) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return target


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """version -> (name -> values that a reader must give, form -> path)."""
    out = {}
    for version, count in COUNT.items():
        place = tmp_path_factory.mktemp(version)
        folder = place / "random.zarr"
        expected = {}
        if version == "v2":
            group = random_arrays.write_group(folder, count, SEED)
            group.visititems(lambda name, item, into=expected: into.__setitem__(name, item[...])
                             if isinstance(item, zarr.Array) else None)
        else:
            expected = random_zarr3.write_store(folder, count, SEED, wide=True)
        assert len(expected) == count
        paths = {"folder": folder, "references": random_arrays.references(folder, place / "refs.json", SEED),
                 "zip": zipped(folder, place / "stored.zip", zipfile.ZIP_STORED),
                 "deflated zip": zipped(folder, place / "deflated.zip", zipfile.ZIP_DEFLATED)}
        if version == "v2":
            paths["parquet"] = random_arrays.parquet(paths["references"], place / "refs.parq", SEED)
        out[version] = expected, paths
    return out


@pytest.fixture(params=FORMS, ids="-".join)
def store(stores, request):
    """(name -> values, path of one form of one store)."""
    version, form = request.param
    expected, paths = stores[version]
    return expected, paths[form]


def open_root(path):
    # the dataset must outlive its groups in this binding
    dataset = gdal.OpenEx(f'VCUBE:"{path}"', gdal.OF_MULTIDIM_RASTER)
    return dataset, dataset.GetRootGroup()


def shown(values):
    """Values as GDAL has types for them."""
    values = np.asarray(values)
    if values.dtype.kind in "Mm":
        return values.astype(values.dtype.newbyteorder("=")).view("i8")
    return oracle.as_gdal_shows(values)


def same(got, expected, what):
    """Bit for bit, the signs of zeros and the payloads of NaNs too."""
    got, expected = np.ascontiguousarray(got), np.ascontiguousarray(expected)
    assert got.shape == expected.shape and got.dtype == expected.dtype, (what, got.dtype, got.shape, expected.dtype, expected.shape)
    assert got.tobytes() == expected.tobytes(), what


def is_number(values):
    return values.dtype.kind in "biufcMm"


def read_numbers(array, *window):
    values = array.ReadAsArray(*window)
    return np.asarray(values)


def test_whole_arrays(store):
    expected, path = store
    dataset, root = open_root(path)
    compared = 0
    for name, values in expected.items():
        if is_number(values):
            got = read_numbers(root.OpenMDArrayFromFullname("/" + name))
            same(got.reshape(values.shape), shown(values), name)
            compared += 1
    assert compared > len(expected) // 2


def test_windows_and_strides(store):
    """start, count and step of any sign along every dimension, against numpy's slices."""
    expected, path = store
    rng = random.Random(SEED)
    dataset, root = open_root(path)
    for name, values in expected.items():
        if not is_number(values) or values.ndim == 0:
            continue
        array = root.OpenMDArrayFromFullname("/" + name)
        for _ in range(3):
            start, count, step = [], [], []
            for extent in values.shape:
                size = rng.randint(1, extent)
                jump = rng.randint(1, max(1, (extent - 1) // max(1, size - 1))) if size > 1 else 1
                first = rng.randint(0, extent - 1 - (size - 1) * jump)
                if rng.random() < 0.3 and size > 1:
                    first, jump = first + (size - 1) * jump, -jump
                start.append(first), count.append(size), step.append(jump)
            picked = shown(values)[np.ix_(*[np.arange(size) * jump + first for first, size, jump in zip(start, count, step)])]
            same(read_numbers(array, start, count, step), picked, (name, start, count, step))


def test_texts(store):
    """Strings, fixed and variable, of any rank: one line at a time, which is what this binding reads."""
    expected, path = store
    dataset, root = open_root(path)
    compared = 0
    for name, values in expected.items():
        if values.dtype.kind not in "SUO" or values.ndim == 0:
            continue
        array = root.OpenMDArrayFromFullname("/" + name)
        for place in np.ndindex(values.shape[:-1]):
            line = array.GetView("[" + ",".join([*map(str, place), ":"]) + "]") if place else array
            texts = [as_text(value) for value in values[place]]
            got = line.Read()
            assert list(got) == texts, (name, place)
        compared += 1
    assert compared > len(expected) // 20


def as_text(value):
    """An element as VCube tells it: text as it is, bytes as UTF-8 where they are that, NULs at the end dropped."""
    if isinstance(value, bytes):
        return value.decode()
    return str(value) if value is not None else ""


def test_records(store):
    """Structured types as GDAL compounds, field by field against numpy."""
    expected, path = store
    dataset, root = open_root(path)
    compared = 0
    for name, values in expected.items():
        if not values.dtype.names or values.ndim == 0:
            continue
        array = root.OpenMDArrayFromFullname("/" + name)
        for field in values.dtype.names:
            part = values[field]
            if part.dtype.names:
                continue
            got = np.asarray(array.GetView(f"['{field}']").ReadAsArray())
            same(got, shown(part), (name, field))
        compared += 1
    assert compared > len(expected) // 100


def test_classic_rasters(store):
    """Bands of the leading dimensions, windows, and decimation by nearest neighbour."""
    expected, path = store
    rng = random.Random(SEED + 1)
    compared = 0
    for name, values in expected.items():
        if not is_number(values) or values.ndim < 2:
            continue
        dataset = gdal.Open(f'VCUBE:"{path}":/{name}')
        cube = shown(values).reshape(-1, *values.shape[-2:])
        bands, height, width = cube.shape
        assert (dataset.RasterCount, dataset.RasterYSize, dataset.RasterXSize) == cube.shape, name
        got = dataset.ReadAsArray()
        same(np.asarray(got).reshape(cube.shape), cube, name)
        band = rng.randint(0, bands - 1)
        columns, rows = rng.randint(1, width), rng.randint(1, height)
        x, y = rng.randint(0, width - columns), rng.randint(0, height - rows)
        window = cube[band, y:y + rows, x:x + columns]
        same(dataset.GetRasterBand(band + 1).ReadAsArray(x, y, columns, rows), window, (name, x, y, columns, rows))
        out_columns, out_rows = rng.randint(1, columns), rng.randint(1, rows)
        across = ((np.arange(out_columns) + 0.5) * (columns / out_columns) + 1e-10).astype(int)
        down = ((np.arange(out_rows) + 0.5) * (rows / out_rows) + 1e-10).astype(int)
        small = dataset.GetRasterBand(band + 1).ReadAsArray(x, y, columns, rows, out_columns, out_rows)
        same(small, window[np.ix_(down, across)], (name, "decimated"))
        compared += 1
    assert compared > len(expected) // 4


def test_threads(store):
    """Different handles on different threads, all of them reading all arrays in an order of their own."""
    expected, path = store
    numbers = {name: shown(values) for name, values in expected.items() if is_number(values)}

    def read(seed):
        dataset, root = open_root(path)
        names = list(numbers)
        random.Random(seed).shuffle(names)
        for name in names:
            same(read_numbers(root.OpenMDArrayFromFullname("/" + name)).reshape(numbers[name].shape), numbers[name], name)
        return len(names)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, range(4))) == [len(numbers)] * 4


def test_the_draw_is_wide(stores):
    """The arrays between them cover what docs/formats.md promises."""
    _, paths = stores["v2"]
    metadata = json.loads((paths["folder"] / ".zmetadata").read_text())["metadata"]
    arrays = [value for key, value in metadata.items() if key.endswith(".zarray")]
    codecs = {codec["id"] for array in arrays for codec in [array["compressor"], *(array["filters"] or [])] if codec}
    assert codecs >= {"adler32", "astype", "bitround", "blosc", "bz2", "categorize", "crc32", "delta", "fixedscaleoffset", "gzip",
                      "json2", "lz4", "lzma", "packbits", "quantize", "shuffle", "vlen-bytes", "vlen-utf8", "zlib", "zstd"}
    assert {array["order"] for array in arrays} == {"C", "F"}
    assert {array["dimension_separator"] for array in arrays} == {".", "/"}
    assert {len(array["shape"]) for array in arrays} >= {0, 1, 2, 3, 4, 5}
    kinds = {array["dtype"][1] for array in arrays if isinstance(array["dtype"], str)}
    assert kinds >= set("biufcSUVMmO") and any(isinstance(array["dtype"], list) for array in arrays)


def codecs_of(chain, depth=0):
    """(name, how deep in shards) of every codec of a v3 chain."""
    for codec in chain:
        yield codec["name"], depth
        for inner in ("codecs", "index_codecs"):
            yield from codecs_of(codec.get("configuration", {}).get(inner, []), depth + 1)


def test_the_draw_of_version_3_is_wide(stores):
    _, paths = stores["v3"]
    arrays = [json.loads(file.read_text()) for file in paths["folder"].rglob("zarr.json")]
    arrays = [array for array in arrays if array["node_type"] == "array"]
    codecs = {pair for array in arrays for pair in codecs_of(array["codecs"])}
    assert {name for name, _ in codecs} >= {
        "bytes", "transpose", "sharding_indexed", "crc32c", "gzip", "zstd", "blosc", "vlen-utf8", "vlen-bytes"} | {
        f"numcodecs.{name}" for name in ("adler32", "astype", "bitround", "bz2", "crc32", "delta", "fixedscaleoffset", "lz4", "lzma",
                                         "quantize", "shuffle", "zlib")}
    assert {depth for name, depth in codecs if name == "sharding_indexed"} == {0, 1}
    assert {depth for name, depth in codecs if name == "transpose"} >= {0, 1}
    assert {(array["chunk_grid"]["name"], array["codecs"][0]["name"] == "sharding_indexed") for array in arrays} == {
        (grid, sharded) for grid in ("regular", "rectilinear") for sharded in (False, True)}
    encodings = {(array["chunk_key_encoding"]["name"], array["chunk_key_encoding"].get("configuration", {}).get("separator"))
                 for array in arrays}
    assert encodings == {(name, separator) for name in ("default", "v2") for separator in (None, ".", "/")}
    assert {len(array["shape"]) for array in arrays} >= {0, 1, 2, 3, 4}
    types = {array["data_type"] if isinstance(array["data_type"], str) else array["data_type"]["name"] for array in arrays}
    assert types >= {"bool", "int8", "uint64", "float16", "float64", "complex64", "numpy.datetime64", "string", "fixed_length_utf32",
                     "null_terminated_bytes", "r24", "struct"}
