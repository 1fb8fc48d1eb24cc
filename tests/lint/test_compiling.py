"""Each refusal of the compiler becomes a finding with the file and line that it names."""

from __future__ import annotations

import pytest

from campaigns.lint.compiling import refused
from campaigns.lint.draft import read_drafts
from tests.lint.planting import SURVEY, copied, found_in, plant


@pytest.mark.parametrize(
    ("refusal", "kind", "place"),
    [
        ("survey/body.html, line 3: hello is not a name that templates know", "unknown-name", ("survey/body.html", 3)),
        ("survey/message.toml: subject, line 1: x is not a name that templates know", "unknown-name", ("survey/message.toml", 12)),
        ("survey/message.toml: es: preheader must say something", "missing-preheader", ("survey/message.toml", 13)),
        ("survey/message.toml: purpose must be one of: a, b", "bad-setting", ("survey/message.toml", 1)),
        ("survey/message.toml: Invalid value (at line 4, column 2)", "bad-setting", ("survey/message.toml", 4)),
        ("survey: body.txt is missing", "missing-file", ("survey/body.txt", 1)),
        ("survey: frame.txt is missing", "missing-file", ("frame.txt", 1)),
        ("survey: body.html contains a character that is kept for our own use", "does-not-compile", ("survey/body.html", 1)),
        ("frame.mjml: {{ content }} is missing, the place of the message", "does-not-compile", ("frame.mjml", 1)),
        ("frame.es.words, line 2: foo is not a name that templates know", "unknown-name", ("frame.es.words", 2)),
        ("Something new.", "does-not-compile", ("survey/message.toml", 1)),
    ],
)  # fmt: skip
def test_a_refusal_is_taken_apart(refusal, kind, place, tmp_path):
    (draft,) = read_drafts(copied(tmp_path / "templates", SURVEY), [])
    found = refused(draft, refusal, "es")
    assert (found.kind, found.file, found.line) == (kind, f"messages/{place[0]}", place[1])
    assert found.remedy and not found.says.endswith(".")


def test_a_frame_without_a_place_for_the_message_is_one_finding_of_the_frame(tmp_path):
    folder = copied(tmp_path / "templates", SURVEY)
    plant(folder, SURVEY, (("frame.mjml", "{{ content }}", ""),))
    (found,) = found_in(folder)
    assert (found.kind, found.message_name, found.file) == ("does-not-compile", "frame", "messages/frame.mjml")
