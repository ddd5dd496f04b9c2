"""The command line: `oms VERB`. Every verb is a function of a module in this room."""

from collections.abc import Callable
from typing import Final

import typer

from oms.cli import act, agree, ask, look, money, play, prepare, replay, run, settle, sim, stop
from oms.cli.ends import Verbs
from oms.core.values import frozen


@frozen
class Verb:
    """A verb: what it calls, what it does in few words, and an example of it."""

    name: str
    call: Callable[..., None]
    says: str
    example: str


VERBS: Final = (
    Verb("demo", play.demo, "show it all, simulated", "oms demo --orders 50"),
    Verb("init", prepare.init, "write a configuration", "oms init ~/oms --sim"),
    Verb("check-config", prepare.check_config, "check it", "oms check-config -c oms.toml"),
    Verb("run", run.run, "run the engine", "oms run -c oms.toml --json-log"),
    Verb("sim", sim.sim, "run venue simulators", "oms sim all --seed 7"),
    Verb("status", look.status, "is it ready; what is in doubt", "oms status --json"),
    Verb("orders", look.orders, "list orders", "oms orders --open --venue andx"),
    Verb("order", look.order, "tell one order's story", "oms order DESK1/A17 --raw"),
    Verb("fills", look.fills, "list executions", "oms fills --venue apifiny"),
    Verb("positions", look.positions, "what executions moved", "oms positions --json"),
    Verb("balances", look.balances, "ask the venues", "oms balances --venue andx"),
    Verb("instruments", look.instruments, "list what trades", "oms instruments --venue andx"),
    Verb("venues", ask.venues, "what each venue can do", "oms venues --json"),
    Verb("ticker", ask.ticker, "ask for prices", "oms ticker --venue andx --symbol BTC/TRY"),
    Verb("book", ask.book, "ask for an order book", "oms book --venue andx --symbol BTC/TRY"),
    Verb("trades", ask.trades, "anybody's trades", "oms trades --venue andx --symbol BTC/TRY"),
    Verb(
        "candles",
        ask.candles,
        "what was traded in each period",
        "oms candles --venue btcturk --symbol BTC/TRY --period 1h --since 2026-01-01T00:00Z",
    ),
    Verb("watch", ask.watch, "follow a market", "oms watch book --venue btcturk --symbol BTC/TRY"),
    Verb("currencies", ask.currencies, "the assets there", "oms currencies --venue bitexbit"),
    Verb("fees", ask.fees, "what a trade costs", "oms fees --venue apifiny --json"),
    Verb("account", ask.account, "the account itself", "oms account --venue apifiny"),
    Verb("deposits", ask.deposits, "list deposits", "oms deposits --venue cryptex --asset BTC"),
    Verb("withdrawals", ask.withdrawals, "list withdrawals", "oms withdrawals --venue apifiny"),
    Verb("transfers", ask.transfers, "list transfers", "oms transfers --venue apifiny --json"),
    Verb(
        "deposit-address",
        ask.deposit_address,
        "where to send an asset",
        "oms deposit-address --venue cryptex --asset BTC",
    ),
    Verb(
        "new",
        act.new,
        "send an order",
        "oms new --venue andx --symbol BTC/TRY --side buy --qty 0.01 --price 40000",
    ),
    Verb("cancel", act.cancel, "cancel an order", "oms cancel 17"),
    Verb("replace", act.replace, "change its terms", "oms replace 17 --qty 0.02 --price 40100"),
    Verb("cancel-all", stop.cancel_all, "cancel what works", "oms cancel-all --venue andx"),
    Verb("kill", stop.kill, "stop everything, and prove it", "oms kill on --venue andx"),
    Verb(
        "withdraw",
        money.withdraw,
        "send money out",
        "oms withdraw --venue cryptex --asset BTC --amount 0.5 --address bc1q...",
    ),
    Verb(
        "transfer",
        money.transfer,
        "move money between exchanges",
        "oms transfer --venue apifiny --asset USDT --amount 100 --from BINANCE --to OKEX",
    ),
    Verb(
        "coupon",
        money.coupon,
        "make or redeem a coupon",
        "oms coupon create --venue cryptex --asset USD --amount 10",
    ),
    Verb("moves", money.moves, "list money that was moved", "oms moves --open"),
    Verb("move", money.move, "tell one transfer's story", "oms move T17"),
    Verb(
        "settle",
        settle.settle,
        "say what became of it",
        'oms settle 17 --as filled --px 40000 --because "seen on their screen"',
    ),
    Verb(
        "breaks",
        agree.breaks,
        "what does not agree",
        'oms breaks --close B3 --because "paid in by hand"',
    ),
    Verb("reconcile", agree.reconcile, "compare now", "oms reconcile andx --json"),
    Verb("replay", replay.replay, "fold the journal again", "oms replay --verify"),
)

app = typer.Typer(
    cls=Verbs,
    help="An order-management engine that never guesses.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _verb in VERBS:
    app.command(_verb.name, short_help=_verb.says, epilog=f"Example: {_verb.example}")(_verb.call)
