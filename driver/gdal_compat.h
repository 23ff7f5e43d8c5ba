// What differs among the versions of GDAL that the driver is built with, 3.6 to 3.13: every condition on
// GDAL_VERSION_NUM stands here. Source: GDAL's migration guide; RFC 87 (int8, 3.7), RFC 100 (float16, 3.11); the
// GDALGeoTransform class and raw blocks of 3.12.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gdal_pam.h"
#include "gdal_priv.h"

namespace vcube::driver {

/// The types under which 8-bit integers and 16-bit floats are shown: their own where GDAL has it, else the next wider
/// one, which holds every value.
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 7, 0)
inline constexpr GDALDataType kShownInt8 = GDT_Int8;
inline constexpr bool kHasInt8 = true;
#else
inline constexpr GDALDataType kShownInt8 = GDT_Int16;
inline constexpr bool kHasInt8 = false;
#endif
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 11, 0)
inline constexpr GDALDataType kShownFloat16 = GDT_Float16;
inline constexpr bool kHasFloat16 = true;
#else
inline constexpr GDALDataType kShownFloat16 = GDT_Float32;
inline constexpr bool kHasFloat16 = false;
#endif

/// A dataset whose Derived has `CPLErr geotransform(double* six) const`: GetGeoTransform took six doubles up to 3.11.
template <class Derived, class Base = GDALPamDataset>
class PamDatasetOf : public Base {
public:
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 12, 0)
    CPLErr GetGeoTransform(GDALGeoTransform& out) const override {
        return static_cast<const Derived*>(this)->geotransform(out.data());
    }
#else
    CPLErr GetGeoTransform(double* out) override {
        return static_cast<const Derived*>(this)->geotransform(out);
    }
#endif

protected:
    /// The geotransform that GDAL keeps beside the data; CE_Failure where there is none.
    CPLErr saved_geotransform(double* out) const {
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 12, 0)
        GDALGeoTransform saved;
        const CPLErr found = GDALPamDataset::GetGeoTransform(saved);
        std::memcpy(out, saved.data(), 6 * sizeof(double));
        return found;
#else
        // A getter that older versions did not declare const.
        return const_cast<PamDatasetOf*>(this)->GDALPamDataset::GetGeoTransform(out);
#endif
    }
};

/// How AdviseRead is given options.
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 13, 0)
using AdviceOptions = CSLConstList;
#else
using AdviceOptions = char**;
#endif

/// How GDALDataset::IRasterIO is given the numbers of bands.
#if defined(BANDMAP_TYPE)
using BandNumbers = BANDMAP_TYPE;
#else
using BandNumbers = int*;
#endif

/// Where one chunk lies, as GDAL asks for it from 3.12 on. All empty: the chunk is not stored.
struct RawBlock {
    std::string filename;  // "" for inline bytes and absent chunks
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::vector<GByte> inline_bytes;
    CPLStringList info;
};

/// A GDALMDArray whose Derived has `bool raw_block(const std::uint64_t* chunk, RawBlock& out) const`.
template <class Derived>
class MdArrayOf : public GDALMDArray {
public:
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 12, 0)
    bool GetRawBlockInfo(const uint64_t* chunk, GDALMDArrayRawBlockInfo& info) const override {
        info.clear();
        RawBlock block;
        if (!static_cast<const Derived*>(this)->raw_block(chunk, block)) {
            return false;
        }
        info.nOffset = block.offset;
        info.nSize = block.size;
        info.papszInfo = block.info.StealList();
        if (!block.filename.empty()) {
            info.pszFilename = CPLStrdup(block.filename.c_str());
        } else if (!block.inline_bytes.empty()) {
            info.pabyInlineData = static_cast<GByte*>(CPLMalloc(block.inline_bytes.size()));
            std::memcpy(info.pabyInlineData, block.inline_bytes.data(), block.inline_bytes.size());
        }
        return true;
    }
#endif

protected:
    MdArrayOf(const std::string& parent, const std::string& name)
        : GDALAbstractMDArray(parent, name), GDALMDArray(parent, name) {}
};

/// A GDALGroup that knows itself, which GDAL asks of groups from 3.8 on (subsets of dimensions).
class MdGroupBase : public GDALGroup {
protected:
    using GDALGroup::GDALGroup;
    static void set_self([[maybe_unused]] const std::shared_ptr<MdGroupBase>& group) {
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 8, 0)
        group->SetSelf(group);
#endif
    }
};

}  // namespace vcube::driver
