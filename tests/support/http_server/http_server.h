// A web server for tests and benchmarks, on loopback, HTTP/1.1 with keep-alive, single byte ranges and conditions
// (If-None-Match, If-Modified-Since): serves a folder (or made-up objects) fast, late, wrong or not at all, as a plan
// says, and counts exactly what it was asked. A thread a connection, so that one that stalls holds up no other.
// Thread-safe. RFC 9110 (semantics) and 9112 (HTTP/1.1).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vcube::testing_support {

/// What goes wrong with one request. Faults of a body befall GET requests of objects that are there only, those of a
/// range only requests that ask for one. Their names in by_fault and in JSON are "none", "status", "reset_before" ...
enum class Fault {
    kNone,
    kStatus,        // answers `status` (with `retry_after`, and `body` as text)
    kResetBefore,   // closes the connection with RST before any byte of the reply
    kResetMiddle,   // ... after half of the body
    kShortBody,     // announces the whole range, sends half of it and closes
    kLongBody,      // sends more than was asked for, and announces that
    kWholeObject,   // 200 and the whole object in place of a range
    kWrongRange,    // 206 with the Content-Range, and bytes, of another place
    kShortRange,    // 206 with only the first half of the range, rightly announced
    kWebPage,       // 200, text/html: a log-in page
    kGarbage,       // bytes that are no HTTP
    kStall,         // header and half of the body, then nothing until the client gives up
    kSilence,       // nothing at all until the client gives up
    kSlow,          // the body in 16 pieces with pauses, `pause` each
    kOtherVersion,  // another ETag and another size, as if the object had been rewritten
    kRedirect       // 302 to `location`, or `status` where that is another of 300 to 399
};

struct FaultRule {
    std::string path_contains = {};  // "": every path
    Fault fault = Fault::kNone;
    int status = 503;
    std::string retry_after = {};
    std::string location = {};  // "{path}" in it stands for the path and query of the request
    std::string body = {};
    std::chrono::milliseconds pause{50};
    double share = 1.0;                // of the matching requests, chosen by the server's seed
    std::uint64_t times = UINT64_MAX;  // so often, then no more
};

struct ServerOptions {
    std::string root;                      // folder that is served
    std::chrono::milliseconds latency{0};  // before the first byte of each reply
    std::uint64_t bytes_per_second = 0;    // of each connection; 0: as fast as it goes
    std::uint64_t seed = 1;
    bool etags = true, ranges = true, keep_alive = true;
    bool list_folders = false;     // an index page as Apache has it
    std::string require_header;    // "Authorization: Bearer abc": 401 without it
    std::uint16_t port = 0;        // 0: any free one
    std::vector<FaultRule> rules;  // the first that matches and is chosen counts
    bool control = false;          // obeys requests below /_control/, see control.h
};

struct ServedRequest {
    std::string method, path;                    // with the query
    std::map<std::string, std::string> headers;  // names in lower case
    int status = 0;
    Fault fault = Fault::kNone;
    std::uint64_t body_bytes = 0;  // that were sent, or are being sent
};

struct ServerCounts {
    std::uint64_t requests = 0, body_bytes = 0, connections = 0;
    std::uint64_t most_at_once = 0;  // requests that were being answered at one time
    std::map<std::string, std::uint64_t> by_fault;
};

class HttpServer {
public:
    explicit HttpServer(ServerOptions options);
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    ~HttpServer();  // closes all connections

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::string url(const std::string& path = "") const;  // "http://127.0.0.1:1234/" + path

    /// Objects beside or in place of the folder. Each has a new ETag.
    void put(const std::string& path, std::string content);
    /// From now on. Replaces all rules.
    void set_rules(std::vector<FaultRule> rules);
    void set_latency(std::chrono::milliseconds latency);

    [[nodiscard]] ServerCounts counts() const;
    [[nodiscard]] std::vector<ServedRequest> log() const;  // the last 100 000
    void reset_counts();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vcube::testing_support
