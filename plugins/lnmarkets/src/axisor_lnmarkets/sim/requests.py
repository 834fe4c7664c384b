"""What an endpoint is given, and what it is: a path, an operation, a scope and a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TypeAlias, TypeVar

from msgspec import Struct

from axisor.exchange import Account, Quote
from axisor_lnmarkets.sim.fields import Fields
from axisor_lnmarkets.sim.paging import page, page_request
from axisor_lnmarkets.sim.views import view
from axisor_lnmarkets.sim.wire import Json
from axisor_lnmarkets.sim.world import World

Row = TypeVar("Row", bound=Struct)


class Request(Struct, frozen=True, kw_only=True):
    """One request that passed every check, at the market time it takes effect.

    For reads `account` and `quote` may be those of a while ago; `world` is always the present one.
    `transport_now` is what `/time` tells.
    """

    world: World
    account: Account
    quote: Quote
    now: datetime
    transport_now: datetime
    query: Mapping[str, str]
    body: Fields

    @property
    def fields(self) -> Fields:
        """Return the query's fields, for requests without a body."""
        return Fields(self.query)

    def paged(
        self,
        rows: Iterable[Row],
        time: Callable[[Row], datetime],
        show: Callable[[Row], Json] = view,
    ) -> Json:
        """Return the page of rows that the query asks for."""
        return page(rows, page_request(self.query), time=time, view=show)


Handler: TypeAlias = Callable[[Request], Json]


class Endpoint(Struct, frozen=True):
    """A method and path below `/v3`, the name faults know it by, and the scope it needs.

    A scope of None makes it public. `changes` says whether it may change anything.
    """

    method: str
    path: str
    operation: str
    scope: str | None
    handler: Handler
    changes: bool = False
