"""How people are reached, by the settings."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from axisor.errors import SettingsInvalid
from axisor.testing.clock import FixedClock
from axisor_server.adapters.post import FolderPost, SmtpPost
from axisor_server.choices import Mail, MailTls, People, Work
from axisor_server.reaching import post, reach
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
