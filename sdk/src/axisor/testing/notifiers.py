"""The conformance checks of a notifier: whatever its service says, it answers as the core needs."""

from __future__ import annotations

from axisor.errors import (
    AddressForbidden,
    AxisorError,
    DeliveryDelayed,
    DeliveryRefused,
    DeliveryUnknown,
    FieldInvalid,
)
from axisor.model import Mode
from axisor.notices import Answer, Notice, NoticeLevel, Notifier, Receipt, Target, missing
from axisor.ports import Secret
from axisor.testing.checks import CheckFailed
from axisor.testing.way import NOON, MemoryWay

TYPED = (DeliveryDelayed, DeliveryRefused, DeliveryUnknown, AddressForbidden)
NOTICE = Notice(
    id="0d9f3c7e-0000-4000-8000-0000000000c1",
    episode="check/near/p",
    level=NoticeLevel.WARN,
    kind="near",
    mode=Mode.SIM,
    account="check",
    title="A check, with an ã",
    effect="Nothing happened.",
    time=NOON,
)
SAYS: tuple[Answer | AxisorError, ...] = (
    *(Answer(status, b"{}") for status in (200, 204, 302, 400, 401, 404, 429, 500, 502, 503)),
    Answer(200, b"no JSON"),
    Answer(429, b"[]", {"retry-after": "soon"}),
    DeliveryDelayed("away"),
    DeliveryUnknown("cut"),
)
"""What a service may say."""


def example(notifier: Notifier) -> Target:
    """Return the target that a notifier's own examples make."""
    values = {each.name: each.example for each in notifier.fields if not each.secret}
    secrets = {each.name: Secret(each.example) for each in notifier.fields if each.secret}
    return Target(values, secrets)


def check_fields(notifier: Notifier) -> None:
    """Raise CheckFailed unless its fields make a target, and its examples a good one."""
    if not isinstance(notifier, Notifier):
        raise CheckFailed("it lacks a part of `axisor.notices.Notifier`")
    names = [each.name for each in notifier.fields]
    if len(set(names)) != len(names) or not all(name.isidentifier() for name in names):
        raise CheckFailed(f"its fields have odd names or one twice: {names}")
    if notifier.per_minute < 1:
        raise CheckFailed("it takes less than one message a minute")
    notifier.check(example(notifier))
    if any(each.required for each in notifier.fields):
        lacking = missing(notifier.fields, Target({}, {}))
        try:
            notifier.check(Target({}, {}))
        except FieldInvalid:
            return
        raise CheckFailed(f"it takes a target without `{lacking}`")


async def check_answers(notifier: Notifier) -> None:
    """Raise CheckFailed unless each answer ends in a receipt or an error that the core knows."""
    for says in SAYS:
        way = MemoryWay(says)
        try:
            receipt = await notifier.send(NOTICE, example(notifier), way)
        except TYPED as error:
            _check_secrets(notifier, f"{error}{error!r}{error.metadata}")
        else:
            if not isinstance(receipt, Receipt):
                raise CheckFailed(f"it answers {receipt!r} instead of a Receipt")
            if isinstance(says, AxisorError) or not 200 <= says.status < 300:
                raise CheckFailed(f"it takes {says!r} for a receipt")
        if len(way.posted) > 1:
            raise CheckFailed("it sends more than once; the core tries again")


def _check_secrets(notifier: Notifier, text: str) -> None:
    for field in notifier.fields:
        if field.secret and field.example in text:
            raise CheckFailed(f"an error of it shows `{field.name}`, which is secret")
