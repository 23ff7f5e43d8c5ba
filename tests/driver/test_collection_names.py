"""Every way to name a collection of SMOS products gives the same bands; what is no collection opens as before; errors say
what was looked for and where."""
import functools
import gzip
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import zipfile

import numcodecs
import numpy as np
import pytest
from osgeo import gdal
from test_errors import Ranges

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests" / "support"))
sys.path.insert(0, str(PROJECT / "data"))
import make_references  # noqa: E402
import small_product as small  # noqa: E402

STARTS = ["20230401T060000", "20230401T180000", "20230402T060000", "20230404T000000"]
GRID = ["EXTENT=8,45,12,49", "RES=0.25"]


def name_of(start, version="700_001", kind="SMUDP2", product_class="OPER"):
    stop = start[:11] + f"{int(start[11:13]) + 53:02d}" + start[13:]
    return f"SM_{product_class}_MIR_{kind}_{start}_{stop}_{version}_1"


def iso(start):
    return f"{start[:4]}-{start[4:6]}-{start[6:11]}:{start[11:13]}:{start[13:]}Z"


def write_product(folder, name, value, place=(10, 47), flag="A"):
    folder.mkdir(parents=True, exist_ok=True)
    ids = small.block(*place)
    columns = {"Grid_Point_ID": ids, "Soil_Moisture": np.full(len(ids), value, "f4"),
               "Confidence_Flags": np.full(len(ids), 2, "u2")}
    about = {"FH:File_Name": name, "FH:File_Type": name[8:18], "VH:SPH:MI:TI:Ascending_Flag": flag}
    return pathlib.Path(small.write(folder / f"{name}.nc", columns, about, {"Soil_Moisture": {"_FillValue": np.float32(-999)}}))


def write_references(product, path, url=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    url = url or os.path.relpath(product, path.parent)
    path.write_text(json.dumps(make_references.references(product, url)))
    return path


@pytest.fixture
def tree(tmp_path):
    """Products in folders of days, as archives have them, and files that are none."""
    for k, start in enumerate(STARTS):
        name = name_of(start)
        write_product(tmp_path / "data" / "2023" / start[4:6] / start[6:8] / name, name, 0.1 * (k + 1))
    (tmp_path / "data" / "README.txt").write_text("Not a product.\n")
    (tmp_path / "data" / "2023" / "04" / "refs.json").write_text("{}")
    return tmp_path / "data"


def products_in(folder):
    return sorted(folder.rglob("SM_*.nc"))


def open_bands(location, *options, name="Soil_Moisture"):
    return gdal.OpenEx(f'VCUBE:"{location}":/{name}', gdal.OF_RASTER | gdal.OF_VERBOSE_ERROR,
                       open_options=[*options, *GRID, "INDEX_DIR=NO"])  # of several values the first counts


def bands_of(location, *options):
    """Time and the largest value of each band."""
    dataset = open_bands(location, *options)
    out = []
    for k in range(1, dataset.RasterCount + 1):
        band = dataset.GetRasterBand(k)
        out.append((band.GetMetadataItem("TIME"), round(float(band.ReadAsArray().max()), 3)))
    return out


ALL = [(iso(start), round(0.1 * (k + 1), 3)) for k, start in enumerate(STARTS)]


def error_of(location, *options):
    """The one error of an open that fails."""
    errors = []
    gdal.PushErrorHandler(lambda kind, number, text: errors.append((kind, text)))
    try:
        with pytest.raises(RuntimeError):
            gdal.OpenEx(location if str(location).startswith("VCUBE:") else f'VCUBE:"{location}"', gdal.OF_RASTER | gdal.OF_VERBOSE_ERROR,
                        open_options=[*GRID, "INDEX_DIR=NO", *options])
    finally:
        gdal.PopErrorHandler()
    failures = [text for kind, text in errors if kind == gdal.CE_Failure]
    assert len(failures) == 1, errors
    return failures[0]


# --- folders and patterns

@pytest.mark.parametrize("pattern", ["", "/", "/2023", "/2023/04/", "/**", "/**/*.nc", "/2023/*/*/*/*.nc", "/*/04/0[124]/**/SM_*",
                                     "/2023/0?", "/**/SM_OPER_MIR_SMUDP2_202304*", "/2023/04/0[!9]/SM_*", "/20*/**/04/**"])
def test_folders_and_patterns(tree, pattern):
    assert bands_of(f"{tree}{pattern}") == ALL


def test_patterns_choose(tree):
    assert bands_of(f"{tree}/2023/04/01") == ALL[:2]
    assert bands_of(f"{tree}/2023/04/0[24]") == ALL[2:]
    assert bands_of(f"{tree}/**/*T060000_*.nc") == [ALL[0], ALL[2]]
    assert bands_of(f"{tree}/2023/04/01/*T18*/*.nc") == ALL[1:2]


def test_relative_names_and_other_working_directories(tree, monkeypatch):
    monkeypatch.chdir(tree)
    dataset = [open_bands("2023"), open_bands("20*/**/*.nc"), open_bands(".")]
    monkeypatch.chdir("/")
    for one in dataset:
        assert one.RasterCount == 4 and round(float(one.GetRasterBand(4).ReadAsArray().max()), 3) == 0.4


def test_links_that_lead_back_and_hidden_folders(tree):
    os.symlink(tree, tree / "2023" / "04" / "again")
    os.symlink(tree / "2023", tree / "2023" / "also")
    shutil.copytree(tree / "2023" / "04" / "01", tree / ".trash" / "01")
    assert bands_of(tree) == ALL


def test_gdals_file_systems(tree):
    root = "/vsimem/collection_names"
    for product in products_in(tree):
        gdal.MkdirRecursive(f"{root}/{product.parent.parent.name}", 0o755)
        gdal.FileFromMemBuffer(f"{root}/{product.parent.parent.name}/{product.name}", product.read_bytes())
    try:
        assert bands_of(root) == ALL
        assert bands_of(f"{root}/*/SM_*.nc") == ALL
        assert bands_of(f"{root}/01") == ALL[:2]
    finally:
        gdal.RmdirRecursive(root)


# --- references

@pytest.fixture
def index(tree, tmp_path):
    """The layout of an archive's index: references under the products' own relative paths."""
    for product in products_in(tree):
        write_references(product, tmp_path / "index" / (str(product.relative_to(tree)) + ".json"))
    (tmp_path / "index" / "nckc-index.json").write_text(json.dumps(
        {"version": 2, "source_path": str(tree), "source_protocol": "file", "source_storage_options": {}}))
    return tmp_path / "index"


def zip_of(folder, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return path


def test_index_of_an_archive(index):
    assert bands_of(index) == ALL
    assert bands_of(index / "nckc-index.json") == ALL
    assert bands_of(f"{index}/**/*.json") == ALL


def test_references_packed_and_plain_beside_products(tree):
    """A reference stands for its product where both are there."""
    files = products_in(tree)
    flat = tree.parent / "flat"
    for product, ending in zip(files, [".nc.json", ".json.gz", ".nc.json.zst", ".nc"]):
        text = json.dumps(make_references.references(product, str(product))).encode()
        target = flat / (product.stem + ending)
        flat.mkdir(exist_ok=True)
        if ending.endswith(".gz"):
            target.write_bytes(gzip.compress(text))
        elif ending.endswith(".zst"):
            target.write_bytes(numcodecs.Zstd().encode(text))
        elif ending == ".nc":
            shutil.copyfile(product, target)
        else:
            target.write_bytes(text)
    shutil.copyfile(files[0], flat / files[0].name)
    assert bands_of(flat) == ALL
    assert bands_of(f"{flat}/*") == ALL


@pytest.mark.parametrize("indexed", [True, False])
def test_zip_of_references(index, indexed):
    if not indexed:
        (index / "nckc-index.json").unlink()
    assert bands_of(zip_of(index, index.parent / "index" / "all.zip")) == ALL  # relative names hold where it was packed
    assert bands_of(zip_of(index / "2023", index / "2023" / "year.zip")) == ALL


def test_zip_of_products(tree):
    packed = zip_of(tree, tree.parent / "data.zip")
    assert bands_of(packed) == ALL
    assert bands_of(f"/vsizip/{{{packed}}}/2023") == ALL
    one = tree.parent / "one.zip"
    with zipfile.ZipFile(one, "w") as archive:
        archive.write(products_in(tree)[0], "a/" + products_in(tree)[0].name)
    assert bands_of(one) == ALL[:1]


# --- lists

def test_text_lists(tree, tmp_path):
    files = products_in(tree)
    (tree / "week.txt").write_bytes(
        b"\xef\xbb\xbf# a week\r\n\r\n" + b"\r\n".join(str(p.relative_to(tree)).encode() for p in files[:2]) + b"\r\n"
        + str(files[2]).encode() + b"\r\nfile://" + str(files[3]).encode())
    assert bands_of(tree / "week.txt") == ALL
    (tmp_path / "week").write_text("\n".join(map(str, reversed(files))))
    assert bands_of(tmp_path / "week") == ALL
    (tmp_path / "week.csv").write_text("location,size\n" + "\n".join(f'"{p}",{p.stat().st_size}' for p in files))
    assert bands_of(tmp_path / "week.csv") == ALL


def test_a_line_that_is_no_product_is_named(tree):
    (tree / "week.txt").write_text(f"# week\n{products_in(tree)[0]}\nother.nc\n")
    message = error_of(tree / "week.txt")
    assert "week.txt: line 3" in message and "other.nc" in message and "MIR_SMUDP2" in message
    (tree / "week.txt").write_text("# nothing yet\n")
    assert "week.txt" in error_of(tree / "week.txt") and "MIR_SMUDP2" in error_of(tree / "week.txt")


# --- over the network

@pytest.fixture
def served(tree):
    """The data folder on a web server."""
    class Folders(Ranges):
        """Shows folders as Apache does."""

        def do_GET(self):
            folder = pathlib.Path(self.translate_path(self.path))
            if not folder.is_dir():
                return super().do_GET()
            rows = [f'<tr><td><a href="{one.name}{"/" if one.is_dir() else ""}">{one.name}</a></td></tr>' for one in folder.iterdir()]
            path = self.path.rstrip("/")
            page = f"<html><head><title>Index of {path}</title></head><body><table>\n" + "\n".join(rows) + "\n</table></body></html>\n"
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page.encode())

    handler = functools.partial(Folders, directory=str(tree))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        gdal.VSICurlClearCache()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_lists_and_folders_on_a_web_server(tree, served):
    files = [str(product.relative_to(tree)) for product in products_in(tree)]
    (tree / "week.txt").write_text("\n".join(files[:3] + [f"{served}/{files[3]}"]))
    assert bands_of(f"{served}/week.txt") == ALL
    assert bands_of(f"{served}/2023/") == ALL


def test_settings_of_a_thread_reach_whatever_reads_for_it(tree, tmp_path):
    """SetThreadLocalConfigOption sets options of the calling thread only; products are opened and read by others."""
    class Guarded(Ranges):
        def do_GET(self):
            if self.headers.get("X-Key") != "let me in":
                return self.send_error(403)
            return super().do_GET()

        do_HEAD = do_GET

    handler = functools.partial(Guarded, directory=str(tree))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        for product in products_in(tree):
            relative = product.relative_to(tree)
            write_references(product, tmp_path / "guarded" / f"{relative}.json", f"{url}/{relative}")
        gdal.SetThreadLocalConfigOption("GDAL_HTTP_HEADERS", "X-Key: let me in")
        try:
            assert bands_of(tmp_path / "guarded") == ALL
            assert bands_of(tmp_path / "guarded", "COMPOSITE=ALL")[0][1] == 0.4
        finally:
            gdal.SetThreadLocalConfigOption("GDAL_HTTP_HEADERS", None)
        server.shutdown()


def test_remote_lists_name_remote_products_only(tree, served):
    (tree / "local.txt").write_text(str(products_in(tree)[0]))
    message = error_of(f"{served}/local.txt")
    assert "local.txt: line 1" in message and "ALLOW_LOCAL_REFERENCES" in message
    assert bands_of(f"{served}/local.txt", "ALLOW_LOCAL_REFERENCES=YES") == ALL[:1]


def test_an_index_tells_what_relative_names_are_relative_to(tree, served, tmp_path):
    """As nckcidx writes them: names of the source's file system, without the protocol."""
    index = tmp_path / "remote_index"
    for product in products_in(tree):
        relative = product.relative_to(tree)
        write_references(product, index / f"{relative}.json", f"{served.removeprefix('http://')}/{relative}")
    (index / "nckc-index.json").write_text(json.dumps(
        {"version": 2, "source_path": served.removeprefix("http://"), "source_protocol": "http"}))
    for product in products_in(tree):
        os.utime(product)
    assert bands_of(index) == ALL
    assert bands_of(zip_of(index, tmp_path / "remote_index.zip")) == ALL


# --- which products

def test_superseded_versions_are_left_out(tree):
    first = name_of(STARTS[0])
    write_product(tree / "new", name_of(STARTS[0], "700_002"), 0.9)
    write_product(tree / "old", name_of(STARTS[0], "620_009", product_class="REPR"), 0.8)
    assert first in str(products_in(tree)[0])
    assert bands_of(tree) == [(ALL[0][0], 0.9), *ALL[1:]]


def test_two_types_want_a_choice(tree):
    write_product(tree / "ocean", name_of(STARTS[0], kind="OSUDP2"), 0.7)
    message = error_of(tree)
    assert "4 MIR_SMUDP2" in message and "1 MIR_OSUDP2" in message and "PRODUCT_TYPE" in message
    assert bands_of(tree, "PRODUCT_TYPE=MIR_SMUDP2") == ALL
    assert bands_of(tree, "PRODUCT_TYPE=mir_osudp2") == [(ALL[0][0], 0.7)]


def test_time_range(tree):
    assert bands_of(tree, "TIME_RANGE=2023-04-01") == ALL[:2]
    assert bands_of(tree, "TIME_RANGE=2023-04-01T12:00/2023-04-02") == ALL[1:3]
    assert bands_of(tree, "TIME_RANGE=2023-04-02/..") == ALL[2:]
    message = error_of(tree, "TIME_RANGE=2024")
    assert "none of its 4 products" in message and "TIME_RANGE" in message and str(tree) in message


def test_box_and_pass_choose_bands(tree):
    write_product(tree / "2023", name_of("20230405T060000"), 0.6, place=(-60, -10), flag="D")
    assert len(bands_of(tree)) == 5
    assert bands_of(tree, "BBOX=0,40,20,50") == ALL
    assert bands_of(tree, "ORBIT_PASS=ascending") == ALL
    here = bands_of(tree, "BBOX=-70,-20,-50,0", "EXTENT=-62,-12,-58,-8")
    assert here == bands_of(tree, "ORBIT_PASS=DESCENDING", "EXTENT=-62,-12,-58,-8") == [("2023-04-05T06:00:00Z", 0.6)]
    message = error_of(tree, "BBOX=100,40,110,50", "ORBIT_PASS=DESCENDING")
    assert "none of 5 products" in message and "BBOX" in message and "ORBIT_PASS" in message


@pytest.mark.parametrize("step, times", [("DAY", ["2023-04-01", "2023-04-02", "2023-04-04"]), ("MONTH", ["2023-04-01"]),
                                         ("2DAY", ["2023-04-01", "2023-04-03"]), ("year", ["2023-01-01"])])
def test_steps_make_bands(tree, step, times):
    bands = bands_of(tree, f"COMPOSITE={step}")
    assert [time for time, _ in bands] == [f"{time}T00:00:00Z" for time in times]
    assert bands[-1][1] == 0.4


def test_steps_of_days_begin_where_the_range_does(tree):
    bands = bands_of(tree, "COMPOSITE=2DAY", "TIME_RANGE=2023-03-31/2023-04-30")
    assert [time[:10] for time, _ in bands] == ["2023-03-31", "2023-04-02", "2023-04-04"]


# --- changes

def test_a_product_that_comes_or_changes_is_seen(tree):
    assert bands_of(tree) == ALL
    late = write_product(tree / "2023", name_of("20230410T060000"), 0.5)
    assert bands_of(tree) == [*ALL, ("2023-04-10T06:00:00Z", 0.5)]
    write_product(late.parent, late.stem, 0.6)
    assert bands_of(tree)[-1] == ("2023-04-10T06:00:00Z", 0.6)
    late.unlink()
    assert bands_of(tree) == ALL


def test_footprints_are_kept_in_a_folder_of_ones_own(tree, tmp_path):
    keep = tmp_path / "footprints"
    assert len(bands_of(tree, f"INDEX_DIR={keep}", "ORBIT_PASS=ASCENDING")) == 4
    gdal.GetDriverByName("VCUBE")
    code = ("from osgeo import gdal; gdal.UseExceptions(); "
            f"d = gdal.OpenEx('VCUBE:\"{tree}\":/Soil_Moisture', open_options=['INDEX_DIR={keep}', 'ORBIT_PASS=ASCENDING']); "
            "print(d.RasterCount)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "4"
    assert [file.stat().st_size > 0 for file in keep.iterdir()] == [True]


# --- what is no collection

def test_one_product_opens_as_one(tree, index):
    for location in (products_in(tree)[0], min(index.rglob("SM_*.json"))):
        dataset = gdal.OpenEx(f'VCUBE:"{location}":/Soil_Moisture', open_options=GRID)
        assert dataset.RasterCount == 1 and dataset.GetMetadataItem("PRODUCT_NAME") == name_of(STARTS[0])
    one = index.parent / "index" / "2023" / "one.zip"
    product = products_in(tree)[0]
    with zipfile.ZipFile(one, "w") as archive:
        archive.writestr(product.name + ".json", json.dumps(make_references.references(product, str(product))))
    dataset = gdal.OpenEx(f'VCUBE:"{one}":/Soil_Moisture', open_options=GRID)
    assert dataset.RasterCount == 1


def test_stores_among_products_stay_stores(tree):
    import zarr

    zarr.open_group(str(tree / "2023" / "cube.zarr"), mode="w").create_dataset("a", data=np.arange(6.0).reshape(2, 3))
    shutil.copyfile(products_in(tree)[0], tree / "2023" / "cube.zarr" / name_of("20230409T060000", "700_003"))
    plain = tree / "2023" / "store"
    zarr.open_group(str(plain), mode="w").create_dataset("a", data=np.arange(6.0).reshape(2, 3))
    shutil.copyfile(products_in(tree)[0], plain / (name_of("20230409T060000", "700_003") + ".nc"))
    assert bands_of(tree) == ALL
    for store in (plain, tree / "2023" / "cube.zarr"):
        assert gdal.Open(f'VCUBE:"{store}":/a').ReadAsArray().shape == (2, 3)


def test_a_file_named_like_a_pattern_is_a_file(tree, make_cube):
    import sample_cube

    path = make_cube(sample_cube.fill, "refs[1].json")
    assert gdal.Open(f'VCUBE:"{path}":/sst').RasterCount == 3


# --- errors

@pytest.mark.parametrize("pattern, words", [("/2023/05/*.nc", ["2023/05", "No such file"]), ("/**/*.hdf", ["*.hdf", "MIR_SMUDP2"]),
                                            ("/2023/04/refs*.json", ["no SMOS product", "refs*.json"])])
def test_patterns_without_products(tree, pattern, words):
    message = error_of(f"{tree}{pattern}")
    for word in words:
        assert word in message, message


def test_folders_without_products(tree):
    (tree / "empty").mkdir()
    message = error_of(tree / "empty")
    assert "empty" in message and "SMOS products" in message and "Zarr" in message
    (tree / "empty" / "nckc-index.json").write_text('{"version": 2, "source_path": "/data"}')
    assert "MIR_SMUDP2" in error_of(tree / "empty")


@pytest.mark.parametrize("text, word", [("[]", "object"), ("{", "nckc-index.json"), ('{"version": 2}', "source_path"),
                                        ('{"source_path": "a", "source_protocol": 5}', "source_protocol")])
def test_broken_indexes(index, text, word):
    (index / "nckc-index.json").write_text(text)
    message = error_of(index)
    assert "nckc-index.json" in message and word in message


@pytest.mark.parametrize("option, words", [("COMPOSITE=WEEK", ["COMPOSITE=WEEK", "nDAY"]), ("TIME_RANGE=april", ["TIME_RANGE=april", "2023-04"]),
                                           ("ORBIT_PASS=BOTH", ["ASCENDING, DESCENDING"]), ("BBOX=1,2,3", ["BBOX=1,2,3"]),
                                           ("PRODUCT_TYPE=SM", ["MIR_SMUDP2, MIR_OSUDP2"]), ("FLAG_METHOD=MEAN", ["LAST, MODE, OR"]),
                                           ("COMPOSITE_METHOD=SUM", ["LAST, FIRST, MEAN, MIN, MAX, COUNT, MEDIAN, BEST"]),
                                           ("FILTER=Soil_Moisture<", ["FILTER"])])
def test_options_that_are_wrong(tree, option, words):
    message = error_of(f'VCUBE:"{tree}":/Soil_Moisture', option)
    for word in words:
        assert word in message, message


def test_the_multidimensional_view_is_the_same(tree):
    dataset = gdal.OpenEx(f'VCUBE:"{tree}"', gdal.OF_MULTIDIM_RASTER, open_options=[*GRID, "INDEX_DIR=NO"])
    root = dataset.GetRootGroup()
    array = root.OpenMDArray("Soil_Moisture")
    assert [dimension.GetSize() for dimension in array.GetDimensions()][0] == 4
