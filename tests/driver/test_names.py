"""Dataset names: every form opens what it says, and a wrong one says what was expected."""
import os

import numpy as np
import pytest
import sample_cube
from osgeo import gdal


@pytest.fixture
def cube(make_cube):
    return str(make_cube(sample_cube.fill))


@pytest.mark.parametrize("form", ['VCUBE:"{}":/sst', "VCUBE:{}:/sst", 'vcube:"{}":/sst', 'VCUBE:"{}":/sst/'])
def test_array(cube, form):
    dataset = gdal.Open(form.format(cube))
    assert (dataset.RasterXSize, dataset.RasterYSize, dataset.RasterCount) == (180, 90, 3)
    assert dataset.GetDriver().ShortName == "VCUBE"


@pytest.mark.parametrize("form", ["{}", "VCUBE:{}", 'VCUBE:"{}"'])
def test_bare_name_lists_subdatasets(cube, form):
    subdatasets = gdal.Open(form.format(cube)).GetSubDatasets()
    assert [name for name, _ in subdatasets] == [f'VCUBE:"{cube}":/{name}' for name in ("kind", "sst", "temp")]
    description = dict(subdatasets)[f'VCUBE:"{cube}":/sst']
    assert description == "[3x90x180] sea surface temperature (sst), K, int16, 2023-04-01 to 2023-04-03"
    for name, _ in subdatasets:
        assert gdal.Open(name).RasterXSize == 180


def test_relative_and_virtual_paths(cube, monkeypatch):
    folder, name = os.path.split(cube)
    monkeypatch.chdir(folder)
    relative = gdal.Open(f'VCUBE:"{name}":/sst')
    monkeypatch.chdir("/")
    assert relative.ReadAsArray().shape == (3, 90, 180)
    with open(cube, "rb") as file:
        text = file.read().replace(b'"refs_chunks.bin"', f'"{folder}/refs_chunks.bin"'.encode())
    gdal.FileFromMemBuffer("/vsimem/in memory/refs.json", text)
    assert np.array_equal(gdal.Open('VCUBE:"/vsimem/in memory/refs.json":/sst').ReadAsArray(), relative.ReadAsArray())
    gdal.Unlink("/vsimem/in memory/refs.json")


def test_selection_by_index(cube):
    whole = gdal.Open(f'VCUBE:"{cube}":/temp')
    assert whole.RasterCount == 6
    band = gdal.Open(f'VCUBE:"{cube}":/temp:time=[2],depth=[1]')
    assert band.RasterCount == 1
    assert np.array_equal(band.ReadAsArray(), whole.GetRasterBand(6).ReadAsArray())
    levels = gdal.Open(f'VCUBE:"{cube}":/temp:depth=[1]')
    assert [levels.GetRasterBand(i).GetDescription() for i in (1, 2, 3)] == [f"time={d}" for d in sample_cube.DATES]
    assert np.array_equal(levels.ReadAsArray(), whole.ReadAsArray()[1::2])
    assert np.array_equal(gdal.Open(f"VCUBE:{cube}:/temp:depth=[1]").ReadAsArray(), levels.ReadAsArray())


def test_a_row_of_the_raster_selected_away(cube):
    dataset = gdal.Open(f'VCUBE:"{cube}":/sst:lat=[10]')
    assert (dataset.RasterXSize, dataset.RasterYSize, dataset.RasterCount) == (180, 3, 1)
    assert np.array_equal(dataset.ReadAsArray(), sample_cube.packed()[:, 10])
    assert dataset.GetGeoTransform(can_return_null=True) is None


def test_one_and_no_dimension(make_cube):
    def fill(group):
        group.create_dataset("line", data=np.arange(7, dtype="<u2"))
        group.create_dataset("number", shape=(), dtype="<f8", fill_value=0)[...] = 2.5

    path = make_cube(fill)
    assert gdal.Open(f'VCUBE:"{path}":/line').ReadAsArray().tolist() == [list(range(7))]
    assert gdal.Open(f'VCUBE:"{path}":/number').ReadAsArray().tolist() == [[2.5]]


def test_single_array_opens_directly(make_cube):
    path = make_cube(lambda group: group.create_dataset("only", data=np.eye(5, dtype="u1")))
    assert np.array_equal(gdal.Open(str(path)).ReadAsArray(), np.eye(5))


def test_groups(make_cube):
    def fill(group):
        for name in ("a", "b"):
            group.create_dataset(f"deep/er/{name}", data=np.full((4, 6), ord(name), "u1"))

    path = make_cube(fill)
    group = gdal.Open(f'VCUBE:"{path}":/deep')
    assert [name for name, _ in group.GetSubDatasets()] == [f'VCUBE:"{path}":/deep/er/{n}' for n in "ab"]
    assert gdal.Open(f'VCUBE:"{path}":/deep/er/b').ReadAsArray()[0, 0] == ord("b")


@pytest.mark.parametrize("tail, words", [
    (":/nothing", ["nothing", "there are", "sst"]),
    (":/sst:time=[3]", ["time=[3]", "3 elements"]),
    (":/sst:colour=[0]", ["colour=[0]", "no such dimension", "time, lat, lon"]),
    (":/sst:time=[0],time=[1]", ["time", "twice"]),
    (":/sst:time=[x]", ["time=[x]", "whole number"]),
    (":/sst:time=2023-05-01", ["sst", "time=2023-05-01", "nearest", "2023-04-03T12:00:00Z"]),
    (":/sst:time=2023-04", ["fits 3 steps", "2023-04-01T00:00:00Z"]),
    (":/sst:lat=[1:3]", ["lat", "-srcwin"]),
    (":/temp:depth=3", ["depth=3", "nearest: 0.5, 10"]),
    (":/sst,/kind,/", ["no name"]),
    (":time=[0]", ["no array is named"]),
    ("sst", [":/array after the quoted location"]),
])
def test_wrong_tails(cube, tail, words):
    with pytest.raises(RuntimeError) as error:
        gdal.Open(f'VCUBE:"{cube}"{tail}')
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("name, words", [("VCUBE:", ["no location"]), ('VCUBE:"', ["not closed"]), ('VCUBE:""', ["no location"]),
                                         ("VCUBE:/no/such/file.json", ["/no/such/file.json", "No such file"]),
                                         ('VCUBE:"https://user:secret@127.0.0.1:1/x.json?key=secret"', ["127.0.0.1:1/x.json"])])
def test_wrong_names(name, words):
    with pytest.raises(RuntimeError) as error:
        gdal.Open(name)
    assert "secret" not in str(error.value)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("name", ["a :b", "a:b :", "x\\  :", "a=b", 'say "a, b"', "t~1 "])
def test_odd_array_names_survive_the_list_of_subdatasets(make_cube, name):
    """The name that the list gives an array opens that array."""
    def fill(group):
        for number, part in enumerate(("plain", name)):
            group.create_dataset(part, data=np.full((2, 3), number, "<i2"), compressor=None)

    subdatasets = gdal.Open(str(make_cube(fill))).GetSubDatasets()
    assert len(subdatasets) == 2
    values = sorted(gdal.Open(listed).ReadAsArray()[0, 0] for listed, _ in subdatasets)
    assert values == [0, 1]
