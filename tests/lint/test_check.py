"""Each kind of fault, planted alone into a copy of the shipped messages, is found where it is, and nothing else is."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from campaigns.lint.check import check
from campaigns.lint.kinds import KINDS
from tests.lint.planting import (
    READ,
    SURVEY,
    TEMPLATES,
    Plant,
    both,
    copied,
    every,
    found_in,
    fresh,
    line_of,
    plant,
    said,
    setting,
    without,
)

ALLOW = '\n[[allow]]\nkind = "{}"\nwhy = "{}"\n'
SUBJECT = 'subject = "Two short questions about the {{ class_name }}"'
PREHEADER = 'preheader = "A one-line reply is enough."'
CLAIMS = 'claims = ["two-joints", '
ANCHOR = "They get help. The"
FILES = [
    said("unknown-name", "{{ firstname }}", READ),
    said("unknown-macro", '{{ buttn("Go", manage_url) }}', READ),
    said("unknown-macro", '{{ button("Go") }}', READ),
    said("unknown-filter", "{{ date|upper }}", READ),
    Plant("unknown-tag", READ, (("body.html", "They get", "<em>They</em> get"),), "body.html", "<em>"),
    said("does-not-compile", "{% if %}", READ),
    replace(said("does-not-compile", '{% if minutes_left < "ten" %}Soon.{% endif %}', READ), at=""),
    said("does-not-compile", "{% for part in answer %}{% endfor %}", READ),
    setting("unknown-key", READ, "calendar =", 'sender = "x"\ncalendar =', "sender"),
    Plant("unknown-key", SURVEY, (("message.toml", "[es]", '[es]\nstatus = "approved"'),), "message.toml"),
    setting("bad-setting", READ, 'calendar = "none"', 'calendar = "maybe"'),
    setting("bad-setting", READ, 'calendar = "none"', "calendar = none"),
    setting("bad-setting", READ, 'calendar = "none"', 'allow = "all"'),
    Plant("missing-file", READ, (("body.txt", "", None),), "body.txt"),
    Plant("missing-file", SURVEY, (("frame.es.words", "", None),), "frame.es.words"),
    Plant("not-mjml", SURVEY, (("frame.mjml", "<mj-column>", "<mj-colum>"),), "frame.mjml", "<mj-colum>"),
    Plant("not-mjml", SURVEY, (("frame.mjml", "        </mj-text>\n      </mj-column>", "      </mj-column>"),),
          "frame.mjml", "</mj-column>"),
    Plant("unknown-name", SURVEY, (("frame.mjml", "{{ address }}", "{{ addres }}"),), "frame.mjml", "addres }}"),
    setting("missing-subject", SURVEY, SUBJECT, 'subject = " "'),
    setting("missing-subject", SURVEY, 'subject = "Dos preguntas breves sobre su {{ class_name }}"', 'subject = ""'),
    setting("missing-preheader", SURVEY, PREHEADER, 'preheader = ""'),
    Plant("bad-register", SURVEY, (("claims.toml", "statement =", "sentence ="),), "claims.toml"),
    Plant("bad-register", SURVEY, (("claims.toml", "[claims.tiny-motion]", "[claims.tiny"),), "claims.toml", "[claims.tiny"),
    Plant("unused-words", SURVEY, (("frame.en.words", "", lambda text: text + "{% macro bye() %}Bye{% endmacro %}\n"),),
          "frame.en.words", "macro bye"),
    setting("unknown-allow", READ, "reads = 8", "reads = 8" + ALLOW.format("yelling", "The word is written so."), "[[allow]]"),
    setting("allow-without-why", READ, "reads = 8", "reads = 8" + ALLOW.format("shouting", "Just so."), "[[allow]]"),
    setting("never-allowed", READ, "reads = 8", "reads = 8" + ALLOW.format("no-address", "We have no address."), "[[allow]]"),
    both("beyond-limits", READ, "They get help.", "They get help." + "{% if asks %}" * 9 + "{% endif %}" * 9, "They get help."),
    setting("unused-allow", READ, "reads = 8", "reads = 8" + ALLOW.format("shouting", "The word is written so."), "[[allow]]"),
]  # fmt: skip
MEDICAL = [
    setting("unknown-claim", READ, CLAIMS, 'claims = ["no-such", "two-joints", '),
    setting("unapproved-claim", READ, CLAIMS, 'claims = ["red-flags", "two-joints", '),
    setting("claim-twice", READ, CLAIMS, 'claims = ["two-joints", "two-joints", '),
    Plant("education-without-claims", READ, (("message.toml", CLAIMS, lambda text: re.sub(r"claims = .*", "claims = []", text)),),
          "message.toml", "claims = []", frozenset({"other-sources"})),
    setting("other-sources", READ, 'sources = ["patient-page"]', 'sources = ["maker-page"]'),
    setting("other-sources", READ, 'sources = ["patient-page"]', 'sources = ["patient-page", "patient-page"]'),
    setting("other-sources", READ, 'sources = ["patient-page"]\n', "", ""),
    setting("other-sources", SURVEY, "sources = []", 'sources = ["patient-page"]'),
    said("medical-words-without-claim", "Some people get an injection.", READ),
    said("percentage-without-reference", "It helps 30% of runners.", READ),
    said("claim-cure", "There is a cure."),
    said("claim-guarantee", "We guarantee it."),
    said("claim-proven", "It is proven to help."),
    said("claim-reverse", "You can reverse it."),
    said("claim-regenerate", "Bodies can regenerate."),
    said("claim-breakthrough", "It is a breakthrough."),
    said("claim-miracle", "It works like a miracle."),
    said("claim-risk-free", "Rest is risk-free."),
    said("claim-painless", "An exam is painless."),
    said("claim-no-side-effects", "Rest has no side effects."),
    said("claim-fda", "It is FDA approved."),
    said("claim-stem-cell", "Ask about stem cells."),
    said("claim-exosome", "Ask about exosomes."),
    said("claim-prp", "Ask about PRP."),
    said("claim-amniotic", "Ask about Wharton’s jelly."),
    said("claim-avoid-surgery", "You can avoid surgery."),
    said("claim-before-after", "Look at before and after."),
    said("claim-brand", "Ask about SIMPACT."),
    said("claim-brand", "Ask about Braces™ too."),
    said("claim-diagnosis", "You have a sacroiliac injury."),
    said("claim-diagnosis", "We know your diagnosis."),
    said("health-statement", "Your pain is on our mind."),
    Plant("claim-cure", SURVEY, tuple((f"body.es.{kind}", "Con unas pocas palabras basta.", "Lo puede curar.") for kind in ("html", "txt")),
          "body.es.html", "curar"),
]  # fmt: skip
OUTSIDE = [
    setting("subject-condition", SURVEY, SUBJECT, 'subject = "Two questions about back pain"'),
    setting("subject-condition", SURVEY, SUBJECT, 'subject = "Questions on {{ webinar_title }}"'),
    setting("subject-condition", SURVEY, '"Dos preguntas breves sobre su {{ class_name }}"', '"Preguntas sobre la espalda"'),
    setting("preheader-condition", SURVEY, PREHEADER, 'preheader = "On joint trouble."'),
    Plant("text-condition", "moved-sms", (("sms.txt", "has moved", "on SI joints has moved"),), "sms.txt", "SI joints"),
    Plant("text-condition", "moved-sms", (("sms.es.txt", "pasa al", "de cadera pasa al"),), "sms.es.txt", "cadera"),
    setting("too-long-subject", SURVEY, SUBJECT, f'subject = "{"Two words " * 8}"', "Two words"),
    setting("long-subject", SURVEY, SUBJECT, f'subject = "{"Two words " * 7}"', "Two words"),
    setting("long-preheader", SURVEY, PREHEADER, f'preheader = "{"One line " * 13}"', "One line"),
    setting("preheader-repeats-subject", SURVEY, PREHEADER, 'preheader = "Two short questions"'),
]  # fmt: skip
TONE = [
    both("exclamation", SURVEY, "A few words will do.", "A few words will do!"),
    said("shouting", "Do NOT FORGET it."),
    said("shouting", "It is ALWAYS read."),
    said("spam-words", "Act now."),
    said("placeholder-text", "TO" + "DO"),
    said("placeholder-text", "Lorem dolor."),
    said("placeholder-text", "Call [your clinic]."),
    said("first-name-without-fallback", "Hello {{ first_name }}.", READ),
    said("first-name-without-fallback", "{% if first_name %}Jo.{% else %}Hello {{ first_name }}.{% endif %}", READ),
    both("two-blanks", SURVEY, "A few words will do.", "A few  words will do."),
    both("blank-before-period", SURVEY, "A few words will do.", "A few words will do ."),
    both("mixed-quotes", "three-questions", "Keep it general", "Let's keep it general"),
    Plant("hard-to-read", READ, tuple((f"body.{kind}", ". ", lambda text: re.sub("[.?] ", "; ", text)) for kind in ("html", "txt")),
          "body.html", "So what do people notice"),
    Plant("above-grade", READ, tuple((f"body.{kind}", ". ", every(". ", "; ")) for kind in ("html", "txt")),
          "body.html", "So what do people notice"),
    Plant("above-grade", READ, (("message.toml", "grade = 6.9", "grade = 1.5"),), "body.html", "So what do people notice"),
    said("long-words", " ".join(["We set the holiday for you and the family at last."] * 40)),
    replace(said("education-length", " ".join(["So it goes on and on."] * 20), READ), at=""),
]  # fmt: skip
LINKS = [
    both("raw-address", READ, ANCHOR, "See https://else.example/x now. The"),
    both("link-label", READ, "Open my class page", "Here"),
    said("link-label", "Click here to go on."),
    Plant("foreign-link", READ, (("frame.parts.html", 'class="act-a" href="{{ url }}"', 'class="act-a" href="https://else.example/"'),),
          "body.html", "Open my class page"),
    Plant("dead-link", READ, (("frame.parts.html", 'class="act-a" href="{{ url }}"', 'class="act-a" href="{{ url }}/x"'),),
          "body.html", "Open my class page"),
    Plant("link-shortener", "moved-sms", (("sms.txt", "Change or", "See bit.ly/a or"),), "sms.txt", "bit.ly", frozenset({"raw-address"})),
    Plant("no-call-to-action", READ, tuple((f"body.{kind}", "{{ button", without(r"{{ button\(.*?}}")) for kind in ("html", "txt")),
          "body.html"),
    both("two-calls-to-action", READ, "{{ button(", '{{ button("See the dates", landing_url) }}\n{{ button(', "Open my class page"),
]  # fmt: skip
SHAPE = [
    Plant("no-heading", READ, (("body.html", "h1>", every("h1>", "p>")),), "body.html"),
    Plant("two-headings", READ, (("body.html", f"<p>{ANCHOR}", "<h1>They get help.</h1>\n<p>The"),), "body.html", "<h1>They get"),
    Plant("skipped-heading", READ,
          (("body.html", f"<p>{ANCHOR}", "<h3>They get help.</h3>\n<p>The"), ("frame.toml", "[tags]", "[tags]\nh3 = 'class=\"t\"'")),
          "body.html", "<h3>They get"),
    Plant("image-without-alt", SURVEY, (("frame.mjml", "<!-- logo -->", '<img src="cid:1">'),), "frame.mjml", "<img"),
    Plant("table-without-role", SURVEY, (("frame.parts.html", '<table role="presentation" aria-hidden', "<table aria-hidden"),),
          "frame.parts.html", "<table aria-hidden"),
    Plant("missing-lang", SURVEY, (("frame.mjml", '<mjml lang="{{ language }}">', "<mjml>"),), "frame.mjml", "<mjml>"),
    Plant("missing-title", SURVEY, (("frame.mjml", "{{ subject }}", ""),), "frame.mjml", "<mj-title>"),
    Plant("small-text", SURVEY, (("frame.mjml", 'font-size="14px"', 'font-size="12px"'),), "frame.mjml", 'font-size="12px"'),
    Plant("small-body", SURVEY, (("frame.mjml", 'font-size="17px"', 'font-size="15px"'),), "frame.mjml", 'font-size="15px"'),
    Plant("contrast", SURVEY, (("frame.toml", '18px;color:#1E2A28"', '18px;color:#B0B0B0"'),), "frame.toml", "#B0B0B0"),
    Plant("contrast-dark", SURVEY, (("frame.mjml", "{color:#E8EEEC", "{color:#2A2A2A"),), "frame.mjml", "#2A2A2A"),
    Plant("too-big", READ, (("frame.mjml", "<!-- logo -->", f"<!-- {'x' * 100_000} -->"),), "body.html"),
    Plant("unsupported-feature", SURVEY, (("frame.parts.html", 'style="margin:0 0 22px"', 'style="margin:0 0 22px;display:flex"'),),
          "frame.parts.html", "display:flex"),
    Plant("unsupported-feature", SURVEY, (("frame.mjml", "</mj-style>", "@media (hover){.t{color:#1E2A28}}</mj-style>"),),
          "frame.mjml", "(hover)"),
    Plant("unsupported-feature", SURVEY, (("frame.mjml", ".card{border", ".card::after,.card{border"),), "frame.mjml", "::after"),
    Plant("unsupported-feature", SURVEY, (("frame.toml", "margin:0 0 20px;", "margin:0 0 20px;width:2vw;"),), "frame.toml", "2vw"),
    Plant("untested-feature", SURVEY, (("frame.parts.html", "<p style", "<p onclick style"),), "frame.parts.html", "onclick"),
    Plant("untested-feature", SURVEY, (("frame.toml", "margin:0 0 20px;", "margin:0 0 20px;zoom:2;"),), "frame.toml", "zoom"),
    Plant("untested-feature", SURVEY, (("frame.parts.html", "{{ words }}</p>", "<blink>{{ words }}</blink></p>"),),
          "frame.parts.html", "<blink>"),
    Plant("parts-differ", READ, (("body.html", "They get help", "They get some help"),), "body.html", "They get some"),
    Plant("parts-differ", READ, (("body.txt", "It takes a clinician", "It needs a clinician"),), "body.html", "It takes a"),
]  # fmt: skip
FOOT = [
    Plant("no-disclaimer", READ, (("frame.en.words", "For education, not medical advice. ", ""),), "frame.en.words"),
    Plant("no-help-line", READ, (("frame.en.words", " In an emergency call 911.", ""),), "frame.en.words"),
    Plant("no-help-line", SURVEY, (("frame.es.words", "Busque atención médica", "Descanse"),), "frame.es.words"),
    Plant("no-address", READ, tuple((f"frame.{kind}", "{{ address }}, ", "") for kind in ("mjml", "txt")), "frame.mjml"),
    Plant("no-address", READ, tuple((f"frame.{kind}", "{{ address }}, ", "") for kind in ("mjml", "txt")), "frame.txt"),
    Plant("no-stop-in-html", READ, (("frame.parts.html", "{{ link(words, stop_url) }}", "{{ words }}"),), "frame.parts.html"),
    Plant("no-stop-in-text", READ, (("frame.txt", "{{ link(stop_reads(), stop_url) }}", "{{ stop_reads() }}"),), "frame.txt"),
]  # fmt: skip
TEXTS = [
    Plant("text-too-long", "moved-sms", (("sms.txt", "has moved", f"has {'now ' * 30}moved"),), "sms.txt"),
    Plant("text-characters", "moved-sms", (("sms.txt", "cancel:", "cancel →"),), "sms.txt", "→", frozenset({"text-too-long"})),
    Plant("text-without-clinic", "moved-sms", tuple((file, "{{ clinic }}: ", "") for file in ("sms.txt", "sms.es.txt")), "sms.txt"),
    Plant("no-stop-word", "confirmation-sms", (("sms.txt", "HELP for help, STOP to end", "HELP for help"),), "sms.txt"),
    Plant("missing-translation", SURVEY,
          (("body.es.html", "", None), ("body.es.txt", "", None), ("message.toml", "[es]", without(r"\[es\].*"))), "body.html"),
    Plant("other-placeholders", "moved-sms", (("sms.es.txt", "manage_url", "join_url"),), "sms.es.txt", "join_url"),
]  # fmt: skip
MARKDOWN = [
    Plant("not-markdown", READ, (("body.md", "They get help.", "They <b>get</b> help."),), "body.md", "<b>"),
    Plant("not-markdown", READ, (("body.md", "[Open my class page](manage_url)", "[Go](https://else.example)"),), "body.md", "[Go]"),
    Plant("unknown-name", READ, (("body.md", "They get help.", "They get {{ firstname }}."),), "body.md", "firstname"),
    Plant("claim-cure", READ, (("body.md", "They get help.", "They get a **cure**."),), "body.md", "cure"),
    Plant("link-label", READ, (("body.md", "[Open my class page]", "[Here]"),), "body.md", "[Here]"),
]  # fmt: skip
PLANTS = [*FILES, *MEDICAL, *OUTSIDE, *TONE, *LINKS, *SHAPE, *FOOT, *TEXTS]
ELSEWHERE = {"calendar-condition", "text-in-two-parts", "unknown-file", "bad-page"}
"""Kinds that no template can bring about alone, that shipped messages have, or that have a test of their own."""


@pytest.mark.parametrize("planted", MARKDOWN, ids=lambda one: f"{one.kind}: {one.edits[0][2]}")
def test_a_fault_in_markdown_is_found_in_the_line_that_somebody_wrote(planted, tmp_path):
    folder = copied(tmp_path / "templates", planted.message, by_hand=False)
    known = {(one.kind, one.file) for one in found_in(folder)}
    plant(folder, planted.message, planted.edits)
    found = [one for one in found_in(folder) if (one.kind, one.file) not in known]
    place = planted.place(planted.file)
    assert (planted.kind, place, line_of(folder, place, planted.at)) in {
        (one.kind, one.file, one.line) for one in found
    }


@pytest.mark.parametrize("planted", PLANTS, ids=lambda one: f"{one.kind} in {one.file}")
def test_a_planted_fault_is_found_where_it_is_and_nothing_else(planted, tmp_path, before):
    folder = copied(tmp_path / "templates", planted.message)
    plant(folder, planted.message, planted.edits)
    found = fresh(found_in(folder), before(planted.message))
    assert {one.kind for one in found} - planted.also == {planted.kind}
    place = planted.place(planted.file)
    assert (place, line_of(folder, place, planted.at)) in {
        (one.file, one.line) for one in found if one.kind == planted.kind
    }
    for one in found:
        assert one.says and not one.says.endswith(".")
        assert re.fullmatch(r"[^.].*\.", one.remedy)
        assert one.severity == KINDS[one.kind].severity
        assert one.message_name in (planted.message, "frame", "claims")


def test_every_planted_message_is_found_once_by_its_name(tmp_path):
    folder = copied(tmp_path / "templates", READ, SURVEY)
    report = check(folder)
    assert report.messages == 2
    assert [(one.name, one.language, one.claims) for one in report.measures] == [
        (READ, "en", 8),
        (SURVEY, "en", 0),
        (SURVEY, "es", 0),
    ]
    read, survey, spanish = report.measures
    assert read.words > survey.words > 50 and read.bytes > 1000 and read.grade > 0 and read.smog > 3
    assert (spanish.grade, spanish.smog, spanish.parts) == (0.0, 0.0, 0)


def test_a_message_that_does_not_compile_is_counted_but_not_measured(tmp_path):
    folder = copied(tmp_path / "templates", READ)
    plant(folder, READ, (("message.toml", "reads = 8", "reads = "),))
    report = check(folder)
    assert report.messages == 1 and report.measures == ()
    assert report.count("error") > 0


@pytest.mark.parametrize("name", ["notes.txt", "frame.html", "body.html~", "body.fr.md", "sms.txt.bak"])
def test_a_file_that_no_message_has_is_found_and_not_read(name, tmp_path):
    folder = copied(tmp_path / "templates", SURVEY)
    before = found_in(folder)
    (folder / "messages" / SURVEY / name).write_text("{{ content }}{{ secret }} !", "utf-8")
    (found,) = fresh(found_in(folder), before)
    assert (found.kind, found.file) == ("unknown-file", f"messages/{SURVEY}/{name}")


def test_every_kind_is_planted_somewhere():
    assert {one.kind for one in (*PLANTS, *MARKDOWN)} | ELSEWHERE == KINDS.keys()
    assert len(KINDS) >= 40


def test_an_unplanted_copy_and_the_shipped_library_have_no_errors(tmp_path):
    folder = copied(
        tmp_path / "templates", *(path.parent.name for path in TEMPLATES.glob("messages/*/message.toml")), by_hand=False
    )
    found = found_in(folder)
    assert [str(one) for one in found if one.severity == "error"] == []
    assert {one.kind for one in found} == {"text-in-two-parts"}


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """What is found in a message as it is shipped."""

    @cache
    def known(message):
        return found_in(copied(tmp_path_factory.mktemp("shipped") / "templates", message))

    return known
