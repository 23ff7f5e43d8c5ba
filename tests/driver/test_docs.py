"""docs/formats.md says what is: its tests exist, its limits are those of the options. Its codecs: tests/unit/codec/docs_test.cpp."""
import pathlib
import re
import xml.etree.ElementTree as xml

import pytest
from osgeo import gdal

PROJECT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs/formats.md").read_text(encoding="utf-8")
COMPARED = PAGE.partition("## Compared with other readers")[2].partition("\n## ")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in COMPARED.splitlines() if line.startswith("| ")]
ROWS = [row for row in ROWS if row[-1] != "test"]


def names_in(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return set(re.findall(r"^def (test_\w+)\(", text, re.MULTILINE))
    return {".".join(pair) for pair in re.findall(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", text, re.MULTILINE)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_row_is_backed_by_tests_that_exist(row):
    feature, vcube, *peers, tests = row
    assert vcube == "yes" and len(peers) == 3, row
    assert all(re.match(r"(yes|no|\?|part(: .+)?)$", peer) for peer in peers), row
    named = re.findall(r"`(\w+\.(?:py|cpp))::([\w.]+)`", tests)
    assert named and len(named) == tests.count("::"), tests
    for file, name in named:
        (path,) = (PROJECT / "tests").rglob(file)
        assert name in names_in(path), f"{feature}: no test {name} in {file}"


def test_the_comparison_is_not_empty():
    assert len(ROWS) > 50


def test_limits_are_those_of_the_options():
    options = xml.fromstring(gdal.GetDriverByName("VCUBE").GetMetadataItem("DMD_OPENOPTIONLIST"))
    defaults = {option.get("name"): option.get("default") for option in options
                if option.get("name").startswith("MAX_") and option.get("default")}
    section = PAGE.partition("## Limits")[2].partition("\n## ")[0]
    rows = {name: text for text, name in re.findall(r"^\| [^|]+ \| ([^|]+) \| `(\w+)` \|$", section, re.MULTILINE)}
    assert {name: text.replace(" ", "") for name, text in rows.items()} == defaults


def test_open_options_are_those_of_the_driver():
    options = xml.fromstring(gdal.GetDriverByName("VCUBE").GetMetadataItem("DMD_OPENOPTIONLIST"))
    section = (PROJECT / "docs/driver.md").read_text(encoding="utf-8").partition("## Open options")[2].partition("\n## ")[0]
    table = section.partition("\n\n| grid |")[0]
    rows = {row[0]: row[1:3] for row in re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|", table, re.MULTILINE)}
    assert set(rows) == {option.get("name") for option in options}
    for option in options:
        values, default = rows[option.get("name")]
        if option.get("type") == "string-select":
            assert re.findall(r"`(\w+)`", values) == [value.text for value in option]
            assert option.get("default") in (None, default.strip("`")), option.get("name")


@pytest.mark.parametrize("page", sorted(path.name for path in (PROJECT / "docs").glob("*.md")))
def test_links_between_pages(page):
    """Links lead to pages and headings that exist."""
    text = (PROJECT / "docs" / page).read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^):#]*)(?:#([^)]*))?\)", text):
        path = PROJECT / "docs" / (target or page)
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
            assert anchor in slugs, (target, anchor)
