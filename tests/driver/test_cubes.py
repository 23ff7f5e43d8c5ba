"""Values of cubes through both of GDAL's interfaces equal what zarr, fsspec, netCDF4 and h5py read, bit for bit."""
import itertools
import random

import h5py
import netCDF4
import numcodecs
import numpy as np
import oracle
import pytest
import xarray
from osgeo import gdal

SEED = 20230401
DTYPES = ["|i1", "|u1", "|b1", "<f2", ">f2"] + [order + kind for kind in ("i2", "i4", "i8", "u2", "u4", "u8", "f4", "f8")
                                                for order in "<>"]
SHAPES = [((7, 23, 41), (2, 10, 16)), ((3, 30, 20), (1, 30, 20)), ((5, 9, 33), (5, 4, 33)), ((2, 3, 11, 13), (1, 2, 5, 8)),
          ((37, 50), (16, 16)), ((1, 1, 64), (1, 1, 100)), ((6, 17, 1), (4, 5, 1))]
COMPRESSORS = [None, numcodecs.Zlib(4), numcodecs.GZip(6), numcodecs.Zstd(3), numcodecs.LZ4()] + [
    numcodecs.Blosc(name, 5, shuffle) for name in ("lz4", "lz4hc", "zstd", "zlib", "blosclz")
    for shuffle in (numcodecs.Blosc.NOSHUFFLE, numcodecs.Blosc.SHUFFLE, numcodecs.Blosc.BITSHUFFLE)]


def filter_chains(dtype):
    """Chains of filters that make sense for a type."""
    kind, size = dtype[1], int(dtype[2:])
    chains = [None, [numcodecs.Shuffle(size)]]
    if kind in "iuf" and size > 1:
        chains += [[numcodecs.Delta(dtype)], [numcodecs.Delta(dtype), numcodecs.Shuffle(size)],
                   [numcodecs.Shuffle(size), numcodecs.Zlib(2)]]
    if dtype in ("<f4", "<f8", ">f4", ">f8"):
        scaled = numcodecs.FixedScaleOffset(offset=-50, scale=10, dtype=dtype, astype="<i4")
        chains += [[scaled], [scaled, numcodecs.Delta("<i4"), numcodecs.Shuffle(4)]]
    return chains


def fill_values(dtype):
    """Fill values of a type; None: null in the metadata."""
    kind = dtype[1]
    if kind == "f":
        return [None, 0, -999.0, float("nan"), float("inf"), float("-inf")]
    if kind == "b":
        return [None, False, True]
    least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
    return [None, 0, 7, int(least), int(most)]


def values_of(rng, shape, dtype):
    kind = dtype[1]
    if kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if kind in "iu":
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, shape, dtype=np.dtype(dtype).newbyteorder("="), endpoint=True)
    data = np.round(rng.normal(20, 40, shape), 1)
    return data


def all_cases():
    """(name, settings): every type with every byte order, every compressor and every shape at least twice, the rest drawn."""
    chooser = random.Random(SEED)
    cases = []
    for i in range(5 * len(DTYPES)):
        dtype = DTYPES[i % len(DTYPES)]
        shape, chunks = SHAPES[(i // 3) % len(SHAPES)]
        chain = chooser.choice(filter_chains(dtype))
        compressor = COMPRESSORS[(i * 7) % len(COMPRESSORS)]
        cases.append({"dtype": dtype, "shape": shape, "chunks": chunks, "filters": chain, "compressor": compressor,
                      "order": chooser.choice("CF"), "fill": chooser.choice(fill_values(dtype)),
                      "special": chain is None or "fixedscaleoffset" not in [f.codec_id for f in chain]})
    return [(f"a{i:03d}", case) for i, case in enumerate(cases)]


CASES = all_cases()


def identity(case):
    name, s = case
    codec = s["compressor"].get_config() if s["compressor"] else {"id": "none"}
    words = [name, s["dtype"].strip("|"), codec["id"], str(codec.get("cname", ""))]
    words += [f.codec_id for f in s["filters"] or []]
    return "-".join(w for w in words + [s["order"], str(s["fill"])] if w)


def write_cases(group):
    rng, chooser = np.random.default_rng(SEED), random.Random(SEED)
    for name, s in CASES:
        data = values_of(rng, s["shape"], s["dtype"])
        if s["dtype"][1] == "f" and s["special"]:
            data.flat[:: 17] = np.nan
            data.flat[5:: 41] = -np.inf
        array = group.create_dataset(name, shape=s["shape"], chunks=s["chunks"], dtype=s["dtype"], order=s["order"],
                                     filters=s["filters"], compressor=s["compressor"], fill_value=s["fill"])
        with np.errstate(all="ignore"):
            array[...] = data.astype(s["dtype"])
        if s["fill"] is not None:  # of a null fill value, nobody says what absent chunks hold
            keys = [k for k in array.chunk_store.keys() if k.startswith(array.path + "/") and not k.endswith((".zarray", ".zattrs"))]
            for key in chooser.sample(sorted(keys), len(keys) // 4):
                del array.chunk_store[key]


@pytest.fixture(scope="module", params=["range", "whole", "inline"])
def store(request, tmp_path_factory):
    how = {"range": {}, "whole": {"form": "whole", "version": 0}, "inline": {"inline_below": 1000, "object_metadata": True}}
    folder = tmp_path_factory.mktemp(request.param)
    with np.errstate(all="ignore"):
        path = oracle.write_references(folder, write_cases, **how[request.param])
        return path, oracle.read(path), gdal.OpenEx(str(path), gdal.OF_MULTIDIM_RASTER)


@pytest.mark.parametrize("case", CASES, ids=map(identity, CASES))
def test_multidimensional_values(store, case):
    name, _ = case
    _, expected, dataset = store
    array = dataset.GetRootGroup().OpenMDArray(name)
    assert [d.GetSize() for d in array.GetDimensions()] == list(expected[name].shape)
    oracle.assert_same(array.ReadAsArray(), expected[name], "whole")
    rng = random.Random(name)
    for _ in range(6):
        start, count, step, selection = [], [], [], []
        for extent in expected[name].shape:
            first, stride = rng.randrange(extent), rng.choice([1, 1, 2, 3, 7, -1, -2, -5])
            reach = (extent - 1 - first) // stride if stride > 0 else first // -stride
            n = rng.randint(1, reach + 1)
            start, count, step = start + [first], count + [n], step + [stride if n > 1 else 1]
            selection.append(first + np.arange(n) * stride)
        got = array.ReadAsArray(array_start_idx=start, count=count, array_step=step)
        oracle.assert_same(got, expected[name][np.ix_(*selection)], (start, count, step))


@pytest.mark.parametrize("case", CASES, ids=map(identity, CASES))
def test_classic_values(store, case):
    name, _ = case
    path, expected, _ = store
    dataset = gdal.Open(f'VCUBE:"{path}":/{name}')
    bands = expected[name].reshape((-1,) + expected[name].shape[-2:])
    assert dataset.RasterCount == len(bands)
    assert (dataset.RasterYSize, dataset.RasterXSize) == bands.shape[1:]
    got = dataset.ReadAsArray()
    oracle.assert_same(got.reshape(bands.shape), bands, "whole dataset")
    rng = random.Random(name)
    for _ in range(3):
        band = rng.randrange(len(bands))
        x, y = rng.randrange(bands.shape[2]), rng.randrange(bands.shape[1])
        width, height = rng.randint(1, bands.shape[2] - x), rng.randint(1, bands.shape[1] - y)
        got = dataset.GetRasterBand(band + 1).ReadAsArray(x, y, width, height)
        oracle.assert_same(got, bands[band, y:y + height, x:x + width], (band, x, y, width, height))
    block = dataset.GetRasterBand(1).ReadBlock(0, 0)
    assert block is not None


def test_conversion_in_the_read_equals_numpy(store):
    _, expected, dataset = store
    name = next(n for n, s in CASES if s["dtype"] == "<i2")
    array = dataset.GetRootGroup().OpenMDArray(name)
    as_double = gdal.ExtendedDataType.Create(gdal.GDT_Float64)
    oracle.assert_same(array.ReadAsArray(buffer_datatype=as_double), expected[name].astype("f8"))


@pytest.mark.parametrize("name", ["groups", "nested"])
def test_groups(make_cube, name):
    def fill(group):
        inner = group.create_group("a").create_group("b")
        inner.create_dataset("field", data=np.arange(12, dtype="f4").reshape(3, 4), chunks=(2, 2))
        group["a"].create_dataset("field", data=np.arange(6, dtype="i4").reshape(2, 3), chunks=(1, 3))

    path = make_cube(fill, object_metadata=name == "nested")
    root = gdal.OpenEx(str(path), gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    assert root.GetGroupNames() == ["a"]
    outer = root.OpenGroup("a")
    assert (outer.GetMDArrayNames(), outer.GetGroupNames()) == (["field"], ["b"])
    oracle.assert_same(outer.OpenGroup("b").OpenMDArray("field").ReadAsArray(), np.arange(12, dtype="f4").reshape(3, 4))
    oracle.assert_same(gdal.Open(f'VCUBE:"{path}":/a/field').ReadAsArray(), np.arange(6, dtype="i4").reshape(2, 3))


def test_references_equal_an_unreferenced_xarray_reading(make_cube):
    def fill(group):
        data = group.create_dataset("t", data=np.arange(60, dtype="<i2").reshape(3, 4, 5), chunks=(1, 3, 3), fill_value=-1)
        data.attrs["_ARRAY_DIMENSIONS"] = ["time", "y", "x"]

    path = make_cube(fill, inline_below=20)
    with xarray.open_dataset(oracle.mapper(path), engine="zarr", consolidated=False, mask_and_scale=False) as dataset:
        oracle.assert_same(gdal.Open(f'VCUBE:"{path}":/t').ReadAsArray(), dataset["t"].values)


def test_damaged_references_are_one_clear_error(make_cube, tmp_path):
    def fill(group):
        group.create_dataset("good", data=np.arange(64, dtype="i4").reshape(8, 8), chunks=(4, 4))
        group.create_dataset("bad", data=np.arange(64, dtype="i4").reshape(8, 8), chunks=(4, 4))

    path = make_cube(fill, form="whole")
    chunk = tmp_path / "refs_store" / "bad" / "1.0"
    whole = chunk.read_bytes()
    for damage in (whole[: len(whole) // 2], b"garbage" * 4, b"", None):
        chunk.unlink()
        if damage is not None:
            chunk.write_bytes(damage)
        dataset = gdal.Open(f'VCUBE:"{path}":/bad')
        with pytest.raises(RuntimeError, match="bad"):
            dataset.ReadAsArray()
        good = gdal.Open(f'VCUBE:"{path}":/good')
        oracle.assert_same(good.ReadAsArray(), np.arange(64, dtype="i4").reshape(8, 8))
        assert dataset.GetRasterBand(1).ReadAsArray(0, 0, 8, 4)[3, 7] == 31  # the undamaged part
        chunk.write_bytes(whole)


@pytest.mark.parametrize("text", ["", "not json", '{"version": 1, "refs": {', '{"version": 1, "refs": []}', "[1, 2]", "{}",
                                  '{"version": 1, "refs": {"a/.zarray": "{"}}',
                                  '{"version": 1, "refs": {"a/.zarray": "{\\"shape\\": [-1]}"}}'])
def test_wrong_documents_are_errors(tmp_path, text):
    path = tmp_path / "wrong.json"
    path.write_text(text)
    with pytest.raises(RuntimeError, match="wrong.json"):
        gdal.Open(f'VCUBE:"{path}"')
    with pytest.raises(RuntimeError):
        gdal.OpenEx(f'VCUBE:"{path}"', gdal.OF_MULTIDIM_RASTER)


L3 = ["l3_combined.json", "l3_combined_v0.json", "l3_combined_base64.json", "l3_combined_objmeta.json", "l3_combined.json.gz",
      "l3_combined.json.zst", "l3_combined_templates.json", "l3_combined_templates_jinja.json", "l3_combined.parq"]


@pytest.fixture(scope="module")
def l3_expected(shared_data):
    out = {}
    for path in sorted((shared_data / "kerchunk" / "l3").glob("*.nc")):
        with netCDF4.Dataset(path) as file:
            file.set_auto_maskandscale(False)
            for name in ("soil_moisture", "sst", "flags", "time"):
                out.setdefault(name, []).append(file[name][...].reshape((1,) + file[name].shape[1:]))
            for name in ("lat", "lon", "crs"):
                out[name] = file[name][...]
    return {name: np.concatenate(data) if isinstance(data, list) else data for name, data in out.items()}


@pytest.mark.parametrize("name", L3)
def test_l3_equals_netcdf4(shared_data, l3_expected, name):
    path = shared_data / "kerchunk" / name
    root = gdal.OpenEx(f'VCUBE:"{path}"', gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    assert set(root.GetMDArrayNames()) == set(l3_expected)
    for variable, expected in l3_expected.items():
        oracle.assert_same(np.reshape(root.OpenMDArray(variable).ReadAsArray(), expected.shape), expected, variable)
    # The classic interface shows north first: the rows of l3 already stand so, or are turned round.
    up = l3_expected["lat"][0] > l3_expected["lat"][-1]
    for variable in ("soil_moisture", "sst", "flags"):
        bands = gdal.Open(f'VCUBE:"{path}":/{variable}').ReadAsArray()
        oracle.assert_same(bands, l3_expected[variable] if up else l3_expected[variable][:, ::-1], variable)


def test_gen_equals_its_expectation(shared_data):
    path = shared_data / "kerchunk" / "gen_v1.json"
    expected = np.load(shared_data / "kerchunk" / "gen_v1_expected.npy")
    for array in ("a", "whole"):
        oracle.assert_same(gdal.Open(f'VCUBE:"{path}":/{array}').ReadAsArray(), expected, array)


def test_every_shared_reference_set_is_compared(shared_data):
    sets = {path.name for path in (shared_data / "kerchunk").iterdir() if ".json" in path.name or path.suffix == ".parq"}
    assert sets == {*L3, "gen_v1.json", "smos_1.json", "smos_2.json"}


@pytest.mark.parametrize("number", [1, 2])
def test_smos_columns_equal_h5py(shared_data, number):
    path = shared_data / "kerchunk" / f"smos_{number}.json"
    references = oracle.mapper(path)
    product = next(p for p in (shared_data / "smos").glob("*.nc") if p.stem in references[".zattrs"].decode())
    swath = gdal.OpenEx(f'VCUBE:"{path}"', gdal.OF_MULTIDIM_RASTER).GetRootGroup().OpenGroup("swath")
    names = set(swath.GetMDArrayNames())
    compared = 0
    with h5py.File(product) as file:
        for name, column in file.items():
            if column.attrs.get("NAME", b"").startswith(b"This is a netCDF dimension"):
                continue
            assert name in names
            oracle.assert_same(swath.OpenMDArray(name).ReadAsArray(), column[...], name)
            compared += 1
    assert compared > 60


def test_every_pair_of_byte_order_and_width_is_there():
    have = {s["dtype"] for _, s in CASES}
    assert have == set(DTYPES)
    codecs = {(s["compressor"].codec_id, getattr(s["compressor"], "cname", None), getattr(s["compressor"], "shuffle", None))
              if s["compressor"] else None for _, s in CASES}
    assert len(codecs) == len(COMPRESSORS)
    assert set(itertools.chain.from_iterable([f.codec_id for f in s["filters"] or []] for _, s in CASES)) >= {
        "shuffle", "delta", "fixedscaleoffset"}
