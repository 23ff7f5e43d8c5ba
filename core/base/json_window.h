// JSON that is too large to hold: a JsonReader over a window of a byte source. The caller reads in steps; a step that
// meets the window's end is taken back and repeated once more text is there, so a step must do no harm when it is begun
// anew. A text in memory is a window of its whole, and its steps are never repeated.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/byte_source.h"
#include "core/base/json_reader.h"
#include "vcube/bytes.h"
#include "vcube/result.h"

namespace vcube {

struct JsonWindowLimits {
    std::size_t window_bytes = std::size_t{1} << 20;      // held at first
    std::size_t max_window_bytes = std::size_t{1} << 30;  // for a step that needs more
    std::uint64_t max_bytes = std::uint64_t{16} << 30;    // of text in all
};

class JsonWindow {
public:
    /// A text in memory, which must outlive the window.
    JsonWindow(std::string_view text, const JsonReaderOptions& options);
    JsonWindow(ByteSource source, const JsonReaderOptions& options, const JsonWindowLimits& limits);
    JsonWindow(const JsonWindow&) = delete;
    JsonWindow& operator=(const JsonWindow&) = delete;

    /// Begins at the text's first byte, again or for the first time.
    bool restart();
    [[nodiscard]] JsonReader& reader() { return reader_; }

    /// Runs `step`, a function that reads and returns bool, until it had all the text it wanted. Returns what it
    /// returned, or false where no more text could be had.
    template <class Step>
    bool step(Step&& step) {
        JsonReader::Mark mark = reader_.mark();
        while (true) {
            const bool result = step();
            if (!reader_.cut_off() || ended_) [[likely]] {
                return result;
            }
            if (!refill(mark)) {
                return false;
            }
        }
    }
    /// Steps over a value of any size.
    bool skip();
    /// true where only white space is left.
    bool finish();

    [[nodiscard]] bool ok() const { return status_.ok() && reader_.ok(); }
    /// Only when !ok().
    [[nodiscard]] Error error(const std::string& what) const;

private:
    /// Moves the text from `mark` on to the window's front and reads more behind it, or finds that nothing follows.
    /// false after an error of the source or a limit.
    bool refill(JsonReader::Mark& mark);
    bool read_behind(std::size_t kept);
    [[nodiscard]] std::string_view text() const { return as_text(held_.span().first(size_)); }

    JsonReaderOptions options_;
    JsonWindowLimits limits_;
    ByteSource source_;
    Buffer held_;
    std::size_t size_ = 0;     // of the text in held_
    std::uint64_t total_ = 0;  // read so far
    std::string_view whole_;   // the text where it stands in memory
    bool moved_ = false;       // the window's front is not the text's
    bool started_ = false;
    bool ended_ = false;  // nothing follows the window
    Status status_;
    JsonReader reader_;
};

}  // namespace vcube
