import asyncio

from jetblack_fixengine import FIXApplication, FIXEngine, Store
from jetblack_fixengine.admin import AdminStateProcessor
from jetblack_fixparser.meta_data import ProtocolMetaData

class InitiatorEngine(FIXEngine):
    _admin_state_machine: AdminStateProcessor
    def __init__(
        self,
        app: FIXApplication,
        protocol: ProtocolMetaData,
        sender_comp_id: str,
        target_comp_id: str,
        store: Store,
        logon_timeout: int,
        heartbeat_timeout: int,
        cancellation_event: asyncio.Event,
    ) -> None: ...
    async def logout(self) -> None: ...
