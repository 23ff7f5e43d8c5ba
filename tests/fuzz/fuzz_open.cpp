// Whole datasets, hostile: reference documents, zips and folders in /vsimem, opened through GDAL as rasters and as
// multidimensional datasets, walked and read a little. Nothing is asked of the network: a proxy that nobody serves.
//
// The first byte says what the rest is: 'j' a reference document, 'z' a zip, else a folder, whose files begin with
// "@@", the name and a line feed, and stand a line feed apart.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cpl_conv.h"
#include "cpl_vsi.h"
#include "gdal_priv.h"

extern "C" void GDALRegister_VCUBE();

namespace {

constexpr std::size_t kMaxFiles = 64;
constexpr std::size_t kMaxArrays = 12;
constexpr int kMaxDepth = 6;
constexpr double kMaxBlockBytes = 32 << 20;  // of what is read: decoding larger ones says nothing new

void put_file(const std::string& path, std::string_view content) {
    VSILFILE* const file = VSIFOpenL(path.c_str(), "wb");
    if (file != nullptr) {
        VSIFWriteL(content.data(), 1, content.size(), file);
        VSIFCloseL(file);
    }
}

void put_folder(const std::string& folder, std::string_view input) {
    VSIMkdirRecursive(folder.c_str(), 0755);
    for (std::size_t n = 0; n < kMaxFiles && !input.empty(); ++n) {
        const std::size_t end = std::min(input.find("\n@@"), input.size());
        std::string_view entry = input.substr(0, end);
        input.remove_prefix(std::min(end + 1, input.size()));
        if (entry.starts_with("@@")) {
            entry.remove_prefix(2);
        }
        const std::size_t line = entry.find('\n');
        const std::string name(entry.substr(0, line));
        if (line == std::string_view::npos || name.empty() || name.find("..") != std::string::npos) {
            continue;
        }
        const std::string path = folder + "/" + name;
        VSIMkdirRecursive(CPLGetPath(path.c_str()), 0755);
        put_file(path, entry.substr(line + 1));
    }
}

void read_attributes(const GDALIHasAttribute& owner) {
    for (const auto& attribute : owner.GetAttributes()) {
        attribute->ReadAsString();
        attribute->ReadAsDoubleArray();
        attribute->ReadAsStringArray();
    }
}

void read_elements(const GDALMDArray& array) {
    const auto& dimensions = array.GetDimensions();
    const auto blocks = array.GetBlockSize();
    double block_bytes = static_cast<double>(array.GetDataType().GetSize());
    std::vector<GUInt64> start;
    std::vector<std::size_t> count;
    std::size_t elements = 1;
    for (std::size_t d = 0; d < dimensions.size(); ++d) {
        const GUInt64 size = dimensions[d]->GetSize();
        if (size == 0) {
            return;
        }
        block_bytes *= static_cast<double>(blocks[d]);
        count.push_back(d < 3 ? static_cast<std::size_t>(std::min<GUInt64>(size, 3)) : 1);
        start.push_back(d % 2 == 0 ? size - count.back() : 0);
        elements *= count.back();
    }
    if (block_bytes > kMaxBlockBytes) {
        return;
    }
    const GDALExtendedDataType& type = array.GetDataType();
    std::vector<GByte> buffer(elements * type.GetSize());
    if (array.Read(start.data(), count.data(), nullptr, nullptr, type, buffer.data())) {
        for (std::size_t k = 0; type.NeedsFreeDynamicMemory() && k < elements; ++k) {
            type.FreeDynamicMemory(buffer.data() + k * type.GetSize());
        }
    }
    array.AdviseRead(start.data(), count.data());
}

void walk(const GDALGroup& group, int depth) {
    read_attributes(group);
    group.GetDimensions();
    std::size_t n = 0;
    for (const std::string& name : group.GetMDArrayNames()) {
        const auto array = n++ < kMaxArrays ? group.OpenMDArray(name) : nullptr;
        if (!array) {
            continue;
        }
        read_attributes(*array);
        array->GetStructuralInfo();
        array->GetNoDataValueAsDouble();
        array->GetSpatialRef();
        array->GetCoordinateVariables();
        for (const auto& dimension : array->GetDimensions()) {
            dimension->GetIndexingVariable();
        }
        read_elements(*array);
    }
    for (const std::string& name : group.GetGroupNames()) {
        const auto child = depth < kMaxDepth ? group.OpenGroup(name) : nullptr;
        if (child) {
            walk(*child, depth + 1);
        }
    }
}

std::unique_ptr<GDALDataset> open(const std::string& name, unsigned flags) {
    static const char* const kDrivers[] = {"VCUBE", nullptr};
    return std::unique_ptr<GDALDataset>(GDALDataset::Open(name.c_str(), flags, kDrivers));
}

void read_raster(const std::string& name, int depth) {
    const auto dataset = open(name, GDAL_OF_RASTER);
    if (!dataset) {
        return;
    }
    std::vector<std::string> subdatasets;
    for (const char* const* item = dataset->GetMetadata("SUBDATASETS"); item != nullptr && *item != nullptr; ++item) {
        const std::string_view text = *item;
        if (const std::size_t equals = text.find("_NAME="); equals != std::string_view::npos) {
            subdatasets.emplace_back(text.substr(equals + 6));
        }
    }
    dataset->GetMetadata();
    dataset->GetSpatialRef();
    if (dataset->GetRasterCount() > 0) {
        GDALRasterBand* const band = dataset->GetRasterBand(dataset->GetRasterCount());
        int width = 0;
        int height = 0;
        band->GetBlockSize(&width, &height);
        if (static_cast<double>(width) * height * 16 <= kMaxBlockBytes) {
            double pixels[4] = {};
            const int columns = std::min(2, band->GetXSize());
            const int rows = std::min(2, band->GetYSize());
            [[maybe_unused]] const CPLErr read = band->RasterIO(GF_Read, band->GetXSize() - columns, 0, columns, rows,
                                                                pixels, columns, rows, GDT_Float64, 0, 0, nullptr);
        }
    }
    for (std::size_t i = 0; depth == 0 && i < std::min<std::size_t>(subdatasets.size(), 3); ++i) {
        read_raster(subdatasets[i], 1);
    }
}

void set_up() {
    CPLPushErrorHandler(CPLQuietErrorHandler);
    CPLSetConfigOption("GDAL_HTTP_PROXY", "127.0.0.1:9");
    CPLSetConfigOption("GDAL_HTTP_CONNECTTIMEOUT", "1");
    CPLSetConfigOption("GDAL_HTTP_MAX_RETRY", "0");
    CPLSetConfigOption("CPL_AWS_AUTODETECT_EC2", "NO");
    CPLSetConfigOption("AWS_NO_SIGN_REQUEST", "YES");
    CPLSetConfigOption("GS_NO_SIGN_REQUEST", "YES");
    CPLSetConfigOption("VCUBE_RETRIES", "0");
    GDALRegister_VCUBE();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool ready = (set_up(), true);
    static std::uint64_t number = 0;  // opened stores are kept by name
    static_cast<void>(ready);
    if (size < 2) {
        return 0;
    }
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string folder = "/vsimem/fuzz" + std::to_string(++number);
    std::string location = folder + "/store";
    if (data[0] == 'j' || data[0] == 'z') {
        location = folder + (data[0] == 'j' ? "/refs.json" : "/refs.zip");
        put_file(location, input);
    } else {
        put_folder(location, input);
    }
    const std::string name = "VCUBE:\"" + location + "\"";
    read_raster(name, 0);
    if (const auto dataset = open(name, GDAL_OF_MULTIDIM_RASTER)) {
        walk(*dataset->GetRootGroup(), 0);
    }
    VSIRmdirRecursive(folder.c_str());
    return 0;
}
