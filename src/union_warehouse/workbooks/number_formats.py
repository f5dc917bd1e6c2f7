"""What a number format makes of a number: the text that its sender sees in Excel, where it is not the number itself.

A format is told by its code in Excel's syntax (ECMA-376 part 1, 18.8.31). Dates are no business of this module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

from union_warehouse.workbooks.limits import FLOAT_IDENTIFIER_FROM

_TOKEN = re.compile(r'"([^"]*)"?|[\\!](.)|(_.|\*.)|\[([^\]]*)\]|(General|G/通用格式)|(.)', re.DOTALL | re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)")
_CURRENCY = re.compile(r"\$([^-]*)")
_UNIT = re.compile(r"(百|十|千)?(万|亿)|[十百千‰]")
_UNITS = {"‰": 0, "十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_MOST_SECTIONS = 4
"""Of positive numbers, negative ones, zero and texts."""
_DIGITS, _SIGNS = "0#?", "+-() "
PERCENT_IDS = {9: "0%", 10: "0.00%"}
"""The built-in formats that change what a number says; the others only group digits or round."""


@dataclass(frozen=True)
class ShownNumber:
    """What a person sees in place of a number.

    Attributes:
        text: as shown; empty of a number that the format hides.
        is_value: whether it says another number than the cell stores (a percentage; a unit such as 万 that the format writes
            without scaling); else only a column of texts is read as shown.
    """

    text: str
    is_value: bool


@dataclass(frozen=True)
class _Section:
    """One part of a format: tokens are digit places, the point, or ``"`` with a literal."""

    tokens: tuple[str, ...]
    percents: int
    thousands: int
    condition: tuple[str, Decimal] | None
    is_general: bool

    @property
    def literal(self) -> str:
        return "".join(token[1:] for token in self.tokens if token.startswith('"'))

    @property
    def shows_nothing(self) -> bool:
        return not (self.is_general or self.percents or self.literal.strip() or any(token in _DIGITS for token in self.tokens))

    @property
    def integer_places(self) -> list[str]:
        end = self.tokens.index(".") if "." in self.tokens else len(self.tokens)
        return [token for token in self.tokens[:end] if token in _DIGITS]

    @property
    def decimal_places(self) -> int:
        if "." not in self.tokens:
            return 0
        return sum(token in _DIGITS for token in self.tokens[self.tokens.index(".") + 1 :])


def tells(code: str) -> bool:
    """Whether a format can make a number look like something else; almost none does."""
    sections = _sections(code)
    return hides_texts(code) or any(_is_telling(section) or _hides(section, sections) for section in sections[:2])


def hides_texts(code: str) -> bool:
    """Whether a format shows nothing of a text, as ``;;;`` does."""
    sections = _sections(code)
    return len(sections) == _MOST_SECTIONS and sections[-1].shows_nothing


def show(number: float, code: str) -> ShownNumber | None:
    """``number`` as ``code`` shows it; None where the number says it all, or has lost digits, which its zeros would hide.

    A zero that is hidden, as many sheets do, says what an empty cell says.
    """
    if abs(number) >= FLOAT_IDENTIFIER_FROM:
        return None
    try:
        return _show(Decimal(f"{number:.15g}"), code)
    except InvalidOperation:  # no finite number, or one with more digits than any place has
        return None


def _show(value: Decimal, code: str) -> ShownNumber | None:
    sections = _sections(code)
    section, is_signed = _section_of(value, sections)
    if value and section is not None and _hides(section, sections):
        return ShownNumber("", is_value=False)
    if section is None or section.is_general or not section.integer_places or not _is_telling(section):
        return None
    sign = "-" if value < 0 and is_signed else ""
    if section.percents:
        return ShownNumber(f"{_plain(value * 100**section.percents)}%", is_value=True)
    unit = _unit_of(section.literal)
    if unit is not None:
        if unit == _scale(section):
            return None
        scaled = abs(value) / Decimal(1000) ** section.thousands
        return ShownNumber(sign + _filled(section, scaled), is_value=True)
    return ShownNumber(sign + _filled(section, abs(value)), is_value=False)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _section_of(value: Decimal, sections: tuple[_Section, ...]) -> tuple[_Section | None, bool]:
    """The section that shows ``value``, and whether the sign is still to be written."""
    if any(section.condition for section in sections):
        for section in sections:
            if section.condition is None or _holds(value, *section.condition):
                return section, True
        return None, True
    if value < 0 and len(sections) > 1:
        return sections[1], False
    if value == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], True


def _holds(value: Decimal, operator: str, bound: Decimal) -> bool:
    results = {
        "<": value < bound,
        ">": value > bound,
        "=": value == bound,
        "<=": value <= bound,
        ">=": value >= bound,
        "<>": value != bound,
    }
    return results[operator]


def _hides(section: _Section, sections: tuple[_Section, ...]) -> bool:
    """Whether a section shows nothing; a format of one that says nothing is the general one."""
    return len(sections) > 1 and section.shows_nothing


def _is_telling(section: _Section) -> bool:
    if section.is_general or not section.integer_places:
        return False
    has_padding = section.integer_places.count("0") > 1 and section.decimal_places == 0 and not section.thousands
    return bool(section.percents) or has_padding or bool(section.literal.strip(_SIGNS))


def _unit_of(literal: str) -> int | None:
    match = _UNIT.search(literal)
    if match is None:
        return None
    factor = 1
    for character in match[0]:
        factor *= _UNITS[character]
    return factor


def _scale(section: _Section) -> int:
    """By how much a format divides: each comma at the end by a thousand, each digit behind a literal point by ten."""
    scale: int = 1000**section.thousands
    if '".' in section.tokens:
        behind = section.tokens[section.tokens.index('".') + 1 :]
        scale *= 10 ** sum(token in _DIGITS for token in behind)
    return scale


def _filled(section: _Section, value: Decimal) -> str:
    """The digits of ``value`` put into the places of a section, literals between them."""
    whole, _, fraction = f"{value.quantize(Decimal(1).scaleb(-section.decimal_places), ROUND_HALF_UP):f}".partition(".")
    places = len(section.integer_places)
    digits = whole if whole != "0" else ""
    padded = list(digits.rjust(places)[: len(digits.rjust(places)) - places + 1]) if places else [digits]
    rest = digits.rjust(places)[len("".join(padded)) :]
    queue = ["".join(padded), *rest]
    decimals, shown, is_fraction = list(fraction), "", False
    for piece in section.tokens:
        if piece.startswith('"'):
            shown += piece[1:]
        elif piece == ".":
            shown, is_fraction = shown + ".", True
        elif is_fraction:
            shown += decimals.pop(0)
        else:
            digit = queue.pop(0).strip()
            shown += digit or ("0" if piece == "0" else "")
    return shown.strip()


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    return tuple(_section(part) for part in _split(code))


def _split(code: str) -> list[str]:
    parts, start = [], 0
    for match in _TOKEN.finditer(code):
        if match[0] == ";":
            parts.append(code[start : match.start()])
            start = match.end()
    return [*parts, code[start:]]


def _section(part: str) -> _Section:
    tokens: list[str] = []
    percents = commas = 0
    condition = None
    is_general = False
    for quoted, escaped, _, bracket, general, plain in _TOKEN.findall(part):
        is_general |= bool(general)
        if quoted or escaped:
            tokens.append(f'"{quoted or escaped}')
        elif bracket:
            found, currency = _CONDITION.fullmatch(bracket), _CURRENCY.match(bracket)
            condition = (found[1], Decimal(found[2])) if found else condition
            tokens += [f'"{currency[1]}'] if currency and currency[1] else []
        elif plain == "%":
            percents += 1
        elif plain == ",":
            commas += 1
        elif plain and plain in f"{_DIGITS}.":
            commas = 0
            if plain != "." or "." not in tokens:
                tokens.append(plain)
        elif plain:
            tokens.append(f'"{plain}')
    return _Section(tuple(tokens), percents, commas, condition, is_general)
