"""Walks through every order in which two cores and one venue can act on one position.

A schedule is a sequence of choices such as `A.write`, `A.send=late`, `B.dies`, `time`. All of them
up to a depth are tried, one after the other from the beginning; whatever is left after that runs in
a fixed order until the position is safe and nothing is open. Two choices that cannot see each other
are tried in one order only (sleep sets), which leaves out no outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from tests.simulation.scene import FATES
from tests.simulation.seats import Call
from tests.simulation.stage import Stage

SIGNS = frozenset({"beat"})
"""Signs of life of a core, which nobody but another's allotment reads."""

LOADS = frozenset({"load"})

REST = 150
"""Steps within which a stage must have come to rest once the choices are over."""


class Scope(Struct, frozen=True, kw_only=True):
    """What is tried: from which situation, how deep, and how much of each thing.

    `opening` are choices made before the first one that counts; `A.loads` there is as many reads of
    the store as A asks for in a row. `step_ms` is how much time passes
    at once: more than a lease or a fence lasts, so that one step ends both, or less than either.
    Without `loads`, what a core reads from the store comes at once and is no choice: the epoch of
    its lease keeps the other from writing in between.
    """

    name: str
    opening: tuple[str, ...] = ()
    depth: int = 14
    fates: tuple[str, ...] = FATES
    deaths: int = 1
    times: int = 2
    faults: int = 2
    step_ms: int = 9_000
    loads: bool = True


class Outcome(Struct, frozen=True):
    """A schedule that was lived through: its choices, and which promise it broke, if any."""

    schedule: tuple[str, ...]
    wrong: str
    steps: int


class Left(Struct):
    """How many more deaths, time steps and bad fates a schedule may have."""

    deaths: int
    times: int
    faults: int

    def take(self, choice: str) -> None:
        """Count a choice."""
        if choice.endswith(".dies"):
            self.deaths -= 1
        elif choice == "time":
            self.times -= 1
        elif "=" in choice and not choice.endswith("=ok"):
            self.faults -= 1


def choices(stage: Stage, scope: Scope, left: Left) -> tuple[str, ...]:
    """Return what may happen next, the ordinary first."""
    found: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    for call in sorted(stage.calls, key=lambda call: call.worker):
        number = seen[call.worker, call.kind] = seen.get((call.worker, call.kind), 0) + 1
        name = f"{call.worker}.{call.kind}" + (f"#{number}" if number > 1 else "")
        if call.kind == "send":
            found += [f"{name}={f}" for f in scope.fates if f == "ok" or left.faults > 0]
        else:
            found.append(name)
    found += [f"{flying[0]}.arrives" for flying in stage.flying[:1]]
    if left.times > 0 and stage.timers:
        found.append("time")
    if left.deaths > 0:
        found += ["A.dies", "B.dies"]
    return tuple(found)


def play(stage: Stage, scope: Scope, choice: str) -> None:
    """Make a choice come true. Raises ValueError where it cannot."""
    _play(stage, scope, choice)
    begin(stage, scope)


def begin(stage: Stage, scope: Scope) -> None:
    """Let happen at once what is no choice in a scope."""
    _pass(stage, "AB", SIGNS if scope.loads else SIGNS | LOADS)


def _pass(stage: Stage, workers: str, kinds: frozenset[str]) -> None:
    """Let these cores have whatever they ask for of these kinds."""
    while found := [c for c in stage.calls if c.kind in kinds and c.worker in workers]:
        stage.proceed(found[0], "ok")


def _play(stage: Stage, scope: Scope, choice: str) -> None:
    if choice == "time":
        stage.pass_time(scope.step_ms)
        return
    worker, _, rest = choice.partition(".")
    kind, _, fate = rest.partition("=")
    if kind == "dies":
        stage.kill(worker)
    elif kind == "arrives":
        stage.arrive(worker)
    elif kind == "loads":
        _pass(stage, worker, LOADS | SIGNS)
    else:
        stage.proceed(_call(stage, worker, kind), fate)


def _call(stage: Stage, worker: str, kind: str) -> Call:
    kind, _, number = kind.partition("#")
    found = [call for call in stage.calls if (call.worker, call.kind) == (worker, kind)]
    place = int(number or 1) - 1
    if place >= len(found):
        raise ValueError(f"{worker} does not wait for {kind}.")
    return found[place]


def rest(stage: Stage, scope: Scope) -> int | None:
    """Let everything end well, in a fixed order; return the steps it took, None for no end."""
    for step in range(REST):
        if stage.calls:
            stage.proceed(min(stage.calls, key=lambda call: call.worker), "ok")
        elif stage.flying:
            stage.arrive(stage.flying[0][0])
        elif stage.settled:
            return step
        else:
            stage.pass_time(scope.step_ms)
    return None


TOUCHES = {
    "write": "store",
    "load": "store?",
    "look": "venue?",
    "arrives": "venue",
    "send": "venue",
}


def _touches(choice: str) -> tuple[str, str]:
    """Return whose choice it is and what it touches; `?` marks what it only looks at."""
    if choice == "time":
        return "", "all"
    worker, _, rest = choice.partition(".")
    kind, _, fate = rest.partition("=")
    if fate in {"lost", "refused"}:
        return worker, "faults"
    return worker, TOUCHES.get(kind.partition("#")[0], kind)


def independent(one: str, other: str) -> bool:
    """Return whether two choices come to the same in either order, and neither forbids the other.

    Choices of one core never are; deaths and bad fates share an allowance, and so depend.
    """
    (mine, this), (theirs, that) = _touches(one), _touches(other)
    if mine == theirs or "all" in (this, that):
        return False
    if _spends(one) and _spends(one) == _spends(other):
        return False
    if this.rstrip("?") != that.rstrip("?"):
        return True
    return this.endswith("?") and that.endswith("?")


def _spends(choice: str) -> str:
    if choice.endswith(".dies"):
        return "deaths"
    return "faults" if "=" in choice and not choice.endswith("=ok") else ""


class _Node(Struct):
    options: tuple[str, ...]
    asleep: frozenset[str]
    at: int = 0
    tried: list[str] = field(default_factory=list)

    def advance(self) -> bool:
        """Go to the next option that is awake; return whether there is one."""
        while self.at < len(self.options):
            if self.options[self.at] not in self.asleep:
                return True
            self.at += 1
        return False

    @property
    def choice(self) -> str:
        """Return the option that is tried now."""
        return self.options[self.at]

    def below(self) -> frozenset[str]:
        """Return what need not be tried first after the present choice."""
        return frozenset(
            other for other in (*self.asleep, *self.tried) if independent(other, self.choice)
        )


def explore(scope: Scope) -> Iterator[Outcome]:
    """Live through every schedule of a scope, depth first, and yield each with its outcome."""
    path: list[_Node] = []
    while True:
        outcome = _descend(scope, path)
        if outcome is not None:
            yield outcome
        while path:
            node = path[-1]
            node.tried.append(node.choice)
            node.at += 1
            if node.advance():
                break
            path.pop()
        if not path:
            return


def _descend(scope: Scope, path: list[_Node]) -> Outcome | None:
    """Play a path again and go on from its end; None where all that follows is known already."""
    stage = Stage()
    try:
        left = Left(scope.deaths, scope.times, scope.faults)
        begin(stage, scope)
        for choice in scope.opening:
            play(stage, scope, choice)
        for node in path:
            play(stage, scope, node.choice)
            left.take(node.choice)
        while len(path) < scope.depth:
            options = choices(stage, scope, left)
            if not options:
                break
            node = _Node(options, path[-1].below() if path else frozenset())
            if not node.advance():
                return None
            path.append(node)
            play(stage, scope, node.choice)
            left.take(node.choice)
        return _judge(stage, scope, tuple(node.choice for node in path))
    finally:
        stage.close()


def _judge(stage: Stage, scope: Scope, schedule: tuple[str, ...]) -> Outcome:
    steps = rest(stage, scope)
    wrong = stage.wrong()
    if not wrong and steps is None:
        wrong = "stuck: the position is not safe, or something stays open"
    return Outcome(schedule, wrong, -1 if steps is None else steps)


def replay(scope: Scope, schedule: Sequence[str]) -> tuple[Outcome, list[str]]:
    """Live through one schedule again, and tell what was there to choose from at each step."""
    stage = Stage()
    told: list[str] = []
    try:
        begin(stage, scope)
        for choice in (*scope.opening, *schedule):
            told.append(f"{stage.now_ms / 1000:7.1f} s  margin {stage.margin}  {choice}")
            play(stage, scope, choice)
        return _judge(stage, scope, tuple(schedule)), told
    finally:
        stage.close()
