// docs/formats.md lists the codecs that there are, no more and no fewer.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "core/codec/chain.h"

namespace vcube {
namespace {

/// The names in the first column of the table under a heading.
std::vector<std::string> listed(const std::string& path, const std::string& heading) {
    std::ifstream file(path);
    std::vector<std::string> names;
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("#")) {
            inside = line == heading;
        } else if (inside && line.starts_with("| `")) {
            names.push_back(line.substr(3, line.find('`', 3) - 3));
        }
    }
    return names;
}

TEST(Docs, ListEveryCodecAndNoOther) {
    EXPECT_EQ(listed(VCUBE_TEST_DATA "/../../docs/formats.md", "### Codecs"), codec_names());
}

}  // namespace
}  // namespace vcube
