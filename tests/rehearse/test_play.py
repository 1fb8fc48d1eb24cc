"""What keeps a rehearsal from going on."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaigns.errors import CampaignsError, NotFound
from campaigns.rehearse import play
from campaigns.rehearse.play import rehearse
from campaigns.settings import read_settings
from campaigns.store.engine import Engine, transaction
from tests.factories import CLINIC, NOON, TEMPLATES, starter


def test_without_a_database_there_is_only_the_starter_webinar(redis_url: str, tmp_path: Path) -> None:
    settings = read_settings(database_url="", redis_url=redis_url, data_dir=tmp_path / "var")
    with pytest.raises(NotFound, match="There is no webinar knees"):
        rehearse(settings, print, webinar="knees")


def test_a_rehearsal_that_does_not_come_to_rest_says_when(
    own_engine: Engine, own_database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(own_engine) as db:
        starter.load(db, TEMPLATES, CLINIC, NOON, with_session=False)
    monkeypatch.setattr(play, "_PATIENCE", 0.0)
    settings = read_settings(database_url=own_database_url, redis_url=redis_url, data_dir=tmp_path)
    with pytest.raises(CampaignsError, match=r"The rehearsal got stuck at \d{4}-\d\d-\d\d \d\d:\d\d UTC"):
        rehearse(settings, print, webinar="si-joint-runners")
