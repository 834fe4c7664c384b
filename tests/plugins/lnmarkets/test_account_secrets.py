"""What an account never does and never shows."""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator

import pytest
from tests.plugins.lnmarkets import answers
from tests.plugins.lnmarkets.links import KEY, PASSPHRASE, SECRET, account_client
from tests.plugins.lnmarkets.server import HANG_UP, Script, answer

from axisor.errors import (
    AxisorError,
    NotSupported,
    VenueAuth,
    VenueUnavailable,
)
from axisor.intents import (
    AddMargin,
)
from axisor_lnmarkets.account import LnMarketsAccount

ISO, X = "/v3/futures/isolated", "/v3/futures/cross"
ID = answers.TRADE_ID
STAMP = 1_790_856_000_000


@pytest.fixture
async def account(venue: Script) -> AsyncIterator[LnMarketsAccount]:
    """Return an account at a venue with one position, one order and a cross position."""
    venue.on("GET /v3/time", answers.TIME)
    venue.on("GET /v3/account", answers.ACCOUNT)
    venue.on(f"GET {ISO}/trades/running", [answers.RUNNING])
    venue.on(f"GET {ISO}/trades/open", [answers.OPEN])
    venue.on(f"GET {ISO}/trades/closed", answers.page())
    venue.on(f"GET {ISO}/trades/canceled", answers.page())
    venue.on(f"GET {X}/position", answers.CROSS)
    venue.on(f"GET {X}/orders/open", [answers.CROSS_OPEN])
    venue.on(f"GET {X}/orders/filled", answers.page())
    client = account_client(venue.url)
    yield client
    await client.aclose()


async def test_an_account_cannot_withdraw(venue: Script, account: LnMarketsAccount):
    with pytest.raises(NotSupported):
        await account._rest.account.withdraw_lightning("lnbc1")

    assert venue.seen == []


def locals_of_the_plugin(error: BaseException) -> list[str]:
    """Return every local value that a traceback with locals would print, but for the tests' own."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    causes = [told, told.__cause__, told.__context__]
    frames = [frame for cause in causes if cause is not None for frame in cause.stack]
    return [repr(f.locals) for f in frames if "/tests/" not in f.filename]


async def test_the_key_shows_nowhere(
    venue: Script, account: LnMarketsAccount, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    seen: list[str] = [repr(account), repr(account.__dict__)]
    venue.on("GET /v3/account", answer({"code": "UNAUTHORIZED"}, 401))
    venue.on(f"POST {ISO}/trade/add-margin", HANG_UP)
    errors: list[AxisorError] = []

    result = await account.send(AddMargin(position=ID, amount=1), signed_at_ms=STAMP)
    seen.append(repr(result))
    for call in (account.read, account.rights):
        try:
            await call()
        except AxisorError as error:
            errors.append(error)

    assert [type(error) for error in errors] == [VenueAuth, VenueUnavailable]
    for caught in errors:
        seen += locals_of_the_plugin(caught)
        seen += [str(caught), repr(caught), repr(caught.metadata)]
    text = "".join(seen) + caplog.text
    for secret in (KEY, SECRET, PASSPHRASE):
        assert secret not in text
