// A fetcher of objects in memory, for stores that read through one. Counts requests; keeps the fetcher's contract.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "vcube/fetcher.h"

namespace vcube::test {

class MemoryObjects final : public Fetcher {
public:
    std::map<std::string, std::string> objects;
    std::map<std::string, ErrorCode> failures;  // objects that cannot be read
    std::atomic<std::size_t> requests{0};
    std::atomic<std::size_t> batches{0};
    std::atomic<std::uint64_t> bytes{0};

    void fetch(std::span<const FetchRequest> wanted, const FetchSink& sink, const FetchOptions&) override {
        ++batches;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            ++requests;
            sink(i, read(wanted[i]));
        }
    }

private:
    Result<ByteSpan> read(const FetchRequest& request) {
        if (const auto bad = failures.find(request.url); bad != failures.end()) {
            return Error{bad->second, request.url + ": made to fail"};
        }
        const auto found = objects.find(request.url);
        if (found == objects.end()) {
            return not_found(request.url + ": no such object");
        }
        const ByteSpan whole = as_byte_span(found->second);
        ByteRange range = request.range;
        if (range.suffix != 0) {
            range = {whole.size() - std::min<std::uint64_t>(range.suffix, whole.size() + 1), whole.size()};
        }
        const std::uint64_t end = range.end == ByteRange::kEnd ? whole.size() : range.end;
        if (range.begin > end || end > whole.size()) {
            return io_error(request.url + ": shorter than asked for");
        }
        bytes += end - range.begin;
        return whole.subspan(range.begin, end - range.begin);
    }
};

}  // namespace vcube::test
