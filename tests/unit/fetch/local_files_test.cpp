#include "core/fetch/local_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace vcube {
namespace {

namespace fs = std::filesystem;

class LocalFilesTest : public testing::Test {
protected:
    LocalFilesTest() : folder_(fs::temp_directory_path() / ("vcube_files_" + std::to_string(::getpid()))) {
        fs::create_directories(folder_);
    }
    ~LocalFilesTest() override { fs::remove_all(folder_); }

    std::string write(const std::string& name, const std::string& text) {
        std::ofstream(folder_ / name, std::ios::binary) << text;
        return folder_ / name;
    }
    static std::string read(LocalFiles& files, const std::string& path, ByteRange range) {
        std::string out(range.size(), '\0');
        const Status status = files.read(path, range, std::as_writable_bytes(std::span(out)));
        return status.ok() ? out : "error: " + status.error().message;
    }
    static std::size_t open_descriptors() {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd")) {
            ++count;
        }
        return count;
    }

    fs::path folder_;
};

TEST_F(LocalFilesTest, ReadsRangesAndSizes) {
    LocalFiles files;
    const std::string path = write("a", "0123456789");
    EXPECT_EQ(read(files, path, {3, 6}), "345");
    EXPECT_EQ(read(files, path, {0, 10}), "0123456789");
    EXPECT_EQ(read(files, path, {10, 10}), "");
    EXPECT_EQ(files.size(path).value(), 10U);
}

TEST_F(LocalFilesTest, SaysWhatIsWrong) {
    LocalFiles files;
    const std::string path = write("a", "0123456789");
    std::byte out[20];
    const Status late = files.read(path, {5, 15}, std::span(out).first(10));
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code, ErrorCode::kIo);
    EXPECT_NE(late.error().message.find("has 10 bytes"), std::string::npos) << late.error().message;
    EXPECT_NE(late.error().message.find("5 to 15"), std::string::npos) << late.error().message;
    const Status absent = files.read(folder_ / "none", {0, 1}, std::span(out).first(1));
    ASSERT_FALSE(absent.ok());
    EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
    EXPECT_NE(absent.error().message.find("none"), std::string::npos);
    EXPECT_EQ(files.size(folder_).error().code, ErrorCode::kIo);  // a folder
}

TEST_F(LocalFilesTest, DoesNotHangOnAPipe) {
    LocalFiles files;
    const std::string path = folder_ / "pipe";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(files.size(path).error().code, ErrorCode::kIo);
}

TEST_F(LocalFilesTest, NoticesAReplacedFile) {
    LocalFiles files;
    const std::string path = write("a", "old");
    EXPECT_EQ(read(files, path, {0, 3}), "old");
    const std::string fresh = write("b", "new");
    fs::rename(fresh, path);
    EXPECT_EQ(read(files, path, {0, 3}), "new");
    write("a", "longer");
    EXPECT_EQ(read(files, path, {0, 6}), "longer");
    fs::remove(path);
    EXPECT_EQ(read(files, path, {0, 1}).substr(0, 6), "error:");
}

TEST_F(LocalFilesTest, KeepsAFewDescriptorsOpen) {
    const std::size_t before = open_descriptors();
    {
        LocalFiles files(3);
        for (int i = 0; i < 10; ++i) {
            const std::string path = write("f" + std::to_string(i), std::to_string(i));
            EXPECT_EQ(read(files, path, {0, 1}), std::to_string(i));
        }
        EXPECT_EQ(open_descriptors(), before + 3);
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(LocalFilesTest, ManyThreadsThroughOneHandle) {
    LocalFiles files(1);
    const std::string a = write("a", std::string(1000, 'a'));
    const std::string b = write("b", std::string(1000, 'b'));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 200; ++i) {
                const bool first = (i + t) % 2 == 0;
                EXPECT_EQ(read(files, first ? a : b, {500, 600}), std::string(100, first ? 'a' : 'b'));
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

}  // namespace
}  // namespace vcube
