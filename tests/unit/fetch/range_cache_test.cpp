#include "core/fetch/range_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "tests/unit/fetch/range_cache_support.h"
#include "tests/unit/swath/temp_folder.h"

namespace vcube {
namespace {

using namespace range_cache_test;
using namespace std::chrono_literals;
using swath::test::TempFolder;
namespace fs = std::filesystem;

constexpr std::uint64_t kPlenty = std::uint64_t{1} << 30U;

std::shared_ptr<RangeCache> opened(const fs::path& folder, std::uint64_t max_bytes = kPlenty) {
    auto cache = RangeCache::open(folder.string(), max_bytes);
    EXPECT_TRUE(cache.ok()) << cache.error().message;
    return cache.ok() ? std::move(cache).value() : nullptr;
}

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
void write_file(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

/// What is logged while it lives.
class Said {
public:
    Said() {
        set_log_sink([this](LogLevel level, const std::string& message) {
            EXPECT_EQ(level, LogLevel::kWarning);
            messages.push_back(message);
        });
    }
    Said(const Said&) = delete;
    Said& operator=(const Said&) = delete;
    ~Said() { set_log_sink({}); }
    std::vector<std::string> messages;
};

TEST(RangeCache, GivesBackWhatItWasGiven) {
    const TempFolder temp;
    {
        const auto cache = opened(temp.path() / "a" / "cache/");
        for (const std::uint64_t bytes : {1U, 31U, 32U, 33U, 4096U, 1000000U}) {
            EXPECT_EQ(look(*cache, bytes, bytes), Found::kAbsent);
            put(*cache, bytes, bytes);
            EXPECT_EQ(look(*cache, bytes, bytes), Found::kRight);
        }
        cache->put(key(32, 32), as_byte_span(std::string(32, 'x')));  // in place of what was there
        EXPECT_EQ(as_text(cache->get(key(32, 32))->span()), std::string(32, 'x'));
    }
    const auto again = opened(temp.path() / "a" / "cache");
    EXPECT_EQ(look(*again, 1000000, 1000000), Found::kRight);
    EXPECT_EQ(entry_files(temp.path() / "a" / "cache").size(), 6U);
}

TEST(RangeCache, TellsWhatItHasWithoutReadingIt) {
    const TempFolder temp;
    const auto cache = opened(temp.path());
    EXPECT_FALSE(cache->has(key(1)));
    put(*cache, 1);
    EXPECT_TRUE(cache->has(key(1)));
    EXPECT_FALSE(cache->has(key(1, 999)));
    RangeKey open_ended = key(1);
    open_ended.range.end = ByteRange::kEnd;
    EXPECT_FALSE(cache->has(open_ended));
    fs::resize_file(entry_files(temp.path())[0], 500);
    EXPECT_FALSE(cache->has(key(1)));
}

TEST(RangeCache, EveryPartOfTheKeyCounts) {
    const TempFolder temp;
    const auto cache = opened(temp.path());
    const RangeKey first{"https://host/a", {1000, "\"1\"", "Sun, 06 Nov 1994 08:49:37 GMT"}, {0, 10}};
    cache->put(first, as_byte_span("0123456789"));
    const auto other = [&](auto change) {
        RangeKey key = first;
        change(key);
        return cache->get(key).has_value();
    };
    EXPECT_FALSE(other([](RangeKey& k) { k.location = "https://host/b"; }));
    EXPECT_FALSE(other([](RangeKey& k) { k.version.size = 1001; }));
    EXPECT_FALSE(other([](RangeKey& k) { k.version.etag = "\"2\""; }));
    EXPECT_FALSE(other([](RangeKey& k) { k.version.etag = "W/\"1\""; }));  // not the same bytes (RFC 9110, 8.8.1)
    EXPECT_FALSE(other([](RangeKey& k) { k.range = {1, 11}; }));
    EXPECT_FALSE(other([](RangeKey& k) { k.range = {0, 9}; }));
    // Where there is an ETag, the date does not count; where there is none, it does.
    EXPECT_TRUE(other([](RangeKey& k) { k.version.modified = "Mon, 07 Nov 1994 08:49:37 GMT"; }));
    RangeKey dated{"https://host/c", {1000, "", "Sun, 06 Nov 1994 08:49:37 GMT"}, {0, 10}};
    cache->put(dated, as_byte_span("0123456789"));
    EXPECT_TRUE(cache->get(dated));
    dated.version.modified = "Mon, 07 Nov 1994 08:49:37 GMT";
    EXPECT_FALSE(cache->get(dated));
    // Texts are not run together.
    EXPECT_FALSE(
        other([](RangeKey& k) { std::tie(k.location, k.version.etag) = std::pair("https://host/a\"1\"", ""); }));
}

TEST(RangeCache, KeepsOnlyWhatHasAPlaceAndAVersion) {
    EXPECT_TRUE(RangeCache::can_keep({100, "\"1\"", ""}));
    EXPECT_TRUE(RangeCache::can_keep({100, "", "Sun, 06 Nov 1994 08:49:37 GMT"}));
    EXPECT_FALSE(RangeCache::can_keep({100, "", ""}));
    EXPECT_FALSE(RangeCache::can_keep({{}, "\"1\"", ""}));
    const TempFolder temp;
    const auto cache = opened(temp.path());
    const ObjectVersion version{100, "\"1\"", ""};
    for (const RangeKey& key : {RangeKey{"a", {100, "", ""}, {0, 4}}, RangeKey{"a", {{}, "\"1\"", ""}, {0, 4}},
                                RangeKey{"a", version, ByteRange::last(4)}, RangeKey{"a", version, {4, 4}},
                                RangeKey{"a", version, {8, 4}}, RangeKey{"a", version, {4, ByteRange::kEnd}},
                                RangeKey{"a", version, {0, 3}}, RangeKey{"a", version, {0, 5}}}) {
        cache->put(key, as_byte_span("1234"));
        EXPECT_TRUE(entry_files(temp.path()).empty());
        EXPECT_FALSE(cache->get(key));
    }
}

TEST(RangeCache, DamagedEntriesAreAbsent) {
    const TempFolder temp;
    const auto cache = opened(temp.path());
    put(*cache, 3, 70);
    const fs::path file = entry_files(temp.path()).at(0);
    const std::string good = read_file(file);
    const auto expect_absent = [&](const std::string& bad) {
        write_file(file, bad);
        EXPECT_EQ(look(*cache, 3, 70), Found::kAbsent);
        EXPECT_FALSE(fs::exists(file));  // and is gone, so that it is fetched and kept again
    };
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        std::string bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
        expect_absent(bad);
    }
    for (std::size_t size = 0; size < good.size(); ++size) {
        expect_absent(good.substr(0, size));
        expect_absent(good.substr(0, size) + std::string(good.size() - size, '\0'));  // as a crash leaves it
    }
    expect_absent(good + "x");
    expect_absent(good + good);
    write_file(file, good);
    EXPECT_EQ(look(*cache, 3, 70), Found::kRight);
}

TEST(RangeCache, EntriesInEachOthersPlaceAreAbsent) {
    const TempFolder temp;
    const auto cache = opened(temp.path());
    put(*cache, 1);
    put(*cache, 2);
    const auto files = entry_files(temp.path());
    ASSERT_EQ(files.size(), 2U);
    const std::string first = read_file(files[0]), second = read_file(files[1]);
    write_file(files[0], second);
    write_file(files[1], first);
    EXPECT_EQ(look(*cache, 1), Found::kAbsent);
    EXPECT_EQ(look(*cache, 2), Found::kAbsent);
}

TEST(RangeCache, TellsNobodyWhatItHolds) {
    const TempFolder temp;
    const fs::path folder = temp.path() / "cache";
    const auto cache = opened(folder);
    const std::string location = "https://someuser:somepassword@somehost/some/object.nc?X-Amz-Signature=somesignature";
    const ObjectVersion version{4, "\"1\"", ""};
    cache->put({location, version, {0, 4}}, as_byte_span("1234"));
    cache->put_version(location, version);
    std::size_t files = 0;
    for (const auto& item : fs::recursive_directory_iterator(folder)) {
        const fs::perms others = fs::perms::group_all | fs::perms::others_all;
        EXPECT_EQ(item.status().permissions() & others, fs::perms::none) << item.path();
        EXPECT_EQ(item.path().string().find("some"), std::string::npos);
        if (item.is_regular_file()) {
            ++files;
            const std::string text = read_file(item.path());
            for (const char* const word : {"some", "object", "Amz", "http"}) {
                EXPECT_EQ(text.find(word), std::string::npos) << item.path();
            }
        }
    }
    EXPECT_EQ(files, 5U);  // both entries, the salt, the total, the lock
    EXPECT_EQ(fs::status(folder).permissions(), fs::perms::owner_all);
    // The same location has another name in another cache.
    const auto elsewhere = opened(temp.path() / "elsewhere");
    elsewhere->put({location, version, {0, 4}}, as_byte_span("1234"));
    elsewhere->put_version(location, version);
    for (const auto& file : entry_files(temp.path() / "elsewhere")) {
        EXPECT_FALSE(fs::exists(folder / fs::relative(file, temp.path() / "elsewhere")));
    }
}

TEST(RangeCache, RefusesFoldersThatItCannotUse) {
    const TempFolder temp;
    write_file(temp.path() / "file", "x");
    for (const fs::path& folder :
         {fs::path(), temp.path() / "file", temp.path() / "file" / "below", fs::path("/proc/1x/c")}) {
        const auto cache = RangeCache::open(folder.string(), kPlenty);
        ASSERT_FALSE(cache.ok()) << folder;
        EXPECT_EQ(cache.error().code, ErrorCode::kIo);
        EXPECT_THAT(cache.error().message, testing::StartsWith("disk cache "));
    }
    fs::create_directory(temp.path() / "shut");
    fs::create_directory(temp.path() / "open");
    fs::permissions(temp.path() / "shut", fs::perms::owner_read | fs::perms::owner_exec);
    fs::permissions(temp.path() / "open", fs::perms::all);
    fs::permissions(temp.path(), fs::perms::all);
    if (::geteuid() != 0) {
        EXPECT_FALSE(RangeCache::open((temp.path() / "shut").string(), kPlenty).ok());
        return;
    }
    // The superuser may write anywhere, so somebody else tries; what others can write is no place for a cache either.
    const pid_t child = ::fork();
    if (child == 0) {
        const bool other = ::setuid(65534) == 0;
        const auto shut = RangeCache::open((temp.path() / "shut").string(), kPlenty);
        const auto strange = RangeCache::open((temp.path() / "open").string(), kPlenty);
        const bool told = !strange.ok() && strange.error().message.find("another user") != std::string::npos;
        const bool own = RangeCache::open((temp.path() / "open" / "own").string(), kPlenty).ok();
        ::_exit(other && !shut.ok() && told && own ? 0 : 1);
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

TEST(RangeCache, RemembersVersionsForAWhile) {
    const TempFolder temp;
    const auto cache = opened(temp.path());
    EXPECT_FALSE(cache->version("https://host/a", 1h));
    const ObjectVersion full{100, "W/\"1\"", "Sun, 06 Nov 1994 08:49:37 GMT"};
    for (const ObjectVersion& version : {full, ObjectVersion{0, "", ""}, ObjectVersion{{}, "\"1\"", ""}}) {
        cache->put_version("https://host/a", version);
        EXPECT_EQ(cache->version("https://host/a", 1h), version);
        EXPECT_EQ(opened(temp.path())->version("https://host/a", 1h), version);
    }
    EXPECT_FALSE(cache->version("https://host/b", 1h));
    EXPECT_FALSE(cache->version("https://host/a", -1s));
    cache->put_version("https://host/c", {100, std::string(100000, 'x'), ""});  // no ETag that anybody sends
    EXPECT_FALSE(cache->version("https://host/c", 1h));
    // A damaged one is absent, as a range is.
    const fs::path file = entry_files(temp.path()).at(0);
    std::string bad = read_file(file);
    bad.back() = static_cast<char>(bad.back() ^ 1);
    write_file(file, bad);
    EXPECT_FALSE(cache->version("https://host/a", 1h));
}

TEST(RangeCache, VersionsGrowOld) {
    const TempFolder temp;
    const auto cache = opened(temp.path());
    cache->put_version("https://host/a", {100, "\"1\"", ""});
    for (const std::time_t then = std::time(nullptr); std::time(nullptr) == then;) {
        ::usleep(1000);
    }
    EXPECT_TRUE(cache->version("https://host/a", 1h));
    EXPECT_FALSE(cache->version("https://host/a", 0s));
}

TEST(RangeCache, MarksWhatIsUsedOnceAnHour) {
    const TempFolder temp;
    const auto cache = opened(temp.path());
    put(*cache, 1);
    const fs::path file = entry_files(temp.path()).at(0);
    make_old(file, 50min);
    EXPECT_EQ(look(*cache, 1), Found::kRight);
    EXPECT_GE(age(file), 50min);
    make_old(file, 70min);
    EXPECT_EQ(look(*cache, 1), Found::kRight);
    EXPECT_LE(age(file), 40min);
}

TEST(RangeCache, DropsWhatWasUsedLongestAgo) {
    const TempFolder temp;
    constexpr std::uint64_t kEntry = 15 * kUnit;          // takes 16 units with its header
    const auto cache = opened(temp.path(), 320 * kUnit);  // 20 entries
    for (std::uint64_t n = 0; n < 20; ++n) {
        put(*cache, n, kEntry);
        for (const auto& file : entry_files(temp.path())) {  // the first is used longest ago
            make_old(file, age(file) + 120min);
        }
    }
    EXPECT_EQ(entry_files(temp.path()).size(), 20U);
    EXPECT_EQ(look(*cache, 2, kEntry), Found::kRight);  // used now
    put(*cache, 20, kEntry);  // one too many: with it 17 stay, so that an eighth of the room is free
    EXPECT_EQ(entry_files(temp.path()).size(), 17U);
    for (std::uint64_t n = 0; n <= 20; ++n) {
        EXPECT_EQ(look(*cache, n, kEntry), n <= 4 && n != 2 ? Found::kAbsent : Found::kRight) << n;
    }
}

TEST(RangeCache, KeepsToItsSize) {
    const TempFolder temp;
    constexpr std::uint64_t kMax = 256 * kUnit;
    for (int session = 0; session < 20; ++session) {  // none of which fills it
        const auto cache = opened(temp.path(), kMax);
        for (std::uint64_t n = 0; n < 40; ++n) {
            put(*cache, 40 * static_cast<std::uint64_t>(session) + n, n % 2 == 0 ? 100 : 5 * kUnit);
            ASSERT_TRUE(n % 8 != 0 || bytes_of_entries(temp.path()) <= kMax);
        }
    }
    EXPECT_GE(bytes_of_entries(temp.path()), kMax / 2);
    const auto cache = opened(temp.path(), kMax);
    put(*cache, 5000, kMax / 2);  // too much of it for one entry
    EXPECT_EQ(look(*cache, 5000, kMax / 2), Found::kAbsent);
    // A smaller one later on.
    const auto smaller = opened(temp.path(), kMax / 8);
    put(*smaller, 5001);
    EXPECT_LE(bytes_of_entries(temp.path()), kMax / 8);
    EXPECT_EQ(look(*smaller, 5001), Found::kRight);
}

TEST(RangeCache, CountsAnewWhereTheTotalIsLost) {
    const TempFolder temp;
    constexpr std::uint64_t kMax = 64 * kUnit;
    const auto cache = opened(temp.path(), kMax);
    for (const std::string& damage :
         {std::string(), std::string("abc"), std::string(8, '\xff'), std::string(8, '\0')}) {
        for (std::uint64_t n = 0; n < 30; ++n) {
            put(*cache, n, 100);
        }
        write_file(temp.path() / "total", damage);
        for (std::uint64_t n = 100; n < 200; ++n) {
            put(*cache, n, 100);
        }
        EXPECT_LE(bytes_of_entries(temp.path()), 2 * kMax);
        EXPECT_EQ(look(*cache, 199, 100), Found::kRight);
    }
}

TEST(RangeCache, ClearsAwayWhatDeadWritersLeft) {
    const TempFolder temp;
    const auto cache = opened(temp.path());
    put(*cache, 1);
    const fs::path file = entry_files(temp.path()).at(0);
    const fs::path dead = file.string() + ".a1B2c3", alive = file.string() + ".Zz9Zz9";
    const std::vector<fs::path> foreign = {file.parent_path() / "notes.txt", file.string() + ".backup-of-mine",
                                           temp.path() / "0123456789abcdef0123456789abcd.range"};
    for (const fs::path& path : foreign) {
        write_file(path, "mine");
        make_old(path, 24h * 1000);
    }
    write_file(dead, "half");
    make_old(dead, 61min);
    write_file(alive, "half");
    make_old(alive, 50min);
    fs::remove(temp.path() / "total");  // so that the next one counts
    put(*opened(temp.path(), 8 * kUnit), 2);
    EXPECT_FALSE(fs::exists(dead));
    EXPECT_TRUE(fs::exists(alive));
    fs::remove(temp.path() / "total");
    for (std::uint64_t n = 3; n < 9; ++n) {
        put(*cache, n);
    }
    make_old(file, 24h * 2000);
    put(*opened(temp.path(), 4 * kUnit), 9);
    EXPECT_EQ(look(*cache, 1), Found::kAbsent);
    EXPECT_EQ(look(*cache, 9), Found::kRight);
    for (const fs::path& path : foreign) {
        EXPECT_TRUE(fs::exists(path)) << path;  // nothing that is not ours, however old
    }
}

TEST(RangeCache, AFullDiskIsToldOnceAndEndsTheKeeping) {
    const TempFolder temp;
    const auto cache = opened(temp.path());
    put(*cache, 1, 1000);
    const pid_t child = ::fork();  // the limit is a process's
    if (child == 0) {
        const Said said;
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{8192, 8192};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        put(*cache, 2, 1000);
        bool good = said.messages.empty() && look(*cache, 2, 1000) == Found::kRight;
        put(*cache, 3, 100000);  // longer than a file may be
        put(*cache, 4, 100000);
        put(*cache, 5, 1000);  // nothing more, though it could be
        good = good && said.messages.size() == 1 &&
               said.messages[0].find("nothing more is kept") != std::string::npos &&
               said.messages[0].find(temp.path().string()) != std::string::npos;
        good = good && look(*cache, 3, 100000) == Found::kAbsent && look(*cache, 5, 1000) == Found::kAbsent;
        good = good && look(*cache, 1, 1000) == Found::kRight;  // what is there is still given
        ::_exit(good ? 0 : 1);
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(entry_files(temp.path()).size(), 2U);  // no half entry is left
}

TEST(RangeCache, AFolderThatIsGoneIsToldOnce) {
    const TempFolder temp;
    const auto cache = opened(temp.path() / "cache");
    const Said said;
    put(*cache, 1);
    fs::remove_all(temp.path() / "cache");
    EXPECT_EQ(look(*cache, 1), Found::kAbsent);
    EXPECT_FALSE(cache->version("a", 1h));
    put(*cache, 2);
    cache->put_version("a", {1, "\"1\"", ""});
    put(*cache, 3);
    EXPECT_EQ(said.messages.size(), 1U);
    EXPECT_FALSE(fs::exists(temp.path() / "cache"));
}

}  // namespace
}  // namespace vcube
