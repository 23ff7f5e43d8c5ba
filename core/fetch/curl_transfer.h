// One request under way: an easy handle of libcurl, used again for the next one, and the reply as it comes in. Used by
// one thread at a time.
#pragma once

#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/fetch/curl_options.h"
#include "core/fetch/http_client.h"
#include "core/fetch/http_queue.h"

namespace vcube {

class CurlTransfer {
public:
    using Clock = std::chrono::steady_clock;

    /// `counted`: bytes of bodies in memory, kept up to date. `queue` gave the jobs; it is told when replies begin.
    CurlTransfer(std::atomic<std::uint64_t>& counted, BodyMemory& memory, HttpQueue& queue);
    CurlTransfer(const CurlTransfer&) = delete;
    CurlTransfer& operator=(const CurlTransfer&) = delete;
    ~CurlTransfer() { curl_easy_cleanup(easy_); }

    /// Takes a job on; its cost counts from here. What cannot be asked for is told by finish().
    Status prepare(std::unique_ptr<HttpJob> job, CURLSH* share);

    /// What came, once the transfer is out of the multi handle. The body counts until it is released.
    HttpReply finish(CURLcode code);
    /// The same where it was ended by us.
    HttpReply finish(TransportFault fault, std::string reason);

    /// When it has stalled, unless another byte comes.
    [[nodiscard]] Clock::time_point deadline() const { return last_byte_ + job_->request.timeout; }
    /// The fault of a transfer that has stalled.
    [[nodiscard]] HttpReply finish_stalled();

    [[nodiscard]] CURL* easy() const { return easy_; }
    [[nodiscard]] const HttpJob& job() const { return *job_; }
    /// After finish().
    [[nodiscard]] std::unique_ptr<HttpJob> take_job() { return std::move(job_); }

    std::size_t place = 0;  // in the client's list

private:
    static std::size_t on_header(char* line, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
    static int on_sending(void* self, char*, char*, int, int);
    bool take_body(ByteSpan bytes);
    bool drop(std::uint64_t bytes);
    bool make_room(std::uint64_t size);
    void plan();
    void tell();
    void count(std::uint64_t bytes);
    void measure();

    std::atomic<std::uint64_t>& counted_;
    BodyMemory& memory_;
    HttpQueue& queue_;
    CURL* const easy_;
    std::unique_ptr<HttpJob> job_;
    CurlList headers_;
    HttpReply reply_;
    BodyPlan plan_;
    bool begun_ = false;
    bool planned_ = false;
    bool ended_ = false;  // by us: what follows is not wanted
    bool no_memory_ = false;
    std::uint64_t skipped_ = 0, taken_ = 0;
    std::size_t told_ = 0;      // marks of the request that have been reached
    std::uint64_t charge_ = 0;  // what of counted_ is ours
    Clock::time_point last_byte_;
};

}  // namespace vcube
