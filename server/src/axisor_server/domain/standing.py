"""How an account stands: what each cause means, which of them count now, and what they forbid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec
from msgspec import Struct

from axisor.errors import AxisorError, ReduceOnly, RestoreReconciling
from axisor.events import Cause, Coverage, CoverageState, HaltLevel, Standing
from axisor.intents import Action
from axisor.model import FeedQuality
from axisor_server.domain.intent import increases_risk

CALM_MS = 10_000
"""How long a cause must be gone before it counts no more, lest the standing flaps."""


class Weight(Struct, frozen=True):
    """What a cause leads to, and whether a guard can do nothing while it lasts."""

    standing: Standing
    blinds: bool


_D, _R = Standing.DEGRADED, Standing.REDUCE_ONLY
WEIGHTS: Mapping[str, Weight] = MappingProxyType(
    {
        "price_none": Weight(_D, blinds=True),
        "price_stale": Weight(_D, blinds=True),
        "price_late": Weight(_D, blinds=False),
        "price_fallback": Weight(_D, blinds=True),
        "price_disputed": Weight(_D, blinds=True),
        "price_incomplete": Weight(_D, blinds=False),
        "feed_failing": Weight(_D, blinds=False),
        "account_unreadable": Weight(_D, blinds=True),
        "position_unreadable": Weight(_D, blinds=False),
        "key_refused": Weight(_D, blinds=True),
        "clock_unknown": Weight(_D, blinds=True),
        "clock_uncertain": Weight(_D, blinds=True),
        "store_failing": Weight(_D, blinds=True),
        "loop_stalled": Weight(_D, blinds=False),
        "disk_low": Weight(_D, blinds=False),
        "not_acting": Weight(_D, blinds=True),
        "restored": Weight(Standing.RECONCILE_ONLY, blinds=True),
        "halt_risk": Weight(_R, blinds=False),
        "halt_flatten": Weight(Standing.HALTED, blinds=True),
        "halt_all": Weight(Standing.HALTED, blinds=True),
    }
)
"""Every cause. What is not listed counts as one that degrades and blinds."""

_UNKNOWN = Weight(_D, blinds=True)
_ORDER = (
    Standing.HALTED,
    Standing.RECONCILE_ONLY,
    Standing.DEGRADED,
    Standing.REDUCE_ONLY,
    Standing.ACTIVE,
)

PRICES: Mapping[FeedQuality, str] = MappingProxyType(
    {
        FeedQuality.NONE: "price_none",
        FeedQuality.STALE: "price_stale",
        FeedQuality.FALLBACK: "price_fallback",
        FeedQuality.DISPUTED: "price_disputed",
        FeedQuality.INCOMPLETE: "price_incomplete",
    }
)


def weight(cause: Cause) -> Weight:
    """Return what a cause means."""
    return WEIGHTS.get(cause.code, _UNKNOWN)


def stand(causes: Iterable[Cause]) -> Standing:
    """Return the standing that causes lead to; the gravest names it."""
    found = {weight(cause).standing for cause in causes}
    return next((each for each in _ORDER if each in found), Standing.ACTIVE)


def degrading(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Return the causes that keep the core from what it should do, halts apart."""
    return tuple(cause for cause in causes if weight(cause).standing is Standing.DEGRADED)


def is_reconciling(causes: Iterable[Cause]) -> bool:
    """Return whether it is not known yet what happened before a restore."""
    return any(weight(cause).standing is Standing.RECONCILE_ONLY for cause in causes)


def blindness(causes: Iterable[Cause]) -> str:
    """Return why no guard can act, empty where one can."""
    return " ".join(c.text or f"{c.code}." for c in causes if weight(c).blinds)


def halt_causes(account: HaltLevel, platform: HaltLevel) -> tuple[Cause, ...]:
    """Return the causes that halts are, the account's own and that of all."""
    if account is platform is HaltLevel.NONE:
        return ()
    found: dict[str, Cause] = {}
    for level, whose in ((account, "The account is"), (platform, "All accounts are")):
        if level is not HaltLevel.NONE:
            code = f"halt_{level.value}"
            found.setdefault(code, Cause(code, f"{whose} halted ({level.value})."))
    return tuple(found.values())


def hindrance(action: Action, causes: Iterable[Cause]) -> AxisorError | None:
    """Return why the core itself refuses an action in its present standing, or None.

    Halts are judged apart. After a restore nothing is sent; for every other cause only what
    increases risk is refused.
    """
    own = [c for c in causes if weight(c).standing in (_D, Standing.RECONCILE_ONLY)]
    restored = is_reconciling(own)
    if not own or not (restored or increases_risk(action)):
        return None
    codes = ",".join(cause.code for cause in own)
    why = " ".join(cause.text for cause in own if cause.text)
    if restored:
        return RestoreReconciling(why, causes=codes)
    return ReduceOnly(f"Only what lowers risk is taken for now: {why}", causes=codes)


def honest(coverage: Coverage, blind: str) -> Coverage:
    """Return a coverage that does not say a position is protected while no guard can act."""
    if not blind or coverage.state is not CoverageState.PROTECTED:
        return coverage
    return msgspec.structs.replace(coverage, state=CoverageState.DEGRADED, reason=blind)


class Tally:
    """Which causes count: one that is there counts at once, one that is gone a little longer."""

    def __init__(self, *, calm_ms: int = CALM_MS) -> None:
        self._calm_ms = calm_ms
        self._seen: dict[str, tuple[Cause, int]] = {}

    def drop(self, code: str) -> None:
        """Let a cause count no more, as it is known to be gone for good."""
        self._seen.pop(code, None)

    def take(self, present: Iterable[Cause], now_ms: int) -> tuple[Cause, ...]:
        """Return the causes that count, given those that are there now, in the order of codes."""
        for cause in present:
            self._seen[cause.code] = (cause, now_ms)
        if not self._seen:
            return ()
        self._seen = {
            code: (cause, at)
            for code, (cause, at) in self._seen.items()
            if now_ms - at < self._calm_ms
        }
        return tuple([self._seen[code][0] for code in sorted(self._seen)])
