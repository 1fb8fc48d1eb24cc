"""Imports only point down: the contracts in pyproject.toml, and that they would be noticed."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_import_contract_is_kept(tmp_path):
    found = _lint(ROOT / "pyproject.toml", tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr


def test_a_contract_that_the_code_breaks_is_noticed(tmp_path):
    config = tmp_path / "turned.toml"
    floors = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    turned = re.sub(r'"campaigns\.domain",\n(.*"campaigns\.errors.*\n)', r'\1  "campaigns.domain",\n', floors, count=1)
    assert turned != floors
    config.write_text(turned, encoding="utf-8")
    found = _lint(config, tmp_path)
    assert found.returncode == 1
    assert "Floors: imports only ever point down BROKEN" in found.stdout


def _lint(config, cache):
    command = "from importlinter.cli import lint_imports_command as lint; lint()"
    words = [sys.executable, "-c", command, "--config", str(config), "--cache-dir", str(cache)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
