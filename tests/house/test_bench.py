"""The measurements keep step with what they measure; how fast anything is stands in `bench/`, not here."""

import importlib
import pkgutil
from email import message_from_bytes, policy

import pytest

import bench
from bench.plain import message_of
from campaigns.lint.samples import LETTER, LINKS, SENDER
from campaigns.rendering.email import render_email
from campaigns.rendering.environment import compile_source, load_sources
from tests.factories import TEMPLATES


@pytest.mark.parametrize("name", [one.name for one in pkgutil.iter_modules(bench.__path__) if one.name != "__main__"])
def test_everything_that_they_name_is_there(name):
    importlib.import_module(f"bench.{name}")


def test_the_plain_loop_writes_the_very_words_that_the_service_writes():
    words = compile_source(load_sources(TEMPLATES / "messages")["confirmation"])
    plain = message_of(SENDER, LINKS, words, LETTER)
    ours = message_from_bytes(render_email(words, LETTER, SENDER, LINKS).raw, policy=policy.default)
    assert plain["Subject"] == ours["Subject"]
    for kind in ("html", "plain"):
        assert _body(plain, kind) == _body(ours, kind)


def _body(message, kind):
    return message.get_body((kind,)).get_content().split()
