"""What an SMTP server said, as the ledger keeps it: code first, then its words, without addresses."""

from __future__ import annotations

import re
import smtplib
import ssl
from typing import Final

from campaigns.providers.smtp_line import Reply

_ADDRESS_IN_TEXT: Final = re.compile(r"\S+@\S+")
_REASON_LIMIT: Final = 200


def why_not_open(fault: OSError | UnicodeError) -> str:
    """Say why a connection could not be opened."""
    match fault:
        case UnicodeError():
            return "login: user or password has characters that SMTP cannot carry"
        case smtplib.SMTPException():
            return f"connection: {fault}"
        case ssl.SSLCertVerificationError():
            return f"TLS: the server's certificate is not trusted ({fault.verify_message})"
        case ssl.SSLError():
            return f"TLS: {fault.reason or 'the handshake failed'}"
    return f"connection: {fault.strerror or 'the server did not answer in time'}"


def as_bytes(text: bytes | str) -> bytes:
    """Give what smtplib keeps of a reply, which is now bytes and now text."""
    return text.encode() if isinstance(text, str) else text


def reason(reply: Reply, recipient: str) -> str:
    """Say what the server said, code first, with every address and the recipient's name taken out."""
    code, text = reply
    words = text.decode("utf-8", "replace")
    printable = "".join(letter if letter.isprintable() else " " for letter in words)
    without = _ADDRESS_IN_TEXT.sub("(address)", printable)
    local = re.escape(recipient.rpartition("@")[0])
    without = re.sub(rf"(?<![\w.]){local}(?![\w.])", "(address)", without, flags=re.IGNORECASE)
    return f"{code} {' '.join(without.split())}"[:_REASON_LIMIT].strip()
