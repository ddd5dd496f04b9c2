# The part of jetblack-fixparser 2.5.0 that the tests use, typed as they use it.
from pathlib import Path

from jetblack_fixparser.meta_data import ProtocolMetaData

def load_quickfix_protocol(
    filename: Path, *, is_float_decimal: bool = False
) -> ProtocolMetaData: ...
