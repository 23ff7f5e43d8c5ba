// Adler-32 (that of zlib) before the data: {"id": "adler32"}, or behind them: {"id": "adler32", "location": "end"}.
#include <libdeflate.h>

#include "core/codec/checksum_codec.h"

namespace vcube {

MadeCodec make_adler32(const Json& config, CodecPlace& place) {
    return make_checksum("adler32", config, place, false, [](ByteSpan data) {
        // A null pointer is libdeflate's request for the initial value, which is that of no bytes too.
        return static_cast<std::uint32_t>(libdeflate_adler32(1, data.data(), data.size()));
    });
}

}  // namespace vcube
