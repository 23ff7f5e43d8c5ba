#include "core/codec/byte_swap.h"

#include <gtest/gtest.h>

#include <vector>

namespace vcube {
namespace {

// Sizes around the vector width, with incomplete last words; by a plain definition of the reversal.
TEST(ByteSwap, ReversesEachWordAndKeepsTheRest) {
    for (const std::uint32_t width : {1U, 2U, 3U, 4U, 8U, 16U}) {
        const bool known = width == 2 || width == 4 || width == 8;
        for (std::size_t size = 0; size < 140; ++size) {
            std::vector<std::byte> in(size);
            for (std::size_t i = 0; i < size; ++i) {
                in[i] = static_cast<std::byte>(i * 7 + 1);
            }
            std::vector<std::byte> expected = in;
            for (std::size_t i = 0; known && i + width <= size; i += width) {
                for (std::size_t k = 0; k < width; ++k) {
                    expected[i + k] = in[i + width - 1 - k];
                }
            }
            std::vector<std::byte> out(size);
            swap_words(in.data(), out.data(), size, width);
            EXPECT_EQ(out, expected) << width << " " << size;
            swap_words(in.data(), in.data(), size, width);
            EXPECT_EQ(in, expected) << "in place " << width << " " << size;
        }
    }
}

}  // namespace
}  // namespace vcube
