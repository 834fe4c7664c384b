"""Builds what people are reached and judged with: passwords, letters, leaks, who vouches."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path

from axisor.errors import SettingsInvalid
from axisor.ports import Clock, Secret
from axisor_server.adapters import files
from axisor_server.adapters.passwords import SMALL, STANDARD, ArgonPasswords, is_common
from axisor_server.adapters.post import FolderPost, SmtpPost, SmtpServer
from axisor_server.choices import Mail, MailTls, Provider, ProviderKind, Work
from axisor_server.domain.plans import Catalogue, Plan
from axisor_server.domain.rates import a_minute
from axisor_server.rpc.house_people import Reach
from axisor_server.services.people.needs import IdentityProvider, Leaked, Post, never_leaked
from axisor_server.settings import Settings

CLIENT_SECRET = "AXISOR_CLIENT_SECRET_"  # noqa: S105 - how the name of a variable begins

NONE = "none"
"""What clients call being on no plan."""

PROFILES = {Work.STANDARD: STANDARD, Work.SMALL: SMALL}


def reach(
    settings: Settings, data_dir: Path, clock: Clock, environment: Mapping[str, str]
) -> Reach:
    """Return how people are reached, by the settings. Raises SettingsInvalid."""
    people = settings.people
    if people.leaked_url and not people.leaked_url.startswith("https://"):
        raise SettingsInvalid(
            "A list of leaked passwords is asked by https:// only.", setting="people.leaked_url"
        )
    return Reach(
        passwords=ArgonPasswords(PROFILES[people.passwords]),
        is_common=is_common,
        post=post(settings.mail, data_dir, clock),
        leaked=_leaked(people.leaked_url),
        open=people.open,
        providers=tuple(
            provider(name, each, clock, environment)
            for name, each in sorted(people.providers.items())
        ),
        redirects=_redirects(people.redirects),
        plans=catalogue(settings),
    )


def _leaked(url: str) -> Leaked:
    if not url:
        return never_leaked
    from axisor_server.adapters.breaches import Breaches

    return Breaches(url).knows


def catalogue(settings: Settings) -> Catalogue:
    """Return the plans that settings name. Raises SettingsInvalid."""
    newcomers = settings.people.plan
    if newcomers and newcomers not in settings.plans:
        raise SettingsInvalid(
            f"Newcomers cannot be put on the plan {newcomers!r}: there is none of that name.",
            fix=f"Add [plans.{newcomers}], or name another.",
            setting="people.plan",
        )
    if NONE in settings.plans:
        raise SettingsInvalid(
            f"No plan can be called {NONE!r}: commands take it for being on none.",
            setting=f"plans.{NONE}",
        )
    plans = {
        name: Plan(
            name=name,
            calls=None if each.calls_per_min is None else a_minute(each.calls_per_min),
            streams=each.streams,
            accounts=each.accounts,
            runs=each.runs,
            backtests=each.backtests,
            trade=each.trade,
        )
        for name, each in settings.plans.items()
    }
    return Catalogue(plans=plans, newcomers=newcomers)


def provider(
    name: str, chosen: Provider, clock: Clock, environment: Mapping[str, str]
) -> IdentityProvider:
    """Return somebody who vouches for people. Raises SettingsInvalid."""
    from axisor_server.adapters.identity.clients import Registered
    from axisor_server.adapters.identity.github import HOME, GithubProvider
    from axisor_server.adapters.identity.oidc import OidcProvider
    from axisor_server.adapters.identity.web import check_issuer

    setting = f"people.providers.{name}"
    issuer = chosen.issuer or (HOME if chosen.kind is ProviderKind.GITHUB else "")
    check_issuer(issuer, f"{setting}.issuer")
    if not chosen.client_id:
        raise SettingsInvalid(
            f"The provider {name} knows no core without an id.",
            fix="Register the core there, and set the id that it gives.",
            setting=f"{setting}.client_id",
        )
    if chosen.proxy and not chosen.proxy.startswith(("socks5://", "socks5h://")):
        raise SettingsInvalid(f"{chosen.proxy!r} is no SOCKS5 proxy.", setting=f"{setting}.proxy")
    at = Registered(
        name=name,
        issuer=issuer,
        client_id=chosen.client_id,
        secret=_client_secret(name, chosen, environment),
        devices=chosen.device,
        proxy=chosen.proxy,
    )
    return GithubProvider(at) if chosen.kind is ProviderKind.GITHUB else OidcProvider(at, clock)


def _client_secret(name: str, chosen: Provider, environment: Mapping[str, str]) -> Secret | None:
    if chosen.client_secret_file:
        setting = f"people.providers.{name}.client_secret_file"
        return _private(chosen.client_secret_file, setting)
    found = environment.get(CLIENT_SECRET + name.upper().replace("-", "_"), "").strip()
    return Secret(found) if found else None


def _redirects(given: tuple[str, ...]) -> tuple[str, ...]:
    if not given:
        return ()
    from axisor_server.adapters.identity.web import is_safe

    for uri in given:
        if not is_safe(uri):
            raise SettingsInvalid(
                f"No browser is sent to {uri!r}: neither by TLS nor on its own machine.",
                setting="people.redirects",
            )
    return given


def post(mail: Mail, data_dir: Path, clock: Clock) -> Post:
    """Return how letters are delivered. Raises SettingsInvalid."""
    if not mail.host:
        return FolderPost(data_dir, clock, sender=mail.sender)
    plaintext = mail.tls is MailTls.NONE
    if plaintext and not _is_here(mail.host):
        raise SettingsInvalid(
            f"{mail.host} is not on this machine, so it is not spoken to without TLS.",
            money="Letters let their readers in; nobody on the way may read them.",
            setting="mail.tls",
        )
    password = None
    if mail.password_file:
        password = _private(mail.password_file, "mail.password_file")
    server = SmtpServer(
        host=mail.host,
        port=mail.port,
        sender=mail.sender,
        user=mail.user,
        password=password,
        implicit=mail.tls is MailTls.IMPLICIT,
        plaintext=plaintext,
    )
    return SmtpPost(server, clock)


def _private(file: str, setting: str) -> Secret:
    path = Path(file)
    try:
        return Secret(files.read_private(path).decode("utf-8").strip())
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path} cannot be read.", setting=setting, path=path) from error


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
