// FILTER texts: whatever is accepted has one spelling, which gives itself back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/swath/filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using vcube::swath::Filter;
    const auto filter = Filter::parse({reinterpret_cast<const char*>(data), size});
    if (filter.ok()) {
        const std::string text = filter.value().text();
        const auto again = Filter::parse(text);
        if (!again.ok() || again.value().text() != text || again.value().variables() != filter.value().variables()) {
            std::abort();
        }
    }
    return 0;
}
