"""Tokens for programs: narrowed by whoever holds one, without asking, and never widened."""

from __future__ import annotations

from axisor.tokens.caveats import Bounds, bounds_of, caveat
from axisor.tokens.chains import ApiToken, attenuate, mint, parse, proves

__all__ = ["ApiToken", "Bounds", "attenuate", "bounds_of", "caveat", "mint", "parse", "proves"]
