#include "core/codec/pcodec_delta.h"

#include <algorithm>
#include <bit>

namespace vcube::pcodec {

template <class L>
DeltaDecoder<L>::DeltaDecoder(const DeltaEncoding& encoding, std::size_t count)
    : encoding_(encoding), state_(encoding.state_size) {
    if (encoding.kind == Delta::kLookback) {
        // No more than there are latents: what lies before the first is zero.
        const std::uint64_t all = std::bit_ceil(std::uint64_t{count} + encoding.state_size);
        ring_.resize(static_cast<std::size_t>(std::min(all, encoding.window)));
    }
}

template <class L>
void DeltaDecoder<L>::read_state(BitReader& reader) {
    for (L& latent : state_) {
        latent = static_cast<L>(reader.read(kBits<L>));
    }
    if (encoding_.kind == Delta::kLookback) {
        std::copy(state_.begin(), state_.end(), ring_.begin());
        behind_ = state_.size();
    }
}

template <class L>
bool DeltaDecoder<L>::decode(std::span<L> batch, std::size_t given, std::span<const std::uint32_t> lookbacks) {
    if (encoding_.kind == Delta::kNone) {
        return true;
    }
    for (L& latent : batch.first(given)) {
        latent ^= kMiddle<L>;
    }
    switch (encoding_.kind) {
        case Delta::kConsecutive:
            sum(batch);
            return true;
        case Delta::kLookback:
            return look_back(batch, given, lookbacks);
        default:
            convolve(batch, given);
            return true;
    }
}

template <class L>
void DeltaDecoder<L>::sum(std::span<L> batch) {
    for (std::size_t order = state_.size(); order-- > 0;) {
        L total = state_[order];
        for (L& latent : batch) {
            const L difference = latent;
            latent = total;
            total = static_cast<L>(total + difference);
        }
        state_[order] = total;
    }
}

template <class L>
bool DeltaDecoder<L>::look_back(std::span<L> batch, std::size_t given, std::span<const std::uint32_t> lookbacks) {
    const std::size_t mask = ring_.size() - 1;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        // What comes out is state_size latents behind what goes in; the ring holds at least as many.
        const L out = ring_[static_cast<std::size_t>(behind_ - state_.size()) & mask];
        if (i < given) {
            const std::uint32_t back = lookbacks[i];
            if (back == 0 || back > encoding_.window) {
                return false;
            }
            const L from = back <= behind_ ? ring_[static_cast<std::size_t>(behind_ - back) & mask] : L{0};
            ring_[static_cast<std::size_t>(behind_) & mask] = static_cast<L>(batch[i] + from);
        }
        ++behind_;
        batch[i] = out;
    }
    return true;
}

template <class L>
void DeltaDecoder<L>::convolve(std::span<L> batch, std::size_t given) {
    const std::size_t order = state_.size();
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const L out = state_.front();
        std::int64_t prediction = encoding_.bias;
        for (std::size_t k = 0; k < order; ++k) {
            prediction += encoding_.weights[k] * static_cast<std::int64_t>(state_[k]);
        }
        prediction = std::max<std::int64_t>(prediction, 0) >> encoding_.shift;
        std::copy(state_.begin() + 1, state_.end(), state_.begin());
        state_.back() = static_cast<L>((i < given ? batch[i] : L{0}) + static_cast<L>(prediction));
        batch[i] = out;
    }
}

template class DeltaDecoder<std::uint8_t>;
template class DeltaDecoder<std::uint16_t>;
template class DeltaDecoder<std::uint32_t>;
template class DeltaDecoder<std::uint64_t>;

}  // namespace vcube::pcodec
