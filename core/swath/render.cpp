#include "core/swath/render.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>

#include "core/swath/fill.h"
#include "core/swath/strips.h"

namespace vcube::swath {

namespace {

// Unsigned integers carry any type of their size.
template <class T, class Elements>
struct Painter {
    const Elements& elements;
    PixelBuffer out;
    const dgg::Window& window;
    T nodata;

    [[nodiscard]] std::byte* pixel(std::uint32_t x, std::uint32_t y) const {
        return out.data + static_cast<std::ptrdiff_t>(y - window.y) * out.line_stride +
               static_cast<std::ptrdiff_t>(x - window.x) * out.pixel_stride;
    }

    /// Writes every pixel, with a value or without: a store costs less than a branch that no one can foresee.
    void operator()(std::uint32_t x, std::uint32_t y, std::span<const std::uint32_t> seqnums) const {
        std::byte* at = pixel(x, y);
        if (out.pixel_stride == sizeof(T)) {
            write(at, sizeof(T), seqnums);
        } else {
            write(at, out.pixel_stride, seqnums);
        }
    }

    void write(std::byte* at, std::ptrdiff_t stride, std::span<const std::uint32_t> seqnums) const {
        for (const std::uint32_t seqnum : seqnums) {
            std::memcpy(at, elements.find(seqnum, &nodata), sizeof(T));
            at += stride;
        }
    }
};

// Two threads that write to one huge page for the first time both pay for it.
constexpr std::uint64_t kStripBytes = std::uint64_t{1} << 21U;

template <class T>
void render_strips(const dgg::CellMapper& mapper, const dgg::Window& window, const CellValues& values, ByteSpan nodata,
                   const PixelBuffer& out, ThreadPool& pool, std::size_t max_threads) {
    T value = 0;
    std::memcpy(&value, nodata.data(), sizeof(T));
    values.visit<T>([&]<class Elements>(const Elements& elements) {
        const Painter<T, Elements> painter{elements, out, window, value};
        const auto draw = [&](const dgg::Window& part) {
            fill_pixels<T>(painter.pixel(part.x, part.y), out.pixel_stride, out.line_stride, part.width, part.height,
                           value);
            mapper.map(part, std::cref(painter), values.cells());
        };
        for_strips(window, pool, max_threads, draw, 32, kStripBytes / sizeof(T));
    });
}

template <class T>
void render_parts(const dgg::CellMapper& mapper, const dgg::Window& window, const CellValues& values, ByteSpan nodata,
                  const PixelBuffer& out, std::span<Visited> visited) {
    T value = 0;
    std::memcpy(&value, nodata.data(), sizeof(T));
    values.visit<T>([&]<class Elements>(const Elements& elements) {
        const Painter<T, Elements> painter{elements, out, window, value};
        mapper.map(
            window,
            [&](std::uint32_t x, std::uint32_t y, std::span<const std::uint32_t> seqnums) {
                painter(x, y, seqnums);
                Visited& row = visited[y - window.y];
                const std::uint32_t begin = x - window.x;
                const auto end = begin + static_cast<std::uint32_t>(seqnums.size());
                row = row.begin == row.end ? Visited{begin, end}
                                           : Visited{std::min(row.begin, begin), std::max(row.end, end)};
            },
            values.cells());
    });
}

}  // namespace

void render(const dgg::CellMapper& mapper, const dgg::Window& window, const CellValues& values, ByteSpan nodata,
            const PixelBuffer& out, ThreadPool& pool, std::size_t max_threads) {
    switch (nodata.size()) {
        case 1:
            return render_strips<std::uint8_t>(mapper, window, values, nodata, out, pool, max_threads);
        case 2:
            return render_strips<std::uint16_t>(mapper, window, values, nodata, out, pool, max_threads);
        case 4:
            return render_strips<std::uint32_t>(mapper, window, values, nodata, out, pool, max_threads);
        default:
            return render_strips<std::uint64_t>(mapper, window, values, nodata, out, pool, max_threads);
    }
}

void render_visited(const dgg::CellMapper& mapper, const dgg::Window& window, const CellValues& values, ByteSpan nodata,
                    const PixelBuffer& out, std::span<Visited> visited) {
    switch (nodata.size()) {
        case 1:
            return render_parts<std::uint8_t>(mapper, window, values, nodata, out, visited);
        case 2:
            return render_parts<std::uint16_t>(mapper, window, values, nodata, out, visited);
        case 4:
            return render_parts<std::uint32_t>(mapper, window, values, nodata, out, visited);
        default:
            return render_parts<std::uint64_t>(mapper, window, values, nodata, out, visited);
    }
}

}  // namespace vcube::swath
