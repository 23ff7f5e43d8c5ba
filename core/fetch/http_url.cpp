#include "core/fetch/http_url.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "core/base/concat.h"

namespace vcube {
namespace {

using UrlHandle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) {
        return {};
    }
    std::string out(text);
    curl_free(text);
    return out;
}

/// A scheme that libcurl does not know is taken apart all the same, so that it can be named.
bool set_url(CURLU* handle, const std::string& url) {
    return curl_url_set(handle, CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
}

bool is_web(std::string_view scheme) {
    return scheme == "http" || scheme == "https";
}

}  // namespace

Result<std::string> origin_of(const std::string& url) {
    const UrlHandle handle(curl_url(), &curl_url_cleanup);
    if (!handle || !set_url(handle.get(), url)) {
        return invalid("the URL is malformed");
    }
    const std::string scheme = part_of(handle.get(), CURLUPART_SCHEME);
    if (!is_web(scheme)) {
        return invalid("the URL is neither http nor https");
    }
    std::string host = part_of(handle.get(), CURLUPART_HOST);
    std::transform(host.begin(), host.end(), host.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return concat(scheme, "://", host, ":", part_of(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
}

Result<std::string> redirect_target(const std::string& base, const std::string& location) {
    const UrlHandle handle(curl_url(), &curl_url_cleanup);
    if (!handle || !set_url(handle.get(), base) || !set_url(handle.get(), location)) {
        return invalid("redirected to a malformed URL");
    }
    const std::string scheme = part_of(handle.get(), CURLUPART_SCHEME);
    if (!is_web(scheme)) {
        // The name of a scheme is no secret; what a hostile server makes of it need not be shown at length.
        return Error{ErrorCode::kDenied,
                     concat("redirected to a ", scheme.substr(0, 20), ": URL, which is not followed")};
    }
    curl_url_set(handle.get(), CURLUPART_FRAGMENT, nullptr, 0);
    std::string out = part_of(handle.get(), CURLUPART_URL);
    if (out.empty()) {
        return invalid("redirected to a malformed URL");
    }
    return out;
}

}  // namespace vcube
