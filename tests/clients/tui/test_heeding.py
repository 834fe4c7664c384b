"""Alerts against a real core: they appear, are acknowledged, explained, muted and told again."""

from __future__ import annotations

from textual.widgets import Input, Select

from axisor_tui.model import alerts
from axisor_tui.overlays.mute import ALL, Mute
from axisor_tui.settings import Settings
from tests.clients.tui.portfolio import portfolio
from tests.clients.tui.terminal import console, settled
from tests.clients.tui.told import FAILED, NEAR
from tests.server.rpc import noticing_operations as noticing
from tests.server.rpc.scenes import Scene


async def test_an_alert_appears_by_itself_and_is_acknowledged_by_a_key(stage):
    async with stage() as scene:
        app = scene.app
        teller = Scene(scene.core, f"accounts/{app.state.account}")
        await scene.until(lambda: app.state.alerts == ())
        id = await noticing.alert(teller)
        await scene.until(lambda: [each.id for each in app.state.unseen] == [id])
        await scene.until(lambda: app.base.query_one("#alerts").border_title == "Alerts ─ 1 open")

        await scene.press("d")
        await scene.until(lambda: scene.said("Acknowledged"))
        await scene.until(lambda: app.state.unseen == ())
        [kept] = (await scene.client.notices.list_alerts(app.state.account)).items
        assert kept.acknowledged
        await scene.press("d")
        await scene.until(lambda: scene.said("No alert is open"))
        assert app.state.alerts[0].acknowledged_at is not None
        await scene.press("7", "d")
        await scene.until(lambda: scene.said("acknowledged it already"))
        calls = [(each.call, each.end) for each in app.state.asked]
        assert calls == [("NotificationService.AcknowledgeAlert", "acknowledged")]
        await teller.close()


async def test_channels_are_told_to_keep_quiet_and_to_tell_again(stage):
    async with stage() as scene:
        app = scene.app
        teller = Scene(scene.core, f"accounts/{app.state.account}")
        await noticing.channel(teller)
        await noticing.alert(teller)
        await scene.press("7")
        await scene.until(lambda: bool(app.state.unseen))
        await scene.until(lambda: app.state.sent is not None)
        assert list(app.state.sent.channels.values()) == ["talk"]
        await settled(scene.pilot)

        await scene.press("m")
        await scene.until(lambda: isinstance(app.screen, Mute) and app.screen.is_mounted)
        span = app.screen.query_one(Input)
        assert span.value == "30m"
        span.value = "soon"
        await scene.press("enter")
        assert "no span" in str(app.screen.query_one("#note-for_how_long").render())
        span.value = "2h"
        await scene.press("enter")
        await scene.until(lambda: scene.said("quiet about near for 120 minutes"))
        [mute] = (await scene.client.notices.rules()).mutes
        assert (mute.account, mute.kind) == (app.state.account, "near")
        assert "near mute until" in alerts.heading(app.state)

        await scene.press("m")
        await scene.until(lambda: isinstance(app.screen, Mute) and app.screen.is_mounted)
        app.screen.query_one(Input).value = "off"
        await scene.press("ctrl+t")
        await scene.until(lambda: scene.said("tell near again"))
        assert (await scene.client.notices.rules()).mutes == ()
        await teller.close()


async def test_everything_can_be_muted_and_a_mute_can_be_left_alone(stage):
    async with stage() as scene:
        app = scene.app
        await scene.press("7", "m")
        await scene.until(lambda: isinstance(app.screen, Mute) and app.screen.is_mounted)
        assert app.screen.query_one(Select).value == ALL
        await scene.press("escape", "m")
        await scene.until(lambda: isinstance(app.screen, Mute) and app.screen.is_mounted)
        await scene.press("enter")
        await scene.until(lambda: scene.said("quiet about everything for 30 minutes"))
        [mute] = (await scene.client.notices.rules()).mutes
        assert mute.kind == ""


async def test_an_alert_opens_its_position_and_another_its_reason(stage):
    async with stage() as scene:
        app = scene.app
        teller = Scene(scene.core, f"accounts/{app.state.account}")
        await noticing.alert(teller)
        await scene.press("7")
        await scene.until(lambda: bool(app.state.unseen))
        await settled(scene.pilot)
        await scene.press("enter")
        await scene.until(lambda: scene.said("further back than was read"))
        await teller.close()

    app = console(portfolio())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("7")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert app.base is not None
        assert (app.base.SCOPE, app.state.chosen[:4]) == ("position", "19c2")


async def test_the_chosen_one_is_filtered_and_copied_as_a_command():
    app = console(portfolio(), settings=Settings(keymap={"alerts.mute": "f9"}))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("7")
        await settled(pilot)
        await pilot.press("slash", *"near", "enter")
        await settled(pilot)
        assert app.focused is not None
        assert app.focused.id == "alerts"
        await pilot.press("j", "y", "j", "enter")
        await pilot.pause()
        assert app.clipboard == f"axisor --account acc alert ack {NEAR}"
        await pilot.press("f9")
        await pilot.pause()
        assert isinstance(app.screen, Mute)


async def test_where_nothing_may_be_done_nothing_is_offered():
    app = console(portfolio(), settings=Settings(read_only=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert app.base is not None
        assert app.base.query_one("#alerts").border_subtitle == "7 all"
        await pilot.press("d", "7")
        await settled(pilot)
        await pilot.press("m")
        await pilot.pause()

        assert app.screen is app.base
        assert [each.id for each in app.state.unseen] == [FAILED, NEAR]
