#include "core/swath/render.h"

#include <cstdint>
#include <cstring>
#include <functional>

#include "core/swath/fill.h"
#include "core/swath/strips.h"

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
    T value = 0;
    std::memcpy(&value, nodata.data(), sizeof(T));
    const Painter<T> painter{rows, reinterpret_cast<const T*>(column.data()), out, window};
    for_strips(window, pool, max_threads, [&](const dgg::Window& part) {
        fill_pixels<T>(painter.pixel(part.x, part.y), out.pixel_stride, out.line_stride, part.width, part.height,
                       value);
        mapper.map(part, std::cref(painter), &rows.cells());
    });
}

}  // namespace

void render(const dgg::CellMapper& mapper, const dgg::Window& window, const RowIndex& rows, ByteSpan column,
            ByteSpan nodata, const PixelBuffer& out, ThreadPool& pool, std::size_t max_threads) {
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
