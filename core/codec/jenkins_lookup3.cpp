// Bob Jenkins' lookup3 hash behind the data, as HDF5 uses it: {"id": "jenkins_lookup3", "initval": 0}.
#include <bit>

#include "core/codec/checksum_codec.h"

namespace vcube {
namespace {

struct State {
    std::uint32_t a;
    std::uint32_t b;
    std::uint32_t c;

    // Twelve bytes, or fewer at the end: absent ones count as zero.
    void add(const std::byte* p, std::size_t count) {
        std::byte block[12] = {};
        std::memcpy(block, p, count);
        a += little_endian_32(block);
        b += little_endian_32(block + 4);
        c += little_endian_32(block + 8);
    }
    static void step(std::uint32_t& x, std::uint32_t y, int turn) {
        x -= y;
        x ^= std::rotl(y, turn);
    }
    void mix() {
        constexpr int kTurns[6] = {4, 6, 8, 16, 19, 4};
        for (int round = 0; round < 6; round += 3) {
            step(a, c, kTurns[round]);
            c += b;
            step(b, a, kTurns[round + 1]);
            a += c;
            step(c, b, kTurns[round + 2]);
            b += a;
        }
    }
    void finish() {
        const auto turn = [](std::uint32_t& x, std::uint32_t y, int by) {
            x ^= y;
            x -= std::rotl(y, by);
        };
        turn(c, b, 14);
        turn(a, c, 11);
        turn(b, a, 25);
        turn(c, b, 16);
        turn(a, c, 4);
        turn(b, a, 14);
        turn(c, b, 24);
    }
};

std::uint32_t lookup3(ByteSpan data, std::uint32_t seed) {
    const std::uint32_t start = 0xdeadbeefU + static_cast<std::uint32_t>(data.size()) + seed;
    State state{start, start, start};
    if (data.empty()) {
        return state.c;
    }
    std::size_t done = 0;
    for (; data.size() - done > 12; done += 12) {
        state.add(data.data() + done, 12);
        state.mix();
    }
    state.add(data.data() + done, data.size() - done);
    state.finish();
    return state.c;
}

}  // namespace

MadeCodec make_jenkins_lookup3(const Json& config, CodecPlace& place) {
    std::uint64_t seed = 0;
    if (config.contains("initval") && !config["initval"].is_null()) {
        VCUBE_ASSIGN(seed, json_uint(config, "initval", place.what));
    }
    if (config.contains("prefix") && !config["prefix"].is_null()) {
        return unsupported(place.what + ": a hash over a \"prefix\" is not read");
    }
    return make_checksum("jenkins_lookup3", config, place, true,
                         [seed = static_cast<std::uint32_t>(seed)](ByteSpan data) { return lookup3(data, seed); });
}

}  // namespace vcube
