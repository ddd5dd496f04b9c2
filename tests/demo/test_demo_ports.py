"""Ports are free when they are chosen, and all below the kernel's own range."""

import itertools
import socket

import pytest
from pytest_mock import MockerFixture

from oms.demo import ports
from oms.simlayout import HOST, sim_layout


def test_every_port_of_a_layout_can_be_listened_on() -> None:
    layout = ports.find_layout()
    assert sim_layout(ports.port_base(layout)) == layout
    wanted = {layout.desk, layout.api, layout.venues["apifiny"].fix, layout.venues["andx"].rest}
    for port in wanted:
        assert port is not None
        assert 12_000 <= port < 30_100
        with socket.socket() as listener:
            listener.bind((HOST, port))


def test_a_layout_with_a_taken_port_is_passed_over(mocker: MockerFixture) -> None:
    """The numbers are drawn by hand: first where a port is taken, then further on."""
    layout = ports.find_layout()
    base = ports.port_base(layout)
    mocker.patch.object(ports, "_drawn", side_effect=itertools.count(base - 12_000, 60))
    with socket.socket() as taken:
        taken.bind((HOST, layout.api))
        assert ports.port_base(ports.find_layout()) != base


def test_a_machine_without_free_ports_is_told_so(mocker: MockerFixture) -> None:
    mocker.patch.object(ports, "_free", return_value=False)
    with pytest.raises(OSError, match="no free ports"):
        ports.find_layout()
