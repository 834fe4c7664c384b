"""How people are reached, by the settings."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from axisor.errors import SettingsInvalid
from axisor.testing.clock import FixedClock
from axisor_server.adapters.identity.github import GithubProvider
from axisor_server.adapters.identity.oidc import OidcProvider
from axisor_server.adapters.post import FolderPost, SmtpPost
from axisor_server.choices import (
    Mail,
    MailTls,
    People,
    PlanChoice,
    Provider,
    ProviderKind,
    Work,
)
from axisor_server.domain.plans import NO_PLANS, Catalogue, Plan
from axisor_server.domain.rates import a_minute
from axisor_server.reaching import catalogue, post, provider, reach
from axisor_server.settings import Settings

CLOCK = FixedClock()


def test_without_a_mail_server_letters_go_into_a_folder(tmp_path: Path):
    assert isinstance(post(Mail(), tmp_path, CLOCK), FolderPost)


def test_with_one_they_go_there(tmp_path: Path):
    secret = tmp_path / "password"
    secret.write_text("of the mail server\n")
    secret.chmod(0o600)
    mail = Mail(host="mail.example.org", user="core", password_file=str(secret))

    assert isinstance(post(mail, tmp_path, CLOCK), SmtpPost)


def test_a_mail_server_elsewhere_is_not_spoken_to_without_tls(tmp_path: Path):
    mail = Mail(host="mail.example.org", tls=MailTls.NONE)

    with pytest.raises(SettingsInvalid):
        post(mail, tmp_path, CLOCK)
    post(msgspec.structs.replace(mail, host="127.0.0.1"), tmp_path, CLOCK)


@pytest.mark.parametrize("mode", [None, 0o644])
def test_a_password_that_others_can_read_or_that_is_not_there_is_refused(
    mode: int | None, tmp_path: Path
):
    secret = tmp_path / "password"
    if mode is not None:
        secret.write_text("of the mail server\n")
        secret.chmod(mode)

    with pytest.raises(SettingsInvalid):
        post(Mail(host="mail.example.org", password_file=str(secret)), tmp_path, CLOCK)


def test_a_list_of_leaked_passwords_is_asked_encrypted(tmp_path: Path):
    with pytest.raises(SettingsInvalid):
        reach(Settings(people=People(leaked_url="http://example.org/range")), tmp_path, CLOCK, {})


def test_registering_is_closed_and_passwords_are_dear_unless_set_otherwise(tmp_path: Path):
    usual = reach(Settings(), tmp_path, CLOCK, {})
    other = reach(Settings(people=People(open=True, passwords=Work.SMALL)), tmp_path, CLOCK, {})

    assert (usual.open, other.open) == (False, True)
    assert usual.passwords.stale("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA")


GOOGLE = Provider(issuer="https://accounts.google.com", client_id="one")
GITHUB = Provider(kind=ProviderKind.GITHUB, client_id="two")


def test_providers_are_those_that_are_set(tmp_path: Path):
    people = People(providers={"hub": GITHUB, "google": GOOGLE}, redirects=("https://a.example/b",))

    found = reach(Settings(people=people), tmp_path, CLOCK, {})

    assert [(each.name, each.issuer) for each in found.providers] == [
        ("google", "https://accounts.google.com"),
        ("hub", "https://github.com"),
    ]
    assert isinstance(found.providers[0], OidcProvider)
    assert isinstance(found.providers[1], GithubProvider)
    assert found.redirects == ("https://a.example/b",)


@pytest.mark.parametrize(
    "otherwise",
    [
        {"issuer": "http://accounts.google.com"},
        {"issuer": "accounts.google.com"},
        {"issuer": ""},
        {"issuer": "https://a:b@accounts.google.com"},
        {"issuer": "https://accounts.google.com/?x=y"},
        {"client_id": ""},
        {"proxy": "http://127.0.0.1:8080"},
        {"client_secret_file": "/nowhere/at/all"},
    ],
)
def test_a_provider_that_could_be_overheard_or_not_asked_is_refused(otherwise: dict[str, str]):
    with pytest.raises(SettingsInvalid):
        provider("google", msgspec.structs.replace(GOOGLE, **otherwise), CLOCK, {})


def test_the_secret_of_a_client_is_in_a_private_file_or_a_variable(tmp_path: Path):
    file = tmp_path / "secret"
    file.write_text("of the client\n")
    file.chmod(0o644)
    chosen = msgspec.structs.replace(GOOGLE, client_secret_file=str(file))
    with pytest.raises(SettingsInvalid):
        provider("google", chosen, CLOCK, {})
    file.chmod(0o600)

    by_file = provider("google", chosen, CLOCK, {})
    by_variable = provider("our-own", GOOGLE, CLOCK, {"AXISOR_CLIENT_SECRET_OUR_OWN": "s"})

    assert "of the client" not in repr(by_file)
    assert isinstance(by_variable, OidcProvider)


def test_no_browser_is_sent_back_without_tls(tmp_path: Path):
    people = People(redirects=("http://axisor.example.org/back",))

    with pytest.raises(SettingsInvalid):
        reach(Settings(people=people), tmp_path, CLOCK, {})


def test_newcomers_are_put_on_a_plan_that_is_there():
    settings = Settings(plans={"free": PlanChoice(calls_per_min=80, accounts=1, trade=False)})
    chosen = msgspec.structs.replace(settings, people=People(plan="free"))

    assert catalogue(Settings()) == NO_PLANS
    assert catalogue(chosen) == Catalogue(
        plans={"free": Plan(name="free", calls=a_minute(80), accounts=1, trade=False)},
        newcomers="free",
    )
    with pytest.raises(SettingsInvalid, match=r"\[plans.gold\]"):
        catalogue(msgspec.structs.replace(settings, people=People(plan="gold")))
    with pytest.raises(SettingsInvalid, match="none"):
        catalogue(Settings(plans={"none": PlanChoice()}))
