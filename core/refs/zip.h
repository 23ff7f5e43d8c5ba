// A zip file as a store of its members: the central directory is read once, members are byte ranges of the zip.
// Keys are member names below the folder that holds a Zarr hierarchy or reference set. Members are stored or deflated;
// of others, and of encrypted ones, each read is an error that names the method. Names that could climb out
// ("../x", "/x", "a//b") are left out, with one warning.
// Source: APPNOTE.TXT - .ZIP File Format Specification (PKWARE), sections 4.3 and 4.5.3 (zip64).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/refs/metadata_texts.h"
#include "core/refs/zip_directory.h"
#include "vcube/fetcher.h"
#include "vcube/result.h"
#include "vcube/store.h"

namespace vcube {

struct ZipLimits {
    std::uint64_t max_directory_bytes = std::uint64_t{4} << 30;  // central directory
    TextLimits texts;
};

/// The members of the zip at `url`; blocks on the network. Errors name `name`.
Result<std::unique_ptr<ZipDirectory>> read_zip_directory(const std::string& url, Fetcher& fetcher,
                                                         const std::string& name, const ZipLimits& limits = {});

struct ZipContents {
    std::shared_ptr<const Store> files;  // keys relative to `root`
    std::string root;                    // "" or "folder/": the shallowest that holds Zarr metadata or the references
    std::string references;              // key of the JSON reference file, where there is no Zarr metadata in the zip
    bool has_other_members = false;      // beside references and metadata: what relative URLs may name
};

/// Reads the directory of the zip at `url` and finds what stands in it. Blocks on the network. The store is
/// thread-safe; its locate() blocks where a member's local header has to be read first (once a member), its metadata()
/// where a text has not been read yet: all metadata of the zip come in one batch. kCorrupt where the directory
/// contradicts itself or members overlap, kNotFound where nothing in it can be opened. Errors name `name` and member.
Result<ZipContents> open_zip_contents(std::string url, std::shared_ptr<Fetcher> fetcher, std::string name,
                                      const ZipLimits& limits = {});

/// The same, files only.
Result<std::shared_ptr<const Store>> open_zip(std::string url, std::shared_ptr<Fetcher> fetcher, std::string name,
                                              const ZipLimits& limits = {});

}  // namespace vcube
