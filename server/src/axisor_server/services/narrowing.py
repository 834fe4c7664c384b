"""What is left of somebody's rights under the caveats of a token."""

from __future__ import annotations

from msgspec import structs

from axisor.model import Permission
from axisor.tokens import Bounds
from axisor_server.services.principals import Principal

OF_THE_CORE = Permission.READ
"""What a token for some accounts may do in calls that are about no account."""

BEYOND_COUNTING = Permission.GUARD
"""What a token with a limit a day lacks: what a run spends is counted by its leash."""


def narrowed(holder: Principal, bounds: Bounds, *, token: str) -> Principal:
    """Return the caller that a token of a holder stands for: never more than the holder."""
    allowed = bounds.permissions
    if bounds.sats_per_day is not None:
        allowed &= ~BEYOND_COUNTING
    caller = structs.replace(
        holder,
        name=f"tokens/{token}",
        token=token,
        session="",
        platform=holder.platform & allowed,
        everywhere=holder.everywhere & allowed,
        accounts=_accounts(holder, bounds, allowed),
        until_us=_until(holder, bounds),
        authenticated_us=0,  # nobody proves who they are by a token
        methods=bounds.methods,
        sats_per_day=bounds.sats_per_day,
        propose_only=bounds.propose_only,
    )
    if bounds.accounts is None:
        return caller
    return structs.replace(
        caller, platform=caller.platform & OF_THE_CORE, everywhere=Permission.NONE
    )


def _accounts(
    holder: Principal, bounds: Bounds, allowed: Permission
) -> dict[str, Permission] | None:
    if bounds.accounts is None:
        if holder.accounts is None:
            return None
        return {id: rights & allowed for id, rights in holder.accounts.items()}
    named = sorted(id for id in bounds.accounts if holder.sees(id))
    return {id: holder.rights(id) & allowed for id in named}


def _until(holder: Principal, bounds: Bounds) -> int | None:
    ends = [holder.until_us, None if bounds.until_s is None else bounds.until_s * 1_000_000]
    return min((end for end in ends if end is not None), default=None)


def still_covers(now: Principal, then: Principal) -> bool:
    """Return whether a caller may do now all that they could when a call of theirs began."""
    if then.platform & ~now.platform or then.everywhere & ~now.everywhere:
        return False
    if then.accounts is None:
        return now.accounts is None
    return all(not rights & ~now.rights(id) for id, rights in then.accounts.items())
