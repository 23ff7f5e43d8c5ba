// LZMA: {"id": "lzma", "format": 1, "check": -1, "preset": null, "filters": null}; format: 0 xz or lzma as found, 1 xz,
// 2 lzma, 3 raw, which needs "filters", Python's lzma filter specifications. Several streams in a row are one; bytes
// after them are ignored, as Python does.
#include <lzma.h>

#include <array>
#include <limits>
#include <memory>
#include <vector>

#include "core/codec/registry.h"

namespace vcube {
namespace {

// A dictionary is allocated as the header claims it; xz -9 takes 64 MiB.
constexpr std::uint64_t kMemoryLimit = std::uint64_t{256} << 20;
constexpr std::size_t kMaxFilters = LZMA_FILTERS_MAX;

enum class Format { kAuto = 0, kXz = 1, kAlone = 2, kRaw = 3 };

// One filter of a raw stream; the library reads the options through the pointer in `chain`.
struct FilterOptions {
    lzma_vli id = LZMA_VLI_UNKNOWN;
    lzma_options_lzma lzma{};
    lzma_options_delta delta{};
    lzma_options_bcj bcj{};
};

class LzmaCodec final : public Codec {
public:
    LzmaCodec(Format format, std::vector<FilterOptions> filters) : format_(format), filters_(std::move(filters)) {}
    [[nodiscard]] std::string_view id() const override { return "lzma"; }
    [[nodiscard]] std::optional<std::size_t> encoded_size(std::size_t) const override { return std::nullopt; }

    [[nodiscard]] Result<std::size_t> decode(ByteSpan in, MutableByteSpan out) const override {
        std::byte spare{};
        ByteSpan left = in;
        std::size_t written = 0;
        bool first = true;
        do {
            lzma_stream stream = LZMA_STREAM_INIT;
            stream.next_in = reinterpret_cast<const std::uint8_t*>(left.data());
            stream.avail_in = left.size();
            stream.next_out = reinterpret_cast<std::uint8_t*>(out.empty() ? &spare : out.data() + written);
            stream.avail_out = out.size() - written;
            lzma_ret code = begin(stream);
            if (code == LZMA_OK) {
                code = run(stream);
            }
            const std::size_t used = left.size() - stream.avail_in;
            const std::size_t made = out.size() - written - stream.avail_out;
            lzma_end(&stream);
            if (code != LZMA_STREAM_END) {
                // What follows a whole stream and is none itself is ignored.
                if (!first && code == LZMA_FORMAT_ERROR) {
                    break;
                }
                return failure(code, in.size(), out.size());
            }
            first = false;
            written += made;
            left = left.subspan(used);
        } while (!left.empty() && format_ != Format::kRaw);
        return written;
    }

private:
    lzma_ret begin(lzma_stream& stream) const {
        switch (format_) {
            case Format::kXz:
                return lzma_stream_decoder(&stream, kMemoryLimit, 0);
            case Format::kAlone:
                return lzma_alone_decoder(&stream, kMemoryLimit);
            case Format::kRaw: {
                std::array<lzma_filter, kMaxFilters + 1> chain;
                for (std::size_t i = 0; i < filters_.size(); ++i) {
                    // The library does not write to the options of a decoder.
                    auto& options = const_cast<FilterOptions&>(filters_[i]);
                    chain[i].id = options.id;
                    if (options.id == LZMA_FILTER_DELTA) {
                        chain[i].options = &options.delta;
                    } else if (options.id == LZMA_FILTER_LZMA1 || options.id == LZMA_FILTER_LZMA2) {
                        chain[i].options = &options.lzma;
                    } else {
                        chain[i].options = &options.bcj;
                    }
                }
                chain[filters_.size()] = {LZMA_VLI_UNKNOWN, nullptr};
                if (lzma_raw_decoder_memusage(chain.data()) > kMemoryLimit) {
                    return LZMA_MEMLIMIT_ERROR;
                }
                return lzma_raw_decoder(&stream, chain.data());
            }
            default:
                return lzma_auto_decoder(&stream, kMemoryLimit, 0);
        }
    }

    // LZMA_BUF_ERROR where input or room is at its end before the stream is.
    static lzma_ret run(lzma_stream& stream) {
        lzma_ret code = LZMA_OK;
        while (code == LZMA_OK) {
            code = lzma_code(&stream, LZMA_FINISH);
        }
        return code == LZMA_BUF_ERROR && stream.avail_in == 0 && stream.avail_out > 0 ? LZMA_DATA_ERROR : code;
    }

    static Error failure(lzma_ret code, std::size_t in, std::size_t room) {
        const std::string what = "lzma stream of " + std::to_string(in) + " bytes ";
        switch (code) {
            case LZMA_BUF_ERROR:
                return over_limit(what + "decodes to more than " + std::to_string(room) + " bytes");
            case LZMA_MEMLIMIT_ERROR:
                return corrupt(what + "needs a dictionary of more than " + std::to_string(kMemoryLimit) + " bytes");
            case LZMA_MEM_ERROR:
                return over_limit("no memory for an lzma decompressor");
            case LZMA_OPTIONS_ERROR:
                return corrupt(what + "asks for what liblzma does not know");
            default:
                return corrupt(what + "is damaged, cut short or of another format");
        }
    }

    Format format_;
    std::vector<FilterOptions> filters_;
};

Result<std::uint64_t> number(const Json& config, const char* key, std::uint64_t fallback, const std::string& what) {
    if (!config.contains(key) || config[key].is_null()) {
        return fallback;
    }
    return json_uint(config, key, what);
}

Result<std::uint32_t> small_number(const Json& config, const char* key, std::uint32_t fallback,
                                   const std::string& what) {
    VCUBE_ASSIGN(const std::uint64_t value, number(config, key, fallback, what));
    if (value > std::numeric_limits<std::uint32_t>::max()) {
        return invalid(what + ": \"" + key + "\": " + std::to_string(value) + " is too large");
    }
    return static_cast<std::uint32_t>(value);
}

Result<FilterOptions> parse_filter(const Json& config, const std::string& what) {
    FilterOptions options;
    VCUBE_ASSIGN(options.id, json_uint(config, "id", what));
    if (options.id == LZMA_FILTER_LZMA1 || options.id == LZMA_FILTER_LZMA2) {
        VCUBE_ASSIGN(const std::uint32_t preset, small_number(config, "preset", LZMA_PRESET_DEFAULT, what));
        if (lzma_lzma_preset(&options.lzma, preset) != 0) {
            return invalid(what + ": \"preset\": " + std::to_string(preset) + " is not known");
        }
        VCUBE_ASSIGN(options.lzma.dict_size, small_number(config, "dict_size", options.lzma.dict_size, what));
        VCUBE_ASSIGN(options.lzma.lc, small_number(config, "lc", options.lzma.lc, what));
        VCUBE_ASSIGN(options.lzma.lp, small_number(config, "lp", options.lzma.lp, what));
        VCUBE_ASSIGN(options.lzma.pb, small_number(config, "pb", options.lzma.pb, what));
        return options;
    }
    if (options.id == LZMA_FILTER_DELTA) {
        options.delta.type = LZMA_DELTA_TYPE_BYTE;
        VCUBE_ASSIGN(options.delta.dist, small_number(config, "dist", 1, what));
        return options;
    }
    if (lzma_filter_decoder_is_supported(options.id) == 0) {
        return unsupported(what + ": filter " + std::to_string(options.id) + " is not known");
    }
    VCUBE_ASSIGN(options.bcj.start_offset, small_number(config, "start_offset", 0, what));
    return options;
}

}  // namespace

MadeCodec make_lzma(const Json& config, CodecPlace& place) {
    const bool image = config.value("id", Json()) == Json("imagecodecs_lzma");
    VCUBE_ASSIGN(const std::uint64_t format, number(config, "format", image ? 0 : 1, place.what));
    if (format > 3) {
        return invalid(place.what + ": \"format\": expected 0 to 3, got " + std::to_string(format));
    }
    std::vector<FilterOptions> filters;
    if (format == 3) {
        if (!config.contains("filters") || !config["filters"].is_array() || config["filters"].empty() ||
            config["filters"].size() > kMaxFilters) {
            return invalid(place.what + ": \"filters\": a raw stream needs a list of 1 to " +
                           std::to_string(kMaxFilters));
        }
        for (const Json& filter : config["filters"]) {
            VCUBE_ASSIGN(FilterOptions options, parse_filter(filter, place.what + ": filters"));
            filters.push_back(options);
        }
    }
    return std::unique_ptr<const Codec>(std::make_unique<LzmaCodec>(static_cast<Format>(format), std::move(filters)));
}

}  // namespace vcube
