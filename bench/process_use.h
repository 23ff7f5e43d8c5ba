// What this process has used so far, for programs that measure one thing and end.
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <fstream>
#include <string>

/// A line of /proc/self/status in bytes. The high-water mark of getrusage would hold that of the parent process too.
inline std::uint64_t status_bytes(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name)) {
            return std::stoull(line.substr(name.size())) * 1024;
        }
    }
    return 0;
}

inline double processor_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}
