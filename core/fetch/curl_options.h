// What an HttpTarget and its HttpSettings mean for an easy handle of libcurl, and what libcurl's results mean here.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "core/fetch/http_message.h"
#include "vcube/result.h"

namespace vcube {

struct CurlListDelete {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlList = std::unique_ptr<curl_slist, CurlListDelete>;

/// Initialises libcurl once in the process. Thread-safe.
void init_curl();

/// Sets all that target and settings say on a handle that was reset, and a header line beside the target's, "" for
/// none. `headers` keeps what the handle refers to and has to outlive the transfer. The error tells what cannot be
/// used, without its value. Cookie files are not read or written here (see CookieFiles).
Status apply_target(CURL* easy, const HttpTarget& target, const std::string& header, CurlList& headers);

/// kNone for CURLE_OK. `sent`: whether the request went out.
TransportFault fault_of(CURLcode code, bool sent);

/// What went wrong, in words without names or URLs.
std::string words_of(CURL* easy, CURLcode code);

}  // namespace vcube
