#include "core/base/fetch_bytes.h"

#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include "core/base/inflate.h"

namespace vcube {
namespace {

Error too_large(std::uint64_t size, std::uint64_t max_bytes) {
    return over_limit(std::to_string(size) + " bytes, at most " + std::to_string(max_bytes) + " are read at once");
}

Result<Buffer> copy_of(ByteSpan bytes, std::uint64_t max_bytes) {
    if (bytes.size() > max_bytes) {
        return too_large(bytes.size(), max_bytes);
    }
    try {
        Buffer out(bytes.size());
        if (!bytes.empty()) {
            std::memcpy(out.data(), bytes.data(), bytes.size());
        }
        return out;
    } catch (const std::bad_alloc&) {
        return over_limit("no memory for " + std::to_string(bytes.size()) + " bytes");
    }
}

}  // namespace

Result<Buffer> fetch_bytes(Fetcher& fetcher, const std::string& url, ByteRange range, std::uint64_t max_bytes) {
    if (range.bounded() && range.size() > max_bytes) {
        return too_large(range.size(), max_bytes);
    }
    std::optional<Result<Buffer>> out;
    FetchRequest request{url, range};
    request.keep = false;
    fetcher.fetch({&request, 1},
                  [&](std::size_t, Result<ByteSpan> bytes) {
                      out = bytes.ok() ? copy_of(bytes.value(), max_bytes) : Result<Buffer>(bytes.error());
                  },
                  {});
    return out ? std::move(*out) : Result<Buffer>(io_error("nothing was fetched"));
}

Result<Buffer> unwrap(const Remote& place, ByteSpan bytes, std::uint64_t max_bytes) {
    if (place.wrap == Wrap::kNone) {
        return copy_of(bytes, max_bytes);
    }
    if (place.unwrapped_size > max_bytes) {
        return too_large(place.unwrapped_size, max_bytes);
    }
    try {
        Buffer out(place.unwrapped_size);
        VCUBE_ASSIGN(const std::size_t written, inflate_raw(bytes, out.span()));
        if (written != out.size()) {
            return corrupt("deflate stream gives " + std::to_string(written) + " bytes, expected " +
                           std::to_string(out.size()));
        }
        return out;
    } catch (const std::bad_alloc&) {
        return over_limit("no memory for " + std::to_string(place.unwrapped_size) + " bytes");
    }
}

Result<Buffer> fetch_location(Fetcher& fetcher, const ChunkLocation& location, std::uint64_t max_bytes) {
    if (std::holds_alternative<Missing>(location)) {
        return not_found("there is no such key");
    }
    if (const auto* const own = std::get_if<Inline>(&location)) {
        return copy_of(own->bytes, max_bytes);
    }
    const auto& place = std::get<Remote>(location);
    VCUBE_ASSIGN(Buffer stored, fetch_bytes(fetcher, place.url, place.range, max_bytes));
    if (place.wrap == Wrap::kNone) {
        return stored;
    }
    return unwrap(place, stored.span(), max_bytes);
}

}  // namespace vcube
