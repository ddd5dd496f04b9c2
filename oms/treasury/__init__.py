"""Moving money through the engine: withdrawals, transfers between exchanges, coupons.

`door` is what a caller holds, `here` its half in the engine's process, `there` the one in another.
"""
