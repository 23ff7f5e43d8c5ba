#include "core/cube/chunk_form.h"

#include <functional>
#include <numeric>
#include <utility>

namespace vcube {

std::vector<std::uint64_t> dense_strides(const Shape& shape, std::span<const std::size_t> order) {
    std::vector<std::uint64_t> strides(shape.size());
    std::uint64_t stride = 1;
    for (std::size_t i = shape.size(); i-- > 0;) {
        const std::size_t d = order.empty() ? i : order[i];
        strides[d] = stride;
        stride *= shape[d];
    }
    return strides;
}

ChunkForms::ChunkForms(const ArrayMeta& meta, const CodecChain& chain) : meta_(meta) {
    add(meta.chunks, chain).chain = &chain;
    by_shape_.emplace(meta.chunks, &forms_.front());
}

ChunkForm& ChunkForms::add(const Shape& shape, const CodecChain& chain) {
    ChunkForm& form = forms_.emplace_back();
    form.shape = shape;
    form.elements = std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
    form.bytes = chain.decoded_size();
    std::vector<std::size_t> order = chain.order();
    if (order.empty() && meta_.fortran) {
        order.resize(shape.size());
        std::iota(order.rbegin(), order.rend(), std::size_t{0});
    }
    form.strides = dense_strides(shape, order);
    return form;
}

Result<const ChunkForm*> ChunkForms::of(const Shape& shape) {
    if (const auto known = by_shape_.find(shape); known != by_shape_.end()) {
        return known->second;
    }
    VCUBE_ASSIGN(CodecChain chain, CodecChain::plan_v3(meta_.codecs, meta_.dtype, shape, meta_.path, meta_.fill));
    ChunkForm& form = add(shape, chain);
    form.own = std::move(chain);
    form.chain = &*form.own;
    by_shape_.emplace(shape, &form);
    return &form;
}

}  // namespace vcube
