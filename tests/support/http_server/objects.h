// The objects that the server has: files of a folder, and contents that were put beside them or in their place.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace vcube::testing_support {

/// One version of an object, open for reading.
class Object {
public:
    Object() = default;
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    ~Object();

    int file = -1;                               // or
    std::shared_ptr<const std::string> content;  // in memory
    std::uint64_t size = 0;
    std::string etag, modified;
    std::string type = "application/octet-stream";
};

/// Thread-safe.
class Objects {
public:
    Objects(std::string root, bool list_folders) : root_(std::move(root)), list_folders_(list_folders) {}

    void put(const std::string& path, std::string content);

    /// Null where there is none, and for paths that leave the folder. A folder is an index page where folders are
    /// listed, and otherwise nothing.
    [[nodiscard]] std::shared_ptr<const Object> open(const std::string& path) const;

private:
    [[nodiscard]] std::shared_ptr<const Object> index_page(const std::string& path) const;

    const std::string root_;
    const bool list_folders_;
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const Object>> made_;
    std::uint64_t versions_ = 0;
};

/// A time as headers have it: "Fri, 20 Nov 2026 19:12:50 GMT" (RFC 9110, section 5.6.7).
std::string http_date(std::int64_t seconds);

}  // namespace vcube::testing_support
