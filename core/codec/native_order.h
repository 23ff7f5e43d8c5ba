// The way from a stored byte order to the machine's, for every type: numbers, text, and structured types field by
// field. Immutable after construction; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vcube/bytes.h"
#include "vcube/dtype.h"

namespace vcube {

class NativeOrder {
public:
    /// Changes nothing.
    NativeOrder() = default;
    /// From the order that `type` and its fields tell.
    explicit NativeOrder(const DType& type);
    /// From one order for the type and all its fields.
    NativeOrder(const DType& type, bool little);

    [[nodiscard]] bool is_identity() const { return runs_.empty(); }

    /// Whole elements only; `in` and `out` have the same size and may be the same bytes, other overlaps are not
    /// allowed.
    void apply(ByteSpan in, MutableByteSpan out) const;

private:
    struct Run {
        std::uint32_t offset = 0;  // in the element
        std::uint32_t size = 0;
        std::uint32_t width = 1;  // of the words that are reversed
    };
    void add(const DType& type, std::uint32_t offset, const bool* little);

    std::vector<Run> runs_;
    std::uint32_t element_size_ = 1;
};

}  // namespace vcube
