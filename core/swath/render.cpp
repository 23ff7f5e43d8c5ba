#include "core/swath/render.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>

#include "core/swath/fill.h"

namespace vcube::swath {

namespace {

// Unsigned integers carry any type of their size.
template <class T>
struct Painter {
    const RowIndex& rows;
    const T* column;
    PixelBuffer out;
    const dgg::Window& window;

    [[nodiscard]] std::byte* pixel(std::uint32_t x, std::uint32_t y) const {
        return out.data + static_cast<std::ptrdiff_t>(y - window.y) * out.line_stride +
               static_cast<std::ptrdiff_t>(x - window.x) * out.pixel_stride;
    }

    // Neighbours often lie in one cell, and most parts of rows outside the swath hold none.
    void operator()(std::uint32_t x, std::uint32_t y, std::span<const std::uint32_t> seqnums) const {
        std::byte* at = pixel(x, y);
        for (const std::uint32_t seqnum : seqnums) {
            const std::uint32_t row = rows.row_of(seqnum);
            if (row != RowIndex::kNoRow) {
                std::memcpy(at, column + row, sizeof(T));
            }
            at += out.pixel_stride;
        }
    }
};

template <class T>
void render_strips(const dgg::CellMapper& mapper, const dgg::Window& window, const RowIndex& rows, ByteSpan column,
                   ByteSpan nodata, const PixelBuffer& out, ThreadPool& pool, std::size_t max_threads) {
    // About 1 MB a strip: enough strips to share, and the fill does not push out what the mapper works on.
    constexpr std::uint64_t kStripPixels = std::uint64_t{1} << 18U;
    constexpr std::uint32_t kRowStep = 32;
    const std::uint64_t wanted = std::max<std::uint64_t>(kStripPixels / std::max(window.width, 1U), 1);
    const auto strip_rows = static_cast<std::uint32_t>(
        std::min<std::uint64_t>((wanted + kRowStep - 1) / kRowStep * kRowStep, std::max(window.height, 1U)));
    const std::size_t strips = (std::size_t{window.height} + strip_rows - 1) / strip_rows;
    T value = 0;
    std::memcpy(&value, nodata.data(), sizeof(T));
    const Painter<T> painter{rows, reinterpret_cast<const T*>(column.data()), out, window};
    pool.parallel_for(
        strips,
        [&](std::size_t strip) {
            const auto first = static_cast<std::uint32_t>(strip * strip_rows);
            const std::uint32_t count = std::min(strip_rows, window.height - first);
            const dgg::Window part{window.x, window.y + first, window.width, count};
            fill_pixels<T>(painter.pixel(part.x, part.y), out.pixel_stride, out.line_stride, part.width, part.height,
                           value);
            mapper.map(part, std::cref(painter), &rows.cells());
        },
        max_threads);
}

}  // namespace

void render(const dgg::CellMapper& mapper, const dgg::Window& window, const RowIndex& rows, ByteSpan column,
            ByteSpan nodata, const PixelBuffer& out, ThreadPool& pool, std::size_t max_threads) {
    if (window.width == 0 || window.height == 0) {
        return;
    }
    switch (nodata.size()) {
        case 1:
            return render_strips<std::uint8_t>(mapper, window, rows, column, nodata, out, pool, max_threads);
        case 2:
            return render_strips<std::uint16_t>(mapper, window, rows, column, nodata, out, pool, max_threads);
        case 4:
            return render_strips<std::uint32_t>(mapper, window, rows, column, nodata, out, pool, max_threads);
        default:
            return render_strips<std::uint64_t>(mapper, window, rows, column, nodata, out, pool, max_threads);
    }
}

}  // namespace vcube::swath
