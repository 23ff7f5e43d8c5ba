// What the codecs of images share: the room that an image takes, checked before anything is decoded. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vcube/result.h"
#include "vcube/shape.h"

namespace vcube {

/// Bytes of height x width x samples values of `item` bytes; kLimit where they are more than `room`, kCorrupt where
/// there are none. `what` names the format in errors.
inline Result<std::size_t> image_bytes(std::string_view what, std::uint64_t height, std::uint64_t width,
                                       std::uint64_t samples, std::uint64_t item, std::size_t room) {
    const Shape extents = {height, width, samples};
    const auto bytes = checked_product(extents, item);
    std::string text(what);
    text.append(" image of ").append(std::to_string(height)).append(" x ").append(std::to_string(width));
    text.append(" pixels of ").append(std::to_string(samples)).append(" values of ").append(std::to_string(item));
    text.append(" bytes");
    if (bytes && *bytes == 0) {
        return corrupt(text + ": it is empty");
    }
    if (!bytes || *bytes > room) {
        return over_limit(text + ": more than " + std::to_string(room) + " bytes");
    }
    return static_cast<std::size_t>(*bytes);
}

/// Of a damaged image: the format, its size in bytes and what the library said.
inline Error image_damaged(std::string_view what, std::size_t size, std::string_view why) {
    std::string text(what);
    text.append(" image of ").append(std::to_string(size)).append(" bytes: ");
    return corrupt(text.append(why.empty() ? "it is damaged or cut short" : why));
}

}  // namespace vcube
