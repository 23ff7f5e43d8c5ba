// The server's own HTTP interface, for programs that started it in a process of its own. What is below /_control/ is
// neither late nor faulty nor counted.
//
//     GET  /_control/counts           {"requests": 3, "body_bytes": 300, "connections": 1, "most_at_once": 2,
//                                      "by_fault": {"status": 1}}
//     GET  /_control/log              [{"method": "GET", "path": "/a.nc", "headers": {"range": "bytes=0-99"},
//                                       "status": 206, "fault": "none", "body_bytes": 100}, ...]
//     POST /_control/reset            forgets counts and log
//     POST /_control/rules            a list of rules with the names of FaultRule; pause in milliseconds
//     POST /_control/latency          milliseconds, as a JSON number
//     POST /_control/put?path=a.nc    the body becomes the object's content
#pragma once

#include <string>

#include "tests/support/http_server/http_server.h"
#include "tests/support/http_server/reply.h"
#include "tests/support/http_server/request.h"

namespace vcube::testing_support {

inline constexpr std::string_view kControlPath = "_control/";

/// Obeys a request. 400 with the reason where it is wrong.
Reply obey(HttpServer& server, const Request& request, const std::string& body);

}  // namespace vcube::testing_support
