"""Arrays whose chunks are images, as imagecodecs and kerchunk write them: bands and multidimensional arrays of them."""
import io
import json

import numpy as np
import pytest
from osgeo import gdal
from PIL import Image

ROWS, COLUMNS = 48, 40
CHUNK = (16, 20)


def image_bytes(kind, **options):
    def encode(values):
        out = io.BytesIO()
        Image.fromarray(values).save(out, kind, **options)
        return out.getvalue()

    return encode


def tiff_bytes(*options):
    def encode(values):
        raster = gdal.GetDriverByName("MEM").Create("", values.shape[1], values.shape[0], 1,
                                                    gdal.GDT_Float32 if values.dtype.kind == "f" else gdal.GDT_Byte)
        raster.GetRasterBand(1).WriteArray(values)
        gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/chunk.tif", raster, options=options)
        file = gdal.VSIFOpenL("/vsimem/chunk.tif", "rb")
        data = bytes(gdal.VSIFReadL(1, gdal.VSIStatL("/vsimem/chunk.tif").size, file))
        gdal.VSIFCloseL(file)
        gdal.Unlink("/vsimem/chunk.tif")
        return data

    return encode


def pillow(data):
    return np.asarray(Image.open(io.BytesIO(data)))


KINDS = {
    "jpeg": ({"id": "imagecodecs_jpeg", "level": 90}, "|u1", (), image_bytes("JPEG", quality=90), pillow),
    "jpeg of colours": ({"id": "imagecodecs_jpeg"}, "|u1", (3,), image_bytes("JPEG"), pillow),
    "jpeg2k": ({"id": "imagecodecs_jpeg2k"}, "|u1", (3,), image_bytes("JPEG2000"), None),
    "png": ({"id": "imagecodecs_png"}, "|u1", (4,), image_bytes("PNG"), None),
    "webp": ({"id": "imagecodecs_webp"}, "|u1", (3,), image_bytes("WEBP", lossless=True), None),
    "tiff": ({"id": "imagecodecs_tiff"}, "<f4", (), tiff_bytes("COMPRESS=DEFLATE", "PREDICTOR=3", "TILED=YES",
                                                              "BLOCKXSIZE=16", "BLOCKYSIZE=16"), None),
    "big-endian tiff": ({"id": "imagecodecs_tiff"}, "<f4", (), tiff_bytes("ENDIANNESS=BIG"), None),
    "lerc": ({"id": "imagecodecs_tiff"}, "<f4", (), tiff_bytes("COMPRESS=LERC"), None),
}


def make_store(folder, codec, dtype, samples, encode, decode, v3=False):
    """A Zarr folder of one array, and its values: as written, or as the reference decoder reads the chunks."""
    rng = np.random.default_rng(4)
    shape = (ROWS, COLUMNS, *samples)
    values = (np.add.outer(np.arange(ROWS), np.arange(COLUMNS)).reshape(ROWS, COLUMNS, *[1] * len(samples))
              + rng.integers(0, 60, shape)).astype(dtype)
    expected = np.empty_like(values)
    array = folder / "image"
    array.mkdir(parents=True)
    for row in range(ROWS // CHUNK[0]):
        for column in range(COLUMNS // CHUNK[1]):
            place = np.s_[row * CHUNK[0]:(row + 1) * CHUNK[0], column * CHUNK[1]:(column + 1) * CHUNK[1]]
            data = encode(np.ascontiguousarray(values[place]))
            expected[place] = decode(data) if decode else values[place]
            key = [str(row), str(column)] + ["0"] * len(samples)
            path = array / ("c/" + "/".join(key) if v3 else ".".join(key))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    chunk = [*CHUNK, *samples]
    if v3:
        (folder / "zarr.json").write_text(json.dumps({"zarr_format": 3, "node_type": "group"}))
        config = {key: value for key, value in codec.items() if key != "id"}
        (array / "zarr.json").write_text(json.dumps({
            "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": {"|u1": "uint8", "<f4": "float32"}[dtype],
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
            "chunk_key_encoding": {"name": "default"}, "fill_value": 0,
            "codecs": [{"name": codec["id"], "configuration": config}]}))
    else:
        (folder / ".zgroup").write_text('{"zarr_format": 2}')
        (array / ".zarray").write_text(json.dumps({"zarr_format": 2, "shape": shape, "chunks": chunk, "dtype": dtype,
                                                   "compressor": codec, "filters": None, "fill_value": 0, "order": "C"}))
    return expected


@pytest.mark.parametrize("v3", [False, True], ids=["v2", "v3"])
@pytest.mark.parametrize("kind", KINDS)
def test_values(tmp_path, kind, v3):
    expected = make_store(tmp_path / "a.zarr", *KINDS[kind], v3=v3)
    root = gdal.OpenEx(f'VCUBE:"{tmp_path}/a.zarr"', gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    array = root.OpenMDArray("image")
    assert (array.ReadAsArray() == expected).all()
    assert (array.GetView("[3:30:2,10:35]").ReadAsArray() == expected[3:30:2, 10:35]).all()


@pytest.mark.parametrize("kind", ["jpeg", "tiff", "lerc"])
def test_bands(tmp_path, kind):
    expected = make_store(tmp_path / "a.zarr", *KINDS[kind])
    raster = gdal.Open(f'VCUBE:"{tmp_path}/a.zarr":/image')
    assert (raster.RasterXSize, raster.RasterYSize) == (COLUMNS, ROWS)
    assert (raster.ReadAsArray() == expected).all()
    assert (raster.ReadAsArray(7, 5, 30, 40) == expected[5:45, 7:37]).all()


def test_a_damaged_image_is_told(tmp_path, capfd):
    make_store(tmp_path / "a.zarr", *KINDS["tiff"])
    chunk = tmp_path / "a.zarr" / "image" / "1.1"
    chunk.write_bytes(chunk.read_bytes()[:300])
    raster = gdal.Open(f'VCUBE:"{tmp_path}/a.zarr":/image')
    raster.ReadAsArray(0, 0, COLUMNS, CHUNK[0])
    capfd.readouterr()
    with pytest.raises(RuntimeError, match="TIFF image of 300 bytes"):
        raster.ReadAsArray()
    assert "TIFF" not in capfd.readouterr().out
