// An open file descriptor, closed when it leaves scope. Not thread-safe.
#pragma once

#include <unistd.h>

namespace vcube {

class OpenFile {
public:
    /// Takes over what open() returned; negative: none.
    explicit OpenFile(int number) : number_(number) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    explicit operator bool() const { return number_ >= 0; }
    [[nodiscard]] int number() const { return number_; }

private:
    int number_;
};

}  // namespace vcube
