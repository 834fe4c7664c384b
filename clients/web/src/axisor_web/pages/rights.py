"""Whether somebody may make a call, by the right that the contract states and those they hold."""

from __future__ import annotations

from functools import cache

from axisor.client import contract
from axisor.errors import FieldInvalid
from axisor.model import Permission


@cache
def right_of(call: str) -> tuple[Permission, bool]:
    """Return the right of a call such as `MarginService.AddMargin`, and whether it is an account's.

    Raises FieldInvalid where the contract has no such call.
    """
    method = contract.find(call)
    right = Permission[method.right.upper()] if method.right else Permission.NONE
    return right, bool(method.resource)


def allowed(call: str, account: Permission, core: Permission) -> bool:
    """Return whether a call is allowed to who holds rights on an account, and on the core."""
    try:
        right, of_account = right_of(call)
    except FieldInvalid:  # a call of a newer core, which this bridge cannot make either
        return False
    return right in (account if of_account else core)
