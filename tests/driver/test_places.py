"""Where data may lie: zip files, memory, HDF5 files read through GDAL's file systems; and what odd arrays become."""
import zipfile

import h5py
import numpy as np
import pytest
import sample_cube
from osgeo import gdal


@pytest.fixture
def cube(make_cube):
    return make_cube(sample_cube.fill)


def test_references_and_chunks_in_a_zip(cube, tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in ("refs.json", "refs_chunks.bin"):
            archive.write(cube.parent / name, f"inside/{name}")
    dataset = gdal.Open(f'VCUBE:"/vsizip/{tmp_path}/all.zip/inside/refs.json":/sst')
    assert np.array_equal(dataset.ReadAsArray(), sample_cube.shown(sample_cube.packed()))


def test_hdf5_file_in_memory(tmp_path):
    data = np.arange(5 * 40 * 30, dtype=">i4").reshape(5, 40, 30)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("group/a", data=data, chunks=(2, 17, 30), shuffle=True, compression=4)
    gdal.FileFromMemBuffer("/vsimem/a.h5", (tmp_path / "a.h5").read_bytes())
    for place in (tmp_path / "a.h5", "/vsimem/a.h5"):
        assert np.array_equal(gdal.Open(f'VCUBE:"{place}":/group/a').ReadAsArray(), data)
    gdal.Unlink("/vsimem/a.h5")


def test_stored_columns_of_a_product(shared_data):
    path = next((shared_data / "smos").glob("*150613*.nc"))
    with h5py.File(path) as file:
        stored = file["Soil_Moisture"][:]
    assert np.array_equal(gdal.Open(f'VCUBE:"{path}":/swath/Soil_Moisture').ReadAsArray()[0], stored)
    root = gdal.OpenEx(str(path), gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    raw = root.OpenMDArrayFromFullname("/swath/Soil_Moisture")
    assert raw.GetFullName() == "/swath/Soil_Moisture" and np.array_equal(raw.ReadAsArray(), stored)
    assert root.OpenMDArray("Soil_Moisture").GetDimensionCount() == 2


def test_two_dimensional_coordinates_are_geolocation(make_cube, tmp_path):
    y, x = np.mgrid[0:60, 0:80]
    lon, lat = 5 + x * 0.1 + y * 0.02, 50 - y * 0.1 + x * 0.01

    def fill(group):
        for name, data in (("v", (y * 100 + x).astype("f4")), ("lon", lon), ("lat", lat)):
            group.create_dataset(name, data=data).attrs["_ARRAY_DIMENSIONS"] = ["y", "x"]
        group["v"].attrs["coordinates"] = "lat lon"
        group["lon"].attrs.update(units="degrees_east", standard_name="longitude")
        group["lat"].attrs.update(units="degrees_north", standard_name="latitude")

    path = make_cube(fill)
    dataset = gdal.Open(str(path))
    domain = dataset.GetMetadata("GEOLOCATION")
    assert domain["X_DATASET"] == f'VCUBE:"{path}":/lon' and domain["Y_DATASET"] == f'VCUBE:"{path}":/lat'
    warped = gdal.Warp("", dataset, format="MEM", geoloc=True, dstSRS="EPSG:4326", xRes=0.1, yRes=0.1, dstNodata=-1)
    got, (left, dx, _, top, _, dy) = warped.ReadAsArray(), warped.GetGeoTransform()
    row, column = 30, 40
    at = got[int((lat[row, column] - top) / dy), int((lon[row, column] - left) / dx)]
    assert abs(at // 100 - row) <= 1 and abs(at % 100 - column) <= 1


def test_nodata_of_64_bits(make_cube):
    def fill(group):
        for name, kind, value in (("signed", "<i8", -2**63 + 1), ("unsigned", "<u8", 2**64 - 2)):
            array = group.create_dataset(name, data=np.full((3, 4), value, kind), fill_value=value)
            array.attrs["_FillValue"] = value

    path = make_cube(fill)
    for name, kind, value in (("signed", gdal.GDT_Int64, -2**63 + 1), ("unsigned", gdal.GDT_UInt64, 2**64 - 2)):
        dataset = gdal.Open(f'VCUBE:"{path}":/{name}')
        assert dataset.GetRasterBand(1).DataType == kind
        assert dataset.GetRasterBand(1).GetNoDataValue() == value
        array = gdal.OpenEx(str(path), gdal.OF_MULTIDIM_RASTER).GetRootGroup().OpenMDArray(name)
        assert (array.GetNoDataValueAsInt64() if name == "signed" else array.GetNoDataValueAsUInt64()) == value


def test_unsigned_attribute(make_cube):
    def fill(group):
        group.create_dataset("a", data=np.array([[-1, 0, 127, -128]], "i1")).attrs["_Unsigned"] = "true"

    path = make_cube(fill)
    dataset = gdal.Open(str(path))
    assert dataset.GetRasterBand(1).DataType == gdal.GDT_Byte
    assert dataset.ReadAsArray().tolist() == [[255, 0, 127, 128]]
    array = gdal.OpenEx(str(path), gdal.OF_MULTIDIM_RASTER).GetRootGroup().OpenMDArray("a")
    assert array.ReadAsArray().tolist() == [[255, 0, 127, 128]]


def test_dates_as_values(make_cube):
    days = np.array(["2023-04-01", "2023-04-05"], "M8[D]")

    def fill(group):
        group.create_dataset("time", data=days).attrs["_ARRAY_DIMENSIONS"] = ["time"]
        group.create_dataset("a", data=np.zeros((2, 3, 4), "u1")).attrs["_ARRAY_DIMENSIONS"] = ["time", "y", "x"]

    path = make_cube(fill)
    dataset = gdal.Open(str(path))
    assert [dataset.GetRasterBand(b).GetMetadataItem("TIME") for b in (1, 2)] == ["2023-04-01T00:00:00Z", "2023-04-05T00:00:00Z"]
    assert gdal.Open(f'VCUBE:"{path}":/time').ReadAsArray().tolist() == [days.astype("i8").tolist()]


def test_axes_in_another_order(make_cube):
    """x before y before time: rows and columns are what the coordinates say."""
    data = np.arange(4 * 3 * 2, dtype="<i2").reshape(4, 3, 2)

    def fill(group):
        group.create_dataset("a", data=data, chunks=(3, 2, 1)).attrs["_ARRAY_DIMENSIONS"] = ["lon", "lat", "time"]
        for name, values, units in (("lon", [10, 20, 30, 40], "degrees_east"), ("lat", [60, 50, 40], "degrees_north")):
            group.create_dataset(name, data=np.array(values, "f8")).attrs.update(_ARRAY_DIMENSIONS=[name], units=units)

    dataset = gdal.Open(str(make_cube(fill)))
    assert (dataset.RasterXSize, dataset.RasterYSize, dataset.RasterCount) == (4, 3, 2)
    assert dataset.GetGeoTransform() == (5, 10, 0, 65, 0, -10)
    assert np.array_equal(dataset.ReadAsArray(), data.transpose(2, 1, 0))
