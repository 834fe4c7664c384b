"""Lines that keep us waiting are broken; others are left alone."""

from __future__ import annotations

import socket

from axisor_server.adapters.database.overdue import Overdue


def test_a_line_that_keeps_us_waiting_is_broken():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Overdue().begin(ours.fileno(), 0.02)

        assert ours.recv(1) == b""
        assert theirs.recv(1) == b""


def test_what_ended_in_time_is_left_alone_while_others_are_broken():
    overdue = Overdue()
    kept, (late, _) = socket.socketpair(), socket.socketpair()
    with kept[0], kept[1], late, _:
        overdue.end(overdue.begin(kept[0].fileno(), 0.01))
        overdue.begin(late.fileno(), 0.02)

        assert late.recv(1) == b""
        kept[0].send(b"x")
        assert kept[1].recv(1) == b"x"


def test_a_shorter_wait_ends_before_a_longer_one_that_began_first():
    overdue = Overdue()
    patient, hasty = socket.socketpair(), socket.socketpair()
    with patient[0], patient[1], hasty[0], hasty[1]:
        long = overdue.begin(patient[0].fileno(), 60.0)
        overdue.begin(hasty[0].fileno(), 0.02)

        assert hasty[0].recv(1) == b""
        patient[0].send(b"x")
        assert patient[1].recv(1) == b"x"
        overdue.end(long)


def test_a_socket_that_is_closed_already_troubles_nobody():
    overdue = Overdue()
    gone, (late, other) = socket.socketpair(), socket.socketpair()
    with late, other:
        number = gone[0].fileno()
        gone[0].close()
        gone[1].close()
        overdue.begin(number, 0.01)
        overdue.begin(late.fileno(), 0.03)

        assert late.recv(1) == b""
