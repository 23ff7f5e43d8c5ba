// What the checksum codecs share: four bytes before or behind the data, little-endian, verified and taken off.
// Thread-safe.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/json.h"
#include "core/codec/place.h"
#include "core/codec/registry.h"
#include "vcube/codec.h"

namespace vcube {

inline std::uint32_t little_endian_32(const std::byte* p) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) {
        value |= static_cast<std::uint32_t>(p[i]) << (8 * i);
    }
    return value;
}

/// `Sum`: a value with std::uint32_t operator()(ByteSpan) const.
template <class Sum>
class ChecksumCodec final : public Codec {
public:
    /// `id` must outlive the codec (a literal).
    ChecksumCodec(std::string_view id, bool at_end, Sum sum) : id_(id), at_end_(at_end), sum_(std::move(sum)) {}
    [[nodiscard]] std::string_view id() const override { return id_; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t decoded) const override {
        return decoded + kSize;
    }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        if (in.size() < kSize) {
            return corrupt(std::string(id_) + " chunk of " + std::to_string(in.size()) +
                           " bytes is shorter than its checksum");
        }
        const ByteSpan data = at_end_ ? in.first(in.size() - kSize) : in.subspan(kSize);
        if (data.size() > out.size()) {
            return over_limit(std::string(id_) + " chunk holds " + std::to_string(data.size()) + " bytes, more than " +
                              std::to_string(out.size()));
        }
        const std::uint32_t stored = little_endian_32(at_end_ ? in.data() + data.size() : in.data());
        const std::uint32_t computed = sum_(data);
        if (stored != computed) {
            return corrupt(std::string(id_) + " chunk of " + std::to_string(in.size()) +
                           " bytes is damaged: its checksum is " + std::to_string(stored) + ", its data give " +
                           std::to_string(computed));
        }
        if (!data.empty()) {
            std::memcpy(out.data(), data.data(), data.size());
        }
        return data.size();
    }

private:
    static constexpr std::size_t kSize = 4;
    std::string_view id_;
    bool at_end_;
    Sum sum_;
};

/// config["location"], "start" or "end"; `at_end` where it is absent.
inline Result<bool> checksum_at_end(const Json& config, const CodecPlace& place, bool at_end) {
    if (!config.contains("location") || config["location"].is_null()) {
        return at_end;
    }
    VCUBE_ASSIGN(const std::string location, json_string(config, "location", place.what));
    if (location != "start" && location != "end") {
        return invalid(place.what + ": \"location\": expected \"start\" or \"end\"");
    }
    return location == "end";
}

template <class Sum>
MadeCodec make_checksum(std::string_view id, const Json& config, const CodecPlace& place, bool at_end, Sum sum) {
    VCUBE_ASSIGN(const bool location, checksum_at_end(config, place, at_end));
    return std::unique_ptr<const Codec>(std::make_unique<ChecksumCodec<Sum>>(id, location, std::move(sum)));
}

}  // namespace vcube
