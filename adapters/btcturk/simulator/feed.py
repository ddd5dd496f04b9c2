"""The feed: frames of a model number and an object, on one socket a client.

Source: BtcTurk API document, section "Websocket Feed"; the greeting, the login by signature and
the user's trades as the venue's later pages and its users describe them. Nothing here moves the
market: a socket reads what the venue has and tells what is new.
"""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from adapters.btcturk.simulator.channels import CHANNELS, Channel, Market
from adapters.btcturk.simulator.door import signature
from adapters.btcturk.simulator.troubles import Troubles
from adapters.btcturk.simulator.wire import dumps

GREETING: Final = (991, {"type": 991, "current": "5.1.0", "min": "2.3.0"})

Frame = tuple[int, dict[str, object]]


@dataclass(slots=True)
class UserEvents:
    """What is told to the logged-in user, oldest first; sockets remember how far they are."""

    frames: list[Frame] = field(default_factory=list)

    def add(self, model: int, fields: Mapping[str, object]) -> None:
        """Note one event."""
        self.frames.append((model, {"type": model, **fields}))


class FeedKeys:
    """Who may log in to the feed: by a key of its own, or with a token of the web site."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._key = credentials.get("ws_api_key", credentials["api_key"])
        secret = credentials.get("ws_api_secret", credentials["api_secret"])
        self._secret = base64.b64decode(secret, validate=True)
        self.user_id = int(credentials.get("ws_user_id", "4711"))
        self._username = credentials.get("ws_username", "alice@example.com")
        self._token = credentials.get("ws_token", "web-session-token")

    def admits_key(self, fields: Mapping[str, Any]) -> bool:
        """Model 114: the signature is over key and nonce; the timestamp is not signed."""
        key, nonce, told = (fields.get(name) for name in ("publicKey", "nonce", "signature"))
        if key != self._key or not isinstance(told, str) or type(nonce) is not int:
            return False
        if type(fields.get("timestamp")) is not int:
            return False
        return hmac.compare_digest(signature(self._secret, f"{key}{nonce}"), told)

    def admits_token(self, fields: Mapping[str, Any]) -> bool:
        """Model 111: the user's number must be the token's."""
        told = tuple(fields.get(name) for name in ("id", "username", "token"))
        return told == (self.user_id, self._username, self._token)


class FeedSocket:
    """One connection to the feed (a SimSocket)."""

    def __init__(
        self, market: Market, users: UserEvents, keys: FeedKeys, troubles: Troubles, span_ms: int
    ) -> None:
        """`span_ms`: pause between two tickers, books or candles."""
        self.closed: str | None = None
        self._market, self._users, self._keys = market, users, keys
        self._troubles, self._span_ms = troubles, span_ms
        self._queue: list[Frame] = [GREETING]
        self._told: int | None = None  # of the user's events, once logged in
        self._channels: dict[tuple[str, str], Channel] = {}
        self._answers: Mapping[int, Callable[[Mapping[str, Any], int], None]] = {
            101: self._again,
            111: self._login,
            113: self._logout,
            114: self._login,
            151: self._subscribe,
        }

    def receive(self, text: str, now_ms: int) -> None:
        """Take one frame; what is not known is ignored."""
        try:
            frame = json.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError):
            return
        match frame:
            case [int() as model, dict() as fields] if model in self._answers:
                self._answers[model](fields, now_ms)

    def drain(self, now_ms: int) -> list[str]:
        """Return what is to be said now."""
        if self.closed is None and self._troubles.take("drop_stream"):
            self.closed = ""
        if self._told is not None and self._troubles.take("log_out"):
            self._logout({}, now_ms)
        if self.closed is not None and not self._queue:
            return []
        frames = [*self._queue, *self._of_user(), *self._of_channels(now_ms)]
        self._queue = []
        if self._troubles.on("stall_stream"):
            return []
        return [text for frame in frames for text in self._texts(frame)]

    def _texts(self, frame: Frame) -> list[str]:
        text = dumps(list(frame)).decode()
        if self._troubles.take("garble_stream"):
            return [text[: len(text) // 2]]
        is_event = frame[0] not in (100, 112, 114, 991)
        return [text, text] if is_event and self._troubles.take("duplicate") else [text]

    def _of_user(self) -> list[Frame]:
        if self._told is None:
            return []
        new = self._users.frames[self._told :]
        self._told = len(self._users.frames)
        return [frame for frame in new if not self._is_muted(frame[0])]

    def _is_muted(self, model: int) -> bool:
        on = self._troubles.on
        if model == 423:
            return on("mute_trades")
        return model in (441, 451, 452, 453) and on("mute_orders")

    def _of_channels(self, now_ms: int) -> list[Frame]:
        found: list[Frame] = []
        for channel in self._channels.values():
            frames = channel.frames(self._market, now_ms, self._span_ms)
            found += [frame for frame in frames if not (frame[0] == 432 and self._skips())]
        return found

    def _skips(self) -> bool:
        return self._troubles.take("skip_changes")

    def _say(self, model: int, *, ok: bool, message: str, number: int = 0) -> None:
        self._queue.append((model, {"type": model, "id": number, "ok": ok, "message": message}))

    def _subscribe(self, fields: Mapping[str, Any], now_ms: int) -> None:
        channel, event, join = (fields.get(name) for name in ("channel", "event", "join"))
        made: Channel | None = None
        if isinstance(channel, str) and channel in CHANNELS and isinstance(event, str):
            made = CHANNELS[channel](event)
        good = made is not None and made.is_for(self._market) and type(join) is bool
        word = "leave" if join is False else "join"
        self._say(100, ok=good, message=f"{word}|{channel}:{event}")
        if made is None or not good:
            return
        if join:
            self._channels[str(channel), made.event] = made
        else:
            self._channels.pop((str(channel), made.event), None)

    def _again(self, fields: Mapping[str, Any], now_ms: int) -> None:
        known = self._channels.get((str(fields.get("channel")), str(fields.get("event"))))
        if known is not None and fields.get("code") in known.repeats:
            known.begin()

    def _login(self, fields: Mapping[str, Any], now_ms: int) -> None:
        model = fields.get("type")
        if model == 114:
            ok, answered = self._keys.admits_key(fields), 114
        else:
            ok, answered = self._keys.admits_token(fields), 112
        if ok and self._told is None:
            self._told = len(self._users.frames)
        if self._troubles.on("mute_login"):
            return
        self._say(answered, ok=ok, message="OK" if ok else "UNAUTHORIZED")

    def _logout(self, fields: Mapping[str, Any], now_ms: int) -> None:
        self._queue.append((113, {"type": 113, "id": self._keys.user_id}))
        self.closed = "logged out"
