"""Runs of eight words, as hashes: enough to see that a text was copied, too little to read it.

`python -m tests.house.runs PAGE.txt > tests/house/patient_page.hashes` makes the hashes of a page anew. A run that is
a webinar's own title is left out: titles are meant to be the same.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Collection, Iterator
from hashlib import blake2b
from pathlib import Path

LENGTH = 8
ROOT = Path(__file__).parents[2]
HEAD = """\
# The patient page of the webinar that ships, as the hashes of every eight words of it that follow each other: in small
# letters, letters and digits only, one blank between two words, BLAKE2b of 8 bytes. Ours may say what the page says,
# and not as it says it. Made by tests/house/runs.py, which says how to make it anew.
"""


def runs(text: str, length: int = LENGTH) -> Iterator[tuple[int, str]]:
    """Give every run of so many words, with the line that it begins on."""
    words = [(found[0], found.start()) for found in re.finditer(r"[a-z0-9]+", text.lower())]
    for first in range(len(words) - length + 1):
        run = " ".join(word for word, _ in words[first : first + length])
        yield text.count("\n", 0, words[first][1]) + 1, run


def hashed(run: str) -> str:
    """Give sixteen hexadecimal digits for a run."""
    return blake2b(run.encode(), digest_size=8).hexdigest()


def copied(text: str, known: Collection[str]) -> list[tuple[int, str]]:
    """List the runs of a text that are known, each with its line."""
    return [(line, run) for line, run in runs(text) if hashed(run) in known]


def read(path: Path) -> frozenset[str]:
    """Read a file of hashes."""
    return frozenset(line for line in path.read_text("utf-8").split() if re.fullmatch("[0-9a-f]{16}", line))


def titles() -> frozenset[str]:
    """Give the runs within the titles of the webinars that ship."""
    told = [
        tomllib.loads(path.read_text("utf-8"))["webinar"]["title"] for path in ROOT.glob("templates/webinars/*.toml")
    ]
    return frozenset(run for title in told for _, run in runs(title))


if __name__ == "__main__":
    page = Path(sys.argv[1]).read_text("utf-8")
    lines = sorted({hashed(run) for _, run in runs(page)} - {hashed(run) for run in titles()})
    sys.stdout.write(HEAD + "\n".join(lines) + "\n")
