#include "driver/raster_array.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "core/base/concat.h"

namespace vcube::driver {
namespace {

constexpr std::uint64_t kMaxBands = 65535;
constexpr std::uint64_t kStripBytes = std::uint64_t{64} << 20;  // of a read that is sampled afterwards

}  // namespace

std::string dimension_name(const ArrayMeta& meta, std::size_t dimension) {
    const bool named = dimension < meta.dimensions.size() && !meta.dimensions[dimension].empty();
    return named ? meta.dimensions[dimension] : "dim" + std::to_string(dimension);
}

std::vector<BandBox> plan_bands(std::span<const std::uint64_t> bands, std::span<const std::uint64_t> extents) {
    const std::size_t rank = extents.size();
    std::vector<std::uint64_t> inner(rank + 1, 1);  // bands in one step along dimension d is inner[d + 1]
    for (std::size_t d = rank; d-- > 0;) {
        inner[d] = inner[d + 1] * extents[d];
    }
    std::vector<BandBox> out;
    for (std::size_t at = 0; at < bands.size();) {
        std::size_t run = 1;
        while (at + run < bands.size() && bands[at + run] == bands[at] + run) {
            ++run;
        }
        BandBox box{at, 1, std::vector<std::uint64_t>(rank), std::vector<std::uint64_t>(rank, 1)};
        for (std::size_t d = 0; d < rank; ++d) {
            box.start[d] = bands[at] / inner[d + 1] % extents[d];
        }
        // The outermost dimension at which the run starts aligned and fills at least one step.
        for (std::size_t d = 0; d < rank; ++d) {
            if (bands[at] % inner[d + 1] == 0 && run >= inner[d + 1]) {
                const std::uint64_t steps = std::min<std::uint64_t>(run / inner[d + 1], extents[d] - box.start[d]);
                box.count[d] = steps;
                std::copy(extents.begin() + static_cast<std::ptrdiff_t>(d) + 1, extents.end(),
                          box.count.begin() + static_cast<std::ptrdiff_t>(d) + 1);
                box.size = steps * inner[d + 1];
                break;
            }
        }
        at += box.size;
        out.push_back(std::move(box));
    }
    return out;
}

std::vector<std::uint64_t> sample_positions(double offset, double size, std::uint64_t out, std::uint64_t extent) {
    constexpr double kTiny = 1e-10;  // as GDAL's: a centre on a pixel edge belongs to the pixel after it
    const double increment = size / static_cast<double>(out);
    const double last = static_cast<double>(extent - 1);
    std::vector<std::uint64_t> positions(out);
    for (std::uint64_t k = 0; k < out; ++k) {
        const double at = (static_cast<double>(k) + 0.5) * increment + offset + kTiny;
        positions[k] = static_cast<std::uint64_t>(std::clamp(at, 0.0, last));
    }
    return positions;
}

Result<RasterArray> RasterArray::create(Array array, const Georef& georef, std::span<const DimensionChoice> choices) {
    RasterArray out(std::move(array));
    const ArrayMeta& meta = out.array_.meta();
    std::vector<bool> taken(meta.shape.size(), false);
    std::vector<const DimensionChoice*> staying(meta.shape.size(), nullptr);
    for (const DimensionChoice& choice : choices) {
        if (choice.stays) {
            staying[choice.dimension] = &choice;
        } else {
            out.fixed_.emplace_back(choice.dimension, choice.positions.front());
            taken[choice.dimension] = true;
        }
    }
    out.x_dim_ = georef.x_dim;
    out.y_dim_ = georef.y_dim;
    const bool has_axes = out.x_dim_ && out.y_dim_ && !taken[*out.x_dim_] && !taken[*out.y_dim_];
    for (const auto& axis : {out.x_dim_, out.y_dim_}) {
        if (axis && staying[*axis] != nullptr) {
            return unsupported(
                concat(meta.path, ": several positions along ", dimension_name(meta, *axis),
                       " are rows or columns, not bands: cut them by a window (gdal_translate -srcwin or "
                       "-projwin)"));
        }
    }
    out.keeps_georef_ = has_axes;
    if (has_axes) {
        out.flip_ = georef.flip_y;
        out.roll_ = georef.roll_x;
    } else {
        out.x_dim_.reset();
        out.y_dim_.reset();
        for (std::size_t d = meta.shape.size(); d-- > 0;) {
            if (taken[d] || staying[d] != nullptr) {
                continue;
            }
            (out.x_dim_ ? out.y_dim_ : out.x_dim_) = d;
            if (out.y_dim_) {
                break;
            }
        }
    }
    out.width_ = out.x_dim_ ? meta.shape[*out.x_dim_] : 1;
    out.height_ = out.y_dim_ ? meta.shape[*out.y_dim_] : 1;
    for (std::size_t d = 0; d < meta.shape.size(); ++d) {
        if (!taken[d] && d != out.x_dim_ && d != out.y_dim_) {
            out.band_dims_.push_back(d);
            out.band_extents_.push_back(staying[d] != nullptr ? staying[d]->positions.size() : meta.shape[d]);
            out.band_positions_.push_back(staying[d] != nullptr ? staying[d]->positions : std::vector<std::uint64_t>());
        }
    }
    constexpr std::uint64_t kMaxSize = std::numeric_limits<int>::max();
    if (out.width_ == 0 || out.height_ == 0 || out.width_ > kMaxSize || out.height_ > kMaxSize) {
        return unsupported(meta.path + ": a raster of " + std::to_string(out.width_) + " x " +
                           std::to_string(out.height_) + " pixels cannot be shown");
    }
    out.roll_ %= out.width_;
    const auto bands = checked_product(out.band_extents_);
    if (!bands || *bands == 0 || *bands > kMaxBands) {
        return unsupported(
            meta.path + ": " + (bands ? std::to_string(*bands) : "too many") +
            " bands; at most 65535 and at least one are shown: choose along dimensions in the name, such "
            "as VCUBE:\"...\":/" +
            meta.path + ":" + dimension_name(meta, 0) + "=[0]");
    }
    return out;
}

std::uint64_t RasterArray::band_count() const {
    return *checked_product(band_extents_);
}

std::vector<std::uint64_t> RasterArray::band_index(std::uint64_t band) const {
    std::vector<std::uint64_t> index(band_extents_.size());
    for (std::size_t d = index.size(); d-- > 0;) {
        const std::uint64_t at = band % band_extents_[d];
        index[d] = band_positions_[d].empty() ? at : band_positions_[d][at];
        band /= band_extents_[d];
    }
    return index;
}

std::uint64_t RasterArray::chunk_width() const {
    return x_dim_ ? array_.meta().chunks[*x_dim_] : 1;
}

std::uint64_t RasterArray::chunk_height() const {
    return y_dim_ ? array_.meta().chunks[*y_dim_] : 1;
}

std::optional<RasterArray::Run> RasterArray::as_run(std::span<const std::uint64_t> positions) {
    Run run{positions.front(), positions.size(), 1};
    if (positions.size() == 1) {
        return run;
    }
    run.step = positions[1] - positions[0];
    if (run.step == 0) {
        return std::nullopt;
    }
    for (std::size_t k = 2; k < positions.size(); ++k) {
        if (positions[k] - positions[k - 1] != run.step) {
            return std::nullopt;
        }
    }
    return run;
}

ReadOptions share_of(const ReadOptions& options, double from, double to) {
    ReadOptions out = options;
    if (options.progress) {
        out.progress = [&whole = options.progress, from, to](double done) { return whole(from + done * (to - from)); };
    }
    return out;
}

Status RasterArray::read(std::span<const std::uint64_t> columns, std::span<const std::uint64_t> rows,
                         std::span<const std::uint64_t> bands, const PixelTarget& target,
                         const ReadOptions& options) const {
    if (columns.empty() || rows.empty() || bands.empty()) {
        return {};
    }
    const auto column_run = as_run(columns);
    const auto row_run = as_run(rows);
    if (!column_run || !row_run) {
        return read_gathered(columns, rows, bands, target, options);
    }
    std::vector<RegionRead> reads;
    plan_runs(*column_run, *row_run, bands, target, reads);
    return array_.read_many(reads, options);
}

Status RasterArray::prefetch(std::span<const std::uint64_t> columns, std::span<const std::uint64_t> rows,
                             std::span<const std::uint64_t> bands, const ReadOptions& options) const {
    if (columns.empty() || rows.empty() || bands.empty()) {
        return {};
    }
    const Run whole{columns.front(), columns.back() - columns.front() + 1, 1};
    const Run column_run = as_run(columns).value_or(whole);
    const auto row_run = as_run(rows);
    std::vector<RegionRead> reads;
    if (row_run) {
        plan_runs(column_run, *row_run, bands, {}, reads);
    } else {
        for (const Strip& strip : strips_of(rows, whole.count)) {
            plan_runs(column_run, {rows[strip.first], rows[strip.end - 1] - rows[strip.first] + 1, 1}, bands, {},
                      reads);
        }
    }
    return array_.prefetch(reads, options);
}

void RasterArray::plan_runs(const Run& columns, const Run& rows, std::span<const std::uint64_t> bands,
                            const PixelTarget& target, std::vector<RegionRead>& out) const {
    // Shown column c is stored column c + roll, or c + roll - width from the seam on.
    const std::uint64_t seam = width_ - roll_;
    const std::uint64_t before =
        columns.first >= seam ? 0 : std::min(columns.count, (seam - columns.first + columns.step - 1) / columns.step);
    const std::uint64_t after_first = columns.first + before * columns.step;
    for (const BandBox& box : plan_bands(bands, band_extents_)) {
        PixelTarget part = target;
        part.data += static_cast<std::ptrdiff_t>(box.first) * target.band;
        if (before > 0) {
            const Run left{columns.first + roll_, before, columns.step};
            plan_columns(left, rows, box, part, out);
        }
        if (before < columns.count) {
            part.data += static_cast<std::ptrdiff_t>(before) * target.pixel;
            const Run right{after_first - seam, columns.count - before, columns.step};
            plan_columns(right, rows, box, part, out);
        }
    }
}

void RasterArray::plan_columns(const Run& stored_columns, const Run& rows, const BandBox& box, PixelTarget target,
                               std::vector<RegionRead>& out) const {
    const std::size_t rank = array_.meta().shape.size();
    RegionRead read;
    read.region = {std::vector<std::uint64_t>(rank, 0), std::vector<std::uint64_t>(rank, 1),
                   std::vector<std::int64_t>(rank, 1)};
    Region& region = read.region;
    Destination& destination = read.destination;
    destination.type = target.type;
    destination.strides.assign(rank, 0);
    for (const auto& [dim, index] : fixed_) {
        region.start[dim] = index;
    }
    std::ptrdiff_t stride = target.band;
    for (std::size_t k = band_dims_.size(); k-- > 0;) {
        destination.strides[band_dims_[k]] = stride;
        stride *= static_cast<std::ptrdiff_t>(box.count[k]);
    }
    if (x_dim_) {
        region.start[*x_dim_] = stored_columns.first;
        region.count[*x_dim_] = stored_columns.count;
        region.step[*x_dim_] = static_cast<std::int64_t>(stored_columns.step);
        destination.strides[*x_dim_] = target.pixel;
    }
    if (y_dim_) {
        // Flipped rows are read in stored order and written upwards: chunks are walked forwards in both cases.
        const std::uint64_t last = rows.first + (rows.count - 1) * rows.step;
        region.start[*y_dim_] = flip_ ? height_ - 1 - last : rows.first;
        region.count[*y_dim_] = rows.count;
        region.step[*y_dim_] = static_cast<std::int64_t>(rows.step);
        destination.strides[*y_dim_] = flip_ ? -target.line : target.line;
        if (flip_) {
            target.data += static_cast<std::ptrdiff_t>(rows.count - 1) * target.line;
        }
    }
    destination.data = target.data;
    plan_box(read, box, 0, out);
}

std::vector<RasterArray::Stretch> RasterArray::stretches(std::size_t band_dim, std::uint64_t start,
                                                         std::uint64_t count) const {
    const std::vector<std::uint64_t>& positions = band_positions_[band_dim];
    if (positions.empty()) {
        return {{start, count, 1, false}};
    }
    std::vector<Stretch> out;
    for (std::uint64_t at = start; at < start + count;) {
        std::uint64_t end = at + 1;
        while (end < start + count && positions[end] != positions[end - 1] &&
               (end == at + 1 || positions[end] - positions[end - 1] == positions[at + 1] - positions[at])) {
            ++end;
        }
        Stretch stretch{positions[at], end - at, 1, false};
        if (stretch.count > 1) {
            stretch.backwards = positions[at + 1] < positions[at];
            stretch.start = stretch.backwards ? positions[end - 1] : positions[at];
            stretch.step = stretch.backwards ? positions[at] - positions[at + 1] : positions[at + 1] - positions[at];
        }
        out.push_back(stretch);
        at = end;
    }
    return out;
}

/// Fills in the band dimensions from `band_dim` on.
void RasterArray::plan_box(RegionRead& read, const BandBox& box, std::size_t band_dim,
                           std::vector<RegionRead>& out) const {
    if (band_dim == band_dims_.size()) {
        out.push_back(read);
        return;
    }
    const std::size_t dim = band_dims_[band_dim];
    std::byte* const data = read.destination.data;
    const std::ptrdiff_t stride = read.destination.strides[dim];
    std::ptrdiff_t done = 0;
    for (const Stretch& stretch : stretches(band_dim, box.start[band_dim], box.count[band_dim])) {
        const auto count = static_cast<std::ptrdiff_t>(stretch.count);
        read.region.start[dim] = stretch.start;
        read.region.count[dim] = stretch.count;
        read.region.step[dim] = static_cast<std::int64_t>(stretch.step);
        read.destination.strides[dim] = stretch.backwards ? -stride : stride;
        read.destination.data = data + (stretch.backwards ? done + count - 1 : done) * stride;
        plan_box(read, box, band_dim + 1, out);
        done += count;
    }
    read.destination.data = data;
    read.destination.strides[dim] = stride;
}

std::vector<RasterArray::Strip> RasterArray::strips_of(std::span<const std::uint64_t> rows,
                                                       std::uint64_t line_bytes) const {
    const std::uint64_t max_rows = std::clamp<std::uint64_t>(kStripBytes / line_bytes, 1, chunk_height());
    std::vector<Strip> out;
    for (std::size_t first = 0; first < rows.size(); first = out.back().end) {
        // Rows that nobody shows are read only inside of a strip.
        std::size_t end = first + 1;
        while (end < rows.size() && rows[end] - rows[first] < max_rows) {
            ++end;
        }
        out.push_back({first, end});
    }
    return out;
}

/// Reads strips of whole lines, as many in one batch as memory allows, and takes the pixels from them.
Status RasterArray::read_gathered(std::span<const std::uint64_t> columns, std::span<const std::uint64_t> rows,
                                  std::span<const std::uint64_t> bands, const PixelTarget& target,
                                  const ReadOptions& options) const {
    const std::size_t item = target.type.size;
    const Run all_columns{columns.front(), columns.back() - columns.front() + 1, 1};
    const std::uint64_t line_bytes = all_columns.count * item;
    struct Part {
        Strip strip;
        std::size_t first_band, bands;
        Buffer lines;
    };
    std::vector<Part> parts;
    std::vector<RegionRead> reads;
    std::uint64_t bytes = 0;
    std::size_t taken = 0;  // lines of bands
    const double all = static_cast<double>(rows.size()) * static_cast<double>(bands.size());
    const auto read_parts = [&]() -> Status {
        const std::size_t before = taken;
        for (const Part& part : parts) {
            taken += (part.strip.end - part.strip.first) * part.bands;
        }
        VCUBE_TRY(array_.read_many(
            reads, share_of(options, static_cast<double>(before) / all, static_cast<double>(taken) / all)));
        for (const Part& part : parts) {
            const std::byte* from = part.lines.data();
            for (std::size_t b = 0; b < part.bands; ++b) {
                for (std::size_t r = part.strip.first; r < part.strip.end; ++r) {
                    const std::byte* const line = from + (rows[r] - rows[part.strip.first]) * line_bytes;
                    std::byte* const to = target.data + static_cast<std::ptrdiff_t>(part.first_band + b) * target.band +
                                          static_cast<std::ptrdiff_t>(r) * target.line;
                    for (std::size_t c = 0; c < columns.size(); ++c) {
                        std::memcpy(to + static_cast<std::ptrdiff_t>(c) * target.pixel,
                                    line + (columns[c] - all_columns.first) * item, item);
                    }
                }
                from += (rows[part.strip.end - 1] - rows[part.strip.first] + 1) * line_bytes;
            }
        }
        parts.clear();
        reads.clear();
        bytes = 0;
        return {};
    };
    for (const Strip& strip : strips_of(rows, line_bytes)) {
        const Run lines{rows[strip.first], rows[strip.end - 1] - rows[strip.first] + 1, 1};
        const std::uint64_t plane = lines.count * line_bytes;
        const std::size_t group = static_cast<std::size_t>(std::max<std::uint64_t>(1, kStripBytes / plane));
        for (std::size_t b = 0; b < bands.size(); b += group) {
            const auto some = bands.subspan(b, std::min(group, bands.size() - b));
            if (bytes > 0 && bytes + plane * some.size() > kStripBytes) {
                VCUBE_TRY(read_parts());
            }
            bytes += plane * some.size();
            parts.push_back({strip, b, some.size(), Buffer(plane * some.size())});
            plan_runs(all_columns, lines, some,
                      {parts.back().lines.data(), static_cast<std::ptrdiff_t>(item),
                       static_cast<std::ptrdiff_t>(line_bytes), static_cast<std::ptrdiff_t>(plane), target.type},
                      reads);
        }
    }
    return read_parts();
}

}  // namespace vcube::driver
