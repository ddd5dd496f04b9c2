"""How a verb ends: its exit code, and one clear line on standard error."""

from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from oms.core.errors import (
    ConfigError,
    EngineUnavailable,
    OmsError,
    OutcomeUnknown,
    StoreLocked,
)
from oms.redaction import redact, redact_values

FAILED: Final = 1
"""Refused, unknown, or not as it should be."""
BAD_CONFIG: Final = 2
"""The configuration or the command line is wrong, or another process owns the store."""
NOT_RUNNING: Final = 3
"""No engine answers; nothing was sent."""
OUTCOME_UNKNOWN: Final = 4
"""Something was sent and nothing came back: look before you do it again."""

_CODES: Final[tuple[tuple[type[OmsError], int], ...]] = (
    (ConfigError, BAD_CONFIG),
    (StoreLocked, BAD_CONFIG),
    (EngineUnavailable, NOT_RUNNING),
    (OutcomeUnknown, OUTCOME_UNKNOWN),
)


def exit_code(error: BaseException) -> int:
    """The exit code that the error leads to."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), FAILED)


def complain(error: BaseException | str) -> None:
    """Say on standard error what went wrong, secrets removed; never a traceback."""
    text = str(error)
    if not isinstance(error, OmsError | str):
        text = f"internal error: {type(error).__name__}: {error}"
    # What is wrong with `api_secret: ...` names the key, and never its value.
    clean = redact_values if isinstance(error, ConfigError) else redact
    for line in clean(text).splitlines() or [type(error).__name__]:
        typer.echo(f"oms: {line}", err=True)


class Verbs(TyperGroup):
    """The verbs. No error of theirs shows a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; an error becomes a line and an exit code."""
        try:
            return super().invoke(ctx)
        except (TyperException, typer.Exit, typer.Abort, BrokenPipeError):
            raise  # typer's own ways to end
        except Exception as error:  # noqa: BLE001  whatever it is, its traceback helps no user
            complain(error)
            if isinstance(error, EngineUnavailable):
                complain("`oms run` starts the engine")
            raise typer.Exit(exit_code(error)) from None
