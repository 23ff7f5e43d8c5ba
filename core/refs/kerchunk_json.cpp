#include "core/refs/kerchunk_json.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/inflate.h"
#include "core/base/json_reader.h"
#include "core/refs/base64.h"
#include "core/refs/manifest.h"

namespace vcube {
namespace {

constexpr std::string_view kBase64Prefix = "base64:";

std::string quoted(std::string_view key) {
    constexpr std::size_t kShown = 200;
    return "key \"" + std::string(key.substr(0, kShown)) + (key.size() > kShown ? "...\"" : "\"");
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) {
        text.remove_prefix(1);
    }
    while (text.ends_with(' ')) {
        text.remove_suffix(1);
    }
    return text;
}

using Templates = std::map<std::string, std::string, std::less<>>;

/// `url` with each {{name}} replaced. Templates that hold {{ themselves take parameters.
Result<std::string> expanded(std::string_view url, const Templates& templates) {
    std::string out;
    for (std::size_t open = url.find("{{"); open != std::string_view::npos; open = url.find("{{")) {
        const std::size_t close = url.find("}}", open);
        if (close == std::string_view::npos) {
            break;
        }
        const std::string_view name = trimmed(url.substr(open + 2, close - open - 2));
        const auto found = templates.find(name);
        if (name.find('(') != std::string_view::npos ||
            (found != templates.end() && found->second.find("{{") != std::string::npos)) {
            return unsupported("the URL " + redacted(url) + " uses a template with parameters, which is not read");
        }
        if (found == templates.end()) {
            return invalid("the URL " + redacted(url) + " uses the template \"" + std::string(name) +
                           "\", which \"templates\" does not define");
        }
        out.append(url.substr(0, open)).append(found->second);
        url.remove_prefix(close + 2);
    }
    return out.append(url);
}

/// One reading of a document. Functions return false once the reader holds an error.
class Parser {
public:
    Parser(std::string_view text, const KerchunkLimits& limits)
        : text_(text), options_{.max_depth = limits.max_depth}, reader_(text, options_) {}

    Status parse(const std::string& name) {
        bool version_1 = false;
        JsonReader scout(text_, options_);
        if (!find_version(scout, version_1)) {
            return scout.error(name);
        }
        const bool done = version_1 ? read_version_1() : read_entries();
        if (!done || !reader_.finish()) {
            return reader_.error(name);
        }
        if (!templates_.empty()) {
            const Status status =
                builder_.rewrite_urls([this](std::string_view url) { return expanded(url, templates_); });
            if (!status.ok()) {
                return with_context(name, status.error());
            }
        }
        if (!builder_.has_metadata()) {
            return invalid(name + ": no Kerchunk references: no .zgroup, .zarray or .zattrs key in it");
        }
        return {};
    }

    ManifestBuilder&& builder() && { return std::move(builder_); }

private:
    /// Version 1 has the top-level key "version" or the object "refs"; version 0 is the flat references themselves. A
    /// pass that skips values, because the keys may come in any order; it ends at the first key that decides.
    static bool find_version(JsonReader& scout, bool& version_1) {
        if (!scout.begin_object()) {
            return false;
        }
        std::string_view key;
        while (scout.next_key(key)) {
            const JsonType type = scout.peek();
            version_1 = (key == "version" && type == JsonType::kNumber) || (key == "refs" && type == JsonType::kObject);
            if (version_1) {
                return true;
            }
            if (!scout.skip()) {
                return false;
            }
        }
        return scout.ok();
    }

    bool read_version_1() {
        bool has_refs = false;
        if (!reader_.begin_object()) {
            return false;
        }
        std::string_view key;
        while (reader_.next_key(key)) {
            bool done = true;
            if (key == "version") {
                done = read_version();
            } else if (key == "templates") {
                done = read_templates();
            } else if (key == "gen") {
                done = read_gen();
            } else if (key == "refs") {
                has_refs = true;
                done = read_entries();
            } else {
                done = reader_.skip();
            }
            if (!done) {
                return false;
            }
        }
        return reader_.ok() && (has_refs || reader_.fail("version 1 references without \"refs\""));
    }

    bool read_version() {
        std::string_view number;
        if (!reader_.read_number(number)) {
            return false;
        }
        return number == "1" || number == "0" ||
               reader_.fail(
                   "Kerchunk references of version " + std::string(number.substr(0, 40)) + "; 0 and 1 are read",
                   ErrorCode::kUnsupported);
    }

    bool read_templates() {
        if (!reader_.begin_object()) {
            return false;
        }
        std::string_view key;
        while (reader_.next_key(key)) {
            std::string_view value;
            if (reader_.peek() != JsonType::kString) {
                return reader_.fail("the template \"" + std::string(key) + "\" must be a string");
            }
            if (!reader_.read_string(value)) {
                return false;
            }
            templates_.insert_or_assign(std::string(key), std::string(value));
        }
        return reader_.ok();
    }

    bool read_gen() {
        std::string_view raw;
        if (!reader_.skip(raw)) {
            return false;
        }
        const bool empty = raw == "null" || raw.find_first_not_of("[] \t\r\n") == std::string_view::npos;
        return empty ||
               reader_.fail("the references are generated (\"gen\"), which is not read", ErrorCode::kUnsupported);
    }

    bool read_entries() {
        if (reader_.peek() != JsonType::kObject) {
            return reader_.fail("the references must be an object");
        }
        if (!reader_.begin_object()) {
            return false;
        }
        std::string_view key;
        while (reader_.next_key(key)) {
            if (!read_entry(key)) {
                return false;
            }
        }
        return reader_.ok();
    }

    bool read_entry(std::string_view key) {
        switch (reader_.peek()) {
            case JsonType::kArray:
                return read_reference(key);
            case JsonType::kString:
                return read_inline(key);
            case JsonType::kObject: {
                // The keys inside overwrite what `key` looks at.
                const std::string own_key(key);
                std::string_view raw;
                if (!reader_.skip(raw)) {
                    return false;
                }
                builder_.add_inline(own_key, as_byte_span(raw));
                return true;
            }
            case JsonType::kNull:
                builder_.add_missing(key);
                return reader_.skip();
            default: {
                const std::string own_key(key);
                return reader_.skip() && fail(own_key, "a reference must be a string, an object or an array");
            }
        }
    }

    /// [url] or [url, offset, length].
    bool read_reference(std::string_view key) {
        std::string_view url;
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
        if (!reader_.begin_array()) {
            return false;
        }
        if (!reader_.next_element() || reader_.peek() != JsonType::kString) {
            return fail(key, "a reference must begin with a URL string");
        }
        if (!reader_.read_string(url)) {
            return false;
        }
        const std::uint32_t url_id = builder_.intern_url(url);
        if (reader_.next_element()) {
            if (!read_count(key, "offset", offset)) {
                return false;
            }
            if (!reader_.next_element()) {
                return fail(key, "a reference has an offset without a length");
            }
            if (!read_count(key, "length", length)) {
                return false;
            }
            if (reader_.next_element()) {
                return fail(key, "a reference has more than URL, offset and length");
            }
        }
        if (!reader_.ok()) {
            return false;
        }
        // Length 0 with a URL is the whole object, for fsspec and GDAL alike.
        ByteRange range{offset, ByteRange::kEnd};
        if (length == 0) {
            range.begin = 0;
        } else if (__builtin_add_overflow(offset, length, &range.end)) {
            return fail(key, "offset and length together exceed 64 bits");
        }
        builder_.add_range(key, url_id, range);
        return true;
    }

    bool read_count(std::string_view key, const char* what, std::uint64_t& out) {
        if (reader_.peek() != JsonType::kNumber) {
            return fail(key, std::string("the ") + what + " must be a non-negative integer");
        }
        return reader_.read_uint(out) || reader_.in_context(quoted(key) + ": " + what);
    }

    bool read_inline(std::string_view key) {
        std::string_view text;
        if (!reader_.read_string(text)) {
            return false;
        }
        if (!text.starts_with(kBase64Prefix)) {
            builder_.add_inline(key, as_byte_span(text));
            return true;
        }
        if (!decode_base64(text.substr(kBase64Prefix.size()), decoded_)) {
            return fail(key, "damaged base64 data");
        }
        builder_.add_inline(key, as_byte_span(decoded_));
        return true;
    }

    bool fail(std::string_view key, const std::string& message) { return reader_.fail(quoted(key) + ": " + message); }

    std::string_view text_;
    JsonReaderOptions options_;
    JsonReader reader_;
    ManifestBuilder builder_;
    Templates templates_;
    std::string decoded_;
};

bool has_magic(ByteSpan document, std::string_view magic) {
    return as_text(document).starts_with(magic);
}

}  // namespace

Result<std::shared_ptr<const Store>> open_kerchunk_json(ByteSpan document, const std::string& name, UrlPolicy policy,
                                                        const KerchunkLimits& limits) {
    const std::string shown = redacted(name);
    std::optional<Result<Buffer>> inflated;
    if (has_magic(document, "\x1F\x8B")) {
        inflated = inflate_gzip_all(document, limits.max_document_bytes);
    } else if (has_magic(document, "\x28\xB5\x2F\xFD")) {
        inflated = decompress_zstd_all(document, limits.max_document_bytes);
    }
    if (inflated && !inflated->ok()) {
        return with_context(shown, inflated->error());
    }
    const ByteSpan text = inflated ? std::as_const(inflated->value()).span() : document;
    if (text.size() > limits.max_document_bytes) {
        return over_limit(shown + ": a reference document of " + std::to_string(text.size()) + " bytes, at most " +
                          std::to_string(limits.max_document_bytes) + " are read");
    }
    Parser parser(as_text(text), limits);
    VCUBE_TRY(parser.parse(shown));
    return std::move(parser).builder().build(shown, std::move(policy));
}

Result<std::shared_ptr<const Store>> open_kerchunk_json(ByteSource source, const std::string& name, UrlPolicy policy,
                                                        const KerchunkLimits& limits) {
    std::string document;
    Buffer window(limits.window_bytes);
    while (true) {
        VCUBE_ASSIGN(const std::size_t count, source.read(window.span()));
        if (count == 0) {
            break;
        }
        document.append(as_text(std::as_const(window).span().first(count)));
    }
    return open_kerchunk_json(as_byte_span(document), name, std::move(policy), limits);
}

}  // namespace vcube
