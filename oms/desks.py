"""What the configuration says of those who send orders: how they are served, what they may use."""

from fix.acceptor import DeskLogin
from oms.core.book import EVERY_ROUTE, OPERATOR
from oms.settings import DeskSettings, Settings


def desk_logins(settings: Settings) -> dict[str, DeskLogin]:
    """How each desk logs on and is served, by its CompID."""
    return {desk.comp_id: _login(desk) for desk in settings.desks}


def _login(desk: DeskSettings) -> DeskLogin:
    return DeskLogin(
        secret=desk.secret.get_secret_value(),
        extended_tags=desk.extended_tags,
        cancel_grace_s=desk.cancel_grace_s if desk.cancel_on_disconnect else None,
        status_on_logon=desk.status_on_logon,
        max_orders_per_s=desk.max_orders_per_s,
    )


def entitlements(settings: Settings) -> dict[str, frozenset[str]]:
    """The routes that each origin may use."""
    found = {OPERATOR: frozenset({EVERY_ROUTE})}
    for desk in settings.desks:
        found[desk.comp_id] = frozenset() if desk.drop_copy else frozenset(desk.venues)
    for strategy in settings.strategies:
        found[strategy.name] = frozenset(strategy.venues)
    return found
