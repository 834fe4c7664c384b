"""The way in for programs: addresses, tokens, examples, and every call of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from axisor.client import contract
from axisor_web.app import Parts
from axisor_web.contract import methods
from axisor_web.pages.desk import Desk
from axisor_web.pages.visits import Visit


class Call(Struct, frozen=True, kw_only=True):
    """A call of the contract; `routes` are verbs with templates, none where both sides stream."""

    name: str
    path: str
    text: str
    right: str
    danger: str
    routes: tuple[tuple[str, str], ...]
    streams: bool
    step_up: bool

    def says(self, word: str) -> bool:
        """Return whether a word in small letters stands in what is shown of it."""
        routes = " ".join(f"{verb} {template}" for verb, template in self.routes)
        return word in f"{self.path} {self.right} {routes} {self.text}".lower()


class Reference:
    """The page for those who write programs."""

    def __init__(self, desk: Desk, parts: Parts) -> None:
        self._desk, self._secure, self._core = desk, parts.secure, parts.address

    def routes(self) -> tuple[BaseRoute, ...]:
        """Return its route."""
        return (self._desk.page("/api", self.shown),)

    async def shown(self, visit: Visit) -> Response:
        """Show how a program comes in, and what it can call."""
        words = visit.request.query_params.get("q", "")[:100]
        return await self._desk.scene_page(
            visit,
            "api.html",
            base=self._base(visit.request),
            core=self._core,
            q=words,
            services=tuple(found(words)),
            count=len(calls()),
        )

    def _base(self, request: Request) -> str:
        return f"{'https' if self._secure else 'http'}://{request.headers['host']}"


@cache
def calls() -> tuple[Call, ...]:
    """Return every call of the contract, by service."""
    routes = {
        method.path.removeprefix("/"): tuple((each.verb, each.template) for each in method.routes)
        for method in methods()
    }
    return tuple(
        Call(
            name=each.name,
            path=each.path,
            text=each.text.partition(". ")[0].rstrip(".") + ".",
            right=each.right,
            danger=each.danger,
            routes=routes.get(each.path, ()),
            streams=each.streams or each.converses,
            step_up=each.step_up,
        )
        for each in contract.methods()
    )


def found(words: str) -> Iterator[tuple[str, tuple[Call, ...]]]:
    """Give the services with their calls that say all of some words."""
    wanted = words.lower().split()
    by_service: dict[str, list[Call]] = {}
    for call in calls():
        if all(call.says(word) for word in wanted):
            service = call.path.partition("/")[0].rpartition(".")[2]
            by_service.setdefault(service, []).append(call)
    for service, found in by_service.items():
        yield service, tuple(found)
