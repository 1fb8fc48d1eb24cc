"""Words that a message must not have, or not without more: what they are called in each language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final


def _any(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE)


TELLING: Final = {
    "en": _any(
        r"\b(si|sacroiliac|joints?|backs?|spine|spinal|hips?|pelvi\w*|pain\w*|aches?|hurts?|injur\w*|symptoms?|"
        r"diagnos\w*|ortho\w*|surg\w*|patients?|rehab\w*|treatments?|doctors?|medicine|clinician)\b"
    ),
    # "si" and "espalda" apart, a Spanish text message has no accents left.
    "es": _any(
        r"\b(sacroil\w*|articulaci\w*|espalda\w*|columna|caderas?|pelvi\w*|dol(or|er|ores|encia)|duele\w*|"
        r"lesi[oó]n\w*|s[ií]ntomas?|diagn\w*|ortop\w*|cirug\w*|pacientes?|rehabilit\w*|tratamientos?|m[eé]dic\w*|"
        r"doctor\w*)\b"
    ),
}
"""What a lock screen must not show."""

CLAIMS: Final[Mapping[str, re.Pattern[str]]] = {
    "claim-cure": _any(r"\bcur(e|es|ed|ing|able)\b|\bcuran?\b|\bcurar\w*"),
    "claim-guarantee": _any(r"\bguarant\w+|\bgarant[ií]\w+"),
    "claim-proven": _any(
        r"\b(clinically |scientifically )?proven\b|\bcomprobad[oa]s? (cient|cl[ií]n)\w+|\bprobada eficacia"
    ),
    "claim-reverse": _any(r"\brevers(e|es|ed|ing|al|ible)\b|\brevert\w+|\brevierte\w*"),
    "claim-regenerate": _any(r"\bregenerat?\w*"),
    "claim-breakthrough": _any(r"\bbreakthroughs?\b|\brevolucionari\w+"),
    "claim-miracle": _any(r"\bmirac\w+|\bmilagr\w+"),
    "claim-risk-free": _any(r"\brisk[- ]free\b|\b(no|without( any)?) risks?\b|\bsin (ning[uú]n )?riesgos?\b"),
    "claim-painless": _any(r"\bpain(less\w*|[- ]free)\b|\bindolor\w*|\bsin dolor\b"),
    "claim-no-side-effects": _any(r"\b(no|without( any)?|zero) side[- ]effects?\b|\bsin efectos secundarios\b"),
    "claim-fda": _any(r"\bFDA\b"),
    "claim-stem-cell": _any(r"\bstem[- ]cells?\b|\bc[eé]lulas madre\b"),
    "claim-exosome": _any(r"\bexosom\w*"),
    "claim-prp": _any(r"\bPRP\b|\bplatelet[- ]rich\b|\bplasma rico\b"),
    "claim-amniotic": _any(r"\bamni[oó]ti\w*|\bwharton\W?s jelly\b|\bgelatina de wharton\b"),
    "claim-avoid-surgery": _any(
        r"\bavoid\w*\s+(an?\s+|any\s+)?(surgery|operations?)\b|\bevit\w+ (la |una )?(cirug|operaci)\w+"
    ),
    "claim-before-after": _any(r"\bbefore[- ](and|&)[- ]after\b|\bbefore/after\b|\bantes y despu[eé]s\b"),
    "claim-brand": _any(r"[®™]|\bsimpact\b"),
    "claim-diagnosis": _any(
        r"\byour diagnos[ie]s\b|\bsu diagn[oó]stico\b|"
        r"(?<!if )(?<!whether )(?<!think )\byou have (an? |the |your )?(\w+ )?"
        r"(si joint|sacroili\w+|arthritis|spondylitis|fracture|slipped disc|syndrome|injury|tear|sciatica|pain)\b|"
        r"(?<!si )\busted tiene (una? |el |la )?(\w+ )?"
        r"(sacroili\w+|artritis|espondilitis|fractura|hernia|s[ií]ndrome|lesi[oó]n|ci[aá]tica|dolor)\b"
    ),
}
"""What blocks a message until somebody allows it, by kind."""

PERSONAL_HEALTH: Final = _any(
    r"\byour (\w+ )?(pains?|aches?|symptoms?|injur(y|ies)|condition|illness|disease|joints?|back|hips?|pelvis)\b|"
    r"\byou (are|were) (hurt|injured|ill|sick)\b|\byou (suffer|hurt|ache)\b|"
    r"\bsus? (dolor(es)?|s[ií]ntomas?|lesi[oó]n(es)?|enfermedad|articulaci\w+|espalda|caderas?)\b|\b(usted )?sufre de\b"
)
"""Taken as known of the reader; the same words behind an `if` or before a question mark say nothing of them."""
SUPPOSING: Final = _any(r"\b(if|when|whether|whatever|is|does|do|si|cuando)\b[^.]*$")
"""What stands before such words in a sentence that only supposes them."""

MEDICAL: Final = _any(
    r"\b(surg(?:ery|ical)|operation|injection|steroid|medicine|drug|arthritis|fracture|disc|infection|mri|x-ray|ct|"
    r"spect|nerve|stenosis|piriformis|spondylitis|fusion|implant|physical therapy|hormone|ligament|pregnan\w+|"
    r"opioid)s?\b"
)
"""What only a claim may speak of in a message that teaches."""

SPAM: Final = _any(
    r"\bact now\b|\blast chance\b|\bhurry\b|\$\$+|\bwinners?\b|\blimited[- ]time\b|\bfree!+|!!+|\b100 ?% free\b|"
    r"\brisk nothing\b|\bdon.t miss\b|\bmissed you\b|\bexclusive (deal|offer)\b|\bspecial promotion\b|\bcash\b|"
    r"\burgent\b|\bno obligation\b|\bonce in a lifetime\b|\bplease note\b|"
    r"\b[uú]ltima oportunidad\b|\bno se lo pierda\b|\bap[uú]rese\b|\btiempo limitado\b|\bact[uú]e ya\b|\bgratis!+"
)
EMPTY_LABEL: Final = _any(
    r"^(click( here)?|here|read more|more|learn more|this link|this|link|go|haga clic( aqu[ií])?|aqu[ií]|m[aá]s|"
    r"leer m[aá]s|este enlace|enlace)[ .:]*$"
)
CLICKING: Final = _any(r"\bclick (here|this|below|the)\b|\bhaga clic\b")
SHORTENERS: Final = _any(r"\b(bit\.ly|tinyurl\.com|goo\.gl|t\.co|ow\.ly|is\.gd|buff\.ly|rebrand\.ly|cutt\.ly|rb\.gy)\b")
UNWRITTEN: Final = re.compile(
    r"\b(?:TO(?:DO)|TB[DC]|FIX(?:ME)|X{3,})\b|"
    r"(?i:\b(?:lorem|ipsum|insert \w+ here|placeholder)\b|\[(?:your|name|date|link|clinic|insert)\b[^\[\]]*\](?!\())"
)
"""In capitals where small letters are a word: in Spanish the first of them is. Cut up, to be no such note itself."""
SHOUTED: Final = re.compile(r"\b[A-ZÁÉÍÑÓÚÜ]{4,}\b|\b[A-ZÁÉÍÑÓÚÜ]{3,}(?: [A-ZÁÉÍÑÓÚÜ]{3,})+\b")
CAPITALS: Final = frozenset({"STOP", "HELP", "SPECT", "SIMPACT", "HIPAA"})
"""Words that are written so, or that have a finding of their own."""
REPLYING: Final = _any(r"\bReply to this email with\b|\bResponda a este correo con\b")
"""A message without a button asks for this."""

FOOT: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "no-disclaimer": {
        "en": ("For education, not medical advice.",),
        "es": ("Con fines educativos; no es un consejo médico.",),
    },
    "no-help-line": {"en": ("Get medical help", "call 911"), "es": ("Busque atención médica", "llame al 911")},
}
STOP_LABEL: Final = {"en": "Stop ", "es": "No recibir más "}
