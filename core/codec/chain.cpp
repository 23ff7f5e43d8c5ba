#include "core/codec/chain.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <utility>

#include "core/codec/byte_swap.h"
#include "core/codec/registry.h"
#include "vcube/shape.h"

namespace vcube {
namespace {

constexpr std::size_t kMaxStages = 16;
constexpr std::size_t kScratchSlack = 1U << 20;
constexpr std::size_t kScratchKept = 64U << 20;  // larger scratch is released after the chunk

// Two buffers a thread: a stage reads one and writes the other. They only grow, and are released when they are large.
class Scratch {
public:
    Result<MutableByteSpan> get(std::size_t which, std::size_t size) {
        Buffer& buffer = buffers_[which];
        if (buffer.size() < size) {
            try {
                buffer = Buffer();
                buffer = Buffer(std::max<std::size_t>(size, 4096));
            } catch (const std::bad_alloc&) {
                return over_limit("no memory for " + std::to_string(size) + " bytes between two codecs");
            }
        }
        return buffer.span().first(size);
    }
    void trim() {
        for (Buffer& buffer : buffers_) {
            if (buffer.size() > kScratchKept) {
                buffer = Buffer();
            }
        }
    }

private:
    std::array<Buffer, 2> buffers_;
};

Scratch& thread_scratch() {
    thread_local Scratch scratch;
    return scratch;
}

// A bound on what lies between two codecs where no size is known: an intermediate form of a chunk is hardly ever larger
// than the chunk, and never by much.
std::size_t scratch_cap(std::size_t decoded_size) {
    return 2 * decoded_size + kScratchSlack;
}

Error wrong_size(const std::string& what, std::size_t got, std::size_t expected) {
    return corrupt(what + " " + std::to_string(got) + " bytes, expected " + std::to_string(expected));
}

// Decodes where the size is not known beforehand: the scratch grows until the codec is content or the cap is met.
Result<ByteSpan> decode_growing(const Codec& codec, ByteSpan in, std::size_t which, std::size_t cap) {
    std::size_t capacity = std::min(cap, std::max<std::size_t>(4096, 2 * std::min(in.size(), cap)));
    while (true) {
        VCUBE_ASSIGN(const MutableByteSpan target, thread_scratch().get(which, capacity));
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

}  // namespace

Result<CodecChain> CodecChain::plan_v2(const Json& filters, const Json& compressor, const DType& type,
                                       std::size_t elements, const std::string& what) {
    if (type.kind == Kind::kObject) {
        return unsupported(what + ": arrays of objects (dtype |O) are not read");
    }
    if (!filters.is_null() && !filters.is_array()) {
        return invalid(what + ": \"filters\": expected a list or null, got " + json_type_name(filters));
    }
    CodecChain chain;
    const std::optional<std::uint64_t> bytes = checked_product(type.size, elements);
    if (!bytes || *bytes > std::numeric_limits<std::size_t>::max() / 4) {
        return over_limit(what + ": a chunk of " + std::to_string(elements) + " elements of " +
                          std::to_string(type.size) + " bytes is too large");
    }
    chain.decoded_size_ = static_cast<std::size_t>(*bytes);
    chain.swap_width_ = type.swap_width();
    chain.swap_ = chain.swap_width_ > 1 && !type.native();
    if (filters.is_array()) {
        if (filters.size() >= kMaxStages) {
            return over_limit(what + ": " + std::to_string(filters.size()) + " filters, at most " +
                              std::to_string(kMaxStages - 1) + " are read");
        }
        for (const Json& config : filters) {
            VCUBE_TRY(chain.add_stage(config, what + ": filters"));
        }
    }
    if (!compressor.is_null()) {
        VCUBE_TRY(chain.add_stage(compressor, what + ": compressor"));
    }
    return chain;
}

Status CodecChain::add_stage(const Json& config, const std::string& what) {
    if (!config.is_object()) {
        return invalid(what + ": expected a codec's configuration, got " + json_type_name(config));
    }
    VCUBE_ASSIGN(const std::string id, json_string(config, "id", what));
    const CodecEntry* const entry = find_codec(id);
    if (entry == nullptr) {
        return unsupported(what + ": codec \"" + id.substr(0, 60) + "\" is not known");
    }
    VCUBE_ASSIGN(std::unique_ptr<const Codec> codec, entry->make(config, what + ": " + std::string(entry->id)));
    ids_.emplace_back(entry->id);
    if (!codec) {
        return {};
    }
    const std::optional<std::size_t> decoded = stages_.empty() ? decoded_size_ : sizes_.back();
    const std::optional<std::size_t> encoded = decoded ? codec->encoded_size(*decoded) : std::nullopt;
    if (encoded && *encoded / 8 > decoded_size_ + kScratchSlack) {
        return over_limit(what + ": \"" + id + "\" makes a chunk of " + std::to_string(decoded_size_) +
                          " bytes more than eight times larger");
    }
    sizes_.push_back(encoded);
    stages_.push_back(std::move(codec));
    return {};
}

Status CodecChain::decode(ByteSpan encoded, MutableByteSpan out) const {
    if (out.size() != decoded_size_) {
        return invalid("buffer for a decoded chunk has " + std::to_string(out.size()) + " bytes, expected " +
                       std::to_string(decoded_size_));
    }
    if (stages_.empty()) {
        if (encoded.size() != decoded_size_) {
            return wrong_size("chunk holds", encoded.size(), decoded_size_);
        }
        if (swap_) {
            swap_words(encoded.data(), out.data(), out.size(), swap_width_);
        } else if (!encoded.empty()) {
            std::memcpy(out.data(), encoded.data(), encoded.size());
        }
        return {};
    }
    Status status = decode_stages(encoded, out);
    thread_scratch().trim();
    if (status.ok() && swap_) {
        swap_words(out.data(), out.data(), out.size(), swap_width_);
    }
    return status;
}

Status CodecChain::decode_stages(ByteSpan encoded, MutableByteSpan out) const {
    ByteSpan in = encoded;
    for (std::size_t i = stages_.size(); i-- > 0;) {
        const Codec& codec = *stages_[i];
        const std::string_view id = codec.id();
        if (sizes_[i] && in.size() != *sizes_[i]) {
            return wrong_size("chunk before " + std::string(id) + " holds", in.size(), *sizes_[i]);
        }
        const std::optional<std::size_t> expected = i == 0 ? decoded_size_ : sizes_[i - 1];
        const std::size_t which = i % 2;
        if (!expected) {
            VCUBE_ASSIGN(in, decode_growing(codec, in, which, scratch_cap(decoded_size_)));
            continue;
        }
        MutableByteSpan target = out;
        if (i > 0) {
            VCUBE_ASSIGN(target, thread_scratch().get(which, *expected));
        }
        const Result<std::size_t> written = codec.decode(in, target);
        if (!written.ok() && written.error().code == ErrorCode::kLimit) {
            return too_long(codec, in, which, *expected);
        }
        if (!written.ok()) {
            return written.error();
        }
        if (written.value() != *expected) {
            return wrong_size(std::string(id) + " chunk decodes to", written.value(), *expected);
        }
        in = target;
    }
    return {};
}

Error CodecChain::too_long(const Codec& codec, ByteSpan in, std::size_t which, std::size_t expected) const {
    // Decoded once more, with room, so that the message can tell how long it is.
    const Result<ByteSpan> whole = decode_growing(codec, in, which, scratch_cap(decoded_size_));
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

}  // namespace vcube
