#include "driver/md_elements.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "cpl_conv.h"
#include "driver/gdal_types.h"

namespace vcube::driver {
namespace {

void append_utf8(std::string& out, std::uint32_t c) {
    const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((c >> shift) & 63U)); };
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0U | (c >> 6U));
        tail(0);
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0U | (c >> 12U));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xF0U | (c >> 18U));
        tail(12);
        tail(6);
        tail(0);
    }
}

/// The field of a stored structure, or byte of opaque ones, that GDAL shows under this name.
std::optional<DTypeField> shown_field(const DType& stored, const std::string& name) {
    for (const DTypeField& field : stored.fields) {
        if (field.name == name) {
            return field;
        }
    }
    if (stored.kind == Kind::kRaw) {
        for (std::uint32_t i = 0; i < stored.size; ++i) {
            if (name == "b" + std::to_string(i)) {
                return DTypeField{name, DType(), i};
            }
        }
    }
    return std::nullopt;
}

bool is_text(const DType& type) {
    return type.kind == Kind::kBytes || type.kind == Kind::kUnicode;
}

}  // namespace

std::string fixed_text(const std::byte* element, const DType& type) {
    if (type.kind == Kind::kBytes) {
        const char* const text = reinterpret_cast<const char*>(element);
        return {text, strnlen(text, type.size)};
    }
    std::string utf8;
    for (std::size_t at = 0; at + 4 <= type.size; at += 4) {
        std::uint32_t c = 0;
        std::memcpy(&c, element + at, 4);
        if (c == 0) {
            break;
        }
        const bool valid = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
        append_utf8(utf8, valid ? c : 0xFFFD);
    }
    return utf8;
}

Status put_text(const std::string& text, const GDALExtendedDataType& wanted, void* to) {
    const char* const c_text = text.c_str();
    if (!GDALExtendedDataType::CopyValue(&c_text, GDALExtendedDataType::CreateString(), to, wanted)) {
        return unsupported("text cannot be read into a buffer of another kind");
    }
    return {};
}

Result<ElementCopier> ElementCopier::make(const DType& stored, const GDALExtendedDataType& buffer) {
    ElementCopier copier;
    VCUBE_TRY(copier.add(stored, 0, buffer, 0));
    return copier;
}

Status ElementCopier::add(const DType& stored, std::size_t from, const GDALExtendedDataType& wanted, std::size_t to) {
    if (wanted.GetClass() == GEDTC_COMPOUND) {
        for (const auto& component : wanted.GetComponents()) {
            const auto field = shown_field(stored, component->GetName());
            if (!field) {
                return unsupported("there is no field \"" + component->GetName() + "\"");
            }
            VCUBE_TRY(add(field->type, from + field->offset, component->GetType(), to + component->GetOffset()));
        }
        return {};
    }
    const auto shown = extended_type(stored);
    if (!shown || shown->GetClass() == GEDTC_COMPOUND) {
        return unsupported("a structure cannot be read as a single value");
    }
    const bool both_numbers = shown->GetClass() == GEDTC_NUMERIC && wanted.GetClass() == GEDTC_NUMERIC;
    const auto target = both_numbers ? buffer_dtype(wanted.GetNumericDataType()) : std::nullopt;
    Converter converter;
    if (shown->GetClass() == GEDTC_NUMERIC) {
        VCUBE_ASSIGN(converter, Converter::make(stored, target ? *target : *buffer_dtype(shown->GetNumericDataType())));
    }
    leaves_.push_back({from, to, stored, *shown, wanted, converter, target.has_value()});
    return {};
}

Status ElementCopier::row(const std::byte* from, std::ptrdiff_t from_stride, std::byte* to, std::ptrdiff_t to_stride,
                          std::size_t n) const {
    for (const Leaf& leaf : leaves_) {
        const std::byte* source = from + leaf.from;
        std::byte* target = to + leaf.to;
        if (leaf.direct) {
            leaf.converter.row(source, from_stride, target, to_stride, n);
            continue;
        }
        for (std::size_t k = 0; k < n; ++k) {
            VCUBE_TRY(convert(leaf, source, target));
            source += from_stride;
            target += to_stride;
        }
    }
    return {};
}

Status ElementCopier::convert(const Leaf& leaf, const std::byte* from, std::byte* to) {
    if (is_text(leaf.stored)) {
        return put_text(fixed_text(from, leaf.stored), leaf.wanted, to);
    }
    alignas(16) std::array<std::byte, 16> number{};
    leaf.converter.row(from, 0, number.data(), 0, 1);
    if (!GDALExtendedDataType::CopyValue(number.data(), leaf.shown, to, leaf.wanted)) {
        return unsupported("numbers cannot be read into a buffer of another kind");
    }
    return {};
}

}  // namespace vcube::driver
