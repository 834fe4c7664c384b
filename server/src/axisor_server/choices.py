"""Settings about people, secrets and receivers: who may come in, whose keys, where things go.

They are groups of `settings`, which reads them.
"""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta, Struct


class Work(enum.Enum):
    """How much work one password is."""

    STANDARD = "standard"
    """64 MiB and three passes, as RFC 9106 recommends where memory is short."""

    SMALL = "small"
    """19 MiB and two passes, the least that OWASP recommends; for tiny machines."""


class ProviderKind(enum.Enum):
    """How a provider vouches for people."""

    OIDC = "oidc"
    """OpenID Connect, found by discovery: Google, Keycloak, Entra, …"""

    GITHUB = "github"
    """OAuth 2 as github.com and GitHub Enterprise Server speak it."""


class Provider(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who vouches for people, and as what the core is known there."""

    kind: Annotated[ProviderKind, Meta(description="`oidc` or `github`.")] = ProviderKind.OIDC
    issuer: Annotated[
        str, Meta(description="Its address, as its tokens name it; github: https://github.com.")
    ] = ""
    client_id: Annotated[str, Meta(description="The id it gave to this core.")] = ""
    client_secret_file: Annotated[
        str,
        Meta(description="A private file with its secret; else AXISOR_CLIENT_SECRET_NAME has it."),
    ] = ""
    device: Annotated[bool, Meta(description="Allow codes that are typed on another device.")] = (
        False
    )
    proxy: Annotated[str, Meta(description="socks5h://host:port that it is reached through.")] = ""


class People(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may register, and what passwords are worth."""

    open: Annotated[
        bool, Meta(description="Anybody may register; else only whoever was invited.")
    ] = False
    passwords: Annotated[
        Work, Meta(description="How much work a password is: `standard` or `small`.")
    ] = Work.STANDARD
    leaked_url: Annotated[
        str,
        Meta(description="Empty: nobody is asked; else a list of leaked passwords, by range."),
    ] = ""
    redirects: Annotated[
        tuple[str, ...],
        Meta(description="Where a provider may send browsers back, beside their own machine."),
    ] = ()
    plan: Annotated[
        str, Meta(description="The plan that newcomers are put on; empty: none bounds them.")
    ] = ""
    providers: dict[str, Provider] = {}


class PlanChoice(Struct, frozen=True, forbid_unknown_fields=True):
    """How much a person on a plan may use; None is without a bound of the plan's own."""

    calls_per_min: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="Calls of the person, by whichever token, those that protect apart."),
    ] = None
    streams: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="Streams that the person has open at one core."),
    ] = None
    accounts: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="Exchange accounts that the person owns."),
    ] = None
    runs: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="Strategies that run at once on those accounts."),
    ] = None
    backtests: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="Started back-tests of the person that are made at once."),
    ] = None
    trade: Annotated[
        bool, Meta(description="May take on new risk: orders, strategies that do not protect.")
    ] = True


class MailTls(enum.Enum):
    """How a mail server is spoken to."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"
    """Without TLS; refused anywhere but on loopback."""


class Mail(Struct, frozen=True, forbid_unknown_fields=True):
    """Where letters to people go; without a server into the folder `outbox`."""

    host: Annotated[str, Meta(description="Empty: the folder `outbox`; else a mail server.")] = ""
    port: Annotated[int, Meta(ge=1, le=65_535, description="Its port.")] = 587
    tls: Annotated[MailTls, Meta(description="`starttls`, `implicit`, or `none` on loopback.")] = (
        MailTls.STARTTLS
    )
    sender: Annotated[str, Meta(description="The address that letters come from.")] = (
        "axisor@localhost"
    )
    user: Annotated[str, Meta(description="Who signs in there; empty: nobody.")] = ""
    password_file: Annotated[str, Meta(description="A private file with that password.")] = ""


class Outbound(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the core sends what somebody wants sent; to the public internet always."""

    allow: Annotated[
        tuple[str, ...],
        Meta(description="Networks that are not public and spoken to, such as 192.168.1.0/24."),
    ] = ()
    authority_file: Annotated[
        str, Meta(description="Certificates (PEM) of who else may sign for receivers.")
    ] = ""


class Priority(enum.Enum):
    """When a runner computes."""

    IDLE = "idle"
    """When nobody else would: it is put aside in the moment another wakes."""

    LOW = "low"
    """After all others, but a turn that it has begun it may finish."""

    NORMAL = "normal"
    """Like anybody."""


class Runner(Struct, frozen=True, forbid_unknown_fields=True):
    """Where plugins run that are not to run in the core, and how little each of them gets."""

    spawn: Annotated[
        tuple[str, ...],
        Meta(
            description="Plugins in processes of their own: NAME, or NAME=/path/to/its/python; "
            "with a * in it, all versions of it. * alone lets runners be enabled at run time."
        ),
    ] = ()
    offers: Annotated[
        tuple[str, ...],
        Meta(description="Files (JSON) of strategies whose runners come by themselves."),
    ] = ()
    answer_ms: Annotated[
        int,
        Meta(
            ge=50,
            le=10_000,
            description="Within which time a runner answers; a run's leash may ask for less.",
        ),
    ] = 1_000
    priority: Annotated[
        Priority,
        Meta(description="When it computes: when nobody else would, after others, or as they do."),
    ] = Priority.IDLE
    starved_s: Annotated[
        int,
        Meta(ge=0, le=600, description="Seconds without a processor that are not held against it."),
    ] = 30
    still_ms: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000,
            description="Milliseconds at once that runners stand still for a rescue; 0: never.",
        ),
    ] = 250
    memory_mib: Annotated[
        int, Meta(ge=128, le=8_192, description="Address space of one runner.")
    ] = 256
    files: Annotated[int, Meta(ge=32, le=1_024, description="Files it may have open.")] = 64
    processes: Annotated[
        int,
        Meta(ge=16, le=1_024, description="Processes and threads of its user, where it has one."),
    ] = 64
    cpu_s: Annotated[
        int, Meta(ge=10, le=86_400, description="Seconds it may compute before it is ended.")
    ] = 3_600
    uid: Annotated[
        int,
        Meta(ge=0, le=2_000_000_000, description="Its user, where the core is root; 0: the same."),
    ] = 0


class Tokens(Struct, frozen=True, forbid_unknown_fields=True):
    """How long a sign-in lasts, and each token of it."""

    access_minutes: Annotated[
        int, Meta(ge=15, le=30, description="Minutes that an access token counts.")
    ] = 15
    idle_days: Annotated[
        int, Meta(ge=1, le=30, description="Days after which an unused sign-in ends.")
    ] = 7
    most_days: Annotated[
        int, Meta(ge=1, le=90, description="Days after which every sign-in ends.")
    ] = 30


class Confirmations(Struct, frozen=True, forbid_unknown_fields=True):
    """How long a prepared call waits, and what may change meanwhile."""

    commit_s: Annotated[
        int, Meta(ge=1, le=600, description="Seconds in which its preparer can commit it.")
    ] = 30
    approve_s: Annotated[
        int, Meta(ge=5, le=3_600, description="Seconds in which others can approve it.")
    ] = 300
    drift_percent: Annotated[
        int, Meta(ge=0, le=50, description="How far a figure may move from what was shown.")
    ] = 1


class Keep(enum.Enum):
    """How new keys of the vault are kept."""

    FILE = "file"
    """In clear in the file of the ring."""

    PASSPHRASE = "passphrase"  # noqa: S105 - a way to keep a key
    """In the file of the ring, sealed under a passphrase."""

    ENVIRONMENT = "environment"
    """In a variable `AXISOR_KEK_…` of the process."""

    TRANSIT = "transit"
    """In the file of the ring, encrypted by a HashiCorp Vault whose key never leaves it."""


class Vault(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the keys are that seal every stored secret."""

    file: Annotated[
        str, Meta(description="Empty: `vault.key` in the data directory; else another file.")
    ] = ""
    keep: Annotated[
        Keep,
        Meta(description="How new keys are kept: `file`, `passphrase`, `environment`, `transit`."),
    ] = Keep.FILE
    passphrase_file: Annotated[
        str, Meta(description="A private file whose first line is the passphrase.")
    ] = ""
    passphrase_memory_mib: Annotated[
        int, Meta(ge=19, le=1_024, description="What one guess at the passphrase costs.")
    ] = 64
    transit_url: Annotated[
        str, Meta(description="The HashiCorp Vault of `transit`: https://host:8200.")
    ] = ""
    transit_key: Annotated[str, Meta(description="Its key.", pattern="^[A-Za-z0-9._-]{1,64}$")] = (
        "axisor"
    )
    transit_mount: Annotated[
        str, Meta(description="Where its transit engine is.", pattern="^[A-Za-z0-9._/-]{1,64}$")
    ] = "transit"
    transit_token_file: Annotated[
        str, Meta(description="A private file with the token that it knows the core by.")
    ] = ""
    transit_authority_file: Annotated[
        str, Meta(description="Certificates (PEM) of who signed its own; empty: the usual ones.")
    ] = ""
