// A whole TIFF file: {"id": "imagecodecs_tiff", "index": null, "asrgb": false}. The elements are pages x planes x
// height x width x samples, native byte order; a page is a directory, and all that are laid out as the first count
// unless "index" names one or a list of them. Integers of fewer than 8 or 16 bits become bytes or words. YCbCr becomes
// RGB, and so does CMYK; "asrgb": everything becomes RGBA.
// Source: TIFF 6.0 and BigTIFF, through libtiff.
#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "core/codec/image.h"
#include "core/codec/packed_bits.h"
#include "core/codec/registry.h"

namespace vcube {
namespace {

constexpr std::string_view kName = "TIFF";
constexpr std::size_t kMaxPages = 4096;
constexpr std::size_t kFreeBytes = 16U << 20;  // what a tile or table may take beyond four times the chunk

struct TiffDeleter {
    void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
struct OptionsDeleter {
    void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};

// The file and what the library said of it.
struct Memory {
    ByteSpan bytes;
    std::uint64_t at = 0;
    std::string message;
    bool mended = false;  // the library made up pixels of a damaged JPEG stream
};

Memory& memory_of(thandle_t handle) {
    return *static_cast<Memory*>(handle);
}

tmsize_t read_bytes(thandle_t handle, void* to, tmsize_t size) {
    Memory& memory = memory_of(handle);
    const std::uint64_t left = memory.bytes.size() - std::min<std::uint64_t>(memory.at, memory.bytes.size());
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, static_cast<std::uint64_t>(size)));
    if (count > 0) {
        std::memcpy(to, memory.bytes.data() + memory.at, count);
    }
    memory.at += count;
    return static_cast<tmsize_t>(count);
}

tmsize_t write_nothing(thandle_t, void*, tmsize_t) {
    return -1;
}

toff_t seek(thandle_t handle, toff_t offset, int whence) {
    Memory& memory = memory_of(handle);
    const std::uint64_t from = whence == SEEK_CUR ? memory.at : whence == SEEK_END ? memory.bytes.size() : 0;
    return memory.at = from + offset;
}

int close_nothing(thandle_t) {
    return 0;
}

toff_t file_size(thandle_t handle) {
    return memory_of(handle).bytes.size();
}

int map_file(thandle_t handle, void** base, toff_t* size) {
    *base = const_cast<std::byte*>(memory_of(handle).bytes.data());  // read only: the mode is "r"
    *size = memory_of(handle).bytes.size();
    return 1;
}

void unmap_nothing(thandle_t, void*, toff_t) {}

int on_error(TIFF*, void* user, const char*, const char* format, va_list arguments) {
    char text[160] = {};
    std::vsnprintf(text, sizeof text, format, arguments);
    static_cast<Memory*>(user)->message = text;
    return 1;
}

int on_warning(TIFF*, void* user, const char* module, const char*, va_list) {
    Memory& memory = *static_cast<Memory*>(user);
    memory.mended = memory.mended || (module != nullptr && std::string_view(module) == "JPEGLib");
    return 1;
}

// How a page's pixels lie in the file and among the elements.
struct Page {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t planes = 1;
    std::uint32_t samples = 1;  // of a pixel, in one plane
    unsigned bits = 8;          // of a sample in the file
    unsigned item = 1;          // bytes of an element
    std::uint16_t format = SAMPLEFORMAT_UINT;
    bool tiled = false;
    bool colors = false;  // through the library's conversion to RGBA
    friend bool operator==(const Page&, const Page&) = default;

    [[nodiscard]] std::size_t stored_row(std::size_t pixels) const { return (pixels * samples * bits + 7) / 8; }
    [[nodiscard]] std::size_t row(std::size_t pixels) const { return pixels * samples * item; }
};

template <class T>
T field(TIFF* tiff, std::uint32_t tag) {
    T value{};
    return TIFFGetFieldDefaulted(tiff, tag, &value) != 0 ? value : T{};
}

bool set_sample(Page& page, TIFF* tiff) {
    page.bits = field<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE);
    page.format = field<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT);
    const bool whole = page.bits == 8 || page.bits == 16 || page.bits == 32 || page.bits == 64;
    page.item = page.bits < 8 ? 1 : page.bits < 16 && !whole ? 2 : page.bits / 8;
    switch (page.format) {
        case SAMPLEFORMAT_UINT:
            return whole || (page.bits > 0 && page.bits < 16);
        case SAMPLEFORMAT_INT:
            return whole;
        case SAMPLEFORMAT_IEEEFP:
            return whole && page.bits > 8;
        case SAMPLEFORMAT_COMPLEXIEEEFP:
            return page.bits == 64 || page.bits == 128;
        default:
            return false;
    }
}

// The page of the current directory; kUnsupported where its pixels are of a kind that is not read.
Result<Page> page_of(TIFF* tiff, bool as_rgba) {
    Page page;
    page.width = field<std::uint32_t>(tiff, TIFFTAG_IMAGEWIDTH);
    page.height = field<std::uint32_t>(tiff, TIFFTAG_IMAGELENGTH);
    page.tiled = TIFFIsTiled(tiff) != 0;
    const auto samples = field<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL);
    const auto compression = field<std::uint16_t>(tiff, TIFFTAG_COMPRESSION);
    const auto photometric = field<std::uint16_t>(tiff, TIFFTAG_PHOTOMETRIC);
    if (compression == COMPRESSION_OJPEG || TIFFIsCODECConfigured(compression) == 0) {
        return unsupported("TIFF image: its compression (" + std::to_string(compression) + ") is not read");
    }
    if (field<std::uint32_t>(tiff, TIFFTAG_IMAGEDEPTH) > 1 || photometric == PHOTOMETRIC_LOGL ||
        photometric == PHOTOMETRIC_LOGLUV || !set_sample(page, tiff)) {
        return unsupported("TIFF image: samples of " + std::to_string(page.bits) + " bits of format " +
                           std::to_string(page.format) + " are not read, nor are volumes and logarithmic colours");
    }
    const bool jpeg_colors = photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG;
    page.colors = as_rgba || photometric == PHOTOMETRIC_SEPARATED || (photometric == PHOTOMETRIC_YCBCR && !jpeg_colors);
    if (page.colors) {
        page.samples = as_rgba ? 4 : 3;
        page.bits = 8;
        page.item = 1;
        page.tiled = false;
        return page;
    }
    const bool planar = field<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE;
    (planar ? page.planes : page.samples) = samples;
    if (jpeg_colors) {
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    }
    return page;
}

class TiffReader {
public:
    TiffReader(ByteSpan in, std::size_t room, bool as_rgba) : room_(room), as_rgba_(as_rgba) {
        memory_.bytes = in;
        const std::unique_ptr<TIFFOpenOptions, OptionsDeleter> options(TIFFOpenOptionsAlloc());
        if (!options || in.empty()) {
            return;
        }
        TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, &memory_);
        TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, &memory_);
        TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), static_cast<tmsize_t>(4 * kFreeBytes + 8 * room));
        tiff_.reset(TIFFClientOpenExt("chunk", "r", &memory_, read_bytes, write_nothing, seek, close_nothing, file_size,
                                      map_file, unmap_nothing, options.get()));
    }

    [[nodiscard]] Result<std::size_t> read(const std::vector<std::uint32_t>& index, std::byte* out) {
        if (!tiff_) {
            return damaged();
        }
        if (!index.empty() && TIFFSetDirectory(tiff_.get(), index[0]) == 0) {
            return damaged("it has no page " + std::to_string(index[0]));
        }
        VCUBE_ASSIGN(const Page first, page_of(tiff_.get(), as_rgba_));
        std::size_t written = 0;
        VCUBE_TRY(read_page(first, out, written));
        if (!index.empty()) {
            for (std::size_t i = 1; i < index.size(); ++i) {
                if (TIFFSetDirectory(tiff_.get(), index[i]) == 0) {
                    return damaged("it has no page " + std::to_string(index[i]));
                }
                VCUBE_TRY(read_if_alike(first, true, out, written));
            }
            return written;
        }
        for (std::size_t pages = 1; TIFFLastDirectory(tiff_.get()) == 0; ++pages) {
            if (pages == kMaxPages) {
                return over_limit("TIFF file of more than " + std::to_string(kMaxPages) + " pages");
            }
            if (TIFFReadDirectory(tiff_.get()) == 0) {
                return damaged();
            }
            VCUBE_TRY(read_if_alike(first, false, out, written));
        }
        return written;
    }

private:
    [[nodiscard]] Error damaged(std::string_view why = {}) const {
        return image_damaged(kName, memory_.bytes.size(), why.empty() ? std::string_view(memory_.message) : why);
    }

    Status read_if_alike(const Page& first, bool must, std::byte* out, std::size_t& written) {
        const Result<Page> page = page_of(tiff_.get(), as_rgba_);
        if (page.ok() && page.value() == first) {
            return read_page(first, out, written);
        }
        return must ? Status(damaged("its pages differ in size or type")) : Status();
    }

    // At out + written, which moves on.
    Status read_page(const Page& page, std::byte* out, std::size_t& written) {
        const auto samples = checked_product(page.planes, page.samples);
        VCUBE_ASSIGN(const std::size_t size,
                     image_bytes(kName, page.height, page.width, samples.value_or(0), page.item, room_ - written));
        if (page.colors) {
            VCUBE_TRY(read_colors(page, out + written));
        } else {
            VCUBE_TRY(page.tiled ? read_tiles(page, out + written) : read_strips(page, out + written));
        }
        if (memory_.mended) {
            return damaged("a JPEG stream in it is damaged or cut short");
        }
        written += size;
        return {};
    }

    Status read_colors(const Page& page, std::byte* out) {
        const std::size_t pixels = std::size_t{page.width} * page.height;
        std::vector<std::uint32_t> raster(pixels);
        if (TIFFReadRGBAImageOriented(tiff_.get(), page.width, page.height, raster.data(), ORIENTATION_TOPLEFT, 1) ==
            0) {
            return damaged();
        }
        for (std::size_t i = 0; i < pixels; ++i) {
            for (std::size_t s = 0; s < page.samples; ++s) {
                out[i * page.samples + s] = static_cast<std::byte>(raster[i] >> (8 * s) & 0xff);
            }
        }
        return {};
    }

    Status read_strips(const Page& page, std::byte* out) {
        const auto rows = field<std::uint32_t>(tiff_.get(), TIFFTAG_ROWSPERSTRIP);
        const std::uint32_t per_strip = std::min(rows, page.height);
        if (per_strip == 0) {
            return damaged("its strips have no rows");
        }
        std::uint32_t strip = 0;
        for (std::uint32_t plane = 0; plane < page.planes; ++plane) {
            for (std::uint32_t y = 0; y < page.height; y += std::min(per_strip, page.height - y), ++strip) {
                const std::uint32_t count = std::min(per_strip, page.height - y);
                const std::size_t size = page.stored_row(page.width) * count;
                // The library writes whole elements.
                const bool direct = page.bits % 8 == 0 && reinterpret_cast<std::uintptr_t>(out) % page.item == 0;
                block_.resize(direct ? 0 : size);
                std::byte* const to = direct ? out : block_.data();
                if (TIFFReadEncodedStrip(tiff_.get(), strip, to, static_cast<tmsize_t>(size)) !=
                    static_cast<tmsize_t>(size)) {
                    return damaged();
                }
                if (!direct) {
                    copy_rows(page, page.width, page.width, count, out);
                }
                out += page.row(page.width) * count;
            }
        }
        return {};
    }

    Status read_tiles(const Page& page, std::byte* out) {
        const auto width = field<std::uint32_t>(tiff_.get(), TIFFTAG_TILEWIDTH);
        const auto height = field<std::uint32_t>(tiff_.get(), TIFFTAG_TILELENGTH);
        const auto size = checked_product(page.stored_row(width), height);
        if (!size || *size == 0 || *size > kFreeBytes + 4 * room_) {
            return over_limit("TIFF image: tiles of " + std::to_string(width) + " x " + std::to_string(height) +
                              " pixels are too large for the chunk");
        }
        block_.resize(static_cast<std::size_t>(*size));
        std::uint32_t tile = 0;
        for (std::uint32_t plane = 0; plane < page.planes; ++plane) {
            for (std::uint64_t y = 0; y < page.height; y += height) {
                for (std::uint64_t x = 0; x < page.width; x += width, ++tile) {
                    const auto bytes = static_cast<tmsize_t>(*size);
                    if (TIFFReadEncodedTile(tiff_.get(), tile, block_.data(), bytes) != bytes) {
                        return damaged();
                    }
                    const std::size_t columns = std::min<std::uint64_t>(width, page.width - x);
                    const std::size_t rows = std::min<std::uint64_t>(height, page.height - y);
                    copy_rows(page, width, columns, rows, out + y * page.row(page.width) + page.row(x));
                }
            }
            out += page.row(page.width) * page.height;
        }
        return {};
    }

    // The first columns of a block's rows, of `stored` pixels each, to where the page has them.
    void copy_rows(const Page& page, std::size_t stored, std::size_t columns, std::size_t rows, std::byte* to) const {
        for (std::size_t y = 0; y < rows; ++y) {
            const std::byte* const from = block_.data() + y * page.stored_row(stored);
            std::byte* const row = to + y * page.row(page.width);
            if (page.bits % 8 == 0) {
                std::memcpy(row, from, page.row(columns));
            } else if (page.item == 1) {
                unpack_bits<std::uint8_t>(from, row, columns * page.samples, page.bits);
            } else {
                unpack_bits<std::uint16_t>(from, row, columns * page.samples, page.bits);
            }
        }
    }

    Memory memory_;
    std::size_t room_;
    bool as_rgba_;
    std::vector<std::byte> block_;  // one strip or tile
    std::unique_ptr<TIFF, TiffDeleter> tiff_;
};

class TiffCodec final : public Codec {
public:
    TiffCodec(std::vector<std::uint32_t> index, bool as_rgba) : index_(std::move(index)), as_rgba_(as_rgba) {}
    [[nodiscard]] std::string_view id() const override { return "imagecodecs_tiff"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t) const override { return std::nullopt; }
    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        try {
            return TiffReader(in, out.size(), as_rgba_).read(index_, out.data());
        } catch (const std::bad_alloc&) {
            return over_limit("no memory for a TIFF image of " + std::to_string(in.size()) + " bytes");
        }
    }

private:
    std::vector<std::uint32_t> index_;  // empty: all pages that are alike
    bool as_rgba_;
};

}  // namespace

MadeCodec make_image_tiff(const Json& config, CodecPlace& place) {
    Json index = config.value("index", Json());
    if (index.is_number()) {
        index = Json::array({index});
    }
    std::vector<std::uint32_t> pages;
    if (!index.is_null() && (!index.is_array() || index.empty() || index.size() > kMaxPages)) {
        return invalid(place.what + ": \"index\": expected a page, a list of pages or null");
    }
    for (const Json& page : index) {
        if (!page.is_number_unsigned() || page >= kMaxPages) {
            return invalid(place.what + ": \"index\": expected pages from 0 to " + std::to_string(kMaxPages - 1));
        }
        pages.push_back(page.get<std::uint32_t>());
    }
    const bool as_rgba = config.value("asrgb", Json()) == Json(true);
    return std::unique_ptr<const Codec>(std::make_unique<TiffCodec>(std::move(pages), as_rgba));
}

}  // namespace vcube
