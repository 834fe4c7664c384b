"""What bots say, in each language: templates by key, with figures in their places."""

from __future__ import annotations

from collections.abc import Mapping

from axisor_bot.texts import en_us, pt_br

CATALOGUES: Mapping[str, Mapping[str, str]] = {"en-US": en_us.TEXTS, "pt-BR": pt_br.TEXTS}
"""A catalogue for each language; all hold the same keys with the same fields."""

USUAL = "en-US"


def language_of(code: str) -> str:
    """Return the language of ours for a code such as `pt` or `pt-BR`; English where none fits."""
    return "pt-BR" if code.lower().partition("-")[0] == "pt" else USUAL
