"""Whole FIX messages as lists of (tag, text): the shape the gateway's two layers speak."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

Fields = list[tuple[int, str]]
"""A message, MsgType (35) first; BeginString, BodyLength and CheckSum are the wire's."""

Message = Mapping[int, str]
"""A received message by tag; no message of this dialect repeats one."""

ACCOUNT: Final = 1
BEGIN_SEQ_NO: Final = 7
CL_ORD_ID: Final = 11
END_SEQ_NO: Final = 16
EXEC_ID: Final = 17
HANDL_INST: Final = 21
LAST_SHARES: Final = 32
MSG_SEQ_NUM: Final = 34
MSG_TYPE: Final = 35
NEW_SEQ_NO: Final = 36
ORDER_ID: Final = 37
ORDER_QTY: Final = 38
ORD_STATUS: Final = 39
ORD_TYPE: Final = 40
POSS_DUP: Final = 43
PRICE: Final = 44
REF_SEQ_NUM: Final = 45
SENDER: Final = 49
SENDING_TIME: Final = 52
SIDE: Final = 54
SYMBOL: Final = 55
TARGET: Final = 56
TEXT: Final = 58
TIME_IN_FORCE: Final = 59
TRANSACT_TIME: Final = 60
RAW_DATA_LENGTH: Final = 95
RAW_DATA: Final = 96
ENCRYPT_METHOD: Final = 98
HEART_BT_INT: Final = 108
TEST_REQ_ID: Final = 112
GAP_FILL: Final = 123
RESET_SEQ_NUM: Final = 141
EXEC_TYPE: Final = 150
SECURITY_EXCHANGE: Final = 207
REF_TAG: Final = 371
REF_MSG_TYPE: Final = 372
REJECT_REASON: Final = 373
BUSINESS_REASON: Final = 380

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIMESTAMP: Final = re.compile(r"\d{8}-\d{2}:\d{2}:\d{2}(\.\d{3})?", re.ASCII)


def timestamp(now_ms: int) -> str:
    """Write a UTCTimestamp with milliseconds."""
    moment = _EPOCH + timedelta(milliseconds=now_ms)
    return moment.strftime("%Y%m%d-%H:%M:%S.") + f"{now_ms % 1000:03d}"


def is_timestamp(text: str) -> bool:
    """Tell whether a text has the form of a UTCTimestamp."""
    return _TIMESTAMP.fullmatch(text) is not None
