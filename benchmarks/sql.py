"""Models in databases: ``python -m benchmarks.sql`` reads mapped rows out through SOAP and JSON, and stores objects that came in.

Reading is compared with SQLAlchemy's own fetch of the rows, as its own declarative class with its own column types, plus the same rows written as
plain ComplexModels; storing decoded objects with storing objects that SQLAlchemy's constructor made of that class. ``--json`` prints a record instead of a table. Times are of this process's CPU.
"""

from __future__ import annotations

import argparse
import gc
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal as PyDecimal
from time import process_time

ROWS = 10_000
INSERTS = 1_000
LIMITS = {"read": 1.25, "insert": 1.2}
START = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def values(number: int) -> dict[str, object]:
    """The members of one row."""
    return {
        "id": number + 1,
        "name": f"item {number}",
        "price": PyDecimal(number) / 100,
        "weight": number / 7,
        "created": START + timedelta(seconds=number),
        "active": number % 2 == 0,
    }


# --- the three kinds of models ---


def plain_model():
    """The members, and nothing of a database."""
    from spyne import Boolean, ComplexModel, DateTime, Decimal, Double, Integer32, Unicode

    class Item(ComplexModel):
        id = Integer32
        name = Unicode(40)
        price = Decimal(10, 2)
        weight = Double
        created = DateTime
        active = Boolean

    return Item


def table_model():
    """The same with a table, as Spyne's own model."""
    from sqlalchemy import MetaData

    from spyne import Boolean, DateTime, Decimal, Double, Integer32, Unicode
    from spyne.model.table import TTableModel

    class Item(TTableModel(MetaData())):
        __tablename__ = "item"
        id = Integer32(pk=True)
        name = Unicode(40)
        price = Decimal(10, 2)
        weight = Double
        created = DateTime
        active = Boolean

    return Item


def declarative_model():
    """The same as SQLAlchemy's declarative class."""
    from sqlalchemy import Boolean, DateTime, Double, Integer, Numeric, String
    from sqlalchemy.orm import DeclarativeBase, mapped_column

    class Base(DeclarativeBase):
        pass

    class Item(Base):
        __tablename__ = "item"
        id = mapped_column(Integer, primary_key=True)
        name = mapped_column(String(40))
        price = mapped_column(Numeric(10, 2))
        weight = mapped_column(Double)
        created = mapped_column(DateTime)
        active = mapped_column(Boolean)

    return Item


# --- measuring ---


def seconds(repeat: int, *functions) -> list[float]:
    """The least CPU time of a call of each, taken in turns: what disturbs one disturbs all."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(repeat + 1):
        for function, found in zip(functions, times, strict=True):
            gc.collect()
            start = process_time()
            function()
            found.append(process_time() - start)
    return [min(found[1:]) for found in times]


def protocols() -> dict[str, type]:
    """The protocols that rows are read out through."""
    from spyne.protocol.json import JsonDocument
    from spyne.protocol.soap import Soap11

    return {"soap": Soap11, "json": JsonDocument}


def writer(protocol, cls, find):
    """A function that calls a method which returns what `find` gives, and writes the answer."""
    from spyne import Application, Array, NullServer, Service, rpc

    class Items(Service):
        @rpc(_returns=Array(cls))
        def items(ctx):
            return find()

    app = Application([Items], "urn:items", in_protocol=protocol(), out_protocol=protocol())
    call = NullServer(app, ostr=True).service.items
    return lambda: sum(map(len, call()))


def measure(repeat: int) -> dict[str, float]:
    """Ratios by case."""
    from sqlalchemy import create_engine, insert, select
    from sqlalchemy.orm import Session
    from sqlalchemy.pool import StaticPool

    plain, own = plain_model(), declarative_model()
    rows = [plain(**values(number)) for number in range(ROWS)]
    engines = {}
    for cls in (own, table_model()):
        engine = engines[cls] = create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
        cls.__table__.metadata.create_all(engine)
        with Session(engine) as session, session.begin():
            session.execute(insert(cls), [values(number) for number in range(ROWS)])

    def fetch(cls):
        with Session(engines[cls]) as session:
            return list(session.scalars(select(cls)))

    ratios: dict[str, float] = {}
    for cls in engines:
        kind = "declarative" if cls is own else "table"
        for name, protocol in protocols().items():
            fetched, written, both = seconds(
                repeat,
                lambda: fetch(own),
                writer(protocol, plain, lambda: rows),
                writer(protocol, cls, lambda cls=cls: fetch(cls)),
            )
            ratios[f"read {kind} {name}"] = both / (fetched + written)
    for cls in engines:  # after all reading, since it leaves no rows behind
        ratios[f"insert {'declarative' if cls is own else 'table'}"] = measure_insert(cls, own, engines, repeat)
    for engine in engines.values():
        engine.dispose()
    return ratios


def measure_insert(cls, own, engines, repeat: int) -> float:
    """The time to store decoded objects of a class, in that of objects of SQLAlchemy's own class made by its constructor."""
    from sqlalchemy import delete
    from sqlalchemy.orm import Session

    from spyne.model.primitive import NATIVE_MAP
    from spyne.schema import Lowering, resolve

    node = resolve(Lowering(natives=NATIVE_MAP).field(cls).type)
    given = [{name: value for name, value in values(number).items() if name != "id"} for number in range(INSERTS)]
    absent = {
        field.name: field.default_factory() for field in node.fields if field.name == "id" and field.default_factory
    }

    def store(cls, make):
        with Session(engines[cls]) as session:
            session.add_all([make(each) for each in given])
            session.commit()
        with engines[cls].begin() as connection:
            connection.execute(delete(cls.__table__))

    decoded, made = seconds(
        repeat,
        lambda: store(cls, lambda each: node.make(**absent, **each)),
        lambda: store(own, lambda each: own(**each)),
    )
    return decoded / made


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sql", description=__doc__.partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    ratios = measure(options.repeat)
    if options.json:
        print(json.dumps({name: round(ratio, 3) for name, ratio in ratios.items()}))
        return
    for name, ratio in ratios.items():
        limit = LIMITS[name.split()[0]]
        print(f"{name:<26} {ratio:5.2f}  (limit {limit}){'' if ratio <= limit else '  TOO SLOW'}")


if __name__ == "__main__":
    main()
