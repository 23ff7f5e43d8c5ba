// GDAL's progress functions as reads call them.
#pragma once

#include <dlfcn.h>

#include <algorithm>
#include <chrono>

#include "cpl_progress.h"

namespace vcube::driver {

/// Calls a progress function with the part that is done, again and again, also where nothing changes: that is the
/// caller's chance to stop. GDAL's Python binding passes a call on only where the whole percentage has changed, or is
/// 0, and GDAL may let the function see but a part of it (of a band, say, where many are copied). So in Python, while a
/// percentage lasts, other parts are told now and then, and taken back: none, and up to a sixth more.
class ProgressCall {
public:
    ProgressCall(GDALProgressFunc progress, void* data) : progress_(progress), data_(data) {}

    /// false: the caller wants no more.
    bool operator()(double done) {
        const auto now = std::chrono::steady_clock::now();
        if (const int percent = percent_of(done); percent != percent_) {
            percent_ = percent;
            since_ = now;
            detours_ = 0;
        } else if (percent > 0 && now - since_ >= std::chrono::milliseconds(500) && in_python()) {
            done = detour(done);
        }
        return progress_(done, "", data_) != FALSE;
    }

private:
    static int percent_of(double done) { return static_cast<int>(100 * done); }

    static bool in_python() {
        static const bool found = ::dlsym(RTLD_DEFAULT, "Py_IsInitialized") != nullptr;
        return found;
    }

    double detour(double done) {
        constexpr double kMore[] = {0.0101, 0.0401, 0.1601, 0};  // the odd ends: rounding must not eat a percent
        const int turn = detours_++ % 5;
        return turn == 0 ? 0 : std::min(done + kMore[turn - 1], std::max(done, 0.99));
    }

    GDALProgressFunc progress_;
    void* data_;
    int percent_ = -1;  // that was told last, detours left aside
    int detours_ = 0;
    std::chrono::steady_clock::time_point since_;
};

}  // namespace vcube::driver
