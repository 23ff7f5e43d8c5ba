// Undoing pco's delta encodings, batch by batch: none, sums of sums, differences to one of the latents before, and
// differences to a weighted sum of those just before. A page gives the first latents outright (its state), the rest are
// differences; batches come out in the order of the numbers. All arithmetic wraps. Use on one thread.
// Source: pco's docs/format.md, "Delta Encodings"; for what it leaves out (negative predictions count as zero,
// differences are stored with their highest bit flipped) the library's behaviour since 1.0.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/codec/pcodec_bits.h"
#include "core/codec/pcodec_meta.h"

namespace vcube::pcodec {

/// `L`: the latents' unsigned integer.
template <class L>
class DeltaDecoder {
public:
    /// For a page of `count` latents. Throws std::bad_alloc; takes at most four times the size of these and the state.
    DeltaDecoder(const DeltaEncoding& encoding, std::size_t count);

    /// The page's first latents. The reader must hold their bits.
    void read_state(BitReader& reader);

    /// In: differences in the first `given` of `batch`, fewer than there are where the page ends. Out: latents.
    /// `lookbacks`: one for each difference, with Delta::kLookback. False where one of them leads out of the window.
    [[nodiscard]] bool decode(std::span<L> batch, std::size_t given, std::span<const std::uint32_t> lookbacks);

    [[nodiscard]] std::size_t state_size() const { return state_.size(); }

private:
    void sum(std::span<L> batch);
    bool look_back(std::span<L> batch, std::size_t given, std::span<const std::uint32_t> lookbacks);
    void convolve(std::span<L> batch, std::size_t given);

    const DeltaEncoding& encoding_;
    std::vector<L> state_;      // kLookback: only how many
    std::vector<L> ring_;       // kLookback: the newest latents, a power of two of them
    std::uint64_t behind_ = 0;  // kLookback: latents that went into the ring
};

}  // namespace vcube::pcodec
