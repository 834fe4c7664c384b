"""Conversions between the SDK's values and the messages of the contract, in both directions.

Numbers are carried exactly or refused with FieldInvalid, times are UTC, and whatever a newer core
sends is kept as `UNRECOGNIZED` or `Unrecognized` and never crashes a client. Functions are named
`…_to_wire` and `…_from_wire`; import them from the module of their nouns:

    scalars    enums, decimals, times, spans
    names      ids and resource names
    records    what clients see beyond axisor.model: Account, Run, Snapshot, SeenEvent, Preview, …
    model      positions, orders, balances, coverage, ticks, candles, leashes
    actions    actions, whys, effects, settlements, previews
    resources  accounts, runs, snapshots
    events     journal entries to the wire; `seen` reads them
    guard      plans, floors, what-ifs
    status     errors and gRPC statuses; `failures` are those without a reason
"""
