#include "core/fetch/retry.h"

#include <algorithm>

namespace vcube {

std::optional<std::chrono::milliseconds> retry_delay(const RetryRule& rule, unsigned attempt,
                                                     std::chrono::milliseconds elapsed,
                                                     std::optional<std::chrono::milliseconds> retry_after,
                                                     double random) {
    using std::chrono::milliseconds;
    if (attempt > rule.retries || (retry_after && *retry_after > rule.max_retry_after)) {
        return std::nullopt;
    }
    milliseconds whole = std::min(rule.first_delay, rule.max_delay);
    for (unsigned i = 1; i < attempt && whole.count() > 0 && whole < rule.max_delay; ++i) {
        whole = whole > rule.max_delay / 2 ? rule.max_delay : whole * 2;
    }
    const milliseconds half = whole / 2;
    const milliseconds spread(static_cast<milliseconds::rep>(static_cast<double>((whole - half).count()) * random));
    // What was refused together is spread after a Retry-After too.
    const milliseconds delay = std::max(half, retry_after.value_or(half)) + spread;
    return elapsed > rule.max_elapsed - delay ? std::nullopt : std::optional(delay);
}

std::size_t retry_budget(std::size_t requests) {
    // An outage of some seconds fails what is under way, three times over; a fifth of all requests may fail at random,
    // which takes a quarter of their number in retries.
    constexpr std::size_t kUnderWay = 256, kTimes = 3, kAtLeast = 20;
    return kAtLeast + kTimes * std::min(requests, kUnderWay) + requests / 4;
}

}  // namespace vcube
