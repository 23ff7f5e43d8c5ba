#include "core/base/byte_source.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace vcube {

ByteSource memory_source(ByteSpan bytes) {
    const auto at = std::make_shared<std::size_t>(0);
    return {.read = [bytes, at](MutableByteSpan out) -> Result<std::size_t> {
                const std::size_t count = std::min(out.size(), bytes.size() - *at);
                if (count != 0) {
                    std::memcpy(out.data(), bytes.data() + *at, count);
                }
                *at += count;
                return count;
            },
            .rewind = [at]() -> Status {
                *at = 0;
                return {};
            },
            .size = bytes.size()};
}

}  // namespace vcube
