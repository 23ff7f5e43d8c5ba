#include <algorithm>

#include "core/dgg/mapper.h"

namespace vcube::dgg {

CellSet::CellSet(std::span<const std::uint32_t> seqnums)
    : bits_(1, std::any_of(seqnums.begin(), seqnums.end(), [](std::uint32_t s) { return s != 0; }) ? 1 : 0) {}

bool CellSet::may_touch(double, double, double) const {
    return bits_[0] != 0;
}

bool CellSet::may_touch_box(double, double, double, double) const {
    return bits_[0] != 0;
}

}  // namespace vcube::dgg
