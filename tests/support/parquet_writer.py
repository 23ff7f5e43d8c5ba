"""A small Parquet writer for tests, written from the format specification and independent of the C++ reader.

Flat columns of integers and byte strings, in every encoding, page version and codec that references may come in:
    write([Column("path", BYTE_ARRAY, ["a", None], encoding=RLE_DICTIONARY), ...], codec=ZSTD) -> bytes
Sources: Apache Parquet format (README.md, Encodings.md, Compression.md, parquet.thrift), Thrift compact protocol,
Snappy format description. Needs numcodecs for zstd and lz4. `null_column` is what Arrow makes of values without a type.
"""
import dataclasses
import gzip
import struct
import zlib

BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY = range(8)
PLAIN, PLAIN_DICTIONARY, RLE, BIT_PACKED = 0, 2, 3, 4
DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY, RLE_DICTIONARY, BYTE_STREAM_SPLIT = 5, 6, 7, 8, 9
UNCOMPRESSED, SNAPPY, GZIP, LZO, BROTLI, LZ4, ZSTD, LZ4_RAW = range(8)
UINT32 = 13  # a converted type

DICTIONARY_ENCODINGS = (PLAIN_DICTIONARY, RLE_DICTIONARY)


# Thrift compact protocol. A value is (type, python value); a struct is {field number: value}.
def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def zigzag(n):
    return varint(n * 2 if n >= 0 else -n * 2 - 1)


def i32(n):
    return 5, n


def i64(n):
    return 6, n


def text(s):
    return 8, s.encode() if isinstance(s, str) else s


def boolean(b):
    return 1 if b else 2, None


def list_of(values):
    return 9, values


def record(fields):
    return 12, fields


def encode_value(kind, value):
    if kind in (4, 5, 6):
        return zigzag(value)
    if kind == 8:
        return varint(len(value)) + value
    if kind == 9:
        element = value[0][0] if value else 5
        head = bytes([len(value) << 4 | element]) if len(value) < 15 else bytes([0xF0 | element]) + varint(len(value))
        return head + b"".join(encode_value(*v) for v in value)
    if kind == 12:
        return encode_struct(value)
    return b""


def encode_struct(fields):
    out = bytearray()
    last = 0
    for number in sorted(fields):
        kind, value = fields[number]
        if 0 < number - last < 16:
            out.append((number - last) << 4 | kind)
        else:
            out += bytes([kind]) + zigzag(number)
        out += encode_value(kind, value)
        last = number
    return bytes(out) + b"\0"


# Number sequences.
def pack(values, width):
    """Least significant bit first."""
    out = bytearray()
    for begin in range(0, len(values), 64):  # 64 values fill whole bytes
        part = values[begin:begin + 64]
        n = 0
        for i, value in enumerate(part):
            n |= value << (i * width)
        out += n.to_bytes((len(part) * width + 7) // 8, "little")
    return bytes(out)


def runs(values, width, style="mixed"):
    """The run length / bit-packing hybrid. style: "rle" runs only, "packed" one packed run, "mixed" both."""
    if style == "packed":
        padded = list(values) + [0] * (-len(values) % 8)
        return varint(len(padded) // 8 << 1 | 1) + pack(padded, width)
    out = b""
    i = 0
    while i < len(values):
        j = i
        while j < len(values) and values[j] == values[i]:
            j += 1
        if style == "rle" or j - i >= 8 or (i % 8 == 0 and j == len(values)):
            out += varint(j - i << 1) + values[i].to_bytes((width + 7) // 8, "little")
            i = j
        else:
            group = list(values[i:i + 8])
            i += len(group)
            out += varint(1 << 1 | 1) + pack(group + [0] * (8 - len(group)), width)
    return out


def deltas(values, bits, block=128, miniblocks=4):
    """DELTA_BINARY_PACKED; arithmetic wraps at `bits`."""
    mask = (1 << bits) - 1

    def signed(n):
        n &= mask
        return n - (1 << bits) if n >> (bits - 1) else n

    out = varint(block) + varint(miniblocks) + varint(len(values)) + zigzag(values[0] if values else 0)
    steps = [signed(b - a) for a, b in zip(values, values[1:])]
    size = block // miniblocks
    for i in range(0, len(steps), block):
        part = steps[i:i + block]
        least = min(part)
        rest = [(s - least) & mask for s in part]
        minis = [rest[k:k + size] for k in range(0, len(rest), size)]
        widths = [max(v.bit_length() for v in m) for m in minis]
        out += zigzag(least) + bytes(widths + [0] * (miniblocks - len(widths)))
        for mini, width in zip(minis, widths):
            out += pack(mini + [0] * (size - len(mini)), width)
    return out


# Values.
def as_bytes(value):
    return value.encode() if isinstance(value, str) else value


def plain(kind, values):
    if kind == BYTE_ARRAY:
        return b"".join(struct.pack("<I", len(as_bytes(v))) + as_bytes(v) for v in values)
    if kind == INT32:
        return b"".join((v & 0xFFFFFFFF).to_bytes(4, "little") for v in values)
    return b"".join(struct.pack({INT64: "<q", FLOAT: "<f", DOUBLE: "<d"}[kind], v) for v in values)


def delta_strings(values):
    prefixes = []
    before = b""
    for value in values:
        n = 0
        while n < min(len(before), len(value)) and before[n] == value[n]:
            n += 1
        prefixes.append(n)
        before = value
    suffixes = [v[n:] for v, n in zip(values, prefixes)]
    return deltas(prefixes, 32) + deltas([len(s) for s in suffixes], 32) + b"".join(suffixes)


def encode_values(column, values, dictionary):
    kind, encoding = column.type, column.encoding
    if encoding in DICTIONARY_ENCODINGS and dictionary is not None:
        number = {v: i for i, v in enumerate(dictionary)}
        width = column.index_width or max(len(dictionary) - 1, 0).bit_length()
        return bytes([width]) + runs([number[v] for v in values], width, column.run_style)
    if encoding == DELTA_BINARY_PACKED:
        return deltas(values, 32 if kind == INT32 else 64)
    if encoding == DELTA_LENGTH_BYTE_ARRAY:
        values = [as_bytes(v) for v in values]
        return deltas([len(v) for v in values], 32) + b"".join(values)
    if encoding == DELTA_BYTE_ARRAY:
        return delta_strings([as_bytes(v) for v in values])
    data = plain(kind, values)
    if encoding == BYTE_STREAM_SPLIT:
        width = 4 if kind in (INT32, FLOAT) else 8
        return b"".join(data[i::width] for i in range(width))
    return data


# Codecs.
def snappy(data):
    """Literals, and copies with offsets of one and two bytes where four bytes occurred before."""
    out = bytearray(varint(len(data)))
    seen = {}
    start = i = 0

    def literal(end):
        at = start
        while at < end:
            n = min(end - at, 1 << 16)
            if n <= 60:
                out.append((n - 1) << 2)
            elif n <= 256:
                out.extend((60 << 2, n - 1))
            else:
                out.append(61 << 2)
                out.extend(struct.pack("<H", n - 1))
            out.extend(data[at:at + n])
            at += n

    while i + 4 <= len(data):
        found = seen.get(data[i:i + 4])
        seen[data[i:i + 4]] = i
        if found is None or i - found >= 1 << 16:
            i += 1
            continue
        literal(i)
        n = 4
        while n < 64 and i + n < len(data) and data[found + n] == data[i + n]:
            n += 1
        offset = i - found
        if n <= 11 and offset < 2048:
            out += bytes([1 | (n - 4) << 2 | offset >> 8 << 5, offset & 0xFF])
        else:
            out += bytes([2 | (n - 1) << 2]) + struct.pack("<H", offset)
        i += n
        start = i
    literal(len(data))
    return bytes(out)


def compress(codec, data):
    if codec == SNAPPY:
        return snappy(data)
    if codec == GZIP:
        return gzip.compress(data, mtime=0)
    if codec == ZSTD:
        import numcodecs
        return bytes(numcodecs.Zstd(3).encode(data))
    if codec == BROTLI:
        import brotli
        return brotli.compress(data)
    if codec == LZ4:
        import numcodecs
        cut = len(data) // 2  # two blocks, as Hadoop frames them
        parts = [(part, bytes(numcodecs.LZ4().encode(part))[4:]) for part in (data[:cut], data[cut:]) if part]
        return b"".join(struct.pack(">II", len(part), len(block)) + block for part, block in parts)
    if codec == LZ4_RAW:
        import numcodecs
        return bytes(numcodecs.LZ4().encode(data))[4:]  # numcodecs puts the size before the block
    return data


# Pages and file.
@dataclasses.dataclass
class Column:
    name: str
    type: int
    values: list
    optional: bool = True
    encoding: int = PLAIN
    codec: int = None        # None: that of the file
    version: int = 1         # of data pages
    page_rows: int = 0       # rows of a page; 0: one page
    converted: int = None    # ConvertedType; None: UTF8 for text
    run_style: str = "mixed"
    index_width: int = 0     # bits of dictionary indices; 0: as few as possible
    level_encoding: int = RLE
    crc: bool = False
    v2_plain: bool = False   # version 2 with is_compressed = false
    statistics: bool = False
    nested: bool = False     # inside a group of its own name
    dictionary_rows: int = None  # dictionary for these first rows only, the rest plain (as writers fall back)


def null_column(name, rows):
    return Column(name, INT32, [None] * rows)


def page(kind, header_field, header, stored, size, crc):
    fields = {1: i32(kind), 2: i32(size), 3: i32(len(stored)), header_field: record(header)}
    if crc:
        value = zlib.crc32(stored)
        fields[4] = i32(value - (1 << 32) if value >> 31 else value)
    return encode_struct(fields) + stored


def levels(column, values):
    flags = [int(v is not None) for v in values]
    if column.level_encoding == BIT_PACKED:
        flags += [0] * (-len(flags) % 8)
        return bytes(int("".join(map(str, flags[i:i + 8])), 2) for i in range(0, len(flags), 8))
    return runs(flags, 1, column.run_style)


def data_page(column, values, codec, dictionary):
    present = [v for v in values if v is not None]
    encoding = column.encoding
    if encoding in DICTIONARY_ENCODINGS and dictionary is None:
        encoding = PLAIN
    body = encode_values(column, present, dictionary) if present else b""
    flags = levels(column, values) if column.optional else b""
    if column.version == 2:
        stored = body if column.v2_plain else compress(codec, body)
        header = {1: i32(len(values)), 2: i32(len(values) - len(present)), 3: i32(len(values)), 4: i32(encoding),
                  5: i32(len(flags)), 6: i32(0)}
        if column.v2_plain:
            header[7] = boolean(False)
        return page(3, 8, header, flags + stored, len(flags) + len(body), column.crc)
    if column.optional and column.level_encoding == RLE:
        flags = struct.pack("<I", len(flags)) + flags
    header = {1: i32(len(values)), 2: i32(encoding), 3: i32(column.level_encoding), 4: i32(RLE)}
    if column.statistics:
        header[5] = record({1: text("max"), 2: text("min"), 3: i64(len(values) - len(present)), 7: boolean(True)})
    return page(0, 5, header, compress(codec, flags + body), len(flags + body), column.crc)


def column_chunk(column, values, codec, offset):
    """Pages and ColumnChunk structure of one row group."""
    codec = codec if column.codec is None else column.codec
    out = b""
    dictionary = None
    fields = {1: i32(column.type), 2: list_of([i32(column.encoding), i32(RLE)]), 3: list_of([text(column.name)]),
              4: i32(codec), 5: i64(len(values))}
    if column.encoding in DICTIONARY_ENCODINGS:
        covered = values if column.dictionary_rows is None else values[:column.dictionary_rows]
        dictionary = list(dict.fromkeys(v for v in covered if v is not None))
        body = plain(column.type, dictionary)
        # The old name of the encoding stands on both pages.
        encoding = PLAIN_DICTIONARY if column.encoding == PLAIN_DICTIONARY else PLAIN
        fields[11] = i64(offset)
        out += page(2, 7, {1: i32(len(dictionary)), 2: i32(encoding)}, compress(codec, body), len(body), column.crc)
    fields[9] = i64(offset + len(out))
    rows = column.page_rows or max(len(values), 1)
    for i in range(0, len(values), rows):
        plain_now = column.dictionary_rows is not None and i >= column.dictionary_rows
        out += data_page(column, values[i:i + rows], codec, None if plain_now else dictionary)
    fields[6] = fields[7] = i64(len(out))
    return out, record({2: i64(offset), 3: record(fields)})


def schema_elements(column):
    fields = {1: i32(column.type), 3: i32(int(column.optional)), 4: text(column.name)}
    converted = column.converted
    if converted is None and column.type == BYTE_ARRAY and any(isinstance(v, str) for v in column.values):
        converted = 0
    if converted is not None:
        fields[6] = i32(converted)
        if converted == 0:
            fields[10] = record({1: record({})})
    if column.nested:
        return [record({3: i32(1), 4: text(column.name), 5: i32(1)}), record(fields)]
    return [record(fields)]


def write(columns, codec=UNCOMPRESSED, group_rows=0, created_by="tests/support/parquet_writer.py"):
    """A whole file. group_rows: rows of a row group; 0: one group."""
    rows = len(columns[0].values)
    out = b"PAR1"
    groups = []
    step = group_rows or max(rows, 1)
    for first in range(0, rows, step):
        chunks = []
        begin = len(out)
        for column in columns:
            pages, chunk = column_chunk(column, column.values[first:first + step], codec, len(out))
            out += pages
            chunks.append(chunk)
        count = min(step, rows - first)
        groups.append(record({1: list_of(chunks), 2: i64(len(out) - begin), 3: i64(count)}))
    schema = [record({4: text("schema"), 5: i32(len(columns))})] + [e for c in columns for e in schema_elements(c)]
    footer = encode_struct({1: i32(2), 2: list_of(schema), 3: i64(rows), 4: list_of(groups),
                            5: list_of([record({1: text("note"), 2: text("made for tests")})]), 6: text(created_by)})
    return out + footer + struct.pack("<I", len(footer)) + b"PAR1"
