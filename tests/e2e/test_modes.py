"""What each mode may touch, and what is written down of the secrets: nothing."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from tests.support.processes import (
    KEY,
    PASSPHRASE,
    SECRET,
    Core,
    Done,
    add_account,
    core,
    simulator,
    until,
)

from axisor.client import Client
from axisor.errors import AxisorError, ModeNotAllowed, StalePrice
from axisor.model import Mode, Side
from axisor.ports import Credentials, Secret
from axisor.wire.records import ActionResult

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("modes")]

TRIO = f"{KEY}\n{SECRET}\n{PASSPHRASE}\n"
GUARD = ("run", "create", "margin-guard", "--config", '{"trigger":"2","target":"5"}', "--start")


async def settled_reasons(running: Core) -> list[tuple[str, str]]:
    """Return state and reason of every outcome in the journal."""
    done = await running.cli("events", "list", "--kind", "IntentSettled", "-o", "json")
    return [(row["payload"]["state"], row["payload"]["reason"]) for row in done.json]


LIVE = ("account", "add", "--network", "mainnet", "--mode", "live")


async def test_live_on_mainnet_is_asked_for_and_reaches_no_other_address(tmp_path: Path) -> None:
    async with simulator(tmp_path) as sim, core(tmp_path, "--max-mode", "live") as running:
        unasked = await running.cli(*LIVE, stdin=TRIO)
        elsewhere = await running.cli(*LIVE, "--url", sim.url, "--yes", stdin=TRIO)
        listed = await running.cli("account", "list", "-o", "json")

    assert (unasked.code, "Real sats" in unasked.err) == (9, True)
    assert (elsewhere.code, "address of mainnet is fixed" in elsewhere.err) == (2, True)
    assert listed.json == []


async def test_live_on_mainnet_is_refused_where_the_core_does_not_allow_it(tmp_path: Path) -> None:
    async with core(tmp_path) as running:
        refused = await running.cli(*LIVE, "--yes", stdin=TRIO)

    assert refused.code == 8
    assert f"[{ModeNotAllowed.reason}]" in refused.err


async def test_a_mode_above_the_cores_own_is_refused(tmp_path: Path) -> None:
    async with core(tmp_path, "--max-mode", "sim") as running:
        words = ("account", "add", "--network", "mainnet", "--mode", "shadow")

        refused = await running.cli(*words, stdin=TRIO)

    assert refused.code == 8
    assert f"[{ModeNotAllowed.reason}]" in refused.err


async def test_shadow_journals_what_it_would_do_and_sends_nothing(tmp_path: Path) -> None:
    async with simulator(tmp_path) as sim, core(tmp_path) as running:
        position = await sim.open_long()
        before = await sim.ledger()
        async with running.client() as client:
            account = await add_account(client, sim.url, mode=Mode.SHADOW)
        started = await running.cli(*GUARD)
        await sim.price(98_100)
        await until(lambda: settled_reasons(running), "the rescue that is not sent")
        asked = await running.cli("position", "add-margin", position, "1000sat")
        planned = await running.cli("events", "list", "--kind", "IntentPlanned", "-o", "json")
        journal = await running.cli("events", "verify", "-o", "json")
        after = await sim.ledger()
        async with running.client() as client:
            held = (await client.margin.get_position(account, position)).position

    assert started.code == 0, started.err
    assert after == before
    assert held.margin == 100_000
    assert planned.json[-1]["payload"]["action"]["amount"] == 82_541
    assert {row["mode"] for row in planned.json} == {"shadow"}
    assert (asked.code, "[SHADOW_ONLY]" in asked.err) == (8, True), asked
    assert journal.json["first_bad"] is None


async def test_paper_trades_on_public_prices_and_survives_a_restart(tmp_path: Path) -> None:
    async with simulator(tmp_path) as sim, core(tmp_path) as running:
        words = ("--network", "sim", "--mode", "paper", "--url", sim.url)
        added = await running.cli("account", "add", *words, "-o", "json")
        account = added.json["id"]
        async with running.client() as client:
            placed = await until(lambda: _place(client, account), "the first price")
            before = await _held(client, account)
        await running.kill()
        await running.start()
        async with running.client() as client:
            await until(lambda: _held(client, account), "the positions are back")
            after = await _held(client, account)
            free = await _free(client, account)
            await client.strategies.create_run(account, "margin-guard", config="{}")
        armed = await running.cli("guard", "arm")
        await sim.price(98_100)
        async with running.client() as client:
            await until(lambda: _rescued(client, account), "the paper position is rescued")
        journal = await running.cli("events", "verify", "-o", "json")
        ledger = await sim.ledger()

    assert placed.state.value == "confirmed"
    assert (after, len(before)) == (before, 1)
    assert 0 < free < 10_000_000
    assert armed.code == 0, armed.err
    assert ledger == [], "paper never reaches the venue's account"
    assert journal.json["first_bad"] is None


async def _place(client: Client, account: str) -> ActionResult | None:
    """Open a long, or return None as long as there is no price to open it at."""
    try:
        return await client.orders.place(account, Side.BUY, quantity=2_500, leverage=25)
    except StalePrice:
        return None


async def _free(client: Client, account: str) -> int:
    return (await client.accounts.balance(account)).balance.free


async def _held(client: Client, account: str) -> list[tuple[str, int]]:
    reports = (await client.margin.list_positions(account)).items
    return [(report.position.id, report.position.margin) for report in reports]


async def _rescued(client: Client, account: str) -> bool:
    return any(margin > 100_000 for _, margin in await _held(client, account))


@pytest.mark.parametrize(("first", "second"), [("sim", "shadow"), ("shadow", "sim")])
async def test_made_up_and_real_sats_never_share_a_data_directory(
    tmp_path: Path, first: str, second: str
) -> None:
    async with simulator(tmp_path) as sim, core(tmp_path) as running, running.client() as client:
        await add_account(client, sim.url, mode=Mode(first))

        with pytest.raises(AxisorError) as refused:
            await add_account(client, sim.url, mode=Mode(second), label="other")

        listed = (await client.accounts.list()).items

    assert refused.value.reason == ModeNotAllowed.reason
    assert [each.mode.value for each in listed] == [first]


async def test_no_secret_is_written_or_said_and_every_file_is_private(tmp_path: Path) -> None:
    said: list[Done] = []
    async with simulator(tmp_path) as sim, core(tmp_path, "--log-level", "debug") as running:
        position = await sim.open_long()
        add = ("account", "add", "--network", "sim", "--url", sim.url)
        said.append(await running.cli(*add, "-o", "json", stdin=TRIO))
        wrong = f"{KEY}\nwrong-{SECRET}\n{PASSPHRASE}\n"
        said.append(await running.cli(*add, "--label", "wrong", stdin=wrong))
        said.append(await running.cli(*GUARD))
        await sim.price(98_100)
        await until(lambda: settled_reasons(running), "the rescue")
        for line in (
            "status -o json",
            "doctor -o json",
            "account show -o json",
            "account test -o json",
            "events list -o json",
            f"position show {position} -o json",
            "guard status -o json",
        ):
            said.append(await running.cli(*line.split()))
        said.append(await running.cli("account", "replace-credentials", stdin=TRIO))
        async with running.client() as client:
            settings = await client.system.settings()
            key = Credentials(Secret(KEY), Secret(SECRET), Secret("another"))
            account = (await client.accounts.list()).items[0]
            with pytest.raises(AxisorError) as refused:
                await client.accounts.replace_credentials(account.id, key)
        modes = {
            str(path.relative_to(running.data)): stat.S_IMODE(path.stat().st_mode)
            for path in (running.data, *running.data.rglob("*"))
        }
        files = [path for path in running.data.rglob("*") if path.is_file()]
        token = (running.data / "owner.token").read_text().strip()
        kept = {path.name: path.read_bytes() for path in files if path.name != "owner.token"}

    kept["core.log"] = running.log.read_bytes()
    kept["sim.log"] = (tmp_path / "sim.log").read_bytes()
    kept["said"] = repr([said, settings, str(refused.value), refused.value.metadata]).encode()
    assert said[0].code == 0, said[0]
    assert said[1].code == 7, said[1]
    for name, content in kept.items():
        for secret in (SECRET, PASSPHRASE, token, KEY):
            assert secret.encode() not in content, (name, secret)
    directories = {name for name, mode in modes.items() if mode == 0o700}
    assert {mode for name, mode in modes.items() if name not in directories} == {0o600}, modes
    assert directories <= {".", "tls"}
