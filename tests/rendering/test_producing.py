"""A template that says too much, or takes too long, is stopped while it speaks."""

from __future__ import annotations

from itertools import count

import pytest
from jinja2 import Environment, StrictUndefined

from campaigns.errors import TemplateInvalid
from campaigns.rendering.limits import SECONDS
from campaigns.rendering.producing import Producer

ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined)


def template(text):
    return ENVIRONMENT.from_string(text)


def test_what_is_within_measure_is_said_whole():
    made = Producer.of("m", lambda: 0.0).say(
        "text", template("{% for a in b %}{{ a }}<{% endfor %}"), {"b": ("x", ">")}, 8
    )
    assert made == "x<&gt;<"


def test_it_stops_at_the_first_piece_too_many():
    asked = []

    def more():
        for number in count():
            asked.append(number)
            yield "0123456789"

    with pytest.raises(TemplateInvalid, match="^m: the HTML body comes to more than 95 characters; shorten it$"):
        Producer.of("m", lambda: 0.0).say(
            "HTML body", template("{% for a in b %}{{ a }}{% endfor %}"), {"b": more()}, 95
        )
    assert len(asked) == 10


def test_it_stops_when_its_time_is_over():
    moments = iter([0.0, 1.0, SECONDS - 0.1, SECONDS + 0.1])
    asked = []

    def more():
        for number in count():
            asked.append(number)
            yield "a"

    producer = Producer.of("m", lambda: next(moments))
    with pytest.raises(TemplateInvalid, match="^m: the text takes more than 5 seconds to render; ask less of it$"):
        producer.say("text", template("{% for a in b %}{{ a }}{% endfor %}"), {"b": more()}, 10**9)
    assert len(asked) == 3


def test_all_parts_share_the_time_of_their_message():
    now = [0.0]
    producer = Producer.of("m", lambda: now[0])
    producer.say("subject", template("a"), {}, 9)
    now[0] = SECONDS + 1
    with pytest.raises(TemplateInvalid, match="the text takes more than"):
        producer.say("text", template("a"), {}, 9)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "{% if a > 5 %}x{% endif %}",
            "m: the text asks what has no answer: '>' not supported between .*'str' and 'int'",
        ),
        ("{{ nobody }}", r"m: the text cannot be rendered \(UndefinedError\)"),
        ("{{ 1 // 0 }}", r"m: the text cannot be rendered \(ZeroDivisionError\)"),
        ("{{ 9 ** n }}", r"m: the text cannot be rendered \(ValueError\)"),
        ("{% macro x() %}{{ x() }}{% endmacro %}{{ x() }}", r"m: the text cannot be rendered \(RecursionError\)"),
    ],
)
def test_a_fault_of_the_template_names_message_and_part_and_no_value(text, fault):
    with pytest.raises(TemplateInvalid, match=f"^{fault}$") as refused:
        Producer.of("m").say("text", template(text), {"a": "somebody's name", "n": 99_999}, 10**6)
    assert "somebody" not in str(refused.value)
