#include "driver/cube_dataset.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "core/base/concat.h"
#include "core/base/log.h"
#include "core/base/redacted.h"
#include "core/cube/multiscales.h"
#include "driver/array_selection.h"
#include "driver/gdal_types.h"
#include "driver/guard.h"
#include "driver/labels.h"
#include "driver/past_pam.h"
#include "driver/placement.h"
#include "driver/progress.h"
#include "driver/side_by_side.h"

namespace vcube::driver {
namespace {

constexpr std::int64_t kMaxCategories = 256;

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

/// How a request is read: with the progress function of its caller.
ReadOptions options_of(const OpenContext& context, const GDALRasterIOExtraArg* extra) {
    ReadOptions out = context.read_options();
    if (extra != nullptr && extra->pfnProgress != nullptr) {
        out.progress = ProgressCall(extra->pfnProgress, extra->pProgressData);
    }
    return out;
}

/// Ends of a raster that lies straight: left, top, right, bottom.
std::array<double, 4> edges_of(const std::array<double, 6>& at, int width, int height) {
    return {at[0], at[3], at[0] + at[1] * width, at[3] + at[5] * height};
}

bool same_number(const std::optional<double>& a, const std::optional<double>& b) {
    return a.has_value() == b.has_value() && (!a || *a == *b || (std::isnan(*a) && std::isnan(*b)));
}

}  // namespace

Result<std::unique_ptr<CubeDataset>> CubeDataset::open(const OpenContext& context, const ArrayMeta& meta) {
    VCUBE_ASSIGN(const std::vector<DimensionChoice> choices, choose_positions(context, meta, context.name.selections));
    VCUBE_ASSIGN(std::unique_ptr<CubeDataset> dataset, open_chosen(context, meta, choices));
    dataset->set_up_bands();
    dataset->set_up_companions();
    dataset->tell_statistics(context);
    return dataset;
}

Result<std::unique_ptr<CubeDataset>> CubeDataset::open_chosen(const OpenContext& context, const ArrayMeta& meta,
                                                              std::span<const DimensionChoice> choices) {
    const Encoding encoding = decode_encoding(meta);
    const auto type = gdal_type(encoding.type);
    if (!type) {
        return unsupported(concat(meta.path, ": values of type ", type_name(meta.dtype),
                                  " are not a raster; the multidimensional API reads them (gdalmdiminfo)"));
    }
    const OpenedStore& source = *context.source;
    VCUBE_ASSIGN(Array array, Array::open(context.arrays(), as_encoded(meta, encoding)));
    const std::string parent = parent_path(meta.path);
    const Group* const group = parent.empty() ? source.hierarchy.get() : source.hierarchy->find_group(parent);
    const Georef georef =
        derive_georef(*source.hierarchy, group != nullptr ? *group : *source.hierarchy, meta, context.arrays());
    VCUBE_ASSIGN(RasterArray raster, RasterArray::create(std::move(array), georef, choices));
    std::unique_ptr<CubeDataset> dataset(new CubeDataset(context, std::move(raster), georef));
    dataset->encoding_ = encoding;
    dataset->type_ = *type;
    dataset->categories_ = category_names(encoding.flags);
    dataset->choices_.assign(choices.begin(), choices.end());
    return dataset;
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
            set_own_items(*this, placement.geolocation.List(), "GEOLOCATION");
        }
    }
}

void CubeDataset::set_up_bands() {
    const ArrayMeta& meta = raster_.array().meta();
    CPLStringList items;
    for (const auto& [key, value] : array_metadata(*context_.source->hierarchy, meta)) {
        items.SetNameValue(key.c_str(), value.c_str());
    }
    set_own_items(*this, items.List());
    CPLStringList structure;
    structure.SetNameValue("INTERLEAVE", "BAND");
    std::string codecs;
    for (const std::string& id : raster_.array().codec_ids()) {
        codecs += (codecs.empty() ? "" : ",") + id;
    }
    if (!codecs.empty()) {
        structure.SetNameValue("CODECS", codecs.c_str());
    }
    set_own_items(*this, structure.List(), "IMAGE_STRUCTURE");
    const std::vector<BandLabel> labels = band_labels(context_, raster_);
    for (std::size_t band = 0; band < labels.size(); ++band) {
        const int number = static_cast<int>(band) + 1;
        SetBand(number, new CubeBand(this, number, labels[band]));
    }
}

void CubeDataset::set_up_companions() {
    const std::string part = companion_part(raster_.array().meta(), choices_);
    companion_ = companion_place(context_, part);
    SetDescription(context_.description.c_str());
    if (!companion_.reachable) {
        nPamFlags |= GPF_DISABLED | GPF_NOSAVE;  // GDAL would look for files under half a dozen names
        return;
    }
    SetPhysicalFilename(companion_.physical.c_str());
    SetSubdatasetName(part.c_str());
    TryLoadXML();
    oOvManager.Initialize(this, companion_.base.c_str());
}

bool CubeDataset::fits_as_level(const CubeDataset& level) const {
    const bool values_match = same_number(encoding_.scale, level.encoding_.scale) &&
                              same_number(encoding_.offset, level.encoding_.offset) &&
                              same_number(encoding_.nodata, level.encoding_.nodata) &&
                              encoding_.nodata_int64 == level.encoding_.nodata_int64 &&
                              encoding_.nodata_uint64 == level.encoding_.nodata_uint64;
    if (!values_match || level.raster_.band_count() != raster_.band_count()) {
        return false;
    }
    if (geotransform_ && level.geotransform_) {
        const std::array<double, 6>& coarse = *level.geotransform_;
        const auto fine_edges = edges_of(*geotransform_, nRasterXSize, nRasterYSize);
        const auto edges = edges_of(coarse, level.nRasterXSize, level.nRasterYSize);
        for (std::size_t i = 0; i < edges.size(); ++i) {
            // Levels that were trimmed or padded to whole pixels end within one of theirs.
            if (!(std::fabs(edges[i] - fine_edges[i]) <= std::fabs(coarse[i % 2 == 0 ? 1 : 5]) * 1.001)) {
                return false;
            }
        }
        return true;
    }
    // By shapes: both sides shrink alike, to within one pixel of the level.
    const double across = static_cast<double>(nRasterXSize) / level.nRasterXSize;
    const double down = static_cast<double>(nRasterYSize) / level.nRasterYSize;
    return std::fabs(nRasterXSize / down - level.nRasterXSize) <= 1 ||
           std::fabs(nRasterYSize / across - level.nRasterYSize) <= 1;
}

const std::vector<std::unique_ptr<CubeDataset>>& CubeDataset::levels() {
    if (levels_) {
        return *levels_;
    }
    levels_.emplace();
    if (is_level_ || !raster_.keeps_georef()) {
        return *levels_;
    }
    for (const PyramidLevel& found : coarser_levels(*context_.source->hierarchy, raster_.array().meta())) {
        const bool same_rows_and_columns = [&] {
            const Shape& fine = raster_.array().meta().shape;
            for (std::size_t d = 0; d < fine.size(); ++d) {
                if (d != raster_.x_dim() && d != raster_.y_dim() && found.array->shape[d] != fine[d]) {
                    return false;
                }
            }
            return true;
        }();
        if (!same_rows_and_columns) {
            continue;
        }
        auto level = open_chosen(context_, *found.array, choices_);
        if (!level.ok()) {
            log(LogLevel::kWarning, concat("level ", found.array->path, " of ", raster_.array().meta().path,
                                           " is no overview: ", level.error().message));
            continue;
        }
        CubeDataset& dataset = *level.value();
        dataset.is_level_ = true;
        dataset.set_up_bands();
        if ((found.declared || (geotransform_ && dataset.geotransform_)) && fits_as_level(dataset)) {
            levels_->push_back(std::move(level).value());
        }
    }
    return *levels_;
}

CPLErr CubeDataset::geotransform(double* out) const {
    if (saved_geotransform(out) == CE_None) {
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
    CPLStringList files(companion_.reachable ? GDALPamDataset::GetFileList() : nullptr, TRUE);
    const std::string file = redacted(context_.source->vsi_path);
    if (files.FindString(file.c_str()) < 0) {
        files.AddString(file.c_str());
    }
    return files.StealList();
}

CPLErr CubeDataset::IBuildOverviews(const char* resampling, int overview_count, const int* overviews, int band_count,
                                    const int* bands, GDALProgressFunc progress, void* progress_data,
                                    CSLConstList options) {
    if (guarded_status([&] { return prepare_companion(context_, companion_); }) != CE_None) {
        return CE_Failure;
    }
    oOvManager.IsInitialized();  // looks for those that are there: they are added to, or cleaned
    return oOvManager.BuildOverviews(companion_.base.c_str(), resampling, overview_count, overviews, band_count, bands,
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

CubeDataset::Positions CubeDataset::positions_of(const Request& request) const {
    if (request.width == request.out_width && request.height == request.out_height) {
        return {window_positions(request.x, request.width), window_positions(request.y, request.height)};
    }
    const bool exact = request.extra != nullptr && request.extra->bFloatingPointWindowValidity;
    return {sample_positions(exact ? request.extra->dfXOff : request.x, exact ? request.extra->dfXSize : request.width,
                             static_cast<std::uint64_t>(request.out_width), raster_.width()),
            sample_positions(exact ? request.extra->dfYOff : request.y, exact ? request.extra->dfYSize : request.height,
                             static_cast<std::uint64_t>(request.out_height), raster_.height())};
}

CPLErr CubeDataset::advise(const Request& request, std::vector<std::uint64_t> bands) {
    return guarded_status([&]() -> Status {
        if (!waits_) {
            waits_ = reads_remotely(context_);
        }
        if (!*waits_) {
            return {};
        }
        Positions shown = positions_of(request);
        if (last_advice_ && last_advice_->shown == shown) {
            const std::lock_guard lock(last_advice_->mutex);
            if (!last_advice_->taken) {
                last_advice_->bands.insert(last_advice_->bands.end(), bands.begin(), bands.end());
                return {};
            }
        }
        last_advice_ = std::make_shared<Advice>();
        last_advice_->shown = std::move(shown);
        last_advice_->bands = std::move(bands);
        prefetch_.add(context_.runtime->pool, [this, advice = last_advice_](const std::stop_token& stop) {
            const Status done = without_exceptions([&] { return read_ahead(*advice, stop); });
            if (!done.ok() && done.error().code != ErrorCode::kCancelled) {
                log(LogLevel::kDebug, concat("reading ahead: ", done.error().message));  // the read itself will fail
            }
        });
        return {};
    });
}

Status CubeDataset::read_ahead(Advice& advice, const std::stop_token& stop) const {
    std::vector<std::uint64_t> bands;
    {
        const std::lock_guard lock(advice.mutex);
        advice.taken = true;
        bands = advice.bands;
    }
    ReadOptions options = context_.read_options();
    options.stop = stop;
    return raster_.prefetch(advice.shown.columns, advice.shown.rows, bands, options);
}

CPLErr CubeDataset::AdviseRead(int x, int y, int width, int height, int out_width, int out_height, GDALDataType type,
                               int band_count, BandNumbers bands, AdviceOptions /*options*/) {
    std::vector<std::uint64_t> wanted;
    wanted.reserve(static_cast<std::size_t>(std::max(band_count, 0)));
    for (int i = 0; i < band_count; ++i) {
        wanted.push_back(static_cast<std::uint64_t>(bands != nullptr ? bands[i] - 1 : i));
    }
    return advise({x, y, width, height, nullptr, out_width, out_height, type, 0, 0, 0, nullptr}, std::move(wanted));
}

Status CubeDataset::read(const Request& request, const std::vector<std::uint64_t>& bands) const {
    const auto [columns, rows] = positions_of(request);
    auto* const data = static_cast<std::byte*>(request.data);
    const ReadOptions options = options_of(context_, request.extra);
    if (const auto type = buffer_dtype(request.type)) {
        const PixelTarget target{data, request.pixel, request.line, request.band, *type};
        return raster_.read(columns, rows, bands, target, options);
    }
    // Complex integers: no array has them, so read what GDAL can turn into them, a line at a time.
    const int item = GDALGetDataTypeSizeBytes(GDT_CFloat64);
    std::vector<std::byte> line(columns.size() * static_cast<std::size_t>(item));
    for (std::size_t b = 0; b < bands.size(); ++b) {
        for (std::size_t r = 0; r < rows.size(); ++r) {
            const PixelTarget target{line.data(), item, 0, 0, *buffer_dtype(GDT_CFloat64)};
            const double lines = static_cast<double>(bands.size()) * static_cast<double>(rows.size());
            const double done = static_cast<double>(b * rows.size() + r) / lines;
            VCUBE_TRY(raster_.read(columns, std::span(&rows[r], 1), std::span(&bands[b], 1), target,
                                   share_of(options, done, done + 1 / lines)));
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
    CPLErr from_level = CE_None;
    if (direction == GF_Read && has_overviews &&
        read_from_level(band_count, bands, x, y, width, height, data, out_width, out_height, type, pixel, line, band,
                        extra, from_level)) {
        return from_level;
    }
    if (direction != GF_Read || !is_direct(request) || has_overviews) {
        return GDALPamDataset::IRasterIO(direction, x, y, width, height, data, out_width, out_height, type, band_count,
                                         bands, pixel, line, band, extra);
    }
    return guarded_status([&]() -> Status {
        std::vector<std::uint64_t> wanted;
        wanted.reserve(static_cast<std::size_t>(std::max(band_count, 0)));
        for (int i = 0; i < band_count; ++i) {
            wanted.push_back(static_cast<std::uint64_t>(bands[i] - 1));
        }
        return read(request, wanted);
    });
}

bool CubeDataset::read_from_level(int band_count, int* bands, int x, int y, int width, int height, void* data,
                                  int out_width, int out_height, GDALDataType type, GSpacing pixel, GSpacing line,
                                  GSpacing band, GDALRasterIOExtraArg* extra, CPLErr& result) {
    GDALRasterBand* const first = GetRasterBand(bands[0]);
    GDALRasterIOExtraArg adapted;
    GDALCopyRasterIOExtraArg(&adapted, extra);
    const int best = GDALBandGetBestOverviewLevel2(first, x, y, width, height, out_width, out_height, &adapted);
    GDALRasterBand* const overview = best < 0 ? nullptr : first->GetOverview(best);
    for (const auto& level : levels()) {
        if (overview != nullptr && overview->GetDataset() == level.get()) {
            // All bands at once: one batch of chunks instead of one a band.
            result = level->RasterIO(GF_Read, x, y, width, height, data, out_width, out_height, type, band_count, bands,
                                     pixel, line, band, &adapted);
            return true;
        }
    }
    return false;
}

}  // namespace vcube::driver
