"""The protocol without one of its rules, again and again: each such mutant must be caught.

A rule that can be taken out without any promise being broken is either needless or backed by
another one; those pairs are listed here too, alone (they survive) and together (they do not).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from tests.simulation import crowding, lateness, variants
from tests.simulation import removals as remove
from tests.simulation.patches import Patches
from tests.simulation.records import Result
from tests.simulation.run import run_seed
from tests.simulation.world import World

TWICE = frozenset({"double", "double-rescue", "misclassified", "unlogged"})
"""What makes a seed a bad one: an effect twice, or one that the core denies or does not know."""

LATE = frozenset({"stale-epoch"})
"""A request that another core's lease forbids, and that the venue could carry out."""

Removal = Callable[[Patches], None]


class Mutant(Struct, frozen=True, kw_only=True):
    """The protocol without a rule: its name, the rule that it lacks, and how that is brought about.

    `world` changes each world before it runs; `breaks` are the promises by which it counts as
    caught, `survives` says that other rules stand behind it, so that few worlds or none notice.
    """

    name: str
    lacks: str
    removals: tuple[Removal, ...]
    world: Callable[[World], None] | None = None
    breaks: frozenset[str] = TWICE
    survives: bool = False
    quick: bool = True

    def live(self, seed: int) -> Result:
        """Live through a seed without the rule."""
        with Patches() as patches:
            for removal in self.removals:
                removal(patches)
            return run_seed(seed, prepare=self.world)

    def caught(self, result: Result) -> bool:
        """Return whether a seed shows that the rule is missing."""
        return any(violation.kind in self.breaks for violation in result.violations)


MUTANTS: Sequence[Mutant] = (
    Mutant(
        name="timeout-is-failure",
        lacks="Silence is no refusal: without an answer an outcome is unknown.",
        removals=(remove.timeout_is_failure,),
    ),
    Mutant(
        name="server-error-is-failure",
        lacks="A 5xx says nothing about what was done before it.",
        removals=(remove.server_error_is_failure,),
    ),
    Mutant(
        name="broken-client-is-failure",
        lacks="A client that broke may have sent first.",
        removals=(remove.broken_client_is_failure,),
    ),
    Mutant(
        name="any-200-is-success",
        lacks="A 200 counts only where its body says what was done.",
        removals=(remove.any_200_is_success,),
        world=variants.garbled,
    ),
    Mutant(
        name="send-before-log",
        lacks="The stamp is durable before the first byte leaves.",
        removals=(remove.send_before_log,),
    ),
    Mutant(
        name="lost-commit-is-written",
        lacks="A commit without acknowledgement is looked up, not believed in.",
        removals=(remove.lost_commit_is_written,),
    ),
    Mutant(
        name="sign-at-send",
        lacks="The signature is fixed with the stamp, so that a late request is worthless.",
        removals=(remove.sign_at_send,),
        world=variants.many_pauses,
    ),
    Mutant(
        name="transport-retries",
        lacks="No call that changes anything is ever repeated.",
        removals=(remove.transport_retries,),
        breaks=frozenset({"sent-twice"}),
    ),
    Mutant(
        name="no-fence-wait",
        lacks="What is not seen yet may still happen, until the fence.",
        removals=(remove.no_fence_wait,),
    ),
    Mutant(
        name="fence-checked-after-the-read",
        lacks="Only a reading begun after the fence proves that nothing happened.",
        removals=(remove.fence_checked_after_the_read,),
        world=variants.late_and_slow,
    ),
    Mutant(
        name="fence-without-allowance",
        lacks="The fence allows for a venue that works slowly and shows late.",
        removals=(remove.fence_without_allowance,),
        world=variants.late_and_slow,
    ),
    Mutant(
        name="any-movement-is-ours",
        lacks="Only the whole amount proves an addition.",
        removals=(remove.any_movement_is_ours,),
        world=variants.meddling_user,
    ),
    Mutant(
        name="net-funding",
        lacks="Only paid funding fees belong into the counter of added margin.",
        removals=(remove.net_funding,),
        world=variants.often_funded,
    ),
    Mutant(
        name="gone-is-not-applied",
        lacks="A position that is gone tells nothing of what was added to it.",
        removals=(remove.gone_is_not_applied,),
        world=variants.closing_user,
    ),
    Mutant(
        name="absence-proves-nothing",
        lacks="After the fence, absence is proof: an account must not stay blocked.",
        removals=(remove.absence_proves_nothing,),
        breaks=frozenset({"stuck"}),
    ),
    Mutant(
        name="unknown-does-not-block",
        lacks="While an outcome is unknown nothing is added to the same position.",
        removals=(remove.unknown_does_not_block,),
        world=variants.no_index,
    ),
    Mutant(
        name="unknown-costs-nothing",
        lacks="Sats of unknown outcome count as spent.",
        removals=(remove.unknown_costs_nothing,),
        world=variants.tight_budgets,
        breaks=frozenset({"budget"}),
    ),
    Mutant(
        name="restart-forgets",
        lacks="What was spent outlives the process.",
        removals=(remove.restart_forgets,),
        world=variants.tight_budgets,
        breaks=frozenset({"budget"}),
    ),
    Mutant(
        name="command-ids-mean-nothing",
        lacks="One request id, one action.",
        removals=(remove.command_ids_mean_nothing,),
        world=variants.busy_clients,
        breaks=frozenset({"command-twice"}),
    ),
    Mutant(
        name="sent-of-the-dead-was-not-sent",
        lacks="A stamp without an answer means unknown, also after a crash.",
        removals=(crowding.sent_of_the_dead_was_not_sent,),
    ),
    Mutant(
        name="no-lease-check-before-sending",
        lacks="After a pause a core looks at its lease before it sends.",
        removals=(lateness.no_lease_check_before_sending,),
        world=variants.many_pauses,
        breaks=LATE,
    ),
    Mutant(
        name="lease-checked-early",
        lacks="The last look at the lease comes after every wait, when the bytes are next.",
        removals=(lateness.lease_checked_early,),
        world=variants.stopped_while_waiting,
        breaks=LATE,
    ),
    Mutant(
        name="signature-outlives-lease",
        lacks="A signature dated back is dead when its lease is over.",
        removals=(lateness.signature_outlives_lease,),
        world=variants.stopped_at_the_byte,
        breaks=LATE,
    ),
    # -------------------------------------------------------- rules that back each other up
    Mutant(
        name="any-reading-counts",
        lacks="A reading that shows less than was known is dropped.",
        removals=(remove.any_reading_counts,),
        survives=True,
    ),
    Mutant(
        name="readings-from-before-count",
        lacks="A reading begun before the last effect is dropped.",
        removals=(remove.readings_from_before_count,),
        survives=True,
    ),
    Mutant(
        name="guard-believes-any-figure",
        lacks="The guard waits until the figures show its last action.",
        removals=(remove.guard_believes_any_figure,),
        survives=True,
    ),
    Mutant(
        name="no-monotone-reads",
        lacks="Neither the core nor the guard minds figures older than the last effect.",
        removals=(
            remove.any_reading_counts,
            remove.readings_from_before_count,
            remove.guard_believes_any_figure,
        ),
    ),
    Mutant(
        name="no-lease",
        lacks="One core acts for an account.",
        removals=(crowding.no_lease,),
        survives=True,
    ),
    Mutant(
        name="no-index",
        lacks="The database allows one open additive action for a position.",
        removals=(),
        world=variants.no_index,
        survives=True,
    ),
    Mutant(
        name="no-epochs",
        lacks="A core whose lease was taken over cannot write.",
        removals=(crowding.no_epochs,),
        survives=True,
    ),
    Mutant(
        name="no-lease-no-index",
        lacks="Neither the lease nor the index keeps two cores apart.",
        removals=(crowding.no_lease,),
        world=variants.no_index,
        survives=True,
    ),
    Mutant(
        name="no-lease-no-index-no-head",
        lacks="Neither lease nor index nor the journal's head keeps two cores apart.",
        removals=(crowding.no_lease, crowding.no_journal_head),
        world=variants.no_index,
        survives=True,
    ),
    Mutant(
        name="nothing-between-two-cores",
        lacks="Neither lease nor index nor head nor the order of steps keeps two cores apart.",
        removals=(crowding.no_lease, crowding.no_journal_head, crowding.no_step_order),
        world=variants.no_index,
    ),
    Mutant(
        name="successor-sends-the-plan",
        lacks="What was planned under another lease is cancelled.",
        removals=(crowding.successor_sends_the_plan,),
        survives=True,
    ),
)


def named(name: str) -> Mutant:
    """Return the mutant of a name. Raises KeyError."""
    return {mutant.name: mutant for mutant in MUTANTS}[name]
