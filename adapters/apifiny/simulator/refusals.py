"""What Apifiny says no with: the codes of its list of application errors, as decimals.

Source: the venue's document, section "Apifiny Connect Status/Error Codes". The decimal column is
used as printed, also where it disagrees with the hexadecimal one (327738, 327786, 327802).
"""

from typing import Final


class Refusal(Exception):
    """A request was understood and turned down; nothing was done."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


_MESSAGES: Final = {
    65562: "general request error, please check if the parameters in request are correct.",
    131114: "rate limit is exceeded",
    131115: "Account doesn't exist, please verify account ID.",
    131162: "Account status doesn't satisfy request, please verify account status.",
    262218: "Util_Unknown_Currency",
    262266: "Util_Unknown_Coin",
    131130: "Sorry, the venue does not match the request url, please check the base url.",
    196634: "token error",
    262202: "Util_Unknown_Symbol",
    327722: "Order_OriginalOrderIdDuplicate",
    327738: "Order doesn't exist, please change order ID.",
    327741: "This exchange is currently under maitenance or not supported yet.",
    327786: "orderSide parameter error",
    327802: "cannot cancel order under current order status, need confirm order status"
    " and retry or abandon request.",
    327834: "Order create failed, timestamp error",
    327978: "order id rule error",
    328026: "order cannot be canceled when in Pending_Submit status,please wait for status"
    " changed to submitted to cancel order.",
    393258: "Not enough asset available. Please verify if there is enough asset in account.",
    393242: "Asset_AvailableNotEnough.",
    2097162: "Signature Error",
    2097163: "Permission denied. Invalid API key or permissions for action.",
}

REQUEST: Final = 65562
RATE: Final = 131114
ACCOUNT: Final = 131115
ACCOUNT_STATUS: Final = 131162
CURRENCY: Final = 262218
COIN: Final = 262266
TICKET: Final = 393242
ASSETS: Final = 393258
WRONG_VENUE: Final = 131130
TOKEN: Final = 196634
SYMBOL: Final = 262202
DUPLICATE: Final = 327722
NO_ORDER: Final = 327738
NO_EXCHANGE: Final = 327741
SIDE: Final = 327786
NOT_CANCELLABLE: Final = 327802
TIMESTAMP: Final = 327834
ORDER_ID: Final = 327978
STILL_PENDING: Final = 328026
FUNDS: Final = 393242
SIGNATURE: Final = 2097162
PERMISSION: Final = 2097163


TICKET_TEXT: Final = "withdraw ticket error, please check or create a withdraw ticket first."
"""The words that tell 393242 of a ticket from 393242 of funds."""


def refusal(code: int, detail: str = "") -> Refusal:
    """Make the refusal of that code, with the venue's words and, if any, the detail after them."""
    return Refusal(code, " ".join(filter(None, (_MESSAGES[code], detail))))
