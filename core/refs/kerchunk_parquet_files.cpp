#include "core/refs/kerchunk_parquet_files.h"

#include <condition_variable>
#include <optional>
#include <vector>

#include "core/base/fetch_bytes.h"

namespace vcube {

/// A load under way; `result` is guarded by the mutex of RefsFiles.
struct RefsFiles::Flight {
    std::condition_variable landed;
    std::optional<Result<Rows>> result;
};

RefsFiles::RefsFiles(std::shared_ptr<const Store> files, std::shared_ptr<Fetcher> fetcher, std::string name,
                     const KerchunkParquetLimits& limits)
    : files_(std::move(files)), fetcher_(std::move(fetcher)), name_(std::move(name)), limits_(limits) {}

RefsFiles::~RefsFiles() = default;

Status RefsFiles::load(std::span<const RefsFile> files, std::span<const std::string> paths, std::span<Rows> out) {
    std::vector<std::shared_ptr<Flight>> awaited(files.size());
    std::vector<Own> own;
    {
        const std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < files.size(); ++i) {
            if (const auto found = index_.find(files[i]); found != index_.end()) {
                kept_.splice(kept_.begin(), kept_, found->second);
                out[i] = found->second->rows;
                continue;
            }
            std::shared_ptr<Flight>& flight = flights_[files[i]];
            if (flight == nullptr) {
                flight = std::make_shared<Flight>();
                own.push_back({i, flight});
            }
            awaited[i] = flight;
        }
    }
    // Everybody lands what he took on before he waits for others: no two can wait for each other.
    fetch_all(files, paths, own);
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (awaited[i] == nullptr) {
            continue;
        }
        std::unique_lock lock(mutex_);
        awaited[i]->landed.wait(lock, [&] { return awaited[i]->result.has_value(); });
        const Result<Rows>& result = *awaited[i]->result;
        if (!result.ok()) {
            return result.error();
        }
        out[i] = result.value();
    }
    return {};
}

void RefsFiles::fetch_all(std::span<const RefsFile> files, std::span<const std::string> paths,
                          std::span<const Own> own) {
    std::vector<std::string> keys;
    for (const Own& one : own) {
        keys.push_back(paths[one.index]);
    }
    std::vector<ChunkLocation> places(keys.size());
    const Status located = own.empty() ? Status() : files_->locate(keys, places);
    std::vector<FetchRequest> requests;
    std::vector<std::size_t> requested;  // which of `own` each is for
    for (std::size_t i = 0; i < own.size(); ++i) {
        const RefsFile& file = files[own[i].index];
        const std::string what = name_ + ": " + keys[i];
        if (!located.ok()) {
            finish(file, *own[i].flight, with_context(name_, located.error()));
        } else if (const auto* const bytes = std::get_if<Inline>(&places[i])) {
            finish(file, *own[i].flight, decoded({}, bytes->bytes, what));
        } else if (const auto* const remote = std::get_if<Remote>(&places[i])) {
            requests.push_back({.url = remote->url, .range = remote->range, .keep = false});
            requested.push_back(i);
        } else {
            finish(file, *own[i].flight, Rows());
        }
    }
    if (requests.empty()) {
        return;
    }
    fetcher_->fetch(requests,
                    [&](std::size_t request, Result<ByteSpan> bytes) {
                        const std::size_t i = requested[request];
                        finish(files[own[i].index], *own[i].flight,
                               decoded(std::get<Remote>(places[i]), std::move(bytes), name_ + ": " + keys[i]));
                    },
                    {});
}

Result<RefsFiles::Rows> RefsFiles::decoded(const Remote& place, Result<ByteSpan> bytes, const std::string& what) const {
    if (!bytes.ok()) {
        if (place.may_be_absent && bytes.error().code == ErrorCode::kNotFound) {
            return Rows();
        }
        return with_context(what, bytes.error());
    }
    const std::size_t size = place.wrap == Wrap::kNone ? bytes.value().size() : place.unwrapped_size;
    if (size > limits_.max_file_bytes) {
        return over_limit(what + ": " + std::to_string(size) + " bytes, at most " +
                          std::to_string(limits_.max_file_bytes) + " are read");
    }
    Buffer unwrapped;
    ByteSpan file = bytes.value();
    if (place.wrap != Wrap::kNone) {
        auto result = unwrap(place, file, limits_.max_file_bytes);
        if (!result.ok()) {
            return with_context(what, result.error());
        }
        unwrapped = std::move(result).value();
        file = unwrapped.span();
    }
    VCUBE_ASSIGN(RefsRows rows, RefsRows::decode(file, what, limits_.max_decoded_bytes));
    return Rows(std::make_shared<const RefsRows>(std::move(rows)));
}

void RefsFiles::finish(const RefsFile& file, Flight& flight, Result<Rows> rows) {
    {
        const std::lock_guard lock(mutex_);
        if (rows.ok()) {
            keep(file, rows.value());
        }
        flight.result = std::move(rows);
        flights_.erase(file);
    }
    flight.landed.notify_all();
}

/// An error is not kept: the next call tries again.
void RefsFiles::keep(const RefsFile& file, const Rows& rows) {
    constexpr std::size_t kEntry = 200;  // of the list and the index
    const std::size_t bytes = kEntry + (rows == nullptr ? 0 : rows->memory());
    if (bytes > limits_.cache_bytes) {
        return;
    }
    kept_.push_front({file, rows, bytes});
    index_[file] = kept_.begin();
    bytes_ += bytes;
    while (bytes_ > limits_.cache_bytes) {
        bytes_ -= kept_.back().bytes;
        index_.erase(kept_.back().file);
        kept_.pop_back();
    }
}

}  // namespace vcube
