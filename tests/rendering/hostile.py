"""What somebody may write who means harm, or slips: words to be put anywhere in a message."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from campaigns.rendering.environment import Source, load_sources
from campaigns.rendering.files import with_bodies
from tests.rendering.samples import MESSAGES

SOURCES = load_sources(MESSAGES)
IF, END = "{% if asks %}", "{% endif %}"
REACHING = {
    "a class": "{{ first_name.__class__ }}",
    "all classes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "the attr filter": "{{ first_name|attr('__class__') }}",
    "a map filter": "{{ answer|map('upper') }}",
    "an item": "{{ first_name['__class__'] }}",
    "a slice": "{{ first_name[0:2] }}",
    "a method": "{{ first_name.upper() }}",
    "globals of a request": "{{ request.application.__globals__ }}",
    "settings": "{{ config }}",
    "self": "{{ self }}",
    "a block of self": "{{ self.__init__.__globals__ }}",
    "super": "{{ super() }}",
    "a loop": "{{ loop.cycle('a') }}",
    "extra arguments": "{{ varargs }}",
    "a caller": "{{ caller() }}",
    "cycler": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "joiner": "{{ joiner() }}",
    "namespace": "{{ namespace(a=1) }}",
    "lipsum": "{{ lipsum.__globals__['os'] }}",
    "range": "{{ range(10**9) }}",
    "dict": "{{ dict(a=1) }}",
    "a macro's inside": "{{ box._func.__globals__ }}",
    "a macro itself": "{{ box }}",
    "a name of the frame": "{{ strides }}",
    "our own name": "{{ content }}",
    "the environment": "{{ environment }}",
    "dunder import": "{{ __import__('os') }}",
    "a context": "{{ context }}",
}
COUNTING = {
    "times": "{{ 'a'*10**10 }}",
    "powers": "{{ 10**10**10 }}",
    "per cent": "{{ '%999999999d' % 1 }}",
    "format": "{{ '{:>999999999}'.format(1) }}",
    "the format filter": "{{ '%999999999d'|format(1) }}",
    "the center filter": "{{ 'a'|center(999999999) }}",
    "joined": "{{ 'a' ~ 'b' ~ 'c' }}",
    "a sum": "{{ 1+1 }}",
    "a minus": "{{ -1 }}",
    "by zero": "{{ 1//0 }}",
    "the rest of nothing": "{{ 5 % 0 }}",
    "a list": "{{ [1,2] }}",
    "a tuple": "{{ (1,2) }}",
    "a table": "{{ {'a':1} }}",
    "a test": "{% if first_name is defined %}a{% endif %}",
    "a number of many digits": f"{{{{ {'9' * 900} }}}}",
    "a number of too many digits for Python": f"{{{{ {'9' * 5_000} }}}}",
    "a number to the base of sixteen": f"{{{{ 0x{'f' * 900} }}}}",
    "more than any number": "{% if minutes_left > 1e999 %}a{% endif %}",
    "a broken number": "{{ 1.5 }}",
    "many compared": f"{{{{ {'<'.join(['1'] * 300)} }}}}",
    "a star": "{{ box(*answer) }}",
    "two stars": "{{ box(**answer) }}",
    "a named argument": '{{ box(words="x") }}',
    "too few": "{{ box() }}",
    "a macro in a macro": '{{ box(box("x")) }}',
    "letter by letter, four times": "{{ paragraphs(paragraphs(paragraphs(paragraphs(answer)))) }}",
}
TAGS = {
    "for": "{% for a in first_name %}{% endfor %}",
    "recursive for": "{% for a in answer recursive %}{{ loop(a) }}{% endfor %}",
    "macro": "{% macro x() %}{{ x() }}{% endmacro %}{{ x() }}",
    "include": "{% include '/etc/passwd' %}",
    "include of many": "{% include ['a', 'b'] ignore missing %}",
    "import": "{% import 'os' as os %}",
    "from": "{% from 'os' import path %}",
    "extends": "{% extends 'x' %}",
    "set": "{% set a = 1 %}",
    "set of a block": "{% set a %}x{% endset %}",
    "block": "{% block a %}{% endblock %}",
    "filter": "{% filter upper %}{% endfilter %}",
    "call": "{% call box() %}{% endcall %}",
    "with": "{% with a=1 %}{% endwith %}",
    "do": "{% do x %}",
    "autoescape": "{% autoescape false %}{{ first_name }}{% endautoescape %}",
    "trans": "{% trans %}x{% endtrans %}",
    "debug": "{% debug %}",
    "continue": "{% continue %}",
    "raw": "{% raw %}{{ x }}{% endraw %}",
    "raw over lines": "{%-\n raw -%}x{% endraw %}",
    "a comment": "{# x #}",
    "a comment without end": "{# x",
    "a placeholder without end": "{{ first_name",
    "a condition without end": "{% if first_name",
    "an if without endif": "{% if first_name %}",
    "an endif without if": "{% endif %}",
    "an else without if": "{% else %}",
    "nothing": "{{ }}",
    "nothing asked": "{% %}",
    "three braces": "{{{ first_name }}}",
    "brackets that do not fit": "{{ box(] }}",
    "a quote without end": '{{ "x }}',
}
LETTERS = {
    "a wide name": "{{ ｆirst_name }}",
    "a name with a ligature": "{{ ﬁrst_name }}",
    "wide underscores": "{{ first_name.＿＿class＿＿ }}",
    "a Cyrillic letter": "{{ first_nаme }}",
    "our mark for a link": "a\U000f0003b",
    "our mark for a placeholder": "a\ue0000\ue001",
    "null": "a\x00b",
    "half a character": "a\ud800b",
    "a mark of byte order": "a\ufeffb",
    "a turned direction": "a\u202eb",
    "a carriage return alone": "a\rb",
    "a separator of lines": "a\u2028b",
    "next line": "a\x85b",
    "a form feed": "a\x0cb",
    "no width": "a\u200bb",
    "our mark by its number": '{{ "\\U000f0003" }}',
    "half a character by its number": '{{ "\\ud800" }}',
    "a bracket by its number": '{{ "\\x3cscript" }}',
    "a letter by its name": '{{ "\\N{BULLET}" }}',
    "a number that is none": '{{ "\\xZZ" }}',
    "to the base of eight": '{{ "\\163" }}',
    "a line break in quotes": '{{ "a\\nb" }}',
    "braces in quotes": '{{ "}}" }}',
    "a tag in quotes": '{{ "<p>" }}',
    "a script in quotes": '{{ "<script>" }}',
}
DEPTHS = {
    "brackets": f"{{{{ {'(' * 300}1{')' * 300} }}}}",
    "brackets a hundred thousand deep": "{{ " + "(" * 100_000,
    "lists": f"{{{{ {'[' * 300}{']' * 300} }}}}",
    "not": f"{{{{ {'not ' * 200}first_name }}}}",
    "minus": f"{{{{ {'-' * 900}1 }}}}",
    "and": f"{{{{ {' and '.join(['asks'] * 120)} }}}}",
    "filters": f"{{{{ asks{'|unbroken' * 90} }}}}",
    "calls": f"{{{{ asks{'()' * 400} }}}}",
    "one way or another": f"{{{{ {'1 if asks else ' * 60}1 }}}}",
    "nested conditions": IF * 30 + "x" + END * 30,
    "ten thousand nested conditions": IF * 10_000 + END * 10_000,
    "many otherwise": IF + "{% elif asks %}x" * 600 + END,
    "many placeholders": "{{ asks }}" * 600,
    "a long name": f"{{{{ {'a' * 900} }}}}",
    "a million lines": "a\n" * 1_000_000,
    "a long line": "a" * 3_000_000,
}
ADDRESSES = {
    "plain": "Go to https://evil.example now",
    "in capitals": "Go to HTTPS://evil.example now",
    "in quotes": '{{ "https://evil.example" }}',
    "in two pieces": 'htt{{ "ps://evil.example" }}',
    "in single letters": '{{ "h" }}{{ "t" }}{{ "t" }}{{ "p" }}{{ ":" }}//evil',
    "behind a condition": f"htt{IF}ps:{END}//evil.example",
    "past a condition": f"htt{IF} - {END}ps://evil.example",
    "around another way": f"htt{IF}x{{% else %}}{END}ps://evil.example",
    "around a value that may be empty": "htt{{ code }}ps://evil.example",
    "in a choice": '{{ "htt" if asks else "x" }}ps://evil.example',
    "in an or": '{{ "htt" or "zz" }}ps://evil.example',
    "with accents that texts lose": "ḧttps://evil.example",
    "in wide letters": "ｈｔｔｐｓ：//evil",
    "www": f"w{IF}ww.{END}evil",
    "a site": "Pay at evil.com now",
    "a site in pieces": 'Pay at evil{{ "." }}com now',
    "mailto": "mailto:x",
    "javascript": "javascript:alert",
    "a name as a target": '{{ link("x", first_name) }}',
    "words as a target": '{{ button("x", "javascript:alert(1)") }}',
    "an address as a label": '{{ link("https://evil.example", manage_url) }}',
}
PAYLOADS = {**REACHING, **COUNTING, **TAGS, **LETTERS, **DEPTHS, **ADDRESSES}
HARMLESS = {
    "braces apart": "a { { b } } c { % d % }",
    "a line statement": "# for x in y",
    "other delimiters": "<% x %> ${x} [[ x ]] <?= x ?>".replace("<", "("),
    "dots": "at 6 p.m. or 8.30, e.g. on Monday … or U.S. time",
    "slashes": "and/or 2:1 10//2",
    "every letter": "Grüße, señor — “quoted” ½ 5 °C",
}
"""What looks like something, and is words."""


def by_markdown(words: str) -> Source:
    """Put words into the body of an email as staff write it."""
    files = {name: text for name, text in SOURCES["survey"].files.items() if name == "message.toml"}
    return _framed("survey", with_bodies("survey", files | {"body.md": f"# One\n\nA {words} b\n"}))


def by_hand(words: str) -> Source:
    """Put words into both bodies written by hand."""
    return _framed(
        "survey", {**SOURCES["survey"].files, "body.html": f"<p>A {words} b</p>", "body.txt": f"A {words} b"}
    )


def in_spanish(words: str) -> Source:
    """Put words into the plain body of a translation."""
    return _framed("survey", {**SOURCES["survey"].files, "body.es.txt": f"A {words} b"})


def in_subject(words: str) -> Source:
    """Put words into the subject."""
    return _setting("subject", words)


def in_preheader(words: str) -> Source:
    """Put words into the preheader."""
    return _setting("preheader", words)


def in_text(words: str) -> Source:
    """Put words into a text message."""
    return _framed("moved-sms", {**SOURCES["moved-sms"].files, "sms.txt": f"A {words} b"})


PLACES: tuple[Callable[[str], Source], ...] = (by_markdown, by_hand, in_spanish, in_subject, in_preheader, in_text)


def _setting(key: str, words: str) -> Source:
    said = json.dumps(f"A {words}", ensure_ascii=False).replace("\x7f", "\\u007f")
    toml = SOURCES["survey"].files["message.toml"].replace(f"{key} = ", f"{key} = {said} #", 1)
    return _framed("survey", {**SOURCES["survey"].files, "message.toml": toml})


def _framed(name: str, files: dict[str, str]) -> Source:
    shared = {file: text for file, text in SOURCES[name].files.items() if file.startswith("frame")}
    return Source(name, {**shared, **files})


@contextmanager
def unless_it_hangs(seconds: int = 60) -> Iterator[None]:
    """Fail a test that would go on for ever; no measure of speed."""

    def ring(*_: object) -> None:
        raise AssertionError(f"still not done after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
