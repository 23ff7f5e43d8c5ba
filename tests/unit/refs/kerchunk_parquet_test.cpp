#include "core/refs/kerchunk_parquet.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "core/base/thread_pool.h"
#include "core/fetch/local_fetcher.h"
#include "core/refs/kerchunk_json.h"
#include "tests/unit/refs/shared_data.h"

namespace vcube {
namespace {

using Document = nlohmann::json;

/// Files below a folder, which may be absent.
class Folder final : public Store {
public:
    explicit Folder(std::filesystem::path root) : root_(std::move(root)) {}
    [[nodiscard]] std::string_view name() const override { return "folder"; }
    [[nodiscard]] Result<std::vector<std::string>> metadata_keys() const override { return std::vector<std::string>(); }
    [[nodiscard]] Result<std::optional<std::string>> metadata(std::string_view) const override {
        return std::optional<std::string>();
    }
    Status locate(std::span<const std::string> keys, std::span<ChunkLocation> out) const override {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            Remote place;
            place.url = (root_ / keys[i]).string();
            place.may_be_absent = true;
            out[i] = std::move(place);
        }
        return {};
    }

private:
    std::filesystem::path root_;
};

/// Files in memory: text through metadata() or, like zips, inline.
class Texts final : public Store {
public:
    std::map<std::string, std::string, std::less<>> files;
    [[nodiscard]] std::string_view name() const override { return "texts"; }
    [[nodiscard]] Result<std::vector<std::string>> metadata_keys() const override { return std::vector<std::string>(); }
    [[nodiscard]] Result<std::optional<std::string>> metadata(std::string_view key) const override {
        const auto found = files.find(key);
        return found != files.end() && key == ".zmetadata" ? std::optional(found->second) : std::nullopt;
    }
    Status locate(std::span<const std::string> keys, std::span<ChunkLocation> out) const override {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const auto found = files.find(keys[i]);
            out[i] = found == files.end() ? ChunkLocation(Missing()) : Inline{as_byte_span(found->second), nullptr};
        }
        return {};
    }
};

/// Counts requests by file name.
class Counter final : public Fetcher {
public:
    explicit Counter(ThreadPool& pool) : inner_(pool) {}
    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions& options) override {
        count += requests.size();
        ++batches;
        inner_.fetch(requests, sink, options);
    }
    std::atomic<std::size_t> count = 0;
    std::atomic<std::size_t> batches = 0;

private:
    LocalFetcher inner_;
};

class KerchunkParquet : public testing::Test {
protected:
    std::shared_ptr<const Store> opened(std::shared_ptr<const Store> files, const std::string& location = "/d/set.parq",
                                        const KerchunkParquetLimits& limits = {}) {
        auto store = open_kerchunk_parquet(std::move(files), fetcher, "set.parq", policy_for(location, false), limits);
        EXPECT_TRUE(store.ok()) << store.error().message;
        return store.ok() ? store.value() : nullptr;
    }
    std::shared_ptr<const Store> sample(const KerchunkParquetLimits& limits = {}) {
        return opened(std::make_shared<Folder>(data() / "sample.parq"), "/d/set.parq", limits);
    }
    static std::filesystem::path data() { return std::filesystem::path(VCUBE_TEST_DATA) / "refs"; }

    ThreadPool pool{2};
    std::shared_ptr<Counter> fetcher = std::make_shared<Counter>(pool);
};

std::string hex(ByteSpan bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (const std::byte byte : bytes) {
        out.push_back(kDigits[static_cast<unsigned>(byte) >> 4U]);
        out.push_back(kDigits[static_cast<unsigned>(byte) & 15U]);
    }
    return out;
}

/// A location as the expectation writes it: null, hex of inline bytes, [url] or [url, offset, size].
Document told(const ChunkLocation& location) {
    if (const auto* const own = std::get_if<Inline>(&location)) {
        return hex(own->bytes);
    }
    if (const auto* const place = std::get_if<Remote>(&location)) {
        if (place->range == ByteRange{}) {
            return {place->url};
        }
        return {place->url, place->range.begin, place->range.size()};
    }
    return nullptr;
}

/// The expectation with relative URLs resolved as /d/ resolves them.
Document resolved(Document reference) {
    if (reference.is_array() && reference[0].get<std::string>().find("://") == std::string::npos) {
        reference[0] = "/d/" + reference[0].get<std::string>();
    }
    return reference;
}

ChunkLocation located(const Store& store, const std::string& key) {
    ChunkLocation out;
    const Status status = store.locate(std::span(&key, 1), std::span(&out, 1));
    EXPECT_TRUE(status.ok()) << status.error().message;
    return out;
}

std::string failure(const Store& store, const std::string& key) {
    ChunkLocation out;
    const Status status = store.locate(std::span(&key, 1), std::span(&out, 1));
    return status.ok() ? "" : status.error().message;
}

TEST_F(KerchunkParquet, EveryKeyOfTheSampleIsWhereItShouldBe) {
    const Document expected = Document::parse(file_text(data() / "sample_expected.json"));
    const auto store = sample();
    ASSERT_NE(store, nullptr);
    std::vector<std::string> keys;
    for (const auto& item : expected["refs"].items()) {
        keys.push_back(item.key());
    }
    ASSERT_GT(keys.size(), 100U);
    std::vector<ChunkLocation> places(keys.size());
    const Status status = store->locate(keys, places);
    ASSERT_TRUE(status.ok()) << status.error().message;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const Document wanted = resolved(expected["refs"][keys[i]]);
        EXPECT_EQ(told(places[i]), wanted) << keys[i];
        EXPECT_EQ(told(located(*store, keys[i])), wanted) << keys[i];
    }
}

TEST_F(KerchunkParquet, MetadataAreThoseOfTheFile) {
    const Document expected = Document::parse(file_text(data() / "sample_expected.json"))["metadata"];
    const auto store = sample();
    ASSERT_NE(store, nullptr);
    std::vector<std::string> keys;
    for (const auto& item : expected.items()) {
        keys.push_back(item.key());
        const auto text = store->metadata(item.key());
        ASSERT_TRUE(text.ok() && text.value().has_value()) << item.key();
        EXPECT_EQ(Document::parse(*text.value()), Document::parse(item.value().get<std::string>()));
    }
    std::sort(keys.begin(), keys.end());
    EXPECT_EQ(store->metadata_keys().value(), keys);
    EXPECT_EQ(store->metadata("sst/.zgroup").value(), std::nullopt);
    EXPECT_EQ(store->name(), "set.parq");
}

TEST_F(KerchunkParquet, OpeningReadsMetadataAndAChunkOneFile) {
    const auto store = sample();
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(fetcher->count, 1U);
    located(*store, "sst/0.0");
    EXPECT_EQ(fetcher->count, 2U);
    located(*store, "sst/1.2");  // chunk 5: the same file
    EXPECT_EQ(fetcher->count, 2U);
    located(*store, "sst/3.2");  // chunk 11: the second one
    EXPECT_EQ(fetcher->count, 3U);
    located(*store, "sst/4.0");  // beyond the grid
    EXPECT_EQ(fetcher->count, 3U);
    located(*store, "sparse/0.0");  // a file that is not there is asked for once
    located(*store, "sparse/0.1");
    EXPECT_EQ(fetcher->count, 4U);
}

TEST_F(KerchunkParquet, ABatchLoadsEachFileOnceAndAllAtOnce) {
    const auto store = sample();
    ASSERT_NE(store, nullptr);
    const std::vector<std::string> keys = {"sst/3.2", "sst/0.0", "deep/er/wind/0/0/0", "sst/3.1", "deep/er/wind/0/1/0"};
    std::vector<ChunkLocation> places(keys.size());
    ASSERT_TRUE(store->locate(keys, places).ok());
    EXPECT_EQ(fetcher->count, 4U);
    EXPECT_EQ(fetcher->batches, 2U);
}

TEST_F(KerchunkParquet, FilesThatDoNotFitIntoTheCacheAreReadAgain) {
    const auto store = sample({.cache_bytes = 0});
    ASSERT_NE(store, nullptr);
    const Document first = told(located(*store, "levels/1/1"));
    const Document second = told(located(*store, "levels/1/1"));
    EXPECT_EQ(first, second);
    EXPECT_EQ(first, Document("000102ff"));
    EXPECT_EQ(fetcher->count, 3U);
    // Inline bytes outlive the file that they were read from.
    const ChunkLocation place = located(*store, "levels/1/0");
    located(*store, "sst/0.0");
    EXPECT_EQ(told(place), Document("00ff696e6c696e65"));
}

TEST_F(KerchunkParquet, KeysThatAreNoChunksAreMissing) {
    const auto store = sample();
    ASSERT_NE(store, nullptr);
    for (const char* key : {"sst/0",
                            "sst/0.0.0",
                            "sst/00.0",
                            "sst/0.",
                            "sst/.0",
                            "sst/0.-1",
                            "sst/0,0",
                            "sst",
                            "",
                            "/",
                            "crs/1",
                            "crs/0.0",
                            "empty/0.0",
                            "nothing/0.0",
                            "deep/er/wind/0/0.0",
                            "sst/0.99999999999999999999",
                            "deep/0",
                            "sst/0.18446744073709551616",
                            "/sst/0.0",
                            "levels/0"}) {
        EXPECT_EQ(told(located(*store, key)), Document(nullptr)) << key;
    }
    EXPECT_EQ(fetcher->count, 1U);
    // Either separator is understood, whatever the array declares.
    EXPECT_EQ(told(located(*store, "sst/1/1")), told(located(*store, "sst/1.1")));
}

TEST_F(KerchunkParquet, ThreadsShareOneLoad) {
    const auto store = sample();
    ASSERT_NE(store, nullptr);
    std::vector<std::thread> threads;
    std::atomic<int> wrong = 0;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (const char* key : {"sst/0.0", "sst/3.1", "deep/er/wind/2/1/0", "crs/0"}) {
                const std::string text = key;
                ChunkLocation out;
                const bool ok = store->locate(std::span(&text, 1), std::span(&out, 1)).ok();
                wrong += ok && !std::holds_alternative<Missing>(out) ? 0 : 1;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(fetcher->count, 5U);
}

std::string set_text(const std::string& zarray, const std::string& record_size) {
    return R"({"record_size": )" + record_size + R"(, "metadata": {"a/.zarray": )" + zarray + "}}";
}

TEST_F(KerchunkParquet, OtherWritersFilesAreRead) {
    const Document expected = Document::parse(file_text(data() / "parquet" / "expected.json"));
    for (const char* name : {"beside", "required", "required_v2", "dictionary", "row_groups", "null_column"}) {
        const Document& columns = expected[name];
        const std::size_t rows = columns["path"]["values"].size();
        const auto files = std::make_shared<Texts>();
        files->files[".zmetadata"] =
            set_text(R"({"shape": [)" + std::to_string(rows) + R"(], "chunks": [1]})", std::to_string(rows));
        files->files["a/refs.0.parq"] = file_text(data() / "parquet" / (std::string(name) + ".parq"));
        const auto store = opened(files);
        ASSERT_NE(store, nullptr);
        for (std::size_t i = 0; i < rows; ++i) {
            const Document path = columns["path"]["values"][i];
            const Document raw = columns.contains("raw") ? columns["raw"]["values"][i] : Document();
            const bool required = std::string_view(name).starts_with("required");
            const ChunkLocation place = located(*store, "a/" + std::to_string(i));
            if (!raw.is_null() && !(required && raw == "")) {
                EXPECT_EQ(told(place), raw) << name << " " << i;
            } else if (path.is_null()) {
                EXPECT_TRUE(std::holds_alternative<Missing>(place)) << name << " " << i;
            } else {
                const auto* const remote = std::get_if<Remote>(&place);
                ASSERT_NE(remote, nullptr) << name << " " << i;
                EXPECT_EQ(hex(as_byte_span(remote->url)), path) << name << " " << i;
                EXPECT_EQ(Document(remote->range.begin), columns["offset"]["values"][i]) << name << " " << i;
                EXPECT_EQ(Document(remote->range.size()), columns["size"]["values"][i]) << name << " " << i;
            }
        }
    }
}

TEST_F(KerchunkParquet, WrongSetsAreRefused) {
    const auto refusal = [&](const std::string& text) {
        const auto files = std::make_shared<Texts>();
        files->files[".zmetadata"] = text;
        const auto store = open_kerchunk_parquet(files, fetcher, "set.parq", {});
        return store.ok() ? std::string() : store.error().message;
    };
    const std::string wanted =
        "set.parq: .zmetadata: \"metadata\" and a positive \"record_size\" are expected: no Kerchunk Parquet "
        "references";
    EXPECT_EQ(refusal(R"({"metadata": {}, "zarr_consolidated_format": 1})"), wanted);
    EXPECT_EQ(refusal(R"({"metadata": {}, "record_size": 0})"), wanted);
    EXPECT_EQ(refusal(R"({"record_size": 5})"), wanted);
    EXPECT_NE(refusal(R"({"metadata": [], "record_size": 5})").find("set.parq: .zmetadata: line 1"), std::string::npos);
    EXPECT_NE(refusal("").find("set.parq: .zmetadata"), std::string::npos);
    const auto absent = open_kerchunk_parquet(std::make_shared<Texts>(), fetcher, "set.parq", {});
    ASSERT_FALSE(absent.ok());
    EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
}

TEST_F(KerchunkParquet, FaultsOfOneArrayLeaveTheOthersAlone) {
    const auto files = std::make_shared<Texts>();
    files->files[".zmetadata"] = R"({"record_size": 20, "metadata": {
        "a/.zarray": {"shape": [20], "chunks": [1]}, "b/.zarray": {"shape": [20], "chunks": [0]},
        "c/.zarray": {"shape": [20, 1], "chunks": [1]}, "d/.zarray": "{\"shape\": [20], \"chunks\": [1]}", "e/.zarray": [],
        "f/.zarray": {"shape": [0, 4294967296, 4294967296, 4], "chunks": [1, 1, 1, 1]},
        "g/.zarray": {"shape": [20], "chunks": [1]}, "h/.zarray": {"shape": [20], "chunks": [1]}}})";
    files->files["a/refs.0.parq"] = file_text(data() / "parquet" / "beside.parq");
    files->files["d/refs.0.parq"] = files->files["a/refs.0.parq"];
    files->files["g/refs.0.parq"] = "no Parquet";
    files->files["h/refs.0.parq"] = file_text(data() / "parquet" / "codec_zstd.parq");
    const auto store = opened(files);
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(failure(*store, "a/3"), "");
    EXPECT_EQ(told(located(*store, "d/3")), told(located(*store, "a/3")));
    EXPECT_EQ(failure(*store, "b/3"), "set.parq: b/3: a chunk extent of 0");
    EXPECT_EQ(failure(*store, "c/3"), "set.parq: c/3: shape and chunks are missing or of different lengths");
    EXPECT_NE(failure(*store, "e/3").find("set.parq: e/3: .zarray: line 1"), std::string::npos);
    EXPECT_EQ(failure(*store, "f/0.0.0.0"), "set.parq: f/0.0.0.0: the number of chunks exceeds 64 bits");
    EXPECT_NE(failure(*store, "g/3").find("set.parq: g/refs.0.parq: 10 bytes that are no Parquet file"),
              std::string::npos);
    EXPECT_EQ(failure(*store, "h/3"),
              "set.parq: h/refs.0.parq, row 3, key h/3: the file has 80 rows, record_size is 20");
}

TEST_F(KerchunkParquet, AFileShorterThanItsKeysIsAnError) {
    const auto files = std::make_shared<Texts>();
    files->files[".zmetadata"] = set_text(R"({"shape": [50], "chunks": [1]})", "30");
    files->files["a/refs.0.parq"] = file_text(data() / "parquet" / "beside.parq");
    const auto store = opened(files);
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(failure(*store, "a/19"), "");
    EXPECT_EQ(failure(*store, "a/20"),
              "set.parq: a/refs.0.parq, row 20, key a/20: the file has 20 rows, record_size is 30");
}

TEST_F(KerchunkParquet, LimitsHold) {
    const auto files = std::make_shared<Folder>(data() / "sample.parq");
    const auto refused = open_kerchunk_parquet(files, fetcher, "set.parq", {}, {.max_metadata_bytes = 100});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
    EXPECT_NE(failure(*sample({.max_file_bytes = 100}), "sst/0.0").find("sst/refs.0.parq: "), std::string::npos);
    EXPECT_NE(failure(*sample({.max_decoded_bytes = 100}), "sst/0.0").find("exceeds the limit of 100 bytes"),
              std::string::npos);
}

TEST_F(KerchunkParquet, ARemoteSetNamesNoLocalFiles) {
    const auto store = opened(std::make_shared<Folder>(data() / "sample.parq"), "https://host/sets/x.parq/");
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(told(located(*store, "sst/0.0"))[0], "https://host/sst_0.nc?sig=1");
    EXPECT_EQ(told(located(*store, "sst/1.1"))[0], "https://host/sets/whole_4.nc");
    const auto files = std::make_shared<Texts>();
    files->files[".zmetadata"] = file_text(data() / "sample.parq" / ".zmetadata");
    files->files["sst/refs.0.parq"] = file_text(data() / "evil.parq");
    const auto evil = opened(files, "https://host/sets/x.parq/");
    ASSERT_NE(evil, nullptr);
    EXPECT_NE(failure(*evil, "sst/0.0").find("ALLOW_LOCAL_REFERENCES"), std::string::npos);
    EXPECT_NE(failure(*evil, "sst/0.1").find("ALLOW_LOCAL_REFERENCES"), std::string::npos);
    EXPECT_NE(failure(*evil, "sst/0.2").find("offset -5 and size 10"), std::string::npos);
    EXPECT_NE(failure(*evil, "sst/1.0").find("the base64 data are damaged"), std::string::npos);
    EXPECT_NE(failure(*evil, "sst/1.1").find("offset 9223372036854775807 and size 9"), std::string::npos);
}

TEST_F(KerchunkParquet, KerchunksOwnFileEqualsItsJson) {
    const std::filesystem::path folder = shared_data() / "kerchunk";
    if (!std::filesystem::exists(folder / "l3_combined.parq")) {
        GTEST_SKIP() << "no shared data at " << folder;
    }
    const std::string text = file_text(folder / "l3_combined.json");
    const auto json = open_kerchunk_json(as_byte_span(text), "l3.json", policy_for("/d/l3.json", false));
    ASSERT_TRUE(json.ok()) << json.error().message;
    const auto store = opened(std::make_shared<Folder>(folder / "l3_combined.parq"));
    ASSERT_NE(store, nullptr);
    std::vector<std::string> keys;
    const Document document = Document::parse(text);
    for (const auto& item : document["refs"].items()) {
        if (item.key().find(".z") == std::string::npos) {
            keys.push_back(item.key());
        } else if (item.key() != ".zmetadata") {
            const auto own = store->metadata(item.key()).value();
            ASSERT_TRUE(own.has_value()) << item.key();
            EXPECT_EQ(Document::parse(*own), Document::parse(item.value().get<std::string>())) << item.key();
        }
    }
    ASSERT_GT(keys.size(), 500U);
    std::vector<ChunkLocation> wanted(keys.size());
    std::vector<ChunkLocation> got(keys.size());
    ASSERT_TRUE(json.value()->locate(keys, wanted).ok());
    const Status status = store->locate(keys, got);
    ASSERT_TRUE(status.ok()) << status.error().message;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        EXPECT_EQ(told(got[i]), told(wanted[i])) << keys[i];
    }
    // 12 x 4 x 4 chunks of three arrays; those that the JSON does not name are missing here too.
    for (const char* array : {"sst", "flags", "soil_moisture"}) {
        for (int n = 0; n < 12 * 16; ++n) {
            const std::string key = std::string(array) + "/" + std::to_string(n / 16) + "." +
                                    std::to_string(n / 4 % 4) + "." + std::to_string(n % 4);
            EXPECT_EQ(std::holds_alternative<Missing>(located(*store, key)), !document["refs"].contains(key)) << key;
        }
    }
}

}  // namespace
}  // namespace vcube
