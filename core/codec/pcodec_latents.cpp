#include "core/codec/pcodec_latents.h"

#include <algorithm>
#include <bit>

namespace vcube::pcodec {

template <class L>
LatentStream<L>::LatentStream(const LatentVariable& variable)
    : nodes_(std::size_t{1} << variable.table_log), table_log_(variable.table_log), empty_(variable.bins.empty()) {
    for (const Bin& bin : variable.bins) {
        widest_ = std::max(widest_, bin.offset_bits);
    }
    spread_bins(variable);
    offset_bits_.fill(nodes_.front().offset_bits);  // for good where there is one bin
}

template <class L>
void LatentStream<L>::spread_bins(const LatentVariable& variable) {
    const std::size_t size = nodes_.size();
    // The states of a bin stand about 3/5 of the table apart. An odd step meets every state once.
    const std::size_t step = (3 * size / 5) | 1;
    std::vector<std::uint32_t> bin_of(size);
    std::size_t state = 0;
    for (std::size_t i = 0; i < variable.bins.size(); ++i) {
        for (std::uint32_t k = 0; k < variable.bins[i].weight; ++k) {
            bin_of[state] = static_cast<std::uint32_t>(i);
            state = (state + step) & (size - 1);
        }
    }
    // In the order of the table the states of a bin of weight w go on from w, w + 1, ... 2 w - 1, shifted up until
    // they are at least the table's size.
    std::vector<std::uint32_t> following(variable.bins.size());
    for (std::size_t i = 0; i < variable.bins.size(); ++i) {
        following[i] = variable.bins[i].weight;
    }
    for (std::size_t i = 0; i < size && !variable.bins.empty(); ++i) {
        const Bin& bin = variable.bins[bin_of[i]];
        const std::uint32_t from = following[bin_of[i]]++;
        const unsigned bits = table_log_ + 1 - static_cast<unsigned>(std::bit_width(from));
        nodes_[i] = Node{static_cast<std::uint16_t>((from << bits) - size), static_cast<std::uint8_t>(bits),
                         static_cast<std::uint8_t>(bin.offset_bits), static_cast<L>(bin.lower)};
    }
}

template <class L>
void LatentStream<L>::read_states(BitReader& reader) {
    for (std::uint32_t& state : states_) {
        state = static_cast<std::uint32_t>(reader.read(table_log_));
    }
}

template <class L>
void LatentStream<L>::next(BitReader& reader, std::span<L> out) {
    if (nodes_.size() == 1) {
        std::fill(out.begin(), out.end(), nodes_.front().lower);
    } else {
        read_bins(reader, out);
    }
    if (widest_ == 0) {
        return;
    }
    if (widest_ <= BitReader::kWordBits) {
        read_offsets<false>(reader, out);
    } else {
        read_offsets<true>(reader, out);
    }
}

template <class L>
void LatentStream<L>::read_bins(BitReader& reader, std::span<L> out) {
    // Four integers of up to 14 bits come out of one word.
    auto [a, b, c, d] = states_;
    std::uint64_t position = reader.position();
    std::uint64_t word = 0;
    const Node* const nodes = nodes_.data();
    const auto step = [&](std::uint32_t& state, std::size_t i) {
        const Node node = nodes[state];
        out[i] = node.lower;
        offset_bits_[i] = node.offset_bits;
        state = node.next + static_cast<std::uint32_t>(low_bits(word, node.bits));
        word >>= node.bits;
        position += node.bits;
    };
    std::size_t i = 0;
    for (; i + 4 <= out.size(); i += 4) {
        word = reader.word_at(position);
        step(a, i);
        step(b, i + 1);
        step(c, i + 2);
        step(d, i + 3);
    }
    states_ = {a, b, c, d};
    word = reader.word_at(position);
    for (std::size_t j = 0; i < out.size(); ++i, ++j) {
        step(states_[j], i);
    }
    reader.seek(position);
}

template <class L>
template <bool kWide>
void LatentStream<L>::read_offsets(BitReader& reader, std::span<L> out) const {
    std::uint64_t position = reader.position();
    for (std::size_t i = 0; i < out.size(); ++i) {
        const unsigned bits = offset_bits_[i];
        const std::uint64_t offset = kWide ? reader.wide_at(position, bits) : low_bits(reader.word_at(position), bits);
        out[i] = static_cast<L>(out[i] + static_cast<L>(offset));
        position += bits;
    }
    reader.seek(position);
}

template class LatentStream<std::uint8_t>;
template class LatentStream<std::uint16_t>;
template class LatentStream<std::uint32_t>;
template class LatentStream<std::uint64_t>;

}  // namespace vcube::pcodec
