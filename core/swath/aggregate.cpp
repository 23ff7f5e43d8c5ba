#include "core/swath/aggregate.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "core/dgg/pixel_areas.h"
#include "core/swath/fill.h"
#include "core/swath/strips.h"

namespace vcube::swath {

namespace {

constexpr double kSampleMetres = 3200;
constexpr std::uint32_t kFewest = 4, kMost = 4096;
constexpr std::uint64_t kMostSide = std::uint64_t{1} << 31U;

// Samples at once: what the mapper likes and the processor's cache holds. Whole pixels along a row.
constexpr std::uint32_t kBandRows = 64;
constexpr std::uint32_t kBandWidth = kMost;
// Samples below one strip.
constexpr std::uint64_t kStripSamples = std::uint64_t{1} << 20U;
// Entries of a mode that are held before equal ones are put together.
constexpr std::size_t kManyEntries = std::size_t{1} << 18U;

/// Means of some pixels. Sums are of differences to a pixel's first value: the mean of equal values is that value.
template <class T>
class Means {
public:
    using Value = T;

    explicit Means(std::size_t pixels) : pixels_(pixels) {}

    static bool counts(T value) {
        if constexpr (std::is_floating_point_v<T>) {
            return std::isfinite(value);
        }
        return true;
    }

    void start_row() {}

    void add(std::size_t pixel, T value, double weight) {
        Mean& mean = pixels_[pixel];
        mean.first = mean.weight == 0 ? value : mean.first;
        mean.sum += weight * (static_cast<double>(value) - static_cast<double>(mean.first));
        mean.weight += weight;
    }

    template <class Put>
    void finish(const Put& put) {
        for (std::size_t pixel = 0; pixel < pixels_.size(); ++pixel) {
            if (pixels_[pixel].weight > 0) {
                put(pixel, value_of(pixels_[pixel]));
                pixels_[pixel] = {};
            }
        }
    }

private:
    struct Mean {
        T first{};
        double sum = 0, weight = 0;
    };

    static T value_of(const Mean& mean) {
        const double value = static_cast<double>(mean.first) + mean.sum / mean.weight;
        if constexpr (std::is_floating_point_v<T>) {
            return static_cast<T>(value);
        } else {
            if (mean.sum == 0) {
                return mean.first;
            }
            // The largest integers of 64 bits are no doubles.
            const double rounded = std::round(value);
            if (rounded >= std::ldexp(1.0, std::numeric_limits<T>::digits)) {
                return std::numeric_limits<T>::max();
            }
            return static_cast<T>(std::max(rounded, static_cast<double>(std::numeric_limits<T>::min())));
        }
    }

    std::vector<Mean> pixels_;
};

/// Modes of some pixels: areas by value.
template <class T>
class Modes {
public:
    using Value = T;

    explicit Modes(std::size_t /*pixels*/) {}

    static bool counts(T value) {
        if constexpr (std::is_floating_point_v<T>) {
            return !std::isnan(value);
        }
        return true;
    }

    /// Runs of equal values within a pixel's row are one entry: sums are the same whatever lies beside the pixel.
    void start_row() {
        in_row_ = false;
        if (entries_.size() > limit_) {
            put_together();
            limit_ = std::max(kManyEntries, 2 * entries_.size());
        }
    }

    void add(std::size_t pixel, T value, double weight) {
        if (in_row_ && entries_.back().pixel == pixel && entries_.back().value == value) {
            entries_.back().weight += weight;
        } else {
            entries_.push_back({pixel, value, weight});
            in_row_ = true;
        }
    }

    template <class Put>
    void finish(const Put& put) {
        put_together();
        for (auto entry = entries_.begin(); entry != entries_.end();) {
            auto best = entry;
            const auto first = entry;
            for (; entry != entries_.end() && entry->pixel == first->pixel; ++entry) {
                best = entry->weight > best->weight ? entry : best;
            }
            put(best->pixel, best->value);
        }
        entries_.clear();
    }

private:
    struct Entry {
        std::size_t pixel;
        T value;
        double weight;
    };

    /// Sorted by pixel and value, one entry each; weights are added in the order of their rows.
    void put_together() {
        std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
            return a.pixel != b.pixel ? a.pixel < b.pixel : a.value < b.value;
        });
        std::size_t kept = 0;
        for (std::size_t k = 1; k < entries_.size(); ++k) {
            if (entries_[k].pixel == entries_[kept].pixel && entries_[k].value == entries_[kept].value) {
                entries_[kept].weight += entries_[k].weight;
            } else {
                entries_[++kept] = entries_[k];
            }
        }
        entries_.resize(std::min(entries_.size(), kept + 1));
    }

    std::vector<Entry> entries_;
    std::size_t limit_ = kManyEntries;
    bool in_row_ = false;
};

/// What a call of render_aggregated() asks for.
struct Request {
    const dgg::CellMapper& samples;
    std::uint32_t factor;
    const dgg::Window& window;
    const CellValues& values;
    ByteSpan nodata;
    const PixelBuffer& out;
};

/// Draws columns of pixels that together have a band's width, from top to bottom.
template <class Collector>
class Columns {
public:
    using T = typename Collector::Value;

    /// `part` is at most kBandWidth samples wide.
    Columns(const Request& request, const dgg::Window& part)
        : request_(request),
          part_(part),
          left_(part.x * request.factor),
          width_(part.width * request.factor),
          areas_(request.samples.grid(), request.samples.projection(), left_, width_),
          weights_(width_) {
        std::memcpy(&nodata_, request.nodata.data(), sizeof(T));
        band_.assign(std::size_t{width_} * kBandRows, nodata_);
    }

    void draw() {
        const std::uint32_t together = std::max(1U, kBandRows / request_.factor);  // rows of pixels
        Collector collector(std::size_t{part_.width} * together);
        for (std::uint32_t row = 0; row < part_.height; row += together) {
            const std::uint32_t top = part_.y + row;
            const std::uint32_t rows = std::min(together, part_.height - row);
            const std::uint32_t samples = rows * request_.factor;
            for (std::uint32_t done = 0; done < samples; done += kBandRows) {
                add_band(collector, top, done, std::min(kBandRows, samples - done));
            }
            collector.finish([&](std::size_t pixel, T value) {
                const PixelBuffer& out = request_.out;
                const auto x = static_cast<std::ptrdiff_t>(part_.x - request_.window.x + pixel % part_.width);
                const auto y = static_cast<std::ptrdiff_t>(top - request_.window.y + pixel / part_.width);
                std::memcpy(out.data + y * out.line_stride + x * out.pixel_stride, &value, sizeof(T));
            });
        }
    }

private:
    /// Samples of rows [done, done + rows) below the row of pixels `top`. The band holds nodata before and after.
    void add_band(Collector& collector, std::uint32_t top, std::uint32_t done, std::uint32_t rows) {
        const dgg::Window below{left_, top * request_.factor + done, width_, rows};
        std::vector<Visited> visited(rows);
        render_visited(
            request_.samples, below, request_.values, request_.nodata,
            {reinterpret_cast<std::byte*>(band_.data()), sizeof(T), static_cast<std::ptrdiff_t>(width_ * sizeof(T))},
            visited);
        for (std::uint32_t row = 0; row < rows; ++row) {
            const auto [begin, end] = visited[row];
            if (begin == end) {
                continue;
            }
            T* const values = band_.data() + std::size_t{row} * width_;
            areas_.row(left_ + begin, below.y + row, std::span(weights_).subspan(begin, end - begin));
            collector.start_row();
            const std::size_t pixels = std::size_t{(done + row) / request_.factor} * part_.width;
            const int shift = std::countr_zero(request_.factor);
            for (std::uint32_t k = begin; k < end; ++k) {
                if (values[k] != nodata_ && Collector::counts(values[k])) {
                    collector.add(pixels + (k >> shift), values[k], weights_[k]);
                }
            }
            std::fill(values + begin, values + end, nodata_);
        }
    }

    const Request& request_;
    dgg::Window part_;            // of pixels
    std::uint32_t left_, width_;  // of samples
    dgg::PixelAreas areas_;
    std::vector<double> weights_;
    std::vector<T> band_;
    T nodata_{};
};

template <class Collector>
void aggregate(const Request& request, ThreadPool& pool, std::size_t max_threads) {
    using T = typename Collector::Value;
    T nodata{};
    std::memcpy(&nodata, request.nodata.data(), sizeof(T));
    const std::uint32_t together = std::max(1U, kBandRows / request.factor);
    const std::uint32_t step = kBandWidth / request.factor;
    for_strips(
        request.window, pool, max_threads,
        [&](const dgg::Window& part) {
            const PixelBuffer& out = request.out;
            fill_pixels<T>(out.data + static_cast<std::ptrdiff_t>(part.y - request.window.y) * out.line_stride,
                           out.pixel_stride, out.line_stride, part.width, part.height, nodata);
            for (std::uint32_t done = 0; done < part.width; done += step) {
                Columns<Collector>(request, {part.x + done, part.y, std::min(step, part.width - done), part.height})
                    .draw();
            }
        },
        together, kStripSamples / (std::uint64_t{request.factor} * request.factor));
}

}  // namespace

std::uint32_t samples_per_side(const dgg::Grid& grid) {
    const double metres = grid.pixel_metres();
    std::uint32_t factor = kFewest;
    while (factor < kMost && metres / factor > kSampleMetres) {
        factor *= 2;
    }
    while (factor > 1 && std::uint64_t{std::max(grid.width, grid.height)} * factor > kMostSide) {
        factor /= 2;
    }
    return factor;
}

void render_aggregated(const dgg::CellMapper& samples, std::uint32_t factor, const dgg::Window& window,
                       const CellValues& values, const DType& type, ByteSpan nodata, Aggregation aggregation,
                       const PixelBuffer& out, ThreadPool& pool, std::size_t max_threads) {
    const Request request{samples, factor, window, values, nodata, out};
    const auto run = [&]<class T>(T /*type*/) {
        if (aggregation == Aggregation::kAverage) {
            aggregate<Means<T>>(request, pool, max_threads);
        } else {
            aggregate<Modes<T>>(request, pool, max_threads);
        }
    };
    if (type.kind == Kind::kFloat) {
        return type.size == 4 ? run(float{}) : run(double{});
    }
    const bool is_signed = type.kind == Kind::kInt;
    switch (type.size) {
        case 1:
            return is_signed ? run(std::int8_t{}) : run(std::uint8_t{});
        case 2:
            return is_signed ? run(std::int16_t{}) : run(std::uint16_t{});
        case 4:
            return is_signed ? run(std::int32_t{}) : run(std::uint32_t{});
        default:
            return is_signed ? run(std::int64_t{}) : run(std::uint64_t{});
    }
}

}  // namespace vcube::swath
