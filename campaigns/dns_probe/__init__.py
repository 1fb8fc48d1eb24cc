"""Whether receivers will trust mail from this sender: what the DNS says of it, and the relay's certificate.

`doctor` enters with `examine`. Nothing is sent or changed, and a resolver that is silent is a
finding like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeAlias
from urllib.parse import urlsplit

from campaigns.dns_probe.dkim_key import examine_dkim
from campaigns.dns_probe.dmarc import examine_alignment, examine_dmarc, same_house
from campaigns.dns_probe.hosts import examine_mail_servers, examine_reverse, is_address
from campaigns.dns_probe.questions import NoAnswer, Questions, Seen
from campaigns.dns_probe.relay import examine_encryption
from campaigns.dns_probe.spf import examine_spf
from campaigns.errors import ConfigurationError
from campaigns.rendering.dkim import DkimSigner, open_signer
from campaigns.settings import Settings

_Look: TypeAlias = Callable[[], Iterator[Seen]]


def examine(settings: Settings, ask: Questions, now: datetime) -> Iterator[Seen]:
    """Give what is to be said about the sender of `settings`; raises nothing, whatever the world answers."""
    sender = _domain(settings.mail_from)
    return_path = _domain(settings.return_path_domain)
    signing = _domain(settings.dkim_domain or settings.mail_from) if settings.dkim_selector else ""
    looks: list[tuple[str, _Look]] = [
        ("spf", lambda: examine_spf(ask, return_path)),
        ("dkim", lambda: _dkim(settings, ask, signing)),
        ("dmarc", lambda: examine_dmarc(ask, sender)),
        ("alignment", lambda: examine_alignment(ask, sender, return_path, signing)),
        *(("mx", _mail_servers(ask, domain, roles)) for domain, roles in _receiving(settings).items()),
        ("list-id", lambda: _list_id(settings, ask, sender, [return_path, signing])),
    ]
    if settings.smtp_host:
        looks.append(("ptr", lambda: examine_reverse(ask, settings.smtp_host, sender)))
        looks.append(("tls", lambda: examine_encryption(settings, now)))
    for about, look in looks:
        try:
            yield from look()
        except NoAnswer as silent:
            words = f"the resolver did not answer ({silent}): try again, or give another one with --resolver"
            yield Seen("!!", about, words)


def _dkim(settings: Settings, ask: Questions, domain: str) -> Iterator[Seen]:
    if not settings.dkim_selector:
        words = "the relay is to sign, under a name we do not know: set CAMPAIGNS_DKIM_SELECTOR to have it looked up"
        yield Seen("?", "dkim", words)
        return
    signer: DkimSigner | None = None
    if settings.dkim_key_file:
        try:
            signer = open_signer(domain, settings.dkim_selector, settings.dkim_key_file)
        except ConfigurationError as error:
            yield Seen("!!", "dkim", str(error))
            return
    yield from examine_dkim(ask, f"{settings.dkim_selector}._domainkey.{domain}", signer)


def _receiving(settings: Settings) -> dict[str, str]:
    """Give the domains that must receive mail, each with the settings that name it."""
    places = {
        "CAMPAIGNS_MAIL_FROM": settings.mail_from,
        "CAMPAIGNS_REPLY_TO": settings.reply_to,
        "CAMPAIGNS_RETURN_PATH_DOMAIN": settings.return_path_domain,
    }
    roles: dict[str, str] = {}
    for name, address in places.items():
        domain = _domain(address)
        roles[domain] = f"{roles[domain]}, {name}" if domain in roles else name
    return roles


def _mail_servers(ask: Questions, domain: str, roles: str) -> _Look:
    return lambda: examine_mail_servers(ask, domain, roles)


def _list_id(settings: Settings, ask: Questions, sender: str, others: list[str]) -> Iterator[Seen]:
    """Judge whether List-Id, which ends in the domain of From, is in a domain of ours (RFC 2919 §3)."""
    web = urlsplit(settings.public_url).hostname or ""
    ours = [domain for domain in (*others, web) if domain and not is_address(domain)]
    if any(same_house(ask, sender, domain) for domain in ours):
        yield Seen("ok", "list-id", f"names {sender}, which is ours")
    else:
        words = (
            f"names {sender}, which shares nothing with {' or '.join(ours)}: "
            f"set CAMPAIGNS_MAIL_FROM to an address in a domain of yours"
        )
        yield Seen("!!", "list-id", words)


def _domain(address: str) -> str:
    domain = address.rpartition("@")[2].strip().rstrip(".").lower()
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain
