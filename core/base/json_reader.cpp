#include "core/base/json_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/base/json_scan.h"
#include "core/base/utf8.h"

namespace vcube {

using namespace json_scan;

namespace {

constexpr std::string_view kWords[] = {"true", "false", "null", "NaN", "Infinity", "-Infinity"};

}  // namespace

JsonReader::JsonReader(std::string_view text, const JsonReaderOptions& options)
    : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()), options_(options) {
    if (text.starts_with("\xEF\xBB\xBF")) {
        at_ += 3;
    }
}

Error JsonReader::error(const std::string& what) const {
    const std::string_view before(begin_, static_cast<std::size_t>(fault_at_ - begin_));
    const auto ends = static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
    const std::size_t newline = before.rfind('\n');
    const std::uint64_t line = lines_ + ends + 1;
    const std::uint64_t column =
        newline == std::string_view::npos ? columns_ + before.size() + 1 : before.size() - newline;
    return {code_, what + ": line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + message_};
}

bool JsonReader::fault(const char* at, std::string message, ErrorCode code) {
    if (ok()) {
        fault_at_ = at;
        message_ = std::move(message);
        code_ = code;
        // No token but a string, whose missing end is a fault at the text's end, and a number is longer.
        constexpr std::ptrdiff_t kLongest = 16;
        near_end_ = end_ - at_ < kLongest;
    }
    at_ = end_;
    return false;
}

void JsonReader::leave(const Mark& mark) {
    const std::string_view gone(begin_, static_cast<std::size_t>(mark.at - begin_));
    const auto ends = static_cast<std::uint64_t>(std::count(gone.begin(), gone.end(), '\n'));
    before_ += gone.size();
    lines_ += ends;
    columns_ = ends == 0 ? columns_ + gone.size() : gone.size() - gone.rfind('\n') - 1;
}

void JsonReader::resume(const Mark& mark, std::string_view window) {
    begin_ = at_ = window.data();
    end_ = begin_ + window.size();
    depth_ = mark.depth;
    first_ = mark.first;
    value_ = fault_at_ = nullptr;
    message_.clear();
}

bool JsonReader::fail(std::string message, ErrorCode code) {
    return fault(value_ != nullptr ? value_ : at_, std::move(message), code);
}

bool JsonReader::fail_here(std::string message, ErrorCode code) {
    skip_space();
    return fault(at_, std::move(message), code);
}

bool JsonReader::in_context(const std::string& context) {
    if (!ok()) {
        message_ = context + ": " + message_;
    }
    return ok();
}

bool JsonReader::expected(const char* what) {
    if (at_ == end_) {
        return fault(at_, std::string("expected ") + what + ", but the text ends");
    }
    const auto byte = static_cast<unsigned char>(*at_);
    std::string found = "byte " + std::to_string(byte);
    if (byte >= 0x20U && byte < 0x7FU) {
        found = std::string("'") + *at_ + "'";
    }
    return fault(at_, std::string("expected ") + what + ", found " + found);
}

void JsonReader::skip_space() {
    while (at_ != end_ && is_space(*at_)) {
        ++at_;
    }
}

JsonType JsonReader::peek() {
    skip_space();
    if (at_ == end_) {
        return ok() ? JsonType::kEnd : JsonType::kInvalid;
    }
    switch (*at_) {
        case '{':
            return JsonType::kObject;
        case '[':
            return JsonType::kArray;
        case '"':
            return JsonType::kString;
        case 't':
            return JsonType::kTrue;
        case 'f':
            return JsonType::kFalse;
        case 'n':
            return JsonType::kNull;
        case 'N':
        case 'I':
            return JsonType::kNonFinite;
        case '-':
            return end_ - at_ > 1 && at_[1] == 'I' ? JsonType::kNonFinite : JsonType::kNumber;
        default:
            return is_digit(*at_) ? JsonType::kNumber : JsonType::kInvalid;
    }
}

bool JsonReader::enter(char open, const char* what) {
    skip_space();
    if (at_ == end_ || *at_ != open) {
        return expected(what);
    }
    value_ = at_;
    if (++depth_ > options_.max_depth) {
        return fault(at_, "nested deeper than " + std::to_string(options_.max_depth), ErrorCode::kLimit);
    }
    ++at_;
    first_ = true;
    return true;
}

bool JsonReader::begin_object() {
    return enter('{', "an object");
}

bool JsonReader::begin_array() {
    return enter('[', "an array");
}

bool JsonReader::at_member(char close, const char* wanted) {
    skip_space();
    if (at_ != end_ && *at_ == close) {
        ++at_;
        --depth_;
        first_ = false;
        return false;
    }
    if (!std::exchange(first_, false)) {
        if (at_ == end_ || *at_ != ',') {
            return expected(wanted);
        }
        ++at_;
        skip_space();
    }
    return true;
}

bool JsonReader::next_key(std::string_view& key) {
    if (!at_member('}', "',' or '}'")) {
        return false;
    }
    if (at_ == end_ || *at_ != '"') {
        return expected("a key");
    }
    if (!scan_string(key, key_scratch_)) {
        return false;
    }
    skip_space();
    if (at_ == end_ || *at_ != ':') {
        return expected("':'");
    }
    ++at_;
    return true;
}

bool JsonReader::next_element() {
    return at_member(']', "',' or ']'") && (at_ != end_ || expected("a value"));
}

bool JsonReader::read_string(std::string_view& out) {
    skip_space();
    if (at_ == end_ || *at_ != '"') {
        return expected("a string");
    }
    return scan_string(out, value_scratch_);
}

bool JsonReader::scan_string(std::string_view& out, std::string& scratch) {
    value_ = at_;
    const char* const run = ++at_;
    ascii_ = true;
    while (true) {
        at_ = find_special(at_, end_);
        if (at_ == end_) {
            return fault(value_, "string without an end");
        }
        if (*at_ == '"') {
            out = std::string_view(run, static_cast<std::size_t>(at_ - run));
            ++at_;
            return true;
        }
        if (*at_ == '\\') {
            return scan_escaped(run, out, scratch);
        }
        const std::size_t length = utf8_length(at_, end_);
        if (length == 0) {
            return fault(at_, static_cast<unsigned char>(*at_) < 0x20U ? "control character inside a string"
                                                                       : "bytes inside a string are not UTF-8");
        }
        ascii_ = false;
        at_ += length;
    }
}

/// The rest of a string from its first backslash on; [run, at_) stands before it.
bool JsonReader::scan_escaped(const char* run, std::string_view& out, std::string& scratch) {
    scratch.assign(run, at_);
    while (true) {
        const char* const begin = at_;
        at_ = find_special(at_, end_);
        scratch.append(begin, at_);
        if (at_ == end_) {
            return fault(value_, "string without an end");
        }
        if (*at_ == '"') {
            ++at_;
            out = scratch;
            return true;
        }
        if (*at_ == '\\') {
            if (!scan_escape(scratch)) {
                return false;
            }
            continue;
        }
        const std::size_t length = utf8_length(at_, end_);
        if (length == 0) {
            return fault(at_, static_cast<unsigned char>(*at_) < 0x20U ? "control character inside a string"
                                                                       : "bytes inside a string are not UTF-8");
        }
        ascii_ = false;
        scratch.append(at_, length);
        at_ += length;
    }
}

bool JsonReader::scan_escape(std::string& scratch) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeaning = "\"\\/\b\f\n\r\t";
    if (end_ - at_ < 2) {
        return fault(value_, "string without an end");
    }
    if (at_[1] == 'u') {
        return scan_unicode(scratch);
    }
    const std::size_t letter = kLetters.find(at_[1]);
    if (letter == std::string_view::npos) {
        return fault(at_, "unknown escape inside a string");
    }
    scratch.push_back(kMeaning[letter]);
    at_ += 2;
    return true;
}

bool JsonReader::scan_unicode(std::string& scratch) {
    const int unit = hex4(at_ + 2, end_);
    if (unit < 0) {
        return fault(at_, "\\u without four hexadecimal digits");
    }
    auto point = static_cast<char32_t>(unit);
    std::ptrdiff_t length = 6;
    if (point >= 0xD800U && point < 0xE000U) {
        const bool escape_follows = end_ - at_ >= 8 && at_[6] == '\\' && at_[7] == 'u';
        const int low = point < 0xDC00U && escape_follows ? hex4(at_ + 8, end_) : -1;
        if (low >= 0xDC00 && low < 0xE000) {
            point = 0x10000U + ((point - 0xD800U) << 10U) + (static_cast<char32_t>(low) - 0xDC00U);
            length = 12;
        } else if (options_.repair_surrogates) {
            point = point >= 0xDC80U && point <= 0xDCFFU ? point - 0xDC00U : 0xFFFDU;
        } else {
            return fault(at_, "half of a surrogate pair inside a string");
        }
    }
    ascii_ = ascii_ && point < 0x80U;
    append_utf8(scratch, point);
    at_ += length;
    return true;
}

bool JsonReader::read_uint(std::uint64_t& out) {
    skip_space();
    value_ = at_;
    std::uint64_t value = 0;
    const char* at = at_;
    // 19 digits cannot overflow 64 bits.
    const char* const safe = end_ - at > 19 ? at + 19 : end_;
    while (at != safe && is_digit(*at)) {
        value = value * 10 + static_cast<std::uint64_t>(*at++ - '0');
    }
    const bool whole = at != at_ && (at == end_ || (!is_digit(*at) && *at != '.' && *at != 'e' && *at != 'E'));
    if (whole && (*at_ != '0' || at - at_ == 1)) {
        at_ = at;
        out = value;
        return true;
    }
    std::string_view text;
    if (peek() != JsonType::kNumber) {
        return expected("a non-negative integer");
    }
    if (!read_number(text)) {
        return false;
    }
    const auto [stop, status] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (status == std::errc() && stop == text.data() + text.size()) {
        return true;
    }
    constexpr double kTooLarge = 18446744073709551616.0;
    double number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.find_first_of(".eE") == std::string_view::npos || parsed.ec != std::errc() || number < 0 ||
        number >= kTooLarge || std::floor(number) != number) {
        return fail("expected an integer from 0 to 18446744073709551615, found " + std::string(text.substr(0, 40)));
    }
    out = static_cast<std::uint64_t>(number);
    return true;
}

bool JsonReader::read_number(std::string_view& text) {
    if (peek() != JsonType::kNumber) {
        return expected("a number");
    }
    const char* const stop = number_end(at_, end_);
    if (stop == nullptr) {
        const char* const begin = at_;
        while (at_ != end_ && (is_digit(*at_) || *at_ == '.' || *at_ == '-' || *at_ == '+' || (*at_ | 0x20) == 'e')) {
            ++at_;
        }
        return fault(begin, "malformed number");
    }
    value_ = at_;
    text = std::string_view(at_, static_cast<std::size_t>(stop - at_));
    at_ = stop;
    return true;
}

bool JsonReader::read_word(std::string_view& word) {
    skip_space();
    const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
    for (const std::string_view candidate : kWords) {
        if (rest.starts_with(candidate)) {
            value_ = at_;
            word = candidate;
            at_ += candidate.size();
            return true;
        }
    }
    return expected("a value");
}

bool JsonReader::skip_string() {
    value_ = at_++;
    while (true) {
        at_ = find_special(at_, end_);
        if (at_ == end_) {
            return fault(value_, "string without an end");
        }
        if (*at_ == '"') {
            ++at_;
            return true;
        }
        if (static_cast<unsigned char>(*at_) < 0x20U) {
            return fault(at_, "control character inside a string");
        }
        if (*at_ == '\\' && end_ - at_ < 2) {
            return fault(value_, "string without an end");
        }
        at_ += *at_ == '\\' ? 2 : 1;
    }
}

/// Recursion is bounded by max_depth, which `enter` checks.
bool JsonReader::skip_value() {
    std::string_view text;
    switch (peek()) {
        case JsonType::kObject:
            if (!begin_object()) {
                return false;
            }
            while (true) {
                skip_space();
                if (at_ != end_ && *at_ == '}') {
                    return !next_key(text) && ok();
                }
                if (!next_key(text) || !skip_value()) {
                    return false;
                }
            }
        case JsonType::kArray:
            if (!begin_array()) {
                return false;
            }
            while (next_element()) {
                if (!skip_value()) {
                    return false;
                }
            }
            return ok();
        case JsonType::kString:
            return skip_string();
        case JsonType::kNumber:
            return read_number(text);
        case JsonType::kEnd:
        case JsonType::kInvalid:
            return expected("a value");
        default:
            return read_word(text);
    }
}

bool JsonReader::skip(std::string_view& raw) {
    skip_space();
    const char* const begin = at_;
    if (!skip_value()) {
        return false;
    }
    value_ = begin;
    raw = std::string_view(begin, static_cast<std::size_t>(at_ - begin));
    return true;
}

bool JsonReader::finish() {
    skip_space();
    if (ok() && at_ != end_) {
        return expected("the end of the text");
    }
    return ok();
}

}  // namespace vcube
