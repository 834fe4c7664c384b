"""What can be copied of a thing on the screen: its value, a command, a gRPC call, JSON."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Struct

from axisor.model import Position
from axisor.wire.notices import AlertSummary
from axisor.wire.records import Run
from axisor.words import short
from axisor_tui.model.deeds import Deed
from axisor_tui.model.state import State


class Thing(Struct, frozen=True, kw_only=True):
    """Something that can be copied.

    `command` is how it is seen in a shell, `method` and `request` how it is asked for by gRPC.
    """

    title: str
    value: str
    command: str
    method: str
    request: dict[str, Any]
    record: Any = None

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """Return what can be copied, each with its name."""
        found = [("value", self.value), ("command", self.command), ("grpcurl", grpcurl(self))]
        if self.record is not None:
            found.append(("JSON", as_json(self.record)))
        return tuple(found)


def grpcurl(thing: Thing) -> str:
    """Return the call as a command; it learns the contract from the core's reflection."""
    return (
        'grpcurl -cacert "$AXISOR_DATA_DIR/tls/cert.pem" '
        '-H "authorization: Bearer $(cat "$AXISOR_DATA_DIR/owner.token")" '
        f"-d '{json.dumps(thing.request)}' "
        f'"$(cat "$AXISOR_DATA_DIR/address")" axisor.v1.{thing.method}'
    )


def as_json(record: Any) -> str:
    """Return a record as JSON; decimals and times are text."""
    return json.dumps(msgspec.to_builtins(record, str_keys=True), indent=2, default=str)


def of_account(state: State) -> Thing:
    """Return the account as a thing to copy."""
    return Thing(
        title=f"account {state.label or state.account}",
        value=state.account,
        command=f"axisor --account {state.account} account show",
        method="AccountService/GetAccount",
        request={"name": f"accounts/{state.account}"},
    )


def of_position(state: State, position: Position) -> Thing:
    """Return a position as a thing to copy."""
    return Thing(
        title=f"position {position.id}",
        value=position.id,
        command=f"axisor --account {state.account} position show {position.id}",
        method="MarginService/GetPosition",
        request={"name": f"accounts/{state.account}/positions/{position.id}"},
        record=position,
    )


def of_run(state: State, run: Run) -> Thing:
    """Return a run as a thing to copy."""
    return Thing(
        title=f"run {run.id}",
        value=run.id,
        command=f"axisor --account {state.account} run show {run.id}",
        method="StrategyService/GetRun",
        request={"name": f"accounts/{state.account}/runs/{run.id}"},
        record=run,
    )


def of_event(state: State, sequence: int, value: str, record: Deed | None = None) -> Thing:
    """Return an event of the journal as a thing to copy."""
    return Thing(
        title=f"event {sequence}",
        value=value,
        command=f"axisor --account {state.account} guard why {sequence}",
        method="EventService/GetEvent",
        request={"parent": f"accounts/{state.account}", "sequence": str(sequence)},
        record=record,
    )


def of_alert(state: State, alert: AlertSummary) -> Thing:
    """Return an alert as a thing to copy; its command acknowledges it."""
    return Thing(
        title=f"alert {short(alert.id)}",
        value=alert.title,
        command=f"axisor --account {state.account} alert ack {alert.id}",
        method="NotificationService/ListAlerts",
        request={"parent": f"accounts/{state.account}"},
        record=alert,
    )
