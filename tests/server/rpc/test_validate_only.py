"""Every call that can do harm can be tried first, and trying it leaves nothing behind.

Made from the contract: a new method that moves money, or starts, stops or halts something, is asked
for `validate_only` the moment it is there.
"""

from __future__ import annotations

from typing import Any

import grpc.aio
import pytest
from tests.server.rpc.forms import CHILD, REQUEST_ID, fill, naming
from tests.server.rpc.serving import TOKEN, Served, bearer
from tests.server.rpc.test_people import client

from axisor.client import Client
from axisor.errors import AxisorError
from axisor.ports import Secret
from axisor.wire.status import from_call
from axisor_server.domain.records import TENANT, etag_of
from axisor_server.ports import Reader
from axisor_server.rpc.rules import Method, methods, services

METHODS = methods(services())
KEY = "It takes a key; TestCredentials tries one."
SECRET = "It makes or ends a secret of the caller's own, and moves nothing."
SELF = "It changes how its caller signs in, and proves that by the call itself."
WITHOUT = {
    "axisor.v1.AccountService/CreateAccount": KEY,
    "axisor.v1.AccountService/ReplaceCredentials": KEY,
    "axisor.v1.AccountService/DeleteAccount": "It touches nothing at the venue, and has an etag.",
    "axisor.v1.TokenService/CreateToken": SECRET,
    "axisor.v1.TokenService/RevokeToken": SECRET,
    "axisor.v1.SystemService/Shutdown": "It ends a process; no account is another for it.",
    "axisor.v1.AuthService/ResetPassword": SELF,
    "axisor.v1.UserService/EraseUser": "It erases a person who does not trade by it.",
    "axisor.v1.UserService/ChangePassword": SELF,
    "axisor.v1.UserService/EnrolTotp": SELF,
    "axisor.v1.UserService/ConfirmTotp": SELF,
    "axisor.v1.UserService/DisableTotp": SELF,
    "axisor.v1.UserService/RegenerateRecoveryCodes": SELF,
    "axisor.v1.UserService/UnlinkIdentity": SELF,
    "axisor.v1.RunnerService/Run": "A conversation in which every action is asked for by the core.",
    "axisor.v1.ConfirmationService/CommitConfirmation": "What it would do was prepared and shown.",
    "axisor.v1.ConfirmationService/ApproveConfirmation": "What it would do was prepared and shown.",
}
"""The methods that can do harm and cannot be tried, each with the reason."""


NOTHING_THERE = {
    "ClosePart",
    "CancelOrder",
    "SettleDeadLetter",
    "DropDeadLetter",
    "Grant",
    "Revoke",
}
"""What finds nothing to do on an account without cross position, orders, dead letters, members."""


def can_be_tried(method: Method) -> bool:
    return "validate_only" in method.request.DESCRIPTOR.fields_by_name


@pytest.mark.parametrize("path", [path for path, each in METHODS.items() if each.moves_money])
def test_what_can_do_harm_can_be_tried_first(path: str):
    assert can_be_tried(METHODS[path]) != (path in WITHOUT)


def test_every_exception_is_a_method_that_can_do_harm():
    assert [path for path in WITHOUT if path not in METHODS or not METHODS[path].moves_money] == []


@pytest.mark.parametrize("path", [path for path, each in METHODS.items() if can_be_tried(each)])
async def test_trying_a_call_leaves_nothing_behind(
    core: Served, channel: grpc.aio.Channel, account: str, path: str
):
    calls = client(core, Secret(TOKEN))
    run = await _running(calls, account, path)
    before, sent = await _written(core), list(core.sim.sent)
    method = METHODS[path]
    request: Any = fill(method, account.removeprefix("accounts/"))
    targets = {"positions/cross": f"positions/{core.long}", f"runs/{CHILD}": f"runs/{run}"}
    for _, text, put in naming(request):
        for made_up, real in targets.items():
            put(text := text.replace(made_up, real))
    request.validate_only = True
    if "etag" in request.DESCRIPTOR.fields_by_name:
        request.etag = etag_of(1)
    if "version" in request.DESCRIPTOR.fields_by_name:
        request.version = ""

    refused = await _refusal(channel, method, request)

    assert refused is None or path.partition("/")[2] in NOTHING_THERE
    assert await _written(core) == before
    assert core.sim.sent == sent
    await calls.close()


async def _running(calls: Client, account: str, path: str) -> str:
    """Return a run in a state in which the verb of a method can be tried."""
    run = (await calls.strategies.create_run(account, "nap")).run.id
    if path.endswith(("PauseRun", "ResumeRun", "StopRun", "Upgrade")):
        await calls.strategies.start_run(account, run)
    if path.endswith("ResumeRun"):
        await calls.strategies.pause_run(account, run)
    if path.endswith(("CommitUpgrade", "CancelUpgrade")):
        await calls.strategies.start_upgrade(account, run)
    return run


async def _refusal(channel: grpc.aio.Channel, method: Method, request: Any) -> AxisorError | None:
    ask: Any = channel.unary_unary(f"/{method.path}")
    try:
        await ask(request.SerializeToString(), metadata=bearer())
    except grpc.aio.AioRpcError as error:
        return from_call(error)
    return None


async def _written(core: Served) -> list[object]:
    """Return everything that a change leaves in the database."""

    def unit(view: Reader) -> list[object]:
        found: list[object] = [view.sequences(), view.accounts(), view.runs()]
        found += view.documents_after("", "", limit=1_000)
        found += [view.open_intents(each.id) for each in view.accounts()]
        found.append(view.command(TENANT, REQUEST_ID))
        return found

    return await core.store.read(unit)
