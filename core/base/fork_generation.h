// Tells a forked child from its parent without a system call. What threads of the parent held at the fork (locks,
// loads that others wait for) is never given back in the child: whoever keeps such things notes the generation and
// starts anew in another one. Thread-safe.
#pragma once

#include <cstdint>

namespace vcube {

/// The same number for the life of a process, another one in each child that it forks after the first call.
std::uint64_t fork_generation();

}  // namespace vcube
