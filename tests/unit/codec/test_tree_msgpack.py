"""The native engine for MessagePack gives what the careful one gives, or leaves it to that one."""

from __future__ import annotations

import datetime as dt
import struct
from decimal import Decimal as D  # noqa: N817 - short, for the tables

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.unit.codec.test_tree import (
    ID,
    ITEM,
    KNOT,
    LIMITED,
    MOMENT,
    NEVER,
    ORDER,
    ORDER_FIELD,
    ORDERS,
    OUT,
    PLAIN,
    SOFT,
    UTC,
    Item,
    Knot,
    Order,
    SubOrder,
    member,
    native,
    record,
)

from spyne.codec._base import DecodeError, EncodeError, Options
from spyne.codec.tree import MSGPACK_2, compile_decoder, compile_encoder
from spyne.codec.tree_native import (
    NATIVE_MSGPACK,
    NATIVE_MSGPACK_2,
    NATIVE_MSGPACK_TIMESTAMPS,
    Malformed,
    decoder,
    encoder,
    msgpack_reader,
    msgpack_tree,
    msgpack_writer,
)
from spyne.limits import LimitExceeded
from spyne.schema import Facets, Field
from spyne.schema.nodes import Any, Array, Bytes, DateTime, Decimal, Int, Map, Str, Time

pack = msgspec.msgpack.encode
FLAVOURS = [NATIVE_MSGPACK, NATIVE_MSGPACK_TIMESTAMPS]


def careful_read(field, data, options=PLAIN, flavour=NATIVE_MSGPACK):
    return compiled(compile_decoder, field, options, flavour.format)(msgpack_tree(options.max_depth)(data))


def careful_write(field, value, options=PLAIN, flavour=NATIVE_MSGPACK):
    return pack(compiled(compile_encoder, field, options, flavour.format)(value))


MADE = {}


def compiled(make, *args):
    """What a compiler makes, made once for the same objects."""
    key = (make, *map(id, args))
    if key not in MADE:
        MADE[key] = (make(*args), args)
    return MADE[key][0]


VALUES = [
    *(0, -1, 1, 127, 128, -33, 2**63, 2**64 - 1, -(2**63), 0.0, 1.5, 1e300, 2.0**63, 2.0**64, True, False, None, [], {}),
    *(float("nan"), float("inf"), b"", b"a", b"1.5", ID.bytes, ID.hex.encode(), b"\xff", b"2020-01-02"),
    *("1.10", "1_0", " 1", "1e5", "NaN", "٣", "", "abc", "5", "+1", ".5", "1.", "-", "1.2.3", "9" * 31, "9" * 32, "9" * 2000),
    *("YWI=", "2020-01-02", "2020-01-02Z", "01:02:03", "23:59:59.9999999", "24:00:00", "2020-01-02T03:04:05Z"),
    *("2020-01-02 03:04:05+23:59", "2020-01-02T24:00:00", "9999-12-31T23:59:59.9999999", str(ID), ID.hex, ID.urn),
    *(MOMENT, dt.datetime(1, 1, 1, tzinfo=UTC), dt.datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)),
    *(["a", None], [{"price": "1e5"}], [{"price": "1.5", "sku": "price", "qty": 3, "tags": ["x"]}], [{b"price": b"1_0"}]),
]  # fmt: skip
NAMES = [field.name for field in ORDER.fields]


def spelled(name):
    """A key in all its forms."""
    text = name.encode()
    yield pack(name)
    yield b"\xd9" + bytes([len(text)]) + text
    yield b"\xda" + len(text).to_bytes(2, "big") + text
    yield b"\xdb" + len(text).to_bytes(4, "big") + text
    yield pack(text)


def same(one, other):
    return one == other or pack(one) == pack(other)


@pytest.mark.parametrize("value", VALUES, ids=[repr(value)[:30] for value in VALUES])
@pytest.mark.parametrize("name", NAMES)
def test_the_fast_engine_reads_what_the_careful_one_reads(name, value):
    """For every kind of member, many values and every form of the key: the same value, or a refusal."""
    fast = compiled(decoder, NATIVE_MSGPACK, ORDER_FIELD, PLAIN)
    for key in spelled(name):
        data = b"\x82" + key + pack(value) + pack("unknown") + b"\x01"
        try:
            found = fast(data)
        except DecodeError:
            continue
        assert same(found, careful_read(ORDER_FIELD, data)), key


def test_common_documents_are_read_by_the_fast_engine():
    """What clients usually send needs no closer look."""
    value = {
        "id": 5,
        "key": str(ID),
        "created": MOMENT,
        "total": "-1.50",
        "blob": b"\xff",
        "items": [{"price": "2", "sku": "é"}],
    }
    found = decoder(NATIVE_MSGPACK, ORDER_FIELD, SOFT)(pack(value))
    assert found == Order(5, ID, MOMENT, total=D("-1.50"), blob=b"\xff", items=[Item(sku="é", price=D(2))])


@pytest.mark.parametrize("code", range(256))
def test_a_decimal_may_begin_with_any_byte(code):
    """Whatever follows the key of a decimal, both engines agree or the fast one refuses."""
    fast = compiled(decoder, NATIVE_MSGPACK, ORDER_FIELD, PLAIN)
    for rest in (b"", b"1" * 31, b"\x00" * 16, b"\x02" + b"1e", struct.pack(">d", 0.1), b"\x00\x021_" + b"0" * 30):
        data = b"\x81\xa5total" + bytes([code]) + rest
        for end in range(7, len(data) + 1):
            try:
                found = fast(data[:end])
            except DecodeError:
                continue
            assert found == careful_read(ORDER_FIELD, data[:end])


LIMITED_VALUES = {
    "id": (0, 9, 10, -1, None, 5.0, "5", b"5"),
    "key": (None, ID.hex, ID.bytes),
    "created": ("2020-01-02T03:04:04Z", "2020-01-02T03:04:06", MOMENT, MOMENT - dt.timedelta(1), None),
    "total": ("1.23", 1.23, 1, "1.234", 1234, None),
    "rate": (2.5, 2.6, 0, 1e-9, float("nan"), float("inf")),
    "ok": (True, False, 1),
    "blob": (b"", b"a", "YWI="),
    "items": (None, [], [None], [{"qty": 1, "tags": ["x"]}], [{"qty": 1, "tags": []}], [{"tags": ["x"]}]),
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, each) for name, values in LIMITED_VALUES.items() for each in values]
)
@pytest.mark.parametrize("left_out", ["", "id", "key", "items"])
def test_the_fast_engine_keeps_facets_and_occurrence(name, value, left_out):
    """With validation it gives what the careful one gives, or leaves it to that one."""
    members = {"id": 5, "key": str(ID), "created": MOMENT, "items": [{"qty": 1, "tags": ["x"]}], name: value}
    members.pop(left_out, None)
    field, data = Field(type=LIMITED), pack(members)
    try:
        found = decoder(NATIVE_MSGPACK, field, SOFT)(data)
    except DecodeError:
        return
    assert found == careful_read(field, data, SOFT)


MALFORMED = {
    b"": "it ends too early (byte 0)",
    b"\x81\xa2id": "it ends too early (byte 4)",
    b"\x81\xa2id\x01\x01": "something follows its end (byte 5)",
    b"\xc1": "the byte 0xc1 begins no value (byte 0)",
    b"\xdd\xff\xff\xff\xff": "it ends too early (byte 5)",
    b"\xdf\xff\xff\xff\xff": "it ends too early (byte 5)",
    b"\x81\xa5items\xdd\xff\xff\xff\xff": "it ends too early (byte 12)",
    b"\x81\xa4blob\xc6\xff\xff\xff\xff": "it ends too early (byte 11)",
    b"\xdc\xff\xff" * 300: "it ends too early (byte 900)",
    b"\x81\x80\x01": "the key of a map is a map",
    b"\x81\x90\x01": "a key that is neither a text nor a number",
    b"\x81\xc0\x01": "a key that is neither a text nor a number",
    b"\x81\xc4\x01\xff\x01": "a key that is not UTF-8",
    b"\x81\xa2id\xa1\xff": "a text that is not UTF-8",
    b"\x81\xa2id\xa3\xed\xa0\x80": "a text that is not UTF-8",
    b"\x81\xa2id\xd4\x05x": "the extension type 5",
    b"\x81\xa7created\xd4\xff\x00": "a timestamp that is out of range",
    b"\x81\xa7created\xc7\x0c\xff\xff\xff\xff\xff\x7f" + b"\xff" * 7: "a timestamp that is out of range",
    b"\x91" * 100_000: "nests too deep",
    b"\x81\xa1z" + b"\x91" * 100_000: "nests too deep",
}  # fmt: skip


@pytest.mark.parametrize("data", MALFORMED, ids=[repr(data[:12]) for data in MALFORMED])
def test_what_is_no_message_pack(data):
    """All ways of reading refuse it, and the message says what and where without words of the parser."""
    for read in (
        compiled(decoder, NATIVE_MSGPACK, ORDER_FIELD, PLAIN),
        compiled(msgpack_reader, ORDER_FIELD, PLAIN),
        msgpack_tree(64),
    ):
        with pytest.raises(DecodeError):
            read(data)
    with pytest.raises(Malformed) as caught:
        msgpack_tree(64)(data)
    assert MALFORMED[data] in caught.value.message
    assert "msgspec" not in caught.value.message


def test_keys_become_text():
    """str, bin and numbers; of one that comes twice the last counts."""
    data = b"\x87\xa1a\x01\xc4\x01b\x81\xc4\x01c\x02\x05\x03\xc3\x04\xca\x3f\xc0\x00\x00\x05\xa1a\x06\xc4\x01a\x07"
    assert msgpack_tree(9)(data) == {"a": 7, "b": {"c": 2}, "5": 3, "true": 4, "1.5": 5}


def test_depth_is_that_of_arrays_and_maps():
    """Exactly the limit passes, of free content, of recursive types and of members that nobody knows."""
    for inside in (lambda n: b"\x91" * n + b"\x01", lambda n: b"\x81\xa4kids\x91" * (n // 2) + b"\x80" * (n % 2 or 1)):
        assert msgpack_tree(10)(inside(9))
        with pytest.raises(LimitExceeded):
            msgpack_tree(10)(inside(12))
    field, options = Field(type=KNOT), Options(max_depth=10)
    for depth in range(1, 8):
        data = b"\x81\xa4kids\x91" * depth + b"\x80"
        outcomes = set()
        for read in (decoder(NATIVE_MSGPACK, field, options), lambda data: careful_read(field, data, options)):
            try:
                outcomes.add(pack(read(data)))
            except (DecodeError, LimitExceeded):
                outcomes.add("refused")
        assert len(outcomes) == 1
    with pytest.raises(DecodeError):
        msgpack_reader(field, options)(b"\x81\xa1z" + b"\x91" * 20 + b"\x01")


@pytest.mark.parametrize("values", [[5, str(ID)], [5], [], list(range(10)), [None] * 10, [b"5"] * 10, list(range(11))])
@pytest.mark.parametrize("options", [PLAIN, SOFT])
def test_members_in_order(values, options):
    """The members of the outermost object may come as an array; each is read as it would be by name."""
    data = pack(values)
    outcomes = []
    for read in (lambda data: careful_read(ORDER_FIELD, data, options), msgpack_reader(ORDER_FIELD, options)):
        try:
            outcomes.append(read(data))
        except DecodeError as error:
            outcomes.append([error.where(), error.message])
    assert outcomes[0] == outcomes[1]


def test_all_members_in_order():
    """A whole row is read member by member, and built like any other."""
    row = [5, str(ID), MOMENT, "2020-01-02", "01:02:03", "1.5", 2.5, True, b"\xff", [{"sku": "a"}]]
    found = msgpack_reader(ORDER_FIELD, SOFT)(pack(row))
    assert found == careful_read(ORDER_FIELD, pack(row), SOFT)
    assert found.items == [Item(sku="a")]


@pytest.mark.parametrize("node", [*NEVER, Map(key=Field(type=Str()), value=Field(type=Int())), Bytes(encoding="hex")])
def test_what_the_fast_engine_cannot_do(node):
    """Types that msgspec would read or write in another way are not native."""
    assert decoder(NATIVE_MSGPACK, Field(type=node), PLAIN) is None


def test_bytes_are_native_whatever_the_protocols_text_form():
    """An encoding of the type's own is text; that of the protocol is for formats without bytes."""
    field = Field(type=record("R", member("a", Bytes()), member("b", Bytes(encoding="hex"))))
    options = Options(binary_encoding="hex")
    data = msgpack_writer(field, options)({"a": b"\xff", "b": b"\xff"})
    assert msgspec.msgpack.decode(data) == {"a": b"\xff", "b": "ff"}
    assert vars(msgpack_reader(field, options)(data)) == {"a": b"\xff", "b": b"\xff"}
    assert decoder(NATIVE_MSGPACK, ORDER_FIELD, options)(pack({"blob": b"\xff"})).blob == b"\xff"


@pytest.mark.parametrize("flavour", FLAVOURS, ids=["text", "timestamps"])
@pytest.mark.parametrize("value", OUT, ids=range(len(OUT)))
def test_the_fast_engine_writes_what_the_careful_one_writes(value, flavour):
    """The same bytes, or a refusal that leaves it to the careful engine; never a member that was not declared."""
    try:
        fast = encoder(flavour, ORDER_FIELD, PLAIN)(value)
    except EncodeError:
        fast = None
    careful = compiled(msgpack_writer, ORDER_FIELD, PLAIN, flavour)(value)
    assert b"secret" not in careful
    if fast is not None:
        assert fast == careful == careful_write(ORDER_FIELD, value, flavour=flavour)


@pytest.mark.parametrize(
    "value",
    [
        Order(items=[Item(sku="\ud800")]),
        Order(items=[Item(tags=["a", {"secret": 1}])]),
        Order(id=10**5000),
        Order(id="x"),
        5,
    ],
)
def test_what_cannot_be_written_raises_encode_error(value):
    """Half surrogates, numbers beyond Python's digits, and wrong types."""
    for flavour in (*FLAVOURS, NATIVE_MSGPACK_2):
        with pytest.raises(EncodeError):
            compiled(msgpack_writer, ORDER_FIELD, PLAIN, flavour)(value)


def test_integers_beyond_64_bits_are_text():
    """The fast engine leaves them to the careful one, out and in."""
    for number in (2**64, -(2**63) - 1, 10**30):
        data = msgpack_writer(ORDER_FIELD, PLAIN)(Order(id=number))
        assert msgspec.msgpack.decode(data) == {"id": str(number)}
        assert msgpack_reader(ORDER_FIELD, SOFT)(data).id == number


WRITTEN = [
    (DateTime(), MOMENT, MOMENT),
    (DateTime(), "2020-01-02T03:04:05Z", dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
    (DateTime(), dt.datetime(2020, 1, 2), "2020-01-02T00:00:00"),
    (DateTime(), dt.date(2020, 1, 2), "2020-01-02T00:00:00"),
    (Time(), dt.time(1, tzinfo=UTC), "01:00:00Z"),
]


@pytest.mark.parametrize(("node", "value", "found"), WRITTEN)
def test_moments_as_timestamps(node, value, found):
    """Those with a zone are timestamps; others have no instant and stay text."""
    field = Field(type=record("R", member("a", node)))
    data = msgpack_writer(field, PLAIN, NATIVE_MSGPACK_TIMESTAMPS)({"a": value})
    assert msgspec.msgpack.decode(data) == {"a": found}


class LaterMoment(dt.datetime):
    """A class of a user's own."""


def test_a_subclass_of_datetime_is_a_timestamp_too():
    """The parser's library knows only the class itself."""
    field = Field(type=record("R", member("a", DateTime())))
    value = LaterMoment(2020, 1, 2, tzinfo=UTC)
    data = msgpack_writer(field, PLAIN, NATIVE_MSGPACK_TIMESTAMPS)({"a": value})
    assert msgspec.msgpack.decode(data) == {"a": value}


def test_texts_and_keys_as_bin():
    """As Spyne 2: all but times."""
    fields = (member("s", Str()), member("t", Time()), member("d", Decimal()), member("i", Int()), member("any", Any()))
    field = Field(type=record("R", *fields, member("m", Map(key=Field(type=Str()), value=Field(type=Str())))))
    value = {"s": "é", "t": dt.time(1), "d": D(1), "i": 2**64, "any": {"k": "v"}, "m": {"k": "v"}}
    data = msgpack_writer(field, PLAIN, NATIVE_MSGPACK_2)(value)
    written = {
        b"s": "é".encode(),
        b"t": "01:00:00",
        b"d": b"1",
        b"i": b"18446744073709551616",
        b"any": {"k": "v"},
        b"m": {b"k": b"v"},
    }
    assert msgspec.msgpack.decode(data) == written
    assert vars(msgpack_reader(field, SOFT, NATIVE_MSGPACK_2)(data)) == value
    assert encoder(NATIVE_MSGPACK_2, ORDER_FIELD, PLAIN) is None
    assert not MSGPACK_2.utc_z


def test_recursive_classes_are_written_carefully():
    """Only the careful engine sees cycles."""
    knot = Knot(v=1)
    knot.kids = [knot]
    assert msgspec.msgpack.decode(msgpack_writer(Field(type=KNOT), PLAIN)(knot)) == {"v": 1, "kids": [None]}


@given(value=ORDERS)
@settings(max_examples=100, deadline=None)
def test_orders_go_round(value):
    """Both engines write the same and read it back, in every flavour."""
    for flavour in FLAVOURS:
        data = compiled(msgpack_writer, ORDER_FIELD, PLAIN, flavour)(value)
        assert data == careful_write(ORDER_FIELD, value, flavour=flavour)
        if flavour is NATIVE_MSGPACK_TIMESTAMPS and value.created is not None and not 1 < value.created.year < 9999:
            continue  # the instant may be one that Python cannot name in UTC
        assert compiled(msgpack_reader, ORDER_FIELD, PLAIN, flavour)(data) == careful_read(ORDER_FIELD, data) == value
    data = compiled(msgpack_writer, ORDER_FIELD, PLAIN, NATIVE_MSGPACK_2)(value)
    assert compiled(msgpack_reader, ORDER_FIELD, SOFT, NATIVE_MSGPACK_2)(data) == value


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.sampled_from(["1.5", "", str(ID)]) | st.binary(max_size=20) | st.just(MOMENT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "sku", "price", b"total", b"qty", 5]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


ANY_FIELDS = [
    ORDER_FIELD,
    Field(type=LIMITED),
    Field(type=ITEM),
    Field(type=Array(item=Field(type=Int(facets=Facets(ge=1))))),
]


@given(value=ANY, cut=st.integers(0, 200), change=st.none() | st.tuples(st.integers(0, 200), st.integers(0, 255)))
@example(value={"total": "1e5"}, cut=200, change=None)
@settings(max_examples=400, deadline=None)
def test_any_bytes_are_read_alike_or_refused(value, cut, change):
    """Of whatever bytes, the fast engine gives what the careful one gives, or refuses; nothing but DecodeError comes out."""
    data = bytearray(pack(value)[:cut])
    if change is not None and change[0] < len(data):
        data[change[0]] = change[1]
    for options in (PLAIN, SOFT):
        for field in ANY_FIELDS:
            try:
                found = compiled(decoder, NATIVE_MSGPACK, field, options)(bytes(data))
            except DecodeError:
                try:
                    compiled(msgpack_reader, field, options)(bytes(data))
                except DecodeError:
                    continue
            else:
                try:
                    expected = careful_read(field, bytes(data), options)
                except Malformed:
                    continue  # in a member that is skipped unread
                assert same(found, expected)


def test_subclasses_do_not_show_their_members():
    """As the careful engine: what is declared is written."""
    assert b"secret" not in msgpack_writer(ORDER_FIELD, PLAIN)(SubOrder(id=5))
    assert native(Item, *ITEM.fields).native
