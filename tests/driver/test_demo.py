"""What data/ makes, opened through the plugin: synthetic products of both generations, their references, and the docs
in step with the driver."""
import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

import h5py
import numpy as np
import pytest
from osgeo import gdal

gdal.UseExceptions()
PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "data"))
import dgg  # noqa: E402
import make_product  # noqa: E402

# What the two generations differ in: type of the stored integers, filters, attribute names.
GENERATIONS = {"new": "--generation=new", "smosbox": "--generation=smosbox"}
POINTS = 3000


def run(*command):
    result = subprocess.run([sys.executable, "-B", *map(str, command)], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture(scope="module", params=GENERATIONS)
def product(request, tmp_path_factory):
    """Path of a small product around the Alps with two rows whose ids name no grid point."""
    folder = tmp_path_factory.mktemp(request.param)
    return pathlib.Path(run(PROJECT / "data/make_product.py", folder, GENERATIONS[request.param], "--points", POINTS,
                            "--bad-ids", 2, "--seed", 7))


@pytest.fixture(scope="module")
def references(product):
    """Path of the product's references."""
    out = product.with_suffix(".nc.json")
    run(PROJECT / "data/make_references.py", product, out)
    return out


def stored(product, name):
    """A column as the file holds it, unsigned where the file says so."""
    with h5py.File(product) as file:
        values, attributes = file[name][:], file[name].attrs
        if "_Unsigned" in attributes and values.dtype.kind == "i":
            values = values.view(f"u{values.dtype.itemsize}")
        return values


def cells(product):
    """seqnum of each row, 0 for the rows with bad ids."""
    return dgg.seqnum_of_id(stored(product, "Grid_Point_ID"))


def pixels_at(band, transform, lon, lat):
    """Values of the pixels that hold the points; a float64 band of every type keeps them exact."""
    column = np.floor((lon - transform[0]) / transform[1]).astype(int)
    row = np.floor((lat - transform[3]) / transform[5]).astype(int)
    left, top = column.min(), row.min()
    window = band.ReadAsArray(int(left), int(top), int(column.max() - left + 1), int(row.max() - top + 1))
    return window[row - top, column - left]


@pytest.mark.parametrize("name", ["Soil_Moisture", "Altitude", "Chi_2", "Science_Flags", "X_Swath", "Days",
                                  "Confidence_Flags", "Grid_Point_ID", "Microseconds"])
def test_every_row_lies_in_the_pixel_of_its_own_cell(product, references, name):
    seqnum, values = cells(product), stored(product, name)
    assert (seqnum == 0).sum() == 2
    lon, lat = dgg.centre_of(seqnum[seqnum > 0])
    for location in (product, references):
        # Pixels much smaller than a cell: the one at a cell's centre belongs to that cell.
        raster = gdal.OpenEx(f'VCUBE:"{location}":/{name}', open_options=["EXTENT=0,40,20,56", "RES=0.01"])
        got = pixels_at(raster.GetRasterBand(1), raster.GetGeoTransform(), lon, lat)
        np.testing.assert_array_equal(got, values[seqnum > 0])


def test_pixels_outside_the_swath_are_nodata(product):
    raster = gdal.OpenEx(f'VCUBE:"{product}":/Soil_Moisture', open_options=["EXTENT=-60,-10,-50,0", "RES=0.1"])
    band = raster.GetRasterBand(1)
    assert band.GetNoDataValue() == -999
    assert (band.ReadAsArray() == -999).all()


def test_file_and_references_give_identical_pixels(product, references):
    options = ["CRS=EPSG:3035", "EXTENT=4000000,2400000,4600000,3000000", "RES=3000"]
    rasters = [gdal.OpenEx(f'VCUBE:"{p}":/Soil_Moisture', open_options=options) for p in (product, references)]
    images = [r.ReadAsArray() for r in rasters]
    assert (images[0] != -999).sum() > 1000
    np.testing.assert_array_equal(*images)


def test_a_product_is_recognised_by_its_name_and_lists_its_variables(product, references):
    for location in (product, references):
        listing = gdal.Open(str(location))
        assert listing.GetDriver().ShortName == "VCUBE"
        names = [name for name, _ in listing.GetSubDatasets()]
        with h5py.File(product) as file:
            expected = [f'VCUBE:"{location}":/{name}' for name in sorted(file) if name != "n_grid_points"]
        assert sorted(names) == sorted(expected)
        assert len(names) == 72


def test_metadata_of_both_generations(product):
    raster = gdal.Open(f'VCUBE:"{product}":/RFI_Prob')
    metadata, band = raster.GetMetadata(), raster.GetRasterBand(1)
    assert metadata["ACQUISITION_START"] == "2023-07-15T03:45:00Z"
    assert metadata["PASS"] == "ASCENDING"
    assert int(metadata["ORBIT"]) == 71991  # 1505 revolutions of 149 days / 2144 after orbit 70486
    assert band.GetScale() == 0.005
    assert band.GetNoDataValue() == 0
    assert band.DataType == gdal.GDT_Byte


def test_flags_have_no_zero_as_nodata(product):
    raster = gdal.Open(f'VCUBE:"{product}":/Confidence_Flags')
    band = raster.GetRasterBand(1)
    assert band.GetNoDataValue() != 0
    assert band.GetMetadata()["FLAG_FL_NO_PROD"] == "16"


def test_rows_with_bad_ids_are_told_once(product):
    said = []
    gdal.PushErrorHandler(lambda level, number, text: said.append(text))
    try:
        # Another modification time: a product that nobody opened before.
        os.utime(product)
        raster = gdal.OpenEx(f'VCUBE:"{product}":/Soil_Moisture', open_options=["EXTENT=5,45,10,50", "RES=0.1"])
        for _ in range(2):
            raster.ReadAsArray()
    finally:
        gdal.PopErrorHandler()
    assert [text for text in said if "2 of 3002 rows" in text] == said
    assert len(said) == 1


def test_the_maker_is_deterministic(tmp_path):
    files = [pathlib.Path(run(PROJECT / "data/make_product.py", tmp_path / str(k), "--points", 500)) for k in range(2)]
    with h5py.File(files[0]) as a, h5py.File(files[1]) as b:
        for name in a:
            np.testing.assert_array_equal(a[name][:], b[name][:])
    other = pathlib.Path(run(PROJECT / "data/make_product.py", tmp_path / "3", "--points", 500, "--seed", 3))
    assert (stored(files[0], "Soil_Moisture") != stored(other, "Soil_Moisture")).any()


def test_the_makers_grid_holds_the_published_cells():
    """Test vectors of the SMOS grid; every kind of border cell comes back to itself."""
    lon = np.array([0, 10, -100, 179.99, 180, -180, 150, 25, -60, 0, 0])
    lat = np.array([0, 50, 40, -45, 10, 10, -30, -88.6, -15, 90, -90])
    expected = [609961, 541143, 202068, 2560522, 2425555, 2425555, 2289891, 1961477, 488598, 258, 1966082]
    np.testing.assert_array_equal(dgg.seqnum_of(lon, lat), expected)
    quad, at = np.meshgrid(np.arange(10), np.arange(512))
    first = 2 + quad.ravel() * dgg.QUAD
    at = at.ravel()
    border = np.concatenate([[1, dgg.CELLS], first + at, first + 512 * at, first + 511 + 512 * at,
                             first + 511 * 512 + at])
    np.testing.assert_array_equal(dgg.seqnum_of(*dgg.centre_of(border)), border)
    np.testing.assert_array_equal(dgg.seqnum_of_id(dgg.grid_point_id(border)), border)
    assert not dgg.seqnum_of_id([0, 262146, 1000000, 1262145, 4262145, 9262146, 10000001]).any()


def test_references_equal_those_of_kerchunk():
    """The shared reference was made by kerchunk itself."""
    shared = pathlib.Path(os.environ.get("VCUBE_SHARED_DATA", PROJECT.parent / "shared/data"))
    expected, products = shared / "kerchunk/smos_1.json", shared / "smos"
    if not expected.is_file():
        pytest.skip(f"no real product at {shared}")
    import make_references  # noqa: PLC0415

    theirs = json.loads(expected.read_text())
    url = theirs["refs"]["Soil_Moisture/0"][0]
    assert make_references.references(products / pathlib.Path(url).name, url) == theirs


def test_synthetic_products_have_the_structure_of_real_ones(tmp_path):
    shared = pathlib.Path(os.environ.get("VCUBE_SHARED_DATA", PROJECT.parent / "shared/data"))
    real = sorted((shared / "smos").glob("SM_OPER_MIR_SMUDP2_*.nc"))
    if not real:
        pytest.skip(f"no real product at {shared}")
    made = run(PROJECT / "data/make_product.py", tmp_path, "--points", 500)
    with h5py.File(made) as ours, h5py.File(real[0]) as theirs:
        def outline(file, name):
            dataset, attributes = file[name], file[name].attrs
            return (dataset.dtype, dataset.chunks == dataset.shape, dataset.shuffle, dataset.compression_opts,
                    dataset.fillvalue, {key: getattr(attributes[key], "dtype", None) for key in attributes})

        assert list(ours) == list(theirs)
        for name in theirs:
            assert outline(ours, name) == outline(theirs, name), name
        numbered = [{re.sub(r"_\d+", "_#", name) for name in file.attrs} for file in (ours, theirs)]
        assert numbered[0] == numbered[1]


def driver_options():
    """The driver's open options with their values, from its XML."""
    root = xml.fromstring(gdal.GetDriverByName("VCUBE").GetMetadataItem("DMD_OPENOPTIONLIST"))
    return {option.get("name"): [value.text for value in option.findall("Value")] for option in root}


def test_the_driver_page_names_every_open_option_and_no_other():
    page = (PROJECT / "docs/driver.md").read_text(encoding="utf-8")
    section = page.partition("## Open options")[2].partition("\n## ")[0].partition("\n| grid |")[0]
    rows = {row[0]: row[1] for row in re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", section, re.MULTILINE)}
    options = driver_options()
    assert rows.keys() == options.keys()
    for name, values in options.items():
        assert all(f"`{value}`" in rows[name] for value in values), name


def test_the_driver_page_names_every_grid_as_it_is():
    page = (PROJECT / "docs/driver.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z0-9_.]+)` \| (EPSG:\d+) \|[^|]+\| (\d+) x (\d+) \|", page, re.MULTILINE)
    assert rows
    with pytest.raises(RuntimeError) as error:
        gdal.OpenEx("VCUBE:DGG", open_options=["GRID=NO_SUCH_GRID"])
    for name, crs, width, height in rows:
        assert name in str(error.value)
        grid = gdal.OpenEx("VCUBE:DGG", open_options=[f"GRID={name}"])
        assert (grid.RasterXSize, grid.RasterYSize) == (int(width), int(height)), name
        assert grid.GetSpatialRef().GetAuthorityCode(None) == crs.partition(":")[2], name
    listed = str(error.value).partition("there are ")[2].split(", ")
    assert sorted(listed) == sorted(row[0] for row in rows)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A folder as the docs' reader has it: a product under the names that the docs use, a cube of references, data/."""
    folder = tmp_path_factory.mktemp("reader")
    made = run(PROJECT / "data/make_product.py", folder, "--points", POINTS)
    for name in ("product.nc", "SM_OPER_MIR_SMUDP2_20230401T150613_20230401T155931_700_001_1.nc"):
        os.link(made, folder / name)
    run(PROJECT / "data/make_references.py", folder / "product.nc", folder / "product.nc.json")
    array = {"zarr_format": 2, "compressor": None, "filters": None, "fill_value": 0, "order": "C"}
    refs = {".zgroup": {"zarr_format": 2}}
    for name, values, dims in (("sst", np.arange(120.0).reshape(5, 4, 6), ["time", "lat", "lon"]),
                               ("lat", np.linspace(50, 47, 4), ["lat"]), ("lon", np.linspace(5, 10, 6), ["lon"])):
        refs[name + "/.zarray"] = array | {"shape": values.shape, "chunks": values.shape, "dtype": values.dtype.str}
        units = {"lat": "degrees_north", "lon": "degrees_east"}
        refs[name + "/.zattrs"] = {"_ARRAY_DIMENSIONS": dims} | ({"units": units[name]} if name in units else {})
        encoded = base64.b64encode(values.tobytes()).decode()
        refs[name + "/" + ".".join("0" * values.ndim)] = "base64:" + encoded
    (folder / "refs.json").write_text(json.dumps({"version": 1, "refs": refs}))
    (folder / "data").symlink_to(PROJECT / "data")
    run(PROJECT / "data/make_week.py", folder / "week", "--days", 4, "--box=-12,34,32,62", "--crop")
    return folder


@pytest.mark.parametrize("page", ["README.md", "docs/driver.md", "docs/smos.md"])
def test_the_docs_commands_work_as_printed(page, reader):
    text = (PROJECT / page).read_text(encoding="utf-8")
    commands = re.findall(r"^(?: {4})?((?:gdal\w*(?:\.py)?|data/\w+\.py) .*)$", text, re.MULTILINE)
    assert len(commands) >= 4
    for left in reader.glob("*.tif"):
        left.unlink()
    for command in commands:
        result = subprocess.run(command, shell=True, cwd=reader, check=False, capture_output=True, text=True)
        assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
        assert "ERROR" not in result.stderr, f"{command}\n{result.stderr}"


@pytest.mark.parametrize("page", ["README.md", "docs/smos.md"])
def test_the_docs_python_works_as_printed(page, reader):
    text = (PROJECT / page).read_text(encoding="utf-8")
    code = "".join(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    assert code
    code += "\nassert (moisture > 0).sum() > 1000\n"
    result = subprocess.run([sys.executable, "-c", code], cwd=reader, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_orbit_is_the_one_of_the_facts():
    """1000 km wide, 98.44 degrees inclined, at 06:00 local solar time on its way north."""
    track = make_product.Track(make_product.arguments(["."]).start, False)
    lon, lat = dgg.lonlat(track.at(np.arange(0, track.duration_s, 1.0)))
    assert abs(lat.max() - (180 - 98.44)) < 0.01
    at_node = (track.node - track.start).total_seconds()
    hours = (track.node.hour + track.node.minute / 60 + track.node.second / 3600)
    assert abs((hours + track.node_lon / 15) % 24 - 6) < 0.01
    assert abs(np.interp(at_node, np.arange(len(lat)), lat)) < 0.05
