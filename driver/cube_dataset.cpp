#include "driver/cube_dataset.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "driver/container_dataset.h"
#include "driver/gdal_types.h"
#include "driver/guard.h"
#include "driver/labels.h"
#include "driver/placement.h"
#include "driver/vsi_files.h"

namespace vcube::driver {
namespace {

constexpr std::uint64_t kSmallBlock = 128;   // smaller chunks are taken together
constexpr std::uint64_t kLargeBlock = 1024;  // larger ones are cut
constexpr std::int64_t kMaxCategories = 256;

/// Extent of a GDAL block along one axis: the chunk's, kept within what GDAL's block cache deals with well.
int block_extent(std::uint64_t chunk, std::uint64_t raster) {
    std::uint64_t extent = std::max<std::uint64_t>(chunk, 1);
    if (extent < kSmallBlock) {
        extent *= (kSmallBlock + extent - 1) / extent;
    } else if (extent > kLargeBlock) {
        const std::uint64_t parts = (extent + kLargeBlock - 1) / kLargeBlock;
        extent = (extent + parts - 1) / parts;
    }
    return static_cast<int>(std::min(extent, raster));
}

/// Names by value for enumerations whose values are small; flags of single bits have none.
CPLStringList category_names(const std::vector<Flag>& flags) {
    std::vector<std::string> names;
    for (const Flag& flag : flags) {
        if (flag.mask != 0 || flag.value < 0 || flag.value >= kMaxCategories) {
            return {};
        }
        const auto at = static_cast<std::size_t>(flag.value);
        names.resize(std::max(names.size(), at + 1));
        names[at] = flag.name;
    }
    CPLStringList out;
    for (const std::string& name : names) {
        out.AddString(name.c_str());
    }
    return out;
}

std::vector<std::uint64_t> window_positions(int offset, int size) {
    std::vector<std::uint64_t> out(static_cast<std::size_t>(size));
    std::iota(out.begin(), out.end(), static_cast<std::uint64_t>(offset));
    return out;
}

/// The array with the type that its attributes ask for (`_Unsigned`): the same bytes, understood otherwise.
ArrayMeta as_encoded(const ArrayMeta& meta, const Encoding& encoding) {
    ArrayMeta out = meta;
    if (encoding.type.size == meta.dtype.size) {
        out.dtype.kind = encoding.type.kind;
    }
    return out;
}

/// Callers that gave a progress function wait for its last call.
void report_end(CPLErr result, const GDALRasterIOExtraArg* extra) {
    if (result == CE_None && extra != nullptr && extra->pfnProgress != nullptr) {
        extra->pfnProgress(1.0, "", extra->pProgressData);
    }
}

std::string selection_suffix(const std::vector<Selection>& selections) {
    std::string out;
    for (const Selection& selection : selections) {
        out += "." + selection.dimension + std::to_string(selection.index);
    }
    return out;
}

std::string file_name_part(std::string text) {
    std::replace(text.begin(), text.end(), '/', '_');
    return text;
}

}  // namespace

Result<std::unique_ptr<GDALDataset>> CubeDataset::open(const OpenContext& context, const ArrayMeta& meta) {
    const Encoding encoding = decode_encoding(meta);
    const auto type = gdal_type(encoding.type);
    if (!type) {
        return unsupported(meta.path + ": values of type " + type_name(meta.dtype) + " are not a raster");
    }
    const OpenedStore& source = *context.source;
    VCUBE_ASSIGN(Array array, Array::open(source.store, as_encoded(meta, encoding), context.runtime));
    const std::string parent = parent_path(meta.path);
    const Group* const group = parent.empty() ? source.hierarchy.get() : source.hierarchy->find_group(parent);
    const Georef georef = derive_georef(*source.hierarchy, group != nullptr ? *group : *source.hierarchy, meta,
                                        source.store, context.runtime);
    VCUBE_ASSIGN(RasterArray raster, RasterArray::create(std::move(array), georef, context.name.selections));
    std::unique_ptr<CubeDataset> dataset(new CubeDataset(context, std::move(raster), georef));
    dataset->encoding_ = encoding;
    dataset->type_ = *type;
    dataset->categories_ = category_names(encoding.flags);
    dataset->set_up_bands();
    dataset->set_up_companions();
    return std::unique_ptr<GDALDataset>(std::move(dataset));
}

CubeDataset::CubeDataset(const OpenContext& context, RasterArray raster, const Georef& georef)
    : context_(context), raster_(std::move(raster)) {
    nRasterXSize = static_cast<int>(raster_.width());
    nRasterYSize = static_cast<int>(raster_.height());
    if (raster_.keeps_georef()) {
        Placement placement = place_raster(georef, context_.source->location);
        geotransform_ = placement.geotransform;
        srs_ = std::move(placement.srs);
        if (!placement.geolocation.empty()) {
            GDALDataset::SetMetadata(placement.geolocation.List(), "GEOLOCATION");
        }
    }
}

void CubeDataset::set_up_bands() {
    const ArrayMeta& meta = raster_.array().meta();
    CPLStringList items;
    for (const auto& [key, value] : array_metadata(*context_.source->hierarchy, meta)) {
        items.SetNameValue(key.c_str(), value.c_str());
    }
    GDALDataset::SetMetadata(items.List());
    CPLStringList structure;
    structure.SetNameValue("INTERLEAVE", "BAND");
    std::string codecs;
    for (const std::string& id : raster_.array().codec_ids()) {
        codecs += (codecs.empty() ? "" : ",") + id;
    }
    if (!codecs.empty()) {
        structure.SetNameValue("CODECS", codecs.c_str());
    }
    GDALDataset::SetMetadata(structure.List(), "IMAGE_STRUCTURE");
    const std::vector<BandLabel> labels = band_labels(context_, raster_);
    for (std::size_t band = 0; band < labels.size(); ++band) {
        const int number = static_cast<int>(band) + 1;
        SetBand(number, new CubeBand(this, number, labels[band]));
    }
}

void CubeDataset::set_up_companions() {
    // Auxiliary files stand beside the reference file, one set for each array of it.
    const std::string part = raster_.array().meta().path + selection_suffix(context_.name.selections);
    SetDescription(context_.description.c_str());
    SetPhysicalFilename(context_.source->vsi_path.c_str());
    SetSubdatasetName(part.c_str());
    TryLoadXML();
    companion_ = context_.source->vsi_path + "." + file_name_part(part);
    oOvManager.Initialize(this, companion_.c_str());
}

CPLErr CubeDataset::GetGeoTransform(double* out) {
    if (GDALPamDataset::GetGeoTransform(out) == CE_None) {
        return CE_None;
    }
    if (!geotransform_) {
        return CE_Failure;
    }
    std::copy(geotransform_->begin(), geotransform_->end(), out);
    return CE_None;
}

const OGRSpatialReference* CubeDataset::GetSpatialRef() const {
    const OGRSpatialReference* const own = GDALPamDataset::GetSpatialRef();
    return own != nullptr ? own : srs_ ? &*srs_ : nullptr;
}

char** CubeDataset::GetFileList() {
    CPLStringList files(GDALPamDataset::GetFileList(), TRUE);
    if (files.FindString(context_.source->vsi_path.c_str()) < 0) {
        files.AddString(context_.source->vsi_path.c_str());
    }
    return files.StealList();
}

CPLErr CubeDataset::IBuildOverviews(const char* resampling, int overview_count, const int* overviews, int band_count,
                                    const int* bands, GDALProgressFunc progress, void* progress_data,
                                    CSLConstList options) {
    return oOvManager.BuildOverviews(companion_.c_str(), resampling, overview_count, overviews, band_count, bands,
                                     progress, progress_data, options);
}

bool CubeDataset::is_direct(const Request& request) {
    const bool same_size = request.width == request.out_width && request.height == request.out_height;
    const bool nearest = request.extra == nullptr || request.extra->eResampleAlg == GRIORA_NearestNeighbour;
    const bool whole_pixels = request.extra == nullptr || !request.extra->bFloatingPointWindowValidity ||
                              (request.extra->dfXOff == request.x && request.extra->dfYOff == request.y &&
                               request.extra->dfXSize == request.width && request.extra->dfYSize == request.height);
    return nearest || (same_size && whole_pixels);
}

Status CubeDataset::read(const Request& request, const std::vector<std::uint64_t>& bands) const {
    std::vector<std::uint64_t> columns;
    std::vector<std::uint64_t> rows;
    const bool exact = request.extra != nullptr && request.extra->bFloatingPointWindowValidity;
    if (request.width == request.out_width && request.height == request.out_height) {
        columns = window_positions(request.x, request.width);
        rows = window_positions(request.y, request.height);
    } else {
        columns =
            sample_positions(exact ? request.extra->dfXOff : request.x, exact ? request.extra->dfXSize : request.width,
                             static_cast<std::uint64_t>(request.out_width), raster_.width());
        rows =
            sample_positions(exact ? request.extra->dfYOff : request.y, exact ? request.extra->dfYSize : request.height,
                             static_cast<std::uint64_t>(request.out_height), raster_.height());
    }
    auto* const data = static_cast<std::byte*>(request.data);
    if (const auto type = buffer_dtype(request.type)) {
        const PixelTarget target{data, request.pixel, request.line, request.band, *type};
        return raster_.read(columns, rows, bands, target, context_.read_options());
    }
    // Complex integers: no array has them, so read what GDAL can turn into them, a line at a time.
    const int item = GDALGetDataTypeSizeBytes(GDT_CFloat64);
    std::vector<std::byte> line(columns.size() * static_cast<std::size_t>(item));
    for (std::size_t b = 0; b < bands.size(); ++b) {
        for (std::size_t r = 0; r < rows.size(); ++r) {
            const PixelTarget target{line.data(), item, 0, 0, *buffer_dtype(GDT_CFloat64)};
            VCUBE_TRY(raster_.read(columns, std::span(&rows[r], 1), std::span(&bands[b], 1), target,
                                   context_.read_options()));
            GDALCopyWords64(
                line.data(), GDT_CFloat64, item,
                data + static_cast<std::ptrdiff_t>(b) * request.band + static_cast<std::ptrdiff_t>(r) * request.line,
                request.type, static_cast<int>(request.pixel), request.out_width);
        }
    }
    return {};
}

CPLErr CubeDataset::IRasterIO(GDALRWFlag direction, int x, int y, int width, int height, void* data, int out_width,
                              int out_height, GDALDataType type, int band_count, int* bands, GSpacing pixel,
                              GSpacing line, GSpacing band, GDALRasterIOExtraArg* extra) {
    const Request request{x, y, width, height, data, out_width, out_height, type, pixel, line, band, extra};
    const bool smaller = out_width < width || out_height < height;
    const bool has_overviews = smaller && GetRasterBand(bands[0])->GetOverviewCount() > 0;
    if (direction != GF_Read || !is_direct(request) || has_overviews) {
        return GDALPamDataset::IRasterIO(direction, x, y, width, height, data, out_width, out_height, type, band_count,
                                         bands, pixel, line, band, extra);
    }
    const CPLErr result = guarded_status([&]() -> Status {
        std::vector<std::uint64_t> wanted;
        for (int i = 0; i < band_count; ++i) {
            wanted.push_back(static_cast<std::uint64_t>(bands[i] - 1));
        }
        return read(request, wanted);
    });
    report_end(result, extra);
    return result;
}

CubeBand::CubeBand(CubeDataset* dataset, int number, const BandLabel& label) {
    poDS = dataset;
    nBand = number;
    eDataType = dataset->type_;
    nBlockXSize = block_extent(dataset->raster_.chunk_width(), dataset->raster_.width());
    nBlockYSize = block_extent(dataset->raster_.chunk_height(), dataset->raster_.height());
    const ArrayMeta& meta = dataset->raster_.array().meta();
    GDALMajorObject::SetDescription(label.description.empty() ? meta.name.c_str() : label.description.c_str());
    for (const auto& [key, value] : label.items) {
        GDALMajorObject::SetMetadataItem(key.c_str(), value.c_str());
    }
    const Encoding& encoding = dataset->encoding_;
    if (!encoding.long_name.empty()) {
        GDALMajorObject::SetMetadataItem("long_name", encoding.long_name.c_str());
    }
    if (!encoding.standard_name.empty()) {
        GDALMajorObject::SetMetadataItem("standard_name", encoding.standard_name.c_str());
    }
}

namespace {

/// A value of PAM where the user set one, else the array's own.
template <class T, class Own>
T value_or_own(T pam, int pam_has, const std::optional<Own>& own, T fallback, int* has) {
    if (has != nullptr) {
        *has = pam_has != 0 || own.has_value();
    }
    return pam_has != 0 ? pam : own ? static_cast<T>(*own) : fallback;
}

}  // namespace

double CubeBand::GetNoDataValue(int* has) {
    int pam_has = FALSE;
    const double pam = GDALPamRasterBand::GetNoDataValue(&pam_has);
    return value_or_own(pam, pam_has, cube().encoding_.nodata, GDAL_PAM_DEFAULT_NODATA_VALUE, has);
}

int64_t CubeBand::GetNoDataValueAsInt64(int* has) {
    int pam_has = FALSE;
    const int64_t pam = GDALPamRasterBand::GetNoDataValueAsInt64(&pam_has);
    return value_or_own(pam, pam_has, cube().encoding_.nodata_int64, GDAL_PAM_DEFAULT_NODATA_VALUE_INT64, has);
}

uint64_t CubeBand::GetNoDataValueAsUInt64(int* has) {
    int pam_has = FALSE;
    const uint64_t pam = GDALPamRasterBand::GetNoDataValueAsUInt64(&pam_has);
    return value_or_own(pam, pam_has, cube().encoding_.nodata_uint64, GDAL_PAM_DEFAULT_NODATA_VALUE_UINT64, has);
}

double CubeBand::GetScale(int* has) {
    int pam_has = FALSE;
    const double pam = GDALPamRasterBand::GetScale(&pam_has);
    return value_or_own(pam, pam_has, cube().encoding_.scale, 1.0, has);
}

double CubeBand::GetOffset(int* has) {
    int pam_has = FALSE;
    const double pam = GDALPamRasterBand::GetOffset(&pam_has);
    return value_or_own(pam, pam_has, cube().encoding_.offset, 0.0, has);
}

const char* CubeBand::GetUnitType() {
    const char* const pam = GDALPamRasterBand::GetUnitType();
    return pam != nullptr && *pam != '\0' ? pam : cube().encoding_.units.c_str();
}

char** CubeBand::GetCategoryNames() {
    char** const pam = GDALPamRasterBand::GetCategoryNames();
    return pam != nullptr ? pam : cube().categories_.List();
}

CPLErr CubeBand::IReadBlock(int block_x, int block_y, void* data) {
    return guarded_status([&]() -> Status {
        const int item = GDALGetDataTypeSizeBytes(eDataType);
        const int x = block_x * nBlockXSize;
        const int y = block_y * nBlockYSize;
        const int width = std::min(nBlockXSize, nRasterXSize - x);
        const int height = std::min(nBlockYSize, nRasterYSize - y);
        const GSpacing line = static_cast<GSpacing>(item) * nBlockXSize;
        if (width < nBlockXSize || height < nBlockYSize) {
            std::memset(data, 0, static_cast<std::size_t>(line) * static_cast<std::size_t>(nBlockYSize));
        }
        const CubeDataset::Request request{x, y, width, height, data, width, height, eDataType, item, line, 0, nullptr};
        return cube().read(request, {static_cast<std::uint64_t>(nBand - 1)});
    });
}

CPLErr CubeBand::IRasterIO(GDALRWFlag direction, int x, int y, int width, int height, void* data, int out_width,
                           int out_height, GDALDataType type, GSpacing pixel, GSpacing line,
                           GDALRasterIOExtraArg* extra) {
    const CubeDataset::Request request{x, y, width, height, data, out_width, out_height, type, pixel, line, 0, extra};
    const bool smaller = out_width < width || out_height < height;
    const bool has_overviews = smaller && GetOverviewCount() > 0;
    if (direction != GF_Read || !CubeDataset::is_direct(request) || has_overviews) {
        return GDALPamRasterBand::IRasterIO(direction, x, y, width, height, data, out_width, out_height, type, pixel,
                                            line, extra);
    }
    const CPLErr result =
        guarded_status([&]() -> Status { return cube().read(request, {static_cast<std::uint64_t>(nBand - 1)}); });
    report_end(result, extra);
    return result;
}

namespace {

/// Why there is no array of this name: its own problem where it has one, else what there is.
Error no_such_array(const OpenedStore& source, const std::string& path) {
    std::string names;
    std::size_t count = 0;
    constexpr std::size_t kMaxNamed = 20;
    for_each_array(*source.hierarchy, [&](const Group&, const ArrayMeta& array) {
        if (count++ < kMaxNamed) {
            names += (names.empty() ? "" : ", ") + array.path;
        }
    });
    std::optional<Error> own;
    const auto look = [&](const auto& self, const Group& group) -> void {
        for (const Error& problem : group.problems) {
            if (!own && problem.message.find(path) != std::string::npos) {
                own = problem;
            }
        }
        for (const Group& child : group.groups) {
            self(self, child);
        }
    };
    look(look, *source.hierarchy);
    if (own) {
        return *own;
    }
    return not_found(std::string(source.store->name()) + ": no array or group /" + path +
                     "; there are: " + (names.empty() ? "none" : names) + (count > kMaxNamed ? ", ..." : ""));
}

}  // namespace

Result<std::unique_ptr<GDALDataset>> open_cube_dataset(const OpenContext& context) {
    const OpenedStore& source = *context.source;
    const std::string& path = context.name.path;
    if (!path.empty()) {
        if (const ArrayMeta* const meta = source.hierarchy->find_array(path)) {
            return CubeDataset::open(context, *meta);
        }
        if (source.hierarchy->find_group(path) == nullptr) {
            return no_such_array(source, path);
        }
    }
    const std::vector<const ArrayMeta*> arrays = listed_arrays(*source.hierarchy, path);
    if (arrays.size() == 1) {
        return CubeDataset::open(context, *arrays.front());
    }
    if (arrays.empty()) {
        return not_found(std::string(source.store->name()) + ": holds no array that is a raster");
    }
    if (!context.name.selections.empty()) {
        return invalid(std::string(source.store->name()) +
                       ": dimensions are selected but no array is named; expected VCUBE:\"...\":/array:" +
                       context.name.selections.front().dimension + "=[...]");
    }
    std::vector<SubdatasetEntry> entries;
    TimeSpans spans;
    for (const ArrayMeta* const array : arrays) {
        entries.push_back({subdataset_name(source.location, array->path), describe_array(context, *array, spans)});
    }
    MetadataItems metadata;
    for (const auto& [key, value] : source.hierarchy->attributes.items()) {
        metadata.emplace_back("NC_GLOBAL#" + key, attribute_value_text(value));
    }
    return make_container_dataset(entries, metadata);
}

}  // namespace vcube::driver
