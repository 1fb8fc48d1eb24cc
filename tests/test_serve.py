"""The web process: a fault in the settings is one line. That it serves is tried by test_supervise.py and test_compose.py."""

import os

import pytest

from campaigns import serve


def test_without_a_database_it_ends_with_one_line(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith(("CAMPAIGNS_", "DATABASE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CAMPAIGNS_DATA_DIR", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        serve.main()
    assert str(ended.value).startswith("DATABASE_URL: not set")


def test_it_serves_the_application_on_the_address_of_the_settings(monkeypatch, tmp_path, own_database_url):
    served = []
    monkeypatch.setenv("CAMPAIGNS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CAMPAIGNS_PORT", "8765")
    monkeypatch.setenv("CAMPAIGNS_SECRET", "s" * 32)
    monkeypatch.setenv("DATABASE_URL", own_database_url)
    monkeypatch.setattr(
        serve.uvicorn, "run", lambda app, **how: served.append((app.title, how["port"], how["access_log"]))
    )
    serve.main()
    assert served == [("Runners' Class", 8765, False)]
