// How CellMapper maps a window of a smooth projection: rectangles of pixels, halved until the cells inside follow from
// polynomials, or are so few that they are computed one by one. Internal to core/dgg; one object a thread and window.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/dgg/exact_pixels.h"
#include "core/dgg/hex_row.h"
#include "core/dgg/mapper.h"
#include "core/dgg/pieces.h"
#include "core/dgg/surface.h"

namespace vcube::dgg {

class PatchMapper {
public:
    PatchMapper(const Grid& grid, const Projection& projection, const CellMapper::RowSink& sink, const CellSet* only);
    void map(const Window& window);

private:
    /// Points on the Earth over a rectangle: unit vectors at the nodes, and as polynomials.
    struct Earth {
        Window area;
        std::size_t node_rows = kNodes;
        std::array<NodeMatrix, 3> at_nodes{};
        std::array<Surface, 3> surfaces;
        double node_error = 0;     // of at_nodes, radians
        double surface_error = 0;  // of surfaces, radians
    };
    /// A piece's quad coordinates over a rectangle.
    struct PieceSurface {
        const Piece* piece = nullptr;
        Surface u, v;  // from the base of `row`
        HexRow row;    // all but u and v
        bool on_far_edge = false;
        std::uint32_t base_i = 0, base_j = 0;  // of the results where on_far_edge
    };
    /// The plane between two pieces: positive where the first one is.
    struct Border {
        Surface distance;
        float error = 0;
    };

    /// Pixels [begin, end) of a rectangle's row; begin is a multiple of kRowBlock.
    struct RowPart {
        std::uint32_t begin = 0, end = 0;
    };

    void visit(const Window& area, const Earth* parent);
    void split(const Window& area, const Earth* parent);
    bool sample(const Window& area, const Earth* parent, Earth& earth) const;
    bool place_nodes(const Window& area, Earth& earth) const;
    [[nodiscard]] bool skips(const Window& area) const;
    [[nodiscard]] bool skips(const Earth& earth) const;
    bool by_polynomials(const Earth& earth);
    bool fit_piece(const Earth& earth, std::uint32_t id, PieceSurface& result) const;
    bool row_of_one(const PieceSurface& piece, double t, const RowSteps& steps, std::size_t begin, std::size_t end,
                    std::uint32_t* out) const;
    bool row_of_two(const std::array<PieceSurface, 2>& pieces, const Border& border, double t, const RowSteps& steps,
                    std::size_t begin, std::size_t end, std::uint32_t* out);
    void trim_rows(const Window& area);
    void finish(const Window& area, std::size_t stride, std::span<const std::uint32_t> unsure_rows);
    void one_by_one(const Window& area);

    const Grid* grid_;
    const Projection* projection_;
    const CellMapper::RowSink* sink_;
    const CellSet* only_;
    ExactPixels exact_;
    std::vector<std::uint32_t> cells_;        // of a rectangle, row by row
    std::vector<std::uint32_t> second_;       // a row by the second piece
    std::vector<float> distance_;             // of a row's pixels from the border
    std::vector<RowPart> parts_;              // wanted of each row of the rectangle
    std::vector<std::uint32_t> unsure_rows_;  // rows of the rectangle with unsure pixels
};

}  // namespace vcube::dgg
