#include "core/fetch/curl_options.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <system_error>

#include "core/base/concat.h"

namespace vcube {
namespace {

struct AuthRow {
    std::string_view name;
    unsigned long bits;
};

constexpr std::array kAuths = {
    AuthRow{"", CURLAUTH_BASIC},          AuthRow{"BASIC", CURLAUTH_BASIC},         AuthRow{"DIGEST", CURLAUTH_DIGEST},
    AuthRow{"NTLM", CURLAUTH_NTLM},       AuthRow{"NEGOTIATE", CURLAUTH_NEGOTIATE}, AuthRow{"ANY", CURLAUTH_ANY},
    AuthRow{"ANYSAFE", CURLAUTH_ANYSAFE}, AuthRow{"BEARER", CURLAUTH_BEARER},
};

struct VersionRow {
    std::string_view name;
    long version;
};

constexpr std::array kVersions = {
    VersionRow{"", CURL_HTTP_VERSION_2TLS},
    VersionRow{"1.0", CURL_HTTP_VERSION_1_0},
    VersionRow{"1.1", CURL_HTTP_VERSION_1_1},
    VersionRow{"2", CURL_HTTP_VERSION_2_0},
    VersionRow{"2.0", CURL_HTTP_VERSION_2_0},
    VersionRow{"2TLS", CURL_HTTP_VERSION_2TLS},
    VersionRow{"2PRIOR_KNOWLEDGE", CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE},
};

template <class Rows>
const auto* find_row(const Rows& rows, std::string_view name) {
    const auto* const row =
        std::find_if(rows.begin(), rows.end(), [&](const auto& known) { return known.name == name; });
    return row == rows.end() ? nullptr : row;
}

/// Sets options one after another and remembers the first that libcurl does not take.
class Setter {
public:
    explicit Setter(CURL* easy) : easy_(easy) {}

    template <class Value>
    void set(CURLoption option, Value value, const char* what) {
        if (curl_easy_setopt(easy_, option, value) != CURLE_OK && !failed_) {
            failed_ = what;
        }
    }
    void text(CURLoption option, const std::string& value, const char* what) {
        if (!value.empty()) {
            set(option, value.c_str(), what);
        }
    }
    void fail(const char* what) { failed_ = failed_ ? failed_ : what; }
    [[nodiscard]] Status status() const {
        return failed_ ? Status(unsupported(concat("libcurl does not take the ", failed_))) : Status();
    }

private:
    CURL* easy_;
    const char* failed_ = nullptr;
};

/// Programs that the host starts do not inherit connections.
int close_on_exec(void* /*unused*/, curl_socket_t socket, curlsocktype /*unused*/) {
    (void)::fcntl(socket, F_SETFD, FD_CLOEXEC);
    return CURL_SOCKOPT_OK;
}

void apply_transport(Setter& out, const HttpTarget& target, const HttpSettings& settings) {
    out.text(CURLOPT_URL, target.url, "URL");
#if LIBCURL_VERSION_NUM >= 0x075500
    out.set(CURLOPT_PROTOCOLS_STR, "http,https", "protocols");
#else
    out.set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS), "protocols");
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    out.set(CURLOPT_QUICK_EXIT, 1L, "way of ending");  // a name that is being looked up holds up no cancellation
#endif
    out.set(CURLOPT_FOLLOWLOCATION, 0L, "rule for redirects");
    out.set(CURLOPT_NOSIGNAL, 1L, "rule for signals");
    out.set(CURLOPT_TCP_NODELAY, 1L, "socket option");
    out.set(CURLOPT_TCP_KEEPALIVE, settings.tcp_keep_alive ? 1L : 0L, "socket option");
    out.set(CURLOPT_SOCKOPTFUNCTION, &close_on_exec, "socket option");
    out.set(CURLOPT_PATH_AS_IS, 1L, "path");  // signatures are of the path as it stands
    out.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L, "rule for proxies");
    const VersionRow* version = find_row(kVersions, settings.http_version);
    if (version == nullptr) {
        out.fail("version of HTTP");
    } else {
        out.set(CURLOPT_HTTP_VERSION, version->version, "version of HTTP");
        // Where the server has HTTP/2, a few connections do. An object store is faster by many; plain HTTP has no say.
        const bool may_share = target.url.starts_with("https:") && !settings.http_version.starts_with('1');
        out.set(CURLOPT_PIPEWAIT, may_share && !target.object_store ? 1L : 0L, "rule for connections");
    }
}

/// Whether the file of certificates that libcurl was built to use is there.
bool system_has_bundle() {
    static const bool has = [] {
        const char* file = nullptr;
        CURL* easy = curl_easy_init();
        const bool named =
            easy != nullptr && curl_easy_getinfo(easy, CURLINFO_CAINFO, &file) == CURLE_OK && file != nullptr;
        const bool readable = named && ::access(file, R_OK) == 0;
        curl_easy_cleanup(easy);
        return readable;
    }();
    return has;
}

void apply_settings(Setter& out, const HttpSettings& settings) {
    out.text(CURLOPT_USERAGENT, settings.user_agent, "user agent");
    out.text(CURLOPT_PROXY, settings.proxy, "proxy");
    out.text(CURLOPT_PROXYUSERPWD, settings.proxy_user_password, "proxy's user");
    if (const AuthRow* auth = find_row(kAuths, settings.proxy_auth)) {
        out.set(CURLOPT_PROXYAUTH, auth->bits, "way to log in at the proxy");
    } else {
        out.fail("way to log in at the proxy");
    }
    if (settings.ca_file.empty() && settings.ca_folder.empty() && system_has_bundle()) {
        // The same certificates as in the folder, and libcurl reads them once, not for every connection.
        out.set(CURLOPT_CAPATH, static_cast<const char*>(nullptr), "folder of certificates");
    }
    out.text(CURLOPT_CAINFO, settings.ca_file, "file of certificates");
    out.text(CURLOPT_CAPATH, settings.ca_folder, "folder of certificates");
    out.text(CURLOPT_SSLCERT, settings.client_certificate, "client's certificate");
    out.text(CURLOPT_SSLKEY, settings.client_key, "client's key");
    out.text(CURLOPT_KEYPASSWD, settings.client_key_password, "password of the client's key");
    out.set(CURLOPT_SSL_VERIFYPEER, settings.verify ? 1L : 0L, "rule for certificates");
    out.set(CURLOPT_SSL_VERIFYHOST, settings.verify ? 2L : 0L, "rule for certificates");
    out.text(CURLOPT_COOKIE, settings.cookie, "cookie");
}

void apply_login(Setter& out, const HttpTarget& target, const HttpSettings& settings) {
    const AuthRow* auth = find_row(kAuths, target.auth);
    if (auth == nullptr) {
        out.fail("way to log in");
        return;
    }
    out.set(CURLOPT_HTTPAUTH, auth->bits, "way to log in");
    if (target.auth == "BEARER") {
        out.text(CURLOPT_XOAUTH2_BEARER, target.bearer, "token");
        return;
    }
    out.text(CURLOPT_USERPWD, target.user_password, "user");
    if (settings.netrc && target.user_password.empty()) {
        out.set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL), ".netrc");
        out.text(CURLOPT_NETRC_FILE, settings.netrc_file, ".netrc");
    }
}

void add_header(Setter& out, const std::string& line, CurlList& headers) {
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
        out.fail("header, which has a line end in it");
        return;
    }
    curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
    if (longer == nullptr) {
        out.fail("header: no memory");
        return;
    }
    (void)headers.release();
    headers.reset(longer);
}

}  // namespace

void init_curl() {
    static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)done;
}

Status apply_target(CURL* easy, const HttpTarget& target, const std::string& header, CurlList& headers) {
    static const HttpSettings kDefaults;
    const HttpSettings& settings = target.settings ? *target.settings : kDefaults;
    Setter out(easy);
    apply_transport(out, target, settings);
    apply_settings(out, settings);
    apply_login(out, target, settings);
    headers.reset();
    for (const std::string& line : target.headers) {
        add_header(out, line, headers);
    }
    if (!header.empty()) {
        add_header(out, header, headers);
    }
    out.set(CURLOPT_HTTPHEADER, headers.get(), "headers");
    return out.status();
}

TransportFault fault_of(CURLcode code, bool sent) {
    switch (code) {
        case CURLE_OK:
            return TransportFault::kNone;
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_INTERFACE_FAILED:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PROXY:
            return TransportFault::kUnreachable;
        case CURLE_OPERATION_TIMEDOUT:
            return sent ? TransportFault::kStalled : TransportFault::kUnreachable;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_CRL_BADFILE:
        case CURLE_SSL_INVALIDCERTSTATUS:
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            return TransportFault::kTls;
        case CURLE_URL_MALFORMAT:
        case CURLE_NOT_BUILT_IN:
        case CURLE_BAD_FUNCTION_ARGUMENT:
        case CURLE_UNKNOWN_OPTION:
        case CURLE_OUT_OF_MEMORY:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ENGINE_NOTFOUND:
        case CURLE_SSL_CLIENTCERT:
        case CURLE_LOGIN_DENIED:
            return TransportFault::kUnusable;
        case CURLE_UNSUPPORTED_PROTOCOL:  // also of a reply that is not HTTP
            return sent ? TransportFault::kBroken : TransportFault::kUnusable;
        default:
            return sent ? TransportFault::kBroken : TransportFault::kUnreachable;
    }
}

std::string words_of(CURL* easy, CURLcode code) {
    std::string words = curl_easy_strerror(code);
    long number = 0;
    if (curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number) == CURLE_OK && number != 0) {
        words.append(" (").append(std::generic_category().message(static_cast<int>(number))).append(")");
    }
    return words;
}

}  // namespace vcube
