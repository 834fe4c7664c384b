"""The setup: a few pages that lead from nothing to an armed guard, and a crash to try it on.

Each step is one call that the core has anyway; what was done is read from the core, so that a page
can be left and come back to.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from axisor.client import every
from axisor.errors import AxisorError
from axisor.events import RunState
from axisor.wire.records import Account, Run
from axisor_web.answers import answer, refusal
from axisor_web.languages import COOKIE, marked
from axisor_web.pages import settingup
from axisor_web.pages.asking import given_by
from axisor_web.pages.desk import Desk, account_of
from axisor_web.pages.painting import linked
from axisor_web.pages.readings import foresee_run
from axisor_web.pages.scenes import scene
from axisor_web.pages.visits import Visit

STEPS = (
    ("", marked("Language")),
    ("venue", marked("Exchange")),
    ("account", marked("Account")),
    ("channel", marked("Messages")),
    ("guard", marked("Rule")),
    ("arm", marked("Guard")),
    ("try", marked("Try it")),
)
"""The steps by their last part of an address, with what they are called."""

NAMES = {"en-US": "English", "pt-BR": "Português (Brasil)"}
A_YEAR_S = 365 * 86_400

Sent: TypeAlias = Callable[[Visit, Mapping[str, str]], Awaitable[Response]]


class Setup:
    """The steps, and what each sends."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> tuple[BaseRoute, ...]:
        """Return their routes."""
        shown = {
            "": self.language,
            "venue": self.venue,
            "account": self.account,
            "channel": self.channel,
            "guard": self.guard,
            "arm": self.arm,
            "try": self.attempt,
        }
        sent: dict[str, Sent] = {
            "language": self._choose_language,
            "venue": self._add_account,
            "position": self._open,
            "channel": self._add_channel,
            "test": self._test,
            "guard": self._make_rule,
            "move": self._move,
        }
        return (
            *(self._desk.page(f"/setup/{name}".rstrip("/"), shown[name]) for name, _ in STEPS),
            *(self._sending(f"/setup/{name}", each) for name, each in sent.items()),
        )

    # ---------------------------------------------------------------- what is shown

    async def language(self, visit: Visit) -> Response:
        """Ask for the language."""
        tags = {tag: NAMES.get(tag, tag) for tag in self._desk.painter.languages.tags}
        return self._frame(visit, "language", "", tags=tags)

    async def venue(self, visit: Visit) -> Response:
        """Ask where the positions are."""
        accounts = await every(lambda token: visit.client.accounts.list(page_token=token))
        places = await settingup.places(visit.client)
        return self._frame(visit, "venue", "venue", accounts=accounts, places=places)

    async def account(self, visit: Visit) -> Response:
        """Say what the key may do, and what there is to protect."""
        client, account = visit.client, await self._account(visit)
        report = None
        if account.mode.value != "paper":
            report = await client.accounts.test_credentials(account.id)
        positions = (await client.margin.list_positions(account.id)).items
        balance = (await client.accounts.balance(account.id)).balance
        return self._frame(
            visit,
            "account",
            "account",
            account,
            report=report,
            positions=positions,
            balance=balance,
        )

    async def channel(self, visit: Visit) -> Response:
        """Ask where messages go to."""
        account = await self._account(visit)
        kinds = await every(lambda token: visit.client.notices.notifiers(page_token=token))
        channels = await every(lambda token: visit.client.notices.list_channels(page_token=token))
        wanted = visit.request.query_params.get("kind", "telegram")
        kind = next((each for each in kinds if each.name == wanted), kinds[0] if kinds else None)
        return self._frame(
            visit, "channel", "channel", account, kinds=kinds, kind=kind, channels=channels
        )

    async def guard(self, visit: Visit) -> Response:
        """Ask when the guard is to act, and how much it may spend."""
        account = await self._account(visit)
        run = await settingup.guard_of(visit.client, account.id)
        rule = settingup.rule_of(run)
        return self._frame(visit, "guard", "guard", account, rule=rule, presets=settingup.PRESETS)

    async def arm(self, visit: Visit) -> Response:
        """Show what the guard would do and how far it holds, and let it be armed."""
        found = await scene(visit.client, account_of(visit), frozenset(("bar", "guard")))
        run: Run | None = found.reading.guard
        forecast = None
        if run is not None and run.state is not RunState.RUNNING:
            forecast = await foresee_run(visit.client, found.reading.account.id, run.id)
        return self._desk.laid_out(
            visit,
            "setup/arm.html",
            found,
            ("guard", "onward"),
            steps=STEPS,
            step="arm",
            forecast=forecast,
        )

    async def attempt(self, visit: Visit) -> Response:
        """Let a price that is made up fall, and show what the guard does."""
        return await self._desk.scene_page(
            visit, "setup/try.html", "safety", "positions", "activity", steps=STEPS, step="try"
        )

    # ---------------------------------------------------------------- what is sent

    async def _choose_language(self, visit: Visit, given: Mapping[str, str]) -> Response:
        tags = self._desk.painter.languages.tags
        response = _onward("/setup/venue", "")
        if given.get("language") in tags:
            response.set_cookie(
                COOKIE, given["language"], max_age=A_YEAR_S, path="/", samesite="strict"
            )
        return response

    async def _add_account(self, visit: Visit, given: Mapping[str, str]) -> Response:
        account = await settingup.add_account(visit.client, given)
        return _onward("/setup/account", account)

    async def _open(self, visit: Visit, given: Mapping[str, str]) -> Response:
        await settingup.open_position(visit.client, given)
        return _onward("/setup/account", given.get("account", ""))

    async def _add_channel(self, visit: Visit, given: Mapping[str, str]) -> Response:
        await settingup.add_channel(visit.client, given)
        return _onward("/setup/channel", given.get("account", ""), kind=given.get("kind", ""))

    async def _test(self, visit: Visit, given: Mapping[str, str]) -> Response:
        delivery = await settingup.test_channel(visit.client, given)
        return self._desk.part(visit, "setup/tested.html", delivery=delivery)

    async def _make_rule(self, visit: Visit, given: Mapping[str, str]) -> Response:
        await settingup.make_rule(visit.client, given)
        return _onward("/setup/arm", given.get("account", ""))

    async def _move(self, visit: Visit, given: Mapping[str, str]) -> Response:
        await settingup.move(visit.client, given)
        return self._desk.part(visit, "setup/moved.html")

    # ---------------------------------------------------------------- parts

    def _sending(self, path: str, sent: Sent) -> Route:
        async def handled(request: Request) -> Response:
            try:
                visit = self._desk.visits.of(request)
                return await sent(visit, await given_by(visit))
            except AxisorError as error:
                return self._desk.painter.page(
                    request, "setup/refused.html", status=refusal(error).http, error=error
                )

        return Route(path, handled, methods=["POST"])

    async def _account(self, visit: Visit) -> Account:
        accounts = await every(lambda token: visit.client.accounts.list(page_token=token))
        wanted = account_of(visit) or (accounts[0].id if accounts else None)
        return await visit.client.accounts.choose(wanted)

    def _frame(
        self, visit: Visit, template: str, step: str, account: Account | None = None, **given: Any
    ) -> Response:
        return self._desk.painter.page(
            visit.request,
            f"setup/{template}.html",
            account="" if account is None else account.id,
            of=account,
            steps=STEPS,
            step=step,
            **given,
        )


def _onward(path: str, account: str, **more: str) -> Response:
    return answer({"next": linked(path, account, **more)}, {})
