"""The letters of the content lint reach every variant of every shipped message, so that each is measured."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import count

import pytest

from campaigns.domain.steps import Channel
from campaigns.lint.rendered import mails, notes
from campaigns.lint.samples import letters
from campaigns.rendering.environment import compile_source, load_sources
from campaigns.rendering.variables import Letter
from tests.lint.planting import TEMPLATES

SOURCES = load_sources(TEMPLATES / "messages")
BODIES = [
    (name, file)
    for name, source in SOURCES.items()
    for file in source.files
    if file.endswith(".txt") and not file.startswith("frame.")
]
BRANCH = re.compile(r"{%-?\s*(?:if|elif|else)\b.*?%}")


@pytest.mark.parametrize(("name", "file"), BODIES)
def test_every_branch_of_a_message_is_rendered(name, file):
    """Behind each `if`, `elif` and `else` stands a mark; each must come out in one letter or another."""
    numbers = count()
    words = BRANCH.sub(lambda found: f"{found[0]} mark{next(numbers)}of ", SOURCES[name].files[file])
    marked = replace(SOURCES[name], files={**SOURCES[name].files, file: words})
    compiled = compile_source(marked, language="es" if ".es." in file else "en")
    if compiled.channel is Channel.SMS:
        said = " ".join(note.text.body for note in notes(compiled))
    else:
        said = " ".join(mail.plain for mail in mails(compiled))
    assert [number for number in range(next(numbers)) if f"mark{number}of" not in said] == []


def test_letters_differ_in_what_their_words_tell_apart():
    compiled = compile_source(SOURCES["confirmation"])
    told = {
        one for one in Letter.__dataclass_fields__ if len({getattr(sample, one) for sample in letters(compiled)}) > 1
    }
    assert {
        "now",
        "attendance",
        "replay_url",
        "replay_here",
        "has_room",
        "has_answers",
        "has_texts",
        "first_name",
    } <= told
