"""Every change that the contract offers, as it succeeds: what must be there, and the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from tests.server.rpc.confirming_operations import CONFIRMING
from tests.server.rpc.noticing_operations import NOTICING
from tests.server.rpc.scenes import Act, Operation, Scene
from tests.server.rpc.test_letters import doubt_here
from tests.server.rpc.test_people import ADA, KEY, PASSWORD, enter, join, proof
from tests.server.rpc.vouched_operations import VOUCHED
from tests.support.sleepy import SLEEPY

from axisor.client import Client
from axisor.events import HaltLevel, IntentState
from axisor.model import MarginMode, Mode, PlatformRole, Role, Side
from axisor.ports import Credentials, Secret
from axisor.wire.people import Challenge

BEN, NEWER = "ben@example.org", Secret("four other words as good")
CREDENTIALS = Credentials(Secret("fine"), Secret("s"), Secret("p"))


async def cancel_backtest(scene: Scene) -> Act:
    """Start a back-test that can be canceled."""
    made = await scene.owner.backtests.start(scene.id, "nap", 1_000, scenario="gap")
    return lambda: scene.owner.backtests.cancel(scene.id, made.id)


def plain(call: Callable[[Scene], Awaitable[Any]]) -> Operation:
    """Return an operation that needs nothing first."""

    async def prepare(scene: Scene) -> Act:
        return lambda: call(scene)

    return prepare


def disabled(call: Callable[[Scene], Awaitable[Any]]) -> Operation:
    """Return an operation on a plugin that was disabled before."""

    async def prepare(scene: Scene) -> Act:
        await scene.owner.strategies.disable_plugin(SLEEPY)
        return lambda: call(scene)

    return prepare


def of_run(*before: str) -> Callable[[str], Operation]:
    """Return a verb of a run that went through others before."""

    def verb(name: str) -> Operation:
        async def prepare(scene: Scene) -> Act:
            run = await scene.run()
            for each in before:
                await getattr(scene.owner.strategies, f"{each}_run")(scene.id, run)
            return lambda: getattr(scene.owner.strategies, f"{name}_run")(scene.id, run)

        return prepare

    return verb


def by_ada(call: Callable[[Client], Awaitable[Any]]) -> Operation:
    """Return an operation of a person who is signed in."""

    async def prepare(scene: Scene) -> Act:
        ada = await scene.ada()
        return lambda: call(ada)

    return prepare


def on_ben(call: Callable[[Client, str], Awaitable[Any]], *before: str) -> Operation:
    """Return an operation of an administrator on somebody."""

    async def prepare(scene: Scene) -> Act:
        ada = await scene.ada()
        await join(scene.core, BEN)
        ben = (await enter(scene.core, BEN)).person.removeprefix("people/")
        for each in before:
            await getattr(ada.users, each)(ben)
        return lambda: call(ada, ben)

    return prepare


async def configure(scene: Scene) -> Act:
    """Change a run's label."""
    run = await scene.owner.strategies.get_run(scene.id, await scene.run())
    return lambda: scene.owner.strategies.configure_run(
        scene.id, run.id, etag=run.etag, label="another"
    )


def of_upgrade(begun: bool) -> Callable[[str], Operation]:
    """Return a verb of the upgrade of a run, which was begun before or is not."""

    def verb(name: str) -> Operation:
        async def prepare(scene: Scene) -> Act:
            runs, run = scene.owner.strategies, await scene.run()
            await runs.start_run(scene.id, run)
            if begun:
                await runs.start_upgrade(scene.id, run)
            return lambda: getattr(runs, f"{name}_upgrade")(scene.id, run)

        return prepare

    return verb


async def delete(scene: Scene) -> Act:
    """Remove an account that nothing is open on."""
    await scene.owner.margin.close_position(scene.id, scene.core.long)
    return lambda: scene.owner.accounts.delete(scene.id)


async def update(scene: Scene) -> Act:
    """Change an account's label."""
    account = await scene.owner.accounts.get(scene.id)
    return lambda: scene.owner.accounts.update(scene.id, label="another", etag=account.etag)


async def cancel(scene: Scene) -> Act:
    """Cancel an order."""
    order = await scene.order()
    return lambda: scene.owner.orders.cancel(scene.id, order)


async def cancel_all(scene: Scene) -> Act:
    """Cancel every order."""
    await scene.order()
    return lambda: scene.owner.orders.cancel_all(scene.id)


async def withdraw(scene: Scene) -> Act:
    """Take back what was put into the cross wallet."""
    await scene.owner.margin.deposit_cross(scene.id, 5_000)
    return lambda: scene.owner.margin.withdraw_cross(scene.id, 1_000)


async def part(scene: Scene) -> Act:
    """Close a part of the cross position."""
    await scene.owner.margin.deposit_cross(scene.id, 100_000)
    await scene.owner.margin.set_cross_leverage(scene.id, 10)
    await scene.owner.orders.place(scene.id, Side.BUY, quantity=100, margin_mode=MarginMode.CROSS)
    await scene.owner.accounts.reconcile(scene.id)
    return lambda: scene.owner.margin.close_part(scene.id, 50)


async def settle(scene: Scene) -> Act:
    """Say how an action ended."""
    id = await doubt_here(scene.core, scene.id)
    return lambda: scene.owner.dead_letters.settle(
        scene.id, id, IntentState.NOT_APPLIED, note="looked", force=True
    )


async def drop(scene: Scene) -> Act:
    """Give an action up."""
    id = await doubt_here(scene.core, scene.id)
    return lambda: scene.owner.dead_letters.drop(scene.id, id, note="nobody knows", force=True)


async def resume(scene: Scene) -> Act:
    """End a halt of one account."""
    await scene.owner.accounts.halt(scene.id, HaltLevel.RISK)
    return lambda: scene.owner.accounts.resume(scene.id)


async def resume_all(scene: Scene) -> Act:
    """End the halt of all accounts."""
    await scene.owner.system.halt(HaltLevel.RISK)
    return scene.owner.system.resume


async def register(scene: Scene) -> Act:
    """Register whoever was invited."""
    invitation = await scene.owner.users.invite(ADA, silent=True)
    return lambda: scene.nobody.auth.register(
        ADA, PASSWORD, title="Ada", invitation=invitation.proof
    )


async def login(scene: Scene) -> Act:
    """Sign in by password."""
    await scene.ada()  # the first sign-in makes the first signing key
    return lambda: scene.nobody.auth.login(ADA, PASSWORD, device="phone", device_key=KEY)


async def answer(scene: Scene) -> Act:
    """Sign in by a recovery code."""
    ada = await scene.ada()
    codes = await ada.users.confirm_totp(Secret((await scene.totp(ada)).now()))
    challenge = await scene.nobody.auth.login(ADA, PASSWORD, device_key=KEY)
    assert isinstance(challenge, Challenge)
    return lambda: scene.nobody.auth.answer(challenge, codes[0], device_key=KEY)


async def refresh(scene: Scene) -> Act:
    """Exchange a refresh token."""
    await join(scene.core)
    signed = await enter(scene.core)
    assert signed.refresh is not None
    token = signed.refresh
    return lambda: scene.nobody.auth.refresh(token, device_key=KEY)


async def reset(scene: Scene) -> Act:
    """Choose a new password by letter."""
    await scene.ada()
    await scene.nobody.auth.request_reset(ADA)
    written = await proof(scene.core)
    return lambda: scene.nobody.auth.reset(written, NEWER)


async def verify(scene: Scene) -> Act:
    """Show that letters are read."""
    await join(scene.core)
    written = await proof(scene.core)
    return lambda: scene.nobody.auth.verify_email(written)


async def request_reset(scene: Scene) -> Act:
    """Ask for a letter that gives a new password."""
    await scene.ada()
    return lambda: scene.nobody.auth.request_reset(ADA)


async def request_verification(scene: Scene) -> Act:
    """Ask for the letter again."""
    await scene.ada()
    return lambda: scene.nobody.auth.request_verification(ADA)


async def confirm(scene: Scene) -> Act:
    """Confirm a second factor."""
    ada = await scene.ada()
    app = await scene.totp(ada)
    return lambda: ada.users.confirm_totp(Secret(app.now()))


async def with_factor(scene: Scene) -> Client:
    """Sign somebody in who has a second factor."""
    ada = await scene.ada()
    codes = await ada.users.confirm_totp(Secret((await scene.totp(ada)).now()))
    challenge = await scene.nobody.auth.login(ADA, PASSWORD, device_key=KEY)
    assert isinstance(challenge, Challenge)
    return scene.as_(await scene.nobody.auth.answer(challenge, codes[0], device_key=KEY))


async def renew_codes(scene: Scene) -> Act:
    """Make new recovery codes."""
    ada = await with_factor(scene)
    return ada.users.renew_recovery_codes


async def disable_totp(scene: Scene) -> Act:
    """Give the second factor up."""
    ada = await with_factor(scene)
    return ada.users.disable_totp


async def revoke_session(scene: Scene) -> Act:
    """End another sign-in of one's own."""
    ada = await scene.ada()
    other = await enter(scene.core)
    return lambda: ada.users.revoke_session(other.session)


async def revoke(scene: Scene) -> Act:
    """Take a role away."""
    await join(scene.core)
    ada = (await enter(scene.core)).person.removeprefix("people/")
    await scene.owner.access.grant(scene.id, ada, Role.VIEWER)
    return lambda: scene.owner.access.revoke(scene.id, ada)


async def grant(scene: Scene) -> Act:
    """Give a role."""
    await join(scene.core)
    ada = (await enter(scene.core)).person.removeprefix("people/")
    return lambda: scene.owner.access.grant(scene.id, ada, Role.VIEWER)


async def revoke_token(scene: Scene) -> Act:
    """Void a token."""
    token, _ = await scene.owner.tokens.create("bot")
    return lambda: scene.owner.tokens.revoke(token.id)


OPERATIONS: dict[str, Operation] = {
    "AccountService/CreateAccount": plain(
        lambda s: s.owner.accounts.create(
            venue="books",
            network="sim",
            mode=Mode.SIM,
            label="second",
            base_url="http://127.0.0.1:9",
            credentials=CREDENTIALS,
        )
    ),
    "AccountService/UpdateAccount": update,
    "AccountService/DeleteAccount": delete,
    "AccountService/ReplaceCredentials": plain(
        lambda s: s.owner.accounts.replace_credentials(s.id, CREDENTIALS)
    ),
    "AccountService/ReconcileAccount": plain(lambda s: s.owner.accounts.reconcile(s.id)),
    "AccountService/HaltAccount": plain(lambda s: s.owner.accounts.halt(s.id, HaltLevel.RISK)),
    "AccountService/ResumeAccount": resume,
    "MarginService/AddMargin": plain(lambda s: s.owner.margin.add_margin(s.id, s.core.long, 500)),
    "MarginService/CashIn": plain(lambda s: s.owner.margin.cash_in(s.id, s.core.long, 500)),
    "MarginService/ClosePosition": plain(
        lambda s: s.owner.margin.close_position(s.id, s.core.long)
    ),
    "MarginService/SetStopLoss": plain(
        lambda s: s.owner.margin.set_stop_loss(s.id, s.core.long, Decimal(58_000))
    ),
    "MarginService/SetTakeProfit": plain(
        lambda s: s.owner.margin.set_take_profit(s.id, s.core.long, Decimal(70_000))
    ),
    "MarginService/DepositCross": plain(lambda s: s.owner.margin.deposit_cross(s.id, 5_000)),
    "MarginService/WithdrawCross": withdraw,
    "MarginService/SetCrossLeverage": plain(lambda s: s.owner.margin.set_cross_leverage(s.id, 10)),
    "MarginService/ClosePart": part,
    "SimulatorService/MovePrice": plain(
        lambda s: s.owner.simulator.move_price(s.id, Decimal("-0.001"))
    ),
    "OrderService/PlaceOrder": plain(
        lambda s: s.owner.orders.place(s.id, Side.BUY, quantity=100, leverage=10)
    ),
    "OrderService/CancelOrder": cancel,
    "OrderService/CancelAllOrders": cancel_all,
    "StrategyService/CreateRun": plain(
        lambda s: s.owner.strategies.create_run(s.id, "nap", config="{}")
    ),
    "StrategyService/ConfigureRun": configure,
    "StrategyService/StartRun": of_run()("start"),
    "StrategyService/PauseRun": of_run("start")("pause"),
    "StrategyService/ResumeRun": of_run("start", "pause")("resume"),
    "StrategyService/StopRun": of_run("start")("stop"),
    "BacktestService/StartBacktest": plain(
        lambda s: s.owner.backtests.start(s.id, "nap", 1_000, scenario="gap")
    ),
    "BacktestService/CancelBacktest": cancel_backtest,
    "StrategyService/EnablePlugin": disabled(lambda s: s.owner.strategies.enable_plugin(SLEEPY)),
    "StrategyService/DisablePlugin": plain(lambda s: s.owner.strategies.disable_plugin(SLEEPY)),
    "StrategyService/ConfigurePlugin": plain(
        lambda s: s.owner.strategies.configure_plugin(SLEEPY, '{"naps": 2}')
    ),
    "StrategyService/StartUpgrade": of_upgrade(False)("start"),
    "StrategyService/CommitUpgrade": of_upgrade(True)("commit"),
    "StrategyService/CancelUpgrade": of_upgrade(True)("cancel"),
    "DeadLetterService/SettleDeadLetter": settle,
    "DeadLetterService/DropDeadLetter": drop,
    "SystemService/Halt": plain(lambda s: s.owner.system.halt(HaltLevel.RISK)),
    "SystemService/Resume": resume_all,
    "SystemService/Shutdown": plain(lambda s: s.owner.system.shutdown()),
    "AuthService/Register": register,
    "AuthService/Login": login,
    "AuthService/AnswerChallenge": answer,
    "AuthService/Refresh": refresh,
    "AuthService/Logout": by_ada(lambda ada: ada.auth.logout()),
    "AuthService/StepUp": by_ada(lambda ada: ada.auth.step_up(PASSWORD)),
    "AuthService/RequestPasswordReset": request_reset,
    "AuthService/ResetPassword": reset,
    "AuthService/RequestEmailVerification": request_verification,
    "AuthService/VerifyEmail": verify,
    "UserService/InviteUser": plain(lambda s: s.owner.users.invite(BEN)),
    "UserService/ChangeRole": on_ben(
        lambda ada, ben: ada.users.change_role(ben, PlatformRole.SUPPORT)
    ),
    "UserService/ChangePlan": on_ben(lambda ada, ben: ada.users.change_plan(ben, "free")),
    "UserService/DisableUser": on_ben(lambda ada, ben: ada.users.disable(ben)),
    "UserService/EnableUser": on_ben(lambda ada, ben: ada.users.enable(ben), "disable"),
    "UserService/EraseUser": on_ben(lambda ada, ben: ada.users.erase(ben)),
    "UserService/ChangePassword": by_ada(lambda ada: ada.users.change_password(PASSWORD, NEWER)),
    "UserService/ChangeEmail": by_ada(lambda ada: ada.users.change_email(BEN)),
    "UserService/EnrolTotp": by_ada(lambda ada: ada.users.enrol_totp()),
    "UserService/ConfirmTotp": confirm,
    "UserService/DisableTotp": disable_totp,
    "UserService/RegenerateRecoveryCodes": renew_codes,
    "UserService/RevokeSession": revoke_session,
    "AccessService/Grant": grant,
    "AccessService/Revoke": revoke,
    "TokenService/CreateToken": plain(lambda s: s.owner.tokens.create("bot")),
    "TokenService/RevokeToken": revoke_token,
    **CONFIRMING,
    **NOTICING,
    **VOUCHED,
}
