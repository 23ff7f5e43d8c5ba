// One call of HttpFetcher::fetch(): resolves locations, plans spans, asks for them, and deals with what comes until
// every request has its bytes or an error. Lives on the caller's thread; only inbox, targets and the delivery of bytes
// are touched by others.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/fetch/http_client.h"
#include "core/fetch/http_fetcher.h"
#include "core/fetch/http_judge.h"
#include "core/fetch/http_memory.h"
#include "core/fetch/range_plan.h"
#include "core/fetch/retry.h"
#include "vcube/fetcher.h"

namespace vcube {

/// What all calls share.
struct HttpShared {
    HttpShared(ThreadPool& pool_in, HttpResolver resolver_in, HttpFetcherOptions options_in)
        : pool(pool_in), resolver(std::move(resolver_in)), options(std::move(options_in)), client(options.max_bytes) {}

    ThreadPool& pool;
    const HttpResolver resolver;
    const HttpFetcherOptions options;
    HttpClient client;
    HttpMemory memory;
};

/// `target`, but at the URL that a redirect leads to: what is meant for the first host goes to no other one.
std::shared_ptr<const HttpTarget> other_target(const HttpTarget& target, const std::string& url);

/// Whether a range ends where the object does, wherever that is.
inline bool is_to_end(const ByteRange& range) {
    return !range.bounded() || range.suffix != 0;
}

class HttpBatch {
public:
    HttpBatch(HttpShared& shared, std::span<const FetchRequest> requests, const FetchSink& sink,
              const FetchOptions& options);
    HttpBatch(const HttpBatch&) = delete;
    HttpBatch& operator=(const HttpBatch&) = delete;
    ~HttpBatch() = default;

    /// Calls the sink for all requests but those that HTTP does not reach, whose numbers it returns. Nothing is under
    /// way when it returns.
    std::vector<std::size_t> run();

private:
    using Clock = std::chrono::steady_clock;
    using Target = std::shared_ptr<const HttpTarget>;

    struct Object {
        const std::string* location = nullptr;
        std::vector<std::size_t> wishes;        // numbers of requests
        std::string host;                       // of `first`
        Target first;                           // as resolved
        Target target;                          // where requests go: `first`, or where redirects were seen to lead
        unsigned generation = 0;                // how often it was resolved
        bool renewed = false;                   // what was resolved before had been refused
        bool elsewhere = false;                 // the resolver found that HTTP does not reach it after all
        std::optional<ObjectVersion> on_disk;   // of which version ranges may be on disk ...
        bool in_doubt = false;                  // ... while nothing had told this session that it is the present one
        std::atomic<bool> version_kept{false};  // on disk, by this batch
    };

    /// Bytes that are brought together.
    struct Span {
        std::size_t object = 0;
        ByteRange range;
        std::vector<std::size_t> wishes;  // ascending
        Body body;
        std::size_t parts = 1, parts_left = 1;
        std::uint64_t length = 0, got = 0;     // where the bytes of the body end that are here, and how many are
        std::uint64_t counted = 0;             // bytes to release when it is done with
        std::optional<ObjectVersion> version;  // where the bytes are to be kept on disk
        bool probe = false;                    // asked for the version of the object only; the wishes follow
        std::atomic<bool> over{false};         // complete, failed or not wanted: nothing more is asked for
        std::atomic<std::size_t> left{0};      // wishes that are still to be given their bytes
    };

    /// A request, and what has become of it so far.
    struct Task {
        Span* span = nullptr;
        Expectation wanted;
        unsigned attempts = 1;
        unsigned hops = 0;      // redirects that it followed itself ...
        Target via;             // ... which led here
        unsigned refusals = 0;  // by which it was sent somewhere else, or with another signature
        // Written by the client's thread when it is sent, read when the reply is here.
        Target asked;
        unsigned generation = 0;  // of the object
        Clock::time_point begun;
    };

    struct Host {
        Clock::time_point heard;    // when a reply came last
        std::optional<Error> down;  // why nothing more is asked of it
    };

    struct ObjectWish {
        std::size_t object = 0, wish = 0;
    };

    /// What the client's thread tells of a request: the end of it, or that some of its bytes are here.
    struct News {
        Task* task = nullptr;
        std::optional<HttpReply> reply;
        HttpArrival arrival;
    };

    /// A wish whose bytes are here.
    struct Item {
        Span* span = nullptr;
        std::size_t wish = 0;
    };

    // http_plan.cpp: from locations to requests.
    void find_objects();
    void resolve_some();
    bool resolve(Object& object, bool renew);
    void set_target(Object& object, Target target);
    void renew_expiring();
    void look_for_version(Object& object);
    std::vector<std::size_t> ask_at_once(std::size_t number, std::vector<Task*>& out);
    [[nodiscard]] bool needs_probe(const Object& object, const std::vector<std::size_t>& wishes) const;
    void add_probe(std::size_t number, std::vector<std::size_t> wishes, std::vector<Task*>& out);
    void plan(const std::vector<ObjectWish>& wishes);
    void plan_host(const std::string& host, std::vector<ObjectWish>& wishes, std::vector<Task*>& out);
    [[nodiscard]] ByteRange clipped(std::size_t wish, std::optional<std::uint64_t> size) const;
    void look_up(const std::vector<ObjectWish>& wishes);
    [[nodiscard]] RangeKey key_of(std::size_t object, std::size_t wish, const ObjectVersion& version) const;
    void give_from_disk(std::size_t object, std::size_t wish, const ObjectVersion& version);
    void add_span(std::size_t object, ByteRange range, std::vector<std::size_t> wishes, std::size_t parts,
                  std::vector<Task*>& out);
    void submit_in_order(std::vector<Task*>& tasks);

    // http_batch.cpp: the way to the client, and from bodies to the sink.
    /// Requests that may be under way at the host of a target.
    [[nodiscard]] std::size_t limit_of(const HttpTarget& target) const;
    /// Of `limit`, how many suffice while the host answers as soon as it did; 0: no fewer.
    [[nodiscard]] std::size_t near_limit_of(const std::string& host, std::size_t limit) const;
    void submit(Task& task, Clock::time_point not_before = {});
    [[nodiscard]] Target about_to_send(Task& task);
    [[nodiscard]] std::vector<std::uint64_t> marks_of(const Span& span) const;
    void tell(News news);
    std::vector<News> take_news(bool wait);
    void deliver();
    void give(const Item& item);
    void keep(const Span& span, std::size_t wish, ByteSpan bytes);
    void keep_version(Object& object, const ObjectVersion& version);
    void done_with(Span& span);
    [[nodiscard]] ByteSpan bytes_for(const Span& span, std::size_t wish) const;
    void watch();
    void stop();
    void drop_unwanted();
    void answer_error(std::size_t wish, Error error);

    // http_replies.cpp: what becomes of a request when its reply is here.
    void handle(Task& task, HttpReply reply);
    void handle(Task& task, HttpArrival arrival);
    void accept(Task& task, HttpReply& reply, const Verdict& verdict);
    Status place_part(const Task& task, const HttpReply& reply, const Verdict& verdict);
    void end_probe(Span& span);
    void note_version_for_disk(Span& span);
    std::vector<std::size_t> make_ready(Span& span, bool ended);
    void complete(Span& span);
    void drop_body(Span& span);
    void ask_singly(const Span& span, const std::vector<std::size_t>& wishes);
    bool start_over(Task& task, const HttpReply& reply, const Verdict& verdict);
    bool leave_out_given(Task& task);
    void retry(Task& task, const HttpReply& reply, const Verdict& verdict);
    void follow(Task& task, const Verdict& verdict);
    void renew(Task& task, const Verdict& verdict);
    void hand_over(Span& span);
    void refuse(Task& task, const HttpReply& reply, const Verdict& verdict);
    void give_up_host(const Task& task, const HttpReply& reply, const Error& error);
    void fail(Task& task, const Error& error, const char* remark = "");

    HttpShared& shared_;
    const std::span<const FetchRequest> requests_;
    const FetchSink& sink_;
    const FetchOptions& options_;
    FetchSession own_session_;  // where the caller has none
    FetchSession& session_;
    const std::shared_ptr<ObjectVersions> versions_;
    const HttpClient::Group group_;

    std::deque<Object> objects_;
    std::size_t resolved_ = 0;
    std::unordered_map<std::string, Host> hosts_;
    std::vector<std::size_t> otherwise_;
    std::deque<Span> spans_;
    std::deque<Task> tasks_;
    std::vector<Item> ready_;
    std::vector<ObjectWish> probed_;  // wishes of objects whose version is known now
    std::vector<char> answered_;      // by request: its sink was called, or will be by deliver()
    std::uint64_t wanted_bytes_ = 0;  // of all requests
    std::size_t under_way_ = 0;
    std::size_t retries_left_;
    std::minstd_rand random_{std::random_device{}()};
    bool stopped_ = false;
    bool meanwhile_;                         // whether the caller may have something to do while it waits
    std::atomic<Clock::time_point> sent_{};  // when the client sent the last request
    Clock::time_point next_tick_;
    Clock::time_point first_expiry_ = Clock::time_point::max();

    std::mutex targets_mutex_;  // Object::target and generation, which the client's thread reads
    std::mutex inbox_mutex_;
    std::condition_variable came_;
    std::vector<News> inbox_;
};

}  // namespace vcube
