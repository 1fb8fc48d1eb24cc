"""A folder with a hostile message in it is checked like any other: findings, no traceback, and an end."""

from __future__ import annotations

import pytest

from campaigns.lint.check import check
from campaigns.lint.report import lines
from tests.lint.planting import SURVEY, copied
from tests.rendering.hostile import DEPTHS, HARMLESS, PAYLOADS, unless_it_hangs

TEXT = "moved-sms"
TOML = {
    "lists in lists": "a = " + "[" * 5_000 + "]" * 5_000,
    "tables in tables": "a = " + "{b=" * 2_000 + "1" + "}" * 2_000,
    "digits": f"read = {'9' * 5_000}",
    "a thousand million reads": "reads = 1_000_000_000",
    "keys in keys": f"{'.'.join('a' * 4_000)} = 1",
    "claims that are none": "claims = [[], {}, 1, '']",
    "claims without number": f"claims = [{'1,' * 5_000}]",
    "the same claim": "claims = [" + '"two-joints",' * 800 + "]",
    "allowing without number": '[[allow]]\nkind = ""\n' * 400,
    "allowing nothing": "allow = [1]",
    "a table for a key": "[subject]\na = 1",
    "a language that is none": "es = [1]",
    "null": "# \x00",
    "half a quote": 'x = "',
    "blank lines": "\n" * 11_000,
    "far too much": "# a\n" * 1_000_000,
}


@pytest.fixture(autouse=True)
def _guard():
    with unless_it_hangs(120):
        yield


def written(folder, **files):
    for name, text in files.items():
        message, file = {"body": (SURVEY, "body.md"), "text": (TEXT, "sms.txt"), "toml": (SURVEY, "message.toml")}[name]
        (folder / "messages" / message / file).write_bytes(text.encode("utf-8", "surrogatepass"))
    return folder


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_a_hostile_message_is_a_finding_of_its_own(payload, tmp_path):
    folder = copied(tmp_path / "templates", SURVEY, TEXT, by_hand=False)
    report = check(written(folder, body=f"# One\n\nA {payload} b\n", text=f"A {payload} b"))
    for place in (f"messages/{SURVEY}/body.md", f"messages/{TEXT}/sms.txt"):
        assert [one for one in report.findings if one.file == place and one.severity == "error"], place
    assert all(one.line >= 1 and len(str(one)) < 1_000 for one in report.findings)
    assert "\n".join(lines(report))


@pytest.mark.parametrize("line", TOML.values(), ids=TOML.keys())
def test_hostile_settings_are_findings(line, tmp_path):
    folder = copied(tmp_path / "templates", SURVEY, by_hand=False)
    before = (folder / "messages" / SURVEY / "message.toml").read_text("utf-8")
    report = check(written(folder, toml=f"{line}\n{before}"))
    assert report.messages == 1
    assert line == TOML["blank lines"] or report.count("error") or report.count("warning")
    assert "\n".join(lines(report))


@pytest.mark.parametrize(
    "unit", ["[a](", "**a ", "> ", "- a\n", "{%a%}     ", "![", "# a\n\n", "`", "&", "your pain ", "! ", "www.", "\\"]
)
def test_as_much_as_a_body_may_hold_is_read_to_its_end(unit, tmp_path):
    folder = copied(tmp_path / "templates", SURVEY, by_hand=False)
    assert check(written(folder, body=f"# One\n\n{(unit * 20_000)[:19_900]}")).messages == 1


@pytest.mark.parametrize("words", HARMLESS.values(), ids=HARMLESS.keys())
def test_words_that_only_look_like_more_are_measured(words, tmp_path):
    folder = copied(tmp_path / "templates", SURVEY, by_hand=False)
    report = check(written(folder, body=f"# One\n\nA {words} b\n"))
    assert {(one.name, one.language) for one in report.measures} == {(SURVEY, "en"), (SURVEY, "es")}


def test_what_is_too_much_is_said_once_and_where(tmp_path):
    folder = copied(tmp_path / "templates", SURVEY, by_hand=False)
    found = check(written(folder, body=f"# One\n\n{DEPTHS['nested conditions']}\n")).findings
    (one,) = [one for one in found if one.kind == "beyond-limits"]
    assert (one.file, one.line) == (f"messages/{SURVEY}/body.md", 3)
    assert one.says == "more than 8 deep inside one another; take it apart"
