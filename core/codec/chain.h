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
    /// `chunk`: shape of one decoded chunk. A transpose is not executed but told by order(). Source: Zarr v3 core
    /// specification, "Codecs".
    static Result<CodecChain> plan_v3(const Json& codecs, const DType& type, const Shape& chunk,
                                      const std::string& what);

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

    /// Bytes of one decoded chunk; of variable elements: 0.
    [[nodiscard]] std::size_t decoded_size() const { return decoded_size_; }

    /// true where the stored bytes are the decoded ones (no codec, native byte order): a byte range of the chunk is a
    /// range of elements.
    [[nodiscard]] bool is_identity() const { return stages_.empty() && !swap_; }

    /// Ids of the codecs, in encoding order, for structural information.
    [[nodiscard]] const std::vector<std::string>& ids() const { return ids_; }

    /// Decodes one chunk into `out`, which holds exactly decoded_size() bytes. The result is in native byte order, in
    /// the array's storage order (C or F). An encoded chunk that decodes to another size is kCorrupt and tells both
    /// sizes.
    [[nodiscard]] Status decode(ByteSpan encoded, MutableByteSpan out) const;

private:
    CodecChain() = default;
    Status add_stage(const Json& config, const std::string& what);
    [[nodiscard]] Status decode_stages(ByteSpan encoded, MutableByteSpan out) const;
    [[nodiscard]] Error too_long(const Codec& codec, ByteSpan in, std::size_t which, std::size_t expected) const;

    std::vector<std::string> ids_;                      // all codecs, in encoding order
    std::vector<std::unique_ptr<const Codec>> stages_;  // those whose decoding changes bytes, in encoding order
    std::vector<std::optional<std::size_t>> sizes_;     // bytes before stage i is decoded, where fixed
    std::vector<std::size_t> order_;
    bool variable_ = false;
    std::size_t decoded_size_ = 0;
    std::uint32_t swap_width_ = 1;
    bool swap_ = false;
};

/// Every codec id that this build decodes, sorted.
std::vector<std::string> codec_names();

}  // namespace vcube
