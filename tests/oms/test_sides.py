"""When a FIX side is built anew, in which order, and when that is given up."""

import pytest

from fix.session import SessionStatus, Stuck
from fix.transport import Kind
from oms.core.errors import ConfigError
from oms.sides import RESTARTING, Sides


class Fake:
    """A side that notes what is done to it."""

    def __init__(self, name: str, done: list[str]) -> None:
        self.name, self.done = name, done
        self.trouble: list[str] = []
        self.stuck = False
        self.fails = False
        done.append(f"{name} made")

    def start(self) -> None:
        if self.fails:
            raise ConfigError("the port is taken")
        self.done.append(f"{self.name} started")

    def stop(self, text: str = "the engine is stopping") -> None:
        self.done.append(f"{self.name} stopped: {text}")

    def drop(self) -> None:
        if self.stuck:
            raise Stuck(self.name)
        self.done.append(f"{self.name} dropped")

    def troubles(self) -> list[str]:
        return self.trouble

    def sessions_status(self) -> list[SessionStatus]:
        return [
            SessionStatus(
                name=self.name,
                kind=Kind.ACCEPTOR,
                comp_id="X",
                logged_on=True,
                msg_seq_num_in=1,
                msg_seq_num_out=1,
                text="well",
            )
        ]


class Bench:
    """Two sides, and all that was done, in order."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.settles = True
        self.given_up: list[Stuck] = []
        self.sides = Sides(lambda: self.done.append("swapped"), self._settle, self.given_up.append)
        for name in ("a", "b"):
            self.sides.add(name, lambda name=name: Fake(name, self.done))  # type: ignore[misc]  # a lambda's default
        self.sides.start()
        self.done.clear()

    def _settle(self, _: float) -> bool:
        self.done.append("settled")
        return self.settles

    def side(self, name: str) -> Fake:
        side = self.sides.now[name]
        assert isinstance(side, Fake)
        return side


@pytest.fixture
def bench() -> Bench:
    """Two sides whose own watch has been stopped: the test looks."""
    made = Bench()
    made.sides._worker.stop()
    return made


def test_trouble_that_lasts_has_the_side_built_anew(bench: Bench) -> None:
    """Destroyed first, then what it posted is decided, then the next is connected and started."""
    before = bench.side("b")
    before.trouble = ["b: fromApp has not returned"]
    bench.sides.look()
    assert bench.done == [], "once may be a slow moment"
    bench.sides.look()
    assert bench.done == [
        f"b stopped: {RESTARTING}",
        "b dropped",
        "settled",
        "b made",
        "swapped",
        "b started",
    ]
    assert bench.side("b") is not before
    assert [status.text for status in bench.sides.sessions_status()] == [
        "well",
        "well; restarted 1 times, last: b: fromApp has not returned",
    ]


def test_trouble_that_passes_or_changes_is_none(bench: Bench) -> None:
    for trouble in (["one"], [], ["one"], ["another"], []):
        bench.side("a").trouble = trouble
        bench.sides.look()
    assert bench.done == []


def test_threads_that_do_not_end_are_not_replaced(bench: Bench) -> None:
    """Two objects of one session are a crash; the other side is left alone."""
    side = bench.side("a")
    side.trouble, side.stuck = ["dead"], True
    bench.sides.look()
    with pytest.raises(Stuck):
        bench.sides.look()
    assert "a made" not in bench.done
    assert bench.side("a") is side


def test_a_side_is_not_replaced_before_what_it_posted_is_decided(bench: Bench) -> None:
    """The new one would have the desk send it again."""
    bench.settles = False
    bench.side("a").trouble = ["dead"]
    bench.sides.look()
    with pytest.raises(Stuck, match="was not decided"):
        bench.sides.look()
    assert "a made" not in bench.done


@pytest.mark.parametrize("where", ["made", "started"])
def test_a_side_that_can_not_be_built_anew_is_told_of(bench: Bench, where: str) -> None:
    """Its port is taken: the engine would go on without its desks, and no watch would see it."""

    def make() -> Fake:
        if where == "made":
            raise ConfigError("the port is taken")
        side = Fake("a", bench.done)
        side.fails = True
        return side

    bench.sides._made["a"] = make
    bench.side("a").trouble = ["dead"]
    bench.sides.look()
    with pytest.raises(Stuck, match="a: it can not be built anew: the port is taken"):
        bench.sides.look()


def test_nothing_is_built_anew_while_all_end(bench: Bench) -> None:
    bench.side("a").trouble = ["dead"]
    bench.sides.look()
    bench.sides.stop()
    bench.done.clear()
    bench.sides.look()
    assert bench.done == []


def test_all_that_can_be_is_destroyed_before_one_that_can_not_is_told_of(bench: Bench) -> None:
    bench.side("a").stuck = True
    with pytest.raises(Stuck):
        bench.sides.drop()
    assert bench.done == ["b dropped"]
