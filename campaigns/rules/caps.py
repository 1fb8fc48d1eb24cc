"""How many texts one number may get: `caps.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path

from campaigns.domain.caps import Caps
from campaigns.errors import ConfigurationError


def read_caps(path: Path = Path(__file__).parent / "caps.toml") -> Caps:
    """Read the caps; raises `ConfigurationError` naming the file and what is wrong with it."""
    try:
        return _checked(Caps(**tomllib.loads(path.read_text(encoding="utf-8"))["sms"]))
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(f"{path.name}: {error!r}") from None


def _checked(caps: Caps) -> Caps:
    for name in Caps.__dataclass_fields__:
        limit = getattr(caps, name)
        if not isinstance(limit, int) or limit <= 0:
            raise ValueError(f"{name} is a whole number above zero")
    return caps
