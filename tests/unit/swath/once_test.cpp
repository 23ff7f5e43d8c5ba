#include "core/swath/once.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "core/base/patience.h"

namespace vcube::swath {
namespace {

using Value = std::shared_ptr<const int>;

TEST(Once, KeepsAValueAndNoFailure) {
    Once<int> once;
    int calls = 0;
    const auto fail = [&]() -> Result<Value> {
        ++calls;
        return Error{ErrorCode::kCancelled, "not wanted"};
    };
    EXPECT_FALSE(once.get(fail).ok());
    EXPECT_FALSE(once.get(fail).ok());
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(*once.get([]() -> Result<Value> { return std::make_shared<const int>(7); }).value(), 7);
    EXPECT_EQ(*once.get(fail).value(), 7);
    EXPECT_EQ(calls, 2);
}

TEST(Once, WhoWaitsMayLeave) {
    Once<int> once;
    std::atomic<bool> making{false};
    std::atomic<bool> left{false};
    std::thread maker([&] {
        const auto made = once.get([&]() -> Result<Value> {
            making = true;
            while (!left) {
                std::this_thread::yield();
            }
            return std::make_shared<const int>(7);
        });
        EXPECT_EQ(*made.value(), 7);
    });
    while (!making) {
        std::this_thread::yield();
    }
    {
        const Patience patience([](double) { return false; });
        const auto got = once.get([]() -> Result<Value> { return std::make_shared<const int>(8); });
        ASSERT_FALSE(got.ok());
        EXPECT_EQ(got.error().code, ErrorCode::kCancelled);
    }
    left = true;
    maker.join();
    EXPECT_EQ(*once.peek(), 7);
}

}  // namespace
}  // namespace vcube::swath
