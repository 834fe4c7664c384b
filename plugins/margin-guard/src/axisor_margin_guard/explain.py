"""Why the guard acts or does not, in the figures it used."""

from __future__ import annotations

from axisor.events import Coverage
from axisor.intents import Check, Why
from axisor.model import Sats
from axisor.strategy import View
from axisor_margin_guard.amount import position_cap
from axisor_margin_guard.config import GuardConfig, Rule
from axisor_margin_guard.coverage import spent_on
from axisor_margin_guard.memory import GuardMemory, Held
from axisor_margin_guard.survey import Judged, feed_trouble, percent


def rule_text(rule: Rule) -> str:
    """Return a rule in one line."""
    unit = {"distance": " %", "leverage": "x", "liquidation_price": " USD"}[rule.target_by]
    when = f"below {rule.trigger} % distance to liquidation"
    if rule.trigger_by == "consumed":
        when = f"above {rule.trigger} % of the way to liquidation"
    measure = {"distance": "a distance of", "leverage": "a leverage of"}.get(
        rule.target_by, "a liquidation price of"
    )
    return (
        f"{when}, restore {measure} {rule.target}{unit}; "
        f"steps: {', then '.join(rung.replace('_', ' ') for rung in rule.ladder)}"
    )


def why(
    case: Judged,
    config: GuardConfig,
    memory: GuardMemory,
    view: View,
    money: Sats,
    *,
    given: Sats | None = None,
    action: int | None = None,
    rejected: tuple[str, ...] = (),
) -> Why:
    """Return the explanation of what is done, or would be done, about a position."""
    held = memory.held.get(case.id, Held())
    target, near, trouble = case.target, percent(case), feed_trouble(view)
    spent = spent_on(case.id, memory, view)
    cap = position_cap(case.rule, case.position, spent)
    inputs = {
        "price": str(case.price),
        "price_age_ms": str(view.price_age_ms),
        "distance_percent": near,
        "margin": str(case.position.margin),
        "entry": str(case.position.entry),
        "quantity": str(case.position.quantity),
        "liquidation": str(case.held.liquidation),
        "funding_ahead": str(case.fee),
        "balance": str(view.balance.free),
        "reserve": str(config.reserve),
        "spendable": str(money),
        "spent_position": str(spent),
        "spent_day": str(memory.day_spent + view.outside_today),
        "needed_for_trigger": str(case.lift),
        "needed_for_target": str(target),
    }
    if action is not None:
        inputs["action"] = str(action)
    if given is not None:
        inputs["amount"] = str(given)
    pending = case.id in view.pending or bool(held.asked)
    checks = (
        Check("fresh", trouble or "ok", "a usable price", not trouble),
        Check("trigger", near, f"{case.rule.trigger_by} {case.rule.trigger}", case.fires),
        Check("nothing pending", str(pending).lower(), "false", not pending),
        Check("budgets of the position", str(target), str(cap), target <= cap),
        Check("reserve and day budget", str(target), str(money), target <= money),
    )
    return Why(rule=rule_text(case.rule), inputs=inputs, checks=checks, rejected=rejected)


def why_not(rule: Rule | None, coverage: Coverage) -> Why:
    """Return the explanation for a position that is not guarded or cannot be judged."""
    check = Check("can be judged", coverage.reason, "guarded and readable", passed=False)
    return Why(rule="" if rule is None else rule_text(rule), checks=(check,))
