// What is sent to a web server and what comes back, as values (RFC 9110). Targets and settings hold secrets: they are
// never printed; messages name the location that references name.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/fetch/body.h"
#include "vcube/byte_range.h"

namespace vcube {

/// How to talk to servers, whichever they are: proxies, certificates, log-ins by host. Immutable once shared.
struct HttpSettings {
    std::string user_agent = "vcube";
    std::string proxy, proxy_user_password;  // "": as the environment says
    std::string proxy_auth;                  // BASIC, DIGEST, NTLM, ANY ...
    std::string ca_file, ca_folder;          // "": the system's
    std::string client_certificate, client_key, client_key_password;
    bool verify = true;      // certificates and host names
    bool netrc = true;       // log in with what ~/.netrc has for a host
    std::string netrc_file;  // "": ~/.netrc
    std::string cookie;      // sent to the first host only
    std::string cookie_file, cookie_jar;
    std::string http_version;  // "1.0", "1.1", "2", "2TLS"; "": 2 over TLS where the server has it, else 1.1
    bool tcp_keep_alive = true;
    bool operator==(const HttpSettings&) const = default;
};

/// Where the bytes of one object are asked for.
struct HttpTarget {
    std::string url;                   // http or https, with whatever signature belongs to it
    std::vector<std::string> headers;  // "Name: value"; for this URL's own host (scheme, name, port) only
    std::string user_password;         // "user:password" for this host, with `auth`
    std::string auth;                  // BASIC, DIGEST, NTLM, NEGOTIATE, ANY, BEARER; "": none
    std::string bearer;                // token of auth BEARER
    std::shared_ptr<const HttpSettings> settings;
    bool object_store = false;  // stands hundreds of requests at a time
    /// When its signature runs out: it is asked for again before that.
    std::chrono::steady_clock::time_point expires = std::chrono::steady_clock::time_point::max();
};

/// The header of a reply.
struct HttpHead {
    int status = 0;
    std::optional<std::uint64_t> content_length;
    std::string content_range;  // "bytes 0-99/1000"
    std::string content_type;
    std::string etag, last_modified;
    std::string retry_after;  // seconds or a date
    std::string location;
    std::string date;
};

/// Why there is no whole reply.
enum class TransportFault {
    kNone,
    kUnreachable,  // name not known, connection or TLS handshake refused or not made in time
    kTls,          // the server's certificate does not convince; asking again does not help
    kStalled,      // not a byte for as long as the time-out
    kBroken,       // ended in the middle, or not HTTP
    kCancelled,
    kUnusable  // the URL or a setting cannot be used
};

struct HttpReply {
    HttpHead head;
    TransportFault fault = TransportFault::kNone;
    std::string reason;                       // of a fault, in words; without URLs
    Body body;                                // what the body plan took (http_judge.h)
    bool cut = false;                         // the body was longer than what was taken
    std::uint64_t received = 0;               // bytes of the body that came over the line, dropped ones too
    unsigned sent = 0;                        // how often it went out: log-ins and dead connections take another time
    std::chrono::microseconds first_byte{0};  // from sending to the first byte of the header
    std::chrono::microseconds total{0};       // from sending to the end ...
    std::chrono::steady_clock::time_point ended{};  // ... which was then
};

}  // namespace vcube
