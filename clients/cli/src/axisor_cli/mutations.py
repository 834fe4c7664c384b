"""Commands that change something: dry runs, confirmation, request ids, and how they ended."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from axisor.errors import OutcomeUnknown, reasons
from axisor.events import IntentState
from axisor_cli.fail import NotConfirmed
from axisor_cli.output import Printer, cell
from axisor_cli.session import Options, Proposed, Proposing

if TYPE_CHECKING:
    from axisor.wire.confirmations import Confirmation
    from axisor.wire.records import ActionResult, Figures, Preview

F = TypeVar("F", bound=Callable[..., Any])


def mutating(function: F) -> F:
    """Give a command `--dry-run`, `--yes` and `--request-id`."""
    repeat = "Repeat a request: the same id acts once."
    again = click.option("--request-id", type=click.UUID, help=repeat)
    yes = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
    dry = click.option("--dry-run", is_flag=True, help="Show what it would do, and stop.")
    return dry(yes(again(function)))


def proposable(function: F) -> F:
    """Give a command `--propose`: its call is prepared for somebody else's word instead.

    The command must make the call by `Options.run_on`.
    """

    @functools.wraps(function)
    def act(options: Options, /, *, propose: bool, **given: Any) -> Any:
        if not propose:
            return function(options, **given)
        if given.get("dry_run"):
            raise click.UsageError("Say --dry-run or --propose, not both.")
        asked = given.get("request_id")
        options.proposing = Proposing(None if asked is None else str(asked))
        if "yes" in given:
            given["yes"] = True  # whoever approves it is asked
        try:
            function(options, **given)
        except Proposed as proposed:
            show_proposed(options.printer(), proposed.confirmation)
        else:
            raise AssertionError("a command that can be proposed makes its call by run_on")

    told = "Have somebody else approve it: axisor approve."
    return cast(F, click.option("--propose", is_flag=True, help=told)(act))


def how(given: dict[str, Any]) -> dict[str, Any]:
    """Return the client's keywords for the options that `mutating` added, taking them out."""
    request_id = given.pop("request_id")
    given.pop("yes")
    return {
        "validate_only": given.pop("dry_run"),
        "request_id": None if request_id is None else str(request_id),
    }


def confirm(options: Options, question: str, *, yes: bool, dry_run: bool) -> None:
    """Ask before something that cannot be undone; without a terminal, refuse unless `--yes`."""
    if yes or dry_run:
        return
    if not sys.stdin.isatty():
        raise NotConfirmed(question)
    click.confirm(question, abort=True, err=True)


def show_proposed(printer: Printer, found: Confirmation) -> None:
    """Write a call that waits for somebody's word, with what it would change."""
    if printer.is_data:
        printer.record(confirmed(found))
        return
    printer.say(f"{found.id} waits until {cell(found.until)}: {found.summary}")
    show_change(printer, found)
    printer.say(f"somebody else approves it: axisor approve yes {found.id}")


def confirmed(found: Confirmation) -> dict[str, Any]:
    """Return a confirmation as a record."""
    preview = found.preview
    return {
        "id": found.id,
        "state": found.state.value,
        "summary": found.summary,
        "danger": found.danger,
        "method": found.method,
        "preparer": found.preparer,
        "created_at": found.created_at,
        "until": found.until,
        "settler": found.settler,
        "settled_at": found.settled_at,
        "reason": found.reason,
        "request_id": found.request_id,
        "before": None if preview is None else _figures(preview.before),
        "after": None if preview is None else _figures(preview.after),
        "warnings": list(found.warnings),
    }


def show_change(printer: Printer, found: Confirmation) -> None:
    """Write what a confirmation would change, and what to know before."""
    if found.preview is not None:
        _show_figures(printer, found.preview)
    for warning in found.warnings:
        printer.say(f"  ! {warning}")


def show_result(printer: Printer, result: ActionResult, done: str, *, dry_run: bool) -> None:
    """Write how an action ended. Raises OutcomeUnknown, or the refusal that settled it."""
    record = _record(result, dry_run=dry_run)
    if printer.is_data:
        printer.record(record)
    elif dry_run:
        _show_preview(printer, result)
    if dry_run:
        return
    settlement = result.settlement
    if result.state is IntentState.CONFIRMED:
        took = f" in {record['latency_ms']:,} ms" if record["latency_ms"] else ""
        printer.say(f"{done}; confirmed{took} (event {result.sequence:,})")
        return
    if result.state.is_open:
        raise OutcomeUnknown(
            f"It is {result.state.value}: {settlement.message or 'no answer yet'}.",
            intent=settlement.intent,
        )
    kind = reasons().get(settlement.reason, OutcomeUnknown)
    raise kind(settlement.message or f"It was {result.state.value}.", money="It has no effect.")


def _record(result: ActionResult, *, dry_run: bool) -> dict[str, Any]:
    settlement, preview = result.settlement, result.preview
    latency = settlement.latency
    return {
        "dry_run": dry_run,
        "state": result.state.value,
        "intent": settlement.intent,
        "reason": settlement.reason,
        "message": settlement.message,
        "latency_ms": 0 if latency is None else int(latency.total_seconds() * 1000),
        "sequence": result.sequence,
        "before": _figures(preview.before),
        "after": _figures(preview.after),
        "warnings": list(preview.warnings),
    }


def _figures(figures: Figures | None) -> dict[str, Any] | None:
    if figures is None:
        return None
    return {
        "margin_sats": figures.margin,
        "liquidation_usd": figures.liquidation,
        "distance_percent": figures.distance_percent,
        "leverage": figures.leverage,
        "free_sats": figures.free,
    }


def _show_preview(printer: Printer, result: ActionResult) -> None:
    printer.say("nothing was sent; this is what it would do")
    _show_figures(printer, result.preview)
    for warning in result.preview.warnings:
        printer.say(f"  ! {warning}")


def _show_figures(printer: Printer, preview: Preview) -> None:
    before, after = _figures(preview.before) or {}, _figures(preview.after) or {}
    for key in after:
        old, new = before.get(key), after[key]
        if new is not None:
            printer.say(f"  {key.replace('_', ' '):<18}{cell(old)} → {cell(new)}")
