// zfp with its full header: {"id": "zfpy", "mode": 4, "tolerance": 0.01}. The header says how it was made. Without
// "header", {"id": "imagecodecs_zfp", "header": false, "shape": [4, 4], "dtype": "<f4"}, the mode still stands before
// the data, but shape and type only in the configuration. zfp reads a stream without looking for its end: the input is
// copied in front of as many zeros as it could read. Source: zfp 1.0, "High-Level C API" and its file format.
#include <zfp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/dtype_text.h"
#include "core/codec/compressors.h"
#include "core/codec/registry.h"
#include "vcube/shape.h"

namespace vcube {
namespace {

struct StreamDeleter {
    void operator()(zfp_stream* stream) const { zfp_stream_close(stream); }
};
struct FieldDeleter {
    void operator()(zfp_field* field) const { zfp_field_free(field); }
};
struct BitsDeleter {
    void operator()(bitstream* bits) const { stream_close(bits); }
};

constexpr std::size_t kHeaderBytes = (ZFP_HEADER_MAX_BITS + 7) / 8;
constexpr std::size_t kSlack = 64;

Error damaged(std::size_t size, const char* why) {
    return corrupt("zfp chunk of " + std::to_string(size) + " bytes: " + why);
}

struct Extent {
    std::uint64_t elements = 1;
    std::uint64_t blocks = 1;
};

Result<Extent> extent_of(const zfp_field& field, std::size_t size) {
    Extent extent;
    for (const std::size_t length : {field.nx, field.ny, field.nz, field.nw}) {
        if (length == 0) {
            continue;
        }
        const auto elements = checked_product(extent.elements, length);
        const auto blocks = checked_product(extent.blocks, (length + 3) / 4);
        if (!elements || !blocks) {
            return damaged(size, "its header claims too many elements");
        }
        extent = {*elements, *blocks};
    }
    return extent;
}

/// What the configuration tells where the header does not.
struct Told {
    zfp_type type = zfp_type_none;
    Shape shape;
};

/// Reads the header that is there, and completes the field.
bool read_header(zfp_stream* stream, zfp_field* field, const Told* told) {
    if (told == nullptr) {
        return zfp_read_header(stream, field, ZFP_HEADER_FULL) != 0;
    }
    zfp_field_set_type(field, told->type);
    const auto length = [&](std::size_t i) {
        return i < told->shape.size() ? told->shape[told->shape.size() - 1 - i] : 0;
    };
    zfp_field_set_size_4d(field, length(0), length(1), length(2), length(3));
    return zfp_read_header(stream, field, ZFP_HEADER_MAGIC | ZFP_HEADER_MODE) != 0;
}

Result<std::size_t> decode_zfp(ByteSpan in, MutableByteSpan out, const Told* told) {
    const std::size_t size = in.size();
    std::vector<std::byte> padded;
    const std::unique_ptr<zfp_stream, StreamDeleter> stream(zfp_stream_open(nullptr));
    const std::unique_ptr<zfp_field, FieldDeleter> field(zfp_field_alloc());
    if (!stream || !field) {
        return over_limit("no memory for a zfp decompressor");
    }
    // The header first, from a copy with room behind it; then all with as much room as the header asks for.
    alignas(std::uint64_t) std::array<std::byte, kHeaderBytes + kSlack> header{};
    std::copy_n(in.begin(), std::min(size, kHeaderBytes), header.begin());
    std::unique_ptr<bitstream, BitsDeleter> bits(stream_open(header.data(), header.size()));
    zfp_stream_set_bit_stream(stream.get(), bits.get());
    zfp_stream_rewind(stream.get());
    if (!read_header(stream.get(), field.get(), told) || field->nx == 0) {
        return damaged(size, "it has no valid header");
    }
    VCUBE_ASSIGN(const Extent extent, extent_of(*field, size));
    const std::size_t item = zfp_type_size(field->type);
    const auto bytes = checked_product(extent.elements, item);
    if (item == 0 || !bytes || *bytes > out.size()) {
        return over_limit("zfp chunk: its header claims " + (bytes ? std::to_string(*bytes) : "too many") +
                          " bytes, more than " + std::to_string(out.size()));
    }
    if (extent.blocks * stream->minbits / 8 > size) {
        return damaged(size, "it is cut short");
    }
    // Of zeros a block reads one bit a bit plane, and what its exponent and precision take.
    constexpr std::uint64_t kBitsOfZeros = 128;
    const auto zeros =
        static_cast<std::size_t>(extent.blocks * std::max<std::uint64_t>(kBitsOfZeros, stream->minbits) / 8);
    try {
        padded.assign(size + zeros + stream->maxbits / 8 + kSlack, std::byte{0});
    } catch (const std::bad_alloc&) {
        return over_limit("no memory for a zfp chunk of " + std::to_string(size) + " bytes");
    }
    std::copy(in.begin(), in.end(), padded.begin());
    bits.reset(stream_open(padded.data(), padded.size()));
    zfp_stream_set_bit_stream(stream.get(), bits.get());
    zfp_stream_rewind(stream.get());
    if (!read_header(stream.get(), field.get(), told)) {
        return damaged(size, "it has no valid header");
    }
    zfp_field_set_pointer(field.get(), out.data());
    if (zfp_stream_set_execution(stream.get(), zfp_exec_serial) == 0 ||
        zfp_decompress(stream.get(), field.get()) == 0) {
        return damaged(size, "it does not decompress");
    }
    if (stream_rtell(bits.get()) > 8 * static_cast<bitstream_offset>(size)) {
        return damaged(size, "it is cut short");
    }
    return static_cast<std::size_t>(*bytes);
}

class ToldCodec final : public Codec {
public:
    explicit ToldCodec(Told told) : told_(std::move(told)) {}
    [[nodiscard]] std::string_view id() const override { return "zfpy"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t) const override { return std::nullopt; }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        return decode_zfp(in, out, &told_);
    }

private:
    Told told_;
};

Result<Told> parse_told(const Json& config, const std::string& what) {
    Told told;
    VCUBE_ASSIGN(told.shape, json_shape(config, "shape", what));
    VCUBE_ASSIGN(const std::string text, json_string(config, "dtype", what));
    VCUBE_ASSIGN(const DType type, parse_dtype(text, what));
    if (type.kind == Kind::kFloat && type.size >= 4) {
        told.type = type.size == 4 ? zfp_type_float : zfp_type_double;
    } else if (type.kind == Kind::kInt && type.size >= 4) {
        told.type = type.size == 4 ? zfp_type_int32 : zfp_type_int64;
    }
    const bool filled = std::find(told.shape.begin(), told.shape.end(), 0U) == told.shape.end();
    if (told.type == zfp_type_none || told.shape.empty() || told.shape.size() > 4 || !filled) {
        return invalid(what + ": expected 1 to 4 dimensions of integers or floats of 4 or 8 bytes");
    }
    return told;
}

}  // namespace

MadeCodec make_zfpy(const Json& config, CodecPlace& place) {
    if (config.value("header", Json()) == Json(false)) {
        VCUBE_ASSIGN(Told told, parse_told(config, place.what));
        return std::unique_ptr<const Codec>(std::make_unique<ToldCodec>(std::move(told)));
    }
    const auto decode = [](ByteSpan in, MutableByteSpan out) { return decode_zfp(in, out, nullptr); };
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("zfpy", decode));
}

}  // namespace vcube
