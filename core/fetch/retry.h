// When to ask again. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace vcube {

struct RetryRule {
    unsigned retries = 5;                                // further attempts after the first
    std::chrono::milliseconds first_delay{200};          // doubled with each attempt ...
    std::chrono::milliseconds max_delay{20'000};         // ... up to this
    std::chrono::milliseconds max_retry_after{120'000};  // a server that asks for more patience is given up
    std::chrono::milliseconds max_elapsed{600'000};      // since the first attempt
};

/// How long to wait before attempt `attempt` + 1, where `attempt` have been made (1: the first); nothing: give up.
/// `random` in [0, 1) spreads delays over [half, whole], so that many requests that failed together do not come back
/// together. A server's Retry-After is the least that is waited.
std::optional<std::chrono::milliseconds> retry_delay(const RetryRule& rule, unsigned attempt,
                                                     std::chrono::milliseconds elapsed,
                                                     std::optional<std::chrono::milliseconds> retry_after,
                                                     double random);

/// How many retries all requests of one batch may make together: a server that fails most of them is down, and is not
/// asked `retries` times for each.
std::size_t retry_budget(std::size_t requests);

}  // namespace vcube
