// What the decoded chunks of an array look like. Those of a regular grid are all alike: one form. Those of a grid with
// different extents have a form for each shape, planned when a read meets the first chunk of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "core/codec/chain.h"
#include "core/cube/array_meta.h"
#include "vcube/result.h"
#include "vcube/shape.h"

namespace vcube {

struct ChunkForm {
    Shape shape;
    const CodecChain* chain = nullptr;
    std::vector<std::uint64_t> strides;  // elements, in the decoded chunk
    std::size_t elements = 0;
    std::uint64_t bytes = 0;        // decoded; 0 for elements of variable length
    std::optional<CodecChain> own;  // where `chain` is not the array's
};

/// Element strides of a block without gaps. `order`: its dimensions, slowest first; empty for C order.
std::vector<std::uint64_t> dense_strides(const Shape& shape, std::span<const std::size_t> order);

/// The forms that one read has met: at most as many as it touches chunks. References to them stay valid. One thread.
class ChunkForms {
public:
    /// `chain`: of the array's largest chunk. Both outlive this.
    ChunkForms(const ArrayMeta& meta, const CodecChain& chain);

    /// Of the largest chunk.
    [[nodiscard]] const ChunkForm& largest() const { return forms_.front(); }
    /// Whether all chunks are alike.
    [[nodiscard]] bool regular() const { return meta_.runs.empty(); }
    /// Of the chunk with these extents, in a grid that is not regular.
    Result<const ChunkForm*> of(const Shape& shape);

private:
    ChunkForm& add(const Shape& shape, const CodecChain& chain);

    const ArrayMeta& meta_;
    std::deque<ChunkForm> forms_;
    std::map<Shape, const ChunkForm*> by_shape_;
};

}  // namespace vcube
