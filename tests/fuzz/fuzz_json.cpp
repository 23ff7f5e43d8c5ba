// Reference documents and small JSON documents, hostile: any bytes give a result or an error. What is checked beside:
// whatever nlohmann accepts is accepted here, a tree survives being written and read again, remote references never
// yield a local file, and a stream gives what the whole gives. The bytes are tried as a template too.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/json_reader.h"
#include "core/refs/kerchunk_json.h"
#include "core/refs/sniff.h"
#include "core/refs/template.h"

namespace vcube {
namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void check_tree(std::string_view text) {
    const auto tree = parse_json(text, "fuzz");
    if (!tree.ok()) {
        const bool excused =
            tree.error().code == ErrorCode::kLimit || tree.error().message.find("out of range") != std::string::npos;
        // nlohmann takes a NUL for the end of the text.
        require(excused || text.find('\0') != std::string_view::npos || !Json::accept(text));
        return;
    }
    const auto again = parse_json(tree.value().dump(), "fuzz");
    require(again.ok() && again.value().dump() == tree.value().dump());
}

/// Keys of every object in the first two levels.
void collect_keys(std::string_view text, std::vector<std::string>& out) {
    JsonReader reader(text);
    std::string_view key;
    if (!reader.begin_object()) {
        return;
    }
    while (reader.next_key(key)) {
        out.emplace_back(key);
        if (reader.peek() != JsonType::kObject) {
            static_cast<void>(reader.skip());
            continue;
        }
        if (!reader.begin_object()) {
            return;
        }
        while (reader.next_key(key)) {
            out.emplace_back(key);
            static_cast<void>(reader.skip());
        }
    }
}

KerchunkLimits fuzz_limits() {
    return {.max_document_bytes = 4U << 20U,
            .max_value_bytes = 4U << 20U,
            .max_generated = 500,
            .max_generated_text = 1U << 20U};
}

void check_references(ByteSpan document, const char* location, bool remote) {
    const auto store = open_kerchunk_json(document, location, policy_for(location, false), fuzz_limits());
    if (!store.ok()) {
        require(!store.error().message.empty());
        return;
    }
    const auto metadata_keys = store.value()->metadata_keys();
    for (const std::string& key : metadata_keys.value()) {
        static_cast<void>(store.value()->metadata(key));
    }
    std::vector<std::string> keys{"a/0.0"};
    collect_keys(as_text(document), keys);
    for (const std::string& key : keys) {
        ChunkLocation out;
        if (!store.value()->locate(std::span(&key, 1), std::span(&out, 1)).ok()) {
            continue;
        }
        const auto* found = std::get_if<Remote>(&out);
        require(found == nullptr || !found->url.empty());
        require(found == nullptr || !remote || is_remote(found->url));
    }
}

/// Where a store says that `key` is, as text.
std::string located(const Store& store, const std::string& key) {
    ChunkLocation out;
    const Status status = store.locate(std::span(&key, 1), std::span(&out, 1));
    if (!status.ok()) {
        return "error " + status.error().message;
    }
    if (const auto* found = std::get_if<Inline>(&out)) {
        return "inline " + std::string(as_text(found->bytes));
    }
    const auto* found = std::get_if<Remote>(&out);
    return found == nullptr
               ? "missing"
               : found->url + " " + std::to_string(found->range.begin) + " " + std::to_string(found->range.end);
}

/// Through a window of a few bytes a document gives what it gives as a whole, errors and their places too.
void check_stream(ByteSpan document, std::size_t window, std::size_t piece) {
    ByteSource source = memory_source(document);
    const auto read = source.read;
    source.read = [read, piece](MutableByteSpan out) { return read(out.first(std::min(piece, out.size()))); };
    KerchunkLimits limits = fuzz_limits();
    limits.window_bytes = window;
    const UrlPolicy policy = policy_for("/data/refs.json", false);
    const auto whole = open_kerchunk_json(document, "r", policy, fuzz_limits());
    const auto streamed = open_kerchunk_json(std::move(source), "r", policy, limits);
    require(whole.ok() == streamed.ok());
    const std::string_view text = as_text(document);
    if (text.starts_with("\x1F\x8B") || text.starts_with("\x28\xB5\x2F\xFD")) {
        // Which of damage and malformed text is met first depends on how much is inflated at once.
        return;
    }
    if (!whole.ok()) {
        require(whole.error().code == streamed.error().code && whole.error().message == streamed.error().message);
        return;
    }
    require(whole.value()->chunk_count() == streamed.value()->chunk_count());
    require(whole.value()->metadata_keys().value() == streamed.value()->metadata_keys().value());
    std::vector<std::string> keys;
    collect_keys(as_text(document), keys);
    for (const std::string& key : keys) {
        require(located(*whole.value(), key) == located(*streamed.value(), key));
    }
}

void check_template(std::string_view text) {
    TemplateSet templates;
    templates.add("u", "s3://b");
    templates.add("f", "{{c}}/{{ d | default(1) }}");
    static_cast<void>(templates.render_url(text));
    const auto parsed = Template::parse(text);
    if (parsed.ok()) {
        const expression::Value seven(std::int64_t{7});
        std::uint64_t budget = 1U << 16U;
        static_cast<void>(parsed.value().render(
            templates.scope([&](std::string_view name) { return name == "i" ? &seven : nullptr; }, &budget)));
    }
}

}  // namespace
}  // namespace vcube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vcube;
    const ByteSpan document = std::as_bytes(std::span(data, size));
    check_tree(as_text(document));
    check_references(document, "/data/refs.json", false);
    check_references(document, "https://host/d/refs.json", true);
    check_stream(document, 1 + size % 41, 1 + size % 5);
    check_template(as_text(document));
    for (const bool prefixed : {false, true}) {
        static_cast<void>(sniff("/d/refs.json", document.first(std::min<std::size_t>(size, 1024)), prefixed));
    }
    return 0;
}
