"""Pages of runs: all of an account, one with what it did, and the forms of their configurations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import BaseRoute

from axisor.client import Client, every
from axisor.errors import ConfigInvalid, RunNotFound, StrategyNotFound
from axisor.model import Permission
from axisor.wire.records import Run
from axisor.wire.scalars import permissions_from_wire
from axisor_web.pages import forming
from axisor_web.pages.acting import Call
from axisor_web.pages.asking import given_by
from axisor_web.pages.desk import UNFIT, Desk, account_of
from axisor_web.pages.scenes import scene
from axisor_web.pages.visits import Visit

STEPS = 20
"""So many of the last steps of a run are shown."""


class Strategy(Struct, frozen=True, kw_only=True):
    """A strategy that a run can be made of, as the pages show it."""

    id: str
    title: str
    documentation: str
    plugin: str
    version: str
    schema: str
    permissions: Permission

    def lacking(self, rights: Permission) -> tuple[str, ...]:
        """Return the rights that it asks for and that are not among some, as words."""
        return tuple(str(each.name).lower() for each in Permission if each in self._beyond(rights))

    @property
    def rights(self) -> tuple[str, ...]:
        """Return the rights that it asks for, as words."""
        return self.lacking(Permission.NONE)

    def _beyond(self, rights: Permission) -> Permission:
        return self.permissions & ~rights


class Automations:
    """The pages of runs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> tuple[BaseRoute, ...]:
        """Return their routes."""
        desk = self._desk
        return (
            desk.page("/automations", self.listed),
            desk.page("/automations/new/{strategy}", self.new),
            desk.page("/automations/{run}", self.one),
            desk.fragment("/automations/new/{strategy}", self.create, "POST"),
            desk.fragment("/automations/{run}", self.configure, "POST"),
        )

    async def listed(self, visit: Visit) -> Response:
        """Show the runs of strategies, and which strategies there are."""
        return await self._desk.scene_page(
            visit, "automations.html", "runs", strategies=await strategies(visit.client)
        )

    async def new(self, visit: Visit) -> Response:
        """Ask for the configuration of a new run."""
        found = await scene(visit.client, account_of(visit), frozenset())
        strategy = await strategy_of(visit.client, visit.request.path_params["strategy"])
        return self._desk.laid_out(
            visit,
            "automation_new.html",
            found,
            (),
            strategy=strategy,
            sheet=forming.blank(strategy.schema, ""),
            before=None,
            label="",
        )

    async def one(self, visit: Visit) -> Response:
        """Show a run: how it stands, what it did, and its configuration."""
        client, id = visit.client, visit.request.path_params["run"]
        found = await scene(client, account_of(visit), frozenset({"runs"}))
        run = found.reading.run(id)
        if run is None:
            raise RunNotFound(
                "There is no such run of this account.",
                fix="The page of automations lists those that there are.",
            )
        strategy, steps = await asyncio.gather(
            _strategy_or_none(client, run.strategy),
            client.strategies.list_run_steps(run.account, id, page_size=STEPS),
        )
        schema = "" if strategy is None else strategy.schema
        return self._desk.laid_out(
            visit,
            "automation.html",
            found,
            ("run",),
            focus=id,
            strategy=strategy,
            steps=steps.items,
            sheet=forming.blank(schema, run.config),
            before=run,
            label=run.label,
        )

    async def create(self, visit: Visit) -> Response:
        """Have the core check a new run, and show what it would be."""
        given = await given_by(visit)
        strategy = await strategy_of(visit.client, visit.request.path_params["strategy"])
        account, label = given.get("of", ""), given.get("label", "").strip()

        def call(config: str) -> Call:
            return lambda calls: calls.strategies.create_run(
                account, strategy.id, config=config, label=label
            )

        return await self._shown(visit, given, strategy, None, call)

    async def configure(self, visit: Visit) -> Response:
        """Have the core check another configuration of a run, and show what would change."""
        given = await given_by(visit)
        account, label = given.get("of", ""), given.get("label", "").strip()
        run = await visit.client.strategies.get_run(account, visit.request.path_params["run"])
        strategy = await strategy_of(visit.client, run.strategy)

        def call(config: str) -> Call:
            return lambda calls: calls.strategies.configure_run(
                account, run.id, etag=given.get("etag", ""), config=config, label=label
            )

        return await self._shown(visit, given, strategy, run, call)

    async def _shown(
        self,
        visit: Visit,
        given: Mapping[str, str],
        strategy: Strategy,
        before: Run | None,
        call: Callable[[str], Call],
    ) -> Response:
        """Show what a form would change, or the form again with what is wrong at its fields."""
        account = given.get("of", "")
        config, sheet = forming.sent(strategy.schema, forming.settings_in(given))
        if sheet.wrong:
            return self._again(visit, given, strategy, before, sheet)
        try:
            found = await visit.client.confirmations.prepare(account, call(config))
        except ConfigInvalid as error:
            return self._again(visit, given, strategy, before, forming.refused(sheet, error))
        return self._desk.part(
            visit,
            "dialog/configured.html",
            strategy=strategy,
            of=account,
            before=before,
            label=given.get("label", "").strip(),
            changed=forming.changed(strategy.schema, before.config if before else "", config),
            confirmation=found.confirmation,
            token=None if found.token is None else found.token.reveal(),
        )

    def _again(
        self,
        visit: Visit,
        given: Mapping[str, str],
        strategy: Strategy,
        before: Run | None,
        sheet: forming.Sheet,
    ) -> Response:
        return self._desk.part(
            visit,
            "parts/run_form.html",
            status=UNFIT,
            strategy=strategy,
            before=before,
            etag=given.get("etag", ""),
            label=given.get("label", ""),
            of=given.get("of", ""),
            sheet=sheet,
        )


async def strategies(client: Client) -> tuple[Strategy, ...]:
    """Return the strategies of enabled plugins."""
    found = await every(lambda token: client.strategies.list(page_token=token))
    return tuple(map(_strategy, found))


async def strategy_of(client: Client, id: str) -> Strategy:
    """Return one strategy. Raises StrategyNotFound."""
    return _strategy(await client.strategies.get(id))


async def _strategy_or_none(client: Client, id: str) -> Strategy | None:
    """Return the strategy of a run, None where no enabled plugin has it any more."""
    try:
        return await strategy_of(client, id)
    except StrategyNotFound:
        return None


def _strategy(told: Any) -> Strategy:
    return Strategy(
        id=_last(told.name),
        title=told.title,
        documentation=told.documentation,
        plugin=_last(told.plugin),
        version=told.version,
        schema=told.config_schema,
        permissions=permissions_from_wire(told.permissions),
    )


def _last(name: str) -> str:
    return name.rpartition("/")[2]
