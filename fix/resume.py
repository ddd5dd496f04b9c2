"""Where a desk session goes on after a start: the journal's word, and what quickfix's files add."""

import logging
from collections.abc import Callable, Iterable
from typing import Final

from fix import tags
from fix.filestore import Condition, FileStore
from fix.outlet import Backlog, Outlet, written
from fix.session import Role
from fix.wire import ADMIN_TYPES, Fields, body_of
from oms.core.ports import DeskReport
from oms.core.sessions import Session
from oms.core.values import frozen

_log = logging.getLogger(__name__)

SLACK: Final = 100_000
"""MsgSeqNums that administrative messages may have used since the journal was told of the last."""


@frozen
class Resumption:
    """What is known of one desk's session when the engine starts."""

    name: str
    """quickfix's name of it."""
    store: FileStore
    condition: Condition
    journal: Session
    committed: int
    """The number of the desk's last report in the journal."""

    @property
    def begun_anew(self) -> bool:
        """Whether the desk demanded a reset that the journal did not come to hear of."""
        return self.condition.resets > self.journal.resets

    @property
    def resets(self) -> int:
        """How often the journal will have heard of one; several unheard ones are one."""
        return self.journal.resets + self.begun_anew

    @property
    def position(self) -> Session:
        """The journal's, after a reset that it did not come to hear of too."""
        if not self.begun_anew:
            return self.journal
        return Session(
            delivered=self.journal.seen, seen=self.journal.seen, repeat_to=self.committed
        )

    def resume(
        self,
        role: Role,
        outlet: Outlet,
        backlog: Backlog,
        encode: Callable[[DeskReport], Fields],
    ) -> None:
        """Set the numbers of both directions, and the outlet to the first report that is due."""
        position = self.position
        next_in, next_out = role.next_numbers(self.name)
        outlet.place(self.journal, position.delivered)
        if self.begun_anew:
            outlet.reset(self.committed)
        if not self.condition.sound or self.condition.used not in (next_out - 1, next_out):
            self._jump(role, outlet, position)
        else:
            # quickfix counts a message as received when the engine has it; only what was committed
            # is consumed, and the desk is asked for the rest.
            role.set_next_in(self.name, min(next_in, position.msg_seq_num_in + 1))
            said = self._said(position.msg_seq_num_out + 1, next_out - 1)
            handed, whole = _last_told(backlog(outlet.origin, position.delivered), said, encode)
            outlet.handed = max(handed, position.delivered)
            if not whole:
                text = f"{self.name} holds messages that are no reports of the journal's"
                outlet.repeat(next_out - 1, self.committed, text)
        outlet.start()

    def _jump(self, role: Role, outlet: Outlet, position: Session) -> None:
        """Go on at a number that was certainly not used: the desk then asks for what it misses."""
        unnoted = self.committed - position.seen
        used = max(position.msg_seq_num_out, self.condition.used) + unnoted + SLACK
        role.set_next_in(self.name, position.msg_seq_num_in + 1)
        role.set_next_out(self.name, used + 1)
        text = f"the files of {self.name} are lost or torn; its numbers go on at {used + 1}"
        _log.error(text)
        outlet.go_back(used, self.committed, text)

    def _said(self, first: int, last: int) -> list[Fields]:
        return [
            fields
            for fields in self.store.messages(first, last)
            if dict(fields).get(tags.MSG_TYPE) not in ADMIN_TYPES
        ]


def _last_told(
    reports: Iterable[tuple[int, DeskReport]],
    said: list[Fields],
    encode: Callable[[DeskReport], Fields],
) -> tuple[int, bool]:
    """The last of the reports that quickfix holds and the journal does not know it was given.

    They are in its store, in order; the desk gets them when it asks for what it missed. 0 if there
    is none. And whether all that was said is a report of the journal's, or a refusal (j) of
    quickfix's own.
    """
    bodies = [body_of(fields) for fields in said]
    known = frozenset(bodies)
    last, place = 0, 0
    strange = [dict(fields).get(tags.MSG_TYPE) != "j" for fields in said]
    for number, report in reports:
        if place == len(bodies):
            break
        body = body_of(written(encode, report)[0])
        if body not in known or body not in bodies[place:]:
            if last:
                break
            continue
        found = bodies.index(body, place)
        last, place, strange[found] = number, found + 1, False
    return last, not any(strange)
