// Reference documents and small JSON documents, hostile: any bytes give a result or an error. What is checked beside:
// whatever nlohmann accepts is accepted here, a tree survives being written and read again, and remote references
// never yield a local file.
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

void check_references(ByteSpan document, const char* location, bool remote) {
    const KerchunkLimits limits{.max_document_bytes = 4U << 20U};
    const auto store = open_kerchunk_json(document, location, policy_for(location, false), limits);
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

}  // namespace
}  // namespace vcube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vcube;
    const ByteSpan document = std::as_bytes(std::span(data, size));
    check_tree(as_text(document));
    check_references(document, "/data/refs.json", false);
    check_references(document, "https://host/d/refs.json", true);
    for (const bool prefixed : {false, true}) {
        static_cast<void>(sniff("/d/refs.json", document.first(std::min<std::size_t>(size, 1024)), prefixed));
    }
    return 0;
}
