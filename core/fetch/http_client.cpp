#include "core/fetch/http_client.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <mutex>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/fetch/curl_loop.h"
#include "core/fetch/curl_transfer.h"
#include "core/fetch/http_queue.h"
#include "core/fetch/http_url.h"

namespace vcube {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kUnknownCost = std::uint64_t{1} << 20U;  // of a body whose length nobody knows yet
constexpr std::size_t kMaxIdleHandles = 64;

/// Connections to all hosts together; half of the descriptors that the process may have stay free for others.
std::size_t most_connections() {
    constexpr std::size_t kMost = 512, kLeast = 16;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return kMost;
    }
    return std::clamp<std::size_t>(limit.rlim_cur / 2, kLeast, kMost);
}

void end_job(HttpJob& job, TransportFault fault, std::string reason) {
    HttpReply reply;
    reply.fault = fault;
    reply.reason = std::move(reason);
    job.done(std::move(reply));
}

HttpQueue::Ending ending_of(const HttpReply& reply) {
    const int status = reply.head.status;
    if (reply.fault == TransportFault::kUnreachable || status == 429 || status == 503) {
        return HttpQueue::Ending::kRefused;
    }
    return reply.fault == TransportFault::kNone && status < 400 ? HttpQueue::Ending::kServed
                                                                : HttpQueue::Ending::kOther;
}

/// Cookies, names and TLS sessions that all transfers of the process share: one log-in serves all. Used by one thread.
class CurlShare {
public:
    CurlShare() : share_(curl_share_init()) {
        for (const curl_lock_data what : {CURL_LOCK_DATA_COOKIE, CURL_LOCK_DATA_DNS, CURL_LOCK_DATA_SSL_SESSION}) {
            curl_share_setopt(share_, CURLSHOPT_SHARE, what);
        }
    }
    CurlShare(const CurlShare&) = delete;
    CurlShare& operator=(const CurlShare&) = delete;
    /// Writes the cookies where a setting said so.
    ~CurlShare() {
        for (const std::string& jar : jars_) {
            CURL* easy = curl_easy_init();
            curl_easy_setopt(easy, CURLOPT_SHARE, share_);
            curl_easy_setopt(easy, CURLOPT_COOKIEJAR, jar.c_str());
            curl_easy_cleanup(easy);
        }
        curl_share_cleanup(share_);
    }

    [[nodiscard]] CURLSH* handle() const { return share_; }

    /// Reads a cookie file when it is named first, and remembers a jar.
    void use_files(const HttpSettings& settings) {
        if (!settings.cookie_file.empty() && files_.insert(settings.cookie_file).second) {
            CURL* easy = curl_easy_init();
            curl_easy_setopt(easy, CURLOPT_SHARE, share_);
            curl_easy_setopt(easy, CURLOPT_COOKIEFILE, settings.cookie_file.c_str());
            curl_easy_setopt(easy, CURLOPT_COOKIELIST, "RELOAD");
            curl_easy_cleanup(easy);
        }
        if (!settings.cookie_jar.empty()) {
            jars_.insert(settings.cookie_jar);
        }
    }

private:
    CURLSH* share_;
    std::set<std::string> files_, jars_;
};

/// What the client's thread does. Only wake() and the counts are for others.
class Worker {
public:
    explicit Worker(std::uint64_t max_bytes)
        : max_bytes_(max_bytes), max_active_(most_connections()), loop_(max_active_) {}

    [[nodiscard]] bool ok() const { return loop_.ok(); }
    void wake() { loop_.wake(); }

    void release(std::uint64_t bytes) {
        counted_ -= bytes;
        if (short_of_room_) {
            wake();
        }
    }

    void push(HttpQueue::Job job) { queue_.push(std::move(job)); }

    /// All of a group, or all.
    void cancel(std::optional<HttpClient::Group> group) {
        for (std::size_t i = active_.size(); i-- > 0;) {
            if (!group || active_[i]->job().group == *group) {
                end(i, [](CurlTransfer& one) { return one.finish(TransportFault::kCancelled, {}); });
            }
        }
        for (const HttpQueue::Job& job : queue_.take(group)) {
            end_job(*job, TransportFault::kCancelled, {});
        }
    }

    void turn() {
        start_waiting();
        std::optional<Clock::time_point> until = queue_.next_due();
        if (!active_.empty() && (!until || next_check_ < *until)) {
            until = next_check_;
        }
        loop_.turn(until, [this] {
            if (end_those_done()) {
                start_waiting();
            }
        });
        end_stalled();
    }

private:
    /// Whether there were any.
    bool end_those_done() {
        bool any = false;
        CURLcode code = CURLE_OK;
        while (CURL* easy = loop_.ended(code)) {
            CurlTransfer* transfer = nullptr;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
            end(transfer->place, [code](CurlTransfer& one) { return one.finish(code); });
            any = true;
        }
        return any;
    }

    void start_waiting() {
        while (active_.size() < max_active_) {
            // Said before looking, so that what is released from here on wakes the next turn.
            short_of_room_ = true;
            const std::uint64_t counted = counted_;
            const std::uint64_t room = counted == 0 ? UINT64_MAX : max_bytes_ - std::min(max_bytes_, counted);
            HttpQueue::Job job = queue_.next(Clock::now(), room);
            short_of_room_ = queue_.short_of_room();
            if (!job) {
                return;
            }
            start(std::move(job));
        }
    }

    void start(HttpQueue::Job job) {
        if (job->request.latest) {
            if (auto target = job->request.latest()) {
                job->request.target = std::move(target);
            } else {
                queue_.finished(*job, HttpQueue::Ending::kOther, Clock::now());
                end_job(*job, TransportFault::kCancelled, {});
                return;
            }
        }
        if (idle_.empty()) {
            idle_.push_back(std::make_unique<CurlTransfer>(counted_, memory_, queue_));
        }
        std::unique_ptr<CurlTransfer> transfer = std::move(idle_.back());
        idle_.pop_back();
        transfer->place = active_.size();
        if (job->request.target->settings) {
            share_.use_files(*job->request.target->settings);
        }
        Status ready = transfer->prepare(std::move(job), share_.handle());
        next_check_ = active_.empty() ? transfer->deadline() : std::min(next_check_, transfer->deadline());
        active_.push_back(std::move(transfer));
        if (ready.ok() && !loop_.add(active_.back()->easy())) {
            ready = over_limit("libcurl has no memory");
        }
        if (!ready.ok()) {
            end(active_.size() - 1,
                [&](CurlTransfer& one) { return one.finish(TransportFault::kUnusable, ready.error().message); });
        }
    }

    /// Takes a transfer off the list and gives its reply away.
    template <class Finish>
    void end(std::size_t place, const Finish& finish) {
        std::unique_ptr<CurlTransfer> transfer = std::move(active_[place]);
        if (place + 1 < active_.size()) {
            active_[place] = std::move(active_.back());
            active_[place]->place = place;
        }
        active_.pop_back();
        loop_.remove(transfer->easy());
        HttpReply reply = finish(*transfer);
        const HttpQueue::Job job = transfer->take_job();
        queue_.finished(*job, ending_of(reply), Clock::now());
        if (idle_.size() < kMaxIdleHandles) {
            idle_.push_back(std::move(transfer));
        }
        job->done(std::move(reply));
    }

    void end_stalled() {
        const Clock::time_point now = Clock::now();
        if (active_.empty() || now < next_check_) {
            return;
        }
        next_check_ = Clock::time_point::max();
        for (std::size_t i = active_.size(); i-- > 0;) {
            if (active_[i]->deadline() <= now) {
                end(i, [](CurlTransfer& one) { return one.finish_stalled(); });
            } else {
                next_check_ = std::min(next_check_, active_[i]->deadline());
            }
        }
    }

    const std::uint64_t max_bytes_;
    const std::size_t max_active_;
    std::atomic<std::uint64_t> counted_{0};
    std::atomic<bool> short_of_room_{false};
    BodyMemory memory_;
    CurlShare share_;  // outlives the connections
    CurlLoop loop_;
    HttpQueue queue_;
    std::vector<std::unique_ptr<CurlTransfer>> active_, idle_;
    Clock::time_point next_check_;  // when the first of those that are active may have stalled
};

}  // namespace

struct HttpClient::State {
    explicit State(std::uint64_t max_bytes_in) : max_bytes(max_bytes_in) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        {
            const std::lock_guard lock(mutex);
            stopping = true;
        }
        if (thread.joinable()) {
            worker->wake();
            thread.join();
        }
    }

    /// Under the mutex. False where the system has no thread or no descriptor left.
    bool start() {
        if (thread.joinable()) {
            return true;
        }
        worker = std::make_unique<Worker>(max_bytes);
        if (!worker->ok()) {
            return false;
        }
        // The host's signal handlers run on its own threads.
        sigset_t all;
        sigset_t before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);
        try {
            thread = std::thread([this] { serve(); });
        } catch (const std::system_error&) {
            thread = std::thread();
        }
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        return thread.joinable();
    }

    void serve() {
        std::vector<HttpQueue::Job> jobs;
        std::vector<Group> groups;
        while (true) {
            {
                const std::lock_guard lock(mutex);
                jobs.swap(incoming);
                groups.swap(cancelled);
                if (stopping) {
                    break;
                }
            }
            for (HttpQueue::Job& job : jobs) {
                worker->push(std::move(job));
            }
            for (const Group group : groups) {
                worker->cancel(group);
            }
            jobs.clear();
            groups.clear();
            worker->turn();
        }
        for (HttpQueue::Job& job : jobs) {
            worker->push(std::move(job));
        }
        worker->cancel(std::nullopt);
    }

    const std::uint64_t max_bytes;
    std::mutex mutex;
    std::vector<HttpQueue::Job> incoming;
    std::vector<Group> cancelled;
    bool stopping = false;
    std::unique_ptr<Worker> worker;  // made with the thread; its own after that
    std::thread thread;
};

HttpClient::HttpClient(std::uint64_t max_bytes) : state_(max_bytes) {}

HttpClient::~HttpClient() = default;

HttpClient::Group HttpClient::make_group() {
    return ++groups_;
}

void HttpClient::submit(Group group, HttpRequest request, Done done) {
    auto job = std::make_unique<HttpJob>();
    job->group = group;
    const Result<std::string> host = origin_of(request.target->url);
    const ByteRange& range = request.wanted.range;
    job->cost = range.bounded() ? range.size() : std::min(kUnknownCost, request.wanted.max_bytes);
    job->request = std::move(request);
    job->done = std::move(done);
    if (!host.ok()) {
        end_job(*job, TransportFault::kUnusable, host.error().message);
        return;
    }
    job->host = host.value();
    State& shared = state_.get();
    std::unique_lock lock(shared.mutex);
    if (!shared.start()) {
        lock.unlock();
        end_job(*job, TransportFault::kUnusable, "no thread or descriptor is left for it");
        return;
    }
    shared.incoming.push_back(std::move(job));
    lock.unlock();
    shared.worker->wake();
}

void HttpClient::cancel(Group group) {
    State& shared = state_.get();
    {
        const std::lock_guard lock(shared.mutex);
        if (!shared.thread.joinable()) {
            return;
        }
        shared.cancelled.push_back(group);
    }
    shared.worker->wake();
}

void HttpClient::release(std::uint64_t bytes) {
    State& shared = state_.get();
    if (bytes > 0 && shared.worker) {
        shared.worker->release(bytes);
    }
}

}  // namespace vcube
