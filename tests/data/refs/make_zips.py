#!/usr/bin/python3
"""Writes zips.json: small zip files by Python's zipfile, with what zipfile reads from them."""
import base64
import io
import json
import pathlib
import zipfile

WHEN = (2023, 4, 1, 0, 0, 0)
TREE = {".zgroup": b'{"zarr_format": 2}', ".zattrs": b'{"title": "zip"}', "a/.zarray": b'{"shape": [4]}' * 20,
        "a/0": bytes(range(256)) * 3, "a/1": b"x" * 1000, "a/2": b"", "b c/\xc3\xa4/0".encode("latin-1").decode(): b"umlaut"}


class Unseekable(io.BytesIO):
    """A stream as a pipe is one: zipfile writes data descriptors behind the members."""

    def seekable(self):
        return False

    def seek(self, *_):
        raise io.UnsupportedOperation

    def tell(self):
        raise io.UnsupportedOperation


def info(name, method, extra=b""):
    out = zipfile.ZipInfo(name, WHEN)
    out.compress_type, out.extra = method, extra
    return out


def make(members, method=zipfile.ZIP_STORED, comment=b"", stream=False, extra=b"", zip64=False, folders=()):
    raw = Unseekable() if stream else io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for folder in folders:
            archive.writestr(info(folder, zipfile.ZIP_STORED), b"")
        for name, data in members:
            with archive.open(info(name, method, extra), "w", force_zip64=zip64) as out:
                out.write(data)
        archive.comment = comment
    return raw.getvalue()


def always_zip64(members, method):
    """A writer that uses the zip64 records and fields for everything."""
    kept = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 1, 1
    try:
        return make(members, method, zip64=True)
    finally:
        zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = kept


def encrypted(data, name):
    """The same zip with the member's encryption flag set, in both headers."""
    out = bytearray(data)
    for signature, flags, names in ((b"PK\3\4", 6, 30), (b"PK\1\2", 8, 46)):
        at = out.find(signature)
        while at >= 0:
            if out[at + names:at + names + len(name)] == name.encode():
                out[at + flags] |= 1
            at = out.find(signature, at + 4)
    return bytes(out)


def case(name, data, root="", references="", unreadable=(), other=True, same_as=None):
    """same_as: a zip of the same members, where zipfile is confused by what looks like a record in the comment."""
    with zipfile.ZipFile(io.BytesIO(same_as or data)) as archive:
        members = {}
        for entry in archive.namelist():
            if entry.endswith("/") or entry in unreadable or not entry.startswith(root):
                continue
            members[entry[len(root):]] = base64.b64encode(archive.read(entry)).decode()
    return {"name": name, "zip": base64.b64encode(data).decode(), "root": root, "references": references, "members": members,
            "unreadable": [entry[len(root):] for entry in unreadable], "other": other}


def climbing():
    bad = ["../evil", "/absolute", "a/../../b", "x//y", "./z", "w\\v", "a/.."]
    out = case("climbing names", make(list(TREE.items()) + [(name, b"bad") for name in bad]))
    for name in bad:
        out["members"].pop(name, None)
    out["refused"] = bad
    return out


tree = list(TREE.items())
below = [(f"foo/bar.zarr/{name}", data) for name, data in tree]
refs = b'{"version": 1, "refs": {".zgroup": "{}"}}'
deflated = zipfile.ZIP_DEFLATED
cases = [
    case("stored", make(tree)),
    case("deflated", make(tree, deflated)),
    case("comment", make(tree, deflated, comment=b"a comment with PK\5\6 and more: " + bytes(40)), same_as=make(tree, deflated)),
    case("data descriptors", make(tree, deflated, stream=True)),
    case("data descriptors, stored", make(tree, stream=True)),
    case("extra fields", make(tree, deflated, extra=b"\x55\x54\x05\x00\x01abcd")),
    case("zip64 fields", make(tree, deflated, zip64=True)),
    case("zip64 records", always_zip64(tree, deflated)),
    case("zip64 records, stored", always_zip64(tree, zipfile.ZIP_STORED)),
    case("written twice", make([("a/0", b"old")] + tree + [(".zattrs", b'{"title": "newer"}')], deflated)),
    case("folders", make(tree, folders=["a/", "b c/"])),
    case("bzip2", make(tree + [("a/3", b"y" * 500)], deflated)),
    case("in a folder", make(below + [("README.txt", b"hello")], deflated), root="foo/bar.zarr/"),
    case("two hierarchies", make([("x/" + n, d) for n, d in tree] + [("y/" + n, d) for n, d in tree])),
    case("reference file", make([("d/refs.json", refs)], deflated), root="d/", references="refs.json", other=False),
    case("compressed references", make([("refs.json.zst", refs), ("data.bin", b"1")]), references="refs.json.zst"),
    case("parquet", make([("s.parq/.zmetadata", b'{"record_size": 3}'), ("s.parq/a/refs.0.parq", b"PAR1")]), root="s.parq/",
         other=False),
    case("encrypted", encrypted(make(tree), "a/1"), unreadable=["a/1"]),
    climbing(),
]
bz = io.BytesIO()
with zipfile.ZipFile(bz, "w") as archive:
    for name, data in tree:
        archive.writestr(info(name, zipfile.ZIP_BZIP2 if name == "a/0" else zipfile.ZIP_STORED), data)
cases[[c["name"] for c in cases].index("bzip2")] = case("bzip2", bz.getvalue(), unreadable=["a/0"])
out = pathlib.Path(__file__).with_name("zips.json")
out.write_text(json.dumps({"cases": cases}, indent=0) + "\n")
