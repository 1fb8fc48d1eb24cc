"""The shape of the rooms: sizes, first words, names, and a test for every file."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = [path for room in ("campaigns", "workers") for path in sorted((ROOT / room).rglob("*.py"))]
OURS = [path for path in CODE if "versions" not in path.parts]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FORBIDDEN_NAMES = (
    "utils",
    "util",
    "helpers",
    "helper",
    "manager",
    "common",
    "service",
    "services",
    "misc",
    "base_service",
)
FORBIDDEN_WORDS = re.compile(r"\b(TODO|FIXME|XXX|HACK|lorem ipsum|for now)\b", re.IGNORECASE)
UNGIVEN_REASON = re.compile(
    r"#\s*(?:noqa(?:: [A-Z0-9, ]+)?|type: ignore(?:\[[^\]]*\])?|pragma: no (?:cover|branch))\s*$"
)
WITHOUT_MIRROR = ("house", "journeys", "crash", "browser", "compliance")
"""Rooms of tests that follow people and processes, not files."""


@pytest.mark.parametrize("path", [*OURS, *TESTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_fits_on_a_few_screens(path):
    limit = 300 if path in OURS else 600
    assert len(path.read_text(encoding="utf-8").splitlines()) <= limit


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_function_fits_on_a_screen(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [one.name for one in functions if (one.end_lineno or 0) - one.lineno >= 40] == []


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_what_it_is_for(path):
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_import_hides_in_a_function(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    hidden = [
        node.lineno for one in functions for node in ast.walk(one) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []
    assert "TYPE_CHECKING" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [*CODE, *TESTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_unfinished_and_no_exemption_without_a_reason(path):
    if path == Path(__file__):
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if FORBIDDEN_WORDS.search(line)] == []
    assert [line for line in lines if path in CODE and UNGIVEN_REASON.search(line)] == []


def test_no_file_is_named_after_nothing():
    assert [path for path in CODE if path.stem in FORBIDDEN_NAMES] == []


def test_every_test_file_mirrors_a_file_of_the_code():
    assert [
        str(path.relative_to(ROOT)) for path in TESTS if path.name.startswith("test_") and not _mirrored(path)
    ] == []


def _mirrored(test):
    place = test.relative_to(ROOT / "tests").parent
    if place.parts and place.parts[0] in WITHOUT_MIRROR:
        return True
    room = ROOT / place if place.parts[:1] == ("workers",) else ROOT / "campaigns" / place
    subject = test.stem.removeprefix("test_")
    # A file with much to prove has several test files: test_timing.py, test_timing_oracle.py.
    parts = subject.split("_")
    names = ["_".join(parts[: n + 1]) for n in range(len(parts))]
    if (str(place), subject) in (
        (".", "compose"),
        ("rendering", "messages"),
    ):  # docker-compose.yml, templates/messages/
        return True
    if subject == "init":
        return (room / "__init__.py").exists()
    return any((room / f"{name}.py").exists() or (room / name).is_dir() for name in names)
