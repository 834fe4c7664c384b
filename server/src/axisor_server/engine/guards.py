"""The runs of an account that protect positions, with their live calculations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from axisor.errors import NotSupported, RunNotFound
from axisor.events import RunState
from axisor_server.domain.standing import blindness
from axisor_server.engine.answers import Guarding
from axisor_server.engine.core import Core
from axisor_server.engine.coverage import protection_of


def owner_of(cores: Iterable[Core], run_id: str) -> Core:
    """Return the account that a run belongs to. Raises RunNotFound."""
    for core in cores:
        if run_id in core.runs:
            return core
    raise RunNotFound(f"There is no run {run_id}.", run=run_id)


def guarding(core: Core, run: str) -> Guarding:
    """Return one run's calculations. Raises NotSupported if it protects nothing."""
    protection = protection_of(core.runs[run])
    if protection is None:
        raise NotSupported(f"The run {run} protects no positions.", run=run)
    return Guarding(run, protection, core.desk.view(core.book), blindness(core.causes()))


def guardings(core: Core) -> Sequence[Guarding]:
    """Return those of every running run that protects positions."""
    running = (id for id, live in core.runs.items() if live.record.state is RunState.RUNNING)
    return [guarding(core, id) for id in running if protection_of(core.runs[id]) is not None]
