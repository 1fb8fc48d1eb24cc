"""Whatever chance puts together is refused by name, or renders within its measure and leads nowhere but to us."""

from __future__ import annotations

import re
from email import message_from_bytes, policy

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from campaigns.domain.steps import Channel
from campaigns.errors import TemplateInvalid
from campaigns.language import speaking
from campaigns.lint.html import see
from campaigns.lint.samples import letters, long_letters
from campaigns.rendering.email import render_email
from campaigns.rendering.environment import compile_all
from campaigns.rendering.front_matter import read_front_matter
from campaigns.rendering.limits import SAID_BODY, SAID_SMS, SAID_SUBJECT
from campaigns.rendering.sms import render_text
from campaigns.rendering.variables import NAMES, context
from tests.rendering.hostile import HARMLESS, PAYLOADS, PLACES
from tests.rendering.samples import LINKS, SENDER, body

ADDRESS = re.compile(r"https?:|://|www\.|javascript:|mailto:|[^\W_]\.[^\W\d_]{2}", re.IGNORECASE)
WORDS = [
    "a",
    " ",
    "\n",
    "\n\n",
    "word ",
    "Grüße ",
    "h",
    "ttp",
    "htt",
    "ps:",
    "//",
    "/",
    "www",
    ".",
    "com",
    "evil",
    "ü",
    "“",
    "<",
    ">",
    "&",
    "&#104;",
    "5",
    "%",
    "@",
    ":",
]
JINJA = [
    *(f"{{{{ {name} }}}}" for name in sorted(NAMES)), *(f"{{% if {name} %}}" for name in ("asks", "code", "is_soon", "minutes_left > 5", "first_name == clinic")),
    "{% elif has_room %}", "{% else %}", "{% endif %}", "{% endif %}", "{{", "}}", "{%", "%}", "{#", "#}", "(", ")", "[", "]", "|unbroken", "|", "'", '"', "not ", " and ", " or ",
    " if ", " else ", "~", "*", "-", "+", "{% for a in answer %}", "{% endfor %}", "{% raw %}", "{% set a = 1 %}", "{{ box(", '{{ box("x") }}', "{{ times() }}",
    "{{ paragraphs(answer) }}", "{{ paragraphs(first_name) }}", '{{ link("x", manage_url) }}', '{{ button("x", join_url) }}', '{{ "a" }}', '{{ "htt" }}', '{{ "." }}',
    '{{ "a" if asks else "b" }}', "{{ 5 }}", "{{ 5 > 4 }}", "{{ first_name > 5 }}", "{{ none }}", "{{ true }}",
]  # fmt: skip
MARKDOWN = ["# ", "## ", "> ", "- ", "1. ", "**", "*", "_", "`", "\\", "[", "](manage_url)", "](", ")", "[go](join_url)", "[a](first_name)", "![", "<b>", "<p>", "</p>", "<!--", "---\n", "    "]  # fmt: skip
HARD = [*PAYLOADS.values(), *HARMLESS.values()]
TOML = [
    "purpose", "channel", "subject", "preheader", "claims", "status", "allow", "read", "reads", "calendar", "es", " = ", "=", ".", '"service"', '"email"', '"sms"', '"approved"',
    '"a"', "'", '"', '"""', "[", "]", "[[", "]]", "{", "}", ",", "\n", "\r\n", "#", "1", "9" * 30, "1e9", "inf", "true", "2020-01-01", "\\u0000", "\\", "\x00", "é", "[es]\n", "[[allow]]\n",
]  # fmt: skip
SETTINGS = 'purpose = "service"\nchannel = "email"\nstatus = "approved"\nsubject = "a"\npreheader = "b"\n'
SLOWLY = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}

SOUND = [one for one in JINJA if one.startswith("{{ ") and one.endswith(" }}")]
POOL = [*WORDS * 8, *SOUND * 4, *JINJA, *MARKDOWN * 2, *(one for one in HARD if len(one) < 5_000)]
"""So that about half of what chance puts together compiles."""
splices = st.lists(st.sampled_from(POOL), max_size=14).map("".join)


@given(place=st.sampled_from(PLACES), words=splices)
@example(place=PLACES[0], words='{{ clinic }}{{ "" }}.com')
@example(place=PLACES[2], words="A {{ time }}word")
@example(place=PLACES[2], words="{{ time }}{{ greeting }} {{ host }}.")
@example(place=PLACES[5], words="{{ join_url }}" * 55)
@example(place=PLACES[3], words="{{ join_url }}" * 55)
@example(place=PLACES[1], words="{{ paragraphs(sources) }}" * 200)
@settings(max_examples=40, **SLOWLY)
def test_any_splice_is_refused_or_renders_within_its_measure(place, words):
    _tried(place, words)


@pytest.mark.slow
@given(place=st.sampled_from(PLACES), words=splices)
@settings(max_examples=250, **SLOWLY)
def test_many_more_splices_are_refused_or_render_within_their_measure(place, words):
    _tried(place, words)


@given(text=st.lists(st.sampled_from(TOML), max_size=25).map("".join), begun=st.sampled_from(["", SETTINGS]))
@settings(max_examples=300, **SLOWLY)
def test_any_settings_are_read_or_refused(text, begun):
    for language in ("en", "es"):
        try:
            assert read_front_matter("m", begun + text, language).status in ("approved", "unapproved")
        except TemplateInvalid as refused:
            assert str(refused).startswith("m/message.toml")  # noqa: PT017  # most are refused, and some are not


def _tried(place, words):
    try:
        compiled = compile_all(place(words))
    except TemplateInvalid as refused:
        assert str(refused).isprintable()  # noqa: PT017  # most are refused, and some are not
        return
    for one in compiled.values():
        for letter in (*letters(one), *long_letters(one)):
            try:
                _within_measure(one, letter)
            except TemplateInvalid as refused:
                assert str(refused).startswith(f"{one.name}: the ")  # noqa: PT017  # as above


def _within_measure(compiled, letter):
    with speaking(compiled.language):
        values = context(letter, SENDER, LINKS, channel=compiled.channel, sources=compiled.sources)
    if compiled.channel is Channel.SMS:
        said = render_text(compiled, letter, SENDER, LINKS).body
        assert len(said) <= SAID_SMS
        _leads_nowhere(said, values)
        return
    message = message_from_bytes(render_email(compiled, letter, SENDER, LINKS).raw, policy=policy.default)
    html, plain = body(message, "html"), body(message, "plain")
    assert len(str(message["Subject"])) <= SAID_SUBJECT and max(len(html), len(plain)) <= SAID_BODY
    seen = see(html)
    ours = {value for name, value in values.items() if name.endswith("_url")}
    assert {link.address for link in seen.links} <= ours
    for said in (str(message["Subject"]), plain, *(run.words for run in seen.runs)):
        _leads_nowhere(said, values)


def _leads_nowhere(said, values):
    """Take out the values, and look for an address in what is left."""
    known = [one for value in values.values() for one in (value if isinstance(value, tuple) else (value,))]
    # Two values with a full stop between them are nobody's site.
    for value in sorted(
        {one for one in known if isinstance(one, str) and one} | {"True", "False"}, key=len, reverse=True
    ):
        said = said.replace(value, "\x00")
    assert not ADDRESS.search(said), said
