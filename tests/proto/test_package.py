"""The contract as it is packed: whole, the same bytes each time, and good for buf."""

from __future__ import annotations

import importlib.util
import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tests.house import sources

ROOT = sources.ROOT


@pytest.fixture(scope="module")
def package() -> ModuleType:
    """Load proto/package.py, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("package", ROOT / "proto" / "package.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def unpacked(package: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the archive and return the folder in it."""
    folder = tmp_path_factory.mktemp("contract")
    with tarfile.open(fileobj=io.BytesIO(package.packed())) as archive:
        archive.extractall(folder, filter="data")
    return folder / str(package.name())


def test_it_is_the_same_bytes_each_time(package: ModuleType) -> None:
    assert package.packed() == package.packed()


def test_it_holds_every_proto_file_and_nothing_of_this_machine(
    package: ModuleType, unpacked: Path
) -> None:
    ours = {path.relative_to(ROOT / "proto") for path in (ROOT / "proto").rglob("*.proto")}
    beside = {Path(name) for name in ("LICENSE", "README.md", "buf.yaml", "contract.binpb")}
    with tarfile.open(fileobj=io.BytesIO(package.packed())) as archive:
        entries = archive.getmembers()

    assert {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()} == (
        ours | beside
    )
    assert {(e.uid, e.gid, e.uname, e.gname, e.mtime) for e in entries} == {
        (0, 0, "", "", package.MOMENT)
    }


def test_it_is_a_module_of_buf(unpacked: Path) -> None:
    buf = shutil.which("buf") or str(Path(sys.executable).parent / "buf")
    for word in ("build", "lint"):
        done = subprocess.run(
            [buf, word], cwd=unpacked, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_its_description_stands_alone(unpacked: Path) -> None:
    described = FileDescriptorSet.FromString((unpacked / "contract.binpb").read_bytes())

    names = {file.name for file in described.file}
    assert {needed for file in described.file for needed in file.dependency} <= names
    axisor = {path.relative_to(unpacked).as_posix() for path in (unpacked / "axisor").rglob("*.*")}
    assert axisor <= names


def test_the_wheel_of_the_sdk_brings_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT / "sdk",
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("axisor-*.whl")
    shutil.unpack_archive(wheel, tmp_path / "wheel", "zip")

    assert (tmp_path / "wheel" / "axisor" / "v1" / "contract.binpb").is_file()
    assert (tmp_path / "wheel" / "axisor" / "v1" / "orders_pb2.py").is_file()
    assert (tmp_path / "wheel" / "buf" / "validate" / "validate_pb2.py").is_file()
