#include "driver/guard.h"

#include <array>
#include <deque>
#include <mutex>
#include <string>

#include "core/base/log.h"

namespace vcube::driver {
namespace {

struct CodeName {
    ErrorCode code;
    CPLErrorNum number;
};

constexpr std::array<CodeName, 8> kErrorNumbers = {{{ErrorCode::kInvalid, CPLE_AppDefined},
                                                    {ErrorCode::kNotFound, CPLE_OpenFailed},
                                                    {ErrorCode::kUnsupported, CPLE_NotSupported},
                                                    {ErrorCode::kIo, CPLE_FileIO},
                                                    {ErrorCode::kCorrupt, CPLE_AppDefined},
                                                    {ErrorCode::kLimit, CPLE_OutOfMemory},
                                                    {ErrorCode::kDenied, CPLE_AppDefined},
                                                    {ErrorCode::kCancelled, CPLE_UserInterrupt}}};

struct Message {
    LogLevel level;
    std::string text;
};

/// Kept until a guarded call ends; bounded, so that a process that never calls GDAL again loses messages, not memory.
struct Mailbox {
    std::mutex mutex;
    std::deque<Message> messages;
    std::size_t dropped = 0;
};
constexpr std::size_t kMaxMessages = 256;

/// Never destroyed: a worker may log while the process ends.
Mailbox& mailbox() {
    static auto* const box = new Mailbox;
    return *box;
}

}  // namespace

CPLErrorNum error_number(ErrorCode code) {
    for (const CodeName& entry : kErrorNumbers) {
        if (entry.code == code) {
            return entry.number;
        }
    }
    return CPLE_AppDefined;
}

void raise_error(const Error& error) {
    CPLError(CE_Failure, error_number(error.code), "%s", error.message.c_str());
}

void install_log_sink() {
    mailbox();
    set_log_sink([](LogLevel level, const std::string& text) {
        Mailbox& box = mailbox();
        const std::lock_guard lock(box.mutex);
        if (box.messages.size() < kMaxMessages) {
            box.messages.push_back({level, text});
        } else {
            ++box.dropped;
        }
    });
}

void flush_log() {
    std::deque<Message> messages;
    std::size_t dropped = 0;
    {
        Mailbox& box = mailbox();
        const std::lock_guard lock(box.mutex);
        if (box.messages.empty()) {
            return;
        }
        messages.swap(box.messages);
        std::swap(dropped, box.dropped);
    }
    for (const Message& message : messages) {
        if (message.level == LogLevel::kWarning) {
            CPLError(CE_Warning, CPLE_AppDefined, "%s", message.text.c_str());
        } else {
            CPLDebug("VCUBE", "%s", message.text.c_str());
        }
    }
    if (dropped > 0) {
        CPLError(CE_Warning, CPLE_AppDefined, "%zu more warnings were left out", dropped);
    }
}

}  // namespace vcube::driver
