#include "driver/side_by_side.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/waiting_threads.h"
#include "core/refs/url_policy.h"
#include "cpl_error.h"
#include "driver/progress.h"

namespace vcube::driver {
namespace {

struct Message {
    CPLErr kind;
    CPLErrorNum number;
    std::string text;
};
using Messages = std::vector<Message>;

/// Keeps what CPLError says on this thread, which only the thread's own caller would hear.
class Keeping {
public:
    explicit Keeping(Messages& out) {
        CPLPushErrorHandlerEx(keep, &out);
        CPLSetCurrentErrorHandlerCatchDebug(FALSE);
    }
    Keeping(const Keeping&) = delete;
    Keeping& operator=(const Keeping&) = delete;
    ~Keeping() { CPLPopErrorHandler(); }

private:
    static void CPL_STDCALL keep(CPLErr kind, CPLErrorNum number, const char* text) {
        static_cast<Messages*>(CPLGetErrorHandlerUserData())->push_back({kind, number, text});
    }
};

/// What the parts have done so far, told to the caller's progress function.
class JointProgress {
public:
    JointProgress(std::span<const double> weights, const GDALRasterIOExtraArg* extra)
        : extra_(extra),
          call_(extra != nullptr ? extra->pfnProgress : nullptr, extra != nullptr ? extra->pProgressData : nullptr) {
        for (const double weight : weights) {
            shares_.emplace_back(*this, weight);
        }
    }

    [[nodiscard]] GDALRasterIOExtraArg extra_of(std::size_t part) {
        GDALRasterIOExtraArg out;
        if (extra_ != nullptr) {
            out = *extra_;
        } else {
            INIT_RASTERIO_EXTRA_ARG(out);
        }
        out.pfnProgress = report;
        out.pProgressData = &shares_[part];
        return out;
    }

    /// On the caller's thread. The end is told once.
    void tell() {
        if (extra_ == nullptr || extra_->pfnProgress == nullptr || stopped_ || last_ == 1.0) {
            return;
        }
        double done = 0;
        for (const Share& share : shares_) {
            done += share.weight * share.done.load(std::memory_order_relaxed);
        }
        constexpr double kRounding = 1e-9;
        last_ = done > 1 - kRounding ? 1.0 : std::max(done, last_);
        if (!call_(last_)) {
            stopped_ = true;
        }
    }

    void stop() { stopped_ = true; }
    [[nodiscard]] bool stopped() const { return stopped_; }

private:
    struct Share {
        Share(JointProgress& whole_in, double weight_in) : whole(whole_in), weight(weight_in) {}
        JointProgress& whole;
        const double weight;
        std::atomic<double> done{0};
    };

    static int CPL_STDCALL report(double done, const char* /*text*/, void* data) {
        Share& share = *static_cast<Share*>(data);
        share.done.store(std::max(done, share.done.load(std::memory_order_relaxed)), std::memory_order_relaxed);
        if (std::this_thread::get_id() == share.whole.caller_) {
            share.whole.tell();
        }
        return share.whole.stopped_ ? FALSE : TRUE;
    }

    const GDALRasterIOExtraArg* const extra_;
    ProgressCall call_;
    const std::thread::id caller_ = std::this_thread::get_id();
    std::deque<Share> shares_;
    double last_ = 0;
    std::atomic<bool> stopped_{false};
};

/// Whether there was a failure. A part that was ended for another one's says no more than that.
bool raise(const std::vector<Messages>& of_parts) {
    const Message* failure = nullptr;
    for (const Messages& messages : of_parts) {
        for (const Message& message : messages) {
            if (message.kind < CE_Failure) {
                CPLError(message.kind, message.number, "%s", message.text.c_str());
            } else if (failure == nullptr ||
                       (failure->number == CPLE_UserInterrupt && message.number != CPLE_UserInterrupt)) {
                failure = &message;
            }
        }
    }
    if (failure != nullptr) {
        CPLError(failure->kind, failure->number, "%s", failure->text.c_str());
    }
    return failure != nullptr;
}

}  // namespace

bool reads_remotely(const OpenContext& context) {
    const auto has_fetched = [](const FetchSession* session) {
        return session != nullptr && session->counters.ranges > 0;
    };
    if (has_fetched(context.session.get())) {
        return true;
    }
    if (context.collection) {
        return has_fetched(context.collection->session.get());
    }
    if (!context.source) {
        return false;
    }
    if (is_remote(context.source->vsi_path) || has_fetched(context.source->session.get())) {
        return true;
    }
    const ArrayMeta* const meta = context.source->hierarchy->find_array(context.name.path);
    const auto array = meta != nullptr ? Array::open(context.arrays(), *meta) : not_found("");
    if (!array.ok()) {
        return false;
    }
    const auto place = array.value().locate_chunk(std::vector<std::uint64_t>(meta->shape.size(), 0));
    const auto* const remote = place.ok() ? std::get_if<Remote>(&place.value()) : nullptr;
    return remote != nullptr && is_remote(remote->url);
}

CPLErr read_side_by_side(ThreadPool& pool, std::span<const double> weights, std::size_t threads,
                         const GDALRasterIOExtraArg* extra, const ReadPart& read) {
    JointProgress progress(weights, extra);
    std::vector<Messages> messages(weights.size());
    std::atomic<bool> failed{false};
    wait_for_each(
        pool, weights.size(),
        [&](std::size_t part) {
            if (progress.stopped()) {
                return;
            }
            const Keeping keeping(messages[part]);
            GDALRasterIOExtraArg own = progress.extra_of(part);
            if (read(part, own) != CE_None) {
                failed = true;
                progress.stop();
            }
        },
        threads, [&] { progress.tell(); });
    progress.tell();
    const bool ended = failed || progress.stopped();
    if (!raise(messages) && ended) {
        CPLError(CE_Failure, CPLE_UserInterrupt, "reading was cancelled");
    }
    return ended ? CE_Failure : CE_None;
}

}  // namespace vcube::driver
