"""The kit strategies are tested with: a harness, made-up markets, and the conformance checks."""

from __future__ import annotations

from axisor.testing import market
from axisor.testing.checks import check_strategy, checks_of
from axisor.testing.harness import Harness

__all__ = ["Harness", "check_strategy", "checks_of", "market"]
