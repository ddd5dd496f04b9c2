"""When to ask again about what is uncertain: after 1, 2, 5 and 10 s, then every 30 s."""

from collections.abc import Callable, Collection
from typing import Final

STEPS_S: Final = (1.0, 2.0, 5.0, 10.0)
THEN_EVERY_S: Final = 30.0


class Pace:
    """Due times by key, from the moment a key is first asked about. `speed` divides the steps."""

    def __init__(self, monotonic: Callable[[], float], speed: float) -> None:
        self._monotonic = monotonic
        self._speed = speed
        self._known: dict[str, tuple[float, int]] = {}

    def due(self, key: str) -> bool:
        """Whether the next step has come; a step that has come is used up."""
        now = self._monotonic()
        started, used = self._known.setdefault(key, (now, 0))
        if (now - started) * self._speed < _step_s(used):
            return False
        passed = used + 1
        while (now - started) * self._speed >= _step_s(passed):
            passed += 1
        self._known[key] = (started, passed)
        return True

    def wait_s(self, key: str) -> float:
        """Seconds until the next step of a key, 0 if it has come."""
        now = self._monotonic()
        started, used = self._known.get(key, (now, 0))
        return max(0.0, started + _step_s(used) / self._speed - now)

    def forget(self, key: str) -> None:
        """Begin anew with this key."""
        self._known.pop(key, None)

    def keep(self, keys: Collection[str]) -> None:
        """Forget all other keys."""
        self._known = {key: known for key, known in self._known.items() if key in keys}


def _step_s(number: int) -> float:
    if number < len(STEPS_S):
        return STEPS_S[number]
    return STEPS_S[-1] + (number - len(STEPS_S) + 1) * THEN_EVERY_S
