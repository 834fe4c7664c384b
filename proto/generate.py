"""Generate the contract's Python and its description into the SDK, or check that they are fresh."""

from __future__ import annotations

import argparse
import filecmp
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
TARGET = ROOT / "sdk" / "src"
# Ours has messages and services. `buf/validate` has messages only, and nobody else ships them.
OURS = "axisor"
VALIDATE = PROTO / "buf" / "validate" / "validate.proto"
# Beside the Python: the contract with its comments and all that it imports, as protoc tells it.
DESCRIPTION = "contract.binpb"
DESCRIBED = ("--include_imports", "--include_source_info")


def main() -> int:
    """Write the generated modules, or with --check say which of them are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and change nothing")
    check: bool = parser.parse_args().check
    contract = sorted((PROTO / OURS).glob("*/*.proto"))
    if not contract:
        print("proto: there is no contract yet")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(contract, fresh)
        if check:
            return report(stale(fresh))
        written = replace(fresh)
    print(f"proto: {len(contract)} files, {written} modules written")
    return 0


def generate(contract: list[Path], target: Path) -> None:
    """Run protoc over the contract and over the rules of protovalidate."""
    services = [f"--grpc_python_out={target}", f"--mypy_grpc_out={target}"]
    protoc(target, [VALIDATE], [])
    protoc(target, contract, services)
    for path in target.glob(f"{OURS}/*"):
        describe([file for file in contract if file.parent.name == path.name], path / DESCRIPTION)
        described = f'"""Generated from proto/{OURS}/{path.name}; never edited."""\n'
        (path / "__init__.py").write_text(described, encoding="utf-8")


def describe(files: list[Path], target: Path) -> None:
    """Write a description of files: of ours the comments and their places, of others neither."""
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    protoc(target.parent, files, [f"--descriptor_set_out={target}", *DESCRIBED], python=False)
    every = FileDescriptorSet.FromString(target.read_bytes())
    for file in every.file:
        kept = [place for place in file.source_code_info.location if place.leading_comments.strip()]
        file.ClearField("source_code_info")
        if file.name.startswith(f"{OURS}/"):
            file.source_code_info.location.extend(kept)
    target.write_bytes(every.SerializeToString(deterministic=True))


def protoc(target: Path, files: list[Path], outputs: list[str], *, python: bool = True) -> None:
    """Run protoc with the plugins that are installed beside this interpreter."""
    import grpc_tools

    well_known = Path(grpc_tools.__file__).parent / "_proto"
    command = [
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        f"--proto_path={PROTO}",
        f"--proto_path={well_known}",
        *([f"--python_out={target}", f"--mypy_out={target}"] if python else []),
        *outputs,
        *(str(file.relative_to(PROTO)) for file in files),
    ]
    # Not resolved: the plugins stand beside the environment's own link to the interpreter.
    beside = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": os.pathsep.join([beside, os.environ.get("PATH", "")])}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"protoc refused the contract:\n{done.stdout}{done.stderr}")


def generated(folder: Path) -> set[Path]:
    """Name every generated module under a folder, relative to it."""
    owned = [*folder.glob(f"{OURS}/v*/*"), *folder.glob("buf/validate/*.py*")]
    return {path.relative_to(folder) for path in owned if path.suffix in {".py", ".pyi", ".binpb"}}


def stale(fresh: Path) -> list[str]:
    """Name the committed modules that differ from fresh ones, are missing, or have no source."""
    made, kept = generated(fresh), generated(TARGET)
    differing = {
        path for path in made & kept if not filecmp.cmp(fresh / path, TARGET / path, shallow=False)
    }
    return [
        *(f"missing: {path}" for path in sorted(made - kept)),
        *(f"stale: {path}" for path in sorted(differing)),
        *(f"without a source: {path}" for path in sorted(kept - made)),
    ]


def replace(fresh: Path) -> int:
    """Put the fresh modules where the old ones were, and count them."""
    made = generated(fresh)
    for path in generated(TARGET) - made:
        (TARGET / path).unlink()
    for path in made:
        (TARGET / path).parent.mkdir(parents=True, exist_ok=True)
        (TARGET / path).write_bytes((fresh / path).read_bytes())
    return len(made)


def report(problems: list[str]) -> int:
    """Print what is not fresh, and give the exit status."""
    for problem in problems:
        print(f"proto: {problem}")
    print("proto: run `make proto`" if problems else "proto: what is generated is fresh")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
