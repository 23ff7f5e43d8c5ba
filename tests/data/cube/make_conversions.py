#!/usr/bin/python3
"""Writes conversions.json: what GDAL makes of edge values when it reads a raster of one type as another (GDALCopyWords).

Run with Debian 12's python3 and GDAL 3.6.2. Bytes are hexadecimal, little-endian. GDAL 3.6 has neither signed bytes nor
float16 nor bool; those are tested on their own."""
import json
import pathlib

import numpy as np
from osgeo import gdal, gdal_array

TYPES = {"<u1": gdal.GDT_Byte, "<u2": gdal.GDT_UInt16, "<i2": gdal.GDT_Int16, "<u4": gdal.GDT_UInt32,
         "<i4": gdal.GDT_Int32, "<u8": gdal.GDT_UInt64, "<i8": gdal.GDT_Int64, "<f4": gdal.GDT_Float32,
         "<f8": gdal.GDT_Float64, "<c8": gdal.GDT_CFloat32, "<c16": gdal.GDT_CFloat64}
INTEGERS = [0, 1, -1, 2, 127, 128, -128, -129, 255, 256, 300, 32767, 32768, -32768, -32769, 65535, 65536, 2**24 + 1,
            2**31 - 1, 2**31, -2**31, -2**31 - 1, 2**32 - 1, 2**32, 2**53 + 1, 2**63 - 1, -2**63, 2**63, 2**64 - 1]
FLOATS = [0.0, -0.0, 0.25, 0.5, -0.5, 0.49999997, 0.49999999999999994, 1.5, 2.5, -1.5, -2.5, 126.5, 127.49, 127.5, -128.4,
          -128.5, -128.6, 254.5, 255.49, 255.5, 300.0, -1.0, -0.6, 32767.5, 32768.0, -32768.5, 65534.5, 65535.5, 8388609.0,
          2147483646.5, 2147483647.0, 2147483648.0, -2147483648.5, 4294967294.5, 4294967295.0, 4294967296.0, 1e10,
          4503599627370497.5, 9.2e18, 9.3e18, -9.3e18, 1.8e19, 1.9e19, 3.4028235e38, 3.4028236e38, 1e39, 1e300, -1e300,
          1e-46, float("inf"), float("-inf"), float("nan")]


def source(code):
    dtype = np.dtype(code)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return np.array([v for v in INTEGERS if info.min <= v <= info.max], dtype=dtype)
    with np.errstate(over="ignore"):
        if dtype.kind == "c":
            pairs = np.array([[v, -3.0] for v in FLOATS] + [[1.0, 1e300]], dtype="f8")
            return pairs.astype("f4" if dtype.itemsize == 8 else "f8").reshape(-1).view(dtype)
        return np.array(FLOATS, dtype=dtype)


cases = []
for src in TYPES:
    values = source(src)
    dataset = gdal_array.OpenArray(values.reshape(1, -1))
    band = dataset.GetRasterBand(1)
    assert band.DataType == TYPES[src], src
    for dst, gdal_type in TYPES.items():
        out = np.frombuffer(band.ReadRaster(buf_type=gdal_type), dst)
        assert out.size == values.size
        cases.append({"from": src, "to": dst, "in": values.tobytes().hex(), "out": out.tobytes().hex()})
        # One value at a time takes GDAL's plain path; the vectorised one must agree for the expectation to be clear.
        single = [np.frombuffer(band.ReadRaster(i, 0, 1, 1, buf_type=gdal_type), dst)[0] for i in range(values.size)]
        for i, v in enumerate(single):
            if v.tobytes() != out[i].tobytes():
                print("GDAL differs from itself:", src, dst, values[i], out[i], v)
lines = ",\n".join(json.dumps(c) for c in cases)
pathlib.Path(__file__).with_name("conversions.json").write_text("[\n" + lines + "\n]\n")
