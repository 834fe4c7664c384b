"""What Prometheus reads: calls, their time, watchers, and how the accounts are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from axisor.events import Standing
from axisor_server.domain.halting import STRICTNESS
from axisor_server.engine.answers import EngineStatus

CONTENT = "text/plain; version=0.0.4; charset=utf-8"
MOST_HEAD = 8_192
PATIENCE_S = 5.0
CIRCUITS = {"closed": 0.0, "half_open": 0.5}
"""What a breaker counts as; any other state is open."""
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class CallMetrics:
    """Counts calls by method and code, and measures how long they take."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("method", "code")
        self._calls = Counter("axisor_rpc_calls", "Calls answered.", labels, registry=registry)
        self._seconds = Histogram(
            "axisor_rpc_seconds",
            "How long calls took.",
            ("method",),
            buckets=BUCKETS,
            registry=registry,
        )
        self._kept: dict[tuple[str, str], tuple[Counter, Histogram]] = {}

    def record(self, method: str, code: str, elapsed_ms: int) -> None:
        """Count a call that ended."""
        found = self._kept.get((method, code))
        if found is None:  # the library makes each label a text and takes a lock to find it
            found = self._calls.labels(method, code), self._seconds.labels(method)
            self._kept[method, code] = found
        calls, seconds = found
        calls.inc()
        seconds.observe(elapsed_ms / 1000)


class LoopMetrics:
    """Measures how late the event loop comes round."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "axisor_loop_lag_seconds",
            "How late the event loop came round.",
            buckets=BUCKETS,
            registry=registry,
        )

    def lagged(self, lag_ms: int) -> None:
        """Count one round of the loop."""
        self._seconds.observe(lag_ms / 1000)


class BackupMetrics:
    """Says when the last good backup was taken, how large it was, how long it took, what failed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._good = Gauge(
            "axisor_backup_seconds",
            "When the last good backup was taken, in seconds since 1970.",
            registry=registry,
        )
        self._size = Gauge("axisor_backup_bytes", "How large it is.", registry=registry)
        self._took = Gauge("axisor_backup_duration_seconds", "How long it took.", registry=registry)
        self._failures = Counter(
            "axisor_backup_failures", "Backups that failed.", registry=registry
        )

    def record(self, *, good_us: int | None, size: int, took_ms: int, failed: bool) -> None:
        """Note how a try went."""
        if failed:
            self._failures.inc()
        if good_us is not None:
            self._good.set(good_us / 1_000_000)
            self._size.set(size)
            self._took.set(took_ms / 1_000)


class CopyMetrics:
    """Says how far the receiver of checkpoints is, and how often it was not there."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._good = Gauge(
            "axisor_checkpoints_copied_seconds",
            "When a receiver last took checkpoints, in seconds since 1970.",
            registry=registry,
        )
        self._count = Counter(
            "axisor_checkpoints_copied", "Checkpoints that it took.", registry=registry
        )
        self._failures = Counter(
            "axisor_checkpoint_copy_failures", "Tries that it did not take.", registry=registry
        )

    def copied(self, *, time: datetime, count: int) -> None:
        """Note that the receiver acknowledged so many."""
        self._good.set(time.timestamp())
        self._count.inc(count)

    def failed(self) -> None:
        """Note that a try failed."""
        self._failures.inc()


class CoreCollector(Collector):
    """Reads the engine and the hub whenever Prometheus asks."""

    def __init__(self, status: Callable[[], EngineStatus], watchers: Callable[[], int]) -> None:
        self._status = status
        self._watchers = watchers

    def collect(self) -> Iterator[Metric]:
        """Yield one family a figure."""
        status = self._status()
        yield GaugeMetricFamily("axisor_watchers", "Open watches.", value=self._watchers())
        labels = ["account", "mode"]
        acting = GaugeMetricFamily("axisor_account_acting", "1 while it acts.", labels=labels)
        intents = GaugeMetricFamily("axisor_open_intents", "Not settled yet.", labels=labels)
        sequence = GaugeMetricFamily("axisor_journal_sequence", "Events written.", labels=labels)
        circuits = GaugeMetricFamily(
            "axisor_venue_circuit_open",
            "1 while a class of the venue's reads is given up, 0.5 while it is tried.",
            labels=["account", "mode", "circuit"],
        )
        standing = GaugeMetricFamily(
            "axisor_account_standing",
            "1 for the standing that an account has.",
            labels=[*labels, "standing"],
        )
        exposed = GaugeMetricFamily("axisor_positions", "Open positions.", labels=labels)
        covered = GaugeMetricFamily("axisor_positions_protected", "Those protected.", labels=labels)
        yield GaugeMetricFamily(
            "axisor_halt",
            "The halt of all accounts: 0 none, 1 risk, 2 flatten, 3 all.",
            value=STRICTNESS.index(status.halt.level),
        )
        for account in status.accounts:
            names = [account.account, account.mode.value]
            acting.add_metric(names, int(account.acting))
            intents.add_metric(names, account.open_intents)
            sequence.add_metric(names, account.sequence)
            for circuit in () if account.budget is None else account.budget.circuits:
                value = CIRCUITS.get(circuit.state, 1.0)
                circuits.add_metric([*names, circuit.name], value)
            exposed.add_metric(names, account.positions)
            covered.add_metric(names, account.protected)
            for each in Standing:
                standing.add_metric([*names, each.value], int(each is account.standing))
        yield from (acting, intents, sequence, standing, exposed, covered, circuits)
        age = GaugeMetricFamily(
            "axisor_price_age_seconds", "Age of the latest tick.", labels=["venue", "network"]
        )
        for feed in status.feeds:
            if feed.age_ms is not None:
                age.add_metric([feed.venue, feed.network], feed.age_ms / 1000)
        yield age


async def serve(registry: CollectorRegistry, host: str, port: int) -> asyncio.Server:
    """Answer `GET /metrics` over plain HTTP, and nothing else."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_respond(head, registry))
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            return  # Whoever it was did not ask as HTTP asks.
        finally:
            writer.close()

    return await asyncio.start_server(answer, host, port, limit=MOST_HEAD)


def _respond(head: bytes, registry: CollectorRegistry) -> bytes:
    found = head.startswith((b"GET /metrics ", b"GET /metrics?"))
    body = generate_latest(registry) if found else b"Only /metrics is here.\n"
    status = "200 OK" if found else "404 Not Found"
    lines = (
        f"HTTP/1.1 {status}",
        f"Content-Type: {CONTENT}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
