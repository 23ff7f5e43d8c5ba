// Kerchunk JSON references, version 0 and 1, plain, gzip or zstd, parsed straight into a manifest.
// Inline text becomes its UTF-8 bytes, as fsspec and GDAL read it; "base64:" marks binary data. A null entry is a
// missing chunk; of equal keys the last one counts; length 0 with a URL is the whole object. URLs may use plain
// templates
// ("{{u}}"); templates with parameters and "gen" are refused by name.
// Source: Kerchunk reference specification (fsspec.github.io/kerchunk/spec.html).
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "core/refs/url_policy.h"
#include "vcube/bytes.h"
#include "vcube/result.h"
#include "vcube/store.h"

namespace vcube {

struct KerchunkLimits {
    std::size_t max_document_bytes = std::size_t{16} << 30;  // after decompression
    int max_depth = 32;
};

/// Reads a whole reference document. `document` may be plain JSON, gzip or zstd: the first bytes tell. Errors name
/// `name` and the key or the line and column. Thread-safe.
Result<std::shared_ptr<const Store>> open_kerchunk_json(ByteSpan document, const std::string& name, UrlPolicy policy,
                                                        const KerchunkLimits& limits = {});

}  // namespace vcube
