#include "core/base/json_window.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace vcube {

JsonWindow::JsonWindow(std::string_view text, const JsonReaderOptions& options)
    : options_(options), whole_(text), ended_(true), reader_(text, options) {}

JsonWindow::JsonWindow(ByteSource source, const JsonReaderOptions& options, const JsonWindowLimits& limits)
    : options_(options), limits_(limits), source_(std::move(source)), reader_({}, options) {}

Error JsonWindow::error(const std::string& what) const {
    return status_.ok() ? reader_.error(what) : with_context(what, status_.error());
}

bool JsonWindow::restart() {
    if (!status_.ok()) {
        return false;
    }
    if (!source_.read) {
        reader_ = JsonReader(whole_, options_);
        return true;
    }
    if (!std::exchange(started_, true) || moved_) {
        if (total_ != 0) {
            status_ = source_.rewind();
        }
        size_ = 0;
        total_ = 0;
        moved_ = ended_ = false;
        // A byte order mark must not be cut; three bytes tell.
        while (size_ < 3 && !ended_ && read_behind(size_)) {
        }
    }
    reader_ = JsonReader(text(), options_);
    return status_.ok();
}

/// Fills the window behind its first `kept` bytes, in a larger window where these take more than half of it.
bool JsonWindow::read_behind(std::size_t kept) {
    const std::size_t wanted = std::max<std::size_t>(2 * kept, std::max<std::size_t>(limits_.window_bytes, 1));
    if (held_.size() < wanted) {
        const std::size_t size = std::min(wanted, limits_.max_window_bytes);
        if (size <= kept) {
            status_ = over_limit("one value of more than " + std::to_string(limits_.max_window_bytes) + " bytes");
            return false;
        }
        try {
            Buffer larger(size);
            if (kept != 0) {
                std::memcpy(larger.data(), held_.data(), kept);
            }
            held_ = std::move(larger);
        } catch (const std::bad_alloc&) {
            status_ = over_limit("no memory for a value of " + std::to_string(size) + " bytes");
            return false;
        }
    }
    size_ = kept;
    while (size_ < held_.size()) {
        const Result<std::size_t> count = source_.read(held_.span().subspan(size_));
        if (!count.ok()) {
            status_ = count.error();
            return false;
        }
        if (count.value() == 0) {
            ended_ = true;
            break;
        }
        size_ += count.value();
        total_ += count.value();
        if (total_ > limits_.max_bytes) {
            status_ = over_limit("a document of more than " + std::to_string(limits_.max_bytes) + " bytes");
            return false;
        }
    }
    return true;
}

bool JsonWindow::refill(JsonReader::Mark& mark) {
    const auto done = static_cast<std::size_t>(mark.at - text().data());
    const std::size_t kept = size_ - done;
    reader_.leave(mark);
    if (done != 0) {
        std::memmove(held_.data(), held_.data() + done, kept);
        moved_ = true;
    }
    const bool read = read_behind(kept);
    mark.at = text().data();
    reader_.resume(mark, text());
    return read;
}

bool JsonWindow::skip() {
    if (!source_.read) {
        return reader_.skip();
    }
    JsonType type = JsonType::kInvalid;
    const bool begun = step([&] {
        type = reader_.peek();
        return type == JsonType::kObject ? reader_.begin_object()
                                         : (type == JsonType::kArray ? reader_.begin_array() : reader_.skip());
    });
    if (!begun || (type != JsonType::kObject && type != JsonType::kArray)) {
        return begun;
    }
    while (true) {
        bool more = false;
        std::string_view key;
        const bool done = step([&] {
            more = type == JsonType::kObject ? reader_.next_key(key) : reader_.next_element();
            return reader_.ok();
        });
        if (!done || !more) {
            return done;
        }
        if (!skip()) {
            return false;
        }
    }
}

bool JsonWindow::finish() {
    while (status_.ok() && reader_.finish()) {
        if (ended_) {
            return true;
        }
        JsonReader::Mark mark = reader_.mark();
        refill(mark);
    }
    return false;
}

}  // namespace vcube
