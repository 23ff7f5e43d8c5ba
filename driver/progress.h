// GDAL's progress functions as reads call them.
#pragma once

#include <chrono>

#include "cpl_progress.h"

namespace vcube::driver {

/// Calls a progress function with the part that is done, again and again, also where nothing changes: that is the
/// caller's chance to stop. GDAL's Python binding passes a call on only where the whole percentage has changed, or is
/// 0; so, while one lasts, one percent more is told now and then, and taken back with the next call.
class ProgressCall {
public:
    ProgressCall(GDALProgressFunc progress, void* data) : progress_(progress), data_(data) {}

    /// false: the caller wants no more.
    bool operator()(double done) {
        constexpr double kStep = 0.0101;  // so that rounding does not eat the percent
        const auto now = std::chrono::steady_clock::now();
        if (percent_of(done) != percent_) {
            since_ = now;
        } else if (percent_ > 0 && percent_ < 98 && now - since_ >= std::chrono::milliseconds(500)) {
            done += kStep;
        }
        percent_ = percent_of(done);
        return progress_(done, "", data_) != FALSE;
    }

private:
    static int percent_of(double done) { return static_cast<int>(100 * done); }

    GDALProgressFunc progress_;
    void* data_;
    int percent_ = -1;  // that was told last
    std::chrono::steady_clock::time_point since_;
};

}  // namespace vcube::driver
