"""What a core shows its clients, and what it asks them to show: certificates, renewed in time."""

from __future__ import annotations

from pathlib import Path

import structlog

from axisor.ports import Clock
from axisor_server.adapters import files, tls
from axisor_server.adapters.authority import is_due, open_authority
from axisor_server.rpc.server import Tls
from axisor_server.settings import Settings

DIRECTORY = "tls"
CERTIFICATE_FILE = "cert.pem"
LOCAL_CERTIFICATE, LOCAL_KEY = "local.crt", "local.key"
LOCAL = "local"

log = structlog.get_logger("axisor.transport")


class Transport:
    """The certificates of one core."""

    def __init__(self, settings: Settings, data_dir: Path, clock: Clock) -> None:
        self._settings = settings.grpc
        self._directory = data_dir / DIRECTORY
        self._clock = clock

    @property
    def path(self) -> Path:
        """Return the file that clients pin."""
        return self._directory / CERTIFICATE_FILE

    def load(self) -> tls.Certificate | None:
        """Return the certificate to show, made or renewed where that is due; None for plaintext.

        Where clients must show one too, the commands on this machine get theirs. Raises
        SettingsInvalid.
        """
        if self._settings.plaintext:
            return None
        certificate = tls.load_or_make(self._directory, self._clock, names=self._settings.names)
        files.replace_private(self.path, certificate.certificate)
        if self._settings.client_certificates:
            self._renew_local()
        return certificate

    def wrap(self, certificate: tls.Certificate | None) -> Tls | None:
        """Return what the server needs of a certificate, with whom it trusts."""
        if certificate is None:
            return None
        roots = None
        if self._settings.client_certificates:
            roots = open_authority(self._directory, self._clock).certificate
        return Tls(certificate.certificate, certificate.key, roots)

    def _renew_local(self) -> None:
        path = self._directory / LOCAL_CERTIFICATE
        try:
            due = is_due(files.read_private(path), self._clock)
        except FileNotFoundError:
            due = True
        if due:
            issued = open_authority(self._directory, self._clock).issue(LOCAL, self._clock)
            files.replace_private(self._directory / LOCAL_KEY, issued.key)
            files.replace_private(path, issued.certificate)
            log.info("issued a certificate", name=LOCAL)
