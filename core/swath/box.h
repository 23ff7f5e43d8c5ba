// A box on the Earth, and which cells have their centre in it. Immutable, thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/dgg/blocks.h"
#include "vcube/result.h"

namespace vcube::swath {

/// In degrees, borders included; west > east crosses the date line.
struct LonLatBox {
    double west = 0, south = 0, east = 0, north = 0;
    /// Any longitude in -540..540.
    [[nodiscard]] bool contains(double lon, double lat) const;
};

/// "west,south,east,north" in degrees: west and east in -180..360, south <= north in -90..90.
Result<LonLatBox> parse_box(std::string_view text);

/// The cells whose centre lies in a box.
class BoxCells {
public:
    /// Some 20 ms for the box of a continent.
    explicit BoxCells(const LonLatBox& box);
    [[nodiscard]] bool contains(dgg::BlockCell place) const {
        return (parts_[part_of_[place.block]][place.cell / 64] >> place.cell % 64 & 1U) != 0;
    }
    /// Blocks that hold a cell of the box.
    [[nodiscard]] const dgg::BlockSet& blocks() const { return blocks_; }
    /// Blocks all of whose cells lie in the box.
    [[nodiscard]] const dgg::BlockSet& whole_blocks() const { return whole_; }

private:
    using Bits = std::array<std::uint64_t, dgg::kBlockCells / 64>;
    dgg::BlockSet blocks_, whole_;
    std::vector<Bits> parts_;             // first all outside, then all inside, then those of the border's blocks
    std::vector<std::uint16_t> part_of_;  // by block
};

}  // namespace vcube::swath
