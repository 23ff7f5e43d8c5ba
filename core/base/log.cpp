#include "core/base/log.h"

#include <utility>

namespace vcube {
namespace {

LogSink& sink_slot() {
    // Never destroyed: workers of a host may still log while static destructors run.
    static auto* slot = new LogSink;
    return *slot;
}

}  // namespace

void set_log_sink(LogSink sink) {
    sink_slot() = std::move(sink);
}

void log(LogLevel level, const std::string& message) {
    if (const LogSink& sink = sink_slot()) {
        sink(level, message);
    }
}

}  // namespace vcube
