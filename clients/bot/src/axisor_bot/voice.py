"""Says texts and figures in one language, and hides amounts where its listener wants that."""

from __future__ import annotations

import re
from decimal import Decimal

from msgspec import Struct

from axisor.model import Mode, Price, Sats
from axisor_bot.texts import CATALOGUES, USUAL

HIDDEN = "•••"
_FIGURE = re.compile(r"(?<![\w.,])[+-]?\$?[0-9][0-9.,]*([A-Za-z_-][\w-]*)?(\s?%)?")
_UNITS = ("sat", "sats", "ksat", "msat", "btc", "usd")
_CONTINENTAL = str.maketrans(",.", ".,")


class Voice(Struct, frozen=True, kw_only=True):
    """A language, whose figures are written as it does, and whether amounts are shown.

    In private sats, dollars and contracts are hidden; percentages and leverage stay.
    """

    language: str = USUAL
    private: bool = False

    def say(self, key: str, **fields: object) -> str:
        """Return a text of the catalogue with its fields filled in."""
        return CATALOGUES[self.language][key].format(**fields)

    def _number(self, text: str) -> str:
        return text.translate(_CONTINENTAL) if self.language == "pt-BR" else text

    def sats(self, amount: Sats, *, signed: bool = False) -> str:
        """Return an amount such as `60,000 sat`, with its sign where that matters."""
        if self.private:
            return f"{HIDDEN} sat"
        return self._number(f"{amount:+,}" if signed else f"{amount:,}") + " sat"

    def price(self, price: Price | None) -> str:
        """Return a price in dollars without its unit, a dash where there is none."""
        if price is None:
            return "–"
        return HIDDEN if self.private else self._number(f"{price.normalize():,f}")

    def contracts(self, quantity: int) -> str:
        """Return a quantity of contracts of a dollar."""
        return (HIDDEN if self.private else self._number(f"{quantity:,}")) + " USD"

    def percent(self, percent: Decimal | None, places: int = 2, *, signed: bool = False) -> str:
        """Return a percentage, a dash where it is not known."""
        if percent is None:
            return "–"
        form = f"+.{places}f" if signed else f".{places}f"
        return self._number(format(percent, form)) + " %"

    def number(self, number: Decimal | int | None, places: int = 1) -> str:
        """Return a plain number such as a leverage or a count."""
        if number is None:
            return "–"
        text = f"{number:,}" if isinstance(number, int) else f"{number:,.{places}f}"
        return self._number(text)

    def quote(self, text: str) -> str:
        """Return words of the core's own, every amount in them hidden where that is wanted."""
        return _FIGURE.sub(_hidden, text) if self.private else text

    def of(self, mode: Mode, text: str) -> str:
        """Return a text with the account's mode before it, unless real sats are meant."""
        return text if mode is Mode.LIVE else f"[{mode.value.upper()}] {text}"


def _hidden(found: re.Match[str]) -> str:
    """Return what is shown of a figure; a percentage and an id stay."""
    word, percent = found[1], found[2]
    if percent or (word and word.lower() not in _UNITS):
        return found[0]
    return HIDDEN if not word else f"{HIDDEN} {word}"
