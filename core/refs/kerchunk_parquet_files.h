// The decoded refs files of a Kerchunk Parquet store: loaded when first asked for, those used last are kept within a
// number of bytes. Callers that ask for the same file at once share one load.
// Thread-safe; no lock is held across I/O or decoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "core/refs/kerchunk_parquet.h"
#include "core/refs/kerchunk_parquet_rows.h"
#include "vcube/fetcher.h"
#include "vcube/result.h"
#include "vcube/store.h"

namespace vcube {

/// File refs.<number>.parq of an array.
struct RefsFile {
    std::uint32_t array = 0;  // its number; the same for the same prefix
    std::uint64_t number = 0;
    friend bool operator==(const RefsFile&, const RefsFile&) = default;
    friend bool operator<(const RefsFile& a, const RefsFile& b) {
        return std::tie(a.array, a.number) < std::tie(b.array, b.number);
    }
};

class RefsFiles {
public:
    /// Null where there is no such file.
    using Rows = std::shared_ptr<const RefsRows>;

    /// `name`: for messages.
    RefsFiles(std::shared_ptr<const Store> files, std::shared_ptr<Fetcher> fetcher, std::string name,
              const KerchunkParquetLimits& limits);
    RefsFiles(const RefsFiles&) = delete;
    RefsFiles& operator=(const RefsFiles&) = delete;
    ~RefsFiles();

    /// out[i] for files[i], which are distinct; paths[i] is its key in the store of files. What is not kept is fetched
    /// in one batch. The first error is returned.
    Status load(std::span<const RefsFile> files, std::span<const std::string> paths, std::span<Rows> out);

private:
    struct Flight;
    struct Kept {
        RefsFile file;
        Rows rows;
        std::size_t bytes;
    };
    /// What one load() call has to fetch itself, and where the results go.
    struct Own {
        std::size_t index;
        std::shared_ptr<Flight> flight;
    };

    void fetch_all(std::span<const RefsFile> files, std::span<const std::string> paths, std::span<const Own> own);
    Result<Rows> decoded(const Remote& place, Result<ByteSpan> bytes, const std::string& what) const;
    void finish(const RefsFile& file, Flight& flight, Result<Rows> rows);
    void keep(const RefsFile& file, const Rows& rows);

    std::shared_ptr<const Store> files_;
    std::shared_ptr<Fetcher> fetcher_;
    std::string name_;
    KerchunkParquetLimits limits_;
    std::mutex mutex_;
    std::list<Kept> kept_;  // used last comes first
    std::map<RefsFile, std::list<Kept>::iterator> index_;
    std::map<RefsFile, std::shared_ptr<Flight>> flights_;
    std::size_t bytes_ = 0;
};

}  // namespace vcube
