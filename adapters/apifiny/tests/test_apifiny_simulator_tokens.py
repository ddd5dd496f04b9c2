"""Who the simulator lets in: worked tokens, and each way in which one can be wrong.

The worked tokens were computed with the standard library alone, for the account, key and secret
below; their third segments are pinned here.
"""

import base64
import hashlib
import hmac
import json

import jwt
import pytest

from adapters.apifiny.simulator.refusals import Refusal
from adapters.apifiny.simulator.tokens import Account, demand_token, digest

SECRET = "apifiny-secret-0001-apifiny-secret"  # noqa: S105  of an account that never was
ACCOUNT = Account("STA-00000001", "ak-0001", SECRET)
EXP = 1535526941
NOW_MS = (EXP - 10) * 1000

GET = "accountId=STA-00000001&venue=VENUE1"
POST = (
    '{"accountId": "STA-00000001", "venue": "VENUE1", "orderId": "000000011584603011942221",'
    ' "orderInfo": {"symbol": "BTCUSD", "orderType": "LIMIT", "timeInForce": 1,'
    ' "orderSide": "BUY", "limitPrice": "100", "quantity": "1.12"}}'
)
GET_DIGEST = "57bc2d34101bb54dddcc705bd62e5970c261f151d4006dec81493e95652547b4"
POST_DIGEST = "8bf2eda1a22488796d29db9af122b4cf7c360451296a23f0bee33461a63e5772"
FIX_DIGEST = "9d8e2d80cfe50b3347e6be27498af925def1dcb74a0e29dc2c0c2f3e675b19b8"


def claims(**changed: object) -> dict[str, object]:
    """Return the claims of the GET example, with changes."""
    return {
        "accountId": ACCOUNT.account_id,
        "secretKeyId": ACCOUNT.api_key_id,
        "digest": GET_DIGEST,
        "exp": EXP,
    } | changed


def fix_claims() -> dict[str, object]:
    """Return the claims of the FIX example in the order in which it was signed."""
    return {
        "accountId": ACCOUNT.account_id,
        "secretKeyId": ACCOUNT.api_key_id,
        "digest": FIX_DIGEST,
        "method": "Fix",
        "exp": EXP,
    }


def signed(content: object, secret: str = SECRET, *, flawed: str = "", **header: object) -> str:
    """Sign with the standard library, so that the checking library does not check itself.

    `flawed` is put behind the claims before they are signed.
    """

    def part(value: object) -> str:
        text = json.dumps(value, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(text).rstrip(b"=").decode()

    head = f"{part({'alg': 'HS256', 'typ': 'JWT', **header})}.{part(content)}{flawed}"
    mac = hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    ("content", "expected"),
    [(GET, GET_DIGEST), (POST, POST_DIGEST), (ACCOUNT.account_id, FIX_DIGEST)],
    ids=["get", "post", "fix"],
)
def test_the_worked_digests_are_the_sha256_of_what_is_sent(content: str, expected: str) -> None:
    assert digest(content.encode()) == expected


@pytest.mark.parametrize(
    ("content", "third"),
    [
        (claims(), "03LAk94xDClDsgB1ZeJXMK9W4xkhO3gTOLECuba9qlM"),
        (claims(digest=POST_DIGEST), "J9WRH8ZixAZ_jcTcRMgXp6xcMHJxlYM4T8YbcJBN3Wg"),
        (fix_claims(), "Tbp-kY_RIwHTVBWJZ0Y3QlwgQh4KSmbSVCoVvd6yFec"),
        (
            {name: value for name, value in claims().items() if name != "digest"},
            "vcsptMF8QohsVhKdK0BmPt1odfDKGalKFHKTXiUdTF0",
        ),
        ({"accessKey": ACCOUNT.api_key_id}, "CSMTA2ac8Wd7PqNwQJdMcCeHg-9rKRbTTNLtElRo0QM"),
    ],
    ids=["get", "post", "fix", "order stream", "market data stream"],
)
def test_the_worked_tokens_have_the_pinned_third_segments(
    content: dict[str, object], third: str
) -> None:
    token = signed(content)
    assert token.split(".")[2] == third
    assert token == jwt.encode(content, SECRET)


def test_the_worked_tokens_open_what_they_were_made_for() -> None:
    demand_token(signed(claims()), GET.encode(), ACCOUNT, NOW_MS)
    demand_token(signed(claims(digest=POST_DIGEST)), POST.encode(), ACCOUNT, NOW_MS)
    token = signed(fix_claims())
    assert len(token) == 295
    demand_token(token, b"STA-00000001", ACCOUNT, NOW_MS, method="Fix")


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (signed(claims(accountId="STA-00000002")), 131115),
        (signed(claims(secretKeyId="ak-0002")), 2097163),
        (signed(claims(digest=POST_DIGEST)), 2097162),
        (signed(claims(digest=GET_DIGEST.upper())), 2097162),
        (signed(claims(digest=None)), 2097162),
        (signed(claims(), SECRET.upper()), 2097162),
        (signed(claims())[:-4] + "AAAA", 2097162),
        (signed(claims(exp=NOW_MS // 1000)), 196634),
        (signed(claims(exp=EXP * 1000)), 196634),
        (signed(claims(exp=str(EXP))), 196634),
        (signed(claims(exp=None)), 196634),
        (jwt.encode(claims(), key="", algorithm="none"), 196634),
        (jwt.encode(claims(), SECRET * 2, algorithm="HS512"), 196634),
        ("not.a.token", 196634),
        ("ü", 196634),
        (f"{signed(claims())}ü", 2097162),
        (f"{signed(claims())}.", 196634),
        (signed(claims(), crit=["exp"]), 196634),
        (signed(claims(), alg=None), 196634),
        (signed(claims(), flawed="="), 196634),
        (signed(claims(), flawed="\n"), 196634),
        (signed([claims()]), 196634),
        ("e" + "W1tb" * 50_000 + ".e.e", 196634),
        ("W1tb" * 50_000 + ".e.e", 196634),
    ],
    ids=[
        "another account",
        "another key",
        "digest of something else",
        "digest in capitals",
        "no digest",
        "another secret",
        "tampered with",
        "expired this second",
        "milliseconds given as seconds",
        "exp as text",
        "exp null",
        "unsigned",
        "another algorithm",
        "no JWT",
        "no ASCII",
        "no ASCII in the signature",
        "a fourth segment",
        "a header that must be understood",
        "no algorithm",
        "padded claims",
        "claims with a break in them",
        "claims that are no object",
        "a header that is no JSON",
        "a header too deep to read",
    ],
)
def test_any_other_token_is_refused(token: str, code: int) -> None:
    with pytest.raises(Refusal) as no:
        demand_token(token, GET.encode(), ACCOUNT, NOW_MS)
    assert no.value.code == code
    assert SECRET not in str(no.value)
    assert token not in str(no.value)


@pytest.mark.parametrize("method", ["GET", None])
def test_a_logon_needs_a_token_made_for_fix(method: str | None) -> None:
    token = signed(fix_claims() | {"method": method})
    with pytest.raises(Refusal, match="method"):
        demand_token(token, b"STA-00000001", ACCOUNT, NOW_MS, method="Fix")


def test_the_secret_is_in_no_representation_of_the_account() -> None:
    assert SECRET not in repr(ACCOUNT)
