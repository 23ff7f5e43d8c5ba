// Zip files, folders and consolidated metadata, hostile: any bytes give a result or an error; members lie inside the
// file and outside each other, no key leads out, memory follows limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/base/fetch_bytes.h"
#include "core/refs/consolidated.h"
#include "core/refs/url_policy.h"
#include "core/refs/zip.h"
#include "core/refs/zip_directory.h"

namespace vcube {
namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

/// One object, which is the input.
class Input final : public Fetcher {
public:
    explicit Input(ByteSpan bytes) : bytes_(bytes) {}
    void fetch(std::span<const FetchRequest> requests, const FetchSink& sink, const FetchOptions&) override {
        for (std::size_t i = 0; i < requests.size(); ++i) {
            ByteRange range = requests[i].range;
            if (range.suffix != 0) {
                range = range.suffix > bytes_.size() ? ByteRange{1, 0}
                                                     : ByteRange{bytes_.size() - range.suffix, bytes_.size()};
            } else if (range.end == ByteRange::kEnd) {
                range.end = bytes_.size();
            }
            if (range.begin > range.end || range.end > bytes_.size()) {
                sink(i, io_error("out of bounds"));
            } else {
                sink(i, bytes_.subspan(range.begin, range.end - range.begin));
            }
        }
    }

private:
    ByteSpan bytes_;
};

void check_zip(ByteSpan bytes) {
    const auto input = std::make_shared<Input>(bytes);
    ZipLimits limits;
    limits.max_directory_bytes = 1U << 20;
    limits.texts = {1U << 20, 4U << 20};
    const auto opened = open_zip_contents("u", input, "fuzz.zip", limits);
    if (!opened.ok()) {
        require(!opened.error().message.empty());
        return;
    }
    const Store& files = *opened.value().files;
    std::vector<std::string> keys = files.metadata_keys().value();
    for (const std::string& key : keys) {
        require(stays_below(key));
        static_cast<void>(files.metadata(key));
    }
    keys.insert(keys.end(), {"a/0", "a/1", "a/2", ".zmetadata", "../evil", opened.value().references});
    for (const std::string& key : keys) {
        ChunkLocation place;
        if (files.locate({&key, 1}, {&place, 1}).ok()) {
            const auto* const remote = std::get_if<Remote>(&place);
            require(remote == nullptr || (remote->range.bounded() && remote->range.begin <= remote->range.end));
            static_cast<void>(fetch_location(*input, place, 1U << 20));
        }
    }
    const auto consolidated = open_consolidated(opened.value().files, *input, limits.texts);
    if (consolidated.ok() && consolidated.value()) {
        for (const std::string& key : consolidated.value()->metadata_keys().value()) {
            require(consolidated.value()->metadata(key).value().has_value());
        }
    }
}

/// Members of a directory never share a byte.
void check_directory(ByteSpan bytes) {
    const auto end = find_zip_end(bytes);
    if (!end.ok() || end.value().directory_size > bytes.size()) {
        return;
    }
    const auto directory = ZipDirectory::parse(bytes.first(end.value().directory_size), end.value());
    if (!directory.ok()) {
        return;
    }
    for (std::size_t id = 0; id < directory.value()->size(); ++id) {
        const ZipMember& member = directory.value()->member(id);
        require(member.header + member.stored <= end.value().directory_offset);
        require(stays_below(directory.value()->name(id)));
        static_cast<void>(directory.value()->learn(id, bytes));
    }
}

}  // namespace
}  // namespace vcube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vcube;
    const ByteSpan bytes = std::as_bytes(std::span(data, size));
    check_zip(bytes);
    check_directory(bytes);
    static_cast<void>(parse_zmetadata(as_text(bytes), "fuzz"));
    static_cast<void>(parse_inline_metadata(as_text(bytes), "fuzz"));
    static_cast<void>(is_parquet_zmetadata(as_text(bytes)));
    return 0;
}
