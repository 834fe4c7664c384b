"""Strategies for whatever goes over the wire."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st
from tests.sdk.wire.basics import (
    built,
    decimals,
    ids,
    maybe,
    one_of,
    orders,
    positive,
    sats,
    signed,
    some_ids,
    some_text,
    spans,
    texts,
    times,
)

from axisor import events as e
from axisor import intents as i
from axisor import model as m
from axisor.strategy import Floor, PlanRow
from axisor.versions import UpgradeEnd, Version
from axisor.wire import records
from axisor.wire.identity import KINDS

ACCOUNT = "main"
causes = st.builds(e.Cause, code=texts, text=texts)
versions = st.builds(Version, texts, texts)
words = st.dictionaries(texts, texts, max_size=2)
positions = st.builds(
    m.Position,
    id=ids,
    side=one_of(m.Side),
    quantity=positive,
    entry=decimals,
    margin=sats,
    leverage=decimals,
    liquidation=decimals | st.just(Decimal(0)),
    margin_mode=one_of(m.MarginMode),
    stoploss=maybe(decimals),
    stoploss_trailing=maybe(decimals),
    takeprofit=maybe(decimals),
    maintenance_margin=sats,
    running_margin=sats,
    opening_fee=sats,
    entry_price=maybe(decimals),
    entry_margin=maybe(sats),
    sum_funding_fees=sats,
    sum_cash_in_margin=sats,
    sum_cash_in_pl=sats,
    pl=sats,
    created_at=maybe(times),
    client_id=some_text,
)
balances = st.builds(m.Balance, free=sats, synthetic_usd=decimals, fee_tier=st.integers(0, 9))
wallets = st.builds(m.CrossWallet, margin=sats, leverage=st.integers(1, 100))
account_balances = st.builds(
    records.AccountBalance, balance=balances, cross=wallets, read_at=maybe(times)
)
buckets = st.builds(
    m.Bucket, min_size=positive, max_size=positive, bid=maybe(decimals), ask=maybe(decimals)
)
ticks = st.builds(
    m.Tick,
    time=times,
    received=times,
    last=decimals,
    bid=maybe(decimals),
    ask=maybe(decimals),
    index=maybe(decimals),
    funding_rate=maybe(signed),
    funding_time=maybe(times),
    source=texts,
    buckets=st.lists(buckets, max_size=3).map(tuple),
)
tick_reports = st.builds(
    records.TickReport, tick=ticks, quality=one_of(m.FeedQuality), age=maybe(spans)
)
candles = st.builds(
    m.Candle,
    time=times,
    open=decimals,
    high=decimals,
    low=decimals,
    close=decimals,
    volume=decimals,
)
leashes = st.builds(
    m.Leash,
    margin_in_use=maybe(sats),
    day_spend=maybe(sats),
    open_orders=maybe(positive),
    intents_per_minute=maybe(positive),
    day_loss=maybe(sats),
    step=spans,
)
coverages = st.builds(
    e.Coverage,
    position=ids,
    state=one_of(e.CoverageState),
    reason=texts,
    missing=sats,
    run=some_ids,
)
reports = st.builds(
    records.PositionReport,
    account=st.just(ACCOUNT),
    position=positions,
    distance_percent=maybe(signed),
    consumed_percent=maybe(signed),
    coverage=maybe(coverages),
)
checks = st.builds(i.Check, name=texts, value=texts, threshold=texts, passed=st.booleans())
whys = st.builds(
    i.Why,
    rule=texts,
    inputs=st.dictionaries(texts, texts, max_size=3),
    checks=st.lists(checks, max_size=2).map(tuple),
    rejected=st.lists(texts, max_size=2).map(tuple),
)
why = {"why": maybe(whys)}
side = {"side": one_of(m.Side)}
all_actions = st.one_of(
    st.builds(
        i.OpenPosition,
        **side,
        leverage=decimals,
        quantity=maybe(positive),
        margin=maybe(positive),
        type=one_of(m.OrderType),
        price=maybe(decimals),
        stoploss=maybe(decimals),
        takeprofit=maybe(decimals),
        client_id=some_text,
        **why,
    ),
    st.builds(
        i.CrossOrder,
        **side,
        quantity=positive,
        type=one_of(m.OrderType),
        price=maybe(decimals),
        client_id=some_text,
        reduce=st.booleans(),
        **why,
    ),
    st.builds(i.AddMargin, position=ids, amount=positive, episode=texts, **why),
    st.builds(i.CashIn, position=ids, amount=positive, **why),
    st.builds(i.ClosePosition, position=ids, episode=texts, **why),
    st.builds(i.SetStop, position=ids, price=maybe(decimals), **why),
    st.builds(i.SetTakeProfit, position=ids, price=maybe(decimals), **why),
    st.builds(i.CancelOrder, order=ids, margin_mode=one_of(m.MarginMode), **why),
    st.builds(i.CancelAllOrders, margin_mode=one_of(m.MarginMode), **why),
    st.builds(i.DepositCross, amount=positive, episode=texts, **why),
    st.builds(i.WithdrawCross, amount=positive, **why),
    st.builds(i.SetCrossLeverage, leverage=st.integers(1, 100), **why),
)
figures = st.builds(
    records.Figures,
    margin=sats,
    liquidation=maybe(decimals),
    distance_percent=maybe(signed),
    leverage=maybe(decimals),
    free=sats,
)
previews = st.builds(
    records.Preview,
    before=maybe(figures),
    after=maybe(figures),
    fee=sats,
    checks=st.lists(checks, max_size=2).map(tuple),
    warnings=st.lists(texts, max_size=2).map(tuple),
)
settlements = st.builds(
    records.Settlement,
    intent=some_ids,
    by=texts,
    reason=texts,
    message=texts,
    venue_id=texts,
    latency=maybe(spans),
)
own_target = (i.OpenPosition, i.CrossOrder, i.CancelAllOrders)
accounts = st.builds(
    records.Account,
    id=st.just(ACCOUNT),
    label=texts,
    venue=ids,
    network=texts,
    mode=one_of(m.Mode),
    base_url=texts,
    halt=one_of(e.HaltLevel),
    scopes=st.lists(texts, max_size=3).map(tuple),
    reconciled_at=maybe(times),
    created_at=maybe(times),
    updated_at=maybe(times),
    etag=texts,
)
rights = st.sets(st.sampled_from(list(m.Permission))).map(
    lambda found: m.Permission(sum(right.value for right in found))
)
runs = st.builds(
    records.Run,
    id=ids,
    account=st.just(ACCOUNT),
    strategy=ids,
    state=one_of(e.RunState),
    label=texts,
    reason=texts,
    config=texts,
    leash=leashes,
    permissions=rights,
    mode=one_of(m.Mode),
    step=positive,
    created_at=maybe(times),
    updated_at=maybe(times),
    started_at=maybe(times),
    etag=texts,
)
effects = st.builds(
    records.Effect,
    id=ids,
    account=st.just(ACCOUNT),
    state=one_of(e.IntentState),
    action=st.builds(i.OpenPosition, **side, leverage=decimals, quantity=positive, **why),
    target=st.just("positions/new"),
    run=some_ids,
    principal=texts,
    attempt=st.integers(0, 9),
    fence=maybe(times),
    created_at=maybe(times),
)
snapshots = st.builds(
    records.Snapshot,
    sequence=positive,
    time=maybe(times),
    account=accounts,
    balance=account_balances,
    positions=st.lists(reports, max_size=2).map(tuple),
    orders=st.lists(orders, max_size=2).map(tuple),
    runs=st.lists(runs, max_size=2).map(tuple),
    coverages=st.lists(coverages, max_size=2).map(tuple),
    effects=st.lists(effects, max_size=2).map(tuple),
    halt=one_of(e.HaltLevel),
    platform_halt=one_of(e.HaltLevel),
    standing=one_of(e.Standing),
    causes=st.lists(causes, max_size=2).map(tuple),
)
plan_rows = st.builds(
    PlanRow,
    price=decimals,
    move=signed,
    position=ids,
    action=texts,
    cost=sats,
    budget_left=sats,
    liquidation=maybe(decimals),
    note=texts,
)
fundings = st.builds(m.Funding, position=ids, fee=sats, time=times, settlement=texts)
payloads = st.one_of(
    st.builds(e.AccountOpened, venue=ids, network=texts, mode=one_of(m.Mode), label=texts),
    st.builds(e.AccountUpdated, label=texts, credentials_replaced=st.booleans()),
    st.builds(e.AccountClosed, label=texts),
    st.builds(e.BalanceChanged, balance=balances, cross=wallets),
    st.builds(e.PositionChanged, position=positions),
    st.builds(
        e.PositionClosed, position=positions, end=one_of(e.PositionEnd), exit_price=texts, pl=sats
    ),
    st.builds(e.OrderChanged, order=orders),
    st.builds(e.FundingPaid, funding=fundings),
    st.builds(e.CommandReceived, request_id=texts, principal=texts, action=all_actions),
    st.builds(
        e.CommandRefused, request_id=texts, reason=texts, message=texts, reviewer=st.booleans()
    ),
    st.builds(
        e.IntentReviewRefused,
        run=some_ids,
        step=positive,
        action=all_actions,
        reason=texts,
        message=texts,
        reviewer=st.booleans(),
    ),
    st.builds(
        e.IntentPlanned,
        intent=ids,
        action=st.builds(i.DepositCross, amount=positive, **why),
        target=st.just("positions/cross"),
        run=some_ids,
        step=positive,
        principal=texts,
    ),
    st.builds(e.IntentSent, intent=ids, attempt=st.integers(1, 9), signed_at=times, fence=times),
    st.builds(
        e.IntentSettled,
        intent=ids,
        state=one_of(e.IntentState),
        **dict.fromkeys(("by", "reason", "message", "venue_id", "principal", "note"), texts),
        latency_ms=st.integers(0, 10**6),
        forced=st.booleans(),
    ),
    st.builds(e.IntentWitnessed, intent=ids, fenced=st.booleans(), message=texts, shows=words),
    st.builds(
        e.RunChanged,
        run=ids,
        strategy=ids,
        state=one_of(e.RunState),
        config=texts,
        label=texts,
        reason=texts,
    ),
    st.builds(
        e.RunUpgraded,
        run=ids,
        before=versions,
        after=versions,
        step=st.integers(0, 10**6),
        by=one_of(UpgradeEnd),
        reason=texts,
    ),
    st.builds(e.CoverageChanged, coverage=coverages),
    st.builds(
        e.NoticeGiven,
        severity=one_of(m.Severity),
        code=texts,
        text=texts,
        position=some_ids,
        run=some_ids,
        data=st.dictionaries(texts, texts, max_size=3),
    ),
    st.builds(
        e.HaltChanged,
        level=one_of(e.HaltLevel),
        principal=texts,
        reason=texts,
        platform=st.booleans(),
    ),
    st.builds(e.ChangeMade, principal=texts, method=texts, request_id=texts),
    st.builds(
        e.StandingChanged,
        standing=one_of(e.Standing),
        causes=st.lists(causes, max_size=2).map(tuple),
    ),
    st.builds(e.FeedChanged, quality=one_of(m.FeedQuality), reason=texts),
    *map(built, KINDS),
    st.builds(
        e.RestoreReconciled,
        backup=texts,
        backup_at=times,
        restored_at=times,
        increases=st.lists(
            st.builds(
                e.Increase,
                target=ids.map("positions/{}".format),
                amount=positive,
                opened=st.booleans(),
            ),
            max_size=2,
        ).map(tuple),
    ),
)
floors = st.builds(
    Floor,
    side=one_of(m.Side),
    price=decimals,
    move=signed,
    position=ids,
    extra=positive,
    extra_price=maybe(decimals),
)
whatif_positions = st.builds(
    records.WhatIfPosition,
    position=ids,
    unguarded=one_of(records.Fate),
    walked=one_of(records.Fate),
    jumped=one_of(records.Fate),
    preview=previews,
    walked_spend=sats,
    missing=sats,
)
whatifs = st.builds(
    records.WhatIf,
    price=maybe(decimals),
    move=maybe(signed),
    positions=st.lists(whatif_positions, max_size=2).map(tuple),
    unguarded_loss=sats,
    walked_loss=sats,
    jumped_loss=sats,
    walked_spend=sats,
    missing=sats,
)
