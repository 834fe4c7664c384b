"""Commands are read strictly: what is not exactly right is answered with how it is written."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisor.events import HaltLevel
from axisor_bot import commands
from axisor_bot.errors import NotUnderstood
from axisor_bot.grammar import FORMS, form_of, parse

READ = {
    "/status": commands.Status(),
    "/s": commands.Status(),
    "/S": commands.Status(),
    "/p": commands.Positions(),
    "/p 7F3a": commands.Positions("7f3a"),
    "/guard": commands.GuardPlan(),
    "/whatif -5": commands.WhatIf(move=Decimal("-0.05")),
    "/whatif +2.5%": commands.WhatIf(move=Decimal("0.025")),
    "/whatif 92000": commands.WhatIf(price=Decimal(92_000)),
    "/whatif $92,000.50 7f3a 250ksat": commands.WhatIf(
        price=Decimal("92000.50"), wanted="7f3a", add=250_000
    ),
    "/why 1850": commands.WhySo(1850),
    "/why #1850": commands.WhySo(1850),
    "/margin 7f3a 60000sat": commands.AddMargin("7f3a", 60_000),
    "/margin 7f3a 60,000sats": commands.AddMargin("7f3a", 60_000),
    "/margin 7f3a 0.0006btc": commands.AddMargin("7f3a", 60_000),
    "/margin cross 1.5ksat": commands.AddMargin("cross", 1_500),
    "/margin 7f3a 25%": commands.AddMargin("7f3a", commands.Share(25)),
    "/margin 7f3a +100%": commands.AddMargin("7f3a", commands.Share(100)),
    "/alerts": commands.Alerts(),
    "/ack": commands.Acknowledge(),
    "/ack 01A2": commands.Acknowledge("01a2"),
    "/mute 30m": commands.Mute(timedelta(minutes=30)),
    "/mute 2H halt": commands.Mute(timedelta(hours=2), "halt"),
    "/mute 7d": commands.Mute(timedelta(days=7)),
    "/mute off": commands.Mute(None),
    "/mute off run": commands.Mute(None, "run"),
    "/link": commands.Link(),
    "/close 7f3a": commands.Close("7f3a"),
    "/closeall": commands.CloseAll(),
    "/stop 7f3a 95000": commands.SetStop("7f3a", Decimal(95_000)),
    "/stop 7f3a off": commands.SetStop("7f3a", None),
    "/target 7f3a 105000usd": commands.SetTarget("7f3a", Decimal(105_000)),
    "/pause": commands.PauseGuard(timedelta(minutes=15)),
    "/pause 2h": commands.PauseGuard(timedelta(hours=2)),
    "/pause 1d": commands.PauseGuard(timedelta(days=1)),
    "/resume": commands.ResumeGuard(),
    "/halt": commands.Halt(HaltLevel.RISK),
    "/halt all": commands.Halt(HaltLevel.ALL),
    "/halt FLATTEN": commands.Halt(HaltLevel.FLATTEN),
    "/halt off": commands.Halt(HaltLevel.NONE),
    "/auto 01a2 off": commands.Switch("01a2", False),
    "/auto dca on": commands.Switch("dca", True),
    "/private on": commands.Private(True),
    "/lang pt-BR": commands.Speak("pt-BR"),
    "/status@Axisor_Bot": commands.Status(),
}


@pytest.mark.parametrize("line", sorted(READ))
def test_a_command_is_read(line: str):
    assert parse(line, me="axisor_bot") == READ[line]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("/nonsense", "unknown"),
        ("/", "unknown"),
        ("/status now", "nothing"),
        ("/margin 7f3a 60000", "amount"),
        ("/margin 7f3a 0sat", "amount"),
        ("/margin 7f3a -5sat", "amount"),
        ("/margin 7f3a 1.5sat", "amount"),
        ("/margin 7f3a 60000msat", "amount"),
        ("/margin 7f3a 60000usd", "amount"),
        ("/margin 7f3a ٦٠sat", "amount"),
        ("/margin 7f3a 0%", "amount"),
        ("/margin 7f3a -25%", "amount"),
        ("/margin 7f3a 2.5%", "amount"),
        ("/margin 60000sat", "count"),
        ("/margin 7f3a 1sat 2sat", "count"),
        ("/margin ../../x 1sat", "id"),
        ("/whatif 5%", "move"),
        ("/whatif", "count"),
        ("/whatif 92000 250ksat", "count"),
        ("/whatif cheap", "price"),
        ("/stop 7f3a 0", "price"),
        ("/stop 7f3a 95000.123", "price"),
        ("/stop 7f3a 1e5", "price"),
        ("/why me", "sequence"),
        ("/why -1", "sequence"),
        ("/halt none", "level"),
        ("/halt everything", "level"),
        ("/pause 25h", "time"),
        ("/pause soon", "time"),
        ("/pause 15m 15m", "count"),
        ("/mute", "count"),
        ("/mute 30", "time"),
        ("/mute 0m", "time"),
        ("/mute 8d", "time"),
        ("/mute -5m", "time"),
        ("/mute 30m everything", "kind"),
        ("/ack ../x", "id"),
        ("/link now", "nothing"),
        ("/auto 01a2 maybe", "switch"),
        ("/private", "count"),
        ("/lang fr", "language"),
    ],
)
def test_what_is_malformed_is_told_how_it_is_written(line: str, problem: str):
    with pytest.raises(NotUnderstood) as caught:
        parse(line)

    assert caught.value.problem == problem
    if problem != "unknown":
        assert caught.value.form.startswith(line.split(maxsplit=1)[0])


@pytest.mark.parametrize("line", ["hello", "", "CLOSE 2", "/status@other_bot", "/s" + "s" * 300])
def test_what_is_no_command_for_this_bot_is_none(line: str):
    assert parse(line, me="axisor_bot") is None


@pytest.mark.parametrize("form", [each for each in FORMS if each.example], ids=lambda f: f.name)
def test_every_example_is_a_command(form: object):
    assert parse(form.example) is not None  # type: ignore[attr-defined]


@given(st.text(max_size=220))
def test_any_text_is_a_command_or_is_refused(text: str):
    with suppress(NotUnderstood):
        assert parse(f"/{text}") is None or text.strip()


@given(st.integers(min_value=1, max_value=10**15))
def test_sats_are_read_as_they_are_written(sats: int):
    for written in (f"{sats}sat", f"{sats:,}sats"):
        assert parse(f"/margin a {written}") == commands.AddMargin("a", sats)


def test_the_form_of_a_line_is_that_of_its_command():
    assert [each.name for each in map(form_of, ("/p 7f3a", "/HALT off")) if each] == [
        "positions",
        "halt",
    ]
    assert form_of("/nonsense") is form_of("halt off") is form_of("") is None
