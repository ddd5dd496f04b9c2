"""Apifiny as its document describes it, written from the document alone."""

from collections.abc import Mapping
from decimal import Decimal

from adapters.apifiny.simulator.tokens import Account
from adapters.apifiny.simulator.venue import ApifinySimulator


def build(seed: int, speed: Decimal | int, credentials: Mapping[str, str]) -> ApifinySimulator:
    """Make a simulator with one account.

    `credentials` holds account_id, api_key_id and api_secret_key; KeyError if one is missing.
    `speed` multiplies the rate limit.
    """
    names = ("account_id", "api_key_id", "api_secret_key")
    return ApifinySimulator(Account(*(credentials[name] for name in names)), seed, Decimal(speed))
