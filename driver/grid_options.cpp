#include "driver/grid_options.h"

#include <algorithm>
#include <array>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>

#include "cpl_error.h"
#include "cpl_string.h"
#include "driver/srs.h"

namespace vcube::driver {

namespace {

struct NamedGrid {
    const char* name;
    const char* crs;
    double x, y, pixel_width, pixel_height;
    std::uint32_t width, height;
    const char* what;
};

constexpr NamedGrid kGrids[] = {
#define VCUBE_GRID(name, crs, x, y, xres, yres, width, height, what) \
    NamedGrid{name, crs, x, y, xres, yres, width, height, what},
#include "data/grids.inc"
#undef VCUBE_GRID
};

constexpr double kDefaultDegrees = 360.0 / 16384;
constexpr double kDefaultMetres = 2500;
constexpr double kMaxPixels = 281474976710656.0;  // 2^48: more than any host will read, and far from overflow

struct Extent {
    double xmin = 0, ymin = 0, xmax = 0, ymax = 0;
};

const NamedGrid* find_grid(const std::string& name) {
    for (const NamedGrid& grid : kGrids) {
        if (EQUAL(grid.name, name.c_str())) {
            return &grid;
        }
    }
    return nullptr;
}

// The grids whose extent stands for their CRS: the first of a CRS in the table that covers what people mean by it.
const NamedGrid* grid_of_crs(const std::string& crs) {
    for (const NamedGrid& grid : kGrids) {
        const bool stands = EQUAL(grid.crs, "EPSG:4326") || EQUAL(grid.crs, "EPSG:3035");
        if (stands && EQUAL(grid.crs, crs.c_str())) {
            return &grid;
        }
    }
    return nullptr;
}

Result<std::vector<double>> parse_numbers(const char* option, const std::string& text) {
    std::vector<double> numbers;
    const char* at = text.c_str();
    while (true) {
        char* end = nullptr;
        const double number = CPLStrtod(at, &end);
        if (end == at || !std::isfinite(number)) {
            return invalid(std::string(option) + "=" + text + ": expected numbers with commas between them");
        }
        numbers.push_back(number);
        while (*end == ' ') {
            ++end;
        }
        if (*end == '\0') {
            return numbers;
        }
        if (*end != ',') {
            return invalid(std::string(option) + "=" + text + ": expected numbers with commas between them");
        }
        at = end + 1;
    }
}

Result<Extent> parse_extent(const std::string& text) {
    VCUBE_ASSIGN(const std::vector<double> numbers, parse_numbers("EXTENT", text));
    if (numbers.size() != 4) {
        return invalid("EXTENT=" + text + ": expected xmin,ymin,xmax,ymax, got " + std::to_string(numbers.size()) +
                       " numbers");
    }
    const Extent extent{numbers[0], numbers[1], numbers[2], numbers[3]};
    if (extent.xmin >= extent.xmax || extent.ymin >= extent.ymax) {
        return invalid("EXTENT=" + text + ": expected xmin,ymin,xmax,ymax with xmin < xmax and ymin < ymax");
    }
    return extent;
}

Result<std::array<double, 2>> parse_resolution(const std::string& text) {
    VCUBE_ASSIGN(const std::vector<double> numbers, parse_numbers("RES", text));
    if (numbers.size() > 2) {
        return invalid("RES=" + text + ": expected one number, or xres,yres");
    }
    if (numbers.front() <= 0 || numbers.back() <= 0) {
        return invalid("RES=" + text + ": expected a resolution greater than 0");
    }
    return std::array<double, 2>{numbers.front(), numbers.back()};
}

// Bounds in `srs` of the area where it is meant to be used: of a lattice of points, so that poles and curved edges
// count.
Result<Extent> area_of_use(const OGRSpatialReference& srs, const std::string& crs) {
    const Error no_extent = invalid("CRS=" + crs + ": it tells no area of use; give EXTENT=xmin,ymin,xmax,ymax");
    double west = 0, south = 0, east = 0, north = 0;
    if (!srs.GetAreaOfUse(&west, &south, &east, &north, nullptr) || west < -180 || south < -90) {
        return no_extent;
    }
    east += east < west ? 360 : 0;
    if (srs.IsGeographic() != 0) {
        return Extent{west, south, east, north};
    }
    OGRSpatialReference lonlat;
    lonlat.SetFromUserInput("EPSG:4326");
    lonlat.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    const CPLErrorHandlerPusher quiet(CPLQuietErrorHandler);
    const std::unique_ptr<OGRCoordinateTransformation> transform(OGRCreateCoordinateTransformation(&lonlat, &srs));
    if (!transform) {
        return no_extent;
    }
    constexpr int kSteps = 64;
    std::vector<double> x, y;
    for (int row = 0; row <= kSteps; ++row) {
        for (int column = 0; column <= kSteps; ++column) {
            x.push_back(west + (east - west) * column / kSteps);
            y.push_back(south + (north - south) * row / kSteps);
        }
    }
    std::vector<int> good(x.size(), FALSE);
    transform->Transform(static_cast<int>(x.size()), x.data(), y.data(), nullptr, good.data());
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    Extent out{kInfinity, kInfinity, -kInfinity, -kInfinity};
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (good[i] != FALSE && std::isfinite(x[i]) && std::isfinite(y[i])) {
            out = {std::min(out.xmin, x[i]), std::min(out.ymin, y[i]), std::max(out.xmax, x[i]),
                   std::max(out.ymax, y[i])};
        }
    }
    CPLErrorReset();
    return out.xmin < out.xmax && out.ymin < out.ymax ? Result<Extent>(out) : Result<Extent>(no_extent);
}

// Degrees, or metres, in a unit of a geographic, or projected, CRS.
double unit_of(const OGRSpatialReference& srs) {
    constexpr double kDegree = 0.017453292519943295;
    const double unit = srs.IsGeographic() != 0 ? srs.GetAngularUnits(nullptr) / kDegree : srs.GetLinearUnits(nullptr);
    return unit > 0 ? unit : 1.0;
}

double default_resolution(const OGRSpatialReference& srs) {
    return (srs.IsGeographic() != 0 ? kDefaultDegrees : kDefaultMetres) / unit_of(srs);
}

double metres_per_unit(const OGRSpatialReference& srs) {
    constexpr double kMetresPerDegree = 111195;
    return (srs.IsGeographic() != 0 ? kMetresPerDegree : 1.0) * unit_of(srs);
}

// Whole pixels over the extent, from its upper left corner.
Status set_frame(dgg::Grid& grid, const Extent& extent, std::array<double, 2> resolution) {
    const double width = std::round((extent.xmax - extent.xmin) / resolution[0]);
    const double height = std::round((extent.ymax - extent.ymin) / resolution[1]);
    constexpr double kMaxSide = std::numeric_limits<std::int32_t>::max();
    const auto size = [&] { return CPLSPrintf("%.0f x %.0f pixels", width, height); };
    if (width > kMaxSide || height > kMaxSide || width * height > kMaxPixels) {
        return over_limit(std::string("RES and EXTENT make ") + size() + "; at most " + std::to_string(INT_MAX) +
                          " a side and 2^48 in all can be shown");
    }
    if (width < 1 || height < 1) {
        return invalid("RES is larger than twice the EXTENT: no pixel is left");
    }
    grid.geotransform = {extent.xmin, resolution[0], 0, extent.ymax, 0, -resolution[1]};
    grid.width = static_cast<std::uint32_t>(width);
    grid.height = static_cast<std::uint32_t>(height);
    return {};
}

Result<ChosenGrid> named_grid(const OpenOptions& options) {
    if (options.crs || options.extent || options.res) {
        return invalid("GRID=" + *options.grid + ": a named grid has its own CRS, EXTENT and RES; give either");
    }
    const NamedGrid* named = find_grid(*options.grid);
    if (named == nullptr) {
        std::string valid;
        for (const std::string& name : grid_names()) {
            valid += (valid.empty() ? "" : ", ") + name;
        }
        return invalid("GRID=" + *options.grid + ": no such grid; there are " + valid);
    }
    const std::optional<OGRSpatialReference> srs = parse_srs(named->crs);
    if (!srs) {
        return invalid(std::string("GRID=") + named->name + ": PROJ does not know " + named->crs);
    }
    ChosenGrid chosen;
    chosen.srs = *srs;
    chosen.grid.crs = named->crs;
    chosen.grid.metres_per_unit = metres_per_unit(*srs);
    chosen.grid.geotransform = {named->x, named->pixel_width, 0, named->y, 0, -named->pixel_height};
    chosen.grid.width = named->width;
    chosen.grid.height = named->height;
    chosen.tag = std::string("GRID=") + named->name;
    return chosen;
}

Result<Extent> default_extent(const std::string& crs, const OGRSpatialReference& srs,
                              std::array<double, 2> resolution) {
    if (const NamedGrid* named = grid_of_crs(crs)) {
        return Extent{named->x, named->y - named->height * named->pixel_height,
                      named->x + named->width * named->pixel_width, named->y};
    }
    VCUBE_ASSIGN(const Extent area, area_of_use(srs, crs));
    const auto [xres, yres] = resolution;
    return Extent{std::floor(area.xmin / xres) * xres, std::floor(area.ymin / yres) * yres,
                  std::ceil(area.xmax / xres) * xres, std::ceil(area.ymax / yres) * yres};
}

}  // namespace

std::vector<std::string> grid_names() {
    std::vector<std::string> names;
    for (const NamedGrid& grid : kGrids) {
        names.emplace_back(grid.name);
    }
    return names;
}

Result<ChosenGrid> choose_grid(const OpenOptions& options) {
    if (options.grid) {
        return named_grid(options);
    }
    const std::string crs = options.crs.value_or("EPSG:4326");
    const std::optional<OGRSpatialReference> srs = parse_srs(crs);
    if (!srs || (srs->IsGeographic() == 0 && srs->IsProjected() == 0)) {
        return invalid("CRS=" + crs + ": no geographic or projected coordinate reference system that PROJ knows");
    }
    ChosenGrid chosen;
    chosen.srs = *srs;
    chosen.grid.crs = crs;
    chosen.grid.metres_per_unit = metres_per_unit(*srs);
    std::array<double, 2> resolution{default_resolution(*srs), default_resolution(*srs)};
    if (options.res) {
        VCUBE_ASSIGN(resolution, parse_resolution(*options.res));
    }
    Extent extent;
    if (options.extent) {
        VCUBE_ASSIGN(extent, parse_extent(*options.extent));
    } else {
        VCUBE_ASSIGN(extent, default_extent(crs, *srs, resolution));
    }
    VCUBE_TRY(set_frame(chosen.grid, extent, resolution));
    for (const auto& [key, value] : {std::pair<const char*, const std::optional<std::string>&>{"CRS=", options.crs},
                                     {"EXTENT=", options.extent},
                                     {"RES=", options.res}}) {
        if (value) {
            chosen.tag.append(chosen.tag.empty() ? "" : ";").append(key).append(*value);
        }
    }
    return chosen;
}

}  // namespace vcube::driver
