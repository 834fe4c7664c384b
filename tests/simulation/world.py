"""One seed's world: cores that are killed and frozen, a venue with faults, prices that fall."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextvars import Context
from functools import cache, partial
from typing import Any

import msgspec

import axisor_logbook
import axisor_margin_guard
from axisor.events import RunState
from axisor.exchange.requests import NewTrade
from axisor.intents import Action
from axisor.model import Leash, Mode, OrderType, Side
from axisor.ports import Credentials, Secret
from axisor_server.adapters.memory import MemoryVault
from axisor_server.domain.intent import encode_action
from axisor_server.domain.journal import Entry, to_us
from axisor_server.domain.records import AccountRecord, LeaseRecord, RunRecord
from axisor_server.engine import EngineSettings
from axisor_server.engine.keys import seal_key
from axisor_server.plugins import Plugins
from axisor_server.ports import Transaction
from tests.simulation.exchange import Ending, SimExchange
from tests.simulation.faults import Faults
from tests.simulation.glass import Disks
from tests.simulation.loop import START, SimLoop
from tests.simulation.process import Process
from tests.simulation.records import Violation
from tests.simulation.risk import SECOND_CHANCE_S, RiskMeter
from tests.simulation.store import SharedDatabase
from tests.simulation.venue import SimVenue
from tests.simulation.workload import PRICE, AccountPlan, Workload, workload

SENT = (
    "SELECT id, epoch FROM intents WHERE account = ? AND signed_us = ? AND action = ?"
    " AND state != 'planned'"
)
EPOCH = "SELECT epoch FROM leases WHERE account = ?"
REBOOT_S = (0.3, 9.0)


class Committed(msgspec.Struct, frozen=True):
    """A journal entry and the true time at which it became durable."""

    at: float
    entry: Entry


@cache
def plugins() -> Plugins:
    """Return the real guard and the logbook, as a core has them."""
    host = Plugins()
    host.register("margin-guard", axisor_margin_guard)
    host.register("logbook", axisor_logbook)
    return host


@cache
def _vault() -> tuple[MemoryVault, dict[str, bytes]]:
    return MemoryVault(), {}


def sealed(account: str) -> bytes:
    """Return an account's sealed key; its public part names the account."""
    vault, known = _vault()
    if account not in known:
        key = Credentials(Secret(account), Secret("secret"), Secret("passphrase"))
        known[account] = seal_key(vault, key, account=account, network="signet")
    return known[account]


class World:
    """Everything there is in one seed."""

    def __init__(
        self, seed: int, *, only: Iterable[str] | None = None, without: Iterable[str] = ()
    ) -> None:
        self.seed = seed
        self.loop = SimLoop(random.Random(f"{seed}/loop"))
        self.faults = Faults(seed, only=only, without=without)
        self.plan: Workload = workload(seed)
        self.exchange = SimExchange(self.loop, seed, PRICE)
        self.venue = SimVenue(self.exchange, self.faults, seed)
        self.database = SharedDatabase(self.loop, self.faults, seed)
        self.plugins = plugins()
        self.vault = _vault()[0]
        self.chance = random.Random(f"{seed}/world")
        self.make: Callable[[World, str, int], Process] = Process
        self.processes: dict[str, Process] = {}
        self.lives: dict[str, int] = {}
        self._born: list[Process] = []
        self.kills = self.pauses = 0
        self.conflated = 0
        self.failpoint_hits: dict[str, int] = {}
        self.violations: list[Violation] = []
        self.journal: list[Committed] = []
        self.disks = Disks(self.loop.time)
        self.leases: list[tuple[float, LeaseRecord]] = []
        self.risk = RiskMeter(self)
        self.trace: list[str] | None = None
        self._digest = hashlib.sha256()
        self.exchange.say = self.say
        self.venue.find_intent = self._find_intent
        self.venue.disturbed = self.risk.disturb
        self.venue.prices_disturbed = partial(self.risk.disturb_all, "price")
        self.exchange.on_touch = partial(self.risk.disturb, kind="touch")
        self.exchange.on_end = self._ended
        self.database.on_entries = self._committed
        self.database.on_lease = self._leased

    # ---------------------------------------------------------------- telling

    def say(self, *words: str) -> None:
        """Write an event of this world into its trace."""
        line = f"{self.loop.time():.6f} {' '.join(words)}"
        self._digest.update(line.encode())
        if self.trace is not None:
            self.trace.append(line)

    @property
    def hash(self) -> str:
        """Return the hash of everything that happened so far."""
        return self._digest.hexdigest()

    def accuse(self, kind: str, detail: str) -> None:
        """Write down that a promise was broken now."""
        self.violations.append(Violation(kind, self.loop.time(), detail))
        self.say("VIOLATION", kind, detail)

    def _committed(self, entries: Sequence[Entry]) -> None:
        now = self.loop.time()
        for entry in entries:
            self.journal.append(Committed(now, entry))
            self._digest.update(entry.hash)
            if self.trace is not None:
                text = entry.payload.decode()
                self.trace.append(f"{now:.6f} {entry.stream[-4:]} #{entry.sequence} {text[:400]}")

    def _leased(self, lease: LeaseRecord) -> None:
        self.leases.append((self.loop.time(), lease))
        self.say("lease", lease.account[-4:], lease.owner, str(lease.epoch))

    def _ended(self, ending: Ending) -> None:
        calm = self.risk.ended(ending.account, ending.position, ending.end)
        if calm is not None and calm >= SECOND_CHANCE_S:
            self.accuse("missed", f"{ending.position} was liquidated after {calm:.1f} calm s")

    def _find_intent(self, account: str, action: Action, signed_at_ms: int) -> tuple[str, bool]:
        connection = self.database.connection
        values = (account, signed_at_ms * 1_000, encode_action(action))
        row = connection.execute(SENT, values).fetchone()
        if row is None:
            deed = self.disks.find(account, action, signed_at_ms * 1_000)
            if deed is None:
                return "", False
            row = deed.id, deed.epoch
        (epoch,) = connection.execute(EPOCH, (account,)).fetchone()
        return row[0], epoch != row[1]

    # ---------------------------------------------------------------- making

    def engine_settings(self, owner: str) -> EngineSettings:
        """Return the settings of a core."""
        return EngineSettings(
            owner=owner,
            max_mode=Mode.LIVE,
            back_date_ms=self.plan.back_date_ms,
            lease_ms=self.plan.lease_ms,
            renew_ms=self.plan.renew_ms,
            share_ms=self.plan.poll_ms,
            command_poll_ms=self.plan.poll_ms,
        )

    def setup(self) -> None:
        """Open accounts and positions at the venue, and store them with their running guards."""
        for plan in self.plan.accounts:
            account = self.exchange.market.open_account(plan.id, plan.balance)
            for position in plan.positions:
                order = NewTrade(
                    type=OrderType.MARKET,
                    side=Side.SELL if position.short else Side.BUY,
                    leverage=position.leverage,
                    quantity=position.quantity,
                )
                account.isolated.new_trade(START, self.exchange.quote, order)
            self.exchange.changed(plan.id)
            self.database.setup(lambda tx, plan=plan: _store(tx, plan))  # type: ignore[misc]

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something that belongs to no process."""
        self.loop.create_task(work, context=Context())

    def boot(self, name: str) -> None:
        """Begin another life of a replica."""
        life = self.lives.get(name, 0) + 1
        self.lives[name] = life
        process = self.make(self, name, life)
        self.processes[name] = process
        self._born.append(process)
        self.say("boot", process.name)
        process.boot()

    def end(self, process: Process, *, why: str) -> None:
        """Kill a process and have it come back some time later."""
        if process.dead:
            return
        self.kills += 1
        self.risk.disturb_all("takeover")
        name = process.name.partition(".")[0]
        self.say("end", process.name, why)
        process.kill(last_words=self.chance.random() < 0.5)
        wait = 1.0 if self.faults.healed else self.chance.uniform(*REBOOT_S)
        self.loop.call_later(wait, self.boot, name, context=Context())

    def close(self) -> None:
        """End every task and let go of the memory."""
        for process in self.processes.values():
            process.kill(last_words=False)
        self.loop.drain([self.loop.outside, *self._born])
        self.loop.close()
        self.database.close()


def _store(tx: Transaction, plan: AccountPlan) -> None:
    now_us = to_us(START)
    account = AccountRecord(
        id=plan.id,
        venue="simx",
        network="signet",
        mode=Mode.LIVE,
        label=plan.id[-2:],
        created_us=now_us,
        updated_us=now_us,
    )
    run = RunRecord(
        id=plan.run,
        account=plan.id,
        strategy="margin-guard",
        label="guard",
        config=msgspec.json.encode(plan.config),
        leash=msgspec.json.encode(Leash()),
        state=RunState.RUNNING,
        created_us=now_us,
        updated_us=now_us,
    )
    tx.put_account(account, revision=None)
    tx.put_sealed(plan.id, sealed(plan.id))
    tx.put_run(run, revision=None)
