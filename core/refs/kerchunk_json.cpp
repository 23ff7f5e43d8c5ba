#include "core/refs/kerchunk_json.h"

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/base64.h"
#include "core/base/inflate_source.h"
#include "core/base/json_window.h"
#include "core/refs/gen.h"
#include "core/refs/manifest.h"
#include "core/refs/template.h"

namespace vcube {
namespace {

constexpr std::string_view kBase64Prefix = "base64:";
// Kerchunk's prototype of 2020: consolidated metadata with "<array>/.zchunkstore" among them.
constexpr std::string_view kPrototypeKey = "zarr_consolidated_format";
constexpr std::string_view kChunkStoreEnd = "/.zchunkstore";

std::string quoted(std::string_view key) {
    constexpr std::size_t kShown = 200;
    return "key \"" + std::string(key.substr(0, kShown)) + (key.size() > kShown ? "...\"" : "\"");
}

/// One reading of a document. Functions return false once the reader holds an error.
class Parser {
public:
    Parser(JsonWindow& input, const KerchunkLimits& limits)
        : input_(input), reader_(input.reader()), limits_(limits), templates_(std::make_shared<TemplateSet>()) {}

    Result<std::shared_ptr<const Store>> parse(const std::string& name, UrlPolicy policy) {
        Form form = Form::kFlat;
        bool done = input_.restart() && find_form(form) && input_.restart();
        if (done && form == Form::kFlat) {
            done = read_entries(true);
            // A document of references that turns out to hold "version" or "refs" behind them.
            if (done && late_version_) {
                form = Form::kVersion1;
                builder_ = std::make_unique<ManifestBuilder>();
                done = input_.restart();
            }
        }
        if (done && form != Form::kFlat) {
            done = read_members(form);
        }
        if (!done || !input_.finish()) {
            return input_.error(name);
        }
        const Status status = apply_templates();
        if (!status.ok()) {
            return with_context(name, status.error());
        }
        if (!builder_->has_metadata()) {
            return invalid(name + ": no Kerchunk references: no metadata key (.zgroup, .zarray, zarr.json ...) in it");
        }
        return std::move(*builder_).build(name, std::move(policy));
    }

private:
    enum class Form { kFlat, kVersion1, kPrototype };

    /// Version 1 has the top-level key "version" or the object "refs".
    [[nodiscard]] static bool tells_version_1(std::string_view key, JsonType type) {
        return (key == "version" && type == JsonType::kNumber) || (key == "refs" && type == JsonType::kObject);
    }

    /// Version 0 is the flat references themselves. A pass that skips values, because the keys may come in any order;
    /// it ends at the first key that tells.
    bool find_form(Form& form) {
        if (!input_.step([&] { return reader_.begin_object(); })) {
            return false;
        }
        while (true) {
            bool more = false;
            bool flat = false;
            const bool done = input_.step([&] {
                std::string_view key;
                more = reader_.next_key(key);
                if (more) {
                    const JsonType type = reader_.peek();
                    form = tells_version_1(key, type) ? Form::kVersion1
                           : key == kPrototypeKey     ? Form::kPrototype
                                                      : Form::kFlat;
                    flat = is_metadata_key(key) && (type == JsonType::kString || type == JsonType::kObject);
                    return type != JsonType::kEnd || reader_.skip();
                }
                return reader_.ok();
            });
            if (!done || !more || form != Form::kFlat || flat) {
                return done;
            }
            if (!input_.skip()) {
                return false;
            }
        }
    }

    /// The members of a version 1 or prototype document.
    bool read_members(Form form) {
        bool has_content = false;
        const bool prototype = form == Form::kPrototype;
        if (!input_.step([&] { return reader_.begin_object(); })) {
            return false;
        }
        while (true) {
            bool more = false;
            std::string name;
            const bool done = input_.step([&] {
                std::string_view key;
                more = reader_.next_key(key);
                name = more && key.size() < 16 ? key : "";
                if (reader_.ok() && !more && !has_content) {
                    return reader_.fail_here(prototype ? "a prototype of references without \"metadata\""
                                                       : "version 1 references without \"refs\"");
                }
                return reader_.ok();
            });
            if (!done || !more) {
                return done;
            }
            has_content = has_content || (prototype ? name == "metadata" : name == "refs" || name == "gen");
            if (prototype ? !(name == "metadata" ? read_entries(false) : input_.skip()) : !read_member(name)) {
                return false;
            }
        }
    }

    bool read_member(const std::string& name) {
        if (name == "version") {
            return input_.step([&] { return read_version(); });
        }
        if (name == "templates") {
            return input_.step([&] { return read_templates(); });
        }
        if (name == "gen") {
            return input_.step([&] {
                std::string_view raw;
                const bool done = reader_.skip(raw);
                gen_ = raw;
                return done;
            });
        }
        return name == "refs" ? read_entries(false) : input_.skip();
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
        *templates_ = {};
        if (reader_.peek() == JsonType::kNull) {
            return reader_.skip();
        }
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
            templates_->add(std::string(key), std::string(value));
        }
        return reader_.ok();
    }

    /// `flat`: the document's own object, which may turn out to be no object of references.
    bool read_entries(bool flat) {
        const bool begun = input_.step([&] {
            return reader_.peek() == JsonType::kObject || reader_.peek() == JsonType::kEnd
                       ? reader_.begin_object()
                       : reader_.fail_here("the references must be an object");
        });
        bool more = begun;
        while (more) {
            const bool done = input_.step([&] {
                std::string_view key;
                more = reader_.next_key(key);
                if (!more) {
                    return reader_.ok();
                }
                if (flat && tells_version_1(key, reader_.peek())) {
                    late_version_ = true;
                    more = false;
                    return true;
                }
                return read_entry(key);
            });
            if (!done) {
                return false;
            }
        }
        return begun;
    }

    bool read_entry(std::string_view key) {
        switch (reader_.peek()) {
            case JsonType::kArray:
                return read_reference(key);
            case JsonType::kString:
                return read_inline(key);
            case JsonType::kObject: {
                if (key.ends_with(kChunkStoreEnd)) {
                    return read_chunk_store(std::string(key));
                }
                // The keys inside overwrite what `key` looks at.
                const std::string own_key(key);
                std::string_view raw;
                if (!reader_.skip(raw)) {
                    return false;
                }
                builder_->add_inline(own_key, as_byte_span(raw));
                return true;
            }
            case JsonType::kNull:
                builder_->add_missing(key);
                return reader_.skip();
            default: {
                const std::string own_key(key);
                return reader_.skip() && fail(own_key, "a reference must be a string, an object or an array");
            }
        }
    }

    /// {"source": {"uri": url, ...}, "<key of a chunk>": {"offset": ..., "size": ...}, ...}, in any order.
    bool read_chunk_store(const std::string& own_key) {
        struct Chunk {
            std::string key;
            std::uint64_t offset = 0, size = 0;
        };
        std::vector<Chunk> chunks;
        std::string url;
        if (!reader_.begin_object()) {
            return false;
        }
        std::string_view key;
        while (reader_.next_key(key)) {
            Chunk chunk{std::string(key)};
            const bool is_source = key == "source";
            if (reader_.peek() != JsonType::kObject) {
                return fail(own_key, quoted(chunk.key) + " must be an object");
            }
            if (!reader_.begin_object()) {
                return false;
            }
            std::string_view field;
            while (reader_.next_key(field)) {
                std::string_view text;
                bool done = false;
                if (is_source && field == "uri" && reader_.peek() == JsonType::kString) {
                    done = reader_.read_string(text);
                    url = text;
                } else if (!is_source && (field == "offset" || field == "size")) {
                    done = field == "offset" ? read_count(chunk.key, "offset", chunk.offset)
                                             : read_count(chunk.key, "size", chunk.size);
                } else {
                    done = reader_.skip();
                }
                if (!done) {
                    return false;
                }
            }
            if (!is_source) {
                chunks.push_back(std::move(chunk));
            }
        }
        if (!reader_.ok()) {
            return false;
        }
        if (url.empty() && !chunks.empty()) {
            return fail(own_key, "there is no \"source\" with a \"uri\"");
        }
        const std::uint32_t url_id = chunks.empty() ? 0 : builder_->intern_url(url);
        for (const Chunk& chunk : chunks) {
            ByteRange range{chunk.offset, 0};
            if (chunk.size == 0 || __builtin_add_overflow(chunk.offset, chunk.size, &range.end)) {
                return fail(chunk.key, "expected a size above 0, and offset and size of 64 bits together");
            }
            builder_->add_range(chunk.key, url_id, range);
        }
        return true;
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
        const std::uint32_t url_id = builder_->intern_url(url);
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
        builder_->add_range(key, url_id, range);
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
            builder_->add_inline(key, as_byte_span(text));
            return true;
        }
        if (!decode_base64(text.substr(kBase64Prefix.size()), decoded_)) {
            return fail(key, "damaged base64 data");
        }
        builder_->add_inline(key, as_byte_span(decoded_));
        return true;
    }

    bool fail(std::string_view key, const std::string& message) { return reader_.fail(quoted(key) + ": " + message); }

    /// Generated entries come after all others, and URLs are templates wherever "templates" stands.
    Status apply_templates() {
        if (!templates_->empty()) {
            // URLs are rendered when a chunk is looked up; the first ones now, so that a mistake is found on opening.
            constexpr std::size_t kChecked = 1000;
            const auto templates = std::shared_ptr<const TemplateSet>(templates_);
            const auto render = [templates](std::string_view url) { return templates->render_url(url); };
            VCUBE_TRY(builder_->render_urls(render, kChecked));
        }
        if (gen_.empty()) {
            return {};
        }
        const GenLimits limits{limits_.max_generated, limits_.max_generated_text};
        return expand_gen(gen_, *templates_, limits, [&](std::string_view key, std::string_view url, ByteRange range) {
            builder_->add_range(key, builder_->intern_url(url), range);
        });
    }

    JsonWindow& input_;
    JsonReader& reader_;
    KerchunkLimits limits_;
    std::unique_ptr<ManifestBuilder> builder_ = std::make_unique<ManifestBuilder>();
    std::shared_ptr<TemplateSet> templates_;
    std::string gen_;
    bool late_version_ = false;
    std::string decoded_;
};

}  // namespace

Result<std::shared_ptr<const Store>> open_kerchunk_json(ByteSpan document, const std::string& name, UrlPolicy policy,
                                                        const KerchunkLimits& limits) {
    const std::string_view text = as_text(document);
    if (text.starts_with("\x1F\x8B") || text.starts_with("\x28\xB5\x2F\xFD")) {
        return open_kerchunk_json(memory_source(document), name, std::move(policy), limits);
    }
    const std::string shown = redacted(name);
    if (text.size() > limits.max_document_bytes) {
        return over_limit(shown + ": a reference document of " + std::to_string(text.size()) + " bytes, at most " +
                          std::to_string(limits.max_document_bytes) + " are read");
    }
    JsonWindow input(text, {.max_depth = limits.max_depth});
    return Parser(input, limits).parse(shown, std::move(policy));
}

Result<std::shared_ptr<const Store>> open_kerchunk_json(ByteSource source, const std::string& name, UrlPolicy policy,
                                                        const KerchunkLimits& limits) {
    const JsonWindowLimits window{limits.window_bytes, limits.max_value_bytes, limits.max_document_bytes};
    JsonWindow input(inflated_source(std::move(source)), {.max_depth = limits.max_depth}, window);
    return Parser(input, limits).parse(redacted(name), std::move(policy));
}

}  // namespace vcube
