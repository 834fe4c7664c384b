"""What the guard asks for while its core can write nothing down."""

from __future__ import annotations

from collections.abc import Iterator

from axisor.intents import ClosePosition, Intent, SetStop, Why
from axisor.strategy import View
from axisor_margin_guard.config import GuardConfig
from axisor_margin_guard.danger import is_critical
from axisor_margin_guard.explain import rule_text
from axisor_margin_guard.memory import GuardMemory, Held
from axisor_margin_guard.stops import can_set, wanted_stop
from axisor_margin_guard.survey import Judged, survey


def in_outage(config: GuardConfig, memory: GuardMemory, view: View) -> Iterator[Intent]:
    """Yield a close at critical distance where the rule agreed to it, else the stop that lacks."""
    for case in [each.sound for each in survey(config, view) if each.sound is not None]:
        if _must_close(case):
            yield ClosePosition(position=case.id, why=_why(case))
            continue
        held = memory.held.get(case.id, Held())
        price = wanted_stop(case, held, view.mode)
        if price is not None and can_set(case, price):
            yield SetStop(position=case.id, price=price, why=_why(case))


def _must_close(case: Judged) -> bool:
    agreed = case.rule.on_ambiguous == "close"
    return agreed and case.fires and is_critical(case.rule, case.held, case.price)


def _why(case: Judged) -> Why:
    liquidation = str(case.held.liquidation)
    return Why(
        rule=rule_text(case.rule),
        inputs={"liquidation": liquidation},
        rejected=("add_margin: nothing can be written down, so it could happen twice",),
    )
