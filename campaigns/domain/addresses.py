"""Addresses as they may be shown where they are not needed in full: staff lists and command output.

Nothing here reads or checks an address; that is `operations/addresses.py`. Logs carry
ids and no address at all, not even a masked one.
"""

from __future__ import annotations

HIDDEN = "…"
_SHOWN_DIGITS = 4
_LEAST_DIGITS = 8


def mask_email(address: str) -> str:
    """Show enough to recognise one's own address and too little to write to it: `s…@e….com`."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        return HIDDEN
    _, dot, top = domain.rpartition(".")
    return f"{local[0]}{HIDDEN}@{domain[0]}{HIDDEN}{dot}{top if dot else ''}"


def mask_phone(number: str) -> str:
    """Show the country and the last four digits of an E.164 number: `+1…0123`.

    Country codes are one digit for North America (1) and Russia and Kazakhstan (7). Elsewhere
    two digits are shown, which is the whole code or the beginning of a three-digit one.
    """
    digits = number.removeprefix("+")
    if digits == number or not digits.isdecimal() or len(digits) < _LEAST_DIGITS:
        return HIDDEN
    country = digits[:1] if digits[0] in "17" else digits[:2]
    return f"+{country}{HIDDEN}{digits[-_SHOWN_DIGITS:]}"
