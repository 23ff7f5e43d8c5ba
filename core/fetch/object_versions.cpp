#include "core/fetch/object_versions.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "core/base/concat.h"

namespace vcube {
namespace {

/// RFC 9110, 8.8.3.2, weak comparison: a proxy that compresses turns a strong tag into a weak one.
std::string_view opaque(std::string_view etag) {
    return etag.starts_with("W/") ? etag.substr(2) : etag;
}

/// What a server sent, fit for a message.
std::string shown(std::string_view text) {
    constexpr std::size_t kLongest = 80;
    std::string out(text.substr(0, kLongest));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return out;
}

/// What differs, in words; "" where nothing that both tell does.
std::string difference(const ObjectVersion& was, const ObjectVersion& is) {
    if (was.size && is.size && *was.size != *is.size) {
        return concat("size was ", std::to_string(*was.size), ", is ", std::to_string(*is.size));
    }
    if (!was.etag.empty() && !is.etag.empty()) {
        return opaque(was.etag) == opaque(is.etag) ? std::string()
                                                   : concat("ETag was ", shown(was.etag), ", is ", shown(is.etag));
    }
    if (!was.modified.empty() && !is.modified.empty() && was.modified != is.modified) {
        return concat("Last-Modified was ", shown(was.modified), ", is ", shown(is.modified));
    }
    return {};
}

}  // namespace

bool agree(const ObjectVersion& a, const ObjectVersion& b) {
    return difference(a, b).empty();
}

struct ObjectVersions::State {
    explicit State(std::size_t most) : max_objects(std::max<std::size_t>(most, 1)) {}

    const std::size_t max_objects;
    mutable std::mutex mutex;
    std::unordered_map<std::string, ObjectVersion> seen;
    std::deque<const std::string*> order;  // keys of `seen`, whose nodes do not move
    std::atomic<bool> changed{false};
};

ObjectVersions::ObjectVersions(std::size_t max_objects) : state_(std::make_unique<State>(max_objects)) {}
ObjectVersions::~ObjectVersions() = default;

std::optional<ObjectVersion> ObjectVersions::find(const std::string& location) const {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->seen.find(location);
    return found == state_->seen.end() ? std::nullopt : std::optional(found->second);
}

Status ObjectVersions::note(const std::string& location, const ObjectVersion& seen) {
    if (seen == ObjectVersion{}) {
        return {};
    }
    const std::lock_guard lock(state_->mutex);
    const auto [place, added] = state_->seen.try_emplace(location, seen);
    if (added) {
        state_->order.push_back(&place->first);
        if (state_->order.size() > state_->max_objects) {
            state_->seen.erase(state_->seen.find(*state_->order.front()));
            state_->order.pop_front();
        }
        return {};
    }
    ObjectVersion& known = place->second;
    if (const std::string what = difference(known, seen); !what.empty()) {
        state_->changed = true;
        return io_error(concat("has changed since it was first read: ", what));
    }
    if (!known.size) {
        known.size = seen.size;
    }
    if (known.etag.empty()) {
        known.etag = seen.etag;
    }
    if (known.modified.empty()) {
        known.modified = seen.modified;
    }
    return {};
}

bool ObjectVersions::changed() const {
    return state_->changed;
}

}  // namespace vcube
