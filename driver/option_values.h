// What users write as values of options: numbers with units, seconds, pairs of locations. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vcube/fetch_session.h"
#include "vcube/result.h"

namespace vcube::driver {

std::string upper(std::string_view text);

/// A number without sign and without a unit, or with one (KB, MB, GB, also K, M, G); nothing where it is neither, or
/// above 64 bits. `plain_shift`: what a bare number is shifted left by; null: not at all.
std::optional<std::uint64_t> parse_count(std::string_view text, unsigned (*plain_shift)(std::uint64_t) = nullptr);

/// More than 0 and at most a day, with fractions ("2.5"); nothing where it is something else.
std::optional<std::chrono::milliseconds> parse_seconds(std::string_view text);

/// "FROM=TO,FROM=TO": FROM holds neither "=" nor ",", TO no ",". An error tells the pair that is none.
Result<std::vector<UrlRewrite>> parse_rewrites(std::string_view text);

}  // namespace vcube::driver
