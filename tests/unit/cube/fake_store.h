// A store and a fetcher for tests: chunks from a map, inline or behind made-up URLs; counts requests, injects failures.
#pragma once

#include <atomic>
#include <cstddef>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/thread_pool.h"
#include "core/cube/array.h"
#include "core/cube/zarr_v3.h"
#include "vcube/fetcher.h"
#include "vcube/store.h"

namespace vcube::test {

using Bytes = std::vector<std::byte>;

inline Bytes from_hex(const std::string& hex) {
    Bytes out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        out.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    return out;
}

inline Json load_json(const std::string& name) {
    std::ifstream file(std::string(VCUBE_TEST_DATA) + "/cube/" + name);
    std::stringstream text;
    text << file.rdbuf();
    return Json::parse(text.str());
}

/// Metadata and chunks by key. Chunks are Inline, or Remote with url "fake:<key>" where `remote` is set.
class FakeStore : public Store {
public:
    std::map<std::string, std::string> texts;
    std::map<std::string, Bytes> chunks;
    bool remote = true;
    bool bounded = true;  // remote ranges have an end
    std::string fail_key;
    std::uint64_t shift = 0;     // remote ranges begin so far inside larger objects (unless `bounded` is false)
    bool may_be_absent = false;  // keys without a chunk are Remote too
    bool deflated = false;       // chunks are raw deflate streams; unwrapped_sizes tells what they hold
    std::map<std::string, std::uint64_t> unwrapped_sizes;
    mutable std::atomic<int> locate_calls{0};

    [[nodiscard]] std::string_view name() const override { return "fake.json"; }
    [[nodiscard]] Result<std::vector<std::string>> metadata_keys() const override {
        std::vector<std::string> keys;
        for (const auto& [key, text] : texts) {
            keys.push_back(key);
        }
        return keys;
    }
    [[nodiscard]] Result<std::optional<std::string>> metadata(std::string_view key) const override {
        const auto found = texts.find(std::string(key));
        return found == texts.end() ? std::optional<std::string>() : std::optional(found->second);
    }
    Status locate(std::span<const std::string> keys, std::span<ChunkLocation> out) const override {
        ++locate_calls;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (keys[i] == fail_key) {
                return Error{ErrorCode::kDenied, keys[i] + ": not allowed"};
            }
            const auto found = chunks.find(keys[i]);
            if (found == chunks.end() && !(remote && may_be_absent)) {
                out[i] = Missing{};
            } else if (!remote) {
                out[i] = Inline{found->second, nullptr};
            } else {
                Remote place;
                place.url = "fake://user:secret@host/" + keys[i] + "?token=secret";
                const bool known = bounded && found != chunks.end();
                place.range = {known ? shift : 0, known ? shift + found->second.size() : ByteRange::kEnd};
                place.may_be_absent = may_be_absent;
                if (deflated) {
                    place.wrap = Wrap::kDeflate;
                    place.unwrapped_size = unwrapped_sizes.at(keys[i]);
                }
                out[i] = std::move(place);
            }
        }
        return {};
    }
};

/// Serves a FakeStore's chunks on the pool's threads.
class FakeFetcher : public Fetcher {
public:
    FakeFetcher(ThreadPool& pool, std::shared_ptr<const FakeStore> store) : pool_(pool), store_(std::move(store)) {}

    /// Called before each request; an error it returns is the request's.
    std::function<std::optional<Error>(const std::string& key)> before;

    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions& options) override {
        ++calls;
        pool_.parallel_for(
            requests.size(),
            [&](std::size_t i) {
                const std::string& url = requests[i].url;
                const std::size_t begin = std::string("fake://user:secret@host/").size();
                const std::string key = url.substr(begin, url.find('?') - begin);
                {
                    const std::lock_guard lock(mutex_);
                    ++counts_[key];
                    if (requests[i].range.bounded()) {
                        bytes_ += requests[i].range.size();
                    }
                }
                if (options.stop.stop_requested()) {
                    return sink(i, Error{ErrorCode::kCancelled, "cancelled"});
                }
                if (before) {
                    if (std::optional<Error> error = before(key)) {
                        return sink(i, *std::move(error));
                    }
                }
                const auto found = store_->chunks.find(key);
                if (found == store_->chunks.end()) {
                    return sink(i, not_found("no such object"));
                }
                const ByteSpan all(found->second);
                const ByteRange range = requests[i].range;
                if (range.suffix != 0) {
                    return range.suffix > all.size() ? sink(i, io_error("too short")) : sink(i, all.last(range.suffix));
                }
                const std::uint64_t shift = range.bounded() ? store_->shift : 0;
                if (range.begin < shift || (range.bounded() && range.end - shift > all.size())) {
                    return sink(i, io_error("too short"));
                }
                sink(i, all.subspan(range.begin - shift, range.bounded() ? range.size() : std::dynamic_extent));
            },
            options.max_threads);
    }

    [[nodiscard]] std::map<std::string, int> counts() const {
        const std::lock_guard lock(mutex_);
        return counts_;
    }
    [[nodiscard]] int total() const {
        int sum = 0;
        for (const auto& [key, n] : counts()) {
            sum += n;
        }
        return sum;
    }
    [[nodiscard]] std::uint64_t bytes() const {
        const std::lock_guard lock(mutex_);
        return bytes_;
    }
    std::atomic<int> calls{0};

private:
    ThreadPool& pool_;
    std::shared_ptr<const FakeStore> store_;
    mutable std::mutex mutex_;
    std::map<std::string, int> counts_;
    std::uint64_t bytes_ = 0;
};

/// A store with the runtime that reads it.
struct Bench {
    explicit Bench(std::shared_ptr<FakeStore> store_in, std::size_t cache_bytes = 1U << 20, std::size_t workers = 2)
        : store(std::move(store_in)),
          runtime(std::make_shared<Runtime>(workers, cache_bytes, FetcherFactory([this](ThreadPool& pool) {
                                                auto made = std::make_unique<FakeFetcher>(pool, store);
                                                fetcher = made.get();
                                                return made;
                                            }))) {}

    [[nodiscard]] Array open(const std::string& path) const {
        const auto zattrs = store->texts.find(path + "/.zattrs");
        const auto v3 = store->texts.find(path + "/zarr.json");
        Result<ArrayMeta> meta = v3 != store->texts.end()
                                     ? parse_zarr_json(path, v3->second, "fake.json")
                                     : parse_zarray(path, store->texts.at(path + "/.zarray"),
                                                    zattrs == store->texts.end() ? "" : zattrs->second, "fake.json");
        if (!meta.ok()) {
            throw std::runtime_error(meta.error().message);
        }
        return Array::open({store, runtime}, std::move(meta).value()).value();
    }

    std::shared_ptr<FakeStore> store;
    FakeFetcher* fetcher = nullptr;
    std::shared_ptr<Runtime> runtime;
};

/// The arrays that zarr-python wrote (tests/data/cube/make_fixtures.py).
inline std::shared_ptr<FakeStore> fixture_store(const Json& fixtures) {
    auto store = std::make_shared<FakeStore>();
    for (const auto& [key, value] : fixtures["keys"].items()) {
        if (key.find("/.z") != std::string::npos || key.ends_with("zarr.json")) {
            store->texts[key] = value.get<std::string>();
        } else {
            store->chunks[key] = from_hex(value.get<std::string>());
        }
    }
    return store;
}

}  // namespace vcube::test
