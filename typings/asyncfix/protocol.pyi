class FIXProtocolBase:
    beginstring: str
