"""Coordinate reference systems of every kind of attribute, against pyproj and GDAL's netCDF driver on the same attributes."""
import json

import netCDF4
import numpy as np
import pyproj
import pytest
from osgeo import gdal, osr
from test_georef import add, open_array

WGS84 = {"semi_major_axis": 6378137.0, "inverse_flattening": 298.257223563}
SPHERE = {"earth_radius": 6371229.0}
# grid mapping, where to compare (west, south, east, north)
NETCDF = {
    "albers": ({"grid_mapping_name": "albers_conical_equal_area", "standard_parallel": [20.0, 60.0], "latitude_of_projection_origin": 40.0,
                "longitude_of_central_meridian": -96.0, **WGS84}, (-120, 25, -70, 50)),
    "azimuthal equidistant": ({"grid_mapping_name": "azimuthal_equidistant", "latitude_of_projection_origin": -37.0,
                               "longitude_of_projection_origin": 145.0, **WGS84}, (140, -40, 150, -30)),
    "lambert azimuthal": ({"grid_mapping_name": "lambert_azimuthal_equal_area", "latitude_of_projection_origin": 52.0,
                           "longitude_of_projection_origin": 10.0, "false_easting": 4321000.0, "false_northing": 3210000.0, **WGS84}, (-10, 35, 30, 70)),
    "lambert conic 2SP": ({"grid_mapping_name": "lambert_conformal_conic", "standard_parallel": [33.0, 45.0],
                           "latitude_of_projection_origin": 39.0, "longitude_of_central_meridian": -96.0, **WGS84}, (-120, 25, -70, 50)),
    "lambert conic 1SP": ({"grid_mapping_name": "lambert_conformal_conic", "standard_parallel": 63.3,
                           "latitude_of_projection_origin": 63.3, "longitude_of_central_meridian": 15.0, **SPHERE}, (0, 50, 40, 75)),
    "cylindrical": ({"grid_mapping_name": "lambert_cylindrical_equal_area", "standard_parallel": 30.0,
                     "longitude_of_central_meridian": 0.0, **WGS84}, (-170, -80, 170, 80)),
    "mercator scale": ({"grid_mapping_name": "mercator", "scale_factor_at_projection_origin": 0.9996,
                        "longitude_of_projection_origin": 10.0, **WGS84}, (0, -60, 100, 60)),
    "mercator parallel": ({"grid_mapping_name": "mercator", "standard_parallel": 22.5, "longitude_of_projection_origin": 100.0,
                           **WGS84}, (20, -60, 170, 60)),
    "orthographic": ({"grid_mapping_name": "orthographic", "latitude_of_projection_origin": 40.0, "longitude_of_projection_origin": 10.0,
                      **SPHERE}, (-10, 35, 30, 70)),
    "polar stereographic north": ({"grid_mapping_name": "polar_stereographic", "latitude_of_projection_origin": 90.0,
                                   "straight_vertical_longitude_from_pole": -45.0, "standard_parallel": 70.0, **WGS84}, (-180, 50, 180, 89)),
    "polar stereographic south": ({"grid_mapping_name": "polar_stereographic", "latitude_of_projection_origin": -90.0,
                                   "straight_vertical_longitude_from_pole": 0.0, "standard_parallel": -71.0, **WGS84}, (-180, -89, 180, -50)),
    "rotated pole": ({"grid_mapping_name": "rotated_latitude_longitude", "grid_north_pole_latitude": 39.25,
                      "grid_north_pole_longitude": -162.0, **SPHERE}, (-10, 35, 30, 70)),
    "rotated pole, own zero": ({"grid_mapping_name": "rotated_latitude_longitude", "grid_north_pole_latitude": 42.5,
                                "grid_north_pole_longitude": 83.0, "north_pole_grid_longitude": 180.0, **SPHERE}, (-140, 30, -60, 70)),
    "sinusoidal": ({"grid_mapping_name": "sinusoidal", "longitude_of_projection_origin": 20.0, **WGS84}, (-100, -80, 170, 80)),
    "stereographic": ({"grid_mapping_name": "stereographic", "latitude_of_projection_origin": 52.0, "longitude_of_projection_origin": 5.0,
                       "scale_factor_at_projection_origin": 0.9999, **WGS84}, (-10, 35, 30, 70)),
    "transverse mercator": ({"grid_mapping_name": "transverse_mercator", "scale_factor_at_central_meridian": 0.9996,
                             "longitude_of_central_meridian": 15.0, "latitude_of_projection_origin": 0.0, "false_easting": 500000.0,
                             "false_northing": 0.0, **WGS84}, (10, 40, 20, 60)),
    "geostationary y": ({"grid_mapping_name": "geostationary", "latitude_of_projection_origin": 0.0, "longitude_of_projection_origin": 9.5,
                         "perspective_point_height": 35785831.0, "sweep_angle_axis": "y", "semi_major_axis": 6378169.0,
                         "semi_minor_axis": 6356583.8}, (-10, 35, 30, 60)),
    "geostationary x": ({"grid_mapping_name": "geostationary", "latitude_of_projection_origin": 0.0, "longitude_of_projection_origin": -75.0,
                         "perspective_point_height": 35786023.0, "sweep_angle_axis": "x", **WGS84}, (-110, -40, -40, 40)),
    "vertical perspective": ({"grid_mapping_name": "vertical_perspective", "latitude_of_projection_origin": 10.0,
                              "longitude_of_projection_origin": 20.0, "perspective_point_height": 5000000.0, **SPHERE}, (0, -10, 40, 30)),
    "geographic on a sphere": ({"grid_mapping_name": "latitude_longitude", **SPHERE}, (-170, -80, 170, 80)),
}


def axes_of(mapping):
    name = mapping.get("grid_mapping_name", "")
    if name == "rotated_latitude_longitude":
        return ("grid_longitude", "grid_latitude"), "degrees"
    if name == "latitude_longitude":
        return ("longitude", "latitude"), "degrees"
    return ("projection_x_coordinate", "projection_y_coordinate"), "m"


def make(make_cube, mapping, step=1.0, unit=None, **how):
    """A grid of 3 x 4 with this grid mapping."""
    (name_x, name_y), default = axes_of(mapping)

    def fill(group):
        add(group, "x", np.arange(4.0) * step, ["x"], standard_name=name_x, units=unit or default)
        add(group, "y", np.arange(3.0)[::-1] * step, ["y"], standard_name=name_y, units=unit or default)
        add(group, "crs", np.int32(0), [], **mapping)
        add(group, "data", np.zeros((3, 4), "f4"), ["y", "x"], grid_mapping="crs", **how)

    return open_array(make_cube(fill))


def netcdf_srs(folder, mapping):
    """What GDAL's netCDF driver makes of the same attributes."""
    (name_x, name_y), unit = axes_of(mapping)
    path = folder / "same.nc"
    with netCDF4.Dataset(path, "w") as file:
        for name, size, standard_name, values in (("y", 3, name_y, np.arange(3.0)[::-1]), ("x", 4, name_x, np.arange(4.0))):
            file.createDimension(name, size)
            axis = file.createVariable(name, "f8", (name,))
            axis[:] = values
            axis.setncatts({"standard_name": standard_name, "units": unit})
        file.createVariable("crs", "i4").setncatts(mapping)
        data = file.createVariable("data", "f4", ("y", "x"))
        data[:] = 0
        data.grid_mapping = "crs"
    return gdal.Open(f"NETCDF:{path}:data").GetSpatialRef()


def projected(srs, bounds):
    """Positions of some longitudes and latitudes of the system's own datum."""
    crs = pyproj.CRS.from_wkt(srs.ExportToWkt(["FORMAT=WKT2_2019"])) if isinstance(srs, osr.SpatialReference) else srs
    crs = crs.source_crs if crs.is_bound else crs
    west, south, east, north = bounds
    lon, lat = np.meshgrid(np.linspace(west, east, 7), np.linspace(south, north, 5))
    ellipsoid = crs.ellipsoid
    base = pyproj.CRS.from_user_input(f"+proj=longlat +a={ellipsoid.semi_major_metre!r} +b={ellipsoid.semi_minor_metre!r} +no_defs +type=crs")
    if crs.is_geographic and not crs.is_derived:
        return np.array([lon, lat]), ellipsoid
    return np.array(pyproj.Transformer.from_crs(base, crs, always_xy=True).transform(lon, lat)), ellipsoid


def assert_same_place(got, expected, bounds, tolerance=1e-6):
    (a, ellipsoid_a), (b, ellipsoid_b) = projected(got, bounds), projected(expected, bounds)
    assert np.isfinite(b).all()
    assert np.allclose(a, b, rtol=0, atol=tolerance), np.abs(a - b).max()
    assert ellipsoid_a.semi_major_metre == pytest.approx(ellipsoid_b.semi_major_metre, abs=1e-6)
    assert ellipsoid_a.semi_minor_metre == pytest.approx(ellipsoid_b.semi_minor_metre, abs=1e-3)


# What GDAL 3.6's netCDF driver does not import: it shows a geographic system instead.
NETCDF_LACKS = {"sinusoidal", "vertical perspective"}


@pytest.mark.parametrize("name", sorted(NETCDF.keys() - NETCDF_LACKS))
def test_as_gdals_netcdf_driver(make_cube, tmp_path, name):
    mapping, bounds = NETCDF[name]
    if gdal.GetDriverByName("netCDF") is None:
        pytest.skip("this GDAL has no netCDF driver")
    expected = netcdf_srs(tmp_path, mapping)
    assert_same_place(make(make_cube, mapping).GetSpatialRef(), expected, bounds)


@pytest.mark.parametrize("name", NETCDF)
def test_as_pyproj(make_cube, name):
    mapping, bounds = NETCDF[name]
    assert_same_place(make(make_cube, mapping).GetSpatialRef(), pyproj.CRS.from_cf(mapping), bounds)


UTM = pyproj.CRS.from_epsg(32633)
LAEA = pyproj.CRS.from_epsg(3035)
SPELLINGS = {
    "crs_wkt WKT2": {"crs_wkt": UTM.to_wkt("WKT2_2019")},
    "crs_wkt WKT1": {"crs_wkt": UTM.to_wkt("WKT1_GDAL")},
    "spatial_ref": {"spatial_ref": UTM.to_wkt("WKT1_GDAL")},
    "ESRI": {"esri_pe_string": UTM.to_wkt("WKT1_ESRI")},
    "proj4": {"proj4": "+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs"},
    "proj4text": {"proj4text": "proj=utm zone=33 datum=WGS84 units=m"},
    "proj4_params with init": {"proj4_params": "+init=epsg:32633"},
    "epsg_code number": {"epsg_code": 32633},
    "epsg_code text": {"epsg_code": "EPSG:32633"},
    "EPSG": {"EPSG": "32633"},
    "urn": {"crs": "urn:ogc:def:crs:EPSG::32633"},
    "url": {"crs": "http://www.opengis.net/def/crs/EPSG/0/32633"},
    "_CRS wkt": {"_CRS": {"wkt": UTM.to_wkt()}},
    "_CRS projjson": {"_CRS": {"projjson": UTM.to_json_dict()}},
    "_CRS url": {"_CRS": {"url": "http://www.opengis.net/def/crs/EPSG/0/32633"}},
    "proj:code": {"proj:code": "EPSG:32633"},
    "proj:epsg": {"proj:epsg": 32633},
    "proj:wkt2": {"proj:wkt2": UTM.to_wkt()},
    "proj:projjson": {"proj:projjson": UTM.to_json_dict()},
    "broken WKT beside CF": {"crs_wkt": "PROJCS[broken]", "grid_mapping_name": "transverse_mercator", "scale_factor_at_central_meridian": 0.9996,
                             "longitude_of_central_meridian": 15.0, "latitude_of_projection_origin": 0.0, "false_easting": 500000.0,
                             "false_northing": 0.0, **WGS84},
}


@pytest.mark.parametrize("where", ["mapping", "array", "group"])
@pytest.mark.parametrize("name", SPELLINGS)
def test_spellings(make_cube, name, where):
    attributes = SPELLINGS[name]

    def fill(group):
        add(group, "x", 500000 + np.arange(4.0), ["x"], standard_name="projection_x_coordinate", units="m")
        add(group, "y", 5000000 - np.arange(3.0), ["y"], standard_name="projection_y_coordinate", units="m")
        own = {"grid_mapping": "mapping"} if where == "mapping" else attributes if where == "array" else {}
        add(group, "data", np.zeros((3, 4), "f4"), ["y", "x"], **own)
        if where == "mapping":
            add(group, "mapping", np.int32(0), [], **attributes)
        if where == "group":
            group.attrs.update(attributes)

    dataset = open_array(make_cube(fill))
    assert_same_place(dataset.GetSpatialRef(), UTM, (10, 40, 20, 60))
    assert dataset.GetSpatialRef().GetDataAxisToSRSAxisMapping() == [1, 2]
    assert dataset.GetGeoTransform() == pytest.approx((499999.5, 1, 0, 5000000.5, 0, -1))


def test_named_datum_shifts(make_cube):
    """The datum's name brings its transformation: OSGB36 lies some 100 m beside WGS 84."""
    mapping = {"grid_mapping_name": "transverse_mercator", "scale_factor_at_central_meridian": 0.9996012717, "longitude_of_central_meridian": -2.0,
               "latitude_of_projection_origin": 49.0, "false_easting": 400000.0, "false_northing": -100000.0, "semi_major_axis": 6377563.396,
               "inverse_flattening": 299.3249646, "horizontal_datum_name": "OSGB 1936", "projected_crs_name": "British grid"}
    srs = make(make_cube, mapping).GetSpatialRef()
    assert srs.GetName() == "British grid"
    got = pyproj.CRS.from_wkt(srs.ExportToWkt(["FORMAT=WKT2_2019"]))
    to_wgs84 = [pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(530000, 180000) for crs in (got, 27700)]
    assert np.allclose(*to_wgs84, rtol=0, atol=1e-9)


@pytest.mark.parametrize("unit,factor", [("km", 1000), ("kilometre", 1000), ("1000 m", 1000), ("US_survey_foot", 1200 / 3937), ("m", 1)])
def test_units_of_axes_and_false_origins(make_cube, unit, factor):
    mapping = {**NETCDF["lambert azimuthal"][0], "false_easting": 4321000.0 / factor, "false_northing": 3210000.0 / factor}
    dataset = make(make_cube, mapping, unit=unit)
    assert dataset.GetGeoTransform() == pytest.approx((-0.5 * factor, factor, 0, 2.5 * factor, 0, -factor))
    assert_same_place(dataset.GetSpatialRef(), pyproj.CRS.from_cf(NETCDF["lambert azimuthal"][0]), NETCDF["lambert azimuthal"][1], 1e-5)


def test_crs_in_feet(make_cube):
    """Axes in feet of a system in feet stay, axes in metres are brought to feet."""
    for unit, factor in (("US_survey_foot", 1.0), ("m", 3937 / 1200)):
        dataset = make(make_cube, {"crs_wkt": pyproj.CRS.from_epsg(2263).to_wkt()}, step=100.0, unit=unit)
        assert dataset.GetGeoTransform()[1] == pytest.approx(100 * factor)


@pytest.mark.parametrize("unit,factor", [("rad", 1.0), ("microradian", 1e6), ("degrees", np.rad2deg(1.0)), (None, 1.0)])
def test_geostationary_angles(make_cube, unit, factor):
    mapping = NETCDF["geostationary x"][0]
    height = mapping["perspective_point_height"]

    def fill(group):
        units = {} if unit is None else {"units": unit}
        add(group, "x", np.linspace(-0.1, 0.1, 11) * factor, ["x"], axis="X", **units)
        add(group, "y", np.linspace(0.1, -0.1, 11) * factor, ["y"], axis="Y", **units)
        add(group, "goes", np.int32(0), [], **mapping)
        add(group, "data", np.zeros((11, 11), "f4"), ["y", "x"], grid_mapping="goes")

    got = open_array(make_cube(fill)).GetGeoTransform()
    assert got == pytest.approx((-0.11 * height, 0.02 * height, 0, 0.11 * height, 0, -0.02 * height), abs=1e-3)


def test_missing_mapping_warns_and_axes_count(make_cube):
    def fill(group):
        add(group, "lat", np.arange(10.0)[::-1], ["lat"], units="degrees_north")
        add(group, "lon", np.arange(10.0), ["lon"], units="degrees_east")
        add(group, "data", np.zeros((10, 10), "f4"), ["lat", "lon"], grid_mapping="nowhere")

    told = []
    gdal.PushErrorHandler(lambda level, number, text: told.append(text))
    try:
        dataset = open_array(make_cube(fill))
    finally:
        gdal.PopErrorHandler()
    assert any("nowhere" in text and "data" in text for text in told)
    assert dataset.GetSpatialRef().GetAuthorityCode(None) == "4326"
    assert dataset.GetGeoTransform() == (-0.5, 1, 0, 9.5, 0, -1)


def test_spatial_convention(make_cube):
    """proj: and spatial: of the array, of its group, of a level of a layout."""
    transform = [10.0, 0, 500000.0, 0, -10.0, 5000000.0]
    place = (500000, 10, 0, 5000000, 0, -10)

    def fill(group):
        dims = {"spatial:dimensions": ["row", "col"], "proj:code": "EPSG:32633"}
        add(group, "own", np.zeros((2, 6, 8), "f4"), ["band", "row", "col"], **dims, **{"spatial:transform": transform})
        add(group, "last", np.zeros((6, 8, 2), "f4"), ["row", "col", "band"], **dims, **{"spatial:transform": transform})
        add(group, "node", np.zeros((6, 8), "f4"), ["row", "col"], **dims,
            **{"spatial:transform": [10.0, 0, 500005.0, 0, -10.0, 4999995.0], "spatial:registration": "node"})
        add(group, "box", np.zeros((6, 8), "f4"), ["row", "col"], **dims, **{"spatial:bbox": [500000, 4999940, 500080, 5000000]})
        below = group.create_group("below")
        below.attrs.update({**dims, "spatial:transform": transform, "spatial:shape": [6, 8]})
        add(below, "data", np.zeros((6, 8), "f4"), ["row", "col"])
        add(below, "smaller", np.zeros((3, 4), "f4"), ["row", "col"])
        levels = group.create_group("levels")
        levels.attrs.update({**dims, "multiscales": {"layout": [
            {"asset": "r10", "spatial:shape": [6, 8], "spatial:transform": transform},
            {"asset": "r20", "derived_from": "r10", "spatial:shape": [3, 4], "spatial:transform": [20.0, 0, 500000.0, 0, -20.0, 5000000.0]}]}})
        for name, shape in (("r10", (6, 8)), ("r20", (3, 4))):
            add(levels.create_group(name), "data", np.zeros(shape, "f4"), ["row", "col"])

    path = make_cube(fill)
    for name in ("own", "last", "node", "box", "below/data", "levels/r10/data"):
        dataset = open_array(path, name)
        assert (dataset.RasterXSize, dataset.RasterYSize) == (8, 6), name
        assert dataset.GetGeoTransform() == pytest.approx(place), name
        assert dataset.GetSpatialRef().GetAuthorityCode(None) == "32633", name
    assert open_array(path, "levels/r20/data").GetGeoTransform() == pytest.approx((500000, 20, 0, 5000000, 0, -20))
    assert open_array(path, "below/smaller").GetGeoTransform(can_return_null=True) is None


def test_zarr_driver_of_gdal(tmp_path):
    """What GDAL's own Zarr driver writes: _CRS, and coordinates beside it."""
    source = gdal.GetDriverByName("MEM").Create("", 8, 6, 1, gdal.GDT_Float32)
    source.SetGeoTransform((500000, 10, 0, 5000000, 0, -10))
    srs = osr.SpatialReference()
    srs.ImportFromEPSG(32633)
    source.SetSpatialRef(srs)
    gdal.GetDriverByName("Zarr").CreateCopy(str(tmp_path / "a.zarr"), source, options=["ARRAY_NAME=data"])
    attributes = json.loads((tmp_path / "a.zarr" / "data" / ".zattrs").read_text())
    assert "_CRS" in attributes
    refs = {p.relative_to(tmp_path / "a.zarr").as_posix(): p.read_text() if p.name.startswith(".z") else [str(p)]
            for p in (tmp_path / "a.zarr").rglob("*") if p.is_file() and p.name != ".zmetadata"}
    (tmp_path / "refs.json").write_text(json.dumps({"version": 1, "refs": refs}))
    dataset = open_array(tmp_path / "refs.json")
    assert dataset.GetSpatialRef().IsSame(srs)
    assert dataset.GetGeoTransform() == pytest.approx((500000, 10, 0, 5000000, 0, -10))
