// What kind of thing a name and the first bytes of a file announce. Pure; opens nothing: GDAL asks it about every file
// that anybody opens.
#pragma once

#include <string_view>

#include "vcube/bytes.h"

namespace vcube {

enum class SourceKind {
    kUnknown,
    kKerchunkJson,     // refs.json, .json.gz, .json.zst that announce references
    kKerchunkParquet,  // a folder named *.parq or *.parquet, which should hold .zmetadata and refs.<n>.parq
    kSmosProduct,      // SM_*_MIR_SMUDP2_*.nc / MIR_OSUDP2, HDF5 signature
    kHdf5,             // another HDF5 / NetCDF-4 file
    kZarrDirectory,
    kZip  // without a prefix: named *.parq.zip
};

/// `header`: the first bytes (GDAL gives 1 kB), empty for a folder. `prefixed`: the user wrote VCUBE:, so a JSON or
/// HDF5 file that does not announce itself may be accepted too. Without a prefix only kKerchunkJson, kKerchunkParquet,
/// kSmosProduct and kZip are ever returned: other drivers own the rest.
SourceKind sniff(std::string_view name, ByteSpan header, bool prefixed);

}  // namespace vcube
