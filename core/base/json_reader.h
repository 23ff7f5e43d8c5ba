// A streaming pull parser for JSON that stands in memory, as a whole or a window of it at a time (json_window.h): no
// document tree, strings without escapes are views into the text. For reference files of any size; small documents use
// json.h.
// Source: RFC 8259, strict, with two additions: a leading UTF-8 byte order mark is skipped, and NaN, Infinity and
// -Infinity, which Python writes bare, are values of their own (JsonType::kNonFinite).
// Not thread-safe; one reader a text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vcube/result.h"

namespace vcube {

enum class JsonType { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull, kNonFinite, kEnd, kInvalid };

struct JsonReaderOptions {
    int max_depth = 64;
    /// Half of a surrogate pair (which Python writes for bytes that are not UTF-8) becomes U+00xx where it stands for
    /// such a byte, otherwise U+FFFD, instead of an error.
    bool repair_surrogates = false;
};

/// Every reading function returns false at a fault and from then on; error() tells what and where. The caller follows
/// the structure: begin_object, then next_key and one value until next_key returns false; then ok() tells end of object
/// from fault.
class JsonReader {
public:
    explicit JsonReader(std::string_view text, const JsonReaderOptions& options = {});

    [[nodiscard]] bool ok() const { return message_.empty(); }
    /// "<what>: line 3, column 14: ...". Only when !ok().
    [[nodiscard]] Error error(const std::string& what) const;
    /// Reports a fault found by the caller at the value read last. Keeps an earlier one. Returns false.
    bool fail(std::string message, ErrorCode code = ErrorCode::kInvalid);
    /// The same at the place where the reader stands.
    bool fail_here(std::string message, ErrorCode code = ErrorCode::kInvalid);
    /// Puts "context: " before a fault's message, where there is a fault. Returns ok().
    bool in_context(const std::string& context);

    /// Type of the next value, which stays unread.
    JsonType peek();

    bool begin_object();
    /// The next key, valid until the next key is read; false at the object's end, which is consumed.
    bool next_key(std::string_view& key);
    bool begin_array();
    /// true where another element follows; false at the array's end, which is consumed.
    bool next_element();

    /// A string as UTF-8, valid until the next string value is read.
    bool read_string(std::string_view& out);
    /// Whether the string read last (key or value) is ASCII only.
    [[nodiscard]] bool last_is_ascii() const { return ascii_; }
    /// A non-negative integer; 12.0 and 1e3 are integers too.
    bool read_uint(std::uint64_t& out);
    /// A number's text, grammar checked.
    bool read_number(std::string_view& text);
    /// true, false, null, NaN, Infinity or -Infinity: its text.
    bool read_word(std::string_view& word);

    /// Steps over a value. Its grammar is checked, escapes and UTF-8 inside its strings are not.
    bool skip() {
        std::string_view raw;
        return skip(raw);
    }
    /// The same; `raw` is the value's text without surrounding white space.
    bool skip(std::string_view& raw);

    /// true where only white space is left.
    bool finish();

    /// Where the reader stands, in bytes from the text's begin (a byte order mark counts).
    [[nodiscard]] std::uint64_t offset() const { return before_ + static_cast<std::uint64_t>(at_ - begin_); }

    // For a text that is held a window at a time (json_window.h).

    /// A place to go back to.
    struct Mark {
        const char* at;
        int depth;
        bool first;
    };
    [[nodiscard]] Mark mark() const { return {at_, depth_, first_}; }
    /// Whether more text could change the outcome of what was read last: a fault near the window's end, or a number
    /// that ends there.
    [[nodiscard]] bool cut_off() const {
        return ok() ? at_ == end_ && at_ != begin_ && at_[-1] >= '0' && at_[-1] <= '9' : near_end_;
    }
    /// Remembers the position of what stands before the mark, which is about to leave the window.
    void leave(const Mark& mark);
    /// Goes back to the mark, which is where `window` begins now. A fault is forgotten.
    void resume(const Mark& mark, std::string_view window);

private:
    bool fault(const char* at, std::string message, ErrorCode code = ErrorCode::kInvalid);
    bool expected(const char* what);
    void skip_space();
    bool enter(char open, const char* what);
    /// Moves to the next member of the object or array that `close` ends; false at its end, or after an error.
    bool at_member(char close, const char* wanted);
    bool scan_string(std::string_view& out, std::string& scratch);
    bool scan_escaped(const char* run, std::string_view& out, std::string& scratch);
    bool scan_escape(std::string& scratch);
    bool scan_unicode(std::string& scratch);
    bool skip_string();
    bool skip_value();

    const char* begin_;
    const char* at_;
    const char* end_;
    const char* value_ = nullptr;  // begin of the value or key read last
    JsonReaderOptions options_;
    int depth_ = 0;
    bool first_ = false;
    bool ascii_ = true;
    std::string key_scratch_;
    std::string value_scratch_;
    const char* fault_at_ = nullptr;
    bool near_end_ = false;  // the fault stands near the end
    // What has left the window: bytes, line ends, and bytes behind the last line end.
    std::uint64_t before_ = 0;
    std::uint64_t lines_ = 0;
    std::uint64_t columns_ = 0;
    ErrorCode code_ = ErrorCode::kInvalid;
    std::string message_;
};

}  // namespace vcube
