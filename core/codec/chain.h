// The codec chain of an array: planned once from its metadata, decoded many times.
// Source: Zarr v2 specification, "Filters" and "compressor"; numcodecs' configurations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/codec/native_order.h"
#include "core/codec/strings.h"
#include "vcube/bytes.h"
#include "vcube/codec.h"
#include "vcube/dtype.h"
#include "vcube/result.h"
#include "vcube/shape.h"

namespace vcube {

/// Immutable; `decode` is thread-safe. Movable.
class CodecChain {
public:
    /// Plans a Zarr v2 chain. `filters`: null or a list of codec configurations in encoding order; `compressor`: null
    /// or one; `type` and `elements` describe one decoded chunk. kUnsupported names a codec that is not known or not
    /// built.
    static Result<CodecChain> plan_v2(const Json& filters, const Json& compressor, const DType& type,
                                      std::size_t elements, const std::string& what);

    /// Plans a Zarr v3 chain: `codecs` is the metadata's list (array to array, one array to bytes, bytes to bytes).
    /// `chunk`: shape of one decoded chunk. A transpose is not executed but told by order(). The byte order is that of
    /// the codec "bytes", not of `type`. `fill`: one element in native byte order (of variable size: its bytes), or
    /// empty: zeros; it fills the inner chunks that a shard does not hold. Source: Zarr v3 core specification,
    /// "Codecs".
    static Result<CodecChain> plan_v3(const Json& codecs, const DType& type, const Shape& chunk,
                                      const std::string& what, ByteSpan fill = {});

    /// Dimensions in the order in which a decoded chunk lies in memory, slowest first: {1, 0} for a transposed matrix.
    /// Empty: as in the metadata (C order; v2's "order" is the caller's).
    [[nodiscard]] const std::vector<std::size_t>& order() const { return order_; }

    /// Whether elements have variable length (dtype |O, v3 string and bytes): decode() is an error then,
    /// decode_strings() the way.
    [[nodiscard]] bool is_variable() const { return variable_; }

    /// Decodes a chunk of elements of variable length: text as UTF-8, bytes as they are, JSON objects and ragged arrays
    /// as JSON text. The result holds n + 1 offsets (std::uint64_t, native) for the n elements in storage order, then
    /// the bytes they count from. At most `max_bytes` in all (kLimit). Thread-safe.
    [[nodiscard]] Result<Buffer> decode_strings(ByteSpan encoded, std::uint64_t max_bytes) const;

    /// Copies elements of the stored byte order (no other codec) to native order, whole elements only; structured types
    /// field by field. `in` and `out` have the same size and may be the same bytes.
    void to_native(ByteSpan in, MutableByteSpan out) const;

    /// Bytes of one encoded chunk where the codecs give it a fixed size (no compressor): the size of a shard's index.
    [[nodiscard]] std::optional<std::size_t> encoded_size() const;

    /// Bytes of one decoded chunk; of variable elements: 0.
    [[nodiscard]] std::size_t decoded_size() const { return decoded_size_; }

    /// true where the stored bytes are the decoded ones (no codec, native byte order): a byte range of the chunk is a
    /// range of elements.
    [[nodiscard]] bool is_identity() const { return !variable_ && stages_.empty() && swap_.is_identity(); }

    /// Ids of the codecs, in encoding order, for structural information.
    [[nodiscard]] const std::vector<std::string>& ids() const { return ids_; }

    /// Decodes one chunk into `out`, which holds exactly decoded_size() bytes. The result is in native byte order, in
    /// the array's storage order (C or F). An encoded chunk that decodes to another size is kCorrupt and tells both
    /// sizes.
    [[nodiscard]] Status decode(ByteSpan encoded, MutableByteSpan out) const;

private:
    friend class ChainPlanner;
    CodecChain() = default;
    [[nodiscard]] Result<ByteSpan> decode_stages(ByteSpan encoded, std::optional<MutableByteSpan> out, std::size_t cap,
                                                 class Scratch& scratch) const;

    std::vector<std::string> ids_;                      // all codecs, in encoding order
    std::vector<std::unique_ptr<const Codec>> stages_;  // those whose decoding changes bytes, in encoding order
    std::vector<std::optional<std::size_t>> sizes_;     // bytes before stage i is decoded, where fixed
    std::vector<std::size_t> order_;
    bool variable_ = false;
    std::size_t elements_ = 0;
    std::size_t decoded_size_ = 0;
    std::optional<std::size_t> strings_size_;  // what the string decoder takes, where fixed
    StringDecoder strings_;                    // of variable elements
    NativeOrder swap_;                         // from the stored byte order, after all stages
};

/// Every codec id that this build decodes, sorted.
std::vector<std::string> codec_names();

}  // namespace vcube
