from collections.abc import Mapping
from enum import Enum

class AdminState(Enum):
    AUTHENTICATED = 5
    SET_INCOMING_SEQNUM = 17

class AdminEvent(Enum):
    SEQUENCE_RESET_SENT = 16

Transitions = Mapping[AdminState, Mapping[AdminEvent, AdminState]]

class AdminStateProcessor:
    transitions: Transitions
