#include "tests/support/http_server/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/support/http_server/connection.h"
#include "tests/support/http_server/control.h"
#include "tests/support/http_server/fault_names.h"
#include "tests/support/http_server/objects.h"
#include "tests/support/http_server/reply.h"

namespace vcube::testing_support {
namespace {

constexpr std::size_t kLogged = 100'000;
constexpr std::size_t kStackBytes = std::size_t{256} << 10U;

/// A socket that listens on loopback.
int listen_on(std::uint16_t port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    (void)::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        ::listen(listener, 1024) != 0) {
        ::close(listener);
        throw std::runtime_error("cannot listen on 127.0.0.1:" + std::to_string(port));
    }
    return listener;
}

std::uint16_t port_of(int listener) {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    (void)::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

/// Chooses what goes wrong.
class Plan {
public:
    explicit Plan(const ServerOptions& options) : random_(options.seed), rules_(options.rules) {}

    void set(std::vector<FaultRule> rules) {
        const std::lock_guard lock(mutex_);
        rules_ = std::move(rules);
    }

    FaultRule choose(const std::string& target) {
        const std::lock_guard lock(mutex_);
        for (FaultRule& rule : rules_) {
            if (rule.times > 0 && target.find(rule.path_contains) != std::string::npos &&
                std::uniform_real_distribution<>()(random_) < rule.share) {
                rule.times -= rule.times == UINT64_MAX ? 0 : 1;
                return rule;
            }
        }
        return {};
    }

private:
    std::mutex mutex_;
    std::mt19937_64 random_;
    std::vector<FaultRule> rules_;
};

/// What was asked and answered.
class Record {
public:
    void connected() {
        const std::lock_guard lock(mutex_);
        ++counts_.connections;
    }

    /// A request has been read, and is being answered until end().
    void begin() {
        const std::lock_guard lock(mutex_);
        counts_.most_at_once = std::max(counts_.most_at_once, ++under_way_);
    }

    void end() {
        const std::lock_guard lock(mutex_);
        --under_way_;
    }

    /// A reply is about to be sent: whoever has received it finds it counted. Returns its number for unsent().
    std::uint64_t add(ServedRequest served) {
        const std::lock_guard lock(mutex_);
        ++counts_.requests;
        counts_.body_bytes += served.body_bytes;
        if (served.fault != Fault::kNone) {
            ++counts_.by_fault[std::string(fault_name(served.fault))];
        }
        log_.push_back(std::move(served));
        if (log_.size() > kLogged) {
            log_.pop_front();
            ++dropped_;
        }
        return dropped_ + log_.size() - 1;
    }

    /// So much of its body could not be sent.
    void unsent(std::uint64_t number, std::uint64_t bytes) {
        const std::lock_guard lock(mutex_);
        if (number >= dropped_ && number - dropped_ < log_.size()) {
            log_[number - dropped_].body_bytes -= bytes;
            counts_.body_bytes -= bytes;
        }
    }

    void reset() {
        const std::lock_guard lock(mutex_);
        dropped_ += log_.size();
        log_.clear();
        counts_ = {};
        counts_.most_at_once = under_way_;
    }

    [[nodiscard]] ServerCounts counts() const {
        const std::lock_guard lock(mutex_);
        return counts_;
    }

    [[nodiscard]] std::vector<ServedRequest> log() const {
        const std::lock_guard lock(mutex_);
        return {log_.begin(), log_.end()};
    }

private:
    mutable std::mutex mutex_;
    ServerCounts counts_;
    std::uint64_t under_way_ = 0;
    std::deque<ServedRequest> log_;
    std::uint64_t dropped_ = 0;  // entries before the log's first
};

/// Between begin() and end() of a request.
class UnderWay {
public:
    explicit UnderWay(Record& record) : record_(&record) { record.begin(); }
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;
    ~UnderWay() { end(); }
    void end() {
        if (record_ != nullptr) {
            std::exchange(record_, nullptr)->end();
        }
    }

private:
    Record* record_;
};

}  // namespace

struct HttpServer::State {
    State(HttpServer& server, ServerOptions given)
        : owner(server),
          options(std::move(given)),
          objects(options.root, options.list_folders),
          plan(options),
          latency_ms(options.latency.count()),
          listener(listen_on(options.port)),
          port(port_of(listener)) {}

    HttpServer& owner;
    const ServerOptions options;
    Objects objects;
    Plan plan;
    Record record;
    std::atomic<std::int64_t> latency_ms;
    const int listener;
    const std::uint16_t port;
    std::thread acceptor;

    std::mutex mutex;  // of what follows
    bool stopping = false;
    std::set<int> sockets;            // of connections that stand
    std::set<pthread_t> threads;      // not joined yet
    std::vector<pthread_t> finished;  // of those, which have nothing left to do

    struct Start {
        State& state;
        int socket;
    };

    void accept_all();
    void start(int socket);
    void join_finished();
    void serve(int socket);
    bool answer_control(Connection& connection, const Request& request);
    bool answer(Connection& connection, const Request& request);
    void stop();
};

void HttpServer::State::accept_all() {
    for (;;) {
        const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        const int error = errno;
        join_finished();
        if (socket >= 0) {
            start(socket);
            continue;
        }
        const std::lock_guard lock(mutex);
        if (stopping || (error != EINTR && error != ECONNABORTED && error != EMFILE)) {
            return;
        }
    }
}

void HttpServer::State::start(int socket) {
    const int on = 1;
    (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const auto run = [](void* given) -> void* {
        const std::unique_ptr<Start> begun(static_cast<Start*>(given));
        begun->state.serve(begun->socket);
        return nullptr;
    };
    auto given = std::make_unique<Start>(Start{*this, socket});
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    (void)::pthread_attr_setstacksize(&attributes, kStackBytes);
    const std::lock_guard lock(mutex);
    pthread_t thread{};
    if (stopping || ::pthread_create(&thread, &attributes, run, given.get()) != 0) {
        ::close(socket);
    } else {
        (void)given.release();
        sockets.insert(socket);
        threads.insert(thread);
    }
    ::pthread_attr_destroy(&attributes);
}

void HttpServer::State::join_finished() {
    std::vector<pthread_t> ended;
    {
        const std::lock_guard lock(mutex);
        ended.swap(finished);
        for (const pthread_t thread : ended) {
            threads.erase(thread);
        }
    }
    for (const pthread_t thread : ended) {
        ::pthread_join(thread, nullptr);
    }
}

void HttpServer::State::serve(int socket) {
    // sendfile() to a client that has gone raises SIGPIPE; other signals are for other threads.
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    Connection connection(socket);
    bool counted = false;
    while (const std::optional<Request> request = connection.read_request()) {
        const bool control = options.control && request->path.starts_with(kControlPath);
        if (!control && !std::exchange(counted, true)) {
            record.connected();
        }
        if (!(control ? answer_control(connection, *request) : answer(connection, *request))) {
            break;
        }
    }
    const std::lock_guard lock(mutex);
    sockets.erase(socket);  // before it is closed: its number may be another's then
    finished.push_back(::pthread_self());
}

/// False where the connection ends with it.
bool HttpServer::State::answer_control(Connection& connection, const Request& request) {
    const std::string length = request.header("content-length");
    const std::optional<std::string> body =
        connection.read_body(length.empty() ? 0 : std::strtoull(length.c_str(), nullptr, 10));
    if (!body) {
        return false;
    }
    const Reply reply = obey(owner, request, *body);
    return connection.send(reply, 0, [] {}) == reply.body_bytes();
}

/// False where the connection ends with it.
bool HttpServer::State::answer(Connection& connection, const Request& request) {
    const auto due = std::chrono::steady_clock::now() + std::chrono::milliseconds(latency_ms.load());
    UnderWay under_way(record);
    const Reply reply = plan_reply(request, objects.open(request.path), plan.choose(request.target), options);
    const std::uint64_t all = reply.body_bytes();
    const std::uint64_t number =
        record.add({request.method, request.target, request.headers, reply.status, reply.fault, all});
    const std::uint64_t sent = connection.wait_until(due)
                                   ? connection.send(reply, options.bytes_per_second, [&under_way] { under_way.end(); })
                                   : 0;
    if (sent != all) {
        record.unsent(number, all - sent);
    }
    return sent == all && reply.end == Reply::End::kKeepAlive;
}

void HttpServer::State::stop() {
    {
        const std::lock_guard lock(mutex);
        stopping = true;
        for (const int socket : sockets) {
            ::shutdown(socket, SHUT_RDWR);
        }
    }
    ::shutdown(listener, SHUT_RDWR);
    acceptor.join();
    for (const pthread_t thread : threads) {  // nobody else touches them any more
        ::pthread_join(thread, nullptr);
    }
    ::close(listener);
}

HttpServer::HttpServer(ServerOptions options) : state_(std::make_unique<State>(*this, std::move(options))) {
    state_->acceptor = std::thread([this] { state_->accept_all(); });
}

HttpServer::~HttpServer() {
    state_->stop();
}

std::uint16_t HttpServer::port() const {
    return state_->port;
}

std::string HttpServer::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port()) + "/" + path;
}

void HttpServer::put(const std::string& path, std::string content) {
    state_->objects.put(path, std::move(content));
}

void HttpServer::set_rules(std::vector<FaultRule> rules) {
    state_->plan.set(std::move(rules));
}

void HttpServer::set_latency(std::chrono::milliseconds latency) {
    state_->latency_ms = latency.count();
}

ServerCounts HttpServer::counts() const {
    return state_->record.counts();
}

std::vector<ServedRequest> HttpServer::log() const {
    return state_->record.log();
}

void HttpServer::reset_counts() {
    state_->record.reset();
}

}  // namespace vcube::testing_support
