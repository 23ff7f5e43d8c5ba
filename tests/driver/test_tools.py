"""GDAL's own programs, rasterio and scripts on the built plugin, on a sample cube and on published references."""
import json
import pathlib
import subprocess

import numpy as np
import pytest
import rasterio
import sample_cube
from osgeo import gdal, osr


def run(*command, fails=False):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout if not fails else done.stderr


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    import oracle

    return oracle.write_references(tmp_path_factory.mktemp("cube"), sample_cube.fill)


@pytest.fixture
def sst(cube):
    return f'VCUBE:"{cube}":/sst'


MAP = sample_cube.shown(sample_cube.packed())


def test_gdalinfo(sst):
    info = json.loads(run("gdalinfo", "-json", sst))
    assert info["size"] == [180, 90]
    assert info["geoTransform"] == [-180, 2, 0, 90, 0, -2]
    assert osr.SpatialReference(info["coordinateSystem"]["wkt"]).GetAuthorityCode(None) == "4326"
    assert info["metadata"][""]["NC_GLOBAL#title"] == "sample cube"
    assert info["metadata"][""]["sst#standard_name"] == "sea_surface_temperature"
    assert info["metadata"][""]["sst#valid_range"] == "[-30000,30000]"
    assert [band["metadata"][""]["TIME"] for band in info["bands"]] == sample_cube.DATES
    band = info["bands"][1]
    assert (band["type"], band["noDataValue"], band["unit"]) == ("Int16", -32768, "K")
    assert (band["scale"], band["offset"]) == (0.01, 273.15)
    assert band["description"] == "time=2023-04-02T00:00:00Z"
    assert band["metadata"][""]["DIM_time"] == sample_cube.DATES[1]
    assert band["metadata"][""]["long_name"] == "sea surface temperature"


def test_enumeration_has_names(cube):
    dataset = gdal.Open(f'VCUBE:"{cube}":/kind')
    assert dataset.GetRasterBand(1).GetCategoryNames() == ["sea", "land", "ice"]


def test_statistics_leave_nodata_out(sst):
    valid = MAP[0][MAP[0] != -32768]
    dataset = gdal.Open(sst)
    least, most, mean, _ = dataset.GetRasterBand(1).ComputeStatistics(False)
    assert (least, most) == (valid.min(), valid.max())
    assert mean == pytest.approx(valid.mean(dtype="f8"), rel=1e-12)
    dataset = None
    (pathlib.Path(sst.split('"')[1]).parent / "refs.json.aux.xml").unlink()


def test_auxiliary_file_stands_beside_the_references(make_cube, tmp_path, monkeypatch):
    path = make_cube(sample_cube.fill)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    dataset = gdal.Open(f'VCUBE:"{path}":/sst')
    dataset.GetRasterBand(1).ComputeStatistics(False)
    dataset = None
    assert not list(elsewhere.iterdir())
    assert (path.parent / "refs.json.aux.xml").exists()
    for name, has_statistics in (("sst", True), ("temp", False)):
        dataset = gdal.Open(f'VCUBE:"{path}":/{name}')
        assert ("STATISTICS_MEAN" in dataset.GetRasterBand(1).GetMetadata()) == has_statistics


def test_gdal_translate_to_cog(sst, tmp_path):
    run("gdal_translate", "-q", "-of", "COG", sst, tmp_path / "sst.tif")
    assert np.array_equal(gdal.Open(str(tmp_path / "sst.tif")).ReadAsArray(), MAP)


def test_gdal_translate_window_and_types(sst, tmp_path):
    run("gdal_translate", "-q", "-srcwin", 70, 20, 50, 40, "-b", 3, "-b", 1, "-ot", "Float64", "-unscale", sst, tmp_path / "w.tif")
    stored = MAP[[2, 0], 20:60, 70:120].astype("f8")
    assert np.array_equal(gdal.Open(str(tmp_path / "w.tif")).ReadAsArray(), np.where(stored == -32768, stored, stored * 0.01 + 273.15))


def test_gdal_translate_decimated_equals_gdals_own(sst, tmp_path):
    dataset = gdal.Open(sst)
    memory = gdal.GetDriverByName("MEM").CreateCopy("", dataset)
    for width, height in ((60, 30), (37, 41), (1, 1), (200, 200), (180, 17), (359, 89)):
        ours = dataset.ReadAsArray(buf_xsize=width, buf_ysize=height)
        assert np.array_equal(ours, memory.ReadAsArray(buf_xsize=width, buf_ysize=height)), (width, height)
        ours = dataset.GetRasterBand(2).ReadAsArray(13, 7, 101, 61, width, height)
        assert np.array_equal(ours, memory.GetRasterBand(2).ReadAsArray(13, 7, 101, 61, width, height)), (width, height)
        ours = dataset.GetRasterBand(2).ReadAsArray(13.25, 7.5, 101.5, 61.25, width, height)
        assert np.array_equal(ours, memory.GetRasterBand(2).ReadAsArray(13.25, 7.5, 101.5, 61.25, width, height)), (width, height)
    for name in ("Average", "Bilinear", "Mode"):
        method = getattr(gdal, f"GRIORA_{name}")
        ours = dataset.ReadAsArray(buf_xsize=45, buf_ysize=30, resample_alg=method)
        assert np.array_equal(ours, memory.ReadAsArray(buf_xsize=45, buf_ysize=30, resample_alg=method)), name


@pytest.mark.parametrize("kind", ["Byte", "UInt16", "Int16", "UInt32", "Int32", "UInt64", "Int64", "Float32", "Float64", "CInt16",
                                  "CInt32", "CFloat32", "CFloat64"])
def test_buffer_types(sst, kind):
    memory = gdal.GetDriverByName("MEM").CreateCopy("", gdal.Open(sst))
    number = getattr(gdal, f"GDT_{kind}")
    window = (60, 30, 60, 20)
    assert gdal.Open(sst).ReadRaster(*window, buf_type=number) == memory.ReadRaster(*window, buf_type=number)


def test_strides(sst):
    window = gdal.Open(sst).ReadRaster(3, 4, 5, 6, buf_type=gdal.GDT_Int16, buf_pixel_space=6, buf_line_space=30, buf_band_space=2)
    got = np.frombuffer(window, "i2").reshape(6, 5, 3)
    assert np.array_equal(got, np.moveaxis(MAP[:, 4:10, 3:8], 0, -1))


def test_bands_in_any_order(cube):
    name = f'VCUBE:"{cube}":/temp'
    whole = gdal.Open(name).ReadAsArray()
    stored = np.arange(3 * 2 * 90 * 180, dtype="f4").reshape(6, 90, 180)
    assert np.array_equal(whole, sample_cube.shown(stored))
    for bands in ([6, 1], [2, 3, 4, 5], [3, 3, 3], [5, 6, 1, 2, 4]):
        got = gdal.Open(name).ReadRaster(band_list=bands, buf_type=gdal.GDT_Float32)
        assert np.array_equal(np.frombuffer(got, "f4").reshape(-1, 90, 180), whole[[b - 1 for b in bands]])


def test_blocks(sst):
    dataset = gdal.Open(sst)
    band = dataset.GetRasterBand(2)
    width, height = band.GetBlockSize()
    got = np.zeros((90, 180), "i2")
    for y in range(0, 90, height):
        for x in range(0, 180, width):
            block = np.frombuffer(band.ReadBlock(x // width, y // height), "i2").reshape(height, width)
            got[y:y + height, x:x + width] = block[:90 - y, :180 - x]
    assert np.array_equal(got, MAP[1])


def test_gdalwarp(sst, tmp_path):
    source = tmp_path / "source.tif"
    run("gdal_translate", "-q", sst, source)
    for name, where in (("a", sst), ("b", source)):
        run("gdalwarp", "-q", "-multi", "-wo", "NUM_THREADS=2", "-t_srs", "EPSG:3035", "-te", 2500000, 1400000, 7500000, 5500000,
            "-tr", 25000, 25000, "-r", "near", where, tmp_path / f"{name}.tif")
    ours, other = (gdal.Open(str(tmp_path / f"{name}.tif")).ReadAsArray() for name in "ab")
    assert np.array_equal(ours, other) and len(np.unique(ours)) > 300


def test_gdallocationinfo(sst):
    out = run("gdallocationinfo", "-valonly", "-wgs84", sst, 11.2, 48.9)
    row, column = int((48.9 + 90) // 2), int(11.2 // 2)
    assert [float(line) for line in out.split()] == sample_cube.packed()[:, row, column].tolist()


def test_gdaladdo_is_found_again(make_cube, tmp_path):
    path = make_cube(sample_cube.fill)
    name = f'VCUBE:"{path}":/sst'
    run("gdaladdo", "-ro", "-q", "-r", "average", name, 2, 4)
    assert (path.parent / "refs.json.sst.ovr").exists()
    dataset = gdal.Open(name)
    band = dataset.GetRasterBand(2)
    assert [(band.GetOverview(i).XSize, band.GetOverview(i).YSize) for i in range(band.GetOverviewCount())] == [(90, 45), (45, 23)]
    memory = gdal.GetDriverByName("MEM").CreateCopy("", dataset)
    memory.BuildOverviews("AVERAGE", [2])
    expected = memory.GetRasterBand(2).GetOverview(0).ReadAsArray()
    assert np.array_equal(band.GetOverview(0).ReadAsArray(), expected)
    assert np.array_equal(dataset.ReadAsArray(buf_xsize=90, buf_ysize=45)[1], expected)
    assert np.array_equal(band.ReadAsArray(buf_xsize=90, buf_ysize=45), expected)
    assert np.array_equal(dataset.ReadAsArray(), MAP)
    other = gdal.Open(f'VCUBE:"{path}":/temp')
    assert other.GetRasterBand(1).GetOverviewCount() == 0
    one = gdal.Open(name + ":time=[1]")
    assert one.GetRasterBand(1).GetOverviewCount() == 0


def test_gdaladdo_on_a_single_array(make_cube):
    path = make_cube(lambda group: group.create_dataset("only", data=np.arange(10000, dtype="<u2").reshape(100, 100)))
    run("gdaladdo", "-ro", "-q", path, 2)
    assert (path.parent / "refs.json.only.ovr").exists()
    dataset = gdal.Open(f'VCUBE:"{path}":/only')
    assert dataset.GetRasterBand(1).GetOverviewCount() == 1


def test_gdalmdiminfo(cube):
    info = json.loads(run("gdalmdiminfo", "-detailed", cube))
    assert info["driver"] == "VCUBE"
    assert info["attributes"]["title"]["value"] == "sample cube"
    assert sorted(info["arrays"]) == ["depth", "kind", "lat", "lon", "sst", "temp", "time"]
    dimensions = {d["name"]: (d["size"], d.get("type"), d.get("direction"), d.get("indexing_variable")) for d in info["dimensions"]}
    assert dimensions["time"][:3] == (3, "TEMPORAL", "FUTURE") and dimensions["lat"][:3] == (90, "HORIZONTAL_Y", "NORTH")
    assert dimensions["lon"][:3] == (180, "HORIZONTAL_X", "EAST") and dimensions["depth"][:3] == (2, "VERTICAL", "DOWN")
    assert "lon" in json.dumps(dimensions["lon"][3])
    sst = info["arrays"]["sst"]
    assert (sst["datatype"], sst["dimension_size"], sst["block_size"]) == ("Int16", [3, 90, 180], [1, 32, 50])
    assert (sst["unit"], sst["nodata_value"], sst["scale"], sst["offset"]) == ("K", -32768, 0.01, 273.15)
    assert sst["attributes"]["valid_range"]["value"] == [-30000, 30000]
    assert "4326" in json.dumps(sst["srs"])
    assert sst["structural_info"]["CODECS"] == "zlib"
    assert info["arrays"]["lat"]["values"] == sample_cube.LATITUDES.tolist()


def test_multidimensional_array_as_raster(cube):
    array = gdal.OpenEx(str(cube), gdal.OF_MULTIDIM_RASTER).GetRootGroup().OpenMDArray("sst")
    assert array.GetSpatialRef().GetDataAxisToSRSAxisMapping() == [2, 3]
    classic = array.AsClassicDataset(2, 1)
    assert np.array_equal(classic.ReadAsArray(), sample_cube.packed())
    assert classic.GetGeoTransform() == (0, 2, 0, -90, 0, 2)
    assert np.array_equal(array.GetView("[1,::-2,10:20]").ReadAsArray(), sample_cube.packed()[1, ::-2, 10:20])


def test_gdalmdimtranslate(cube, tmp_path):
    run("gdalmdimtranslate", "-of", "netCDF", cube, tmp_path / "copy.nc")
    import netCDF4

    with netCDF4.Dataset(tmp_path / "copy.nc") as copy:
        copy.set_auto_maskandscale(False)
        assert np.array_equal(copy["sst"][:], sample_cube.packed())
        assert copy["sst"].dimensions == ("time", "lat", "lon")
        assert copy["lon"][:].tolist() == sample_cube.LONGITUDES.tolist()
    run("gdalmdimtranslate", "-array", "name=sst,view=[2,...]", cube, tmp_path / "slice.tif")
    assert np.array_equal(gdal.Open(str(tmp_path / "slice.tif")).ReadAsArray(), sample_cube.packed()[2])


def test_strings(make_cube):
    def fill(group):
        for name, data in (("bytes", np.array([b"ab", b"", b"long text"])), ("unicode", np.array(["\u00e4\u20ac", "", "\U0001f30d"]))):
            group.create_dataset(name, data=data).attrs["_ARRAY_DIMENSIONS"] = ["n"]
        group.create_dataset("n", data=np.arange(3, dtype="<i4")).attrs["_ARRAY_DIMENSIONS"] = ["n"]

    root = gdal.OpenEx(str(make_cube(fill)), gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    assert list(root.OpenMDArray("bytes").Read()) == ["ab", "", "long text"]
    assert list(root.OpenMDArray("unicode").Read()) == ["\u00e4\u20ac", "", "\U0001f30d"]


def test_attributes_of_every_kind(make_cube):
    values = {"text": "\u00e4 b", "whole": 7, "big": 2**40, "huge": 2**63 + 5, "real": 0.1, "yes": True, "list": [1, 2, 3],
              "mixed": [1, 2.5], "texts": ["a", "b"], "empty": [], "nested": {"a": [1]}, "nothing": None, "nan": "NaN"}

    def fill(group):
        group.create_dataset("a", data=np.zeros(3)).attrs.update(values)

    array = gdal.OpenEx(str(make_cube(fill)), gdal.OF_MULTIDIM_RASTER).GetRootGroup().OpenMDArray("a")
    read = {attribute.GetName(): attribute.Read() for attribute in array.GetAttributes()}
    assert read["text"] == "\u00e4 b" and read["whole"] == 7 and read["real"] == 0.1 and read["yes"] == 1
    assert read["big"] == 2**40 and read["huge"] == pytest.approx(2**63 + 5)
    assert list(read["list"]) == [1, 2, 3] and list(read["mixed"]) == [1, 2.5] and list(read["texts"]) == ["a", "b"]
    assert [read[name] for name in ("empty", "nested", "nothing")] == [[], {"a": [1]}, None]


def test_rasterio(sst):
    with rasterio.open(sst) as dataset:
        assert dataset.driver == "VCUBE" and dataset.count == 3 and dataset.crs.to_epsg() == 4326
        assert dataset.nodata == -32768 and dataset.units == ("K",) * 3 and dataset.scales == (0.01,) * 3
        window = rasterio.windows.Window(20, 10, 40, 30)
        assert np.array_equal(dataset.read(window=window), MAP[:, 10:40, 20:60])
        assert np.array_equal(dataset.read(2, masked=True).mask, MAP[1] == -32768)
        assert [int(v) for v in next(dataset.sample([(11.2, 48.9)]))] == sample_cube.packed()[:, 69, 5].tolist()


def test_published_references(shared_data, tmp_path):
    path = shared_data / "kerchunk/l3_combined.json"
    names = [name for name, _ in gdal.Open(str(path)).GetSubDatasets()]
    assert [name.split(":/")[1] for name in names] == ["flags", "soil_moisture", "sst"]
    import netCDF4

    files = sorted((shared_data / "kerchunk/l3").glob("*.nc"))
    dataset = gdal.Open(f'VCUBE:"{path}":/sst')
    assert dataset.RasterCount == len(files) == 12
    for band in (1, 7, 12):
        with netCDF4.Dataset(files[band - 1]) as source:
            source.set_auto_maskandscale(False)
            stored = np.squeeze(source["sst"][:])
            north_first = source["lat"][0] > source["lat"][-1]
            west_first = source["lon"][0] < 0
        expected = stored if north_first else stored[::-1]
        expected = expected if west_first else np.roll(expected, 720, axis=-1)
        assert np.array_equal(dataset.GetRasterBand(band).ReadAsArray(), expected)
    run("gdal_translate", "-q", "-of", "COG", "-outsize", "25%", 0, names[2], tmp_path / "small.tif")
    run("gdalwarp", "-q", "-multi", "-t_srs", "EPSG:3035", "-tr", 50000, 50000, "-te", 2500000, 1400000, 7500000, 5500000, names[2],
        tmp_path / "warped.tif")
    assert "sst" in json.loads(run("gdalmdiminfo", path))["arrays"]
