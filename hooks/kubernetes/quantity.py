"""Quantities of resources, as the API server keeps them.

Metacontroller compares what a hook returns with what is stored. A quantity in another form than the stored one (`0.1`
for `100m`) would be a difference for ever, and a write at every sync.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal, localcontext
from typing import NamedTuple

_QUANTITY = re.compile(
    r"\+?0*(?P<whole>[0-9]*)(\.(?P<fraction>[0-9]*))?"
    r"(?:(?P<binary>[KMGTPE]i)|(?P<decimal>[numkMGTPE]?)|[eE](?P<exponent>[+-]?\d+))"
)
_DECIMAL = {-9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}
_POWERS = {name: power for power, name in _DECIMAL.items()}
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
MOST = Decimal(2**63 - 1)
"""What Kubernetes counts up to. It caps binary quantities there, and stores 1e21k as 1."""
MAX_LENGTH = 100
"""Characters of a quantity that is looked at. The API server has no bound."""
_STORED_PLACES = 3
"""Decimal places to which the API server rounds amounts of resources up."""
_GO_PLACES = 9
"""Decimal places to which Go rounds any quantity up."""


class _Parts(NamedTuple):
    """A quantity taken apart."""

    whole: str
    """Digits before the point, without leading zeros."""
    fraction: str
    power: int
    """Of 10, or of 1024."""
    suffix: str
    """`e` for an exponent."""

    @property
    def is_binary(self) -> bool:
        return self.suffix.endswith("i")


def amount(quantity: str) -> Decimal:
    """A quantity, in a form that the model admits, as a number: rounded up to a thousandth, as the API server does.

    It is exact for at most MAX_LENGTH characters.
    """
    return _amount(_take_apart(quantity), _STORED_PLACES)


def canonical(quantity: str) -> str:
    """The form of a quantity in which the API server stores it in a pod template (apimachinery's resource.Quantity).

    It is right for at most MAX_LENGTH characters and an amount of at most MOST.
    """
    return _canonical(quantity, _STORED_PLACES)


def as_go_writes(quantity: str) -> str:
    """The form in which Go's encoding/json writes a quantity: it may be finer than what the API server stores."""
    return _canonical(quantity, _GO_PLACES)


def _canonical(quantity: str, places: int) -> str:
    parts = _take_apart(quantity)
    if _is_kept(parts, places):
        return quantity
    value = _amount(parts, places)
    if parts.is_binary and value >= 1024 and value == value.to_integral_value():
        power, whole = 0, int(value)
        while whole % 1024 == 0 and power < len(_BINARY) - 1:
            power, whole = power + 1, whole // 1024
        return f"{whole}{_BINARY[power]}"
    scale = next(power for power in (0, -3, -6, -9) if value.scaleb(-power) == value.scaleb(-power).to_integral_value())
    whole = int(value.scaleb(-scale))
    while whole and whole % 1000 == 0 and (scale < 18 or parts.suffix == "e"):
        scale, whole = scale + 3, whole // 1000
    if parts.suffix == "e":
        return f"{whole}e{scale}" if scale else str(whole)
    return f"{whole}{_DECIMAL[scale]}"


def _is_kept(parts: _Parts, places: int) -> bool:
    """Whether Go's parser takes the text for canonical, and keeps it to the letter."""
    if parts.is_binary:
        # No room for the product in 64 bits, by its own rough count of digits: not the fast path.
        fits = 15 - len(parts.whole) - int(parts.power * 10 * 3 / 10) - 1 >= 0
        return not parts.fraction and fits and int(parts.whole or 0) & 7 != 0
    digits, scale = (parts.whole or "0") + parts.fraction, parts.power - len(parts.fraction)
    aligned = scale % 3 == 0 and scale >= -places
    return aligned and len(digits) <= 18 and not digits.endswith("000") and not digits.startswith("0")


def _amount(parts: _Parts, places: int) -> Decimal:
    with localcontext(prec=1200):  # the model admits exponents of three digits
        number = Decimal(f"{parts.whole or 0}.{parts.fraction or 0}")
        value = number * 1024**parts.power if parts.is_binary else number.scaleb(parts.power)
        value = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_CEILING)
        return min(value, MOST) if parts.is_binary else value


def _take_apart(quantity: str) -> _Parts:
    parsed = _QUANTITY.fullmatch(quantity)
    if parsed is None:
        raise ValueError("not a quantity")
    whole, fraction = parsed["whole"], parsed["fraction"] or ""
    if parsed["binary"]:
        return _Parts(whole, fraction, _BINARY.index(parsed["binary"]), parsed["binary"])
    if parsed["exponent"]:
        return _Parts(whole, fraction, int(parsed["exponent"]), "e")
    return _Parts(whole, fraction, _POWERS[parsed["decimal"]], parsed["decimal"])
