"""One run's runner: the conversation with it, and what of it breaks the rules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import AxisorError, RunnerFault, RunnerUnwanted
from axisor.ports import Clock
from axisor.remote import PROTOCOL, Called, Handled, result_of
from axisor.wire.runners import Beat, Failed, Hello, Said, Told, Welcome
from axisor_server.domain.hosting import HostedRun
from axisor_server.engine.hosts import Answered, Heard, Ready

MOST_IDLE = 20
"""Words that nobody asked for, other than heartbeats in their time, in one conversation."""

SECOND_MS = 1_000


class Patience(Struct, frozen=True, kw_only=True):
    """How long a runner is waited for, in milliseconds.

    Time in which it wanted a processor and had none does not count, up to `starved_ms` at once:
    whoever computes last of all is not at fault where others keep the processors. Nor does time in
    which the core had it stand still, of which there are at most `still_ms` at once.
    """

    start_ms: int = 10_000
    answer_ms: int = 1_000
    starved_ms: int = 30_000
    still_ms: int = 250
    silence_ms: int = 5_000
    again_ms: int = 500
    most_again_ms: int = 30_000


class Mark(Struct, frozen=True):
    """A moment, and how long the runner had until then waited for a processor or stood still."""

    at_ms: int
    waited_ms: int
    stood_ms: int = 0


class Seat:
    """Where the runner of one run sits. `fault` is called with what it does wrong; `faulted` says
    that it was, since it came, and `why` with what.
    """

    def __init__(
        self,
        run: HostedRun,
        *,
        clock: Clock,
        patience: Patience,
        hear: Callable[[Heard], None],
        fault: Callable[[Seat, str], None],
    ) -> None:
        self.run = run
        self.hear = hear
        self.taken = False
        self.faulted = False
        self.why = ""
        self.ended = asyncio.Event()
        self.waited_ms: Callable[[], int] = int
        self.stood_ms: Callable[[], int] = int
        self._clock = clock
        self._patience = patience
        self._fault = fault
        self._words: asyncio.Queue[Told | AxisorError | None] = asyncio.Queue()
        self._asked: Called | None = None
        self._asked_at = Mark(0, 0)
        self._within_ms = 0
        self._heard_ms = 0
        self._heard_at = Mark(0, 0)
        self._idle = 0

    def take(self, hello: Said | None) -> None:
        """Let a runner in. Raises RunnerUnwanted while another is there, RunnerFault for one that
        does not speak this protocol.
        """
        if self.taken:
            raise RunnerUnwanted("The run has its runner already.", run=self.run.id)
        if not isinstance(hello, Hello) or hello.protocol != PROTOCOL:
            raise RunnerFault(f"A runner begins with hello, protocol {PROTOCOL}.", run=self.run.id)
        self.taken, self.faulted, self._asked, self._idle = True, False, None, 0
        self.why = ""
        self.ended = asyncio.Event()
        self._words = asyncio.Queue()
        self._heard_ms = self._clock.monotonic_ms()
        self._words.put_nowait(
            Welcome(
                strategy=self.run.strategy,
                deadline=timedelta(milliseconds=self._patience.answer_ms),
                silence=timedelta(milliseconds=self._patience.silence_ms),
            )
        )
        self.hear(Ready())

    def leave(self) -> None:
        """Let go of the runner."""
        self.taken, self._asked = False, None
        self.ended.set()

    def ask(self, call: Called, within: timedelta) -> None:
        """Send a call to the runner that is there."""
        if self.taken:
            self._within_ms = min(self._patience.answer_ms, round(within.total_seconds() * 1_000))
            self._asked, self._asked_at = call, self.mark()
            self._words.put_nowait(call)

    def mark(self) -> Mark:
        """Return this moment, to tell later what of the time since then is the runner's own."""
        return Mark(self._clock.monotonic_ms(), self.waited_ms(), self.stood_ms())

    def since(self, mark: Mark) -> int:
        """Return the milliseconds since a moment that the runner had a processor or wanted none."""
        waited_ms = max(0, self.waited_ms() - mark.waited_ms)
        stood_ms = max(0, self.stood_ms() - mark.stood_ms)
        passed_ms = self._clock.monotonic_ms() - mark.at_ms
        return passed_ms - min(waited_ms, self._patience.starved_ms) - stood_ms

    def end(self, error: AxisorError | None) -> None:
        """End the conversation, with an error where the runner is to learn of one."""
        self._words.put_nowait(error)

    async def next(self) -> Told | None:
        """Return what is to be said next, None at the end. Raises what it is ended with."""
        word = await self._words.get()
        if isinstance(word, AxisorError):
            raise word
        return word

    def said(self, said: Said | None) -> None:
        """Judge what the runner says."""
        now_ms = self._clock.monotonic_ms()
        early = now_ms - self._heard_ms < SECOND_MS // 2
        self._heard_ms = now_ms
        asked = self._asked
        match said:
            case Handled() if asked is not None and said.sequence == asked.sequence:
                self._asked = None
                self._answered(said)
            case Failed() if asked is not None and said.sequence == asked.sequence:
                self._fault(self, f"its strategy broke: {said.text}")
            case Beat() if not early:
                self._idle = max(0, self._idle - 1)
            case _:  # late, again, or too often: it counts for nothing
                self._idle += 1
                if self._idle > MOST_IDLE:
                    self._fault(self, "it says too much that nobody asked for")

    def overdue(self) -> str:
        """Return what the runner fails to say in time, empty where nothing."""
        if not self.taken:
            return ""
        if self._heard_at.at_ms != self._heard_ms:  # not at each word: of those there may be many
            self._heard_at = replace(self.mark(), at_ms=self._heard_ms)
        if self._asked is not None and self.since(self._asked_at) > self._within_ms:
            return f"it did not answer within {self._within_ms} ms"
        if self.since(self._heard_at) > self._patience.silence_ms:
            return f"it was silent for {self._patience.silence_ms} ms"
        return ""

    def _answered(self, said: Handled) -> None:
        try:
            result = result_of(said)
        except ValueError as error:
            self._fault(self, str(error))
            return
        self.hear(Answered(said.sequence, result))
