"""A way out that leads nowhere: it keeps what is sent and answers as it is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from axisor.errors import AxisorError, DeliveryDelayed
from axisor.notices import Answer

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Posted(Struct, frozen=True):
    """One request as it left."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class MemoryWay:
    """The Way port in memory. `answers` are given in turn, then 200; an error is raised instead."""

    def __init__(self, *answers: Answer | AxisorError, now: datetime = NOON) -> None:
        self.posted: list[Posted] = []
        self.answers: deque[Answer | AxisorError] = deque(answers)
        self._now = now

    def now(self) -> datetime:
        """Return the time it was made with."""
        return self._now

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """Keep a request and give the next answer. Raises the error that is next."""
        self.posted.append(Posted(url, dict(headers), body))
        answer = self.answers.popleft() if self.answers else Answer(200, b"{}")
        if isinstance(answer, AxisorError):
            raise answer
        return answer

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Know no host. Raises DeliveryDelayed."""
        raise DeliveryDelayed(f"{host} is not known by that name.", cause="unknown_host")

    @property
    def authority(self) -> str:
        """Return no certificates."""
        return ""
