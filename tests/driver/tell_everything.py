"""Opens a dataset, reads it, and tells all that GDAL tells of it: run by test_secrets with everything said kept.

    tell_everything.py NAME [--option KEY=VALUE ...] [--path PREFIX KEY=VALUE ...]
"""
import argparse
import sys

from osgeo import gdal


def tell_object(kind, thing):
    print(kind, thing.GetMetadata_Dict())
    for domain in thing.GetMetadataDomainList() or []:
        print(kind, domain, thing.GetMetadata_List(domain))


def tell_dataset(dataset, write):
    print("files", dataset.GetFileList())
    tell_object("dataset", dataset)
    print([text for _, text in dataset.GetSubDatasets()])
    for number in range(1, dataset.RasterCount + 1):
        band = dataset.GetRasterBand(number)
        print("band", number, band.GetDescription(), band.ReadRaster() is not None)
        tell_object(f"band {number}", band)
        for item in ("Pixel_0_0", "Pixel_40_60"):
            print(item, band.GetMetadataItem(item, "LocationInfo"))
    if write and dataset.RasterCount:
        print("overviews", dataset.BuildOverviews("AVERAGE", [2]))
        print("statistics", dataset.GetRasterBand(1).ComputeStatistics(False))
    print("files", dataset.GetFileList())
    tell_object("dataset", dataset)


def tell_group(group):
    print("group", group.GetFullName(), [(a.GetName(), a.Read()) for a in group.GetAttributes()], group.GetStructuralInfo())
    for name in group.GetMDArrayNames() or []:
        array = group.OpenMDArray(name)
        print("array", array.GetFullName(), [(a.GetName(), a.Read()) for a in array.GetAttributes()], array.GetStructuralInfo())
        array.Read()


def guarded(work, *arguments):
    try:
        return work(*arguments)
    except RuntimeError as error:
        print("error:", error)
        return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--option", action="append", default=[])
    parser.add_argument("--path", nargs=2, action="append", default=[])
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    gdal.UseExceptions()
    for prefix, pair in given.path:
        gdal.SetPathSpecificOption(prefix, *pair.split("=", 1))
    for _ in range(2):  # what is remembered of the first time is told the second time
        dataset = guarded(gdal.OpenEx, given.name, gdal.OF_RASTER | gdal.OF_VERBOSE_ERROR, [], given.option)
        if dataset is not None:
            guarded(tell_dataset, dataset, given.write)
            for _, text in dataset.GetSubDatasets():
                print(text)
        dataset = None
        multidim = guarded(gdal.OpenEx, given.name.split('":')[0] + '"', gdal.OF_MULTIDIM_RASTER, [], given.option)
        if multidim is not None:
            guarded(tell_group, multidim.GetRootGroup())
    sys.stdout.flush()


main()
