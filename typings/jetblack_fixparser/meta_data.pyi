class FieldMetaData:
    name: str
    type: str

class ProtocolMetaData:
    fields_by_name: dict[str, FieldMetaData]
    fields_by_number: dict[bytes, FieldMetaData]
