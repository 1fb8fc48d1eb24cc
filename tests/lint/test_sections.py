"""Each kind of fault, planted alone into what the shipped page teaches, is found in its line, and nothing else is."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from campaigns.cli import main
from campaigns.lint.check import check
from campaigns.lint.finding import Finding
from tests.lint.planting import SURVEY, TEMPLATES, copied, line_of

FILE = "webinars/si-joint-runners.toml"
ANCHOR = "They hardly move."
CLAIMS = 'claims = ["two-joints"]'
WORDS = 'words = "SI is short for sacroiliac.'


@pytest.mark.parametrize(
    ("kind", "old", "new", "at"),
    [
        ("unknown-claim", CLAIMS, 'claims = ["two-joints", "no-such"]', WORDS),
        ("unapproved-claim", CLAIMS, 'claims = ["two-joints", "red-flags"]', WORDS),
        ("claim-twice", CLAIMS, 'claims = ["two-joints", "two-joints"]', WORDS),
        ("education-without-claims", CLAIMS, "claims = []", WORDS),
        ("medical-words-without-claim", ANCHOR, f"{ANCHOR} Some people get an injection.", ANCHOR),
        ("percentage-without-reference", ANCHOR, f"{ANCHOR} It helps 30% of runners.", ANCHOR),
        ("claim-cure", ANCHOR, f"{ANCHOR} There is a cure.", ANCHOR),
        ("claim-stem-cell", 'heading = "What it may cost"', 'heading = "Stem cells"', "Stem cells"),
        ("health-statement", ANCHOR, f"{ANCHOR} Your back is worn.", ANCHOR),
        ("exclamation", ANCHOR, "They hardly move!", "hardly"),
        ("two-blanks", ANCHOR, "They  hardly move.", "hardly"),
        ("spam-words", ANCHOR, f"{ANCHOR} Act now.", ANCHOR),
        ("raw-address", ANCHOR, f"{ANCHOR} See https://else.example/x now.", ANCHOR),
        ("hard-to-read", ANCHOR, f"Notwithstanding {'biomechanical considerations ' * 9}they move.", "Notwithstanding"),
        ("bad-page", 'key = "treatment"', 'key = "recovery"', ""),
        ("bad-page", 'key = "treatment"', 'key = "Care, and more"', ""),
        ("bad-page", 'heading = "What it may cost"', "", ""),
        ("bad-page", ANCHOR, f'"""\n{ANCHOR}', ""),
        ("bad-page", CLAIMS, "claims = 4", ""),
        ("bad-page", 'heading = "What it may cost"', "heading = ", "heading = "),
    ],
)
def test_a_fault_in_what_the_page_teaches_is_found_in_its_line(kind, old, new, at, tmp_path):
    folder = with_page(tmp_path)
    assert found_in(folder) == []
    path = folder / FILE
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    found = found_in(folder)
    assert {(one.kind, one.file, one.message_name) for one in found} == {(kind, FILE, "si-joint-runners")}
    if at != "heading = ":
        assert {one.line for one in found} == {line_of(folder, FILE, at)}
    else:
        assert path.read_text("utf-8").split("\n")[found[0].line - 1] == at


def test_what_the_page_teaches_is_measured_and_easy_to_read(tmp_path, capsys):
    folder = with_page(tmp_path)
    (taught,) = [one for one in check(folder).measures if one.name == "si-joint-runners"]
    assert 500 <= taught.words <= 800 and taught.grade <= 6.9 and taught.claims > 20
    assert main(["content", "check", str(folder), "--strict"]) == 0
    (row,) = re.findall(r"(?m)^si-joint-runners +en +\d+ +(\d\.\d) +\d+\.\d +- +- +\d+$", capsys.readouterr().out)
    assert row == f"{taught.grade:.1f}"


def test_a_webinar_that_teaches_nothing_has_no_fault(tmp_path):
    folder = with_page(tmp_path)
    (folder / FILE).write_text('[webinar]\nslug = "x"\n', "utf-8")
    assert found_in(folder) == []


def with_page(folder: Path) -> Path:
    """Copy one message, the register and the webinar."""
    folder = copied(folder / "templates", SURVEY)
    shutil.copytree(TEMPLATES / "webinars", folder / "webinars")
    return folder


def found_in(folder: Path) -> list[Finding]:
    return [one for one in check(folder).findings if one.message_name != SURVEY]
