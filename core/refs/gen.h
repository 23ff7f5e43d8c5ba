// Generated references ("gen"): each entry's key, url, offset and length are templates over its dimensions, for each
// combination of their values. Pure; thread-safe.
// Source: Kerchunk reference specification, "gen".
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "core/refs/template.h"
#include "vcube/byte_range.h"
#include "vcube/result.h"

namespace vcube {

struct GenLimits {
    std::uint64_t max_entries = 0;     // of all entries together, before any is made
    std::uint64_t max_text_bytes = 0;  // of keys and of URLs that differ from the one before
};

/// Expands the JSON text of "gen" into `add`, in the document's order; the last dimension runs fastest. Errors name the
/// entry by its number (the first is 1), the member and its text.
Status expand_gen(std::string_view json, const TemplateSet& templates, const GenLimits& limits,
                  const std::function<void(std::string_view key, std::string_view url, ByteRange range)>& add);

}  // namespace vcube
