"""One thing that is wrong with a message, and where to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from campaigns.lint.kinds import KINDS, Severity

FRAME: Final = "frame"
"""Whose findings these are where the fault is in a file that every message shares."""
REGISTER: Final = "claims"
"""Whose they are where it is in the claims register."""


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A line of a source file."""

    file: str
    """From the folder of templates: `messages/survey/body.txt`."""
    line: int = 1
    """The first one where something is missing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has found, in words for whoever writes the messages."""

    kind: str
    """A key of `KINDS`."""
    severity: Severity
    message_name: str
    file: str
    line: int
    says: str
    """What is wrong, without a full stop."""
    remedy: str
    """What to do, in one plain sentence."""

    def __str__(self) -> str:
        """Write it as editors can jump to it."""
        return f"{self.file}:{self.line}: {self.kind}: {self.says}. Remedy: {self.remedy}"


def finding(kind: str, message: str, spot: Spot, says: str, remedy: str = "") -> Finding:
    """Make a finding of a kind: its severity is the kind's, and so is the remedy unless there is a better one."""
    standing = KINDS[kind]
    parts = spot.file.split("/")
    shared = len(parts) == 2 and parts[0] == "messages"  # noqa: PLR2004  # a file beside the messages' folders
    return Finding(
        kind, standing.severity, FRAME if shared else message, spot.file, spot.line, says, remedy or standing.remedy
    )
