"""DMARC (RFC 9989): the policy of a domain, found by walking up its name, and who counts as the same organisation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from campaigns.dns_probe.questions import Mark, Questions, Seen, tags

_VERSION: Final = re.compile(r"v\s*=\s*DMARC1\s*(?:;|\Z)")
_LABELS: Final = 7
"""A name longer than this is cut to it after the first question, so that a walk takes eight at most (§4.10)."""
_POLICIES: Final[dict[str, tuple[Mark, str]]] = {
    "none": ("?", "receivers only watch: move to quarantine once the reports are clean"),
    "quarantine": ("ok", "receivers put forgeries aside"),
    "reject": ("ok", "receivers refuse forgeries"),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy record and where it stands."""

    domain: str
    tags: dict[str, str]

    def strict(self, tag: str) -> bool:
        """Say whether `adkim` or `aspf` wants the very same domain instead of the same organisation."""
        return self.tags.get(tag, "r").lower() == "s"


def examine_dmarc(ask: Questions, domain: str) -> Iterator[Seen]:
    """Look at the policy for mail from a domain; raises `NoAnswer`."""
    count = len(_records(ask, domain))
    policy = policy_of(ask, domain)
    if count > 1:
        words = f"_dmarc.{domain} has {count} DMARC records, which receivers take for none: keep one of them"
        yield Seen("!!", "dmarc", words)
    elif policy is None:
        words = (
            f'there is no policy for {domain}: publish a TXT record "v=DMARC1; p=none; rua=mailto:…" at _dmarc.{domain}'
        )
        yield Seen("!!", "dmarc", words)
    else:
        yield _judged(policy, domain)


def _judged(policy: Policy, domain: str) -> Seen:
    tag = "sp" if policy.domain != domain and "sp" in policy.tags else "p"
    value = policy.tags.get(tag, "").lower()
    if value not in _POLICIES:
        words = f"_dmarc.{policy.domain} states no policy: write {tag}=none, {tag}=quarantine or {tag}=reject into it"
        return Seen("!!", "dmarc", words)
    mark, words = _POLICIES[value]
    return Seen(mark, "dmarc", f"_dmarc.{policy.domain} says {tag}={value} for {domain}: {words}")


def examine_alignment(ask: Questions, domain: str, return_path: str, signing: str) -> Iterator[Seen]:
    """Say whether SPF or DKIM vouch for the organisation in From, one of which receivers want; raises `NoAnswer`.

    `signing` is the domain of the DKIM signature, empty where the relay signs and we do not know.
    """
    policy = policy_of(ask, domain)
    if policy is None:
        yield Seen("?", "alignment", f"cannot be judged: {domain} needs a DMARC record first")
        return
    by_spf = _aligned(ask, domain, return_path, strict=policy.strict("aspf"))
    by_dkim = bool(signing) and _aligned(ask, domain, signing, strict=policy.strict("adkim"))
    if not by_spf and not by_dkim:
        words = (
            f"neither SPF nor DKIM speak for {domain}: "
            f"set CAMPAIGNS_RETURN_PATH_DOMAIN or CAMPAIGNS_DKIM_DOMAIN to a name in it"
        )
        yield Seen("!!", "alignment", words)
    elif not by_spf:
        words = (
            f"DKIM speaks for {domain}, SPF of {return_path} does not: set CAMPAIGNS_RETURN_PATH_DOMAIN to a name in it"
        )
        yield Seen("?", "alignment", words)
    elif signing and not by_dkim:
        words = f"SPF speaks for {domain}, DKIM of {signing} does not: set CAMPAIGNS_DKIM_DOMAIN to a name in it"
        yield Seen("?", "alignment", words)
    else:
        yield Seen("ok", "alignment", f"{'SPF and DKIM speak' if by_dkim else 'SPF speaks'} for {domain}")


def policy_of(ask: Questions, domain: str) -> Policy | None:
    """Give the policy for mail from a domain: its own, or its organisation's; raises `NoAnswer`."""
    found = {policy.domain: policy for policy in _walk(ask, domain)}
    return found.get(domain) or found.get(organisation(ask, domain))


def organisation(ask: Questions, domain: str) -> str:
    """Give the organisational domain of a name (§4.10.2); raises `NoAnswer`."""
    found = _walk(ask, domain)
    for policy in found:
        boundary = policy.tags.get("psd", "").lower()
        if boundary == "n":
            return policy.domain
        if boundary == "y":  # the border itself, if we began on it; else the name just below
            below = policy.domain.count(".") + 2
            return ".".join(domain.split(".")[-below:])
    return found[-1].domain if found else domain


def same_house(ask: Questions, one: str, other: str) -> bool:
    """Say whether two names belong together, also where nobody has published a policy; raises `NoAnswer`."""
    return (
        one == other
        or one.endswith(f".{other}")
        or other.endswith(f".{one}")
        or organisation(ask, one) == organisation(ask, other)
    )


def _aligned(ask: Questions, domain: str, other: str, *, strict: bool) -> bool:
    return domain == other or (not strict and organisation(ask, domain) == organisation(ask, other))


def _walk(ask: Questions, domain: str) -> list[Policy]:
    """Collect the policies from a name upwards, ending early where one marks the border of an organisation."""
    found = []
    labels = domain.split(".")
    for target in (labels, *(labels[-n:] for n in range(min(len(labels) - 1, _LABELS), 0, -1))):
        name = ".".join(target)
        records = _records(ask, name)
        if len(records) == 1:
            found.append(Policy(name, tags(records[0])))
            if found[-1].tags.get("psd", "").lower() in ("y", "n"):
                break
    return found


def _records(ask: Questions, domain: str) -> list[str]:
    return [text for text in ask.texts(f"_dmarc.{domain}") if _VERSION.match(text)]
