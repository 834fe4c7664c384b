"""Keys are changed under a full database that stays readable, wherever the change is cut off."""

from __future__ import annotations

import itertools
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.support.sealed import ACCOUNTS, PEOPLE, SECRETS, Sealed

from axisor.errors import VaultKeyInUse, VaultSealBroken
from axisor_server.adapters.database import sqlite_store
from axisor_server.adapters.memory import VirtualClock
from axisor_server.adapters.vault import AesVault
from axisor_server.domain.custody import REWRAP, decode_progress
from axisor_server.domain.personal import PERSONAL
from axisor_server.ports import Store, Transaction
from axisor_server.services.custody import Custody, check_unused, references

T = TypeVar("T")
OLD, NEW, LATER = b"o" * 32, b"n" * 32, b"l" * 32
ROWS = len(ACCOUNTS) + len(PEOPLE) + len(SECRETS) + 1
"""Records that a vault key wraps: exchange keys, keys of persons, signing keys, the house's."""

ALL = ROWS + len(PEOPLE)
"""Records that are looked at, one in each transaction: the persons' own documents too."""


class Killed(BaseException):
    """The process is gone."""


class Mortal:
    """A store whose process dies at its n-th write, before that is durable or right after."""

    def __init__(self, store: Store, *, dies_at: int, after: bool) -> None:
        self._store = store
        self._left = dies_at
        self._after = after

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        self._left -= 1
        if self._left < 0 and not self._after:
            raise Killed
        done = await self._store.write(unit)
        if self._left < 0:
            raise Killed
        return done

    async def read(self, unit: Any) -> Any:
        return await self._store.read(unit)


def custody(store: Any, vault: AesVault, *, batch: int = 100) -> Custody:
    return Custody(store=store, ring=vault, clock=VirtualClock(), batch=batch)


async def filled(store: Store) -> Sealed:
    made = Sealed(store, AesVault(OLD), VirtualClock())
    await made.fill(AesVault(OLD))
    return made


async def counts(store: Store, vault: AesVault) -> list[int]:
    """Return how many records need the key that seals, then each other."""
    return [each.records for each in await custody(store, vault).reports()]


@pytest.mark.parametrize(
    ("dies_at", "after"), [(0, True), (1, False)], ids=["once-durable", "before-the-next"]
)
async def test_killed_at_every_row_everything_stays_readable_and_is_finished_later(
    store: Store, dies_at: int, *, after: bool
):
    sealed = await filled(store)
    turn = AesVault(NEW, OLD)
    kills = 0
    while True:
        mortal = Mortal(store, dies_at=dies_at, after=after)
        try:
            await custody(mortal, turn, batch=1).rewrap()
        except Killed:
            kills += 1
        else:
            break
        await sealed.check(turn)
        progress = await store.read(lambda view: decode_progress(view.meta(REWRAP)))
        if progress.done:
            break

    done = await custody(store, turn).rewrap()

    assert kills in (ALL, ALL + 1)
    assert done.wrapped == ROWS
    assert await counts(store, turn) == [ROWS, 0]
    await sealed.check(AesVault(NEW))


async def test_a_unit_that_dies_inside_its_transaction_leaves_row_and_progress_together(
    store: Store,
):
    sealed = await filled(store)
    turn = AesVault(NEW, OLD)

    class Dying:
        """A unit that dies after it wrote the row and before it wrote the progress."""

        async def write(self, unit: Callable[[Any], T]) -> T:
            def cut(tx: Any) -> T:
                unit(tx)
                raise LookupError

            return await store.write(cut)

    with pytest.raises(LookupError):
        await custody(Dying(), turn).rewrap()

    assert await counts(store, turn) == [0, ROWS]
    await sealed.check(AesVault(OLD))


async def test_a_second_change_of_keys_in_the_middle_of_one_begins_anew_and_loses_nothing(
    store: Store,
):
    sealed = await filled(store)
    with pytest.raises(Killed):
        await custody(Mortal(store, dies_at=5, after=False), AesVault(NEW, OLD), batch=1).rewrap()
    assert min(await counts(store, AesVault(NEW, OLD))) > 0

    later = AesVault(LATER, NEW, OLD)
    await custody(store, later).rewrap()

    assert await counts(store, later) == [ROWS, 0, 0]
    await sealed.check(AesVault(LATER))


async def test_a_key_that_a_record_needs_is_not_retired(store: Store):
    await filled(store)
    turn = AesVault(NEW, OLD)
    new, old = (key.id for key in turn.standing())

    with pytest.raises(VaultKeyInUse, match=f"{ROWS} stored records"):
        await store.read(lambda view: check_unused(view, turn, old))
    with pytest.raises(VaultKeyInUse, match="seals"):
        await store.read(lambda view: check_unused(view, turn, new))

    await custody(store, turn).rewrap()
    await store.read(lambda view: check_unused(view, turn, old))


async def test_one_record_that_came_late_keeps_the_old_key_in_use_until_it_is_wrapped(
    store: Store,
):
    sealed = await filled(store)
    turn = AesVault(NEW, OLD)
    old = turn.standing()[1].id
    await custody(store, turn).rewrap()
    late = AesVault(OLD)
    await store.write(lambda tx: tx.put_sealed(ACCOUNTS[0], _sealed(late)))

    with pytest.raises(VaultKeyInUse, match="1 stored records"):
        await store.read(lambda view: check_unused(view, turn, old))
    await custody(store, turn).rewrap()

    await store.read(lambda view: check_unused(view, turn, old))
    await sealed.check(AesVault(NEW))


async def test_a_record_that_does_not_open_is_named_and_left_and_stops_nothing(store: Store):
    await filled(store)
    before = await store.read(lambda view: view.sealed(ACCOUNTS[1]))
    assert before is not None
    broken = before[:50] + bytes([before[50] ^ 1]) + before[51:]
    await store.write(lambda tx: tx.put_sealed(ACCOUNTS[1], broken))
    turn = AesVault(NEW, OLD)

    done = await custody(store, turn).rewrap()

    assert [place.id for place in done.broken] == [ACCOUNTS[1]]
    assert await store.read(lambda view: view.sealed(ACCOUNTS[1])) == broken
    assert await counts(store, turn) == [ROWS - 1, 1]


async def test_what_persons_keys_sealed_is_not_touched(store: Store):
    await filled(store)
    bodies = await store.read(lambda view: [each.body for each in view.documents("person")])

    await custody(store, AesVault(NEW, OLD)).rewrap()

    assert bodies == await store.read(lambda view: [e.body for e in view.documents("person")])


async def test_wrapping_leaves_revisions_so_that_no_change_under_way_is_refused(store: Store):
    await filled(store)
    before = await store.read(lambda view: view.document(PERSONAL, PEOPLE[0]))
    assert before is not None

    await custody(store, AesVault(NEW, OLD)).rewrap()

    after = await store.read(lambda view: view.document(PERSONAL, PEOPLE[0]))
    assert after is not None
    assert (after.revision, after.updated_us) == (before.revision, before.updated_us)
    assert after.body != before.body


async def test_sealing_anew_changes_every_exchange_key_and_every_key_of_a_person(store: Store):
    sealed = await filled(store)
    vault = AesVault(OLD)

    def kept(view: Any) -> list[bytes]:
        documents = [*view.documents(PERSONAL), *view.documents("house_key")]
        return [*(view.sealed(id) for id in ACCOUNTS), *(each.body for each in documents)]

    before = await store.read(kept)
    assert await custody(store, vault).reseal() == len(ACCOUNTS) + len(PEOPLE) + 1

    after = await store.read(kept)
    assert not set(before) & set(after)
    await sealed.check(vault)


async def test_the_hash_to_find_by_stays_the_same_through_a_change_of_keys(store: Store):
    sealed = await filled(store)
    await custody(store, AesVault(NEW, OLD)).rewrap()

    again = Sealed(store, AesVault(NEW), VirtualClock())

    assert await again.personal.digest("email", "canary@example.org") == sealed.digest


async def test_no_two_stored_rows_can_be_exchanged(store: Store):
    await filled(store)
    vault = AesVault(OLD)

    def swaps(view: Any) -> int:
        found = 0
        for one, other in itertools.permutations(ACCOUNTS, 2):
            with pytest.raises(VaultSealBroken):
                vault.unseal(view.sealed(one), purpose="exchange key", bound=(other, "signet"))
            found += 1
        return found

    assert await store.read(swaps) == 12
    assert sum((await store.read(lambda view: references(view, vault))).values()) == ROWS


def _sealed(vault: AesVault) -> bytes:
    from axisor.ports import Credentials, Secret
    from axisor_server.engine.keys import seal_key

    key = Credentials(Secret(ACCOUNTS[0]), Secret("canary-secret"), Secret("canary-pass"))
    return seal_key(vault, key, account=ACCOUNTS[0], network="signet")


VICTIM = textwrap.dedent(
    """
    import asyncio, os, signal, sys
    from pathlib import Path
    from axisor_server.adapters.database import sqlite_store
    from axisor_server.adapters.system import SystemClock
    from axisor_server.adapters.vault import AesVault
    from axisor_server.services.custody import Custody

    async def main(directory, dies_at):
        store = sqlite_store(Path(directory))
        await store.open()
        write, seen = store.write, []

        async def mortal(unit):
            def cut(tx):
                done = unit(tx)
                seen.append(1)
                if len(seen) == dies_at:
                    os.kill(os.getpid(), signal.SIGKILL)
                return done
            return await write(cut)

        store.write = mortal
        ring = AesVault(b"n" * 32, b"o" * 32)
        await Custody(store=store, ring=ring, clock=SystemClock(), batch=1).rewrap()

    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
    """
)


async def test_a_real_process_killed_within_its_transaction_leaves_every_row_readable(
    tmp_path: Path,
):
    directory = tmp_path / "data"
    store = sqlite_store(directory)
    await store.open()
    await filled(store)
    await store.close()
    for dies_at in (1, 3, 6):
        done = subprocess.run(
            [sys.executable, "-c", VICTIM, str(directory), str(dies_at)],
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == -9, done.stderr.decode()

        store = sqlite_store(directory)
        await store.open()
        await Sealed(store, AesVault(NEW, OLD), VirtualClock()).check(AesVault(NEW, OLD))
        await store.close()

    store = sqlite_store(directory)
    await store.open()
    done_later = await custody(store, AesVault(NEW, OLD)).rewrap()
    assert done_later.wrapped == ROWS
    await Sealed(store, AesVault(NEW), VirtualClock()).check(AesVault(NEW))
    await store.close()
