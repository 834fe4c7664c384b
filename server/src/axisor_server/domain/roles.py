"""Which rights a role holds, on an account and on the core as a whole."""

from __future__ import annotations

from axisor.model import Permission, PlatformRole, Role

EVERYTHING = (
    Permission.READ
    | Permission.TRADE
    | Permission.ADJUST_MARGIN
    | Permission.GUARD
    | Permission.OPERATE
    | Permission.MANAGE_SECRETS
    | Permission.ADMIN
)
"""All that can be done with an account, and with the core."""

_TRADER = Permission.READ | Permission.TRADE | Permission.ADJUST_MARGIN

ON_ACCOUNT: dict[Role, Permission] = {
    Role.VIEWER: Permission.READ,
    Role.TRADER: _TRADER,
    Role.OPERATOR: _TRADER | Permission.GUARD | Permission.OPERATE,
    Role.OWNER: EVERYTHING,
}

_ANYBODY = Permission.READ | Permission.MANAGE_SECRETS | Permission.SELF
"""Of the core: its venues, strategies and plugins, accounts of one's own, one's own sign-in."""

ON_PLATFORM: dict[PlatformRole, Permission] = {
    PlatformRole.NONE: _ANYBODY,
    PlatformRole.SUPPORT: _ANYBODY,
    PlatformRole.ADMIN: _ANYBODY | Permission.OPERATE | Permission.ADMIN,
    PlatformRole.OWNER: EVERYTHING | Permission.SELF,
}

EVERYWHERE: dict[PlatformRole, Permission] = {
    PlatformRole.NONE: Permission.NONE,
    PlatformRole.SUPPORT: Permission.READ,
    PlatformRole.ADMIN: Permission.NONE,
    PlatformRole.OWNER: EVERYTHING,
}
"""What a platform role holds on every account, whoever's it is."""


def on_account(role: Role) -> Permission:
    """Return the rights of a role on its account."""
    return ON_ACCOUNT[role]


def on_platform(role: PlatformRole) -> Permission:
    """Return the rights of a platform role in calls that are about no account.

    MANAGE_SECRETS there is the right to add accounts of one's own, and nothing more.
    """
    return ON_PLATFORM[role]


def everywhere(role: PlatformRole) -> Permission:
    """Return the rights of a platform role on every account."""
    return EVERYWHERE[role]
