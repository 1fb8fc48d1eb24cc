"""Email addresses and mobile numbers as people type them, made into the form we store.

Reads syntax and numbering plans only: no DNS, no carrier, no network. The sentences of
refusal are shown to the person and name the remedy; they never repeat what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from campaigns.errors import AddressInvalid, Either, Word, mark

EMAIL_FIELD: Final = "email"
PHONE_FIELD: Final = "phone"

_LONGEST_EMAIL: Final = 254
_LONGEST_LOCAL: Final = 64
_LONGEST_PHONE: Final = 40
_PHONE_SIGNS: Final = re.compile(r"\+?[\d \t\u00a0\u2009\u202f().\u00b7/\u2010-\u2015-]*")

_COUNTRIES: Final = {
    "US": Word(mark("the United States")),
    "CA": Word(mark("Canada")),
    "PR": Word(mark("Puerto Rico")),
    "GB": Word(mark("the United Kingdom")),
    "AU": Word(mark("Australia")),
    "IE": Word(mark("Ireland")),
    "NZ": Word(mark("New Zealand")),
}

_UNREACHABLE: Final = {
    PhoneNumberType.TOLL_FREE: mark("This is a toll-free number, so texts do not reach it."),
    PhoneNumberType.PREMIUM_RATE: mark("This is a number that costs callers extra, so texts do not reach it."),
    PhoneNumberType.SHARED_COST: mark("This is a shared-cost number, so texts do not reach it."),
    PhoneNumberType.FIXED_LINE: mark("This is a landline, so texts do not reach it."),
    PhoneNumberType.PERSONAL_NUMBER: mark("This is a forwarding number, so texts do not reach it."),
    PhoneNumberType.PAGER: mark("This is a pager, so texts do not reach it."),
    PhoneNumberType.UAN: mark("This is a company's switchboard, so texts do not reach it."),
    PhoneNumberType.VOICEMAIL: mark("This is a voicemail box, so texts do not reach it."),
    PhoneNumberType.VOIP: mark("This is an internet telephone, so texts do not reach it."),
}
"""Kinds of number that texts do not reach, or must not (compliance: landlines, premium, toll-free)."""


_EMAIL_FAULTS: Final[tuple[tuple[Callable[[str], bool], str], ...]] = (
    (lambda a: not a, mark("The email address is missing. Add it, for example sam@example.com.")),
    (
        lambda a: not a.isprintable(),
        mark("This address holds a line break or a hidden character. Type it afresh, without pasting."),
    ),
    (
        lambda a: a.count("@") > 1 or bool(re.search(r"@.*[,;]", a)),
        mark("These look like two addresses. Give one only, for example sam@example.com."),
    ),
    (
        lambda a: " " in a,
        mark("This address has a space in it. Take the space out, for example sam@example.com."),
    ),
    (lambda a: "@" not in a, mark("This address has no @. Write it in full, for example sam@example.com.")),
    (
        lambda a: a.endswith("@"),
        mark("There is nothing after the @ yet. Write the ending too, for example sam@example.com."),
    ),
    (
        lambda a: a.startswith("@"),
        mark("This address has nothing before the @. Add the name, for example sam@example.com."),
    ),
    (
        lambda a: "." not in _domain(a),
        mark("This address ends too soon. Add the ending, for example .com or .org."),
    ),
    (
        lambda a: len(a) > _LONGEST_EMAIL or len(_local(a)) > _LONGEST_LOCAL,
        mark("This address is too long: %(most)d characters at most, %(before)d of them before the @."),
    ),
    (
        lambda a: not _local(a).isascii(),
        mark("This address has letters before the @ that many mail servers cannot take. Use another address."),
    ),
)
"""What people run into, the first that fits; the syntax as a whole is checked after it."""

_MEASURES: Final = {"most": _LONGEST_EMAIL, "before": _LONGEST_LOCAL}
"""What fills the gaps of those sentences that have some."""


def _local(address: str) -> str:
    return address.partition("@")[0]


def _domain(address: str) -> str:
    return address.partition("@")[2]


_TOO_MANY: Final = mark("This number has too many digits.")
_INCOMPLETE: Final = mark("This is not a complete number.")
_UNREADABLE: Final = {NumberParseException.TOO_LONG: _TOO_MANY}


def parse_email(raw: str) -> str:
    """Give the address as it is stored and compared: ASCII, lower case, without blanks around it.

    A domain outside ASCII comes back in its `xn--` form. Letters outside ASCII before the @
    are refused, because many mail servers still cannot take them. Raises `AddressInvalid`.
    """
    address = raw.strip(" ")
    fault = _email_fault(address)
    if fault:
        raise AddressInvalid(fault, field=EMAIL_FIELD, **_MEASURES)
    try:
        checked = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        checked = None
    if checked is None or not checked.ascii_email:
        raise AddressInvalid(
            mark("This address does not look right. Check it for typing errors; it should look like sam@example.com."),
            field=EMAIL_FIELD,
        )
    return checked.ascii_email.lower()


def _email_fault(address: str) -> str:
    """Say what is wrong in the cases people run into; empty if it is none of them."""
    return next((sentence for is_so, sentence in _EMAIL_FAULTS if is_so(address)), "")


def parse_phone(raw: str, countries: tuple[str, ...]) -> str:
    """Give the number in E.164 if a text can reach it in one of `countries` (ISO codes, never empty).

    A number without a country code is read as one of the first country. In North America
    the numbering plan does not tell mobile from landline, so such numbers pass; where it does,
    landlines are refused. The other `+1` countries (Caribbean, Pacific, Canada) have regions of their
    own and pass only if listed. Numbers kept for fiction (555-0100 to 555-0199) lie in the
    plan's pattern and pass like any other, so demonstrations and tests can use them.
    Raises `AddressInvalid`.
    """
    number = _read_number(raw.strip(" \t"), countries[0])
    region = phonenumbers.region_code_for_number(number)
    if region is None and number.country_code in {phonenumbers.country_code_for_region(code) for code in countries}:
        raise _phone_refused(mark("There is no such number; a digit may be wrong."), countries)
    if region not in countries:
        raise AddressInvalid(
            mark(
                "We can text numbers in %(places)s only. Use a mobile number, for example %(number)s,"
                " or leave it empty and get emails only."
            ),
            field=PHONE_FIELD,
            places=Either(_COUNTRIES.get(code, code) for code in countries),
            number=_example(countries[0]),
        )
    kind = phonenumbers.number_type(number)
    if kind in _UNREACHABLE:
        raise _phone_refused(_UNREACHABLE[kind], countries)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _read_number(text: str, region: str) -> PhoneNumber:
    if not text:
        raise _phone_refused(mark("The mobile number is missing."), (region,))
    if len(text) > _LONGEST_PHONE:
        raise _phone_refused(mark("This is too long for one number."), (region,))
    if not _PHONE_SIGNS.fullmatch(text):
        raise _phone_refused(
            mark("This number holds letters or other signs. Write one number, digits only."), (region,)
        )
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        raise _phone_refused(_UNREADABLE.get(error.error_type, _INCOMPLETE), (region,)) from None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == ValidationResult.TOO_LONG:
        raise _phone_refused(_TOO_MANY, (region,))
    if reason != ValidationResult.IS_POSSIBLE:
        raise _phone_refused(mark("This number is too short. Add the area code and all digits."), (region,))
    return number


def _phone_refused(fault: str, countries: tuple[str, ...]) -> AddressInvalid:
    return AddressInvalid(
        mark("%(fault)s Use a mobile number, for example %(number)s, or leave it empty and get emails only."),
        field=PHONE_FIELD,
        fault=Word(fault),
        number=_example(countries[0]),
    )


def _example(region: str) -> str:
    example = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    return phonenumbers.format_number(example, PhoneNumberFormat.NATIONAL) if example else "+12015550123"
