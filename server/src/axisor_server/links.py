"""How a core reaches the database and the Redis that it shares: by TLS, or on this machine."""

from __future__ import annotations

import os
from urllib.parse import parse_qs, quote, urlsplit

from axisor.errors import SettingsInvalid
from axisor_server.bounds import Link
from axisor_server.services.admission import is_loopback
from axisor_server.settings import Settings

VERIFIED = "verify-full"
MONEY = "Whoever is on the way could read every row and write what your guards believe."


def database_url(settings: Settings) -> str:
    """Return the address of the PostgreSQL database, empty for SQLite.

    One elsewhere is reached by TLS with its name verified, by the system's authorities unless
    others are named. Raises SettingsInvalid for one that would be reached otherwise.
    """
    link = settings.database
    if not link.url:
        return ""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    if not link.url.startswith(("postgresql://", "postgres://")):
        raise SettingsInvalid(
            "The database must be a postgresql:// address.", setting="database.url"
        )
    try:
        asked = conninfo_to_dict(link.url)
    except psycopg.ProgrammingError:
        raise SettingsInvalid(  # without the cause: it may quote a password
            "The address of the database cannot be read.", setting="database.url"
        ) from None
    hosts = str(asked.get("host") or asked.get("hostaddr") or os.environ.get("PGHOST", ""))
    here = all(map(_is_here, hosts.split(",")))
    more = _named(link, "database", root="sslrootcert", certificate="sslcert", key="sslkey")
    mode = str(asked.get("sslmode") or "")
    if not mode and (more or not (here or link.plaintext)):
        mode = more["sslmode"] = VERIFIED
        if "sslrootcert" not in {**asked, **more}:
            more["sslrootcert"] = "system"
    if mode != VERIFIED and not (here or link.plaintext):
        raise _in_clear("database", f"sslmode={mode}", f"sslmode={VERIFIED}")
    return _with(link.url, more)


def redis_url(settings: Settings) -> str:
    """Return the address of Redis, empty for none.

    One elsewhere is reached by TLS with its name verified. Raises SettingsInvalid for one that
    would be reached otherwise.
    """
    link = settings.redis
    if not link.url:
        return ""
    parts = urlsplit(link.url)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise SettingsInvalid(
            "Redis must be a redis://, rediss:// or unix:// address.", setting="redis.url"
        )
    more = _named(link, "redis", root="ssl_ca_certs", certificate="ssl_certfile", key="ssl_keyfile")
    if more and parts.scheme != "rediss":
        raise SettingsInvalid(
            "Redis has certificates, and its address is none of TLS.",
            fix="Begin it with rediss://.",
            setting="redis.url",
        )
    here = parts.scheme == "unix" or _is_here(parts.hostname or "")
    asked = parse_qs(parts.query)
    lax = [name for name in ("ssl_cert_reqs", "ssl_check_hostname") if name in asked]
    if (parts.scheme != "rediss" or lax) and not (here or link.plaintext):
        raise _in_clear("redis", " ".join(lax) or parts.scheme + "://", "rediss://")
    return _with(link.url, more)


def _named(link: Link, group: str, *, root: str, certificate: str, key: str) -> dict[str, str]:
    if bool(link.certificate) != bool(link.key):
        raise SettingsInvalid(
            "A certificate to show needs its key, and a key its certificate.",
            setting=f"{group}.certificate",
        )
    found = {root: link.root, certificate: link.certificate, key: link.key}
    return {name: file for name, file in found.items() if file}


def _with(url: str, more: dict[str, str]) -> str:
    said = "&".join(f"{name}={quote(text, safe='/')}" for name, text in more.items())
    return f"{url}{'&' if '?' in url else '?'}{said}" if said else url


def _is_here(host: str) -> bool:
    return not host or host.startswith(("/", "@")) or is_loopback(host)


def _in_clear(group: str, how: str, better: str) -> SettingsInvalid:
    return SettingsInvalid(
        f"The {group} is not on this machine, and {how} does not prove that it is the right one.",
        money=MONEY,
        fix=f"Use {better}, or set {group}.plaintext where nobody else is on that network.",
        setting=f"{group}.plaintext",
    )
