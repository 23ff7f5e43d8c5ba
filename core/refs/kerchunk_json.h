// Kerchunk JSON references, version 0, 1 and the prototype of 2020, plain, gzip or zstd, parsed straight into a
// manifest; a document that is given as a source is streamed, so that only the manifest and a window of the text are
// held. Inline text becomes its UTF-8 bytes, as fsspec and GDAL read it; "base64:" marks binary data. A null entry is a
// missing chunk; of equal keys the last one counts, generated entries ("gen") after all others; length 0 with a URL is
// the whole object. URLs and "gen" are Jinja templates where "templates" or "gen" are defined (template.h).
// Source: Kerchunk reference specification (fsspec.github.io/kerchunk/spec.html).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/byte_source.h"
#include "core/refs/url_policy.h"
#include "vcube/bytes.h"
#include "vcube/result.h"
#include "vcube/store.h"

namespace vcube {

struct KerchunkLimits {
    std::size_t max_document_bytes = std::size_t{16} << 30;  // after decompression
    int max_depth = 32;
    std::size_t max_value_bytes = std::size_t{1} << 30;     // one entry of a document that is streamed
    std::size_t window_bytes = std::size_t{1} << 20;        // of text held while streaming; grows for a larger entry
    std::uint64_t max_generated = 20'000'000;               // entries that "gen" makes, all together
    std::size_t max_generated_text = std::size_t{1} << 30;  // bytes of distinct keys and URLs that "gen" makes
};

/// Reads a whole reference document. `document` may be plain JSON, gzip or zstd: the first bytes tell. Errors name
/// `name` and the key or the line and column. Thread-safe.
Result<std::shared_ptr<const Store>> open_kerchunk_json(ByteSpan document, const std::string& name, UrlPolicy policy,
                                                        const KerchunkLimits& limits = {});

/// The same for a document that is read from a source, front to back, mostly once.
Result<std::shared_ptr<const Store>> open_kerchunk_json(ByteSource source, const std::string& name, UrlPolicy policy,
                                                        const KerchunkLimits& limits = {});

}  // namespace vcube
