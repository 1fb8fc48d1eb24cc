"""Message folders are loaded, stored, checked and compiled."""

from __future__ import annotations

import json
import shutil
import tomllib
from dataclasses import replace

import pytest
from jinja2 import UndefinedError

from campaigns.errors import TemplateInvalid
from campaigns.rendering.environment import Look, Source, compile_all, compile_source, load_sources
from campaigns.rendering.frame import FRAME_FILES
from campaigns.rendering.variables import context
from tests.rendering.samples import LIBRARY, LINKS, MESSAGES, SENDER, letter_for

SOURCES = load_sources(MESSAGES)
ONE = SOURCES["is-it-your-si-joint"]


def with_file(source: Source, file: str, text: str) -> Source:
    return replace(source, files={**source.files, file: text})


def test_every_folder_becomes_a_source_with_its_frame():
    assert SOURCES.keys() == {path.parent.name for path in MESSAGES.glob("*/message.toml")}
    assert ONE.files.keys() == {*FRAME_FILES, "message.toml", "body.md", "body.html", "body.txt"}
    assert ONE.sources.startswith("the webinar’s patient page")


def test_a_source_survives_json():
    assert Source.from_json(json.loads(json.dumps(ONE.to_json()))) == ONE


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"name": "a", "files": [], "sources": ""},
        {"name": 1, "files": {}, "sources": ""},
        {"name": "a", "files": {}},
    ],
)
def test_something_else_is_no_source(value):
    with pytest.raises(TemplateInvalid):
        Source.from_json(value)


def test_the_content_hash_names_the_content():
    same = Source.from_json(ONE.to_json())
    assert same.content_hash == ONE.content_hash == compile_source(ONE).content_hash
    assert len({ONE.content_hash} | {with_file(ONE, file, "x").content_hash for file in ONE.files}) == 12
    assert replace(ONE, sources="another").content_hash != ONE.content_hash


def test_the_same_words_are_compiled_once_and_any_others_anew():
    once = compile_all(ONE)
    assert compile_all(Source.from_json(ONE.to_json())) is once
    assert compile_all(ONE, Look(logo_url="https://clinic.example/logo.png")) is not once
    for other in (replace(ONE, name="two"), replace(ONE, sources="x"), with_file(ONE, "body.txt", "x")):
        assert compile_all(other) is not once


def test_the_hash_does_not_hang_on_the_order_of_files():
    turned = replace(ONE, files=dict(reversed(ONE.files.items())))
    assert turned.content_hash == ONE.content_hash


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("body.html", "<p>a</p>\n<p>{{ diagnosis }}</p>", r"is-it-your-si-joint/body\.html, line 2: diagnosis"),
        ("body.html", "<blink>", r"body\.html, line 1: the tag <blink>"),
        ("body.html", "{{ first_name|safe }}", r"body\.html, line 1: there is no filter safe"),
        ("body.md", "# a\n\n{{ diagnosis }}", r"is-it-your-si-joint/body\.md, line 3: diagnosis"),
        ("body.html", '<p>{{ link("Pay", "https://evil.example") }}</p>', r"body\.html, line 1: link leads to a name"),
        ("body.html", '<p>{{ button("x", "javascript:alert(1)") }}</p>', "button leads to a name of the list"),
        (
            "body.html",
            '<p>a</p>\n<p>{{ "https://evil.example" }}</p>',
            r"body\.html, line 2: https://evil.example - links come from",
        ),
        (
            "body.html",
            '<p>{{ link("https://evil.example", manage_url) }}</p>',
            "https://evil.example - links come from",
        ),
        ("body.html", "<p>a</p>\n<form\naction=x>", r"body\.html, line 2: the tag <form"),
        ("body.html", "<p>a</p>\n<!--\n unseen -->", r"body\.html, line 2: the tag <!--"),
        ("body.html", "a {% raw %}{{ <b\n> }}{% endraw %}", r"body\.html, line 1: {% raw is not possible"),
        ("body.txt", "{# unseen #}", r"body\.txt, line 1: {# is not possible"),
        ("body.txt", "{{ diagnosis }}", r"is-it-your-si-joint/body\.txt, line 1: diagnosis"),
        ("frame.html", "{{ diagnosis }}{{ content }}", r"frame\.html, line 1: diagnosis"),
        ("frame.html", "no place", r"frame\.mjml: \{\{ content \}\} is missing"),
        ("frame.txt", "no place", r"frame\.txt: \{\{ content \}\} is missing"),
    ],
)
def test_a_fault_names_file_line_and_name(file, text, fault):
    with pytest.raises(TemplateInvalid, match=fault):
        compile_source(with_file(ONE, file, text))


@pytest.mark.parametrize(("key", "line"), [("subject", "{{ condition }}"), ("preheader", "{{ first_name|upper }}")])
def test_a_fault_in_the_subject_is_found_as_well(key, line):
    text = ONE.files["message.toml"].replace(f"{key} = ", f'{key} = "{line}" # ')
    with pytest.raises(TemplateInvalid, match=f"message.toml: {key}, line 1"):
        compile_source(with_file(ONE, "message.toml", text))


def test_a_fault_in_a_text_is_found_as_well():
    with pytest.raises(TemplateInvalid, match=r"moved-sms/sms\.txt, line 1: diagnosis"):
        compile_source(with_file(SOURCES["moved-sms"], "sms.txt", "{{ diagnosis }}"))


def test_a_version_from_before_the_words_of_the_frame_had_a_file_still_compiles():
    words = ONE.files["frame.en.words"]
    files = {
        file: text for file, text in ONE.files.items() if not file.endswith((".words", ".md", ".mjml", ".parts.html"))
    }
    files |= {file: words + files[file] for file in ("frame.html", "frame.txt")}
    before, now = compile_source(replace(ONE, files=files)), compile_source(ONE)
    assert before.text.render(values_of(before)) == now.text.render(values_of(now))
    assert before.html.render(values_of(before)) == now.html.render(values_of(now))


def values_of(compiled):
    letter = letter_for("is-it-your-si-joint")
    values = context(letter, SENDER, LINKS, channel=compiled.channel, sources=compiled.sources)
    return values | {"purpose": compiled.purpose.value, "subject": "", "preheader": "", "demonstration": False}


def test_a_missing_file_is_named():
    files = {file: text for file, text in ONE.files.items() if file != "body.txt"}
    with pytest.raises(TemplateInvalid, match=r"is-it-your-si-joint: body\.txt is missing"):
        compile_source(replace(ONE, files=files))


def test_a_part_written_by_hand_stays_as_it_is(tmp_path):
    shutil.copytree(MESSAGES.parent, tmp_path / "t", ignore=shutil.ignore_patterns("web"))
    (tmp_path / "t" / "messages" / "survey" / "body.txt").write_text("By hand.\n", "utf-8")
    found = load_sources(tmp_path / "t" / "messages")["survey"].files
    assert found["body.txt"] == "By hand.\n" and "<h1>" in found["body.html"]
    (tmp_path / "t" / "messages" / "survey" / "body.md").write_text("# One\n\n<b>two</b>\n", "utf-8")
    with pytest.raises(TemplateInvalid, match=r"survey/body\.md, line 3: <b>"):
        load_sources(tmp_path / "t" / "messages")


def test_a_message_that_uses_a_claim_it_may_not_is_not_loaded(tmp_path):
    shutil.copytree(MESSAGES.parent, tmp_path / "t", ignore=shutil.ignore_patterns("web"))
    front = tmp_path / "t" / "messages" / "survey" / "message.toml"
    front.write_text(front.read_text("utf-8").replace("claims = []", 'claims = ["simpact"]'), "utf-8")
    with pytest.raises(TemplateInvalid, match=r"survey/message\.toml: claims: simpact is unapproved"):
        load_sources(tmp_path / "t" / "messages")


def test_what_is_left_out_of_a_letter_is_an_error_and_never_an_empty_place():
    with pytest.raises(UndefinedError):
        LIBRARY["moved-sms"].text.render(clinic="A clinic")


def test_the_stride_line_counts_the_reads_or_the_minutes():
    assert LIBRARY["three-questions"].html.globals["strides"] == ("done", "done", "now", *("ahead",) * 6)
    assert LIBRARY["confirmation"].html.globals["strides"] == ("done",) * 9 + ("now",)


def test_no_shipped_message_passes_as_approved():
    fronts = [tomllib.loads(source.files["message.toml"]) for source in SOURCES.values()]
    assert {front["status"] for front in fronts} == {"unapproved"}
