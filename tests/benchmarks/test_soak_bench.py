"""A soak of two short lives, and its plot. Nothing is timed."""

from pathlib import Path
from xml.etree import ElementTree

from benchmarks.plot import Series, plot
from benchmarks.soak import Sample, drawn, drifts, soak
from oms.clock import SystemClock
from oms.store.queries import Reader

SVG = "{http://www.w3.org/2000/svg}"


def test_a_soak_trades_through_a_restart_and_its_journal_agrees(tmp_path: Path) -> None:
    under_way = soak(
        tmp_path, SystemClock(), 0.04, lambda text: None, lives=2, slices=2, rate=300.0
    )
    samples = under_way.samples
    assert [sample.life for sample in samples] == [0, 0, 1, 1]
    assert all(sample.memory_mb > 0 and sample.descriptors > 0 for sample in samples)
    assert samples[-1].p99_ms >= samples[-1].p50_ms > 0
    traded = sum(sample.orders for sample in samples)
    with Reader.open(f"sqlite:///{tmp_path / 'oms.db'}") as reader:
        # And one in each life, which finds that the route is ready.
        assert reader.counts()["fills"] == traded + 2


def sample(at_s: float, life: int, memory_mb: float) -> Sample:
    return Sample(
        at_s=at_s,
        life=life,
        orders=10,
        p50_ms=1.0,
        p99_ms=2.0,
        memory_mb=memory_mb,
        descriptors=20,
        wal_mb=4.0,
        store_mb=9.0,
    )


def test_what_grows_is_told_from_what_is_flat() -> None:
    samples = [sample(n, n // 10, 100.0 + (n % 10) * 10 + n // 10) for n in range(20)]
    found = {drift.name: drift for drift in drifts(samples)}
    assert found["memory_mb"].within > 1.5
    assert found["memory_mb"].across < 1.01
    assert (found["descriptors"].within, found["descriptors"].across) == (1.0, 1.0)


def test_the_plot_has_a_line_a_panel_and_a_mark_a_restart() -> None:
    root = ElementTree.fromstring(drawn([sample(n, n // 10, 100.0) for n in range(20)]))  # noqa: S314
    assert len(root.findall(f"{SVG}polyline")) == 4
    dashed = [path for path in root.findall(f"{SVG}path") if path.get("stroke-dasharray")]
    assert len(dashed) == 4
    texts = [text.text for text in root.findall(f"{SVG}text")]
    assert "memory, MiB" in texts


def test_a_plot_goes_from_nothing_to_the_most() -> None:
    root = ElementTree.fromstring(plot([0, 1], [Series("n", [0.0, 5.0])], [], "minutes"))  # noqa: S314
    line = root.find(f"{SVG}polyline")
    assert line is not None
    assert line.get("points") == "70.0,146.0 740.0,26.0"
