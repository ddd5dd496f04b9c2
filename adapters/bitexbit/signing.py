"""How Bitexbit signs: over the fields that are sent, as a form. Pure.

Source: the Bitexbit API v1 document, section "Authorization".
"""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

FORM = "application/x-www-form-urlencoded"


def form(fields: Mapping[str, str]) -> str:
    """The fields sorted by name, URL-encoded: what is signed, and what is sent."""
    return urlencode(sorted(fields.items()))


def signature(api_key: str, api_secret: str, fields: Mapping[str, str]) -> str:
    """X-SIGN: lower-case hex HMAC-SHA256 over the key and the fields as a form."""
    message = api_key + form(fields)
    return hmac.new(api_secret.encode(), message.encode(), hashlib.sha256).hexdigest()
