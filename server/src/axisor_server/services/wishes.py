"""How the record of what is wanted of plugins changes, and what keeps it from changing."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from axisor.errors import PluginInUse
from axisor.events import RunState
from axisor_server.domain.enabling import KEY, Wish, decode_wishes, encode_wishes, not_offered
from axisor_server.domain.run import ACTING
from axisor_server.ports import Reader, Transaction
from axisor_server.services.depending import going_on
from axisor_server.services.status import PluginReport

REVIEW = "review_intent"


def wishes_in(view: Reader) -> dict[str, Wish]:
    """Return what is wanted of each plugin."""
    return decode_wishes(view.meta(KEY))


def put(tx: Transaction, name: str, wish: Wish) -> None:
    """Write what is wanted of one plugin."""
    tx.put_meta(KEY, encode_wishes(wishes_in(tx) | {name: wish}))


def enabled(
    view: Reader, wish: Wish, plugin: PluginReport, *, start_runs: bool, in_core: bool | None
) -> Wish:
    """Return that a plugin is wanted, with the runs that are to begin again.

    `in_core` says whether it comes into the core though it is of others, None as before.
    Those are what it stopped when it was disabled, and what failed because it was not there.
    """
    runs: dict[str, int] = {}
    if start_runs:
        wanting = {name: not_offered(name) for name in plugin.strategies}
        failed = {
            row.id: row.revision
            for row in view.runs()
            if row.state is RunState.FAILED and row.reason == wanting.get(row.strategy)
        }
        runs = failed | wish.runs
    return replace(
        wish,
        enabled=True,
        reviews=REVIEW in plugin.hooks,
        in_core=wish.in_core if in_core is None else in_core,
        runs=runs,
    )


def disabled(view: Reader, wish: Wish, plugin: PluginReport) -> Wish:
    """Return that a plugin is not wanted, with the runs that it stops."""
    acting = {row.id: 0 for row in going_on(view, plugin.strategies) if row.state in ACTING}
    before = wish.runs if wish.enabled is False else {}
    return replace(wish, enabled=False, reviews=False, in_core=False, runs=before | acting)


def leave(tx: Transaction, name: str) -> None:
    """Note at which revision the runs were left that were stopped with a plugin."""
    wish = wishes_in(tx).get(name, Wish())
    if all(wish.runs.values()):
        return
    rows = {id: tx.run(id) for id in wish.runs}
    left = {id: wish.runs[id] or row.revision for id, row in rows.items() if row is not None}
    put(tx, name, replace(wish, runs=left))


def forget(tx: Transaction, name: str, runs: Collection[str]) -> None:
    """Forget runs that have begun again, or never will."""
    wish = wishes_in(tx).get(name, Wish())
    left = {id: revision for id, revision in wish.runs.items() if id not in runs}
    if wish.enabled and left != wish.runs:
        put(tx, name, replace(wish, runs=left))


def check_unused(view: Reader, plugin: PluginReport, *, force: bool, stop_runs: bool) -> None:
    """Refuse to disable what others stand on, unless that was asked for. Raises PluginInUse."""
    accounts = [row for row in view.accounts() if row.venue in plugin.venues]
    if accounts:
        raise PluginInUse(
            f"{len(accounts)} accounts stand on venues of the plugin {plugin.name}.",
            fix="Remove those accounts first: axisor account remove.",
            plugin=plugin.name,
        )
    going = going_on(view, plugin.strategies)
    if going and not stop_runs:
        raise PluginInUse(
            f"Of the plugin {plugin.name} {len(going)} runs have not ended.",
            plugin=plugin.name,
        )
    if REVIEW in plugin.hooks and not force:
        raise PluginInUse(
            f"The plugin {plugin.name} reviews actions; without it nobody refuses what it would.",
            fix="Disable it with force, if that is what you want.",
            plugin=plugin.name,
        )
