// Where in a chain a codec is made: what it has to know of the array on its decoded side. A value type.
#pragma once

#include <cstddef>
#include <string>

#include "vcube/dtype.h"

namespace vcube {

struct CodecPlace {
    std::string what;  // names the place in errors: file, array, codec
    /// Elements on the decoded side; a codec from arrays to arrays sets it to those on its encoded side. In Zarr v2
    /// only the first codec can rely on it.
    DType type;
    std::size_t elements = 0;
    /// Zarr v3: elements stand in native byte order, whatever the order in a configuration's type says, and keys that
    /// repeat the array's type may be absent.
    bool v3 = false;
};

}  // namespace vcube
