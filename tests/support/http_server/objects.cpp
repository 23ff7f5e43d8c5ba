#include "tests/support/http_server/objects.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <set>
#include <system_error>

namespace vcube::testing_support {

Object::~Object() {
    if (file >= 0) {
        ::close(file);
    }
}

std::string http_date(std::int64_t seconds) {
    const auto time = static_cast<std::time_t>(seconds);
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

void Objects::put(const std::string& path, std::string content) {
    auto made = std::make_shared<Object>();
    made->size = content.size();
    made->content = std::make_shared<const std::string>(std::move(content));
    made->modified = http_date(std::time(nullptr));
    const std::lock_guard lock(mutex_);
    made->etag = "\"put-" + std::to_string(++versions_) + "\"";
    made_[path.substr(std::min(path.find_first_not_of('/'), path.size()))] = std::move(made);
}

std::shared_ptr<const Object> Objects::open(const std::string& path) const {
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = made_.find(path); found != made_.end()) {
            return found->second;
        }
    }
    if (("/" + path + "/").find("/../") != std::string::npos) {
        return nullptr;
    }
    auto opened = std::make_shared<Object>();
    struct stat status {};
    const std::string name = root_ + "/" + path;
    if (!root_.empty()) {
        opened->file = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    if (opened->file < 0 || ::fstat(opened->file, &status) != 0 || !S_ISREG(status.st_mode)) {
        return list_folders_ ? index_page(path) : nullptr;
    }
    opened->size = static_cast<std::uint64_t>(status.st_size);
    opened->etag = "\"" + std::to_string(status.st_ino) + "-" + std::to_string(status.st_size) + "-" +
                   std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec) + "\"";
    opened->modified = http_date(status.st_mtim.tv_sec);
    return opened;
}

std::shared_ptr<const Object> Objects::index_page(const std::string& path) const {
    const std::string folder = path.empty() || path.ends_with('/') ? path : path + "/";
    std::set<std::string> names;
    std::error_code error;
    if (!root_.empty()) {
        const std::filesystem::path place = std::filesystem::path(root_) / folder;
        for (auto entry = std::filesystem::directory_iterator(place, error);
             !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
            names.insert(entry->path().filename().string() + (entry->is_directory(error) ? "/" : ""));
        }
    }
    {
        const std::lock_guard lock(mutex_);
        for (auto entry = made_.lower_bound(folder); entry != made_.end() && entry->first.starts_with(folder);
             ++entry) {
            const std::string rest = entry->first.substr(folder.size());
            names.insert(rest.substr(0, std::min(rest.find('/'), rest.size() - 1) + 1));
        }
    }
    if (names.empty()) {
        return nullptr;
    }
    std::string page = "<html><head><title>Index of /" + folder + "</title></head><body><h1>Index of /" + folder +
                       "</h1>\n<pre>\n<a href=\"../\">Parent Directory</a>\n";
    for (const std::string& name : names) {
        page.append("<a href=\"").append(name).append("\">").append(name).append("</a>  2023-01-01 00:00  -\n");
    }
    auto made = std::make_shared<Object>();
    made->content = std::make_shared<const std::string>(page + "</pre></body></html>\n");
    made->size = made->content->size();
    made->type = "text/html;charset=UTF-8";
    return made;
}

}  // namespace vcube::testing_support
