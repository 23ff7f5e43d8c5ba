// Attribute values as files really hold them: a number may be a number, a list of one, or text; a list may be text.
// Thread-safe: pure functions. Source: CF conventions 1.11, section 2.6 (attributes); Kerchunk's and xarray's JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace vcube {

/// The attribute, or nullptr where `attributes` is no object or has no such key.
const Json* find_attribute(const Json& attributes, const char* key);

/// A string, or the only element of a list of one string; "" otherwise.
std::string attribute_text(const Json& attributes, const char* key);

/// One number: a number, text of a number ("0.01", "NaN"), or the first element of a list of those.
std::optional<double> attribute_number(const Json& attributes, const char* key);

/// All numbers of a list, of a single number, or of text such as "49.0, 77.0"; empty where any part is no number.
std::vector<double> attribute_numbers(const Json& attributes, const char* key);

/// Text of a number, also with the suffixes that ncdump prints ("1b", "2s", "3.f"); "NaN" and "Infinity" in any case.
std::optional<double> parse_number(std::string_view text);

/// Words separated by blanks or commas.
std::vector<std::string> split_words(std::string_view text);

std::string to_lower(std::string_view text);

}  // namespace vcube
