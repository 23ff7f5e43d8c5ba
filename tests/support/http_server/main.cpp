// The test server as a program: serves a folder until its standard input ends. Prints {"port": N} when it is ready;
// control.h tells how it is steered.
//
//     test_http_server ROOT [--latency-ms N] [--rate BYTES_PER_SECOND] [--list] [--no-etag] [--no-ranges]
//                      [--no-keep-alive] [--require-header "Name: value"] [--seed N] [--port N]
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <span>
#include <string>

#include "tests/support/http_server/http_server.h"

namespace {

using vcube::testing_support::HttpServer;
using vcube::testing_support::ServerOptions;

/// False where an argument is not known.
bool parse(std::span<char*> arguments, ServerOptions& options) {
    if (arguments.empty()) {
        return false;
    }
    options.root = arguments.front();
    options.control = true;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string name = arguments[i];
        if (name == "--list") {
            options.list_folders = true;
        } else if (name == "--no-etag") {
            options.etags = false;
        } else if (name == "--no-ranges") {
            options.ranges = false;
        } else if (name == "--no-keep-alive") {
            options.keep_alive = false;
        } else if (i + 1 == arguments.size()) {
            return false;
        } else if (const std::string value = arguments[++i]; name == "--require-header") {
            options.require_header = value;
        } else {
            const std::uint64_t number = std::strtoull(value.c_str(), nullptr, 10);
            if (name == "--latency-ms") {
                options.latency = std::chrono::milliseconds(number);
            } else if (name == "--rate") {
                options.bytes_per_second = number;
            } else if (name == "--seed") {
                options.seed = number;
            } else if (name == "--port") {
                options.port = static_cast<std::uint16_t>(number);
            } else {
                return false;
            }
        }
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    ServerOptions options;
    if (!parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(1), options)) {
        std::cerr << "test_http_server ROOT [--latency-ms N] [--rate BYTES_PER_SECOND] [--list] [--no-etag]\n"
                     "                 [--no-ranges] [--no-keep-alive] [--require-header \"Name: value\"] [--seed N]\n"
                     "                 [--port N]\n";
        return 2;
    }
    try {
        const HttpServer server(options);
        std::cout << "{\"port\": " << server.port() << "}" << std::endl;
        std::array<char, 256> ignored;
        while (::read(STDIN_FILENO, ignored.data(), ignored.size()) > 0) {
        }
    } catch (const std::exception& error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
    return 0;
}
