#include "driver/vsi_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>

#include "core/base/concat.h"
#include "core/base/redacted.h"
#include "core/refs/url_policy.h"
#include "cpl_error.h"
#include "cpl_vsi.h"
#include "cpl_vsi_error.h"
#include "driver/vsi_scope.h"

namespace vcube::driver {
namespace {

struct Scheme {
    std::string_view prefix;
    std::string_view vsi;
    bool keep_url;  // /vsicurl/ takes the whole URL
};

constexpr std::array<Scheme, 13> kSchemes = {{{"http://", "/vsicurl/", true},
                                              {"https://", "/vsicurl/", true},
                                              {"ftp://", "/vsicurl/", true},
                                              {"s3://", "/vsis3/", false},
                                              {"s3a://", "/vsis3/", false},
                                              {"gs://", "/vsigs/", false},
                                              {"gcs://", "/vsigs/", false},
                                              {"az://", "/vsiaz/", false},
                                              {"abfs://", "/vsiaz/", false},
                                              {"abfss://", "/vsiaz/", false},
                                              {"adl://", "/vsiadls/", false},
                                              {"oss://", "/vsioss/", false},
                                              {"swift://", "/vsiswift/", false}}};

/// "container@account.dfs.core.windows.net/path" without the account, which GDAL takes from its configuration.
std::string_view without_account(std::string_view rest, std::string& scratch) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::size_t at = rest.find('@');
    if (at >= slash) {
        return rest;
    }
    scratch.assign(rest.substr(0, at)).append(rest.substr(slash));
    return scratch;
}

struct CloseVsi {
    void operator()(VSILFILE* file) const { VSIFCloseL(file); }
};
using VsiFile = std::unique_ptr<VSILFILE, CloseVsi>;

/// Why an object store refused, and the status. Its own words are not told: they may repeat what it was sent.
std::string refusal_of_store(VSIErrorNum number) {
    const std::string_view text = CPLGetLastErrorMsg();
    const std::size_t colon = text.rfind(": ");
    const bool has_status = text.starts_with("HTTP response code") && colon != std::string_view::npos;
    return concat(number == VSIE_AWSAccessDenied            ? "AccessDenied"
                  : number == VSIE_AWSBucketNotFound        ? "NoSuchBucket"
                  : number == VSIE_AWSObjectNotFound        ? "NoSuchKey"
                  : number == VSIE_AWSSignatureDoesNotMatch ? "SignatureDoesNotMatch"
                                                            : "refused by the object store",
                  has_status ? ", HTTP response code" : "", has_status ? text.substr(colon) : "");
}

std::string last_message() {
    const VSIErrorNum number = VSIGetLastErrorNo();
    if (number == VSIE_None) {
        return CPLGetLastErrorMsg();
    }
    const bool by_store = number >= VSIE_AWSError && number != VSIE_AWSInvalidCredentials;
    return by_store ? refusal_of_store(number) : VSIGetLastErrorMsg();
}

Error cannot_open(const std::string& name, const std::string& vsi_path) {
    const std::string reason = last_vsi_error(vsi_path);
    return not_found(name + ": cannot be opened" + (reason.empty() ? "" : " (" + reason + ")"));
}

}  // namespace

std::string vsi_path_of(std::string_view location) {
    std::string resolved;  // schemes in lower case, file: URLs as paths
    if (const std::size_t colon = location.find(':'); colon != std::string_view::npos && !location.starts_with('/')) {
        if (Result<std::string> url = resolve_url(location, {}); url.ok()) {
            resolved = std::move(url).value();
            location = resolved;
        }
    }
    for (const Scheme& scheme : kSchemes) {
        if (location.starts_with(scheme.prefix)) {
            std::string out(scheme.vsi);
            std::string scratch;
            const bool azure = scheme.vsi == "/vsiaz/" || scheme.vsi == "/vsiadls/";
            const std::string_view rest = location.substr(scheme.prefix.size());
            return out.append(scheme.keep_url ? location : azure ? without_account(rest, scratch) : rest);
        }
    }
    if (!is_plain_path(location)) {
        return std::string(location);
    }
    std::error_code error;
    const std::filesystem::path absolute = std::filesystem::absolute(std::filesystem::path(location), error);
    return error ? std::string(location) : absolute.lexically_normal().string();
}

bool is_plain_path(std::string_view path) {
    return !path.starts_with("/vsi") && path.find("://") == std::string_view::npos;
}

Result<FileInfo> stat_file(const std::string& vsi_path, const std::string& name) {
    FileInfo info;
    if (is_plain_path(vsi_path)) {
        struct stat status {};
        if (stat(vsi_path.c_str(), &status) != 0) {
            return not_found(concat(name, ": ", std::generic_category().message(errno)));
        }
        info.size = static_cast<std::uint64_t>(status.st_size);
        info.modified = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
        info.directory = S_ISDIR(status.st_mode);
        return info;
    }
    const VsiScope scope;
    VSIStatBufL status{};
    if (VSIStatExL(vsi_path.c_str(), &status, VSI_STAT_EXISTS_FLAG | VSI_STAT_SIZE_FLAG | VSI_STAT_NATURE_FLAG) != 0) {
        const std::string reason = last_vsi_error(vsi_path);
        return not_found(name + ": not found" + (reason.empty() ? "" : " (" + reason + ")"));
    }
    info.size = static_cast<std::uint64_t>(status.st_size);
    info.modified = static_cast<std::int64_t>(status.st_mtime);
    info.directory = VSI_ISDIR(status.st_mode) != 0;
    return info;
}

Result<Buffer> read_head(const std::string& vsi_path, const std::string& name, std::size_t max_bytes) {
    const VsiScope scope;
    const VsiFile file(VSIFOpenExL(vsi_path.c_str(), "rb", TRUE));
    if (!file) {
        return cannot_open(name, vsi_path);
    }
    Buffer out(max_bytes);
    out.shrink(VSIFReadL(out.data(), 1, max_bytes, file.get()));
    return out;
}

Result<Buffer> read_file(const std::string& vsi_path, const std::string& name, std::uint64_t max_bytes) {
    const VsiScope scope;
    const VsiFile file(VSIFOpenExL(vsi_path.c_str(), "rb", TRUE));
    if (!file || VSIFSeekL(file.get(), 0, SEEK_END) != 0) {
        return cannot_open(name, vsi_path);
    }
    const std::uint64_t size = VSIFTellL(file.get());
    if (size > max_bytes) {
        return over_limit(name + ": has " + std::to_string(size) + " bytes, at most " + std::to_string(max_bytes) +
                          " are read into memory");
    }
    Buffer out(size);
    VSIFSeekL(file.get(), 0, SEEK_SET);
    const std::size_t got = VSIFReadL(out.data(), 1, out.size(), file.get());
    if (got != out.size()) {
        return io_error(name + ": expected " + std::to_string(size) + " bytes, got " + std::to_string(got));
    }
    return out;
}

std::string last_vsi_error(std::string_view url) {
    std::string text = last_message();
    // The URL itself first, then whatever else looks like a query string or user info.
    const std::string clean = redacted(url);
    for (std::size_t at = text.find(url); !url.empty() && at != std::string::npos; at = text.find(url, at)) {
        text.replace(at, url.size(), clean);
        at += clean.size();
    }
    return without_secrets(std::move(text));
}

std::string without_secrets(std::string text) {
    constexpr const char* kEndOfUrl = " \t\r\n'\"";
    for (std::size_t at = text.find('?'); at != std::string::npos; at = text.find('?', at)) {
        const std::size_t end = text.find_first_of(kEndOfUrl, at);
        text.erase(at, end == std::string::npos ? std::string::npos : end - at);
    }
    for (std::size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at)) {
        at += 3;
        const std::size_t end = text.find_first_of(std::string("/") + kEndOfUrl, at);
        const std::size_t user_end = text.substr(at, end == std::string::npos ? end : end - at).rfind('@');
        if (user_end != std::string::npos) {
            text.erase(at, user_end + 1);
        }
    }
    return text;
}

}  // namespace vcube::driver
