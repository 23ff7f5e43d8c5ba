// What the tests of HttpClient share.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "core/fetch/http_client.h"
#include "tests/support/http_server/http_server.h"

namespace vcube {

/// Content in which neighbours differ.
inline std::string letters(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        text[i] = static_cast<char>('a' + (i * 7 + i / 1000) % 26);
    }
    return text;
}

inline HttpRequest request_of(const std::string& url, ByteRange range = {}) {
    HttpRequest request;
    HttpTarget target;
    target.url = url;
    request.target = std::make_shared<const HttpTarget>(std::move(target));
    request.wanted.range = range;
    return request;
}

inline testing_support::FaultRule rule_of(testing_support::Fault fault) {
    testing_support::FaultRule rule;
    rule.fault = fault;
    return rule;
}

}  // namespace vcube
