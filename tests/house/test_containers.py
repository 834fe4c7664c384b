"""The image and the compose file hold what they should, read without a container engine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from axisor_server.settings import ENV_PREFIX, Settings, load, names
from tests.house import sources

DOCKERFILE = Path("Dockerfile")
COMPOSE = Path("docker-compose.yml")
KNOWN_SERVICES = {"core", "postgres", "redis"}
HADOLINT = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which(
    "hadolint"
)


def instructions() -> list[tuple[str, str]]:
    """Give the Dockerfile's instructions, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", sources.text(DOCKERFILE))
    lines = [line.strip() for line in joined.splitlines()]
    split = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return [(word.upper(), rest) for word, rest in split]


def services() -> dict[str, dict[str, Any]]:
    """Give the services of the compose file."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(sources.text(COMPOSE))["services"]
    return found


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed")
def test_hadolint_has_nothing_to_say() -> None:
    assert HADOLINT is not None
    done = subprocess.run(
        [HADOLINT, "--no-color", str(DOCKERFILE)],
        cwd=sources.ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_last_stage_runs_as_nobody_in_particular() -> None:
    all_lines = instructions()
    last = max(at for at, (word, _) in enumerate(all_lines) if word == "FROM")
    users = [rest for word, rest in all_lines[last:] if word == "USER"]

    assert users
    assert users[-1].split(":")[0] not in {"root", "0"}


def test_the_image_states_its_health() -> None:
    assert [rest for word, rest in instructions() if word == "HEALTHCHECK"]


def test_every_copied_path_exists() -> None:
    copied = [
        rest.split()[:-1]
        for word, rest in instructions()
        if word == "COPY" and "--from" not in rest
    ]
    wanted = [name for names in copied for name in names if not name.startswith("--")]

    assert wanted
    assert [name for name in wanted if not (sources.ROOT / name).exists()] == []


def test_compose_has_the_services_that_exist() -> None:
    assert set(services()) == KNOWN_SERVICES


def test_compose_builds_the_core_from_here() -> None:
    build = services()["core"]["build"]
    context = build if isinstance(build, str) else build.get("context", ".")

    assert (sources.ROOT / context / DOCKERFILE).is_file()


@pytest.mark.parametrize("name", sorted(KNOWN_SERVICES))
def test_a_service_is_bounded_and_watched(name: str) -> None:
    service = services()[name]

    assert "healthcheck" in service or name == "core"
    assert service.get("restart") == "unless-stopped"
    assert service.get("security_opt") == ["no-new-privileges:true"]


def test_compose_holds_no_secret() -> None:
    for name, service in services().items():
        environment = service.get("environment", {})
        secret = [
            key
            for key in environment
            if re.search("PASSWORD|SECRET|TOKEN", key) and not key.endswith("_FILE")
        ]
        assert secret == [], name


def test_what_depends_on_another_names_it() -> None:
    for service in services().values():
        assert set(service.get("depends_on", {})) <= set(services())


def test_every_variable_is_one_the_core_or_the_command_reads() -> None:
    read = {ENV_PREFIX + name.upper().replace(".", "__") for name in names()}
    read |= {"AXISOR_CONNECT", "AXISOR_DATA_DIR"}
    text = sources.text(DOCKERFILE) + sources.text(COMPOSE)

    assert sorted(set(re.findall(r"\bAXISOR_[A-Z_]+", text)) - read) == []


def test_the_port_is_the_one_the_core_listens_on() -> None:
    port = Settings().grpc.listen.rpartition(":")[2]
    exposed = [rest for word, rest in instructions() if word == "EXPOSE"]

    assert exposed == [port]
    assert services()["core"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"AXISOR_GRPC__LISTEN=0.0.0.0:{port}" in sources.text(DOCKERFILE)


def test_compose_hands_the_core_settings_it_takes() -> None:
    environment = services()["core"]["environment"]

    loaded = load(file="", environment=environment, flags={})

    assert loaded.settings.database.url.startswith("postgresql://")
    assert loaded.settings.redis.url.startswith("redis://")
