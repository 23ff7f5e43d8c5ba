#include "core/swath/aggregate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

#include "core/swath/fill.h"
#include "core/swath/strips.h"

namespace vcube::swath {

namespace {

// Pixels of the full grid below one strip.
constexpr std::uint64_t kStripPixels = std::uint64_t{1} << 20U;

// Sums of the pixels below each overview pixel of a strip.
template <class T>
class Averages {
public:
    explicit Averages(std::size_t pixels) : sums_(pixels, 0.0), counts_(pixels, 0) {}

    void add(std::size_t pixel, T value) {
        sums_[pixel] += static_cast<double>(value);
        ++counts_[pixel];
    }

    template <class Put>
    void finish(const Put& put) {
        for (std::size_t pixel = 0; pixel < sums_.size(); ++pixel) {
            if (counts_[pixel] > 0) {
                const double mean = sums_[pixel] / static_cast<double>(counts_[pixel]);
                put(pixel, static_cast<T>(std::is_floating_point_v<T> ? mean : std::round(mean)));
            }
        }
    }

private:
    std::vector<double> sums_;
    std::vector<std::uint64_t> counts_;
};

// Values of the pixels below, sorted by overview pixel at the end.
template <class T>
class Modes {
public:
    explicit Modes(std::size_t /*pixels*/) {}

    void add(std::size_t pixel, T value) { entries_.push_back({pixel, value}); }

    template <class Put>
    void finish(const Put& put) {
        std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
            return a.pixel != b.pixel ? a.pixel < b.pixel : a.value < b.value;
        });
        for (std::size_t first = 0; first < entries_.size();) {
            const std::size_t pixel = entries_[first].pixel;
            T best{};
            std::size_t most = 0;
            while (first < entries_.size() && entries_[first].pixel == pixel) {
                std::size_t end = first;
                while (end < entries_.size() && entries_[end].pixel == pixel &&
                       !(entries_[first].value < entries_[end].value)) {
                    ++end;
                }
                if (end - first > most) {
                    most = end - first;
                    best = entries_[first].value;
                }
                first = end;
            }
            put(pixel, best);
        }
    }

private:
    struct Entry {
        std::size_t pixel;
        T value;
    };
    std::vector<Entry> entries_;
};

template <class T>
bool is_missing(T value, T nodata) {
    if constexpr (std::is_floating_point_v<T>) {
        return std::isnan(value) || value == nodata;
    } else {
        return value == nodata;
    }
}

template <class T, template <class> class Collector>
void aggregate(const dgg::CellMapper& full, unsigned level, const dgg::Window& window, const CellValues& values,
               ByteSpan nodata_bytes, const PixelBuffer& out, ThreadPool& pool, std::size_t max_threads) {
    T nodata{};
    std::memcpy(&nodata, nodata_bytes.data(), sizeof(T));
    const dgg::Grid& grid = full.grid();
    for_strips(
        window, pool, max_threads,
        [&](const dgg::Window& part) {
            std::byte* data = out.data + static_cast<std::ptrdiff_t>(part.y - window.y) * out.line_stride;
            fill_pixels<T>(data, out.pixel_stride, out.line_stride, part.width, part.height, nodata);
            Collector<T> collected(std::size_t{part.width} * part.height);
            const std::uint64_t x = std::uint64_t{part.x} << level;
            const std::uint64_t y = std::uint64_t{part.y} << level;
            const std::uint64_t right =
                std::min<std::uint64_t>((std::uint64_t{part.x} + part.width) << level, grid.width);
            const std::uint64_t lower =
                std::min<std::uint64_t>((std::uint64_t{part.y} + part.height) << level, grid.height);
            const dgg::Window below{static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y),
                                    static_cast<std::uint32_t>(right - x), static_cast<std::uint32_t>(lower - y)};
            values.visit<T>([&](const auto& elements) {
                full.map(
                    below,
                    [&](std::uint32_t first, std::uint32_t line, std::span<const std::uint32_t> seqnums) {
                        const std::size_t pixels = std::size_t{(line >> level) - part.y} * part.width;
                        for (std::size_t k = 0; k < seqnums.size(); ++k) {
                            const T value = *elements.find(seqnums[k], &nodata);
                            if (!is_missing(value, nodata)) {
                                collected.add(pixels + ((first + k) >> level) - part.x, value);
                            }
                        }
                    },
                    values.cells());
            });
            collected.finish([&](std::size_t pixel, T value) {
                std::memcpy(data + static_cast<std::ptrdiff_t>(pixel / part.width) * out.line_stride +
                                static_cast<std::ptrdiff_t>(pixel % part.width) * out.pixel_stride,
                            &value, sizeof(T));
            });
        },
        std::max(1U, 32U >> level), kStripPixels >> std::min(2 * level, 18U));
}

}  // namespace

void render_aggregated(const dgg::CellMapper& full, unsigned level, const dgg::Window& window, const CellValues& values,
                       const DType& type, ByteSpan nodata, Aggregation aggregation, const PixelBuffer& out,
                       ThreadPool& pool, std::size_t max_threads) {
    const auto run = [&]<class T>(T /*type*/) {
        if (aggregation == Aggregation::kAverage) {
            aggregate<T, Averages>(full, level, window, values, nodata, out, pool, max_threads);
        } else {
            aggregate<T, Modes>(full, level, window, values, nodata, out, pool, max_threads);
        }
    };
    if (type.kind == Kind::kFloat) {
        return type.size == 4 ? run(float{}) : run(double{});
    }
    const bool is_signed = type.kind == Kind::kInt;
    switch (type.size) {
        case 1:
            return run(std::uint8_t{});
        case 2:
            return is_signed ? run(std::int16_t{}) : run(std::uint16_t{});
        case 4:
            return is_signed ? run(std::int32_t{}) : run(std::uint32_t{});
        default:
            return is_signed ? run(std::int64_t{}) : run(std::uint64_t{});
    }
}

}  // namespace vcube::swath
