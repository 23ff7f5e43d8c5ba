"""What tests of remote access share: cubes whose chunks are named by any location, configuration for the length of a
block, everything that GDAL says."""
import contextlib
import json
import pathlib
import sys

import sample_cube
from osgeo import gdal

import oracle

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))


def sample_references(folder, location, fill=sample_cube.fill, name="refs"):
    """(references, chunks): the sample cube as a document that names `location` for its chunks, and their bytes."""
    written = oracle.write_references(folder, fill, f"{name}.json")
    document = json.loads(written.read_text())
    for value in document["refs"].values():
        if isinstance(value, list):
            value[0] = location
    return json.dumps(document).encode(), (folder / f"{name}_chunks.bin").read_bytes()


def sample_objects(folder, base, query="", fill=sample_cube.fill, name="refs"):
    """(references, objects): the same with every chunk an object of its own, {path: bytes}, at `base` + path + `query`."""
    written = oracle.write_references(folder, fill, f"{name}.json", form="whole")
    document, objects = json.loads(written.read_text()), {}
    for value in document["refs"].values():
        if isinstance(value, list):
            objects[value[0]] = (folder / value[0]).read_bytes()
            value[0] = base + value[0] + query
    return json.dumps(document).encode(), objects


@contextlib.contextmanager
def configured(options=None, paths=None):
    """GDAL's configuration: {name: value}, and {prefix: {name: value}} for paths."""
    options, paths = options or {}, paths or {}
    before = {name: gdal.GetConfigOption(name) for name in options}
    for name, value in options.items():
        gdal.SetConfigOption(name, value)
    for prefix, named in paths.items():
        for name, value in named.items():
            gdal.SetPathSpecificOption(prefix, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            gdal.SetConfigOption(name, value)
        for prefix in paths:
            gdal.ClearPathSpecificOptions(prefix)
        gdal.VSICurlClearCache()


def listen(work):
    """The result of work(), or None where it failed, and all messages that it caused: [(class, text)]."""
    said = []
    gdal.PushErrorHandler(lambda kind, number, text: said.append((kind, text)))
    try:
        return work(), said
    except RuntimeError as error:
        told = any(text == str(error) for _, text in said)
        return None, said if told else [*said, (gdal.CE_Failure, str(error))]
    finally:
        gdal.PopErrorHandler()


def failures(said):
    return [text for kind, text in said if kind >= gdal.CE_Failure]
