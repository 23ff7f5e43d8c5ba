// CRC-32 (that of gzip) before the data: {"id": "crc32"}, or behind them: {"id": "crc32", "location": "end"}.
#include <libdeflate.h>

#include "core/codec/checksum_codec.h"

namespace vcube {

MadeCodec make_crc32(const Json& config, CodecPlace& place) {
    return make_checksum("crc32", config, place, false, [](ByteSpan data) {
        return static_cast<std::uint32_t>(libdeflate_crc32(0, data.data(), data.size()));
    });
}

}  // namespace vcube
