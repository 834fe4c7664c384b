"""The REST interface v3 whole: a method for each of its calls, grouped as the venue does."""

from __future__ import annotations

from axisor_lnmarkets.rest.account import AccountCalls
from axisor_lnmarkets.rest.cross import Cross
from axisor_lnmarkets.rest.general import General
from axisor_lnmarkets.rest.isolated import Isolated
from axisor_lnmarkets.rest.synthetic_usd import SyntheticUsd
from axisor_lnmarkets.transport import Transport


class Rest:
    """Every call of the REST interface, over one transport."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.general = General(transport)
        self.account = AccountCalls(transport)
        self.isolated = Isolated(transport)
        self.cross = Cross(transport)
        self.synthetic_usd = SyntheticUsd(transport)
