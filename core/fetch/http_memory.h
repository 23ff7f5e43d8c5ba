// What replies have taught: how fast hosts are, and where locations are redirected to. For the process, thread-safe; a
// forked child learns anew.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/base/per_process.h"
#include "core/fetch/http_message.h"
#include "core/fetch/range_plan.h"

namespace vcube {

class HttpMemory {
public:
    using Clock = std::chrono::steady_clock;

    HttpMemory();
    HttpMemory(const HttpMemory&) = delete;
    HttpMemory& operator=(const HttpMemory&) = delete;
    ~HttpMemory();

    /// What is known of a host ("https://host:443"), or the default.
    [[nodiscard]] LinkEstimate link(const std::string& host) const;
    /// Takes a whole reply into the moving estimate.
    void note(const std::string& host, const HttpReply& reply);

    /// The URL that a location was last found at by redirects, for some minutes. It may be signed: a secret.
    [[nodiscard]] std::optional<std::string> redirect(const std::string& location, Clock::time_point now) const;
    void remember_redirect(const std::string& location, const std::string& host, const std::string& url,
                           Clock::time_point now);
    void forget_redirect(const std::string& location);
    /// Whether a host has redirected lately.
    [[nodiscard]] bool redirects(const std::string& host, Clock::time_point now) const;

private:
    struct State;
    PerProcess<State> state_;
};

}  // namespace vcube
