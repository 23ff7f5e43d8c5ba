#include "driver/swath_raster.h"

#include <algorithm>

#include "core/base/patience.h"
#include "driver/cell_painting.h"
#include "driver/gdal_types.h"

namespace vcube::driver {

namespace {

std::string text_of(double value) {
    return CPLSPrintf("%.17g", value);
}

void add_classes(const swath::Variable& variable, GridBandInfo& info) {
    std::string names, masks;
    for (const Flag& flag : variable.encoding.flags) {
        info.classes.push_back({flag.name, flag.mask, flag.value});
        names += (names.empty() ? "" : " ") + flag.name;
        const std::uint64_t number = flag.mask != 0 ? flag.mask : static_cast<std::uint64_t>(flag.value);
        masks.append(masks.empty() ? "" : ",").append(std::to_string(number));
        info.metadata.emplace_back("FLAG_" + flag.name, std::to_string(number));
    }
    if (!names.empty()) {
        info.metadata.emplace_back("flag_meanings", names);
        info.metadata.emplace_back(swath::has_bit_flags(variable.encoding) ? "flag_masks" : "flag_values", masks);
    }
}

// Attributes that no property of a band tells, as text.
void add_attributes(const swath::Variable& variable, GridBandInfo& info) {
    static const char* const kTold[] = {"_FillValue",  "_Unsigned",     "scale_factor",  "scale_offset",
                                        "add_offset",  "units",         "flag_masks",    "flag_meanings",
                                        "flag_values", "missing_value", "DIMENSION_LIST"};
    const Json& attributes = variable.array.attributes;
    if (!attributes.is_object()) {
        return;
    }
    for (const auto& [name, value] : attributes.items()) {
        const bool told = std::any_of(std::begin(kTold), std::end(kTold),
                                      [&wanted = name](const char* key) { return wanted == key; });
        if (told || value.is_null() || value.is_object()) {
            continue;
        }
        info.metadata.emplace_back(name, value.is_string()         ? value.get<std::string>()
                                         : value.is_number_float() ? text_of(value.get<double>())
                                                                   : value.dump());
    }
}

}  // namespace

GDALDataType swath_type(const swath::Variable& variable) {
    return gdal_type(variable.encoding.type).value_or(GDT_Float64);
}

GridPainter make_swath_painter(const OpenContext& context, const swath::Variable& variable,
                               std::shared_ptr<const GridPyramid> pyramid) {
    return [product = context.source->product, &variable, pyramid = std::move(pyramid), runtime = context.runtime,
            threads = context.options.max_threads,
            style = cell_style(context.options, !variable.encoding.flags.empty()), nodata = variable.nodata_bytes()](
               std::size_t level, const dgg::Window& window, const swath::PixelBuffer& out) -> Status {
        VCUBE_TRY(check_wanted());
        VCUBE_ASSIGN(const auto rows, product->rows());
        VCUBE_ASSIGN(const auto column, product->column(variable));
        return paint_cells(*pyramid, style, level, window, {*rows, column->span()}, variable.encoding.type, nodata, out,
                           runtime->pool, threads);
    };
}

GridBandInfo swath_band_info(const swath::Product& product, const swath::Variable& variable) {
    const Encoding& encoding = variable.encoding;
    GridBandInfo info;
    info.description = variable.array.name;
    info.type = swath_type(variable);
    info.nodata = encoding.nodata;
    info.nodata_int64 = encoding.nodata_int64;
    info.nodata_uint64 = encoding.nodata_uint64;
    info.scale = encoding.scale;
    info.offset = encoding.offset;
    info.unit = encoding.units;
    if (!product.time().empty()) {
        info.metadata.emplace_back("TIME", product.time());
    }
    add_attributes(variable, info);
    add_classes(variable, info);
    return info;
}

std::string describe_variable(const swath::Variable& variable, const dgg::Grid& grid, const std::string& steps) {
    const Encoding& encoding = variable.encoding;
    std::string title = encoding.long_name.empty() ? variable.array.name : encoding.long_name;
    if (encoding.long_name.empty()) {
        std::replace(title.begin(), title.end(), '_', ' ');
    }
    return title + (encoding.units.empty() ? "" : " [" + encoding.units + "]") + ", " + steps +
           std::to_string(grid.width) + " x " + std::to_string(grid.height) + " " +
           GDALGetDataTypeName(swath_type(variable));
}

swath::MetadataItems md_attributes(const GridBandInfo& info, const std::string& long_name) {
    swath::MetadataItems items;
    if (!long_name.empty()) {
        items.emplace_back("long_name", long_name);
    }
    for (const auto& item : info.metadata) {
        if ((item.first != "long_name" || long_name.empty()) && !item.first.starts_with("FLAG_")) {
            items.push_back(item);
        }
    }
    return items;
}

swath::MetadataItems swath_metadata(const swath::Product& product) {
    swath::MetadataItems items = product.metadata();
    if (!product.time().empty()) {
        items.insert(items.begin(), {"TIME", product.time()});
    }
    return items;
}

}  // namespace vcube::driver
