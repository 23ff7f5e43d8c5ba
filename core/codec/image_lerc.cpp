// LERC, limited error raster compression: {"id": "imagecodecs_lerc"}, also inside zstd or zlib. The elements are bands
// x height x width x values of a pixel. Invalid pixels are zeros. Source: Esri's LERC 4, version 2 blobs.
#include <Lerc_c_api.h>

#include <array>
#include <cstring>
#include <exception>
#include <limits>
#include <vector>

#include "core/base/inflate.h"
#include "core/codec/compressors.h"
#include "core/codec/image.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

constexpr std::string_view kName = "LERC";
constexpr std::array<std::uint64_t, 8> kItems = {1, 1, 2, 2, 4, 4, 4, 8};  // of the library's types, in its order

// What lerc_getBlobInfo fills, in its order.
struct BlobInfo {
    unsigned version, type, depth, columns, rows, bands, valid, size, masks;
};

Result<std::size_t> decode_blob(ByteSpan in, MutableByteSpan out) {
    if (!as_text(in).starts_with("Lerc2 ")) {
        if (as_text(in).starts_with("CntZImage ")) {
            return unsupported("LERC image of version 1: only version 2 is read");
        }
        return image_damaged(kName, in.size(), "it has no valid header");
    }
    if (in.size() > std::numeric_limits<unsigned>::max()) {
        return over_limit("LERC image of " + std::to_string(in.size()) + " bytes is too large");
    }
    const auto* const blob = reinterpret_cast<const unsigned char*>(in.data());
    const auto size = static_cast<unsigned>(in.size());
    BlobInfo info{};
    std::array<unsigned, 9> raw{};
    std::array<double, 3> range{};
    if (lerc_getBlobInfo(blob, size, raw.data(), range.data(), raw.size(), range.size()) != 0) {
        return image_damaged(kName, in.size(), "it has no valid header");
    }
    std::memcpy(&info, raw.data(), sizeof info);
    if (info.type >= kItems.size() || info.size > size) {
        return image_damaged(kName, in.size(), "");
    }
    const auto planes = checked_product(info.bands, info.rows);
    VCUBE_ASSIGN(const std::size_t bytes,
                 image_bytes(kName, planes.value_or(0), info.columns, info.depth, kItems[info.type], out.size()));
    if (info.masks > info.bands) {
        return image_damaged(kName, in.size(), "it has more masks than bands");
    }
    // A mask takes a byte a pixel: no more than the values.
    std::vector<unsigned char> masks(std::size_t{info.masks} * info.rows * info.columns);
    // The library writes whole elements.
    const bool aligned = reinterpret_cast<std::uintptr_t>(out.data()) % kItems[info.type] == 0;
    std::vector<double> spare(aligned ? 0 : bytes / sizeof(double) + 1);
    void* const target = aligned ? static_cast<void*>(out.data()) : spare.data();
    std::memset(target, 0, bytes);
    if (lerc_decode(blob, size, static_cast<int>(info.masks), masks.empty() ? nullptr : masks.data(),
                    static_cast<int>(info.depth), static_cast<int>(info.columns), static_cast<int>(info.rows),
                    static_cast<int>(info.bands), info.type, target) != 0) {
        return image_damaged(kName, in.size(), "");
    }
    if (!aligned) {
        std::memcpy(out.data(), target, bytes);
    }
    return bytes;
}

Result<std::size_t> decode_wrapped(ByteSpan in, MutableByteSpan out) {
    constexpr std::size_t kSlack = 1U << 16;  // a blob is hardly larger than its values
    const std::string_view text = as_text(in.first(std::min<std::size_t>(in.size(), 4)));
    if (text == "\x28\xb5\x2f\xfd") {
        VCUBE_ASSIGN(const Buffer blob, decompress_zstd_all(in, 2 * out.size() + kSlack));
        return decode_blob(blob.span(), out);
    }
    if (text.starts_with('\x78')) {
        Buffer blob(2 * out.size() + kSlack);
        VCUBE_ASSIGN(const std::size_t size, inflate_zlib(in, blob.span()));
        return decode_blob(blob.span().first(size), out);
    }
    return decode_blob(in, out);
}

Result<std::size_t> decode_lerc(ByteSpan in, MutableByteSpan out) {
    try {
        return decode_wrapped(in, out);
    } catch (const std::bad_alloc&) {
        return over_limit("no memory for a LERC image of " + std::to_string(in.size()) + " bytes");
    } catch (const std::exception& error) {  // the library is C++ behind its C functions
        return image_damaged(kName, in.size(), error.what());
    }
}

}  // namespace

MadeCodec make_image_lerc(const Json&, CodecPlace&) {
    return std::unique_ptr<const Codec>(std::make_unique<CompressorCodec>("imagecodecs_lerc", decode_lerc));
}

}  // namespace vcube
