"""Keeping an uploaded list between looking at it and applying it."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaigns.errors import NotFound, Rejected
from campaigns.operations.uploads import KEPT, Uploads, digest_of

NOW = datetime(2026, 3, 10, 21, 51, tzinfo=UTC)


def test_a_list_comes_back_as_it_went_in_with_its_notes(folder: Path) -> None:
    uploads = Uploads(folder)
    token = uploads.keep(io.BytesIO(b"email\n"), 100, NOW)
    uploads.note(token, {"rows": 1})
    uploads.note(token, {"rows": 2})
    with uploads.open(token) as kept:
        assert kept.read() == b"email\n"
    assert uploads.noted(token) == {"rows": 2}
    assert len(list(folder.iterdir())) == 2


def test_only_we_can_read_what_is_kept(folder: Path) -> None:
    uploads = Uploads(folder)
    uploads.note(uploads.keep(io.BytesIO(b"email\n"), 100, NOW), {})
    assert {path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())} == {0o700, 0o600}


def test_a_list_that_is_too_large_leaves_nothing_behind(folder: Path) -> None:
    with pytest.raises(Rejected, match="larger than 2 MB"):
        Uploads(folder).keep(io.BytesIO(b"x" * (2 * 2**20 + 1)), 2 * 2**20, NOW)
    assert list(folder.iterdir()) == []


def test_what_is_forgotten_is_gone(folder: Path) -> None:
    uploads = Uploads(folder)
    token = uploads.keep(io.BytesIO(b"email\n"), 100, NOW)
    uploads.forget(token)
    uploads.forget(token)
    with pytest.raises(NotFound):
        uploads.open(token)
    with pytest.raises(NotFound):
        uploads.noted(token)


def test_what_nobody_came_back_for_is_deleted_after_a_day(folder: Path) -> None:
    uploads = Uploads(folder)
    old = uploads.keep(io.BytesIO(b"old\n"), 100, NOW)
    young = uploads.keep(io.BytesIO(b"young\n"), 100, NOW + timedelta(hours=1))
    uploads.prune(NOW + KEPT + timedelta(minutes=1))
    with pytest.raises(NotFound):
        uploads.open(old)
    uploads.open(young).close()


@pytest.mark.parametrize("token", ["", "../secret", "a" * 21, "a" * 21 + "/", "a" * 23])
def test_a_token_that_is_none_finds_nothing(folder: Path, token: str) -> None:
    with pytest.raises(NotFound):
        Uploads(folder).open(token)


def test_a_digest_is_of_the_whole_file() -> None:
    file = io.BytesIO(b"abc")
    file.read(2)
    assert digest_of(file) == hashlib.sha256(b"abc").hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "uploads"
