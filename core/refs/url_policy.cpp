#include "core/refs/url_policy.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace vcube {
namespace {

constexpr std::array<std::string_view, 13> kRemoteSchemes = {"http", "https", "ftp",   "s3",  "s3a", "gs",   "gcs",
                                                             "az",   "abfs",  "abfss", "adl", "oss", "swift"};

/// File systems of GDAL that reach the network whatever follows their prefix.
constexpr std::array<std::string_view, 13> kRemoteVsi = {"/vsis3/",
                                                         "/vsis3_streaming/",
                                                         "/vsigs/",
                                                         "/vsigs_streaming/",
                                                         "/vsiaz/",
                                                         "/vsiaz_streaming/",
                                                         "/vsiadls/",
                                                         "/vsioss/",
                                                         "/vsioss_streaming/",
                                                         "/vsiswift/",
                                                         "/vsiswift_streaming/",
                                                         "/vsihdfs/",
                                                         "/vsiwebhdfs/"};

/// Those that read another file, which follows the prefix.
constexpr std::array<std::string_view, 5> kArchiveVsi = {"/vsizip/", "/vsigzip/", "/vsitar/", "/vsi7z/", "/vsirar/"};

constexpr int kMaxNesting = 8;

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

/// Length of the scheme where `url` begins with "scheme:", otherwise 0. One letter is a drive, not a scheme.
std::size_t scheme_length(std::string_view url) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (url.empty() || !is_letter(url[0])) {
        return 0;
    }
    std::size_t i = 1;
    while (i < url.size() &&
           (is_letter(url[i]) || (url[i] >= '0' && url[i] <= '9') || url[i] == '+' || url[i] == '-' || url[i] == '.')) {
        ++i;
    }
    return i > 1 && i < url.size() && url[i] == ':' ? i : 0;
}

/// The lower-case scheme of "scheme://...", "file:..." or "local:...", otherwise "".
std::string scheme_of(std::string_view url) {
    const std::size_t length = scheme_length(url);
    if (length == 0) {
        return {};
    }
    std::string scheme = lower(url.substr(0, length));
    const bool has_authority = url.substr(length).starts_with("://");
    const bool is_file = scheme == "file" || scheme == "local";
    return has_authority || is_file ? scheme : std::string();
}

bool is_remote_scheme(std::string_view scheme) {
    return std::find(kRemoteSchemes.begin(), kRemoteSchemes.end(), scheme) != kRemoteSchemes.end();
}

bool starts_with_any(std::string_view text, const auto& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) { return text.starts_with(p); });
}

/// Whether reading `path` can only reach the network: what a remote reference may name. Stricter than is_remote: forms
/// with options ("/vsicurl?header_file=/etc/...") are out.
bool only_remote(std::string_view path, int nesting = 0) {
    if (nesting > kMaxNesting) {
        return false;
    }
    if (const std::string scheme = scheme_of(path); !scheme.empty()) {
        return is_remote_scheme(scheme);
    }
    for (const std::string_view prefix : {"/vsicurl/", "/vsicurl_streaming/"}) {
        if (path.starts_with(prefix)) {
            const std::string scheme = scheme_of(path.substr(prefix.size()));
            return scheme == "http" || scheme == "https" || scheme == "ftp";
        }
    }
    if (starts_with_any(path, kRemoteVsi)) {
        return true;
    }
    for (const std::string_view prefix : kArchiveVsi) {
        if (path.starts_with(prefix)) {
            std::string inner(path.substr(prefix.size()));
            if (inner.starts_with("{")) {
                inner.erase(0, 1);
            }
            // GDAL reads "/vsizip/vsicurl/..." as "/vsizip//vsicurl/...".
            return only_remote(inner.starts_with("vsi") ? "/" + inner : inner, nesting + 1);
        }
    }
    if (path.starts_with("/vsisubfile/")) {
        const std::size_t comma = path.find(',');
        return comma != std::string_view::npos && only_remote(path.substr(comma + 1), nesting + 1);
    }
    return false;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low >= 0) {
            out.push_back(static_cast<char>(static_cast<unsigned char>(high * 16 + low)));
            i += 2;
        } else {
            out.push_back(text[i]);
        }
    }
    return out;
}

/// The path of a file: URL in any spelling of RFC 8089. `rest` follows the colon.
Result<std::string> file_url_path(std::string_view rest) {
    if (rest.starts_with("//")) {
        rest.remove_prefix(2);
        const std::size_t slash = std::min(rest.find('/'), rest.size());
        const std::string host = lower(rest.substr(0, slash));
        if (!host.empty() && host != "localhost") {
            return unsupported("the file URL names the host \"" + host + "\"; only files of this machine are read");
        }
        rest.remove_prefix(slash);
    }
    std::string path = percent_decoded(rest);
    if (path.empty() || path.find('\0') != std::string::npos) {
        return invalid("a file URL without a usable path");
    }
    return path;
}

/// End of the archive's name in the path of a folder in it ("/vsizip/{...}/", "/vsizip//data/a.zip/"); 0 where `base`
/// does not lie in an archive.
std::size_t archive_length(std::string_view base) {
    for (const std::string_view prefix : kArchiveVsi) {
        if (!base.starts_with(prefix)) {
            continue;
        }
        if (base.substr(prefix.size()).starts_with('{')) {
            const std::size_t brace = base.rfind("}/");
            return brace == std::string_view::npos ? base.size() : brace + 2;
        }
        const std::string small = lower(base);
        std::size_t end = 0;
        for (const std::string_view name : {".zip/", ".tar/", ".tgz/", ".tar.gz/", ".kmz/", ".7z/", ".rar/"}) {
            const std::size_t at = small.rfind(name);
            end = at == std::string::npos ? end : std::max(end, at + name.size());
        }
        return end;
    }
    return 0;
}

/// Length of what shows one file as another: names relative to "/vsigzip//d/refs.json.gz" are names in "/d/".
std::size_t wrapper_length(std::string_view path) {
    constexpr std::string_view kGzip = "/vsigzip/";
    constexpr std::string_view kPart = "/vsisubfile/";
    if (path.starts_with(kGzip)) {
        return kGzip.size() + wrapper_length(path.substr(kGzip.size()));
    }
    const std::size_t comma = path.starts_with(kPart) ? path.find(',') : std::string_view::npos;
    return comma == std::string_view::npos ? 0 : comma + 1 + wrapper_length(path.substr(comma + 1));
}

/// Begin of the part of `base` in which ".." may climb: behind archive, host, bucket or /vsi prefix.
std::size_t root_length(std::string_view base) {
    if (const std::size_t archive = archive_length(base); archive != 0) {
        return archive;
    }
    const std::size_t authority = base.rfind("://");
    if (authority != std::string_view::npos) {
        const std::size_t slash = base.find('/', authority + 3);
        return slash == std::string_view::npos ? base.size() : slash + 1;
    }
    std::size_t slash = base.find('/', 1);
    if (slash != std::string_view::npos && starts_with_any(base, kRemoteVsi)) {
        slash = base.find('/', slash + 1);  // the bucket belongs to the root
    }
    return slash == std::string_view::npos ? base.size() : slash + 1;
}

/// base + relative with "." and ".." segments of the relative part taken out; nothing where it climbs above the root.
std::optional<std::string> joined(const std::string& base, std::string_view relative) {
    const std::size_t root = root_length(base);
    std::string out = base;
    while (true) {
        const std::size_t slash = relative.find('/');
        const std::string_view segment = relative.substr(0, slash);
        const bool last = slash == std::string_view::npos;
        if (segment == "..") {
            if (out.size() <= root) {
                return std::nullopt;
            }
            const std::size_t parent = out.rfind('/', out.size() - 2);
            out.resize(std::max(parent == std::string::npos ? 0 : parent + 1, root));
        } else if (segment != ".") {
            out.append(segment);
            out.append(last ? "" : "/");
        }
        if (last) {
            return out;
        }
        relative.remove_prefix(slash + 1);
    }
}

Error denied(std::string_view url) {
    return {ErrorCode::kDenied, "the reference file is remote and names the local file " + redacted(url) +
                                    "; the option ALLOW_LOCAL_REFERENCES=YES permits that"};
}

/// fsspec's chains: a caching layer in front means nothing here; others ("zip://member::url") are not read.
Result<std::string_view> without_chain(std::string_view url) {
    for (std::size_t end = url.find("::"); end != std::string_view::npos; end = url.find("::")) {
        const std::string layer = lower(url.substr(0, end));
        const bool plain = layer == "simplecache" || layer == "filecache" || layer == "blockcache" || layer == "cached";
        if (plain) {
            url.remove_prefix(end + 2);
        } else if (scheme_of(url.substr(end + 2)).empty()) {
            break;  // a file name that holds two colons
        } else {
            return unsupported("the chained URL " + redacted(url) + " is not read");
        }
    }
    return url;
}

Result<std::string> resolve_relative(std::string_view url, const UrlPolicy& policy) {
    if (policy.base.empty()) {
        return std::string(url);
    }
    if (!policy.remote_base && !policy.base.starts_with("/vsi")) {
        // The operating system resolves "..": a folder of the path may be a symbolic link.
        while (url.starts_with("./")) {
            url.remove_prefix(2);
        }
        return policy.base + std::string(url);
    }
    auto out = joined(policy.base, url);
    if (!out) {
        return Error{ErrorCode::kDenied, "the relative name " + redacted(url) + " climbs above its root"};
    }
    if (policy.remote_base && !policy.allow_local && !only_remote(*out)) {
        return denied(url);
    }
    return std::move(*out);
}

}  // namespace

bool is_remote(std::string_view location) {
    for (int nesting = 0; nesting <= kMaxNesting; ++nesting) {
        const std::string scheme = scheme_of(location);
        if (!scheme.empty()) {
            return scheme != "file" && scheme != "local" && scheme != "memory";
        }
        if (!location.starts_with("/vsi")) {
            return false;
        }
        if (location.starts_with("/vsicurl") || starts_with_any(location, kRemoteVsi)) {
            return true;
        }
        // A file system upon another: whatever follows decides.
        const std::size_t inner = location.find("/vsi", 1);
        if (inner == std::string_view::npos) {
            const std::size_t slash = location.find('/', 1);
            std::string_view rest = slash == std::string_view::npos ? "" : location.substr(slash + 1);
            rest.remove_prefix(rest.starts_with("{") ? 1 : 0);
            return is_remote_scheme(scheme_of(rest));
        }
        location.remove_prefix(inner);
    }
    return true;
}

UrlPolicy policy_for(std::string_view location, bool allow_local) {
    UrlPolicy out;
    out.allow_local = allow_local;
    out.remote_base = is_remote(location);
    std::string place(location);
    if (const std::string scheme = scheme_of(location); scheme == "file" || scheme == "local") {
        auto path = file_url_path(location.substr(scheme.size() + 1));
        place = path.ok() ? std::move(path).value() : std::string();
    } else if (out.remote_base) {
        // A query belongs to the reference file alone. "/vsicurl?..." keeps its options: they hold the URL.
        if (!place.starts_with("/vsicurl?")) {
            place.resize(std::min(place.find_first_of("?#"), place.size()));
        }
        if (!scheme.empty()) {
            place.replace(0, scheme.size(), scheme);
        }
    }
    place.erase(0, wrapper_length(place));
    while (place.size() > 1 && place.ends_with('/') && !place.ends_with("://")) {
        place.pop_back();  // a folder of references stands beside what it names, as a file does
    }
    const std::size_t authority = place.find("://");
    const std::size_t slash = place.rfind('/');
    if (authority != std::string::npos && slash <= authority + 2) {
        out.base = place + "/";
    } else {
        out.base = slash == std::string::npos ? std::string() : place.substr(0, slash + 1);
    }
    return out;
}

Result<std::string> resolve_url(std::string_view url, const UrlPolicy& policy) {
    if (url.empty()) {
        return invalid("an empty URL");
    }
    if (url.find('\0') != std::string_view::npos) {
        return invalid("a URL that holds a NUL byte");
    }
    VCUBE_ASSIGN(url, without_chain(url));
    const bool remote_only = policy.remote_base && !policy.allow_local;
    const std::string scheme = scheme_of(url);
    if (scheme == "file" || scheme == "local") {
        if (remote_only) {
            return denied(url);
        }
        VCUBE_ASSIGN(std::string path, file_url_path(url.substr(scheme.size() + 1)));
        return path[0] == '/' ? Result<std::string>(std::move(path)) : resolve_relative(path, policy);
    }
    if (!scheme.empty()) {
        if (!is_remote_scheme(scheme)) {
            return unsupported("the URL scheme \"" + scheme + "\" is not known");
        }
        return scheme + std::string(url.substr(scheme.size()));
    }
    if (url[0] == '/') {
        if (remote_only && !only_remote(url)) {
            return denied(url);
        }
        return std::string(url);
    }
    return resolve_relative(url, policy);
}

bool stays_below(std::string_view name) {
    if (name.find('\\') != std::string_view::npos || name.find('\0') != std::string_view::npos) {
        return false;
    }
    while (true) {
        const std::size_t slash = name.find('/');
        const std::string_view part = name.substr(0, slash);
        if (part.empty() || part == "." || part == "..") {
            return false;
        }
        if (slash == std::string_view::npos) {
            return true;
        }
        name.remove_prefix(slash + 1);
    }
}

}  // namespace vcube
