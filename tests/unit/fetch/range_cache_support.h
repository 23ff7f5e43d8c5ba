// What the tests of the disk cache share: keys and contents made from a number, and a look at the files.
#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "core/fetch/range_cache.h"

namespace vcube::range_cache_test {

constexpr std::uint64_t kUnit = 4096;  // what files count in

/// Key number n: objects, versions and places differ.
inline RangeKey key(std::uint64_t n, std::uint64_t bytes = 1000) {
    return {"https://host/archive/object-" + std::to_string(n % 7),
            {100000 + n % 3, "\"tag-" + std::to_string(n % 5) + "\"", ""},
            {n * 10, n * 10 + bytes}};
}

/// The only right content of a key: from its number and length alone, so that every process can tell.
inline std::string content(std::uint64_t n, std::uint64_t bytes = 1000) {
    std::string out(bytes, '\0');
    std::uint64_t x = n + 1;
    for (char& c : out) {
        x = x * 6364136223846793005U + 1442695040888963407U;
        c = static_cast<char>(x >> 56U);
    }
    return out;
}

inline void put(RangeCache& cache, std::uint64_t n, std::uint64_t bytes = 1000) {
    cache.put(key(n, bytes), as_byte_span(content(n, bytes)));
}

enum class Found { kAbsent, kRight, kWrong };
inline Found look(RangeCache& cache, std::uint64_t n, std::uint64_t bytes = 1000) {
    const auto got = cache.get(key(n, bytes));
    return !got ? Found::kAbsent : as_text(got->span()) == content(n, bytes) ? Found::kRight : Found::kWrong;
}

/// Files in subfolders, in order of their names: entries and what is being written.
inline std::vector<std::filesystem::path> entry_files(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& item : std::filesystem::recursive_directory_iterator(folder)) {
        if (item.is_regular_file() && item.path().parent_path() != folder) {
            files.push_back(item.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

inline std::uint64_t bytes_of_entries(const std::filesystem::path& folder) {
    std::uint64_t total = 0;
    for (const auto& file : entry_files(folder)) {
        std::error_code gone;
        const std::uint64_t size = std::filesystem::file_size(file, gone);
        total += gone ? 0 : (size + kUnit - 1) / kUnit * kUnit;
    }
    return total;
}

inline std::chrono::minutes age(const std::filesystem::path& file) {
    return std::chrono::duration_cast<std::chrono::minutes>(std::filesystem::file_time_type::clock::now() -
                                                            std::filesystem::last_write_time(file));
}
inline void make_old(const std::filesystem::path& file, std::chrono::minutes how) {
    std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - how);
}

}  // namespace vcube::range_cache_test
