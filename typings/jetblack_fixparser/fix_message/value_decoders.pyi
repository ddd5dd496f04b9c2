from jetblack_fixparser.meta_data import FieldMetaData, ProtocolMetaData

# A str, a number or a time, as the dictionary's type says.
def decode_value(protocol: ProtocolMetaData, meta_data: FieldMetaData, value: bytes) -> str: ...
