#include "driver/http_targets.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "core/base/concat.h"
#include "core/base/hash64.h"
#include "core/refs/url_policy.h"
#include "cpl_conv.h"
#include "cpl_string.h"
#include "cpl_vsi.h"
#include "driver/vsi_files.h"
#include "driver/vsi_scope.h"

namespace vcube::driver {
namespace {

constexpr std::chrono::seconds kSignatureLife{3600};
constexpr std::chrono::seconds kMargin{300};  // a signature is not used so shortly before its end
constexpr std::chrono::seconds kPause{10};    // GDAL is made to forget, or to ask in a bucket, at most so often
constexpr std::chrono::seconds kFresh{60};    // so young a signature did not expire
constexpr std::chrono::minutes kRefused{10};  // a bucket that refuses signed URLs is left to GDAL for so long
constexpr std::size_t kMaxSigned = 65536;
constexpr std::size_t kMaxBuckets = 1024;

/// An object store as GDAL knows it.
struct ObjectStore {
    std::string_view prefix;
    const char* no_sign;                        // option: objects are public
    std::string_view signature;                 // what a signed URL has in its query
    std::span<const char* const> credentials;   // options that say who asks, and where
    std::span<const char* const> headers_only;  // options whose effect cannot be had by a URL
};

constexpr std::array kS3Options = {"AWS_ACCESS_KEY_ID",
                                   "AWS_SECRET_ACCESS_KEY",
                                   "AWS_SESSION_TOKEN",
                                   "AWS_PROFILE",
                                   "AWS_DEFAULT_PROFILE",
                                   "AWS_CONFIG_FILE",
                                   "CPL_AWS_CREDENTIALS_FILE",
                                   "AWS_ROLE_ARN",
                                   "AWS_ROLE_SESSION_NAME",
                                   "AWS_WEB_IDENTITY_TOKEN_FILE",
                                   "AWS_REGION",
                                   "AWS_DEFAULT_REGION",
                                   "AWS_S3_ENDPOINT",
                                   "AWS_HTTPS",
                                   "AWS_VIRTUAL_HOSTING"};
constexpr std::array kGsOptions = {
    "GS_ACCESS_KEY_ID",       "GS_SECRET_ACCESS_KEY",           "GS_OAUTH2_PRIVATE_KEY", "GS_OAUTH2_PRIVATE_KEY_FILE",
    "GS_OAUTH2_CLIENT_EMAIL", "GOOGLE_APPLICATION_CREDENTIALS", "CPL_GS_ENDPOINT",       "CPL_GS_CREDENTIALS_FILE"};
constexpr std::array kAzOptions = {"AZURE_STORAGE_CONNECTION_STRING",
                                   "AZURE_STORAGE_ACCOUNT",
                                   "AZURE_STORAGE_ACCESS_KEY",
                                   "AZURE_STORAGE_SAS_TOKEN",
                                   "AZURE_SAS",
                                   "CPL_AZURE_ENDPOINT",
                                   "CPL_AZURE_USE_HTTPS"};
constexpr std::array kOssOptions = {"OSS_ACCESS_KEY_ID", "OSS_SECRET_ACCESS_KEY", "OSS_ENDPOINT", "OSS_HTTPS",
                                    "OSS_VIRTUAL_HOSTING"};

// A signature does not cover who pays, which S3 demands of it, and Google's takes no project.
constexpr std::array kS3Headers = {"AWS_REQUEST_PAYER"};
constexpr std::array kGsHeaders = {"GS_USER_PROJECT"};

constexpr std::array<ObjectStore, 4> kStores = {
    {{"/vsis3/", "AWS_NO_SIGN_REQUEST", "X-Amz-Signature=", kS3Options, kS3Headers},
     {"/vsigs/", "GS_NO_SIGN_REQUEST", "Signature=", kGsOptions, kGsHeaders},
     {"/vsiaz/", "AZURE_NO_SIGN_REQUEST", "sig=", kAzOptions, {}},
     {"/vsioss/", nullptr, "Signature=", kOssOptions, {}}}};

/// Hosts of object stores that plain URLs name.
constexpr std::array<std::string_view, 6> kStoreHosts = {".amazonaws.com",          "storage.googleapis.com",
                                                         ".blob.core.windows.net",  ".r2.cloudflarestorage.com",
                                                         ".digitaloceanspaces.com", ".aliyuncs.com"};

const ObjectStore* store_of(const std::string& vsi_path) {
    const auto at = std::find_if(kStores.begin(), kStores.end(),
                                 [&](const ObjectStore& store) { return vsi_path.starts_with(store.prefix); });
    return at == kStores.end() ? nullptr : &*at;
}

/// "/vsis3/bucket" of "/vsis3/bucket/key".
std::string bucket_of(const std::string& vsi_path) {
    const std::size_t begin = vsi_path.find('/', 1) + 1;
    return vsi_path.substr(0, vsi_path.find('/', begin));
}

/// What the configuration says about who asks: a signature is good for that only.
std::uint64_t credentials_hash(const ObjectStore& store, const std::string& vsi_path) {
    std::string text;
    for (const char* const name : store.credentials) {
        text.append(path_option(vsi_path, name)).append(1, '\0');
    }
    return hash64(std::as_bytes(std::span(text.data(), text.size())), 0);
}

std::string owned(char* text) {
    const std::unique_ptr<char, void (*)(void*)> holder(text, VSIFree);
    return text != nullptr ? std::string(text) : std::string();
}

bool is_web_url(std::string_view url) {
    return url.starts_with("http://") || url.starts_with("https://");
}

/// The URL without a signature; "" where GDAL has none.
std::string actual_url(const std::string& vsi_path) {
    const char* const url = VSIGetActualURL(vsi_path.c_str());
    return url != nullptr && is_web_url(url) ? url : std::string();
}

/// A URL signed for kSignatureLife; "" where GDAL cannot sign.
std::string signed_url(const ObjectStore& store, const std::string& vsi_path) {
    CPLStringList options;
    options.SetNameValue("EXPIRATION_DELAY", std::to_string(kSignatureLife.count()).c_str());
    std::string url = owned(VSIGetSignedURL(vsi_path.c_str(), options.List()));
    const std::size_t query = url.find('?');
    const bool is_signed = query != std::string::npos && url.find(store.signature, query) != std::string::npos;
    return is_web_url(url) && is_signed ? url : std::string();
}

/// Who signed a URL and for where: the part of it that a later signature of the same has too.
std::string_view signer_of(std::string_view url) {
    const std::size_t begin = std::min(url.find("X-Amz-Credential="), url.size());
    return url.substr(begin, url.find('&', begin) - begin);
}

/// Whether GDAL's own request for an object succeeds, now.
bool gdal_reads(const std::string& vsi_path) {
    VSICurlPartialClearCache(vsi_path.c_str());
    VSILFILE* const file = VSIFOpenExL(vsi_path.c_str(), "rb", TRUE);
    if (file == nullptr) {
        return false;
    }
    char byte = 0;
    const bool reads = VSIFReadL(&byte, 1, 1, file) == 1;
    VSIFCloseL(file);
    return reads;
}

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// A URL as references write it, with what must not stand in one percent-encoded (RFC 3986): spaces, characters
/// outside ASCII, and "%" that begins no escape. Everything else stays, escapes and the query too.
std::string encoded(std::string_view url) {
    constexpr std::string_view kForbidden = "\"<>\\^`{|}";
    constexpr const char* kDigits = "0123456789ABCDEF";
    std::string out;
    out.reserve(url.size());
    for (std::size_t i = 0; i < url.size(); ++i) {
        const auto c = static_cast<unsigned char>(url[i]);
        const bool escape = c == '%' && i + 2 < url.size() && is_hex(url[i + 1]) && is_hex(url[i + 2]);
        if (c <= 0x20 || c >= 0x7F || kForbidden.find(url[i]) != std::string_view::npos || (c == '%' && !escape)) {
            out.append(1, '%').append(1, kDigits[c >> 4U]).append(1, kDigits[c & 15U]);
        } else {
            out.append(1, url[i]);
        }
    }
    return out;
}

std::string_view authority_of(std::string_view url) {
    const std::size_t begin = url.find("://") + 3;
    return url.substr(begin, std::min(url.find_first_of("/?#", begin), url.size()) - begin);
}

/// Takes "user:password@" out of a URL.
std::string take_user(std::string& url) {
    const std::string_view authority = authority_of(url);
    const std::size_t at = authority.rfind('@');
    if (at == std::string_view::npos) {
        return {};
    }
    const std::string user(authority.substr(0, at));
    url.erase(url.find("://") + 3, at + 1);
    return owned(CPLUnescapeString(user.c_str(), nullptr, CPLES_URL));
}

bool is_store_host(std::string_view url) {
    std::string_view host = authority_of(url);
    host = host.substr(0, host.find(':'));
    return std::any_of(kStoreHosts.begin(), kStoreHosts.end(),
                       [&](std::string_view suffix) { return host.ends_with(suffix); });
}

}  // namespace

Result<std::optional<HttpTarget>> HttpTargets::resolve(const std::string& location, bool renew) {
    constexpr std::string_view kCurl = "/vsicurl/";
    const std::string vsi_path = vsi_path_of(location);
    if (vsi_path.starts_with(kCurl)) {
        std::string url = vsi_path.substr(kCurl.size());
        if (is_web_url(url) && !path_flag(vsi_path, "VSICURL_PC_URL_SIGNING")) {
            return plain(vsi_path, std::move(url));
        }
    } else if (store_of(vsi_path) != nullptr) {
        return in_store(vsi_path, renew);
    }
    return std::optional<HttpTarget>();
}

Result<std::optional<HttpTarget>> HttpTargets::plain(const std::string& vsi_path, std::string url) {
    HttpTarget target;
    target.user_password = take_user(url);
    target.url = encoded(url);
    if (const std::string query = path_option(vsi_path, "VSICURL_QUERY_STRING"); !query.empty()) {
        target.url.append(1, target.url.find('?') == std::string::npos ? '?' : '&').append(query);
    }
    target.object_store = is_store_host(target.url);
    VCUBE_ASSIGN(const bool usable, settings_.apply(vsi_path, Login::kConfigured, target));
    return usable ? std::optional<HttpTarget>(std::move(target)) : std::nullopt;
}

Result<std::optional<HttpTarget>> HttpTargets::in_store(const std::string& vsi_path, bool renew) {
    const VsiScope quiet;
    const ObjectStore& store = *store_of(vsi_path);
    for (const char* const name : store.headers_only) {
        if (!path_option(vsi_path, name).empty()) {
            return std::optional<HttpTarget>();
        }
    }
    HttpTarget target;
    target.object_store = true;
    if (store.no_sign != nullptr && path_flag(vsi_path, store.no_sign)) {
        target.url = actual_url(vsi_path);
    } else {
        const std::uint64_t credentials = credentials_hash(store, vsi_path);
        if (is_refused(vsi_path, credentials)) {
            return std::optional<HttpTarget>();
        }
        std::optional<Signed> entry = remembered(vsi_path, credentials);
        if (renew || !entry) {
            const bool reads = renew && refresh(vsi_path);
            const Clock::time_point now = Clock::now();
            Signed made{signed_url(store, vsi_path), credentials, now, now + kSignatureLife - kMargin};
            if (reads && entry && now - entry->made < kFresh && signer_of(entry->url) == signer_of(made.url)) {
                refuse(vsi_path, credentials);
                return std::optional<HttpTarget>();
            }
            remember(vsi_path, made);
            entry = std::move(made);
        }
        target.url = entry->url;
        target.expires = entry->expires;
    }
    if (target.url.empty()) {
        return std::optional<HttpTarget>();
    }
    VCUBE_ASSIGN(const bool usable, settings_.apply(vsi_path, Login::kInUrl, target));
    return usable ? std::optional<HttpTarget>(std::move(target)) : std::nullopt;
}

std::optional<HttpTargets::Signed> HttpTargets::remembered(const std::string& vsi_path, std::uint64_t credentials) {
    const std::lock_guard lock(mutex_);
    const auto at = signed_.find(vsi_path);
    if (at == signed_.end() || at->second.credentials != credentials || at->second.expires <= Clock::now()) {
        return std::nullopt;
    }
    return at->second;
}

void HttpTargets::remember(const std::string& vsi_path, const Signed& entry) {
    const std::lock_guard lock(mutex_);
    if (entry.url.empty()) {
        signed_.erase(vsi_path);  // GDAL may be able to sign the next time
        return;
    }
    if (signed_.size() >= kMaxSigned && !signed_.contains(vsi_path)) {
        signed_.erase(signed_.begin());
    }
    signed_.insert_or_assign(vsi_path, entry);
}

bool HttpTargets::is_refused(const std::string& vsi_path, std::uint64_t credentials) {
    const std::lock_guard lock(mutex_);
    const auto at = buckets_.find(bucket_of(vsi_path));
    return at != buckets_.end() && at->second.refused == credentials && Clock::now() - at->second.asked < kRefused;
}

void HttpTargets::refuse(const std::string& vsi_path, std::uint64_t credentials) {
    const std::lock_guard lock(mutex_);
    buckets_[bucket_of(vsi_path)].refused = credentials;
}

/// GDAL keeps credentials of instances and roles, tokens, and the regions of buckets for the process. What was signed
/// before it forgot them is signed anew without that. Threads that are refused in one bucket share one question.
bool HttpTargets::refresh(const std::string& vsi_path) {
    std::promise<bool> answer;
    std::shared_future<bool> reads;
    bool forget = false;
    bool ask = false;
    {
        const std::lock_guard lock(mutex_);
        const Clock::time_point now = Clock::now();
        if (buckets_.size() >= kMaxBuckets) {
            buckets_.clear();
        }
        Bucket& bucket = buckets_[bucket_of(vsi_path)];
        ask = !bucket.reads.valid() || now - bucket.asked >= kPause;
        if (ask) {
            bucket.asked = now;
            bucket.reads = answer.get_future().share();
            forget = now - forgotten_ >= kPause;
            forgotten_ = forget ? now : forgotten_;
        }
        reads = bucket.reads;
    }
    if (forget) {
        VSICurlClearCache();
    }
    if (ask) {
        answer.set_value(gdal_reads(vsi_path));
    }
    return reads.get();
}

}  // namespace vcube::driver
