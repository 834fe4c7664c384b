"""Sends what is written down, each message until its service has it or it is given up.

A message is marked before it leaves and after its service has it. A core that ends between the two
leaves one whose outcome is unknown: it is sent again with the same id where a repeat does no harm.
One core sends at a time. Each channel is served by itself: one that hangs keeps no other waiting,
and none of it keeps a guard waiting.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec
import structlog
from msgspec.structs import replace

from axisor.errors import (
    AddressForbidden,
    AxisorError,
    DeliveryDelayed,
    DeliveryRefused,
    DeliveryUnknown,
    NotifierNotFound,
    StoreError,
)
from axisor.notices import Notifier, Target, Way
from axisor.ports import Clock, Secret
from axisor.states import DeliveryState
from axisor_server.domain.journal import to_us
from axisor_server.domain.telling.pacing import (
    OPEN_AFTER,
    Breaker,
    Failed,
    Sent,
    Turn,
    begun,
    ended,
    next_turn,
)
from axisor_server.domain.telling.records import (
    CHANNEL,
    DELIVERY,
    WAITING,
    Channel,
    Delivery,
    channel_document,
    delivery_document,
    read,
)
from axisor_server.domain.telling.saying import added
from axisor_server.ports import Conflict, Reader, Sealer, Store, Transaction
from axisor_server.services.telling.failing import tell_others
from axisor_server.services.telling.following import LEASE, rules_of

LOOK_S = 1.0
MOST_S = 30.0
"""How long one message may take to be sent."""

PURPOSE = "notification channel"

log = structlog.get_logger("axisor.telling")


class Sender:
    """Sends messages while `epoch` says that this core is the one that does."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        vault: Sealer,
        notifiers: Mapping[str, Notifier],
        way: Way,
        epoch: Callable[[], int | None],
        chance: Callable[[], float],
    ) -> None:
        self._store = store
        self._clock = clock
        self._vault = vault
        self._notifiers = notifiers
        self._way = way
        self._epoch = epoch
        self._chance = chance
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._breakers: dict[str, Breaker] = {}
        self._sent: dict[str, deque[int]] = {}
        self._hinted = asyncio.Event()

    def hint(self) -> None:
        """Look soon: something was written."""
        self._hinted.set()

    async def run(self) -> None:
        """Send what waits until cancelled."""
        try:
            while True:
                self._hinted.clear()
                try:
                    await self.round()
                except StoreError as error:
                    log.warning("messages wait for the database", error=error.message)
                await self._pause()
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def round(self) -> None:
        """Begin a turn of each channel that has something to send and is not at it."""
        if self._epoch() is None:
            return
        for id, waiting in (await self._store.read(_waiting)).items():
            if id not in self._busy and not self._breaker(id).is_open(self._now_us()):
                task = asyncio.create_task(self._serve(id, waiting))
                self._busy[id] = task
                task.add_done_callback(partial(self._done, id))

    def _done(self, id: str, _: asyncio.Task[None]) -> None:
        del self._busy[id]

    async def settle(self) -> None:
        """Wait until no channel is at it."""
        while self._busy:
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    # ---------------------------------------------------------------- one channel

    async def _serve(self, id: str, waiting: Sequence[Delivery]) -> None:
        try:
            channel = await self._store.read(lambda view: _channel(view, id))
            if channel is None or channel.paused:
                await self._drop(waiting)
                return
            waiting = [await self._recovered(each) for each in waiting]
            await self._send_all(channel, [each for each in waiting if not each.state.is_over])
        except Conflict:
            log.info("another core sends now", channel=id)
        except StoreError as error:
            log.warning("a channel waits for the database", channel=id, error=error.message)

    async def _send_all(self, channel: Channel, waiting: list[Delivery]) -> None:
        notifier = self._notifiers.get(channel.notifier)
        per_minute = 60 if notifier is None else notifier.per_minute
        times = self._sent.setdefault(channel.id, deque(maxlen=max(per_minute, 1) + 1))
        while self._epoch() is not None:
            turn = next_turn(waiting, tuple(times), per_minute, self._now_us())
            if turn is None or self._breaker(channel.id).is_open(self._now_us()):
                return
            outcome = await self._turn(channel, notifier, turn)
            if isinstance(outcome, Sent):
                times.append(self._now_us())
                self._hinted.set()
            gone = {turn.first.id, *(each.id for each in turn.others)}
            waiting = [each for each in waiting if each.id not in gone]
            if isinstance(outcome, Failed):
                return

    async def _turn(self, channel: Channel, notifier: Notifier | None, turn: Turn) -> Sent | Failed:
        marked = begun(turn.first, self._now_us())
        marked = await self._put(marked)
        outcome = await self._send(channel, notifier, marked, others=len(turn.others))
        jitter = int(self._chance() * 1_000)
        now_us = self._now_us()
        after = ended(marked, outcome, now_us, jitter=jitter)
        before = self._breaker(channel.id)
        self._breakers[channel.id] = before.after(outcome, now_us, jitter=jitter)
        await self._store.write(lambda tx: self._end(tx, channel, after, outcome, turn, now_us))
        log.info(
            "a message was sent" if isinstance(outcome, Sent) else "a message was not taken",
            channel=channel.id,
            delivery=after.id,
            state=after.state.value,
            error=after.error,
        )
        return outcome

    async def _send(
        self, channel: Channel, notifier: Notifier | None, delivery: Delivery, *, others: int
    ) -> Sent | Failed:
        if notifier is None:
            missing = NotifierNotFound(f"No enabled plugin offers {channel.notifier}.")
            return Failed(missing.message, wait_s=60)
        try:
            notice = delivery.notice
            if others:
                language = await self._store.read(
                    lambda view: rules_of(view, channel.owner, channel.tenant).language
                )
                step = added(notice.next_step, language, "more", others)
                notice = replace(notice, next_step=step)
            target = self.target(channel)
            async with asyncio.timeout(MOST_S):
                receipt = await notifier.send(notice, target, self._way)
        except DeliveryDelayed as error:
            return Failed(error.message, wait_s=error.retry_after_s)
        except (DeliveryRefused, AddressForbidden) as error:
            return Failed(error.message, final=True)
        except (DeliveryUnknown, TimeoutError) as error:
            text = error.message if isinstance(error, DeliveryUnknown) else "It took too long."
            return Failed(text, final=not notifier.duplicates_harmless)
        except AxisorError as error:
            return Failed(error.message)
        except Exception as error:  # the boundary: a plugin may raise anything, and its words
            return Failed(f"The notifier failed with {type(error).__name__}.")  # may be secret
        return Sent(receipt.id[:200])

    def target(self, channel: Channel) -> Target:
        """Return where a channel sends, its secrets open. Raises VaultSealBroken."""
        plain = self._vault.unseal(channel.sealed, purpose=PURPOSE, bound=channel.bound)
        secrets = msgspec.json.decode(plain, type=dict[str, str])
        return Target(channel.values, {name: Secret(text) for name, text in secrets.items()})

    # ---------------------------------------------------------------- what is written

    def _end(
        self,
        tx: Transaction,
        channel: Channel,
        after: Delivery,
        outcome: Sent | Failed,
        turn: Turn,
        now_us: int,
    ) -> None:
        self._hold(tx)
        _replace(tx, after)
        if isinstance(outcome, Sent):
            for other in turn.others:
                summed = replace(other, state=DeliveryState.SUMMARIZED, changed_us=now_us)
                _replace(tx, summed)
        trouble = outcome.error if isinstance(outcome, Failed) else ""
        found = tx.document(CHANNEL, channel.id)
        if found is None:
            return
        present = read(found, Channel)
        if present.trouble != trouble:
            changed = replace(present, trouble=trouble, revision=present.revision + 1)
            tx.put_document(channel_document(changed), revision=present.revision)
        if after.state is DeliveryState.DEAD or self._breaker(channel.id).failures >= OPEN_AFTER:
            tell_others(tx, present, trouble, now_us)

    async def _recovered(self, delivery: Delivery) -> Delivery:
        """Return a message that somebody began to send and never ended as what it is now.

        Only one task serves a channel, so whoever began is gone.
        """
        if delivery.state is not DeliveryState.SENDING:
            return delivery
        channel = await self._store.read(lambda view: _channel(view, delivery.channel))
        notifier = None if channel is None else self._notifiers.get(channel.notifier)
        harmful = notifier is not None and not notifier.duplicates_harmless
        text = "The core ended while it was sent; whether it arrived is not known."
        outcome = Failed(text, final=harmful)
        now_us = self._now_us()
        again = ended(delivery, outcome, now_us, jitter=0)
        if not again.state.is_over:
            again = replace(again, not_before_us=now_us)
        return await self._put(again)

    async def _drop(self, waiting: Sequence[Delivery]) -> None:
        for each in waiting:
            gone = replace(each, state=DeliveryState.DEAD, error="The channel is gone or paused.")
            await self._put(replace(gone, changed_us=self._now_us()))

    async def _put(self, delivery: Delivery) -> Delivery:
        def unit(tx: Transaction) -> Delivery:
            self._hold(tx)
            return _replace(tx, delivery)

        return await self._store.write(unit)

    def _hold(self, tx: Transaction) -> None:
        epoch = self._epoch()
        if epoch is None:
            raise Conflict("another core sends now")
        tx.hold_lease(LEASE, epoch=epoch)

    def _breaker(self, channel: str) -> Breaker:
        return self._breakers.get(channel, Breaker())

    async def _pause(self) -> None:
        slept = asyncio.ensure_future(self._clock.sleep(LOOK_S))
        hinted = asyncio.ensure_future(self._hinted.wait())
        try:
            await asyncio.wait((slept, hinted), return_when=asyncio.FIRST_COMPLETED)
        finally:
            slept.cancel()
            hinted.cancel()

    def _now_us(self) -> int:
        return to_us(self._clock.now())


def _replace(tx: Transaction, delivery: Delivery) -> Delivery:
    newer = replace(delivery, revision=delivery.revision + 1)
    tx.put_document(delivery_document(newer), revision=delivery.revision)
    return newer


def _waiting(view: Reader) -> dict[str, list[Delivery]]:
    found: dict[str, list[Delivery]] = {}
    for document in view.documents(DELIVERY, about=WAITING):
        delivery = read(document, Delivery)
        found.setdefault(delivery.channel, []).append(delivery)
    return found


def _channel(view: Reader, id: str) -> Channel | None:
    document = view.document(CHANNEL, id)
    return None if document is None else read(document, Channel)
