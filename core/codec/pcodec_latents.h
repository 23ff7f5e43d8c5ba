// One stream of latents of a page: bins found by table asymmetric numeral systems (tANS) with four interleaved states,
// and an offset into each bin. A batch has up to 256 latents: first the bins of all, then the offsets of all.
// Use on one thread; the reader is the page's, shared by its streams.
// Source: pco's docs/format.md, "Page"; J. Duda, "Asymmetric numeral systems", arXiv:0902.0271, for the table.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/codec/pcodec_bits.h"
#include "core/codec/pcodec_meta.h"

namespace vcube::pcodec {

constexpr std::size_t kBatch = 256;

/// `L`: the unsigned integer of the variable's bits.
template <class L>
class LatentStream {
public:
    /// Throws std::bad_alloc. Takes at most 1 << 14 nodes.
    explicit LatentStream(const LatentVariable& variable);

    /// The states that a page starts with.
    void read_states(BitReader& reader);

    /// Fills `out`, at most kBatch latents. Any bits give latents; the reader knows whether there were enough.
    void next(BitReader& reader, std::span<L> out);

    [[nodiscard]] bool empty() const { return empty_; }

private:
    // A state: the bin it stands for, and how the next state is made: `next` plus an integer of `bits` bits.
    struct Node {
        std::uint16_t next = 0;
        std::uint8_t bits = 0;
        std::uint8_t offset_bits = 0;
        L lower = 0;
    };
    void spread_bins(const LatentVariable& variable);
    void read_bins(BitReader& reader, std::span<L> out);
    template <bool kWide>
    void read_offsets(BitReader& reader, std::span<L> out) const;

    std::vector<Node> nodes_;
    unsigned table_log_;
    unsigned widest_ = 0;  // offset bits
    bool empty_;
    std::array<std::uint32_t, 4> states_{};
    std::array<std::uint8_t, kBatch> offset_bits_{};  // of the batch
};

}  // namespace vcube::pcodec
