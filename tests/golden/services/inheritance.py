"""Two and three levels in one namespace."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Animal(ComplexModel):
    name = Unicode
    legs = Integer


class Dog(Animal):
    breed = Unicode


class Puppy(Dog):
    weeks = Integer(ge=0)


class Fish(Animal):
    pass


class Animals(Service):
    @rpc(Puppy, _returns=Dog)
    def grow(ctx, puppy):
        return puppy

    @rpc(Animal, _returns=Array(Animal))
    def zoo(ctx, animal):
        return [Dog(name="Rex", legs=4, breed="mix"), Fish(name="Nemo"), Puppy(name="Bit", weeks=3), animal]


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Animals],
        "golden.inheritance",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
