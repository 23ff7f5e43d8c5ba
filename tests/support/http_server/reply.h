// What is answered to a request, decided before a byte is sent. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "tests/support/http_server/http_server.h"
#include "tests/support/http_server/objects.h"
#include "tests/support/http_server/request.h"

namespace vcube::testing_support {

struct Reply {
    enum class End {
        kKeepAlive,  // the next request
        kClose,
        kReset,  // RST
        kHang    // nothing more until the client goes away
    };
    int status = 0;
    Fault fault = Fault::kNone;
    std::string head;  // status line and header, ready to send; what is sent at all where that is no HTTP
    std::string text;  // first part of the body ...
    std::shared_ptr<const Object> object;
    Span span;                           // ... this of the object the second ...
    std::uint64_t filler = 0;            // ... and bytes of no meaning the third
    std::chrono::milliseconds pause{0};  // after each 16th of the body
    End end = End::kKeepAlive;

    [[nodiscard]] std::uint64_t body_bytes() const { return text.size() + (span.end - span.begin) + filler; }
};

/// `object` is null where there is none. A fault that cannot befall this request (of a body that is not there, of a
/// range that was not asked for) is left out, which the reply's `fault` tells.
Reply plan_reply(const Request& request, const std::shared_ptr<const Object>& object, const FaultRule& fault,
                 const ServerOptions& options);

/// A reply that is a text.
Reply text_reply(int status, const std::string& text, const std::string& type = "text/plain");

}  // namespace vcube::testing_support
