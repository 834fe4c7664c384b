"""Checks the form of requests by the contract's own rules, and names what is wrong by its error.

Nothing here quotes a value that could be a secret: only figures are ever repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import protovalidate
from google.protobuf.message import Message

from axisor.errors import (
    AmountNotPositive,
    FieldInvalid,
    FormatError,
    LeverageOutOfRange,
    PageTokenInvalid,
    QuantityOutOfRange,
)
from axisor.model import MarginMode
from axisor.v1 import orders_pb2
from axisor_server.rpc.rules import Method
from axisor_server.services.acting import (
    MOST_LEVERAGE,
    MOST_QUANTITY,
    check_leverage,
    check_price,
    check_quantity,
)

MOST_DIGITS = 18


def check(request: Message, method: Method) -> None:
    """Refuse a request whose form is wrong, whatever the state of the account.

    Raises FormatError leaves; several malformed fields are named together.
    """
    try:
        protovalidate.validate(request)
    except protovalidate.ValidationError as error:
        raise _refusal(error.violations) from None
    if not method.reads:
        _check_figures(request)


def _refusal(violations: list[protovalidate.Violation]) -> FormatError:
    first = violations[0]
    field = _path(first)
    last = field.rpartition(".")[2]
    value = first.field_value
    if last.endswith("_sats") and first.proto.rule_id.endswith(".gt"):
        return AmountNotPositive(
            f"{field} must be above zero, not {value}.", field=field, amount=value
        )
    if last == "quantity_usd":
        return QuantityOutOfRange(
            f"{value} US dollars cannot be traded.",
            field=field,
            quantity=value,
            least=1,
            most=MOST_QUANTITY,
        )
    if last == "leverage" and isinstance(value, int):
        return LeverageOutOfRange(
            f"{value}x is not offered.", field=field, leverage=value, least=1, most=MOST_LEVERAGE
        )
    if last == "page_token":
        return PageTokenInvalid()
    fields = dict.fromkeys(_path(violation) for violation in violations)
    said = "; ".join(
        f"{_path(violation)}: {violation.proto.message or violation.proto.rule_id}"
        for violation in violations
    )
    return FieldInvalid(f"The request is malformed: {said}.", field=",".join(fields))


def _path(violation: protovalidate.Violation) -> str:
    field = violation.proto.field
    parts = [element.field_name for element in field.elements] if field is not None else []
    # A rule over the whole message is named after the field it is about.
    return ".".join(parts) or violation.proto.rule_id.partition(".")[0]


def _check_figures(request: Message) -> None:
    for field, value in _figures(request):
        if field == "quantity_usd":
            check_quantity(int(value))
        elif field.endswith("price_usd"):
            check_price(_decimal(field, value), field)
        elif field == "leverage":
            cross = not isinstance(request, orders_pb2.PlaceOrderRequest)
            mode = MarginMode.CROSS if cross else MarginMode.ISOLATED
            check_leverage(_decimal(field, value), mode)


def _figures(request: Message) -> Iterator[tuple[str, Any]]:
    for field, value in request.ListFields():
        if field.name in ("quantity_usd", "leverage") or field.name.endswith("price_usd"):
            yield field.name, value


def _decimal(field: str, value: object) -> Decimal:
    text = str(value)
    if sum(letter.isdigit() for letter in text) > MOST_DIGITS:
        raise FieldInvalid(f"{field} has more than {MOST_DIGITS} digits.", field=field)
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise FieldInvalid(f"{field} is not a decimal.", field=field) from error
