"""Real processes for tests: the `axisor` command, simulators and cores, ended by their own id.

They are forked by a process that has imported them (`nursery`), except a core whose variables
change what Python imports.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Protocol

from msgspec import Struct

from axisor.client import Client
from axisor.intents import OpenPosition
from axisor.model import Mode, Side
from axisor.ports import Confirmed, Credentials, Lane, Secret
from axisor_lnmarkets.account import LnMarketsAccount
from axisor_lnmarkets.address import address_of
from axisor_lnmarkets.limiter import PUBLIC, Limiter
from axisor_lnmarkets.sim.clock import SystemClock
from axisor_lnmarkets.sim.remote import Remote
from tests.support.nursery import Nursery, may_fork, ours

PATIENCE_S = 40.0
"""How long a process may take to say or do what is waited for, on a busy machine."""

SOONEST_S, LATEST_S = 0.05, 0.5
"""Between two looks there is a tenth of what was waited, within these: who waits for a fence of
half a minute need not ask for the whole journal three hundred times.
"""

KEY, SECRET, PASSPHRASE = "canary-key-3f9a1", "canary-secret-77c2e", "canary-phrase-b04d8"
"""The simulator's key in every test; the words are looked for where they must not be."""

COMMAND = (sys.executable, "-m", "axisor_cli")


class Running(Protocol):
    """A process that was started, however it was started."""

    @property
    def pid(self) -> int:
        """Return its id."""
        ...

    @property
    def returncode(self) -> int | None:
        """Return its exit code, None while it runs."""
        ...

    @property
    def stdout(self) -> asyncio.StreamReader | None:
        """Return its standard output."""
        ...

    def send_signal(self, signal: int) -> None:
        """Send it a signal."""
        ...

    def kill(self) -> None:
        """Send it SIGKILL."""
        ...

    async def wait(self) -> int:
        """Wait for its end and return its exit code."""
        ...


class Done(Struct, frozen=True):
    """A command that has ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return its standard output as JSON."""
        return json.loads(self.out)


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process: this one's, without settings of whoever runs tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AXISOR_")}
    return {**kept, **more}


async def axisor(*words: str, stdin: str = "", timeout_s: float = PATIENCE_S) -> Done:
    """Run one `axisor` command to its end."""
    process = await ours().fork(words, environment(), stdin=stdin.encode())
    try:
        async with asyncio.timeout(timeout_s):
            out, err = await process.communicate()
    finally:
        await end(process)
    return Done(process.returncode or 0, out.decode(), err.decode())


async def end(process: Running) -> int:
    """Ask a process to stop, make sure that it does, and return its exit code."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(PATIENCE_S / 4):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
    return process.returncode or 0


async def until(
    true: Callable[[], Any],
    what: str,
    *,
    timeout_s: float = PATIENCE_S,
    every_s: float | None = None,
) -> Any:
    """Wait until something (a function, perhaps async) is true, and return it.

    Looks every so many seconds, or ever more rarely. Raises AssertionError after `timeout_s`.
    """
    begun = time.monotonic()
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                found = true()
                if asyncio.iscoroutine(found):
                    found = await found
                if found:
                    return found
                await asyncio.sleep(every_s or pause_after(time.monotonic() - begun))
    except TimeoutError:
        raise AssertionError(f"not within {timeout_s:g} s: {what}") from None


def pause_after(waited_s: float) -> float:
    """Return the seconds until the next look, after so many of waiting."""
    return min(max(waited_s / 10, SOONEST_S), LATEST_S)


class Simulator:
    """A simulator that runs; steered as `axisor sim` does it."""

    def __init__(self, url: str, process: Running) -> None:
        self.url, self.process = url, process

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return await asyncio.to_thread(Remote.of(self.url, None).call, method, path, body)

    async def price(self, dollars: int) -> None:
        """Print a price and hold it."""
        await self._call("POST", "price", {"action": "set", "price": dollars})

    async def fault(self, operation: str, mode: str, *, times: int | None = 1) -> None:
        """Let requests of an operation go wrong."""
        await self._call("POST", "faults", {"operation": operation, "mode": mode, "times": times})

    async def faults(self) -> list[dict[str, Any]]:
        """Return the faults still in force."""
        found: list[dict[str, Any]] = (await self._call("GET", "faults"))["faults"]
        return found

    async def open_long(self, *, quantity: int = 2_500, leverage: int = 25) -> str:
        """Open a long at the venue with the key, past every core; return its id."""
        clock = SystemClock()
        account = LnMarketsAccount(
            address_of("sim", self.url),
            Credentials(Secret(KEY), Secret(SECRET), Secret(PASSPHRASE)),
            clock=clock,
            public=Limiter(clock, PUBLIC),
            rng=Random(1),
        )
        try:
            action = OpenPosition(side=Side.BUY, leverage=Decimal(leverage), quantity=quantity)
            now_ms = int(clock.now().timestamp() * 1000)
            answer = await account.send(action, signed_at_ms=now_ms, lane=Lane.COMMAND)
        finally:
            await account.aclose()
        assert isinstance(answer, Confirmed), answer
        return answer.venue_id

    async def ledger(self, *requests: str) -> list[dict[str, Any]]:
        """Return the requests it accepted, all or those of some kinds."""
        rows = (await self._call("GET", "ledger?after=0"))["rows"]
        return [row for row in rows if not requests or row["request"] in requests]


@asynccontextmanager
async def simulator(
    folder: Path, *options: str, balance: int = 1_000_000
) -> AsyncIterator[Simulator]:
    """Serve a simulated venue until the block ends; the price is 100,000 unless options say."""
    words = ("sim", "serve", "--listen", "127.0.0.1:0", "--key", KEY, "--secret", "-")
    more = ("--passphrase", "-", "--balance", str(balance), "--fee-tier", "off", *options)
    secrets = f"{SECRET}\n{PASSPHRASE}\n".encode()
    with (folder / "sim.log").open("ab") as log:
        process = await ours().fork(
            (*words, *more), environment(), stdin=secrets, stderr=log.fileno()
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = await process.stdout.readline()
        assert line, (folder / "sim.log").read_text()
        yield Simulator(json.loads(line)["url"], process)
    finally:
        await end(process)


class Core:
    """A core in a data directory, which may be started, killed and started again."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        name: str = "core",
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.data, self.log = folder / name, folder / f"{name}.log"
        self.options, self.variables = options, dict(variables or {})
        self.process: Running | None = None
        self.listen = "127.0.0.1:0"
        self._config = str(folder / "config")

    async def start(self, *, failpoint: str = "") -> None:
        """Start it and wait until it says where it serves; it serves there again ever after."""
        variables = {**self.variables, "XDG_CONFIG_HOME": self._config}
        if failpoint:
            variables["AXISOR_FAILPOINT"] = failpoint
        words = ("up", "--data-dir", str(self.data), "--listen", self.listen, "-o", "json")
        self.process = await self.launch((*words, *self.options), environment(**variables))
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = await self.process.stdout.readline()
        assert line, self.log.read_text()[-2_000:]
        self.listen = json.loads(line)["address"]

    async def launch(self, words: tuple[str, ...], variables: dict[str, str]) -> Running:
        """Begin a process of the `axisor` command that logs where this core does."""
        return await self.begin(words, variables, ours() if may_fork(variables) else None)

    async def begin(
        self, words: tuple[str, ...], variables: dict[str, str], nursery: Nursery | None
    ) -> Running:
        """Begin it by fork, or as an operator does where there is no nursery for it."""
        with self.log.open("ab") as log:
            if nursery is not None:
                return await nursery.fork(words, variables, stderr=log.fileno())
            return await asyncio.create_subprocess_exec(
                *COMMAND, *words, stdin=DEVNULL, stdout=PIPE, stderr=log, env=variables
            )

    async def killed(self) -> None:
        """Wait until it has killed itself, as a failpoint tells it to."""
        assert self.process is not None
        async with asyncio.timeout(PATIENCE_S):
            code = await self.process.wait()
        assert code == -signal.SIGKILL, (code, self.log.read_text()[-2_000:])

    async def kill(self) -> None:
        """Kill it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """End it in good order."""
        return 0 if self.process is None else await end(self.process)

    def client(self, **options: Any) -> Client:
        """Return a client of it by what lies in its data directory."""
        return Client.of_data_dir(self.data, **options)

    async def cli(self, *words: str, stdin: str = "") -> Done:
        """Run a command against it."""
        return await axisor("--data-dir", str(self.data), *words, stdin=stdin)


@asynccontextmanager
async def core(
    folder: Path,
    *options: str,
    failpoint: str = "",
    name: str = "core",
    variables: Mapping[str, str] | None = None,
) -> AsyncIterator[Core]:
    """Run a core until the block ends."""
    running = Core(folder, *options, name=name, variables=variables)
    try:
        await running.start(failpoint=failpoint)
        yield running
    finally:
        await running.stop()


async def add_account(client: Client, url: str, *, mode: Mode = Mode.SIM, label: str = "t") -> str:
    """Add an account at a simulator and return its id."""
    made = await client.accounts.create(
        venue="lnmarkets",
        network="sim",
        mode=mode,
        label=label,
        base_url=url,
        credentials=Credentials(Secret(KEY), Secret(SECRET), Secret(PASSPHRASE)),
    )
    return made.id
