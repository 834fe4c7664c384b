"""Writes a call of the contract as a program: with grpcurl, in Python, for Node, in Go.

Each takes what it needs from the data directory of a core, `AXISOR_DATA_DIR`, so that it runs as it
is on the machine of the core. What stands in capitals is to be filled in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from axisor.client.contract import Field, Method

_FORMAT = re.compile(r"Format: `([^`]+)`")
_PART = re.compile(r"\{(\w+)\}")
_UUID = "$(uuidgen)"
_MASK = "google.protobuf.FieldMask"
_PLAIN: Mapping[str, Any] = {
    "bool": True,
    "bytes": "AAAA",
    "int32": 1,
    "int64": 1,
    "google.protobuf.Duration": "60s",
    "google.protobuf.Timestamp": "2030-01-01T00:00:00Z",
    _MASK: "FIELD",
}


def sample(method: Method) -> dict[str, Any]:
    """Return a request with the fields that must be there, and one of each alternative."""
    from axisor.client.contract import fields

    chosen: dict[str, Any] = {}
    alternatives: set[str] = set()
    for field in fields(method.request):
        if field.name == "request_id":
            continue
        if field.required or (field.one_of and field.one_of not in alternatives):
            alternatives.add(field.one_of)
            value = _value(field)
            chosen[_camel(field.name)] = [value] if field.repeated else value
    return chosen


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)


def _value(field: Field) -> Any:
    from axisor.client.contract import values

    form = _FORMAT.search(field.text)
    if form:
        return _PART.sub(lambda part: part[1].upper(), form[1])
    if field.type in _PLAIN:
        return _PLAIN[field.type]
    listed = values(field.type)
    if listed:
        return listed[0]
    return {} if "." in field.type else field.name.upper()


def _changes(method: Method) -> bool:
    from axisor.client.contract import fields

    return any(field.name == "request_id" for field in fields(method.request))


def _json(request: Mapping[str, Any], indent: int) -> str:
    text = json.dumps(request, indent=2)
    return text.replace("\n", "\n" + " " * indent)


def grpcurl(method: Method, request: Mapping[str, Any]) -> str:
    """Return a command; it learns the contract from the core's reflection."""
    body = {**request, "requestId": _UUID} if _changes(method) else request
    return f"""\
grpcurl -cacert "$AXISOR_DATA_DIR/tls/cert.pem" \\
    -H "authorization: Bearer $(cat "$AXISOR_DATA_DIR/owner.token")" \\
    -d @ "$(cat "$AXISOR_DATA_DIR/address")" {method.path} <<JSON
{_json(body, 0)}
JSON
"""


def python(method: Method, request: Mapping[str, Any]) -> str:
    """Return a program on the SDK, which makes request ids by itself."""
    word = "stream" if method.streams else "call"
    made = f'client.named.{word}("{method.short}", request)'
    use = (
        f"async for frame in {made}:\n            print(json.dumps(frame))"
        if method.streams
        else f"print(json.dumps(await {made}, indent=2))"
    )
    return f"""\
import asyncio
import json
import os
from pathlib import Path

from axisor.client import Client

request = json.loads('''
{_json(request, 0)}
''')


async def main() -> None:
    async with Client.of_data_dir(Path(os.environ["AXISOR_DATA_DIR"])) as client:
        {use}


asyncio.run(main())
"""


def node(method: Method, request: Mapping[str, Any]) -> str:
    """Return a program for Node; contract.binpb is what `axisor api protos` writes."""
    call = _camel(method.name[0].lower() + method.name[1:])
    use = (
        f"client.{call}(request, metadata)\n"
        "  .on('data', (frame) => console.log(JSON.stringify(frame)))\n"
        "  .on('error', (error) => { throw error; });"
        if method.streams
        else f"client.{call}(request, metadata, (error, answer) => {{\n"
        "  if (error) throw error;\n"
        "  console.log(JSON.stringify(answer, null, 2));\n"
        "});"
    )
    made = "\n  requestId: crypto.randomUUID()," if _changes(method) else ""
    masks = {name: {"paths": [text]} for name, text in request.items() if text == _PLAIN[_MASK]}
    request = {**request, **masks}  # Node's library knows no other form of it
    service = method.service.rpartition(".")[2]
    return f"""\
import {{ readFileSync }} from 'node:fs';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const read = (name) => readFileSync(`${{process.env.AXISOR_DATA_DIR}}/${{name}}`);
const contract = loader.loadFileDescriptorSetFromBuffer(readFileSync('contract.binpb'), {{
  longs: Number,
  enums: String,
}});
const {{ axisor }} = grpc.loadPackageDefinition(contract);
const credentials = grpc.credentials.createSsl(read('tls/cert.pem'));
const address = read('address').toString().trim();
const client = new axisor.v1.{service}(address, credentials);
const metadata = new grpc.Metadata();
metadata.set('authorization', `Bearer ${{read('owner.token').toString().trim()}}`);

const request = {{{made}
  ...{_json(request, 2)},
}};
{use}
"""


def go(method: Method, request: Mapping[str, Any]) -> str:
    """Return a program in Go; examples/client-go shows how its packages are generated."""
    service = method.service.rpartition(".")[2]
    asked = method.request.rpartition(".")[2]
    made = "\trequest.RequestId = uuid.NewString()\n" if _changes(method) else ""
    ids = '\t"github.com/google/uuid"\n' if _changes(method) else ""
    called = f"axisorv1.New{service}Client(conn).{method.name}(ctx, &request)"
    use = (
        f"stream, err := {called}\n\tcheck(err)\n\tfor {{\n\t\tframe, err := stream.Recv()\n"
        "\t\tcheck(err)\n\t\tfmt.Println(protojson.Format(frame))\n\t}"
        if method.streams
        else f"answer, err := {called}\n\tcheck(err)\n\tfmt.Println(protojson.Format(answer))"
    )
    return f"""\
package main

import (
\t"context"
\t"fmt"
\t"log"
\t"os"
\t"path/filepath"
\t"strings"

\t"axisor.example/contract/axisor/v1"
{ids}\t"google.golang.org/grpc"
\t"google.golang.org/grpc/credentials"
\t"google.golang.org/grpc/metadata"
\t"google.golang.org/protobuf/encoding/protojson"
)

func main() {{
\tpinned, err := credentials.NewClientTLSFromFile(at("tls/cert.pem"), "")
\tcheck(err)
\tconn, err := grpc.Dial(read("address"), grpc.WithTransportCredentials(pinned))
\tcheck(err)
\ttoken := "Bearer " + read("owner.token")
\tctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", token)
\tvar request axisorv1.{asked}
\tcheck(protojson.Unmarshal([]byte(`{_json(request, 0)}`), &request))
{made}\t{use}
}}

func at(name string) string {{ return filepath.Join(os.Getenv("AXISOR_DATA_DIR"), name) }}

func read(name string) string {{
\ttext, err := os.ReadFile(at(name))
\tcheck(err)
\treturn strings.TrimSpace(string(text))
}}

func check(err error) {{
\tif err != nil {{
\t\tlog.Fatal(err)
\t}}
}}
"""


LANGUAGES: Mapping[str, Callable[[Method, Mapping[str, Any]], str]] = {
    "grpcurl": grpcurl,
    "python": python,
    "node": node,
    "go": go,
}
