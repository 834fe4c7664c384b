"""A bot proposes, its owner approves: by the command line, at a core that is its own process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec import Struct
from tests.support.processes import Core, Done, Simulator, add_account, core, simulator, until

from axisor.client import Client, Profile
from axisor.errors import AxisorError, ConfirmationSettled, ConfirmationStale
from axisor.ports import Secret
from axisor.states import ConfirmationState

SATS = 10_000
BOT = ("--permissions", "read,adjust_margin", "--propose-only")


class Desk(Struct):
    """A core with a position, its owner at the command line, and a bot with a token in a file."""

    running: Core
    sim: Simulator
    account: str
    position: str
    bot: Path

    async def owner(self, *words: str) -> Done:
        """Run a command as the owner."""
        return await self.running.cli(*words)

    async def as_bot(self, *words: str) -> Done:
        """Run a command with the bot's token."""
        return await self.running.cli("--token-file", str(self.bot), *words)

    @asynccontextmanager
    async def clients(self) -> AsyncIterator[tuple[Client, Client]]:
        """Connect as the owner and as the bot."""
        owner = Profile.from_data_dir(self.running.data)
        token = Secret(self.bot.read_text().strip())
        as_bot = Profile(owner.target, token=token, certificate=owner.certificate)
        async with Client.connect(owner) as first, Client.connect(as_bot) as second:
            yield first, second

    async def margin(self) -> int:
        """Return the margin of the position."""
        async with self.clients() as (owner, _):
            found = await owner.margin.get_position(self.account, self.position)
        return found.position.margin

    async def proposed(self) -> str:
        """Have the bot propose to add margin, and return the id."""
        async with self.clients() as (_, bot):
            prepared = await bot.confirmations.prepare(
                self.account,
                lambda calls: calls.margin.add_margin(self.account, self.position, SATS),
            )
        return prepared.confirmation.id


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
        yield Desk(running, sim, account, position, bot)


async def test_a_bot_proposes_and_its_owner_approves_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        before = await at.margin()
        refused = await at.as_bot("position", "add-margin", at.position, f"{SATS}sat", "--yes")
        assert refused.code == 3, refused.err
        assert "CONFIRMATION_REQUIRED" in refused.err

        proposed = await at.as_bot(
            "position", "add-margin", at.position, f"{SATS}sat", "--propose", "-o", "json"
        )
        assert proposed.code == 0, proposed.err
        id = proposed.json["id"]
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

        cut = await at.owner("--timeout", "5", "approve", "yes", id, "--yes")
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


async def test_what_is_refused_moved_or_revoked_is_never_carried_out(tmp_path: Path) -> None:
    async with desk(tmp_path) as at, at.clients() as (owner, bot):
        before, calls = await at.margin(), owner.confirmations
        first = await at.proposed()
        no = await at.owner("approve", "no", first, "--reason", "not now")
        assert no.code == 0, no.err
        with pytest.raises(ConfirmationSettled):
            await calls.approve(at.account, first)

        taken = await bot.confirmations.refuse(at.account, await at.proposed())
        assert taken.state is ConfirmationState.CANCELED

        moved = await at.proposed()
        await owner.margin.add_margin(at.account, at.position, 2 * SATS)
        with pytest.raises(ConfirmationStale):
            await calls.approve(at.account, moved)

        revoked = await at.proposed()
        [token] = (await owner.tokens.list()).items
        await owner.tokens.revoke(token.id)
        with pytest.raises(ConfirmationStale):
            await calls.approve(at.account, revoked)

        assert await at.margin() == before + 2 * SATS


async def test_what_nobody_approves_expires(tmp_path: Path) -> None:
    short = {"AXISOR_CONFIRMATIONS__APPROVE_S": "5", "AXISOR_CONFIRMATIONS__COMMIT_S": "1"}
    async with desk(tmp_path, **short) as at:
        before = await at.margin()
        id = await at.proposed()

        async with at.clients() as (owner, _):

            async def told() -> bool:
                page = await owner.events.list(at.account, kinds=["ConfirmationSettled"])
                said = [each.payload for each in page.items]
                return [getattr(each, "state", None) for each in said] == [
                    ConfirmationState.EXPIRED
                ]

            await until(told, "the journal says that it expired")
            with pytest.raises(ConfirmationSettled):
                await owner.confirmations.approve(at.account, id)

        assert await at.margin() == before
