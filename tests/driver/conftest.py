"""Registers the built plugin before anything imports osgeo.gdal, and gives tests the shared data and stores to read."""
import os
import pathlib

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
# Footprints of the tests' products are of no use to anybody else.
os.environ.setdefault("VCUBE_INDEX_DIR", "NO")
PLUGINS = os.environ.setdefault("GDAL_DRIVER_PATH", str(PROJECT / "build" / "dev" / "plugins"))
if not any((pathlib.Path(folder) / "gdal_VCUBE.so").exists() for folder in PLUGINS.split(os.pathsep)):
    pytest.exit(f"gdal_VCUBE.so is not in {PLUGINS}: build it (ninja gdal_VCUBE) or set GDAL_DRIVER_PATH", returncode=3)

from osgeo import gdal  # noqa: E402

gdal.UseExceptions()
if gdal.GetDriverByName("VCUBE") is None:
    pytest.exit(f"GDAL does not load gdal_VCUBE.so from {PLUGINS}: run gdalinfo --formats to see why", returncode=3)


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real products and published references; tests that need it skip where it is absent."""
    path = pathlib.Path(os.environ.get("VCUBE_SHARED_DATA", PROJECT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no shared data: {path} is no folder (VCUBE_SHARED_DATA names it)")
    return path


@pytest.fixture
def make_cube(tmp_path):
    """A function that writes arrays as references into a folder of the test: see oracle.write_references."""
    import oracle

    def make(fill, name="refs.json", **how):
        return oracle.write_references(tmp_path, fill, name, **how)

    return make


@pytest.fixture(scope="session")
def week(tmp_path_factory):
    """Four days of half orbits over Europe, two in July and two in August: see small_week.Week."""
    import small_week

    return small_week.Week(tmp_path_factory.mktemp("week"), "--start=2023-07-30", "--days=4")
