// Opens one Kerchunk JSON file (plain, gzip or zstd) as the driver does, streamed, and prints one line of JSON:
// seconds, chunks, resident memory before and after, and where a key is. A process of its own a file, so that its peak
// is exact.
//
//     bench_open_refs FILE [KEY]
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "bench/process_use.h"
#include "core/base/json.h"
#include "core/refs/kerchunk_json.h"

namespace {

vcube::ByteSource file_source(const char* path) {
    const std::shared_ptr<std::FILE> file(std::fopen(path, "rb"), [](std::FILE* held) {
        if (held != nullptr) {
            std::fclose(held);
        }
    });
    return {.read = [file](vcube::MutableByteSpan out) -> vcube::Result<std::size_t> {
                if (!file) {
                    return vcube::io_error("cannot be opened");
                }
                return std::fread(out.data(), 1, out.size(), file.get());
            },
            .rewind = [file]() -> vcube::Status {
                return std::fseek(file.get(), 0, SEEK_SET) == 0 ? vcube::Status()
                                                                : vcube::io_error("cannot be rewound");
            },
            .size = std::nullopt};
}

std::string place_of(const vcube::Store& store, const std::string& key) {
    vcube::ChunkLocation out;
    if (!store.locate(std::span(&key, 1), std::span(&out, 1)).ok()) {
        return "error";
    }
    const auto* found = std::get_if<vcube::Remote>(&out);
    return found == nullptr
               ? ""
               : found->url + " " + std::to_string(found->range.begin) + " " + std::to_string(found->range.size());
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) {
        std::fputs("bench_open_refs FILE [KEY]\n", stderr);
        return 2;
    }
    const std::uint64_t before = status_bytes("VmRSS:");
    const double cpu = processor_seconds();
    const auto start = std::chrono::steady_clock::now();
    const auto store = vcube::open_kerchunk_json(file_source(arguments[1]), arguments[1], {});
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    if (!store.ok()) {
        std::fprintf(stderr, "%s\n", store.error().message.c_str());
        return 1;
    }
    vcube::Json out;
    out["cpu"] = processor_seconds() - cpu;
    out["seconds"] = seconds.count();
    out["chunks"] = store.value()->chunk_count().value_or(0);
    out["base"] = before;
    out["held"] = status_bytes("VmRSS:") - before;
    out["peak"] = status_bytes("VmHWM:") - before;
    out["place"] = count > 2 ? place_of(*store.value(), arguments[2]) : "";
    std::printf("%s\n", out.dump().c_str());
}
