"""Actions a client asks for: checked for form, then handed to the engine, once per request id."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal

from axisor import maths
from axisor.errors import (
    AmountNotPositive,
    FieldInvalid,
    LeverageOutOfRange,
    PositionNotFound,
    PriceOffStep,
    QuantityOutOfRange,
)
from axisor.intents import (
    Action,
    AddMargin,
    CancelAllOrders,
    CashIn,
    CrossOrder,
    DepositCross,
    OpenPosition,
    SetCrossLeverage,
    SetStop,
    SetTakeProfit,
    WithdrawCross,
)
from axisor.model import CROSS, MarginMode, Price, Side
from axisor_server.domain.records import TENANT
from axisor_server.engine.answers import CommandResult
from axisor_server.engine.facade import Engine
from axisor_server.ports import Store
from axisor_server.services.accounts import Accounts
from axisor_server.services.allowances import Allowances
from axisor_server.services.requests import Request

MOST_QUANTITY = 500_000
MOST_LEVERAGE = 100
MOST_SATS = 21 * 10**14
"""Every bitcoin there will be."""


class Acting:
    """Carries out what clients ask of an account."""

    def __init__(
        self, *, engine: Engine, store: Store, accounts: Accounts, allowances: Allowances
    ) -> None:
        self._engine = engine
        self._store = store
        self._accounts = accounts
        self._allowances = allowances

    async def act(self, account: str, action: Action, request: Request) -> CommandResult:
        """Carry out an action, or preview it, and return how it stands.

        Raises the form's errors first, then AccountNotFound, then what the engine refuses with.
        """
        check(action)
        await self._accounts.get(account)
        if request.caller.sats_per_day is not None:
            await self._allowances.admit(action, self._engine.view(account), request)
        return await self._engine.command(
            account,
            action,
            principal=request.principal,
            request_id=request.request_id,
            method=request.method,
            digest=request.digest,
            not_after=request.not_after,
            validate_only=request.validate_only,
        )

    async def close_part(self, account: str, quantity: int, request: Request) -> CommandResult:
        """Close a part of the cross position. Raises PositionNotFound where there is none."""
        check_quantity(quantity)
        await self._accounts.get(account)
        position = self._engine.view(account).position(CROSS)
        if position is not None:
            side = position.side.opposite
        elif await self._is_repeat(request):
            side = Side.BUY  # Not used: the engine answers a repeat from what it kept.
        else:
            raise PositionNotFound("There is no cross position.", position=CROSS)
        action = CrossOrder(side=side, quantity=quantity, reduce=True)
        return await self.act(account, action, request)

    async def cancel_all(
        self, account: str, margin_mode: MarginMode | None, request: Request
    ) -> Sequence[CommandResult]:
        """Cancel every open order of one margin mode, or of both."""
        modes = tuple(MarginMode) if margin_mode is None else (margin_mode,)
        results = []
        for mode in modes:
            results.append(
                await self.act(account, CancelAllOrders(margin_mode=mode), _part(request, mode))
            )
        return results

    async def _is_repeat(self, request: Request) -> bool:
        found = await self._store.read(lambda view: view.command(TENANT, request.request_id))
        return found is not None


def _part(request: Request, mode: MarginMode) -> Request:
    # One request, two effects: the second has an id of its own that follows from the first.
    if mode is MarginMode.ISOLATED:
        return request
    return Request(
        method=request.method,
        request_id=str(uuid.uuid5(uuid.UUID(request.request_id), mode.value)),
        digest=request.digest,
        principal=request.principal,
        caller=request.caller,
        not_after=request.not_after,
        validate_only=request.validate_only,
    )


def check(action: Action) -> None:
    """Refuse an action whose figures no account could carry out.

    Raises AmountNotPositive, PriceOffStep, LeverageOutOfRange, QuantityOutOfRange, FieldInvalid.
    """
    match action:
        case AddMargin(amount=amount) | CashIn(amount=amount):
            check_amount(amount, "amount_sats")
        case DepositCross(amount=amount) | WithdrawCross(amount=amount):
            check_amount(amount, "amount_sats")
        case SetStop(price=price) | SetTakeProfit(price=price):
            check_price(price, "price_usd")
        case SetCrossLeverage(leverage=leverage):
            check_leverage(leverage, MarginMode.CROSS)
        case CrossOrder(quantity=quantity, price=price):
            check_quantity(quantity)
            check_price(price, "limit_price_usd")
        case OpenPosition():
            _check_opening(action)
        case _:
            pass


def _check_opening(action: OpenPosition) -> None:
    if action.quantity is not None:
        check_quantity(action.quantity)
    if action.margin is not None:
        check_amount(action.margin, "margin_sats")
    check_leverage(action.leverage, MarginMode.ISOLATED)
    check_price(action.price, "limit_price_usd")
    check_price(action.stoploss, "stop_loss_price_usd")
    check_price(action.takeprofit, "take_profit_price_usd")


def check_amount(amount: int, field: str) -> None:
    """Refuse sats that are not above zero. Raises AmountNotPositive, FieldInvalid."""
    if amount <= 0:
        raise AmountNotPositive(
            f"{amount} is not a number of sats above zero.", field=field, amount=amount
        )
    if amount > MOST_SATS:
        raise FieldInvalid(f"{amount} sats are more than there are.", field=field)


def check_price(price: Price | None, field: str) -> None:
    """Refuse a price between two steps, or beyond every market. Raises PriceOffStep."""
    if price is None:
        return
    if not 0 < price <= maths.MAX_PRICE:
        raise FieldInvalid(f"{price} is not a price in US dollars.", field=field)
    if not maths.on_step(price):
        raise PriceOffStep(
            f"{price} is not a multiple of {maths.STEP}.", field=field, price=price, step=maths.STEP
        )


def check_quantity(quantity: int) -> None:
    """Refuse a quantity the venue does not trade. Raises QuantityOutOfRange."""
    if not 1 <= quantity <= MOST_QUANTITY:
        raise QuantityOutOfRange(
            f"{quantity} US dollars cannot be traded.",
            quantity=quantity,
            least=1,
            most=MOST_QUANTITY,
        )


def check_leverage(leverage: Decimal | int, margin_mode: MarginMode) -> None:
    """Refuse a leverage the venue does not offer. Raises LeverageOutOfRange."""
    whole = margin_mode is MarginMode.ISOLATED or leverage == int(leverage)
    if not 1 <= leverage <= MOST_LEVERAGE or not whole:
        raise LeverageOutOfRange(
            f"{leverage}x is not offered.", leverage=leverage, least=1, most=MOST_LEVERAGE
        )
