// Small JSON documents (metadata, attributes): parsing with limits, access with errors that name the key.
// Reference files are read by json_reader.h instead, without a document tree.
// Thread-safe: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "vcube/result.h"

namespace vcube {

/// Keeps the order of the keys as the file has them: attributes are shown to users in that order.
using Json = nlohmann::ordered_json;

struct JsonLimits {
    std::size_t max_bytes = 64U << 20;
    int max_depth = 64;
};

/// Parses one document. `what` names it in errors ("l3.json: sst/.zarray"). NaN, Infinity and -Infinity, which Python
/// writes bare, are read as strings of that name.
Result<Json> parse_json(std::string_view text, const std::string& what, const JsonLimits& limits = {});

/// Members of an object; each error names `what` and `key`, what was expected and what stands there.
Result<std::string> json_string(const Json& object, const char* key, const std::string& what);
Result<std::uint64_t> json_uint(const Json& object, const char* key, const std::string& what);
/// An array of non-negative integers (shape, chunks), at most kMaxDimensions long.
Result<std::vector<std::uint64_t>> json_shape(const Json& object, const char* key, const std::string& what);

/// Name of a value's type for messages: "a string", "an array" ...
std::string json_type_name(const Json& value);

}  // namespace vcube
