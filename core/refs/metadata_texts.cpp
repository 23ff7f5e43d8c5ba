#include "core/refs/metadata_texts.h"

#include <algorithm>
#include <atomic>

#include "core/base/concat.h"
#include "core/base/fetch_bytes.h"

namespace vcube {
namespace {

using Text = std::optional<std::string>;

Error too_much(std::uint64_t limit) {
    return over_limit(concat("metadata of more than ", std::to_string(limit), " bytes"));
}

/// The bytes of one remote text as the sink gets them, unwrapped.
Result<Text> text_at(const Remote& place, Result<ByteSpan> bytes, const TextLimits& limits) {
    if (!bytes.ok()) {
        const bool absent = place.may_be_absent && bytes.error().code == ErrorCode::kNotFound;
        return absent ? Result<Text>(std::nullopt) : Result<Text>(bytes.error());
    }
    if (bytes.value().size() > limits.max_text_bytes) {
        return too_much(limits.max_text_bytes);
    }
    if (place.wrap == Wrap::kNone) {
        return Text(as_text(bytes.value()));
    }
    VCUBE_ASSIGN(const Buffer plain, unwrap(place, bytes.value(), limits.max_text_bytes));
    return Text(as_text(plain.span()));
}

}  // namespace

void MetadataTable::add(std::string key, std::string text) {
    texts_.emplace_back(std::move(key), std::move(text));
}

void MetadataTable::finish() {
    std::stable_sort(texts_.begin(), texts_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    // The last of equal keys stays.
    const auto begin =
        std::unique(texts_.rbegin(), texts_.rend(), [](const auto& a, const auto& b) { return a.first == b.first; });
    texts_.erase(texts_.begin(), begin.base());
}

std::vector<std::string> MetadataTable::keys() const {
    std::vector<std::string> out;
    out.reserve(texts_.size());
    for (const auto& [key, text] : texts_) {
        out.push_back(key);
    }
    return out;
}

const std::string* MetadataTable::find(std::string_view key) const {
    const auto at = std::lower_bound(texts_.begin(), texts_.end(), key,
                                     [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
    return at != texts_.end() && at->first == key ? &at->second : nullptr;
}

Result<std::vector<Text>> read_texts(const Store& store, Fetcher& fetcher, std::span<const std::string> keys,
                                     const TextLimits& limits, std::uint64_t& total) {
    std::vector<ChunkLocation> places(keys.size());
    VCUBE_TRY(store.locate(keys, places));
    std::vector<Text> out(keys.size());
    std::vector<FetchRequest> requests;
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (const auto* const own = std::get_if<Inline>(&places[i])) {
            total += own->bytes.size();
            out[i] = as_text(own->bytes);
        } else if (const auto* const place = std::get_if<Remote>(&places[i])) {
            total += place->wrap != Wrap::kNone ? place->unwrapped_size
                     : place->range.bounded()   ? place->range.size()
                                                : 0;
            requests.push_back({place->url, place->range});
            wanted.push_back(i);
        }
    }
    if (total > limits.max_bytes) {
        return too_much(limits.max_bytes);
    }
    std::vector<Status> failures(wanted.size());
    std::atomic<std::uint64_t> unknown = 0;  // bytes of objects whose size was not known before
    fetcher.fetch(
        requests,
        [&](std::size_t k, Result<ByteSpan> bytes) {
            const auto& place = std::get<Remote>(places[wanted[k]]);
            if (!place.range.bounded() && bytes.ok() && (unknown += bytes.value().size()) + total > limits.max_bytes) {
                failures[k] = too_much(limits.max_bytes);
                return;
            }
            Result<Text> text = text_at(place, std::move(bytes), limits);
            if (text.ok()) {
                out[wanted[k]] = std::move(text).value();
            } else {
                failures[k] = text.error();
            }
        },
        {});
    total += unknown;
    for (std::size_t k = 0; k < failures.size(); ++k) {
        if (!failures[k].ok()) {
            return with_context(concat(store.name(), ": ", keys[wanted[k]]), failures[k].error());
        }
    }
    return out;
}

Result<Text> read_text(const Store& store, Fetcher& fetcher, const std::string& key, const TextLimits& limits) {
    VCUBE_ASSIGN(Text text, store.metadata(key));
    if (text) {
        return text;
    }
    ChunkLocation place;
    VCUBE_TRY(store.locate({&key, 1}, {&place, 1}));
    const auto* const remote = std::get_if<Remote>(&place);
    if (remote != nullptr && remote->may_be_absent) {
        return Text();  // metadata() has looked there
    }
    std::uint64_t total = 0;
    VCUBE_ASSIGN(std::vector<Text> texts, read_texts(store, fetcher, {&key, 1}, limits, total));
    return std::move(texts[0]);
}

}  // namespace vcube
