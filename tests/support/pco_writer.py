"""Writes pco's standalone format from its description (pco's docs/format.md), for tests of the decoder.

Every mode, delta encoding, number type and version of the format, chosen by the caller. Nothing is tuned: bins are
quantiles of the latents, so streams are valid and larger than those of pco itself. Pure Python on integers, apart from
numpy's float arithmetic for multiples of a float."""
import numpy as np

CODES = {"u4": 1, "u8": 2, "i4": 3, "i8": 4, "f4": 5, "f8": 6, "u2": 7, "i2": 8, "f2": 9, "u1": 10, "i1": 11}
FRACTION = {16: 10, 32: 23, 64: 52}


class Bits:
    """Integers packed from the lowest bit of the first byte on."""

    def __init__(self):
        self.parts, self.size = [], 0

    def put(self, value, bits):
        value = int(value)
        assert 0 <= value < 1 << bits, (value, bits)
        self.parts.append((value, bits))
        self.size += bits

    def align(self):
        self.put(0, -self.size % 8)

    def bytes(self):
        assert self.size % 8 == 0
        out, held, have = bytearray(), 0, 0
        for value, bits in self.parts:
            held |= value << have
            have += bits
            whole = have // 8
            out += (held & ((1 << 8 * whole) - 1)).to_bytes(whole, "little")
            held >>= 8 * whole
            have -= 8 * whole
        return bytes(out)


def ordered(values):
    """Latents in the order of the numbers, as Python integers."""
    values = np.ascontiguousarray(values)
    bits = values.dtype.itemsize * 8
    middle = 1 << (bits - 1)
    raw = [int(v) for v in values.view(f"u{bits // 8}")]
    if values.dtype.kind == "u":
        return raw
    if values.dtype.kind == "i":
        return [v ^ middle for v in raw]
    return [v ^ (2 * middle - 1) if v & middle else v ^ middle for v in raw]


# Modes: numbers -> (primary latents, secondary latents or None).

def split_int_mult(values, base):
    latents = ordered(values)
    return [v // base for v in latents], [v % base for v in latents]


def float_index(values):
    """Of whole floats: their place among the whole floats, zero in the middle."""
    bits = values.dtype.itemsize * 8
    middle, all_whole = 1 << (bits - 1), 1 << (FRACTION[bits] + 1)
    start = int(np.array(all_whole, values.dtype).view(f"u{bits // 8}"))
    out = []
    for raw in values.view(f"u{bits // 8}"):
        raw = int(raw)
        magnitude = raw & (middle - 1)
        if magnitude < start:
            magnitude = int(np.array([magnitude], f"u{bits // 8}").view(values.dtype)[0])
        else:
            magnitude = all_whole + (magnitude - start)
        out.append(middle - 1 - magnitude if raw & middle else middle + magnitude)
    return out


def split_float_mult(values, base):
    base = values.dtype.type(base)
    bits = values.dtype.itemsize * 8
    middle, all_ones = 1 << (bits - 1), (1 << bits) - 1
    with np.errstate(all="ignore"):
        multiples = np.round(values / base).astype(values.dtype)
        products = (multiples * base).astype(values.dtype)
    adjustments = [(a - b + middle) & all_ones for a, b in zip(ordered(values), ordered(products))]
    return float_index(multiples), adjustments


def split_float_quant(values, k):
    bits = values.dtype.itemsize * 8
    low = (1 << k) - 1
    latents = ordered(values)
    secondary = [v & low if v >> (bits - 1) else low - (v & low) for v in latents]
    return [v >> k for v in latents], secondary


def split_dict(values):
    latents = ordered(values)
    dictionary = sorted(set(latents), key=lambda v: (v * 2654435761) % 1000003)  # any order
    place = {v: i for i, v in enumerate(dictionary)}
    return [place[v] for v in latents], dictionary


# Delta encodings: latents -> (state, differences with their highest bit flipped).

def take_consecutive(latents, order, bits):
    all_ones, middle = (1 << bits) - 1, 1 << (bits - 1)
    state = []
    for _ in range(order):
        state.append(latents[0] if latents else 0)
        latents = [(b - a) & all_ones for a, b in zip(latents, latents[1:])]
    return state, [v ^ middle for v in latents]


def choose_lookbacks(latents, state_n, window_n):
    """The nearest equal latent in the window, else one that varies; all within what is known by then."""
    last, out = {}, []
    for i, v in enumerate(latents):
        if i >= state_n:
            back = i - last.get(v, i - 1 - i % 3)
            out.append(max(1, min(back, window_n, i)))
        last[v] = i
    return out


def take_lookback(latents, state_n, lookbacks, bits):
    all_ones, middle = (1 << bits) - 1, 1 << (bits - 1)
    # Of lookbacks before the first latent: zeros.
    known = lambda i: latents[i] if i >= 0 else 0
    return latents[:state_n], [((latents[i] - known(i - lookbacks[i - state_n])) & all_ones) ^ middle
                               for i in range(state_n, len(latents))]


def take_conv1(latents, shift, bias, weights, bits):
    all_ones, middle, order = (1 << bits) - 1, 1 << (bits - 1), len(weights)
    state = (latents + [0] * order)[:order]
    out = []
    for i in range(order, len(latents)):
        prediction = max(0, bias + sum(w * v for w, v in zip(weights, latents[i - order:i]))) >> shift
        out.append(((latents[i] - prediction) & all_ones) ^ middle)
    return state, out


# A stream of latents: bins, and their coding with four interleaved states.

def quantile_bins(latents, most, single=False):
    """[(lower, offset bits)], ascending; a latent is of the last bin that begins at or below it."""
    if not latents:
        return []
    values = sorted(latents)
    if single:
        cuts = [0]
    else:
        cuts = sorted({i * len(values) // most for i in range(most)})
    lowers = sorted({values[i] for i in cuts})
    bins = []
    for i, lower in enumerate(lowers):
        upper = max(v for v in (values if i + 1 == len(lowers) else [v for v in values if v < lowers[i + 1]]))
        bins.append((lower, (upper - lower).bit_length()))
    return bins


class Stream:
    """One latent variable of one page."""

    def __init__(self, latents, bits, bins, table_log):
        self.latents, self.bits, self.bins = latents, bits, bins
        self.table_log = table_log if len(bins) > 1 else 0
        size = 1 << self.table_log
        lowers = np.array([b[0] for b in bins], dtype=object)
        self.symbols = []
        for v in latents:
            i = max(k for k in range(len(bins)) if lowers[k] <= v) if len(bins) < 17 else self.find(v)
            assert v - bins[i][0] < 1 << bins[i][1] or v == bins[i][0]
            self.symbols.append(i)
        self.weights = self.share(size)
        self.encode_symbols(size)

    def find(self, v):
        low, high = 0, len(self.bins)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.bins[middle][0] <= v else (low, middle)
        return low

    def share(self, size):
        """Weights of at least 1 that add up to the table's size, about as the bins occur."""
        n = len(self.bins)
        if n == 0:
            return []
        counts = [1] * n
        for s in self.symbols:
            counts[s] += 1
        weights = [max(1, c * size // sum(counts)) for c in counts]
        while sum(weights) != size:
            step = 1 if sum(weights) < size else -1
            i = max(range(n), key=lambda k: weights[k] * (1 if step < 0 else -1) if weights[k] + step >= 1 else -10 ** 9)
            weights[i] += step
        return weights

    def encode_symbols(self, size):
        """From the last symbol to the first; states of the decoder are this encoder's in reverse."""
        step = 3 * size // 5
        step += 1 - step % 2
        symbol_at, at = [0] * size, 0
        for symbol, weight in enumerate(self.weights):
            for _ in range(weight):
                symbol_at[at] = symbol
                at = (at + step) % size
        # slots[symbol]: the table's states of that symbol in order.
        slots = [[] for _ in self.weights]
        for i, symbol in enumerate(symbol_at):
            if slots:
                slots[symbol].append(i)
        states = [size] * 4
        self.codes = [None] * len(self.symbols)
        for i in reversed(range(len(self.symbols))):
            j = i % 256 % 4
            symbol, x = self.symbols[i], states[j]
            weight, bits = self.weights[symbol], 0
            while x >> bits >= 2 * weight:
                bits += 1
            self.codes[i] = (x & ((1 << bits) - 1), bits)
            states[j] = size + slots[symbol][(x >> bits) - weight]
        self.states = [x - size for x in states]

    def put_meta(self, out):
        out.put(self.table_log, 4)
        out.put(len(self.bins), 15)
        for weight, (lower, offset_bits) in zip(self.weights, self.bins):
            out.put(weight - 1, self.table_log)
            out.put(lower, self.bits)
            out.put(offset_bits, self.bits.bit_length())

    def put_states(self, out):
        for state in self.states:
            out.put(state, self.table_log)

    def put_batch(self, out, start, stop):
        for value, bits in self.codes[start:stop]:
            out.put(value, bits)
        for v, symbol in zip(self.latents[start:stop], self.symbols[start:stop]):
            out.put(v - self.bins[symbol][0], self.bins[symbol][1])


def put_header(out, version, minor, standalone, uniform, hint):
    for c in b"pco!":
        out.put(c, 8)
    if standalone < 2:
        assert version == standalone
    else:
        out.put(standalone, 8)
        if standalone >= 3:
            out.put(uniform, 8)
        bits = max(1, int(hint).bit_length())
        out.put(bits - 1, 6)
        out.put(hint, bits)
        out.align()
    out.put(version, 8)
    if version >= 4:
        out.put(minor, 8)


def put_mode(out, values, mode):
    """Returns the primary latents, their bits, and the secondary ones or None."""
    bits = values.dtype.itemsize * 8
    kind = mode[0]
    out.put({"classic": 0, "int_mult": 1, "float_mult": 2, "float_quant": 3, "dict": 4}[kind], 4)
    if kind == "int_mult":
        out.put(mode[1], bits)
        return (bits, *split_int_mult(values, mode[1]))
    if kind == "float_mult":
        out.put(ordered(np.array([mode[1]], values.dtype))[0], bits)
        return (bits, *split_float_mult(values, mode[1]))
    if kind == "float_quant":
        out.put(mode[1], 8)
        return (bits, *split_float_quant(values, mode[1]))
    if kind == "dict":
        indices, dictionary = split_dict(values)
        out.put(len(dictionary), 25)
        out.align()
        for v in dictionary:
            out.put(v, bits)
        return 32, indices, None
    return bits, ordered(values), None


def put_delta(out, delta, version, latents, bits):
    """Returns a function that splits latents of a variable, the lookbacks or None, and whether secondaries are split."""
    kind = delta[0]
    if version < 3:
        assert kind in ("none", "consecutive")
        out.put(delta[1] if kind == "consecutive" else 0, 3)
    else:
        out.put({"none": 0, "consecutive": 1, "lookback": 2, "conv1": 3}[kind], 4)
    if kind == "none":
        return (lambda v, b: ([], v)), None, False
    if kind == "consecutive":
        order, secondary = delta[1], len(delta) > 2 and delta[2]
        if version >= 3:
            out.put(order, 3)
            out.put(int(secondary), 1)
        return (lambda v, b: take_consecutive(v, order, b)), None, secondary
    if kind == "lookback":
        window_log, state_log, secondary = delta[1], delta[2], len(delta) > 3 and delta[3]
        out.put(window_log - 1, 5)
        out.put(state_log, 4)
        out.put(int(secondary), 1)
        lookbacks = delta[4] if len(delta) > 4 else choose_lookbacks(latents, 1 << state_log, 1 << window_log)
        return (lambda v, b: take_lookback(v, 1 << state_log, lookbacks, b)), lookbacks, secondary
    shift, bias, weights = delta[1:]
    out.put(shift, 5)
    out.put((bias + (1 << 63)) & ((1 << 64) - 1), 64)
    out.put(len(weights) - 1, 5)
    for w in weights:
        out.put(w + (1 << 31), 32)
    return (lambda v, b: take_conv1(v, shift, bias, weights, b)), None, False


def put_chunk(out, values, version, mode, delta, bins, table_log):
    out.put(CODES[values.dtype.str[1:]], 8)
    out.put(len(values) - 1, 24)
    bits, primary, secondary = put_mode(out, values, mode)
    split, lookbacks, split_secondary = put_delta(out, delta, version, primary, bits)
    variables = []  # (state, stream)
    def add(latents, bits, split):
        state, rest = split(latents, bits)
        variables.append((state, bits, Stream(rest, bits, quantile_bins(rest, bins, bins == 1), table_log)))
    if lookbacks is not None:
        add(lookbacks, 32, lambda v, b: ([], v))
    add(primary, bits, split)
    if secondary is not None:
        add(secondary, bits, split if split_secondary else lambda v, b: ([], v))
    for _, _, stream in variables:
        stream.put_meta(out)
    out.align()
    for state, bits, stream in variables:
        for v in state:
            out.put(v, bits)
        stream.put_states(out)
    out.align()
    for start in range(0, len(values), 256):
        for _, _, stream in variables:
            stream.put_batch(out, start, start + 256)
    out.align()


def encode(chunks, mode=("classic",), delta=("none",), version=4, minor=1, standalone=3, uniform=False, hint=None,
           bins=8, table_log=6):
    """chunks: an array or several of one type. mode: ("classic",), ("int_mult", base), ("float_mult", base),
    ("float_quant", bits), ("dict",). delta: ("none",), ("consecutive", order[, secondary]), ("lookback", window_log,
    state_log[, secondary[, lookbacks]]), ("conv1", shift, bias, weights). bins: at most so many of a variable."""
    chunks = [np.ascontiguousarray(c).ravel() for c in (chunks if isinstance(chunks, list) else [chunks])]
    out = Bits()
    total = sum(len(c) for c in chunks)
    code = CODES[chunks[0].dtype.str[1:]] if uniform else 0
    put_header(out, version, minor, standalone, code, total if hint is None else hint)
    for values in chunks:
        put_chunk(out, values, version, mode, delta, bins, table_log)
    out.put(0, 8)
    return out.bytes()
