"""Turns ids into resource names and back: `accounts/{account}/positions/{position}`."""

from __future__ import annotations

import re

from axisor.errors import FieldInvalid

_TOP = re.compile(r"[a-z0-9-]{1,64}")
_CHILD = re.compile(r"[A-Za-z0-9_-]{1,64}")


def account_name(account: str) -> str:
    """Return the name of an account; a name stays as it is."""
    return account if account.startswith("accounts/") else f"accounts/{account}"


def child_name(account: str, collection: str, id: str) -> str:
    """Return the name of something of an account; an empty id gives an empty name."""
    if id == "" or id.startswith("accounts/"):
        return id
    return f"{account_name(account)}/{collection}/{id}"


def position_name(account: str, position: str) -> str:
    """Return the name of a position; the cross position's id is `cross`."""
    return child_name(account, "positions", position)


def order_name(account: str, order: str) -> str:
    """Return the name of an order."""
    return child_name(account, "orders", order)


def run_name(account: str, run: str) -> str:
    """Return the name of a run."""
    return child_name(account, "runs", run)


def intent_name(account: str, intent: str) -> str:
    """Return the name of an intent."""
    return child_name(account, "intents", intent)


def letter_name(account: str, intent: str) -> str:
    """Return the name of a dead letter."""
    return child_name(account, "deadLetters", intent)


def confirmation_name(account: str, confirmation: str) -> str:
    """Return the name of a confirmation."""
    return child_name(account, "confirmations", confirmation)


def backtest_name(account: str, backtest: str) -> str:
    """Return the name of a started back-test."""
    return child_name(account, "backtests", backtest)


def balance_name(account: str) -> str:
    """Return the name of an account's balance."""
    return f"{account_name(account)}/balance"


def top_name(collection: str, id: str) -> str:
    """Return the name of a venue, strategy or plugin; empty stays empty."""
    return id if id == "" or id.startswith(f"{collection}/") else f"{collection}/{id}"


def venue_name(venue: str) -> str:
    """Return the name of a venue."""
    return top_name("venues", venue)


def strategy_name(strategy: str) -> str:
    """Return the name of a strategy."""
    return top_name("strategies", strategy)


def plugin_name(plugin: str) -> str:
    """Return the name of a plugin."""
    return top_name("plugins", plugin)


def person_name(person: str) -> str:
    """Return the name of a person; empty stays empty."""
    return top_name("people", person)


def member_name(account: str, person: str) -> str:
    """Return the name of a person's role on an account."""
    return child_name(account, "members", last_part(person))


def session_name(session: str) -> str:
    """Return the name of a session."""
    return top_name("sessions", session)


def provider_name(provider: str) -> str:
    """Return the name of an identity provider; empty stays empty."""
    return top_name("identityProviders", provider)


def identity_name(identity: str) -> str:
    """Return the name of an identity."""
    return top_name("identities", identity)


def last_part(name: str) -> str:
    """Return the id at the end of a name that a core sent; empty stays empty."""
    return name.rpartition("/")[2]


def account_part(name: str) -> str:
    """Return the account's id within a name that a core sent, empty where there is none."""
    parts = name.split("/")
    return parts[1] if len(parts) > 1 and parts[0] == "accounts" else ""


def top_id(name: str, collection: str, field: str = "name") -> str:
    """Return the id in a name such as `accounts/{account}`. Raises FieldInvalid."""
    head, _, id = name.partition("/")
    if head != collection or not _TOP.fullmatch(id):
        raise FieldInvalid(f"{field} must have the form {collection}/{{id}}.", field=field)
    return id


def account_id(name: str, field: str = "name") -> str:
    """Return the id in `accounts/{account}`. Raises FieldInvalid."""
    return top_id(name, "accounts", field)


def person_id(name: str, field: str = "name") -> str:
    """Return the id in `people/{person}`. Raises FieldInvalid."""
    return top_id(name, "people", field)


def session_id(name: str, field: str = "name") -> str:
    """Return the id in `sessions/{session}`. Raises FieldInvalid."""
    return top_id(name, "sessions", field)


def provider_id(name: str, field: str = "name") -> str:
    """Return the id in `identityProviders/{provider}`. Raises FieldInvalid."""
    return top_id(name, "identityProviders", field)


def identity_id(name: str, field: str = "name") -> str:
    """Return the id in `identities/{identity}`. Raises FieldInvalid."""
    return top_id(name, "identities", field)


def child_id(name: str, collection: str, field: str = "name") -> tuple[str, str]:
    """Return account and id of a name such as `accounts/{account}/runs/{run}`.

    Raises FieldInvalid.
    """
    parts = name.split("/")
    fits = len(parts) == 4 and parts[0] == "accounts" and parts[2] == collection
    if not fits or not _TOP.fullmatch(parts[1]) or not _CHILD.fullmatch(parts[3]):
        form = f"accounts/{{account}}/{collection}/{{id}}"
        raise FieldInvalid(f"{field} must have the form {form}.", field=field)
    return parts[1], parts[3]


def position_id(name: str, field: str = "name") -> tuple[str, str]:
    """Return account and position of a name. Raises FieldInvalid."""
    return child_id(name, "positions", field)


def order_id(name: str, field: str = "name") -> tuple[str, str]:
    """Return account and order of a name. Raises FieldInvalid."""
    return child_id(name, "orders", field)


def run_id(name: str, field: str = "name") -> tuple[str, str]:
    """Return account and run of a name. Raises FieldInvalid."""
    return child_id(name, "runs", field)


def intent_id(name: str, field: str = "name") -> tuple[str, str]:
    """Return account and intent of a name. Raises FieldInvalid."""
    return child_id(name, "intents", field)


def member_id(name: str, field: str = "name") -> tuple[str, str]:
    """Return account and person of a member's name. Raises FieldInvalid."""
    return child_id(name, "members", field)


def letter_id(name: str, field: str = "name") -> tuple[str, str]:
    """Return account and intent of a dead letter's name. Raises FieldInvalid."""
    return child_id(name, "deadLetters", field)


def backtest_id(name: str, field: str = "name") -> tuple[str, str]:
    """Return account and id of a started back-test's name. Raises FieldInvalid."""
    return child_id(name, "backtests", field)


def alert_id(name: str, field: str = "name") -> tuple[str, str]:
    """Return account and id of an alert's name. Raises FieldInvalid."""
    return child_id(name, "alerts", field)


def confirmation_id(name: str, field: str = "name") -> tuple[str, str]:
    """Return account and id of a confirmation's name. Raises FieldInvalid."""
    return child_id(name, "confirmations", field)
