#include "tests/support/http_server/control.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/support/http_server/fault_names.h"

namespace vcube::testing_support {
namespace {

using Json = nlohmann::json;

FaultRule rule_of(const Json& json) {
    FaultRule rule;
    for (const auto& [name, value] : json.items()) {
        if (name == "path_contains") {
            rule.path_contains = value.get<std::string>();
        } else if (name == "fault") {
            const auto fault = fault_named(value.get<std::string>());
            if (!fault) {
                throw std::invalid_argument("no fault has the name " + value.dump());
            }
            rule.fault = *fault;
        } else if (name == "status") {
            rule.status = value.get<int>();
        } else if (name == "retry_after") {
            rule.retry_after = value.get<std::string>();
        } else if (name == "location") {
            rule.location = value.get<std::string>();
        } else if (name == "body") {
            rule.body = value.get<std::string>();
        } else if (name == "pause") {
            rule.pause = std::chrono::milliseconds(value.get<std::int64_t>());
        } else if (name == "share") {
            rule.share = value.get<double>();
        } else if (name == "times") {
            rule.times = value.get<std::uint64_t>();
        } else {
            throw std::invalid_argument("a rule has no " + name);
        }
    }
    return rule;
}

std::vector<FaultRule> rules_of(const Json& json) {
    std::vector<FaultRule> rules;
    for (const Json& rule : json) {
        rules.push_back(rule_of(rule));
    }
    return rules;
}

Json counts_of(const HttpServer& server) {
    const ServerCounts counts = server.counts();
    return {{"requests", counts.requests},
            {"body_bytes", counts.body_bytes},
            {"connections", counts.connections},
            {"most_at_once", counts.most_at_once},
            {"by_fault", counts.by_fault}};
}

Json log_of(const HttpServer& server) {
    Json out = Json::array();
    for (const ServedRequest& served : server.log()) {
        out.push_back({{"method", served.method},
                       {"path", served.path},
                       {"headers", served.headers},
                       {"status", served.status},
                       {"fault", fault_name(served.fault)},
                       {"body_bytes", served.body_bytes}});
    }
    return out;
}

}  // namespace

Reply obey(HttpServer& server, const Request& request, const std::string& body) {
    const std::string what = request.path.substr(kControlPath.size());
    Json out = Json::object();
    try {
        if (what == "counts") {
            out = counts_of(server);
        } else if (what == "log") {
            out = log_of(server);
        } else if (request.method != "POST") {
            return text_reply(405, "POST, or GET of counts and log\n");
        } else if (what == "reset") {
            server.reset_counts();
        } else if (what == "rules") {
            server.set_rules(rules_of(Json::parse(body)));
        } else if (what == "latency") {
            server.set_latency(std::chrono::milliseconds(Json::parse(body).get<std::int64_t>()));
        } else if (what == "put") {
            server.put(query_value(request.target, "path"), body);
        } else {
            return text_reply(404, "There is no control of this name\n");
        }
    } catch (const std::exception& error) {
        return text_reply(400, std::string(error.what()) + "\n");
    }
    return text_reply(200, out.dump(), "application/json");
}

}  // namespace vcube::testing_support
