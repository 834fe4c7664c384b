"""Upgrades of runs to other versions of their strategies, as clients ask for them."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from axisor.errors import RunNotFound, UpgradeNotFound
from axisor.model import Permission
from axisor.strategy import decode_config
from axisor.versions import Upgrade
from axisor_server.domain import upgrading
from axisor_server.domain.editions import Edition
from axisor_server.domain.records import RunRecord
from axisor_server.engine.asks import UpgradeRun
from axisor_server.engine.draft import LiveRun
from axisor_server.engine.facade import Engine
from axisor_server.engine.upgrade_verbs import check_at_work
from axisor_server.engine.upgrading import Upgrades as Versions
from axisor_server.ports import Store
from axisor_server.services.requests import Request
from axisor_server.services.runs import Runs, check_plan, check_rights


class Wanted(Struct, frozen=True, kw_only=True):
    """Which version is asked for, after how many equal decisions it takes over, and for how many
    steps the old one stands by.
    """

    version: str = ""
    equal: int = 0
    probation: int = upgrading.USUAL_PROBATION


class UpgradeAnswer(Struct, frozen=True, kw_only=True):
    """An upgrade after a change, and the journal's end."""

    upgrade: Upgrade
    sequence: int


class Upgrades:
    """The upgrades of all accounts' runs."""

    def __init__(self, *, engine: Engine, store: Store, runs: Runs) -> None:
        self._engine = engine
        self._store = store
        self._runs = runs

    async def get(self, account: str, run: str) -> Upgrade:
        """Return the latest upgrade of a run. Raises RunNotFound, UpgradeNotFound.

        What was compared is known to the core that leads the account, and to none other.
        """
        await self._runs.get(account, run)
        found = self._engine.upgrades(account).show(run) or await self._stored(run)
        if found is None:
            raise UpgradeNotFound("The run was never upgraded.", run=run)
        return found

    async def start(
        self, account: str, run: str, wanted: Wanted, *, rights: Permission, request: Request
    ) -> UpgradeAnswer:
        """Have another version asked beside the one that decides.

        Raises RunStateInvalid, VersionNotFound, UpgradeUnsound, UpgradeStateInvalid, ConfigInvalid,
        PermissionDenied, and PlanLimit as a start does.
        """
        record = await self._runs.get(account, run)
        versions, live = self._live(account, run)
        edition = await versions.load(live, wanted.version)
        self._check(record, live, edition, rights=rights, request=request)
        if request.validate_only:
            self._runs.check_time(request)
            made = _tried(versions, live, edition, wanted)
            return UpgradeAnswer(upgrade=made, sequence=await self._runs.sequence(account))
        ask = UpgradeRun(
            run=run,
            verb="start",
            version=edition.version,
            wanted=wanted.equal,
            probation=wanted.probation,
        )
        return await self._change(account, ask, request)

    async def commit(self, account: str, run: str, request: Request) -> UpgradeAnswer:
        """Have the new version decide. Raises UpgradeNotFound, UpgradeStateInvalid."""
        return await self._move(account, run, "commit", request)

    async def cancel(self, account: str, run: str, request: Request) -> UpgradeAnswer:
        """End an upgrade in shadow. Raises UpgradeNotFound, UpgradeStateInvalid."""
        return await self._move(account, run, "cancel", request)

    async def _move(self, account: str, run: str, verb: str, request: Request) -> UpgradeAnswer:
        await self._runs.get(account, run)
        if request.validate_only:
            versions, live = self._live(account, run)
            self._runs.check_time(request)
            if verb == "commit":
                check_at_work(live)
            return UpgradeAnswer(
                upgrade=versions.shadowed(run), sequence=await self._runs.sequence(account)
            )
        return await self._change(account, UpgradeRun(run=run, verb=verb), request)

    async def _change(self, account: str, ask: UpgradeRun, request: Request) -> UpgradeAnswer:
        answer = await self._engine.ask(account, ask, request.asked)
        upgrade = msgspec.json.decode(answer.result, type=Upgrade)
        return UpgradeAnswer(upgrade=upgrade, sequence=answer.sequence)

    def _live(self, account: str, run: str) -> tuple[Versions, LiveRun]:
        versions = self._engine.upgrades(account)
        live = versions.live(run)
        if live is None:
            raise RunNotFound(f"The account has no run `{run}` that can be called.", run=run)
        return versions, live

    def _check(
        self,
        record: RunRecord,
        live: LiveRun,
        edition: Edition,
        *,
        rights: Permission,
        request: Request,
    ) -> None:
        check_at_work(live)
        check_rights(edition.strategy, rights)
        check_plan(edition.strategy, request.caller.plan)
        decode_config(edition.strategy, record.config)

    async def _stored(self, run: str) -> Upgrade | None:
        found = await self._store.read(lambda view: view.document(upgrading.KIND, run))
        return None if found is None else upgrading.from_document(found).upgrade


def _tried(versions: Versions, live: LiveRun, edition: Edition, wanted: Wanted) -> Upgrade:
    """Return what an upgrade would begin as. Raises UpgradeStateInvalid where one is under way."""
    made = Upgrade(
        run=live.record.id,
        before=versions.version_of(live),
        after=edition.version,
        wanted=wanted.equal,
        probation=wanted.probation,
    )
    return versions.begun(live, made)
