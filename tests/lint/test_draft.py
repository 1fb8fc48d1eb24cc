"""Source files as text: every line where it is, and nothing but words in the prose."""

from __future__ import annotations

import pytest

from campaigns.lint.draft import read_drafts
from campaigns.lint.pages import language_of
from tests.lint.planting import READ, SURVEY, copied, plant


@pytest.mark.parametrize(
    ("file", "language"),
    [("messages/a/body.es.html", "es"), ("messages/a/body.md", "en"), ("messages/a/sms.es.txt", "es"),
     ("messages/frame.mjml", ""), ("messages/frame.es.words", "es"), ("messages/a/message.toml", "en")],
)  # fmt: skip
def test_a_file_tells_its_language_by_its_name(file, language):
    assert language_of(file) == language


def test_prose_keeps_lines_and_leaves_code_and_tags_out(tmp_path):
    folder = copied(tmp_path / "templates", READ)
    plant(folder, READ, (("body.html", "They get help.", '{{ button(\n"Go on",\nmanage_url) }} 5 &lt; 6'),))
    (draft,) = read_drafts(folder, [])
    page = next(page for page in draft.own if page.file.endswith("body.html"))
    assert page.raw.count("\n") == page.prose.count("\n")
    assert "Go on" in page.prose and "5 < 6" in page.prose
    assert not any(word in page.prose for word in ("button", "manage_url", "<p>", "{{"))


def test_a_setting_is_found_in_the_table_of_its_language(tmp_path):
    (draft,) = read_drafts(copied(tmp_path / "templates", SURVEY), [])
    lines = draft.toml.split("\n")
    english, spanish = draft.setting("subject"), draft.setting("subject", "es")
    assert lines[english.line - 1].startswith('subject = "Two') and lines[spanish.line - 1].startswith('subject = "Dos')
    assert draft.setting("no-such").line == 1


def test_words_that_a_value_breaks_up_are_found_by_their_longest_run(tmp_path):
    (draft,) = read_drafts(copied(tmp_path / "templates", READ), [])
    spot = draft.where("In the class on December 3 you will hear how that is done", "en", ".txt")
    assert spot.file.endswith("body.txt")
    assert "you will hear how that is done" in draft.source.files["body.txt"].split("\n")[spot.line - 1]


def test_bytes_that_are_no_text_are_read_all_the_same(tmp_path):
    folder = copied(tmp_path / "templates", READ)
    (folder / "messages" / READ / "body.txt").write_bytes(b"caf\xe9")
    (draft,) = read_drafts(folder, [])
    assert draft.source.files["body.txt"] == "caf\ufffd"
