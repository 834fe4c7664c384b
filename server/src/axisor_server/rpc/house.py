"""Puts the use cases and their servicers together over an engine, a store and a vault."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress

from prometheus_client import CollectorRegistry

from axisor.errors import StoreError
from axisor.model import Mode
from axisor.notices import Notifier
from axisor_server.domain.confirmations import USUAL as WAITS
from axisor_server.domain.confirmations import Waits
from axisor_server.domain.sessions import USUAL, Terms
from axisor_server.engine.facade import Engine
from axisor_server.ports import Clock, Ids, Store, Vault
from axisor_server.rpc.accounts import AccountServicer
from axisor_server.rpc.audit import AuditServicer
from axisor_server.rpc.backtests import BacktestServicer
from axisor_server.rpc.confirmations import ConfirmationServicer
from axisor_server.rpc.events import EventServicer
from axisor_server.rpc.guard import GuardServicer
from axisor_server.rpc.house_identity import Identity
from axisor_server.rpc.house_people import Reach
from axisor_server.rpc.house_telling import telling
from axisor_server.rpc.letters import DeadLetterServicer
from axisor_server.rpc.margin import MarginServicer
from axisor_server.rpc.market import MarketServicer
from axisor_server.rpc.metrics import CallMetrics, CoreCollector
from axisor_server.rpc.orders import OrderServicer
from axisor_server.rpc.performance import PerformanceServicer
from axisor_server.rpc.pipeline import Pipeline
from axisor_server.rpc.rules import contract
from axisor_server.rpc.runners import RunnerServicer
from axisor_server.rpc.simulator import SimulatorServicer
from axisor_server.rpc.strategies import StrategyServicer
from axisor_server.rpc.system import SystemServicer
from axisor_server.rpc.watches import Watches, beat, encode
from axisor_server.rpc.within import Within
from axisor_server.services.accounts import Accounts
from axisor_server.services.acting import Acting
from axisor_server.services.allowances import Allowances
from axisor_server.services.auditing import Audits
from axisor_server.services.backtesting import Backtester, Backtests
from axisor_server.services.confirming import Confirming
from axisor_server.services.depending import Dependents
from axisor_server.services.enabling import Enabling, PluginHost
from axisor_server.services.explaining import Explainer
from axisor_server.services.guarding import Guards
from axisor_server.services.halts import Halts
from axisor_server.services.journals import Journals
from axisor_server.services.kept_backtests import KeptBacktests
from axisor_server.services.letters import Letters
from axisor_server.services.limiting import Limits as CallLimits
from axisor_server.services.market import Market
from axisor_server.services.nearness import Nearness
from axisor_server.services.orders import Orders
from axisor_server.services.performing import Performances
from axisor_server.services.principals import Authenticator
from axisor_server.services.protection import Protection
from axisor_server.services.running import Runners
from axisor_server.services.runs import Runs
from axisor_server.services.seeing import Seeing
from axisor_server.services.simulating import Simulating
from axisor_server.services.snapshots import Snapshots
from axisor_server.services.status import Status, Surroundings
from axisor_server.services.upgrades import Upgrades
from axisor_server.services.watching import Hub, Limits


class House:
    """The use cases of one core, each servicer by its service's full name, and the pipeline."""

    def __init__(  # noqa: PLR0913 - it puts that much together
        self,
        *,
        engine: Engine,
        store: Store,
        vault: Vault,
        clock: Clock,
        ids: Ids,
        around: Surroundings,
        plugins: PluginHost,
        max_mode: Mode,
        limits: Limits,
        is_owner: Callable[[str], bool],
        reach: Reach,
        registry: CollectorRegistry,
        terms: Terms = USUAL,
        waits: Waits = WAITS,
        others: Authenticator | None = None,
        backtester: Backtester,
        calls: CallLimits | None = None,
        most_backtests: int = 1,
        kept_backtests: int = 20,
        runners: Runners | None = None,
        notifiers: Mapping[str, Notifier] | None = None,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        seen = Seeing(store)
        self.hub = Hub(seen, clock, encode=encode, beat=beat, limits=limits)
        self.identity = Identity(
            store=store,
            vault=vault,
            clock=clock,
            ids=ids,
            mode=max_mode,
            publish=self.hub.publish,
            is_owner=is_owner,
            reach=reach,
            terms=terms,
            others=others or runners,
            limits=calls,
        )
        self.once = self.identity.once
        whole, store = store, seen  # from here on nothing reads more than its caller sees
        accounts = Accounts(
            engine=engine,
            store=store,
            vault=vault,
            venues=around.venues,
            clock=clock,
            once=self.once,
            recorder=self.identity.recorder,
            max_mode=max_mode,
            plans=self.identity.plans,
        )
        snapshots = Snapshots(engine=engine, store=store, clock=clock)
        runs = Runs(
            engine=engine,
            store=store,
            accounts=accounts,
            clock=clock,
            plans=self.identity.plans,
            offered=around.offered,
        )
        guards = Guards(
            engine=engine,
            accounts=accounts,
            runs=runs,
            snapshots=snapshots,
            beside=asyncio.to_thread,
        )
        allowances = Allowances(store, clock)
        acting = Acting(engine=engine, store=store, accounts=accounts, allowances=allowances)
        orders = Orders(store=store, accounts=accounts, snapshots=snapshots)
        watches = Watches(hub=self.hub, accounts=accounts, snapshots=snapshots, runs=runs)
        self.halts = Halts(
            engine=engine, clock=clock, once=self.once, read_file=around.read_halt_file
        )
        status = Status(
            halts=self.halts,
            engine=engine,
            store=store,
            snapshots=snapshots,
            clock=clock,
            once=self.once,
            around=around,
        )
        self.protection = Protection(engine=engine, store=store, clock=clock)
        self._nearness = Nearness(engine=engine, store=whole, clock=clock)
        self.enabling = Enabling(
            store=whole,
            clock=clock,
            once=self.once,
            recorder=self.identity.recorder,
            host=plugins,
            dependents=Dependents(
                engine=engine, store=whole, clock=clock, plans=self.identity.plans
            ),
        )
        self._market = Market(engine=engine, accounts=accounts, venues=around.venues, clock=clock)
        self._backtests = Backtests(
            accounts=accounts, runs=runs, backtester=backtester, most=most_backtests
        )
        self._kept_backtests = KeptBacktests(
            backtests=self._backtests,
            accounts=accounts,
            store=whole,
            clock=clock,
            ids=ids,
            once=self.once,
            kept=kept_backtests,
        )
        servicers: dict[str, object] = {
            "axisor.v1.AccountService": AccountServicer(accounts, snapshots, watches),
            "axisor.v1.MarginService": MarginServicer(
                accounts=accounts,
                acting=acting,
                guards=guards,
                snapshots=snapshots,
                watches=watches,
            ),
            "axisor.v1.OrderService": OrderServicer(
                orders=orders, acting=acting, snapshots=snapshots, watches=watches
            ),
            "axisor.v1.MarketService": MarketServicer(self._market, clock),
            "axisor.v1.EventService": EventServicer(
                Journals(store=store, accounts=accounts), watches
            ),
            "axisor.v1.StrategyService": StrategyServicer(
                accounts=accounts,
                runs=runs,
                upgrades=Upgrades(engine=engine, store=store, runs=runs),
                snapshots=snapshots,
                watches=watches,
                plugins=around.plugins,
                enabling=self.enabling,
            ),
            "axisor.v1.RunnerService": RunnerServicer(runs, runners),
            "axisor.v1.GuardService": GuardServicer(
                guards=guards,
                explainer=Explainer(store=store, accounts=accounts),
                watches=watches,
            ),
            "axisor.v1.DeadLetterService": DeadLetterServicer(
                Letters(engine=engine, store=store, accounts=accounts, clock=clock)
            ),
            "axisor.v1.BacktestService": BacktestServicer(
                self._backtests, self._kept_backtests, clock
            ),
            "axisor.v1.PerformanceService": PerformanceServicer(
                Performances(store=store, accounts=accounts, snapshots=snapshots, clock=clock)
            ),
            "axisor.v1.SimulatorService": SimulatorServicer(
                Simulating(
                    accounts=accounts,
                    venues=around.venues,
                    once=self.once,
                    recorder=self.identity.recorder,
                )
            ),
            "axisor.v1.SystemService": SystemServicer(status, self.halts),
            **self.identity.servicers,
            **telling(
                store=whole,
                vault=vault,
                clock=clock,
                ids=ids,
                once=self.once,
                accounts=accounts,
                notifiers=notifiers or {},
                hint=told,
            ),
            "axisor.v1.AuditService": AuditServicer(
                Audits(store=store, accounts=accounts, hub=self.hub), clock
            ),
        }
        self.confirming = Confirming(
            engine=engine,
            store=store,
            accounts=accounts,
            clock=clock,
            ids=ids,
            digest=self.identity.personal.digest,
            waits=waits,
        )
        servicers["axisor.v1.ConfirmationService"] = ConfirmationServicer(
            confirming=self.confirming,
            within=Within(gate=self.identity.gate, servicers=servicers, methods=contract()),
            accounts=accounts,
            watches=watches,
        )
        self.servicers: Mapping[str, object] = servicers
        registry.register(CoreCollector(engine.status, lambda: self.hub.watchers))
        self.pipeline = Pipeline(
            gate=self.identity.gate,
            cursors=self.identity.cursors,
            mode_of=accounts.expect_mode,
            clock=clock,
            ids=ids,
            metrics=CallMetrics(registry),
        )

    def work(self) -> Iterable[Coroutine[None, None, None]]:
        """Return what goes on beside the calls, each until it is cancelled."""
        return (
            self.halts.watch(),
            self.confirming.run(),
            self._nearness.run(),
            self.identity.refusals.run(),
            self.identity.people.letters.run(),
        )

    async def aclose(self) -> None:
        """Write what waits to be written, and close what the use cases opened."""
        await self._kept_backtests.aclose()
        await self._backtests.aclose()
        with suppress(StoreError):  # a database that is away keeps nobody from ending
            await self.identity.refusals.flush()
        await self._market.aclose()
