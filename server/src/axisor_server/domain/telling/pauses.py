"""What is told of a run that is paused, and what must be remembered of it until it goes on."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from axisor.events import ChangeMade, Coverage, CoverageState, RunChanged
from axisor.notices import NoticeLevel
from axisor_server.domain.journal import to_us

MINUTE_US = 60 * 1_000_000


class Pause(Struct, frozen=True, kw_only=True):
    """A run that is paused: by whom, since when, and until when; 0 is until somebody resumes it."""

    who: str
    since_us: int
    until_us: int = 0

    @property
    def figures(self) -> dict[str, str]:
        """Return what the catalogue says of it."""
        found = {"who": self.who, "paused_at": str(self.since_us)}
        if self.until_us:
            minutes = (self.until_us - self.since_us) // MINUTE_US
            found |= {"until_at": str(self.until_us), "length_min": str(minutes)}
        return found

    def code(self, of: str) -> str:
        """Return the entry of the catalogue for something about a pause: one has no end."""
        return f"{of}_for" if self.until_us else of


class Guarding(Struct, kw_only=True):
    """Which run covers each position, or did until it was paused, and the runs that are paused."""

    runs: dict[str, str] = {}
    pauses: dict[str, Pause] = {}

    def cover(self, coverage: Coverage) -> None:
        """Learn who covers a position; where its guard was paused, that one is remembered."""
        position = coverage.position
        if coverage.run and coverage.state is not CoverageState.UNPROTECTED:
            self.runs[position] = coverage.run
        elif self.runs.get(position) not in self.pauses:
            self.runs.pop(position, None)

    def pause(
        self, changed: RunChanged, ahead: Sequence[object], time_us: int
    ) -> tuple[NoticeLevel, str, dict[str, str]]:
        """Learn that a run was paused; return how loud that is, its words and their figures.

        Who asked for it is told behind it in the journal.
        """
        who = next((each.principal for each in ahead if isinstance(each, ChangeMade)), "?")
        until = changed.resumes_at
        new = Pause(who=who, since_us=time_us, until_us=0 if until is None else to_us(until))
        pause = self.pauses.setdefault(changed.run, new)
        bare = sum(run == changed.run for run in self.runs.values())
        if not bare:
            return NoticeLevel.WARN, pause.code("run.paused"), pause.figures
        figures = pause.figures | {"bare_count": str(bare)}
        return NoticeLevel.CRIT, pause.code("run.bare"), figures

    def go_on(self, run: str, time_us: int) -> bool:
        """Learn that a run is paused no more; return whether its pause ended by itself."""
        pause = self.pauses.pop(run, None)
        return pause is not None and 0 < pause.until_us <= time_us

    def close(self, position: str) -> Pause | None:
        """Learn that a position is gone; return the pause of its guard, None where it had none."""
        return self.pauses.get(self.runs.pop(position, ""))
