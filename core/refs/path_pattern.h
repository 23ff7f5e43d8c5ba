// Paths with wildcards, matched part by part while folders are walked: "*", "?" and "[a-c]" within a part (fnmatch(3),
// names that begin with a dot only where the pattern does), "**" for folders of any depth, none too. Whatever lies
// below a folder that the whole pattern names matches as well, so an empty pattern names all of a tree. Immutable
// values, pure functions: thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vcube/result.h"

namespace vcube {

/// Whether a path or URL holds a wildcard: in a URL of http the query does not count.
bool has_wildcard(std::string_view location);

class PathPattern {
public:
    /// How far the parts of a path have come along the pattern.
    using State = std::uint64_t;

    /// Splits "/data/2023/*/SM_*.nc" at the first part with a wildcard: base "/data/2023", pattern "*/SM_*.nc".
    /// kLimit above 60 parts with wildcards.
    static Result<PathPattern> parse(std::string_view location);
    /// All below `base`.
    static PathPattern tree(std::string base);

    /// The folder to start from, without trailing slash; "" for the working directory.
    [[nodiscard]] const std::string& base() const { return base_; }
    [[nodiscard]] State start() const { return closed(1); }
    /// After one more part; 0 where nothing below can match. `folder`: whether the part is one.
    [[nodiscard]] State next(State state, std::string_view part, bool folder) const;
    /// Whether a file that led to this state matches.
    [[nodiscard]] bool matches(State state) const;
    /// Whether all files below a folder that led to this state match, or may: it need not be walked part by part.
    [[nodiscard]] bool any_depth(State state) const;
    /// A whole path of a file, relative to the folder that led to this state.
    [[nodiscard]] bool matches(State state, std::string_view path) const;
    [[nodiscard]] bool matches(std::string_view path) const { return matches(start(), path); }

private:
    [[nodiscard]] State closed(State state) const;

    std::string base_;
    std::vector<std::string> parts_;  // the pattern's, then "**" and "*"
};

}  // namespace vcube
