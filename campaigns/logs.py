"""One line of JSON per event on standard error; ids, never addresses, numbers, names or tokens."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final

INFO: Final = logging.INFO
WARNING: Final = logging.WARNING
ERROR: Final = logging.ERROR

_log = logging.getLogger("campaigns")
_COMPLAINING: Final = ("celery", "kombu")
"""Libraries whose warnings nobody else writes down: a worker that gives up must say so."""


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {"at": at, "level": record.levelname.lower(), "event": _words(record)}
        line.update(getattr(record, "facts", {}))
        if record.exc_info and record.exc_info[0]:
            # The type and the place, not the text: a driver's message may quote a row.
            line["error"] = record.exc_info[0].__name__
            frame = record.exc_info[2]
            while frame and frame.tb_next:
                frame = frame.tb_next
            if frame:
                line["where"] = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}"
        return json.dumps(line, default=str)


def _words(record: logging.LogRecord) -> str:
    """Give our own words whole; of a library's only the pattern, for what it fills in may quote a row or an address."""
    if record.name == _log.name:
        return record.getMessage()
    return f"{record.name}: {str(record.msg).strip().partition(chr(10))[0]}"


def configure(level: int = logging.INFO) -> None:
    """Send our own events, and what Celery complains of, to standard error; call once per process.

    Twilio's request log stays shut.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    _log.handlers = [handler]
    _log.setLevel(level)
    _log.propagate = False
    _log.disabled = False  # a library that configures logging its own way switches the others off
    for name in _COMPLAINING:
        library = logging.getLogger(name)
        library.handlers, library.propagate = [handler], False
        library.setLevel(logging.WARNING)
    logging.getLogger("twilio").setLevel(logging.WARNING)


def event(name: str, *, level: int = logging.INFO, error: BaseException | None = None, **facts: object) -> None:
    """Log one event with its ids and counts."""
    _log.log(level, name, exc_info=error, extra={"facts": facts})
