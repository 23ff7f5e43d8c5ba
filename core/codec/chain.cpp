#include "core/codec/chain.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include "core/codec/scratch.h"

namespace vcube {
namespace {

constexpr std::size_t kScratchSlack = 1U << 20;

// A bound on what lies between two codecs where no size is known: an intermediate form of a chunk is hardly ever larger
// than the chunk, and never by much.
std::size_t scratch_cap(std::size_t decoded_size) {
    return 2 * decoded_size + kScratchSlack;
}

Error wrong_size(const std::string& what, std::size_t got, std::size_t expected) {
    return corrupt(what + " " + std::to_string(got) + " bytes, expected " + std::to_string(expected));
}

// Decodes where the size is not known beforehand: the scratch grows until the codec is content or the cap is met.
Result<ByteSpan> decode_growing(const Codec& codec, ByteSpan in, std::size_t which, std::size_t cap, Scratch& scratch) {
    std::size_t capacity = std::min(cap, std::max<std::size_t>(4096, 2 * std::min(in.size(), cap)));
    while (true) {
        VCUBE_ASSIGN(const MutableByteSpan target, scratch.get(which, capacity));
        const Result<std::size_t> written = codec.decode(in, target);
        if (written.ok()) {
            return ByteSpan(target.first(written.value()));
        }
        if (written.error().code != ErrorCode::kLimit || capacity >= cap) {
            return written.error();
        }
        capacity = capacity > cap / 4 ? cap : 4 * capacity;
    }
}

// Decodes once more, with room, so that the message can tell how long the chunk is.
Error too_long(const Codec& codec, ByteSpan in, std::size_t which, std::size_t expected, std::size_t cap,
               Scratch& scratch) {
    const Result<ByteSpan> whole = decode_growing(codec, in, which, cap, scratch);
    const std::string name(codec.id());
    if (whole.ok()) {
        return wrong_size(name + " chunk decodes to", whole.value().size(), expected);
    }
    if (whole.error().code == ErrorCode::kCorrupt) {
        return whole.error();
    }
    return corrupt(name + " chunk is too long, expected " + std::to_string(expected) +
                   " bytes: " + whole.error().message);
}

}  // namespace

std::optional<std::size_t> CodecChain::encoded_size() const {
    if (!stages_.empty()) {
        return sizes_.back();
    }
    return variable_ ? strings_size_ : std::optional<std::size_t>(decoded_size_);
}

void CodecChain::to_native(ByteSpan in, MutableByteSpan out) const {
    swap_.apply(in, out);
}

Status CodecChain::decode(ByteSpan encoded, MutableByteSpan out) const {
    if (variable_) {
        return unsupported("elements of variable length are decoded as text");
    }
    if (out.size() != decoded_size_) {
        return invalid("buffer for a decoded chunk has " + std::to_string(out.size()) + " bytes, expected " +
                       std::to_string(decoded_size_));
    }
    if (stages_.empty()) {
        if (encoded.size() != decoded_size_) {
            return wrong_size("chunk holds", encoded.size(), decoded_size_);
        }
        swap_.apply(encoded, out);
        return {};
    }
    const ScratchLease scratch;
    VCUBE_TRY(decode_stages(encoded, out, scratch_cap(decoded_size_), *scratch));
    if (!swap_.is_identity()) {
        swap_.apply(out, out);
    }
    return {};
}

Result<Buffer> CodecChain::decode_strings(ByteSpan encoded, std::uint64_t max_bytes) const {
    if (!variable_) {
        return invalid("elements of a fixed size are not decoded as text");
    }
    const ScratchLease scratch;
    const std::uint64_t bounded = std::min<std::uint64_t>(max_bytes, std::uint64_t{1} << 40);
    VCUBE_ASSIGN(const ByteSpan in, decode_stages(encoded, std::nullopt, scratch_cap(bounded), *scratch));
    return strings_(in, elements_, max_bytes);
}

Result<ByteSpan> CodecChain::decode_stages(ByteSpan encoded, std::optional<MutableByteSpan> out, std::size_t cap,
                                           Scratch& scratch) const {
    ByteSpan in = encoded;
    for (std::size_t i = stages_.size(); i-- > 0;) {
        const Codec& codec = *stages_[i];
        if (sizes_[i] && in.size() != *sizes_[i]) {
            return wrong_size("chunk before " + std::string(codec.id()) + " holds", in.size(), *sizes_[i]);
        }
        const std::optional<std::size_t> first = out ? decoded_size_ : strings_size_;
        const std::optional<std::size_t> expected = i == 0 ? first : sizes_[i - 1];
        const std::size_t which = i % 2;
        if (!expected) {
            VCUBE_ASSIGN(in, decode_growing(codec, in, which, cap, scratch));
            continue;
        }
        MutableByteSpan target;
        if (i == 0 && out) {
            target = *out;
        } else {
            VCUBE_ASSIGN(target, scratch.get(which, *expected));
        }
        const Result<std::size_t> written = codec.decode(in, target);
        if (!written.ok() && written.error().code == ErrorCode::kLimit) {
            return too_long(codec, in, which, *expected, cap, scratch);
        }
        if (!written.ok()) {
            return written.error();
        }
        if (written.value() != *expected) {
            return wrong_size(std::string(codec.id()) + " chunk decodes to", written.value(), *expected);
        }
        in = target;
    }
    return in;
}

}  // namespace vcube
