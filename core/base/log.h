// Where the core says something that is neither a result nor an error of the call ("778 rows have an invalid id").
// The driver sets the receiver once, before any other use; without one, messages are dropped. Thread-safe after that.
#pragma once

#include <functional>
#include <string>

namespace vcube {

enum class LogLevel { kDebug, kWarning };
using LogSink = std::function<void(LogLevel, const std::string&)>;

void set_log_sink(LogSink sink);
void log(LogLevel level, const std::string& message);

}  // namespace vcube
