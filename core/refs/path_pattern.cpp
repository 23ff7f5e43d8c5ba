#include "core/refs/path_pattern.h"

#include <fnmatch.h>

#include <algorithm>

namespace vcube {
namespace {

constexpr std::size_t kMaxParts = 60;
constexpr std::string_view kAnyDepth = "**";

/// The part of a location in which wildcards count.
std::string_view path_of(std::string_view location) {
    const bool http =
        location.starts_with("http://") || location.starts_with("https://") || location.starts_with("/vsicurl/http");
    return http ? location.substr(0, location.find_first_of("?#")) : location;
}

bool is_wild(std::string_view part) {
    const std::size_t open = part.find('[');
    return part.find_first_of("*?") != std::string_view::npos ||
           (open != std::string_view::npos && part.find(']', open + 1) != std::string_view::npos);
}

bool part_matches(const std::string& pattern, const std::string& part) {
    if (pattern == "*") {
        return !part.starts_with('.');
    }
    return fnmatch(pattern.c_str(), part.c_str(), FNM_PERIOD) == 0;
}

}  // namespace

bool has_wildcard(std::string_view location) {
    return is_wild(path_of(location));
}

Result<PathPattern> PathPattern::parse(std::string_view location) {
    std::string_view rest = path_of(location);
    std::size_t base_end = 0;
    for (std::size_t at = 0; at < rest.size();) {
        const std::size_t slash = std::min(rest.find('/', at), rest.size());
        if (is_wild(rest.substr(at, slash - at))) {
            break;
        }
        base_end = slash;
        at = slash + 1;
    }
    PathPattern out;
    out.base_ = rest.substr(0, base_end);
    if (base_end == 0 && rest.starts_with('/')) {
        out.base_ = "/";
    }
    rest.remove_prefix(base_end);
    while (!rest.empty()) {
        const std::size_t slash = std::min(rest.find('/'), rest.size());
        const std::string_view part = rest.substr(0, slash);
        if (!part.empty() && !(part == kAnyDepth && !out.parts_.empty() && out.parts_.back() == kAnyDepth)) {
            out.parts_.emplace_back(part);
        }
        rest.remove_prefix(std::min(slash + 1, rest.size()));
    }
    if (out.parts_.size() > kMaxParts) {
        return over_limit("the pattern has more than " + std::to_string(kMaxParts) + " parts");
    }
    out.parts_.insert(out.parts_.end(), {std::string(kAnyDepth), "*"});
    return out;
}

PathPattern PathPattern::tree(std::string base) {
    PathPattern out;
    out.base_ = std::move(base);
    out.parts_ = {std::string(kAnyDepth), "*"};
    return out;
}

/// Bit k of a state: the parts so far have used up the pattern's parts before k. "**" may use up none.
PathPattern::State PathPattern::closed(State state) const {
    for (std::size_t k = 0; k < parts_.size(); ++k) {
        if ((state >> k & 1U) != 0 && parts_[k] == kAnyDepth) {
            state |= State{1} << (k + 1);
        }
    }
    return state;
}

PathPattern::State PathPattern::next(State state, std::string_view part, bool folder) const {
    const std::string name(part);
    State out = 0;
    for (std::size_t k = 0; k < parts_.size(); ++k) {
        if ((state >> k & 1U) == 0) {
            continue;
        }
        if (parts_[k] == kAnyDepth) {
            out |= folder && !name.starts_with('.') ? State{1} << k : 0;
        } else if (part_matches(parts_[k], name)) {
            out |= State{1} << (k + 1);
        }
    }
    if (folder) {
        out &= ~(State{1} << parts_.size());  // a folder is no file that matches
        return closed(out);
    }
    return out;
}

bool PathPattern::matches(State state) const {
    const std::size_t end = parts_.size();
    return (state >> end & 1U) != 0 || (end > 2 && (state >> (end - 2) & 1U) != 0);
}

bool PathPattern::any_depth(State state) const {
    for (std::size_t k = 0; k < parts_.size(); ++k) {
        if ((state >> k & 1U) != 0 && parts_[k] == kAnyDepth) {
            return true;
        }
    }
    return false;
}

bool PathPattern::matches(State state, std::string_view path) const {
    while (state != 0) {
        const std::size_t slash = path.find('/');
        const bool folder = slash != std::string_view::npos;
        state = next(state, path.substr(0, slash), folder);
        if (!folder) {
            return matches(state);
        }
        path.remove_prefix(slash + 1);
    }
    return false;
}

}  // namespace vcube
