"""Lint and types: the tools of pyproject.toml find nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_ruff_finds_nothing():
    _clean("-m", "ruff", "check", "--quiet", ".")


def test_the_formatter_would_change_nothing():
    _clean("-m", "ruff", "format", "--check", "--quiet", ".")


@pytest.mark.slow
def test_mypy_finds_nothing():
    _clean("-m", "mypy")


@pytest.mark.slow
def test_every_template_is_in_order():
    _clean("-m", "djlint", "--lint", "--quiet", "templates/web")


def _clean(*words):
    found = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
