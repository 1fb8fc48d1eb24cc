"""What people write - a name, an answer, a reason - is printed as it is: never run, never markup, never a header."""

from __future__ import annotations

from email import message_from_bytes, policy
from html import unescape

import pytest

from campaigns.domain.steps import Channel
from campaigns.lint.html import see
from campaigns.lint.samples import letter
from campaigns.rendering.email import render_email
from campaigns.rendering.environment import compile_source
from campaigns.rendering.sms import render_text
from campaigns.rendering.variables import context, one_line
from tests.rendering.hostile import SOURCES, by_hand, in_subject, in_text
from tests.rendering.samples import LIBRARY, LINKS, SENDER, body

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</p></td></table><a href='https://evil.example'>x</a>",
    '" onmouseover="alert(1)',
    "' style='display:none",
    "&lt;script&gt;",
    "{{ 7*7 }}",
    "{{ self.__init__ }}",
    "{% if true %}yes{% endif %}",
    "{# gone #}",
    "${7*7} <%= 7*7 %> #{7*7}",
    "%(name)s %s {0} {name}",
    "javascript:alert(1)",
    "\\u003cscript\\u003e",
    "a\r\nBcc: x@evil.example\r\n\r\n<b>body</b>",
    "a\nATTENDEE:mailto:x@evil.example",
    "=?utf-8?q?=3Cscript=3E?=",
    "=3Cscript=3E\n.\n",
    "\U000f0003\U000f0005",
    "BEGIN:VEVENT;X=1,Y:2\\n",
]
EVERYWHERE = (
    "{{ first_name }}|{{ name_after }}|{{ greeting }}|{{ cancelled_reason }}|{{ answer_title }}|{{ class_title }}|"
    "{{ class_name }}|{{ webinar_title }}|{{ host }}|{{ host_role }}"
)


def facts(words: str) -> dict[str, object]:
    """Put these words wherever people can write some."""
    return {
        "first_name": words,
        "cancelled": True,
        "cancelled_reason": words,
        "answer_title": words,
        "answer": (words, words),
        "class_title": words,
        "webinar_title": words,
        "host_name": words,
        "host_role": words,
    }


def values(compiled, one):
    return context(one, SENDER, LINKS, channel=compiled.channel, sources=compiled.sources)


def marked(words: str) -> bool:
    """Say whether words hold one of our own marks, which no name of a person can (`domain/names.py`)."""
    return any(ord(one) >= 0xF0000 for one in words)


@pytest.mark.parametrize("words", [one for one in HOSTILE if not marked(one)])
def test_both_bodies_print_what_people_wrote(words):
    compiled = compile_source(by_hand(EVERYWHERE + "{{ paragraphs(answer) }}"))
    one = letter(compiled, **facts(words))
    message = message_from_bytes(render_email(compiled, one, SENDER, LINKS).raw, policy=policy.default)
    html, plain = body(message, "html"), body(message, "plain")
    said = one_line(words)
    calm = message_from_bytes(
        render_email(compiled, letter(compiled, **facts("Jo")), SENDER, LINKS).raw, policy=policy.default
    )
    # The same tags, whatever stands between them.
    assert [run.look for run in see(html).runs] == [run.look for run in see(body(calm, "html")).runs]
    assert len(see(html).links) == len(see(body(calm, "html")).links)
    assert said not in html or not set(said) & set("<>&\"'")
    assert unescape(html).count(said) >= 10 and plain.count(said) >= 10
    assert "49" not in html.partition("<body")[2].replace(said, "") or "7*7" not in words


@pytest.mark.parametrize("words", [one for one in HOSTILE if not marked(one)])
def test_subject_and_headers_print_what_people_wrote(words):
    compiled = compile_source(in_subject(EVERYWHERE))
    one = letter(compiled, **facts(words))
    message = message_from_bytes(render_email(compiled, one, SENDER, LINKS).raw, policy=policy.default)
    shown = "A " + "|".join(str(values(compiled, one)[name.strip(" {}")]) for name in EVERYWHERE.split("|"))
    # The standard library reads an encoded word that somebody has typed as one; nothing else may change.
    assert str(message["Subject"]) == shown or "=?" in words
    assert message["Bcc"] is None and len(message.get_all("Subject")) == 1
    assert message["To"] == one.recipient


@pytest.mark.parametrize("words", [one for one in HOSTILE if not marked(one)])
def test_a_text_prints_what_people_wrote_on_one_line(words):
    compiled = compile_source(in_text("{{ first_name }}|{{ cancelled_reason }}|{{ answer_title }}"))
    one = letter(compiled, **facts(words))
    said = " ".join(one_line(words).split())
    assert render_text(compiled, one, SENDER, LINKS).body == f"A {said}|{said}|{said} b"


@pytest.mark.parametrize("words", [one for one in HOSTILE if not marked(one)])
@pytest.mark.parametrize("name", ["confirmation", "cancelled", "moved"])
def test_a_calendar_entry_gets_no_line_more(name, words):
    compiled = LIBRARY[name]
    calm, hostile = (_lines(compiled, one) for one in ("Jo", words))
    assert [line.partition(":")[0].partition(";")[0] for line in hostile] == [
        line.partition(":")[0].partition(";")[0] for line in calm
    ]


def _lines(compiled, words):
    raw = render_email(compiled, letter(compiled, **facts(words)), SENDER, LINKS).raw
    parts = message_from_bytes(raw, policy=policy.default).walk()
    (entry, *_) = [part for part in parts if part.get_content_type() == "text/calendar"]
    return entry.get_payload(decode=True).decode().replace("\r\n ", "").split("\r\n")


@pytest.mark.parametrize("words", [one for one in HOSTILE if not marked(one)])
@pytest.mark.parametrize("name", ["answer", "cancelled", "cancelled.es", "cancelled-sms", "survey"])
def test_our_own_messages_run_nothing_that_people_wrote(name, words):
    compiled = LIBRARY[name]
    one = letter(compiled, **facts(words))
    if compiled.channel is Channel.SMS:
        assert "49" not in render_text(compiled, one, SENDER, LINKS).body.replace(LINKS.manage(one.registration_id), "")
        return
    message = message_from_bytes(render_email(compiled, one, SENDER, LINKS).raw, policy=policy.default)
    seen = see(body(message, "html"))
    assert "<script" not in body(message, "html") and "onerror=alert" not in "".join(
        link.address for link in seen.links
    )
    assert {link.address for link in seen.links} <= {
        value for key, value in values(compiled, one).items() if key.endswith("_url")
    }


def test_a_recording_leads_to_a_web_address_or_nowhere():
    for address in ("javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://x", "JAVASCRIPT:x"):
        with pytest.raises(ValueError, match="replay_url is a full address"):
            letter(LIBRARY["thanks-replay"], replay_url=address)
    assert SOURCES["thanks-replay"].files["body.md"].count("replay_url")
