#include "driver/http_settings.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "core/base/concat.h"
#include "cpl_conv.h"
#include "cpl_string.h"
#include "cpl_vsi.h"
#include "driver/option_values.h"
#include "driver/vsi_files.h"

namespace vcube::driver {
namespace {

constexpr std::size_t kKnownSettings = 64;
constexpr std::uint64_t kMaxHeaderFile = std::uint64_t{1} << 20;

/// Headers that the HTTP client itself decides on.
constexpr std::array<std::string_view, 4> kOwnHeaders = {"range", "accept-encoding", "connection", "content-length"};

std::string lower(std::string_view text) {
    return CPLString(std::string(text)).tolower();
}

/// The first that is set.
std::string first_option(const std::string& vsi_path, std::initializer_list<const char*> names) {
    for (const char* const name : names) {
        if (std::string value = path_option(vsi_path, name); !value.empty()) {
            return value;
        }
    }
    return {};
}

/// Appends "Name: value" where it is one; header injection (line ends, control characters) is left out.
void add_header(std::string_view line, std::vector<std::string>& out) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) {
        line.remove_suffix(1);
    }
    while (line.starts_with(' ')) {
        line.remove_prefix(1);
    }
    const std::size_t colon = line.find(':');
    const bool clean = std::none_of(line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n' || c == 0; });
    if (line.starts_with('#') || colon == 0 || colon == std::string_view::npos || !clean) {
        return;
    }
    const std::string name = lower(line.substr(0, colon));
    if (std::find(kOwnHeaders.begin(), kOwnHeaders.end(), name) == kOwnHeaders.end()) {
        out.emplace_back(line);
    }
}

/// GDAL_HTTP_HEADERS: lines, or pairs separated by commas of which one that holds a comma stands in double quotes.
void add_headers(const std::string& text, std::vector<std::string>& out) {
    const bool lines = text.find_first_of("\r\n") != std::string::npos;
    const CPLStringList parts(lines ? CSLTokenizeString2(text.c_str(), "\r\n", 0)
                                    : CSLTokenizeString2(text.c_str(), ",", CSLT_HONOURSTRINGS));
    for (int i = 0; i < parts.Count(); ++i) {
        add_header(parts[i], out);
    }
}

/// GDAL_HTTP_HEADER_FILE. Read anew each time: programs that renew a token rewrite it.
Status add_header_file(const std::string& path, std::vector<std::string>& out) {
    Result<Buffer> bytes = read_file(path, "GDAL_HTTP_HEADER_FILE", kMaxHeaderFile);
    if (!bytes.ok()) {
        return invalid("the file that GDAL_HTTP_HEADER_FILE names cannot be read");
    }
    const ByteSpan span = std::as_const(bytes.value()).span();
    const std::string text(reinterpret_cast<const char*>(span.data()), span.size());
    const CPLStringList lines(CSLTokenizeString2(text.c_str(), "\r\n", 0));
    for (int i = 0; i < lines.Count(); ++i) {
        add_header(lines[i], out);
    }
    return {};
}

Status read_headers(const std::string& vsi_path, std::vector<std::string>& out) {
    if (const std::string file = path_option(vsi_path, "GDAL_HTTP_HEADER_FILE"); !file.empty()) {
        VCUBE_TRY(add_header_file(file, out));
    }
    add_headers(path_option(vsi_path, "GDAL_HTTP_HEADERS"), out);
    return {};
}

/// Headers that may go with a signature in the URL. false: there is one that would have to be signed.
bool keep_unsigned(std::vector<std::string>& headers) {
    std::erase_if(headers, [](const std::string& line) {
        const std::string name = lower(std::string_view(line).substr(0, line.find(':')));
        return name == "authorization" || name == "cookie";
    });
    return std::none_of(headers.begin(), headers.end(), [](const std::string& line) {
        const std::string name = lower(line);
        return name.starts_with("x-amz-") || name.starts_with("x-goog-") || name.starts_with("x-ms-") ||
               name.starts_with("x-oss-");
    });
}

HttpSettings read_settings(const std::string& vsi_path, bool https, Login login) {
    HttpSettings out;
    if (std::string agent = path_option(vsi_path, "GDAL_HTTP_USERAGENT"); !agent.empty()) {
        out.user_agent = std::move(agent);
    }
    out.proxy = https ? first_option(vsi_path, {"GDAL_HTTPS_PROXY", "GDAL_HTTP_PROXY", "GDAL_PROXY"})
                      : first_option(vsi_path, {"GDAL_HTTP_PROXY", "GDAL_PROXY"});
    out.proxy_user_password = path_option(vsi_path, "GDAL_HTTP_PROXYUSERPWD");
    out.proxy_auth = upper(first_option(vsi_path, {"GDAL_PROXY_AUTH", "GDAL_HTTP_PROXYAUTH"}));
    out.ca_file = first_option(vsi_path, {"GDAL_CURL_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"});
    out.ca_folder = path_option(vsi_path, "GDAL_HTTP_CAPATH");
    out.client_certificate = path_option(vsi_path, "GDAL_HTTP_SSLCERT");
    out.client_key = path_option(vsi_path, "GDAL_HTTP_SSLKEY");
    out.client_key_password = path_option(vsi_path, "GDAL_HTTP_KEYPASSWD");
    out.verify = !path_flag(vsi_path, "GDAL_HTTP_UNSAFESSL");
    if (login == Login::kConfigured) {
        out.netrc = path_flag(vsi_path, "GDAL_HTTP_NETRC", true);
        out.netrc_file = path_option(vsi_path, "GDAL_HTTP_NETRC_FILE");
        out.cookie = path_option(vsi_path, "GDAL_HTTP_COOKIE");
        out.cookie_file = path_option(vsi_path, "GDAL_HTTP_COOKIEFILE");
        out.cookie_jar = path_option(vsi_path, "GDAL_HTTP_COOKIEJAR");
    } else {
        out.netrc = false;
    }
    out.http_version = upper(path_option(vsi_path, "GDAL_HTTP_VERSION"));
    out.tcp_keep_alive = path_flag(vsi_path, "GDAL_HTTP_TCP_KEEPALIVE", true);
    return out;
}

/// What the client does not do: certificates in other forms than PEM.
bool needs_gdal(const std::string& vsi_path) {
    const auto is_pem = [&](const char* name) {
        const std::string type = path_option(vsi_path, name);
        return type.empty() || EQUAL(type.c_str(), "PEM");
    };
    return !is_pem("GDAL_HTTP_SSLCERTTYPE") || !is_pem("GDAL_HTTP_SSLKEYTYPE");
}

}  // namespace

std::string path_option(const std::string& vsi_path, const char* name) {
    return VSIGetPathSpecificOption(vsi_path.c_str(), name, "");
}

bool path_flag(const std::string& vsi_path, const char* name, bool otherwise) {
    const std::string value = path_option(vsi_path, name);
    return value.empty() ? otherwise : CPLTestBool(value.c_str());
}

Result<bool> HttpSettingsTable::apply(const std::string& vsi_path, Login login, HttpTarget& target) {
    if (needs_gdal(vsi_path)) {
        return false;
    }
    std::vector<std::string> headers;
    VCUBE_TRY(read_headers(vsi_path, headers));
    if (login == Login::kInUrl && !keep_unsigned(headers)) {
        return false;
    }
    target.headers = std::move(headers);
    if (login == Login::kConfigured) {
        if (std::string user = path_option(vsi_path, "GDAL_HTTP_USERPWD"); !user.empty()) {
            target.user_password = std::move(user);
        }
        target.bearer = path_option(vsi_path, "GDAL_HTTP_BEARER");
        target.auth = upper(path_option(vsi_path, "GDAL_HTTP_AUTH"));
        if (target.auth.empty()) {
            target.auth = !target.bearer.empty() ? "BEARER" : !target.user_password.empty() ? "BASIC" : "";
        }
    }
    target.settings = shared(read_settings(vsi_path, target.url.starts_with("https:"), login));
    return true;
}

std::shared_ptr<const HttpSettings> HttpSettingsTable::shared(HttpSettings settings) {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(known_.begin(), known_.end(), [&](const auto& known) { return *known == settings; });
    if (at != known_.end()) {
        std::rotate(at, at + 1, known_.end());
        return known_.back();
    }
    if (known_.size() == kKnownSettings) {
        known_.erase(known_.begin());
    }
    known_.push_back(std::make_shared<const HttpSettings>(std::move(settings)));
    return known_.back();
}

}  // namespace vcube::driver
