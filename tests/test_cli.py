"""The command line as a stranger meets it."""

import errno
import os
import socket
import subprocess
import sys

import pytest

from campaigns import accounts, cli, commands
from campaigns.cli import main


@pytest.mark.parametrize(
    "words",
    [[], ["up"], ["migrate"], ["doctor"], ["rehearse"], ["web"], ["scheduler"], ["worker"], ["registrants"],
     ["registrants", "import"], ["content"], ["content", "check"], ["approve"], ["staff"], ["staff", "add"], ["staff", "password"]],
    ids=" ".join,
)  # fmt: skip
def test_every_command_explains_itself(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert "usage: campaigns" in shown
    assert len(shown.split()) > 25


@pytest.mark.parametrize(
    "words", [[], ["fly"], ["worker", "--queues", "post"], ["worker", "--queues", ","], ["staff", "add"]]
)
def test_a_question_that_is_not_understood_ends_with_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: campaigns" in capsys.readouterr().err


def test_the_version_is_said(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("webinar-campaigns 0.")


def test_a_wrong_setting_is_one_line_that_names_it(clean, capsys):
    clean.setenv("CAMPAIGNS_PORT", "70000")
    assert main(["up"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("CAMPAIGNS_PORT: ")
    assert said.count("\n") == 1


def test_a_taken_port_is_one_line_with_a_remedy(clean, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        clean.setenv("CAMPAIGNS_PORT", str(port))
        assert main(["up"]) == 1
    assert capsys.readouterr().err == (
        f"Port {port} on 127.0.0.1 cannot be used (Address already in use). "
        f"Choose another one, for example: CAMPAIGNS_PORT={port % 65535 + 1} ./up\n"
    )


def test_migrating_without_a_database_is_one_line(clean, capsys):
    assert main(["migrate"]) == 1
    assert "set DATABASE_URL" in capsys.readouterr().err


def test_migrating_brings_schema_and_starter_webinar(clean, empty_database_url, capsys):
    clean.setenv("DATABASE_URL", empty_database_url)
    clean.setenv("CAMPAIGNS_SECRET", "s" * 32)
    assert main(["migrate"]) == 0
    assert main(["migrate"]) == 0
    assert capsys.readouterr().err == ""


def test_an_account_is_added_and_renewed(clean, own_database_url, capsys):
    clean.setenv("DATABASE_URL", own_database_url)
    assert main(["staff", "add", "ann@clinic.example", "--name", "Ann"]) == 0
    assert main(["staff", "password", "ann@clinic.example"]) == 0
    assert main(["staff", "password", "bob@clinic.example"]) == 1
    assert "There is no account bob@clinic.example" in capsys.readouterr().err


def test_doctor_gives_its_verdict_as_exit_code(clean, capsys):
    assert main(["doctor"]) == 1
    assert "!!  database" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full. Free some space, then try again."),
        (PermissionError(errno.EACCES, "Permission denied", "/closed"), "Permission denied: /closed"),
        (OSError("odd"), "odd"),
        (KeyboardInterrupt(), "Interrupted."),
    ],
)
def test_a_fault_of_the_machine_is_one_line(clean, capsys, fault, said):
    def fail(*_, **__):
        raise fault

    clean.setattr(accounts, "add", fail)
    assert main(["staff", "add", "ann@clinic.example", "--name", "Ann"]) == 1
    assert capsys.readouterr().err == f"{said}\n"


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["web"], commands.web()),
        (["scheduler"], commands.scheduler()),
        (["worker", "--queues", "sms.urgent, sms.bulk"], commands.worker(["sms.urgent", "sms.bulk"])),
        (["worker"], commands.worker(commands.QUEUES)),
    ],
    ids=["web", "scheduler", "two queues", "all queues"],
)
def test_a_process_becomes_its_command_line(clean, words, command):
    became = []
    clean.setattr(cli.os, "execv", lambda program, arguments: became.append((program, arguments)))
    assert main(words) == 0
    assert became == [(sys.executable, command)]


def test_it_runs_as_a_module():
    found = subprocess.run([sys.executable, "-m", "campaigns", "--version"], capture_output=True, text=True, check=True)
    assert found.stdout.startswith("webinar-campaigns")


@pytest.fixture
def clean(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith(("CAMPAIGNS_", "DATABASE_", "REDIS_", "TWILIO_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CAMPAIGNS_DATA_DIR", str(tmp_path))
    return monkeypatch
