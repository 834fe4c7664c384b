"""Compiles the contract into descriptors with their comments."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from google.protobuf import descriptor_pb2

from tests.house import sources

PROTO = sources.ROOT / "proto"


@dataclass(frozen=True)
class File:
    """A file of the contract, and the comment of everything in it by its path."""

    proto: descriptor_pb2.FileDescriptorProto
    comments: dict[tuple[int, ...], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Field:
    """A field, the message that holds it, and what is said of it."""

    message: str
    proto: descriptor_pb2.FieldDescriptorProto
    comment: str

    def __str__(self) -> str:
        return f"{self.message}.{self.proto.name}"


@dataclass(frozen=True)
class Method:
    """A method, its service, and what is said of it."""

    service: str
    proto: descriptor_pb2.MethodDescriptorProto
    comment: str

    def __str__(self) -> str:
        return f"{self.service}.{self.proto.name}"


@dataclass(frozen=True)
class Contract:
    """All files of one package, with the lookups that rules need."""

    files: tuple[File, ...]
    messages: dict[str, descriptor_pb2.DescriptorProto]
    fields: tuple[Field, ...]
    methods: tuple[Method, ...]

    def fields_of(self, type_name: str) -> dict[str, descriptor_pb2.FieldDescriptorProto]:
        """Map the fields of a message by name; none where the message is not ours."""
        message = self.messages.get(type_name.lstrip("."))
        return {} if message is None else {entry.name: entry for entry in message.field}


def compile_contract(folder: Path, files: list[Path]) -> Contract:
    """Compile files that stand under a folder, or under proto/, with their comments."""
    import grpc_tools

    well_known = Path(grpc_tools.__file__).parent / "_proto"
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "contract.binpb"
        subprocess.run(
            [
                sys.executable,
                "-m",
                "grpc_tools.protoc",
                *dict.fromkeys(f"--proto_path={path}" for path in (folder, PROTO, well_known)),
                "--include_source_info",
                f"--descriptor_set_out={out}",
                *(str(file.relative_to(folder)) for file in files),
            ],
            check=True,
            timeout=60,
        )
        compiled = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    return describe([with_comments(proto) for proto in compiled.file])


@cache
def contract() -> Contract:
    """Compile what stands in proto/axisor/v1; it is empty while that is."""
    files = sorted((PROTO / "axisor" / "v1").glob("*.proto"))
    if not files:
        return describe([])
    # Options are read as what they are only once the modules that define them are loaded.
    for file in files:
        importlib.import_module(f"axisor.v1.{file.stem}_pb2")
    return compile_contract(PROTO, files)


def with_comments(proto: descriptor_pb2.FileDescriptorProto) -> File:
    """Keep a file together with its leading comments, each on one line."""
    return File(
        proto,
        {
            tuple(place.path): " ".join(place.leading_comments.split())
            for place in proto.source_code_info.location
            if place.leading_comments
        },
    )


def describe(files: list[File]) -> Contract:
    """Walk all files once and note what is in them."""
    messages: dict[str, descriptor_pb2.DescriptorProto] = {}
    fields: list[Field] = []
    methods: list[Method] = []
    for file in files:
        for name, path, message in walk(file.proto):
            messages[name] = message
            fields += [
                Field(name, entry, file.comments.get((*path, 2, at), ""))
                for at, entry in enumerate(message.field)
                if not message.options.map_entry
            ]
        for at, service in enumerate(file.proto.service):
            methods += [
                Method(service.name, method, file.comments.get((6, at, 2, below), ""))
                for below, method in enumerate(service.method)
            ]
    return Contract(tuple(files), messages, tuple(fields), tuple(methods))


def walk(
    file: descriptor_pb2.FileDescriptorProto,
) -> Iterator[tuple[str, tuple[int, ...], descriptor_pb2.DescriptorProto]]:
    """Give each message of a file, nested ones too, with its name and its place."""

    def below(
        prefix: str, path: tuple[int, ...], message: descriptor_pb2.DescriptorProto
    ) -> Iterator[tuple[str, tuple[int, ...], descriptor_pb2.DescriptorProto]]:
        name = f"{prefix}.{message.name}"
        yield name, path, message
        for at, nested in enumerate(message.nested_type):
            yield from below(name, (*path, 3, at), nested)

    for at, message in enumerate(file.message_type):
        yield from below(file.package, (4, at), message)
