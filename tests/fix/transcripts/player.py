"""Plays a scenario over sockets against a running engine."""

import json
import re
import time
from collections.abc import Callable
from typing import Final

import jwt

from tests.fix.transcripts.firm import OTHER, Firm
from tests.fix.transcripts.notation import (
    WITHIN_S,
    Books,
    Closes,
    Deed,
    Expect,
    Pair,
    Scenario,
    Send,
    Step,
    Trouble,
)
from tests.fix.transcripts.wire import SOH, Connection, Mismatch, age_s, checksum, join, stamp

Pairs = list[tuple[str, bytes]]

_STRANGE: Final = "a stranger's secret, as long as a desk's own"
_MACRO: Final = re.compile(r"<([a-z-]+)(?::([^<>]+))?>")
_FRAME: Final = ("8", "9", "49", "56", "52", "10")
_SENDING_TIME_S: Final = 10.0
_LOGON: Final = "35=A|34=1|98=0|108=30|95=<length>|96=<token>"


class Player:
    """One scenario against one desk's session."""

    def __init__(self, firm: Firm, desk: str) -> None:
        """Nothing is connected yet."""
        self._firm = firm
        self._desk = self._speaker = desk
        self._connections: dict[str, Connection] = {}
        self._sent: dict[str, int] = {}
        self._taken: dict[str, int] = {}
        self._joined = b""
        self._names: dict[str, str] = {}
        self._fences = 0
        self._since = 0.0
        self.heard: list[str] = []
        """What was sent and what came, for whom a mismatch puzzles."""

    def play(self, scenario: Scenario) -> None:
        """From the first line to the last. Raises Mismatch naming the line."""
        try:
            for step in scenario.steps:
                self._play(step)
        finally:
            for connection in self._connections.values():
                connection.close()

    def _play(self, step: Step) -> None:
        self._since = time.monotonic()
        try:
            match step:
                case Send():
                    self._send(step)
                case Expect():
                    self._expect(step)
                case Closes():
                    self._closes(step)
                case Deed():
                    self._do(step)
                case Trouble():
                    self._firm.switch(step.venue, step.name, json.loads(step.value))
                case Books():
                    self.check_books(step)
                case _:
                    raise AssertionError(f"a step of an unknown kind: {step}")
        except Mismatch as error:
            so_far = "\n".join(self.heard)
            raise Mismatch(f"line {step.line}: {step.text}\n{error}\n\n{so_far}") from None

    def _comp_id(self, who: str) -> str:
        return OTHER if who == "other" else self._desk

    # Deeds

    def _do(self, step: Deed) -> None:
        deeds: dict[str, Callable[[str], None]] = {
            "connects": self._connect,
            "closes": lambda who: self._connections.pop(who).close(),
            "logs on": self._log_on,
            "waits": lambda _: time.sleep(step.wait_s),
            "oms says nothing more": self._fence,
            "engine is killed and starts again": self._restart,
            "engine stops": lambda _: self._stop(),
            "engine starts": lambda _: self._firm.start(),
        }
        deeds[step.deed](step.who)

    def _connect(self, who: str) -> None:
        if who in self._connections:
            self._connections[who].close()
        self._connections[who] = Connection(self._firm.layout.desk)

    def _log_on(self, who: str) -> None:
        self._connect(who)
        self._put(who, "", tuple(_pair(part) for part in _LOGON.split("|")))
        answer = (("35", "A"), ("34", "1"), ("98", "0"), ("108", "30"))
        self._compare(who, self._take(who, WITHIN_S), answer, open_ended=False)

    def _fence(self, who: str) -> None:
        """Whatever it had to say it says before it answers this."""
        self._fences += 1
        word = f"FENCE{self._fences}"
        self._put(who, "", (("35", "1"), ("112", word)))
        answer = (("35", "0"), ("112", word))
        self._compare(who, self._take(who, WITHIN_S), answer, open_ended=False)

    def _restart(self, _: str) -> None:
        self._firm.kill()
        self._firm.start()
        self._firm.wait_ready()

    def _stop(self) -> None:
        code = self._firm.stop()
        if code:
            raise Mismatch(f"the engine left with {code}")

    # Sending

    def _send(self, step: Send) -> None:
        self._put(step.who, step.how, step.fields)

    def _put(self, who: str, how: str, fields: tuple[Pair, ...]) -> None:
        content = self._message(who, fields, complete=how != "raw")
        if how.startswith("cut"):
            content = content[: -int(how.removeprefix("cut "))]
        if how == "joined":
            self._joined += content
            return
        content, self._joined = self._joined + content, b""
        self.heard.append(f"{who}> {content.replace(SOH, b'|').decode('latin-1')}")
        self._connections[who].send(content, bytewise=how == "bytewise")

    def _message(self, who: str, fields: tuple[Pair, ...], *, complete: bool) -> bytes:
        self._speaker = self._comp_id(who)
        given = _replaced([(tag, self._value(value)) for tag, value in fields])
        if complete:
            given = self._completed(who, given)
        given = [one for one in given if one[1] != b"<absent>"]
        body = next((at for at, (tag, _) in enumerate(given) if tag == "9"), 0) + 1
        tail = next((at for at, (tag, _) in enumerate(given) if tag == "10"), len(given))
        offset = self._number(given, "9")
        if offset is not None:
            given[body - 1] = ("9", str(len(join(given[body:tail])) + offset).encode())
        offset = self._number(given, "10")
        if offset is not None:
            right = int(checksum(join(given[:tail])))
            given[tail] = ("10", f"{(right + offset) % 256:03d}".encode())
        return join(given)

    @staticmethod
    def _number(given: Pairs, tag: str) -> int | None:
        """What to add to the right number; None where it is given outright."""
        value = dict(given).get(tag, b"")
        found = re.fullmatch(rb"<right([+-]\d+)?>", value)
        return int(found[1] or 0) if found else None

    def _completed(self, who: str, given: Pairs) -> Pairs:
        """With the header and trailer that every message has; what is given stands."""
        told = dict(given)
        number = int(told["34"]) if told.get("34", b"").isdigit() else self._sent.get(who, 0) + 1
        if told.get("43") != b"Y":
            self._sent[who] = number
        head = {
            "8": b"FIX.4.2",
            "9": b"<right>",
            "35": told.get("35", b""),
            "49": self._comp_id(who).encode(),
            "56": b"OMS",
            "34": str(number).encode(),
            "52": stamp().encode(),
        }
        rest = [one for one in given if one[0] not in head and one[0] != "10"]
        sum_ = ("10", told.get("10", b"<right>"))
        return [*((tag, told.get(tag, value)) for tag, value in head.items()), *rest, sum_]

    def _value(self, text: str) -> bytes:
        """A value with its macros filled in, as bytes: \\xNN stands for any of them."""
        filled = _MACRO.sub(self._filled, text)
        return re.sub(
            rb"\\x([0-9a-f]{2})", lambda m: bytes.fromhex(m[1].decode()), filled.encode("ascii")
        )

    def _filled(self, macro: re.Match[str]) -> str:
        name, argument = macro[1], macro[2] or ""
        if name == "now":
            return stamp(float(argument or 0))
        if name == "token":
            return self._token(argument)
        if name == "length":
            return str(len(self._token(argument)))
        if name == "long":
            return "x" * int(argument)
        return self._names.get(name, macro[0])

    def _token(self, kind: str) -> str:
        """A desk's JWT, or a wrong one of that kind."""
        until = int(time.time()) + 60  # noqa: TID251  the acceptor's clock is the machine's
        claims: dict[str, object] = {"sub": self._speaker, "exp": until}
        key = self._firm.secret(self._speaker)
        match kind:
            case "expired":
                claims["exp"] = until - 120
            case "other-desk":
                claims["sub"] = OTHER
            case "other-secret":
                key = _STRANGE
            case "no-end":
                del claims["exp"]
            case _:
                assert not kind, f"no such token: {kind}"
        return jwt.encode(claims, key, algorithm="HS256")

    # Expecting

    def _expect(self, step: Expect) -> None:
        message = self._take(step.who, step.most)
        while message["35"] == "1" and ("35", "1") not in step.fields:
            # Whatever a desk waits for, it answers a TestRequest.
            self._compare(step.who, message, (("35", "1"),), open_ended=True)
            self._put(step.who, "", (("35", "0"), ("112", message["112"])))
            message = self._take(step.who, step.most)
        waited = time.monotonic() - self._since
        if waited < step.least:
            raise Mismatch(f"it came after {waited:.2f} s already: {message}")
        self._compare(step.who, message, step.fields, open_ended=step.open_ended)

    def _take(self, who: str, wait_s: float) -> dict[str, str]:
        message = self._connections[who].take(wait_s)
        if message is None:
            raise Mismatch("the connection was closed")
        self.heard.append("oms> " + "|".join(f"{tag}={value}" for tag, value in message.items()))
        return message

    def _compare(
        self, who: str, message: dict[str, str], fields: tuple[Pair, ...], *, open_ended: bool
    ) -> None:
        wanted = dict(fields)
        if "43" not in message and message["35"] != "4":
            following = str(self._taken.get(who, 0) + 1)
            wanted.setdefault("34", following)
            self._taken[who] = int(message["34"])
        self._check_frame(who, message)
        left = {tag: value for tag, value in message.items() if tag not in (*_FRAME, *wanted)}
        wrong = [
            f"{tag}={message.get(tag, 'absent')}, {value} is expected"
            for tag, value in wanted.items()
            if not self._same(message.get(tag), value)
        ]
        if left and not open_ended:
            wrong.append(f"not expected: {left}")
        if wrong:
            raise Mismatch(f"{'; '.join(wrong)}\nin {message}")

    def _check_frame(self, who: str, message: dict[str, str]) -> None:
        if (message.get("49"), message.get("56")) != ("OMS", self._comp_id(who)):
            raise Mismatch(f"the CompIDs are not OMS and {self._comp_id(who)}: {message}")
        try:
            age = age_s(message.get("52", ""))
        except ValueError:
            raise Mismatch(f"SendingTime is no UTCTimestamp: {message}") from None
        if abs(age) > _SENDING_TIME_S:
            raise Mismatch(f"SendingTime is {age:.0f} s ago: {message}")

    def _same(self, found: str | None, wanted: str) -> bool:
        if found is None:
            return wanted == "<absent>"
        if wanted == "<any>":
            return True
        if wanted == "<time>":
            return abs(age_s(found)) < 60
        name = _MACRO.fullmatch(wanted)
        if name is not None and name[1] not in self._names:
            self._names[name[1]] = found
        # What stands around an ellipsis must be there, whatever is between.
        pattern = ".*".join(map(re.escape, self._value(wanted).decode("ascii").split("...")))
        return re.fullmatch(pattern, found) is not None

    def _closes(self, step: Closes) -> None:
        message = self._connections[step.who].take(step.most)
        if message is not None:
            raise Mismatch(f"it said something instead: {message}")
        self._connections.pop(step.who).close()

    # Books

    def check_books(self, step: Books) -> None:
        """The desk's orders are those; they may still be on their way. Raises Mismatch."""
        until = time.monotonic() + WITHIN_S
        while (found := self._firm.books(self._desk)) != list(step.orders):
            if time.monotonic() > until:
                raise Mismatch(f"the books say {found}")
            time.sleep(0.02)


def _replaced(given: Pairs) -> Pairs:
    """With each `tag:=value` in the place of the field before it that it replaces."""
    found: Pairs = []
    for tag, value in given:
        if not tag.endswith(":"):
            found.append((tag, value))
            continue
        at = [name for name, _ in found].index(tag[:-1])
        found[at] = (tag[:-1], value)
    return found


def _pair(text: str) -> Pair:
    tag, _, value = text.partition("=")
    return tag, value
