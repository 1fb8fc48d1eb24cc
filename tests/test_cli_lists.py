"""Lists and rehearsals on the command line."""

import pytest

from campaigns.cli import main


def test_a_list_for_a_session_that_is_not_there_ends_with_1(own_database_url, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", own_database_url)
    (tmp_path / "people.csv").write_text("email,first_name\nana@example.org,Ana\n")
    asked = ["registrants", "import", "people.csv", "--session", "7", "--confirmations", "no"]
    assert main(asked) == 1
    assert capsys.readouterr().err == "There is no session 7. There are: none\n"


def test_a_file_that_is_not_there_is_named(own_database_url, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", own_database_url)
    assert main(["registrants", "import", "none.csv", "--session", "7", "--confirmations", "yes", "--apply"]) == 1
    assert capsys.readouterr().err == "No such file or directory: none.csv\n"


def test_a_rehearsal_needs_a_database_that_is_up_to_date(empty_database_url, redis_url, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    assert main(["rehearse", "--webinar", "knees"]) == 1
    assert capsys.readouterr().err == "The database is not up to date. Run `campaigns migrate` first.\n"


@pytest.mark.parametrize("words", [["--session", "x"], ["--confirmations", "maybe"]])
def test_an_order_that_is_not_understood_ends_with_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["registrants", "import", "people.csv", "--session", "7", "--confirmations", "yes", *words])
    assert ended.value.code == 2
    assert "usage: campaigns registrants import" in capsys.readouterr().err
