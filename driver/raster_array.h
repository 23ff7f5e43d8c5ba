// An N-dimensional array seen as a stack of rasters: two dimensions are rows and columns, the others are bands in C
// order; some may be fixed at an index, or be cut to chosen positions. Rows may be shown last first and columns
// rotated, as the georeferencing says. A request becomes one batch of regions. Immutable, thread-safe;
// knows no GDAL class.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/cube/array.h"
#include "core/cube/georef.h"
#include "vcube/result.h"

namespace vcube::driver {

/// What a name chooses along one dimension.
struct DimensionChoice {
    std::size_t dimension = 0;
    std::vector<std::uint64_t> positions;  // inside the dimension; at least one
    bool stays = false;                    // the positions become bands; else there is one, and it is fixed
};

/// What messages and bands call a dimension: its name, or "dim2" where it has none.
std::string dimension_name(const ArrayMeta& meta, std::size_t dimension);

/// Consecutive bands that are one box of the leading dimensions.
struct BandBox {
    std::size_t first = 0;                    // position in the list of bands
    std::size_t size = 0;                     // bands in the box
    std::vector<std::uint64_t> start, count;  // along the leading dimensions
};

/// Splits a list of bands (0-based, any order) into boxes, in order; consecutive bands go into one where they can.
/// Pure.
std::vector<BandBox> plan_bands(std::span<const std::uint64_t> bands, std::span<const std::uint64_t> extents);

/// Which rows or columns a request of `out` pixels over a window of `size` source pixels shows: those under the pixel
/// centres, as GDAL's nearest-neighbour decimation chooses them. Pure.
std::vector<std::uint64_t> sample_positions(double offset, double size, std::uint64_t out, std::uint64_t extent);

/// Where pixels go: band b, row y, column x at data + b * band + y * line + x * pixel.
struct PixelTarget {
    std::byte* data = nullptr;
    std::ptrdiff_t pixel = 0, line = 0, band = 0;  // bytes
    DType type;
};

/// Options of a part of a read, whose progress goes from `from` to `to`. `options` outlives them.
ReadOptions share_of(const ReadOptions& options, double from, double to);

class RasterArray {
public:
    /// Dimensions of `choices` differ. Errors: several positions of rows or columns, more bands or a larger raster than
    /// GDAL can hold.
    static Result<RasterArray> create(Array array, const Georef& georef, std::span<const DimensionChoice> choices);

    [[nodiscard]] const Array& array() const { return array_; }
    [[nodiscard]] std::uint64_t width() const { return width_; }
    [[nodiscard]] std::uint64_t height() const { return height_; }
    [[nodiscard]] std::uint64_t band_count() const;
    /// Dimensions that become bands, slowest first.
    [[nodiscard]] const std::vector<std::size_t>& band_dims() const { return band_dims_; }
    /// Where a band lies in the array, along each of band_dims().
    [[nodiscard]] std::vector<std::uint64_t> band_index(std::uint64_t band) const;
    /// Dimensions fixed at an index.
    [[nodiscard]] const std::vector<std::pair<std::size_t, std::uint64_t>>& fixed() const { return fixed_; }
    [[nodiscard]] bool flipped() const { return flip_; }
    [[nodiscard]] std::optional<std::size_t> x_dim() const { return x_dim_; }
    [[nodiscard]] std::optional<std::size_t> y_dim() const { return y_dim_; }
    /// Extent of a chunk along columns and rows.
    [[nodiscard]] std::uint64_t chunk_width() const;
    [[nodiscard]] std::uint64_t chunk_height() const;
    /// false where the selections took away a dimension that the georeferencing is about.
    [[nodiscard]] bool keeps_georef() const { return keeps_georef_; }

    /// Reads rows x columns of several bands: `rows` and `columns` are positions as shown, ascending, repeated where a
    /// pixel is shown twice.
    [[nodiscard]] Status read(std::span<const std::uint64_t> columns, std::span<const std::uint64_t> rows,
                              std::span<const std::uint64_t> bands, const PixelTarget& target,
                              const ReadOptions& options) const;

    /// Brings the chunks that such a read needs into the cache, as many as it holds.
    [[nodiscard]] Status prefetch(std::span<const std::uint64_t> columns, std::span<const std::uint64_t> rows,
                                  std::span<const std::uint64_t> bands, const ReadOptions& options) const;

private:
    explicit RasterArray(Array array) : array_(std::move(array)) {}

    /// Evenly spaced positions: first + k * step.
    struct Run {
        std::uint64_t first = 0, count = 0, step = 1;
    };
    static std::optional<Run> as_run(std::span<const std::uint64_t> positions);
    /// Positions of one band dimension that a region takes at once: evenly spaced, maybe written backwards.
    struct Stretch {
        std::uint64_t start = 0, count = 0, step = 1;
        bool backwards = false;
    };
    [[nodiscard]] std::vector<Stretch> stretches(std::size_t band_dim, std::uint64_t start, std::uint64_t count) const;
    /// Rows from rows[first] to rows[end - 1] that are read whole, no taller than a chunk.
    struct Strip {
        std::size_t first = 0, end = 0;
    };
    [[nodiscard]] std::vector<Strip> strips_of(std::span<const std::uint64_t> rows, std::uint64_t line_bytes) const;

    void plan_runs(const Run& columns, const Run& rows, std::span<const std::uint64_t> bands, const PixelTarget& target,
                   std::vector<RegionRead>& out) const;
    void plan_columns(const Run& stored_columns, const Run& rows, const BandBox& box, PixelTarget target,
                      std::vector<RegionRead>& out) const;
    void plan_box(RegionRead& read, const BandBox& box, std::size_t band_dim, std::vector<RegionRead>& out) const;
    [[nodiscard]] Status read_gathered(std::span<const std::uint64_t> columns, std::span<const std::uint64_t> rows,
                                       std::span<const std::uint64_t> bands, const PixelTarget& target,
                                       const ReadOptions& options) const;

    Array array_;
    std::vector<std::size_t> band_dims_;
    std::vector<std::uint64_t> band_extents_;
    std::vector<std::vector<std::uint64_t>> band_positions_;    // chosen ones of each; empty: all
    std::vector<std::pair<std::size_t, std::uint64_t>> fixed_;  // dimension, index
    std::optional<std::size_t> x_dim_, y_dim_;
    std::uint64_t width_ = 1, height_ = 1, roll_ = 0;
    bool flip_ = false, keeps_georef_ = true;
};

}  // namespace vcube::driver
