"""typings/quickfix.pyi says nothing that the installed module does not have."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
import quickfix

STUB = Path(__file__).resolve().parents[2] / "typings" / "quickfix.pyi"
CLASSES = [n for n in ast.parse(STUB.read_text()).body if isinstance(n, ast.ClassDef)]


def _methods() -> Iterator[tuple[str, ast.FunctionDef]]:
    for klass in CLASSES:
        for node in klass.body:
            if isinstance(node, ast.FunctionDef):
                yield klass.name, node


METHODS = list(_methods())


@pytest.mark.parametrize("klass", CLASSES, ids=lambda klass: klass.name)
def test_a_class_of_the_stub_exists_with_its_bases(klass: ast.ClassDef) -> None:
    found = getattr(quickfix, klass.name)
    for base in klass.bases:
        assert isinstance(base, ast.Name)
        assert base.id in [parent.__name__ for parent in found.__mro__]


@pytest.mark.parametrize(("klass", "method"), METHODS, ids=lambda x: getattr(x, "name", x))
def test_a_method_of_the_stub_exists_and_takes_what_it_says(
    klass: str, method: ast.FunctionDef
) -> None:
    found = inspect.getattr_static(getattr(quickfix, klass), method.name)
    is_static = any(ast.unparse(mark) == "staticmethod" for mark in method.decorator_list)
    assert isinstance(found, staticmethod) == is_static
    call = inspect.signature(found.__func__ if is_static else found)
    if any(p.kind is p.VAR_POSITIONAL for p in call.parameters.values()):
        return  # overloaded in C++: the module keeps no list of parameters
    stubbed = [arg.arg for arg in method.args.posonlyargs + method.args.args]
    assert len(call.parameters) == len(stubbed)
    by_name = [arg.arg for arg in method.args.args if arg.arg != "self"]
    assert set(by_name) <= set(call.parameters)


@pytest.mark.parametrize("name", ["IncorrectTagValue", "FieldNotFound"])
def test_the_rejections_of_a_tag_carry_it(name: str) -> None:
    error: quickfix.IncorrectTagValue = getattr(quickfix, name)(59, "why")
    assert error.field == 59
    assert str(error)


@pytest.mark.parametrize(
    "name",
    ["UnsupportedMessageType", "RejectLogon", "DoNotSend", "InvalidMessage", "ConfigError",
     "SessionNotFound", "RuntimeError"],
)  # fmt: skip
def test_the_other_errors_take_one_text(name: str) -> None:
    assert "the reason" in str(getattr(quickfix, name)("the reason"))


def test_a_message_is_made_of_text_and_gives_strings() -> None:
    message = quickfix.Message("8=FIX.4.2\x0135=D\x0111=x\x0138=1.50\x01", False)
    assert message.getHeader().getField(35) == "D"
    assert message.getField(38) == "1.50"
    assert message.isSetField(11)
    message.removeField(11)
    message.setField(58, "a text")
    assert not message.isSetField(11)
    assert "\x0158=a text\x01" in message.toString()
    assert not message.isAdmin()


def test_a_session_is_known_by_its_text() -> None:
    one = quickfix.SessionID("FIX.4.2", "OMS", "DESK1", "Q")
    assert one.toString() == "FIX.4.2:OMS->DESK1:Q"
    assert one.getSenderCompID().getString() == "OMS"
    assert one.getSessionQualifier() == "Q"
    assert quickfix.Session.lookupSession(one) is None


def test_settings_are_read_and_set() -> None:
    session_id = quickfix.SessionID("FIX.4.2", "OMS", "DESK1")
    one = quickfix.Dictionary()
    one.setString("ConnectionType", "acceptor")
    one.setInt("SocketAcceptPort", 5001)
    one.setBool("SocketNodelay", True)
    settings = quickfix.SessionSettings()
    settings.set(session_id, one)
    back = settings.get(settings.getSessions()[0])
    assert back.getString("ConnectionType") == "acceptor"
    assert back.getInt("SocketAcceptPort") == 5001
    assert back.getBool("SocketNodelay") is True
    with pytest.raises(quickfix.ConfigError, match="not defined"):
        back.getString("DataDictionary")
