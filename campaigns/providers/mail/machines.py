"""Did a machine write this mail? Such mail is kept, and never answered.

The signs are those of RFC 3834, the envelope's, and the habits of older machines.
"""

from __future__ import annotations

import re
from typing import Final

from campaigns.providers.mail.parts import Mail, first

_BULK: Final = ("bulk", "auto_reply", "junk", "list")
_ANSWERS: Final = ("x-autoreply", "x-autorespond")
_DAEMON: Final = re.compile(r"(?<![\w.+-])mailer-daemon@", re.IGNORECASE)
_WORD: Final = re.compile(r"[;(\s]")


def is_automatic(mail: Mail) -> bool:
    """Say whether a machine wrote a mail; reports of every kind and lists count among them."""
    said = _WORD.split(first(mail.fields, "auto-submitted").lower(), maxsplit=1)[0]
    return (
        said not in ("", "no")
        or first(mail.fields, "precedence").strip().lower() in _BULK
        or has_null_path(mail)
        or any(first(mail.fields, name).lower() not in ("", "no") for name in _ANSWERS)
        or "list-id" in mail.fields
        or mail.type == "multipart/report"
        or bool(_DAEMON.search(first(mail.fields, "from")))
    )


def has_null_path(mail: Mail) -> bool:
    """Say whether the envelope had no sender: such mail is never answered (RFC 3834 §2)."""
    return "".join(first(mail.fields, "return-path").split()) == "<>"
