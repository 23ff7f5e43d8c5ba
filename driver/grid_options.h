// The grid that the open options CRS, EXTENT, RES and GRID ask for. Pure apart from PROJ's database; raises no
// CPLError.
#pragma once

#include <string>
#include <vector>

#include "core/dgg/grid.h"
#include "driver/open_options.h"
#include "ogr_spatialref.h"
#include "vcube/result.h"

namespace vcube::driver {

struct ChosenGrid {
    dgg::Grid grid;
    OGRSpatialReference srs;  // x before y
    std::string tag;          // the options in one text, "" for the default grid: tells grids of one product apart
};

/// Names that GRID takes, in the order of data/grids.inc.
std::vector<std::string> grid_names();

/// GRID alone names a grid. Otherwise CRS (EPSG:4326) with EXTENT=xmin,ymin,xmax,ymax (the named grid's extent for
/// EPSG:4326 and EPSG:3035, the CRS's area of use for others) and RES=r or xr,yr (GLOBAL's pixel: 360/16384 degree,
/// 2500 m). The upper left corner of the extent stands; its size is rounded to whole pixels, an extent that was not
/// given is widened to multiples of the resolution. Errors name the option.
Result<ChosenGrid> choose_grid(const OpenOptions& options);

}  // namespace vcube::driver
