#include "core/fetch/curl_transfer.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "core/base/concat.h"
#include "core/fetch/http_head.h"

namespace vcube {
namespace {

// Of a body that is said to be longer, memory is taken as it comes in.
constexpr std::uint64_t kTrustedBytes = std::uint64_t{64} << 20U;
constexpr std::uint64_t kFirstBytes = std::uint64_t{64} << 10U;  // of one whose length is not told
// So much that nobody wants is read all the same: the connection can be used again then.
constexpr std::uint64_t kDropped = std::uint64_t{64} << 10U;
// Large enough for few calls, small enough to stay in a core's cache until it is copied.
constexpr long kReceiveBytes = 256L << 10U;

std::chrono::microseconds time_of(CURL* easy, CURLINFO info) {
    curl_off_t value = 0;
    (void)curl_easy_getinfo(easy, info, &value);
    return std::chrono::microseconds(value);
}

}  // namespace

CurlTransfer::CurlTransfer(std::atomic<std::uint64_t>& counted, BodyMemory& memory, HttpQueue& queue)
    : counted_(counted), memory_(memory), queue_(queue), easy_(curl_easy_init()) {
    // A share alone does not make a handle keep cookies; to have been given one does, even one that has expired.
    curl_easy_setopt(easy_, CURLOPT_COOKIELIST, "Set-Cookie: none=; Max-Age=0; Domain=invalid");
}

void CurlTransfer::count(std::uint64_t bytes) {
    counted_ += bytes - charge_;  // unsigned arithmetic wraps, so this may lower it too
    charge_ = bytes;
}

Status CurlTransfer::prepare(std::unique_ptr<HttpJob> job, CURLSH* share) {
    job_ = std::move(job);
    reply_ = HttpReply{};
    begun_ = planned_ = ended_ = no_memory_ = false;
    skipped_ = taken_ = 0;
    told_ = 0;
    charge_ = 0;
    count(job_->cost);
    last_byte_ = Clock::now();
    if (easy_ == nullptr) {
        return over_limit("libcurl has no memory");
    }
    curl_easy_reset(easy_);
    const Expectation& wanted = job_->request.wanted;
    VCUBE_TRY(
        apply_target(easy_, *job_->request.target, wanted.unless ? condition_header(*wanted.unless) : "", headers_));
    const std::string range = range_header(wanted.range);
    if (!range.empty()) {
        curl_easy_setopt(easy_, CURLOPT_RANGE, range.c_str() + std::strlen("bytes="));
    }
    curl_easy_setopt(easy_, CURLOPT_SHARE, share);
    curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, kReceiveBytes);
    // Divides the time among a host's addresses, too.
    curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(job_->request.timeout.count()));
    curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
    curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
    curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &CurlTransfer::on_sending);
    curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
    return {};
}

int CurlTransfer::on_sending(void* self, char* /*to*/, char* /*from*/, int /*to_port*/, int /*from_port*/) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    ++transfer.reply_.sent;
    transfer.last_byte_ = Clock::now();
    return CURL_PREREQFUNC_OK;
}

std::size_t CurlTransfer::on_header(char* line, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    add_header_line(transfer.reply_.head, {line, size * count});
    transfer.last_byte_ = Clock::now();
    if (!std::exchange(transfer.begun_, true)) {
        transfer.queue_.heard(*transfer.job_, transfer.last_byte_);
    }
    return size * count;
}

std::size_t CurlTransfer::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    transfer.last_byte_ = Clock::now();
    const ByteSpan body(reinterpret_cast<const std::byte*>(bytes), size * count);
    return transfer.take_body(body) ? body.size() : CURL_WRITEFUNC_ERROR;
}

void CurlTransfer::plan() {
    planned_ = true;
    plan_ = plan_body(reply_.head, job_->request.wanted);
    if (plan_.stop) {
        plan_.skip = plan_.take = 0;
    }
}

/// What follows the part that is taken, or all of a reply that is of no use.
bool CurlTransfer::drop(std::uint64_t bytes) {
    reply_.cut = reply_.cut || bytes > 0;
    const std::uint64_t all = reply_.head.content_length.value_or(ByteRange::kEnd);
    ended_ = all - std::min(all, reply_.received) > kDropped;
    return !ended_;
}

bool CurlTransfer::take_body(ByteSpan bytes) {
    if (!planned_) {
        plan();
    }
    reply_.received += bytes.size();
    const std::uint64_t skip = std::min<std::uint64_t>(plan_.skip - skipped_, bytes.size());
    skipped_ += skip;
    bytes = bytes.subspan(skip);
    const std::uint64_t take = std::min<std::uint64_t>(plan_.take - taken_, bytes.size());
    if (take > 0) {
        if (!make_room(taken_ + take)) {
            no_memory_ = true;
            return false;
        }
        std::memcpy(reply_.body.data() + taken_, bytes.data(), take);
        taken_ += take;
        tell();
    }
    if (take == bytes.size() && !plan_.stop) {
        return true;
    }
    return drop(bytes.size() - take);
}

/// Of what is here already and of use, while there is more to come.
void CurlTransfer::tell() {
    const std::vector<std::uint64_t>& marks = job_->request.marks;
    const std::size_t before = told_;
    while (told_ < marks.size() && marks[told_] <= taken_) {
        ++told_;
    }
    if (told_ > before && plan_.sure && taken_ < plan_.take) {
        job_->request.arrived({reply_.body.beginning(taken_), version_of(reply_.head)});
    }
}

/// Memory for `size` bytes of the body: all that will come where that is known and credible, else twice as much as
/// before.
bool CurlTransfer::make_room(std::uint64_t size) {
    if (size <= reply_.body.size()) {
        return true;
    }
    std::uint64_t all = plan_.take;
    bool known = job_->request.wanted.range.bounded();
    if (reply_.head.content_length) {
        all = std::min(all, *reply_.head.content_length - std::min(*reply_.head.content_length, plan_.skip));
        known = true;
    }
    std::uint64_t room = known ? kTrustedBytes : kFirstBytes;
    room = std::max({room, size, std::uint64_t{2} * reply_.body.size()});
    room = std::max(std::min(room, all), size);
    try {
        Body larger = memory_.take(room);
        if (taken_ > 0) {
            std::memcpy(larger.data(), reply_.body.data(), taken_);
        }
        reply_.body = std::move(larger);
    } catch (const std::bad_alloc&) {
        return false;
    }
    count(std::max(room, charge_));
    return true;
}

void CurlTransfer::measure() {
    const std::chrono::microseconds sent = time_of(easy_, CURLINFO_PRETRANSFER_TIME_T);
    reply_.first_byte = std::max(time_of(easy_, CURLINFO_STARTTRANSFER_TIME_T) - sent, std::chrono::microseconds(0));
    reply_.total = std::max(time_of(easy_, CURLINFO_TOTAL_TIME_T) - sent, std::chrono::microseconds(0));
    reply_.ended = std::chrono::steady_clock::now();
}

HttpReply CurlTransfer::finish(CURLcode code) {
    if (no_memory_) {
        return finish(TransportFault::kUnusable, "no memory for the bytes that are sent");
    }
    if (code != CURLE_OK && !(ended_ && code == CURLE_WRITE_ERROR)) {
        return finish(fault_of(code, reply_.sent > 0), words_of(easy_, code));
    }
    measure();
    reply_.body.shrink(taken_);
    count(taken_);
    headers_.reset();
    return std::move(reply_);
}

HttpReply CurlTransfer::finish(TransportFault fault, std::string reason) {
    measure();
    reply_.fault = fault;
    reply_.reason = std::move(reason);
    reply_.body = Body();
    count(0);
    headers_.reset();
    return std::move(reply_);
}

HttpReply CurlTransfer::finish_stalled() {
    const std::string time = concat(std::to_string(job_->request.timeout.count()), " ms");
    return reply_.sent > 0 ? finish(TransportFault::kStalled, concat("not a byte in ", time))
                           : finish(TransportFault::kUnreachable, concat("no connection within ", time));
}

}  // namespace vcube
