"""A bot proposes, its owner approves: by the command line, at a core that is its own process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct
from tests.support.processes import Core, Done, Simulator, add_account, core, simulator, until

from axisor.errors import AxisorError

SATS = 10_000
BOT = ("--permissions", "read,adjust_margin", "--propose-only")


class Desk(Struct):
    """A core with a position, its owner at the command line, and a bot with a token in a file."""

    running: Core
    sim: Simulator
    position: str
    bot: Path

    async def owner(self, *words: str) -> Done:
        """Run a command as the owner."""
        return await self.running.cli(*words)

    async def as_bot(self, *words: str) -> Done:
        """Run a command with the bot's token."""
        return await self.running.cli("--token-file", str(self.bot), *words)

    async def margin(self) -> int:
        """Return the margin of the position."""
        shown = await self.owner("position", "show", self.position, "-o", "json")
        return int(shown.json["margin_sats"])

    async def proposed(self) -> str:
        """Have the bot propose to add margin, and return the id."""
        done = await self.as_bot(
            "position", "add-margin", self.position, f"{SATS}sat", "--propose", "-o", "json"
        )
        assert done.code == 0, done.err
        id: str = done.json["id"]
        return id


@asynccontextmanager
async def desk(tmp_path: Path, **variables: str) -> AsyncIterator[Desk]:
    """Start everything, and wait until the position is seen."""
    bot = tmp_path / "bot.token"
    async with simulator(tmp_path) as sim, core(tmp_path, variables=variables) as running:
        position = await sim.open_long()
        async with running.client() as client:
            account = await add_account(client, sim.url)

            async def seen() -> bool:
                try:
                    return bool((await client.margin.list_positions(account)).items)
                except AxisorError:
                    return False

            await until(seen, "the position is seen")
        made = await running.cli("token", "create", "bot", *BOT, "--to", str(bot))
        assert made.code == 0, made.err
        yield Desk(running, sim, position, bot)


async def test_a_bot_proposes_and_its_owner_approves_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        before = await at.margin()
        refused = await at.as_bot("position", "add-margin", at.position, f"{SATS}sat", "--yes")
        assert refused.code == 3, refused.err
        assert "CONFIRMATION_REQUIRED" in refused.err

        id = await at.proposed()
        assert await at.margin() == before
        [waiting] = (await at.owner("approve", "list", "-o", "json")).json
        assert (waiting["id"], waiting["state"]) == (id, "pending")
        shown = (await at.owner("approve", "show", id[:13], "-o", "json")).json
        assert shown["after"]["margin_sats"] == shown["before"]["margin_sats"] + SATS
        unasked = await at.owner("approve", "yes", id)
        assert unasked.code == 9  # nobody could be asked
        own = await at.as_bot("approve", "yes", id, "--yes")
        assert "CONFIRMATION_REQUIRED" in own.err

        for _ in range(2):
            done = await at.owner("approve", "yes", id, "--yes")
            assert done.code == 0, done.err
        assert await at.margin() == before + SATS
        assert (await at.owner("approve", "list", "-o", "json")).json == []


async def test_a_core_that_dies_after_the_word_moves_the_money_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        before = await at.margin()
        id = await at.proposed()
        await at.running.stop()
        await at.running.start(failpoint="command-received")

        cut = await at.owner("approve", "yes", id, "--yes")
        assert cut.code != 0
        await at.running.killed()
        await at.running.start()
        shown = (await at.owner("approve", "show", id, "-o", "json")).json
        assert shown["state"] == "committed"

        for _ in range(2):
            done = await at.owner("approve", "yes", id, "--yes")
            assert done.code == 0, done.err
        assert await at.margin() == before + SATS
        assert len(await at.sim.ledger("add_margin")) == 1


async def test_what_is_refused_revoked_or_moved_is_never_carried_out(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        before = await at.margin()
        first = await at.proposed()
        no = await at.owner("approve", "no", first, "--reason", "not now")
        assert no.code == 0, no.err
        late = await at.owner("approve", "yes", first, "--yes")
        assert "CONFIRMATION_SETTLED" in late.err

        taken = await at.proposed()
        assert (await at.as_bot("approve", "no", taken, "-o", "json")).json["state"] == "canceled"

        moved = await at.proposed()
        more = await at.owner("position", "add-margin", at.position, "20000sat", "--yes")
        assert more.code == 0, more.err
        stale = await at.owner("approve", "yes", moved, "--yes")
        assert "CONFIRMATION_STALE" in stale.err

        revoked = await at.proposed()
        [token] = (await at.owner("token", "list", "-o", "json")).json
        assert (await at.owner("token", "revoke", token["id"], "--yes")).code == 0
        void = await at.owner("approve", "yes", revoked, "--yes")
        assert "CONFIRMATION_STALE" in void.err

        assert await at.margin() == before + 20_000


async def test_what_nobody_approves_expires(tmp_path: Path) -> None:
    short = {"AXISOR_CONFIRMATIONS__APPROVE_S": "5", "AXISOR_CONFIRMATIONS__COMMIT_S": "1"}
    async with desk(tmp_path, **short) as at:
        before = await at.margin()
        id = await at.proposed()

        async def told() -> bool:
            events = await at.owner("events", "list", "-o", "json")
            return '"expired"' in events.out.lower()

        await until(told, "the journal says that it expired")
        late = await at.owner("approve", "yes", id, "--yes")

        assert "CONFIRMATION_SETTLED" in late.err
        assert await at.margin() == before
