// Where the data shared between projects are, for tests that skip without them.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace vcube {

/// VCUBE_SHARED_DATA, or the folder beside the project.
inline std::filesystem::path shared_data() {
    if (const char* given = std::getenv("VCUBE_SHARED_DATA")) {
        return given;
    }
    return std::filesystem::path(VCUBE_TEST_DATA).parent_path().parent_path().parent_path() / "shared" / "data";
}

inline std::string file_text(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace vcube
