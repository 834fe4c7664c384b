"""Builds what people are reached and judged with: passwords, letters, lists of what is leaked."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from axisor.errors import SettingsInvalid
from axisor.ports import Clock, Secret
from axisor_server.adapters import files
from axisor_server.adapters.breaches import Breaches
from axisor_server.adapters.passwords import SMALL, STANDARD, ArgonPasswords, is_common
from axisor_server.adapters.post import FolderPost, SmtpPost, SmtpServer
from axisor_server.choices import Mail, MailTls, Work
from axisor_server.rpc.house_people import Reach
from axisor_server.services.people.needs import Post, never_leaked
from axisor_server.settings import Settings

PROFILES = {Work.STANDARD: STANDARD, Work.SMALL: SMALL}


def reach(settings: Settings, data_dir: Path, clock: Clock) -> Reach:
    """Return how people are reached, by the settings. Raises SettingsInvalid."""
    people = settings.people
    if people.leaked_url and not people.leaked_url.startswith("https://"):
        raise SettingsInvalid(
            "A list of leaked passwords is asked by https:// only.", setting="people.leaked_url"
        )
    leaked = Breaches(people.leaked_url).knows if people.leaked_url else never_leaked
    return Reach(
        passwords=ArgonPasswords(PROFILES[people.passwords]),
        is_common=is_common,
        post=post(settings.mail, data_dir, clock),
        leaked=leaked,
        open=people.open,
    )


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
        path = Path(mail.password_file)
        try:
            password = Secret(files.read_private(path).decode("utf-8").strip())
        except (FileNotFoundError, UnicodeDecodeError) as error:
            raise SettingsInvalid(
                f"{path} cannot be read.", setting="mail.password_file", path=path
            ) from error
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


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
