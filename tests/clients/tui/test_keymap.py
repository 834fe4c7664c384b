"""The list of keys: every action exists, no key means two things, changes need a right."""

from __future__ import annotations

import pytest

from axisor.errors import SettingsInvalid
from axisor.model import Permission
from axisor_tui import keymap
from axisor_tui.app import Console
from axisor_tui.widgets.rows import Rows

FLOW_CONTROL = {"ctrl+s", "ctrl+b", "ctrl+a", "ctrl+k"}


def test_the_usual_keys_clash_nowhere():
    keymap.check({})


def test_ids_are_there_once():
    ids = [each.id for each in keymap.ACTIONS]

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("action", keymap.ACTIONS, ids=lambda each: each.id)
def test_every_action_can_be_done_where_it_holds(action):
    name = action.action.partition("(")[0].rpartition(".")[2]
    homes = {keymap.EVERYWHERE: Console, keymap.LISTS: Rows}
    home = homes.get(action.scope) or Console.MODES[action.scope]

    assert hasattr(home, f"action_{name}")


def test_no_key_is_one_that_terminals_and_tmux_keep_for_themselves():
    used = {key for each in keymap.ACTIONS for key in each.keys.split(",")}

    assert used & FLOW_CONTROL == set()


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        ({"overview.nothing": "x"}, r"overview\.nothing"),
        ({"overview.close": "u"}, r"`u` would be both `everywhere\.unit` and `overview\.close`"),
        ({"lists.up": "q"}, r"`q` would be both `everywhere\.quit` and `lists\.up`"),
        ({"overview.close": "m"}, r"`m` would be both"),
        ({"overview.close": ""}, "no key"),
    ],
    ids=["no such action", "with everywhere", "in lists", "on one screen", "empty"],
)
def test_keys_that_cannot_be_are_refused(chosen, named):
    with pytest.raises(SettingsInvalid, match=named):
        keymap.check(chosen)


def test_one_key_may_mean_two_things_on_two_screens_and_keys_may_be_swapped():
    keymap.check({"system.reload": "m"})
    keymap.check({"overview.margin": "c", "overview.close": "m"})


def test_what_changes_something_needs_a_right():
    free = {each.action.partition("(")[0] for each in keymap.ACTIONS if not each.right.value}

    assert free.isdisjoint({"add_margin", "close_position", "cancel", "halt", "arm", "stop"})
    assert free.isdisjoint({"acknowledge", "mute"})
    rights = {each.right for each in keymap.ACTIONS}
    assert Permission.ADMIN not in rights
