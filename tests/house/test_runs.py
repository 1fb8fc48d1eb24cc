"""Nothing that people read is copied from the patient page that the facts come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.runs import ROOT, copied, hashed, read, runs, titles

PATIENT_PAGE = read(Path(__file__).with_name("patient_page.hashes"))
READ_BY_PEOPLE = sorted(
    path
    for pattern in (
        "README.md", "templates/**/*", "campaigns/locale/**/*.po*", "campaigns/**/*.py", "campaigns/**/*.toml", "workers/**/*.py",
    )
    for path in ROOT.glob(pattern)
    if path.suffix in {".md", ".txt", ".toml", ".html", ".words", ".po", ".pot", ".py"}
)  # fmt: skip
SENTENCE = "A heron stands in the reeds at dawn and waits for one small fish."


@pytest.mark.parametrize("path", READ_BY_PEOPLE, ids=lambda path: str(path.relative_to(ROOT)))
def test_eight_words_of_the_patient_page_never_follow_each_other(path):
    assert copied(path.read_text("utf-8"), PATIENT_PAGE) == []


def test_every_kind_of_file_that_people_read_is_looked_at():
    seen = {str(path.relative_to(ROOT)) for path in READ_BY_PEOPLE}
    assert {
        "README.md", "templates/claims.toml", "templates/webinars/si-joint-runners.toml", "templates/web/public/landing.html",
        "templates/messages/frame.en.words", "templates/messages/survey/body.md", "templates/messages/moved-sms/sms.txt",
        "campaigns/locale/es/LC_MESSAGES/pages.po", "campaigns/web/public/landing.py",
    } <= seen  # fmt: skip


def test_the_hashes_are_there():
    assert len(PATIENT_PAGE) > 1_000


def test_a_copied_sentence_is_found_where_it_stands_however_it_is_broken_up_and_marked():
    known = {hashed(run) for _, run in runs(SENTENCE)}
    assert len(known) == 7
    text = "One line.\n\n- A **heron** stands,\n  in the *Reeds* at dawn. And waits"
    assert copied(text, known) == [
        (3, "a heron stands in the reeds at dawn"),
        (3, "heron stands in the reeds at dawn and"),
        (3, "stands in the reeds at dawn and waits"),
    ]


def test_seven_words_are_not_enough():
    known = {hashed(run) for _, run in runs(SENTENCE)}
    assert copied("A heron stands in the reeds at noon and waits for one big fish.", known) == []


def test_a_title_alone_is_no_copy_and_no_word_more():
    assert titles() == {"sacroiliac si joint pain and dysfunction in runners"}
    assert not PATIENT_PAGE & {hashed(run) for run in titles()}
