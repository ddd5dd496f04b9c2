"""A desk on simplefix 1.0.17, which is a codec: the session is tests.fix.desk's."""

from tests.fix.desk import ADMIN, Desk
from tests.fix.foreign import Fields
from tests.fix.transcripts.firm import Firm


class SimplefixClient:
    """See tests.fix.foreign.Client."""

    def __init__(self, firm: Firm, desk: str) -> None:
        self._desk = Desk(firm.layout.desk, desk, firm.secret(desk))
        self._deaf = False

    @property
    def reports(self) -> list[Fields]:
        """Every application message it took."""
        self._desk.take_all()
        return [one for one in self._desk.seen if one[35] not in ADMIN]

    async def log_on(self) -> None:
        """Connect and log on."""
        self._desk.log_on(expect=False)

    async def send(self, msg_type: str, fields: list[tuple[int, str]]) -> None:
        """An application message."""
        self._desk.send(msg_type, *fields)

    async def deafen(self) -> None:
        """Read nothing more."""
        self._deaf = True

    async def drop(self) -> None:
        """Lose the connection."""
        self._desk.close()
        self._deaf = False

    async def log_out(self) -> None:
        """Exchange Logouts."""
        self._desk.log_out()

    async def pump(self) -> None:
        """Read what has come."""
        if not self._deaf:
            self._desk.pump()
