// Opens one folder of Kerchunk Parquet references, locates one chunk, which loads one file, and prints one line of JSON
// as bench_open_refs does: seconds and processor time of both together, peak memory, where the key is. A process of its
// own a set, so that its peak is exact.
//
//     bench_open_parquet FOLDER KEY
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "bench/process_use.h"
#include "core/base/json.h"
#include "core/base/thread_pool.h"
#include "core/fetch/local_fetcher.h"
#include "core/refs/directory.h"
#include "core/refs/kerchunk_parquet.h"

namespace {

vcube::Result<std::string> place_in(const std::string& folder, const std::string& key,
                                    const std::shared_ptr<vcube::Fetcher>& fetcher) {
    VCUBE_ASSIGN(auto files, vcube::open_directory(folder, {}, fetcher, folder));
    VCUBE_ASSIGN(const auto store, vcube::open_kerchunk_parquet(std::move(files), fetcher, folder, {}));
    vcube::ChunkLocation out;
    VCUBE_TRY(store->locate(std::span(&key, 1), std::span(&out, 1)));
    const auto* const found = std::get_if<vcube::Remote>(&out);
    if (found == nullptr) {
        return vcube::not_found("no such chunk");
    }
    return found->url + " " + std::to_string(found->range.begin) + " " + std::to_string(found->range.size());
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::fputs("bench_open_parquet FOLDER KEY\n", stderr);
        return 2;
    }
    vcube::ThreadPool pool(1);
    const auto fetcher = std::make_shared<vcube::LocalFetcher>(pool);
    const std::uint64_t before = status_bytes("VmRSS:");
    const double cpu = processor_seconds();
    const auto start = std::chrono::steady_clock::now();
    const auto place = place_in(arguments[1], arguments[2], fetcher);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    if (!place.ok()) {
        std::fprintf(stderr, "%s\n", place.error().message.c_str());
        return 1;
    }
    vcube::Json out;
    out["cpu"] = processor_seconds() - cpu;
    out["seconds"] = seconds.count();
    out["base"] = before;
    out["peak"] = status_bytes("VmHWM:") - before;
    out["place"] = place.value();
    std::printf("%s\n", out.dump().c_str());
}
