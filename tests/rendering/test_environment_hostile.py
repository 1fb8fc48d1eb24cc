"""Whatever stands in a message, it is words, or it is refused by file, line and remedy."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from campaigns.domain.steps import Channel
from campaigns.errors import TemplateInvalid
from campaigns.lint.samples import letters
from campaigns.rendering.email import render_email
from campaigns.rendering.environment import Source, compile_all, compile_source, languages_of
from campaigns.rendering.front_matter import read_front_matter, read_languages
from campaigns.rendering.markdown import bodies_of
from campaigns.rendering.sms import render_text
from campaigns.rendering.variables import context
from tests.rendering.hostile import (
    HARMLESS,
    PAYLOADS,
    PLACES,
    SOURCES,
    by_hand,
    by_markdown,
    in_text,
    unless_it_hangs,
)
from tests.rendering.samples import LINKS, SENDER

PLACED = r"(survey/message\.toml|survey/body\.md|survey/body(\.es)?\.(txt|html)|moved-sms/sms\.txt)"
NAMED = re.compile(rf"{PLACED}(: (subject|preheader))?(, line \d+)?: \S.+", re.DOTALL)
TOML = 'purpose = "service"\nchannel = "email"\nstatus = "approved"\nsubject = "a"\npreheader = "b"\n'


@pytest.fixture(autouse=True)
def _guard():
    with unless_it_hangs():
        yield


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_nothing_but_words_with_holes_is_compiled(place, payload):
    with pytest.raises(TemplateInvalid) as refused:
        compile_all(place(payload))
    assert NAMED.fullmatch(str(refused.value)), refused.value
    assert len(str(refused.value)) < 400
    # The words of the refusal go into logs and onto pages, and hold nothing that these cannot.
    assert str(refused.value).isprintable() and str(refused.value).encode()


@pytest.mark.parametrize("words", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_only_looks_like_more_is_printed(words):
    for source, plain in ((by_markdown(words), words), (by_hand(words), words)):
        compiled = compile_source(source)
        (letter, *_) = letters(compiled)
        assert render_email(compiled, letter, SENDER, LINKS).raw
        assert plain in compiled.text.render({**_values(compiled, letter)})
    assert render_text(compile_source(in_text(words)), _text_letter(words), SENDER, LINKS).body


def _values(compiled, letter):
    values = context(letter, SENDER, LINKS, channel=Channel.EMAIL, sources="")
    return values | {"purpose": "service", "subject": "", "preheader": "", "demonstration": False}


def _text_letter(words):
    return next(letters(compile_source(in_text(words))))


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_a_body_in_markdown_is_read_or_refused_by_its_line(payload):
    try:
        said = bodies_of(f"# One\n\nA {payload} b\n", file="m/body.md").plain
    except TemplateInvalid as refused:
        said = str(refused)
    assert said.startswith("One\n") or re.match(r"m/body\.md(, line \d+)?: .+", said, re.DOTALL)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a = " + "[" * 5_000 + "]" * 5_000, "lists must not lie so deep inside one another"),
        ("a = " + "[" * 100_000, "longer than 12000 characters; shorten it"),
        ("a = " + "{b=" * 2_000 + "1" + "}" * 2_000, "lists must not lie so deep inside one another"),
        (f"a = {'9' * 5_000}", "every number must have a few digits only"),
        (f"{TOML}read = {'9' * 300}", "read must be a whole number up to 24"),
        (f"{TOML}read = 0x{'f' * 3_000}", "read must be a whole number up to 24"),
        (f"{TOML}reads = 1_000_000_000", "reads must be a whole number up to 24"),
        (f"{TOML}read = 1.0", "read must be a whole number"),
        (f"{TOML}read = inf", "read must be a whole number"),
        (f"{TOML}{'.'.join('a' * 4_000)} = 1", "a is not a key of a message"),
        (f"{TOML}'{'k' * 9_000}' = 1", "k{40}… is not a key of a message"),
        (f'{TOML}"a\\u0000\\nb" = 1', "is not a key of a message"),
        (f"{TOML}claims = [{'[],' * 3_000}]", "claims must be a list of ids"),
        (f"{TOML}claims = 1979-05-27T07:32:00Z", "claims must be a list of ids"),
        (f"{TOML}es = 1", r"\[es\] holds subject and preheader only"),
        (f"{TOML}[[es]]\nsubject = 'a'", r"\[es\] holds subject and preheader only"),
        (f"{TOML}es.subject.a = 1\nes.preheader = 'a'", "es: subject must say something"),
        (f"{TOML}[purpose]\na = 1", "Cannot|purpose must be one of"),
        (f"{TOML}allow = 1", "allow must be"),
        (f"{TOML}calendar = []", "calendar must be one of"),
        ("\ufeff" + TOML, r"line 1: a character that cannot be seen \(U\+FEFF\)"),
        (f"{TOML}# \x00", "line 6: a character that cannot be seen"),
        (f"{TOML}a", "at end of document"),
        ("\n" * 1_000_000, "longer than 12000 characters"),
        (f"{TOML}subject = 'again'", "Cannot overwrite a value"),
    ],
)
def test_settings_that_are_more_than_settings_are_refused(text, fault):
    source = replace(SOURCES["survey"], name="m", files={**SOURCES["survey"].files, "message.toml": text})
    with pytest.raises(TemplateInvalid, match=fault) as refused:
        compile_all(source)
    assert str(refused.value).startswith("m/message.toml")
    assert str(refused.value).isprintable() and len(str(refused.value)) < 400


@pytest.mark.parametrize("text", ["a = " + "[" * 5_000, f"a = {'9' * 5_000}", "\x00", "a" * 12_001, "a ="])
def test_the_languages_of_settings_that_cannot_be_read_are_refused_alike(text):
    with pytest.raises(TemplateInvalid, match=r"^m/message\.toml"):
        read_languages("m", text)
    with pytest.raises(TemplateInvalid, match=r"^m/message\.toml"):
        languages_of(Source("m", {"message.toml": text}))


def test_settings_that_windows_has_written_are_read_alike():
    assert read_front_matter("m", TOML.replace("\n", "\r\n")) == read_front_matter("m", TOML)


def test_a_body_that_windows_has_written_is_the_same_body():
    text = SOURCES["confirmation"].files["body.md"]
    assert bodies_of(text.replace("\n", "\r\n"), file="f") == bodies_of(text, file="f")


def test_a_frame_with_hostile_words_in_it_is_refused_as_well():
    deep = SOURCES["survey"].files["frame.en.words"] + f"{{{{ {'(' * 900}1{')' * 900} }}}}"
    with pytest.raises(TemplateInvalid, match=r"^frame\.en\.words, line \d+: more than 8 deep"):
        compile_source(replace(SOURCES["survey"], files={**SOURCES["survey"].files, "frame.en.words": deep}))


@pytest.mark.parametrize("name", ["../x.md", "/etc/passwd", "body.fr.md", "x.py", "a" * 300, "body.md\n", ""])
def test_a_source_holds_the_files_of_a_message_and_no_other(name):
    with pytest.raises(TemplateInvalid, match="is not a file of a message; take it out"):
        compile_source(replace(SOURCES["survey"], files={**SOURCES["survey"].files, name: ""}))


def test_a_source_with_files_without_end_is_refused():
    files = {**SOURCES["survey"].files, **{f"frame.{'a' * n}": "" for n in range(1, 99)}}
    with pytest.raises(TemplateInvalid, match="survey: more than 40 files; take some out"):
        compile_source(replace(SOURCES["survey"], files=files))
