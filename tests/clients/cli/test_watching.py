"""Lists that are shown again."""

from __future__ import annotations

import click
import pytest

from axisor.wire.failures import CoreUnreachable
from axisor_cli import watching
from axisor_cli.main import cli
from axisor_cli.session import Options
from axisor_cli.watching import EVERY_S, again


class Ended(Exception):
    """Somebody pressed Ctrl-C."""


def test_it_is_shown_again_after_each_pause():
    shown, paused = [], []

    def pause(seconds):
        paused.append(seconds)
        if len(paused) == 3:
            raise Ended

    with pytest.raises(Ended):
        again(Options(), 4.0, lambda: shown.append(1), pause)

    assert (len(shown), paused) == (3, [4.0, 4.0, 4.0])


def test_a_core_that_is_away_is_said_and_asked_again(capsys):
    tries = []

    def show():
        tries.append(1)
        if len(tries) == 1:
            raise CoreUnreachable("No core answers.")
        raise Ended

    with pytest.raises(Ended):
        again(Options(), 1.0, show, lambda _: None)

    assert len(tries) == 2
    assert "No core answers." in capsys.readouterr().err


def test_one_document_of_json_cannot_be_watched():
    with pytest.raises(click.UsageError, match="ndjson"):
        again(Options(output="json"), 1.0, lambda: None)


def lists(group: click.Group, ctx: click.Context, path: tuple[str, ...] = ()):
    """Yield every command named `list`, with the words that lead to it."""
    for name in group.list_commands(ctx):
        found = group.get_command(ctx, name)
        if isinstance(found, click.Group):
            yield from lists(found, ctx, (*path, name))
        elif found is not None and name == "list":
            yield (*path, name), found


def test_every_list_of_a_core_can_be_watched():
    without = {
        " ".join(path)
        for path, found in lists(cli, click.Context(cli))
        if not any("--watch" in each.opts for each in found.params)
    }

    # These read files of this machine, or a simulator that one steers oneself.
    assert without == {"backup list", "keys list", "sim fault list"}


def test_watch_takes_seconds_or_none(core, account, monkeypatch):
    asked = []

    def once(options, every, show):
        asked.append(every)
        show()

    monkeypatch.setattr(watching, "again", once)

    assert core("position", "list", "--watch").code == 0
    assert core("position", "list", "--watch", "5").code == 0
    assert asked == [EVERY_S, 5.0]
    assert core("position", "list", "--watch", "0.1").code == 2
