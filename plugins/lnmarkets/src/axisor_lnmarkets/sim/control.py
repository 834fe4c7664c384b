"""The control interface below `/sim`, no part of the venue: prices, faults, ledger, clock."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from axisor.errors import AxisorError
from axisor.exchange import Rejected
from axisor.exchange.terms import check_price
from axisor.ports import Secret
from axisor_lnmarkets.sim.errors import ApiError, bad_request, unauthorized
from axisor_lnmarkets.sim.faults import Fault, FaultBook, parse_mode, parse_span
from axisor_lnmarkets.sim.fields import Fields
from axisor_lnmarkets.sim.hub import Hub
from axisor_lnmarkets.sim.past import Past
from axisor_lnmarkets.sim.rest import refused
from axisor_lnmarkets.sim.views import ledger_row, view
from axisor_lnmarkets.sim.wire import Json, encode, iso, number
from axisor_lnmarkets.sim.world import World

_MOST_BODY = 64 * 1024
_Answer: TypeAlias = Callable[[Request, Fields], Json]


class Control:
    """The control side of one simulator; without a token it answers nobody."""

    def __init__(
        self,
        world: World,
        faults: FaultBook,
        past: Past,
        hub: Hub,
        *,
        token: Secret | None,
        stop: Callable[[], None],
    ) -> None:
        self._world = world
        self._faults = faults
        self._past = past
        self._hub = hub
        self._token = token
        self._stop = stop

    def routes(self) -> list[Route]:
        """Return the routes below `/sim`."""
        table: list[tuple[str, str, _Answer]] = [
            ("GET", "/sim/state", self._state),
            ("GET", "/sim/clock", self._clock),
            ("POST", "/sim/clock", self._go),
            ("GET", "/sim/ledger", self._ledger),
            ("GET", "/sim/arrivals", self._arrivals),
            ("POST", "/sim/price", self._price),
            ("GET", "/sim/faults", self._list_faults),
            ("POST", "/sim/faults", self._add_fault),
            ("DELETE", "/sim/faults", self._clear_faults),
            ("POST", "/sim/settle", self._settle),
            ("POST", "/sim/announce", self._announce),
            ("POST", "/sim/stop", self._stop_server),
        ]
        return [Route(path, self._guarded(answer), methods=[verb]) for verb, path, answer in table]

    def _guarded(self, answer: _Answer) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            try:
                self._authorise(request)
                fields = Fields.of_body(await _body(request))
                return Response(encode(answer(request, fields)), media_type="application/json")
            except ApiError as refusal:
                return refused(refusal)
            except Rejected as rejected:
                return refused(ApiError(rejected.status, rejected.code, rejected.message))
            except AxisorError as error:
                return refused(ApiError(400, error.reason, str(error)))

        return respond

    def _authorise(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        expected = "" if self._token is None else f"Bearer {self._token.reveal()}"
        if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
            raise unauthorized("The control token is missing or wrong")

    # ---------------------------------------------------------------- what is

    def _clock(self, request: Request, fields: Fields) -> Json:
        world = self._world
        speed = world.settings.speed
        return {
            "transport": iso(world.transport.now()),
            "market": iso(world.now()),
            "speed": "max" if speed is None else number(speed),
            "held": world.clock.held,
            "nextFunding": iso(world.engine.funding_time),
        }

    def _go(self, request: Request, fields: Fields) -> Json:
        self._world.clock.go()
        return self._clock(request, fields)

    def _state(self, request: Request, fields: Fields) -> Json:
        world = self._world
        now = world.now()
        account, quote = world.account, replace(world.quote, time=now)
        return {
            "market": {
                "time": iso(now),
                "lastPrice": number(quote.last),
                "bidPrice": number(quote.bid or quote.last),
                "askPrice": number(quote.ask or quote.last),
                "byHand": world.by_hand,
                "fundingRate": number(world.engine.funding_rate),
            },
            "balance": account.books.balance,
            "syntheticUsdBalance": number(account.books.usd),
            "open": [view(trade) for trade in account.isolated.open()],
            "running": [view(trade) for trade in account.isolated.running(quote)],
            "cross": view(account.cross.position(quote)),
            "crossOrders": [view(order) for order in account.cross.open_orders()],
            "ledgerRows": len(account.ledger),
            "digest": account.digest(),
        }

    def _ledger(self, request: Request, fields: Fields) -> Json:
        after = Fields(_numbers(request)).integer_or_none("after", least=0) or 0
        wanted = request.query_params.get("request")
        world = self._world
        found = (world.account.ledger[after:], world.received[after:], world.stamps[after:])
        return {
            "rows": [
                ledger_row(row, received, stamp)
                for row, received, stamp in zip(*found, strict=True)
                if wanted in (None, row.request)
            ]
        }

    def _arrivals(self, request: Request, fields: Fields) -> Json:
        return {
            "arrivals": [
                {
                    "time": iso(one.time),
                    "method": one.method,
                    "path": one.path,
                    "stamp": one.stamp_ms,
                }
                for one in self._world.arrivals
            ]
        }

    # ---------------------------------------------------------------- what is done

    def _price(self, request: Request, fields: Fields) -> Json:
        action = fields.one_of("action", ("set", "move", "follow"))
        if action == "set":
            price = fields.number("price")
            check_price(price)
            self._world.set_price(price)
        elif action == "move":
            over = parse_span(fields.text_or_none("over") or "0s")
            self._world.move(fields.number("percent"), over)
        else:
            self._world.follow()
        return {"lastPrice": number(self._world.quote.last), "byHand": self._world.by_hand}

    def _list_faults(self, request: Request, fields: Fields) -> Json:
        return {"faults": [_fault(fault) for fault in self._faults.all()]}

    def _add_fault(self, request: Request, fields: Fields) -> Json:
        times = fields.integer_or_none("times", least=1, most=1_000_000)
        mode = parse_mode(fields.text("mode"))
        fault = self._faults.add(fields.text("operation"), mode, times=times)
        self._past.note()
        return _fault(fault)

    def _clear_faults(self, request: Request, fields: Fields) -> Json:
        return {"cleared": self._faults.clear(request.query_params.get("operation"))}

    def _settle(self, request: Request, fields: Fields) -> Json:
        """Let the world outside pay: an invoice of ours, or an invoice we were asked to pay."""
        id_, now = fields.id(), self._world.now()
        wallet, books = self._world.account.wallet, self._world.account.books
        if id_ in books.lightning_deposits:
            settled = view(wallet.settle_deposit(now, id_))
        else:
            settled = view(wallet.settle_withdrawal(now, id_, paid=True))
        self._world.settle_request()
        return settled

    def _announce(self, request: Request, fields: Fields) -> Json:
        if not fields.has("title"):
            self._hub.announce({"id": fields.text("id")})
            return {}
        names = ("id", "title", "message")
        announcement: dict[str, Json] = {name: fields.text(name) for name in names}
        self._hub.announce({**announcement, "link": fields.text_or_none("link")})
        return {}

    def _stop_server(self, request: Request, fields: Fields) -> Json:
        self._stop()
        return {}


def _fault(fault: Fault) -> Json:
    return {
        "id": fault.id,
        "operation": fault.operation,
        "mode": str(fault.mode),
        "times": fault.times,
    }


def _numbers(request: Request) -> dict[str, object]:
    text = request.query_params.get("after")
    if text is None:
        return {}
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise bad_request("after must be a whole number")
    return {"after": int(text)}


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BODY:
            raise ApiError(413, "BAD_REQUEST", f"The body is larger than {_MOST_BODY} bytes")
    return bytes(body)
