#include "core/refs/sniff.h"

#include <algorithm>
#include <string>

#include "core/base/json_reader.h"
#include "core/refs/url_policy.h"

namespace vcube {
namespace {

constexpr std::string_view kHdf5Signature = "\x89HDF\r\n\x1A\n";
constexpr std::string_view kGzipMagic = "\x1F\x8B";
constexpr std::string_view kZstdMagic = "\x28\xB5\x2F\xFD";

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

/// The last part of a path or URL, without a query.
std::string_view base_name(std::string_view name) {
    if (is_remote(name)) {
        name = name.substr(0, name.find_first_of("?#"));
    }
    while (name.ends_with('/')) {
        name.remove_suffix(1);
    }
    return name.substr(name.rfind('/') + 1);
}

bool is_smos_product_name(std::string_view name) {
    return name.starts_with("SM_") && lower(name).ends_with(".nc") &&
           (name.find("_MIR_SMUDP2_") != std::string_view::npos || name.find("_MIR_OSUDP2_") != std::string_view::npos);
}

/// Keys that nothing but a Zarr hierarchy has.
bool is_zarr_key(std::string_view key) {
    const std::string_view last = key.substr(key.rfind('/') + 1);
    return last == ".zgroup" || last == ".zarray" || last == ".zattrs";
}

/// Steps over the array of a reference; true where it is [string, number, number].
bool skip_range_reference(JsonReader& reader) {
    constexpr JsonType kForm[] = {JsonType::kString, JsonType::kNumber, JsonType::kNumber};
    std::size_t count = 0;
    bool matches = true;
    if (!reader.begin_array()) {
        return false;
    }
    while (reader.next_element()) {
        matches = matches && count < 3 && reader.peek() == kForm[count];
        ++count;
        if (!reader.skip()) {
            return false;
        }
    }
    return reader.ok() && matches && count == 3;
}

/// Whether an object of references announces itself by a Zarr key, or (in "refs") by a byte range of an object.
bool has_reference(JsonReader& reader) {
    std::string_view key;
    if (!reader.begin_object()) {
        return false;
    }
    while (reader.next_key(key)) {
        if (is_zarr_key(key)) {
            return true;
        }
        const bool is_array = reader.peek() == JsonType::kArray;
        if (is_array ? skip_range_reference(reader) : !reader.skip()) {
            return is_array;
        }
    }
    return false;
}

/// The header is the beginning of the text only: the reader runs into its end, and what was seen by then counts.
bool announces_references(std::string_view header) {
    JsonReader reader(header);
    bool version = false;
    bool part = false;
    std::string_view key;
    if (!reader.begin_object()) {
        return false;
    }
    while (!(version && part) && reader.next_key(key)) {
        const JsonType type = reader.peek();
        if (is_zarr_key(key) && (type == JsonType::kString || type == JsonType::kObject)) {
            return true;
        }
        version = version || (key == "version" && type == JsonType::kNumber);
        part = part || ((key == "refs" || key == "templates") && type == JsonType::kObject) ||
               (key == "gen" && type == JsonType::kArray);
        if (key == "refs" && type == JsonType::kObject && !version) {
            if (has_reference(reader)) {
                return true;
            }
        } else if (!(version && part)) {
            static_cast<void>(reader.skip());
        }
    }
    return version && part;
}

bool looks_like_json_object(std::string_view header) {
    JsonReader reader(header);
    return reader.peek() == JsonType::kObject;
}

/// GDAL's netCDF and HDF5 files may begin at 0, 512, 1024, 2048 ...
bool has_hdf5_signature(std::string_view header) {
    for (std::size_t at = 0; at < header.size(); at = at == 0 ? 512 : 2 * at) {
        if (header.substr(at).starts_with(kHdf5Signature)) {
            return true;
        }
    }
    return false;
}

bool is_parquet_name(std::string_view lower_name) {
    return lower_name.ends_with(".parq") || lower_name.ends_with(".parquet");
}

bool has_zip_signature(std::string_view header) {
    return header.starts_with("PK\x03\x04") || header.starts_with("PK\x05\x06");
}

SourceKind sniff_prefixed(std::string_view name, std::string_view header) {
    if (header.empty()) {
        if (is_parquet_name(name)) {
            return SourceKind::kKerchunkParquet;
        }
        return name.ends_with(".zarr") ? SourceKind::kZarrDirectory : SourceKind::kUnknown;
    }
    if (has_hdf5_signature(header)) {
        return SourceKind::kHdf5;
    }
    if (has_zip_signature(header)) {
        return SourceKind::kZip;
    }
    if (header.starts_with(kGzipMagic) || header.starts_with(kZstdMagic) || looks_like_json_object(header)) {
        return SourceKind::kKerchunkJson;
    }
    return SourceKind::kUnknown;
}

}  // namespace

SourceKind sniff(std::string_view name, ByteSpan header, bool prefixed) {
    const std::string_view file = base_name(name);
    const std::string lower_file = lower(file);
    const std::string_view text = as_text(header);
    if (is_smos_product_name(file) && text.starts_with(kHdf5Signature)) {
        return SourceKind::kSmosProduct;
    }
    if (prefixed) {
        return sniff_prefixed(lower_file, text);
    }
    if ((lower_file.ends_with(".json") || lower_file.ends_with(".json.gz")) && announces_references(text)) {
        return SourceKind::kKerchunkJson;
    }
    // A folder gives no header: its name has to do. So has a zip's, which holds such a folder.
    if (header.empty() && is_parquet_name(lower_file)) {
        return SourceKind::kKerchunkParquet;
    }
    if (has_zip_signature(text) && (lower_file.ends_with(".parq.zip") || lower_file.ends_with(".parquet.zip"))) {
        return SourceKind::kZip;
    }
    // What is inside cannot be seen from 1 kB: a zstd block gives nothing before it is whole. The name's double ending
    // with the magic bytes has to do. It takes nothing from other drivers: GDAL reads compressed files through
    // /vsigzip/ only, where the header that arrives here is plain text and is judged as such above.
    const bool gzip = lower_file.ends_with(".json.gz") && text.starts_with(kGzipMagic);
    const bool zstd = lower_file.ends_with(".json.zst") && text.starts_with(kZstdMagic);
    return gzip || zstd ? SourceKind::kKerchunkJson : SourceKind::kUnknown;
}

}  // namespace vcube
