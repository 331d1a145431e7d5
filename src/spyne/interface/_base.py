"""Interface: everything an application offers, lowered to the schema once, with names and prefixes settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spyne.const.xml import NS_XSD, NSMAP, PREFMAP
from spyne.descriptor import MethodDescriptor
from spyne.error import MethodAlreadyExistsError
from spyne.evmgr import EventManager
from spyne.interface._order import publication_order
from spyne.interface._streams import note_streams
from spyne.member import member_methods
from spyne.model._fields import Annotation
from spyne.model.primitive import NATIVE_MAP
from spyne.schema import DeclarationError, Field, Lowering, Node, Place, Struct, resolve
from spyne.schema.nodes import Array, Map

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Call", "Interface", "InterfaceBase", "InterfaceDocumentBase", "Message"]


class Message(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One direction of a call.

    name, namespace: the element. field: its type; for a wrapped message a struct of the arguments or results, for a bare one
    the argument or result itself. headers: one field per declared header class, named by its element.
    """

    name: str
    namespace: str
    field: Field
    wrapped: bool
    headers: tuple[Field, ...] = ()

    @property
    def tag(self) -> str:
        """The element's name in Clark's notation."""
        return f"{{{self.namespace}}}{self.name}"


class Call(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One method as this application offers it."""

    descriptor: MethodDescriptor
    request: Message
    response: Message
    faults: tuple[Field, ...] = ()


class Interface:
    """The methods and types of an application.

    calls: descriptor to `Call`. service_method_map: request element ``{ns}name`` to its descriptors, the primary first.
    shared: request element to the bare methods that have it in common, by operation name. operations: operation name to the first
    method that has it. method_id_map: internal key to descriptor. types: (namespace, name) to node, in order of first sight. published_types: those
    that are not XSD's own, parts before wholes. nsmap and prefmap: prefix to namespace and back, with ``tns`` and the generated
    ``s0``, ``s1``…; protocols may add to them. document_nsmap: what `nsmap` was before that.

    Raises DeclarationError (MethodAlreadyExistsError for methods) when two things want one name.
    """

    def __init__(self, app: Any = None, *, services: Any = None, tns: str | None = None, classes: Any = ()) -> None:
        self.app = app
        self.services = tuple(services if services is not None else app.services)
        self.tns: str = tns if tns is not None else app.tns
        self.extra_classes = tuple(classes or getattr(app, "classes", ()))
        self.nsmap: dict[str, str] = {**NSMAP, "tns": self.tns}
        self.prefmap: dict[str, str] = {**PREFMAP, self.tns: "tns"}
        self.lowering = Lowering(default_namespace=self.tns, natives=NATIVE_MAP)
        self.calls: dict[MethodDescriptor, Call] = {}
        self.service_method_map: dict[str, list[MethodDescriptor]] = {}
        self.shared: dict[str, dict[str, MethodDescriptor]] = {}
        self.operations: dict[str, MethodDescriptor] = {}
        self.method_id_map: dict[str, MethodDescriptor] = {}
        self.types: dict[tuple[str, str], Node] = {}
        self.published_types: tuple[Node, ...] = ()
        self.document_nsmap: dict[str, str] = {}
        self._docs: Any = None
        self._build()

    @property
    def docs(self) -> Any:
        """The container of the interface documents, made on first use by the application's `documents_container`."""
        if self._docs is None:
            from spyne.interface.documents import InterfaceDocuments

            container = getattr(self.app, "documents_container", None) or InterfaceDocuments
            self._docs = container(self)
        return self._docs

    @property
    def classes(self) -> dict[str, Any]:
        """Public name ``{ns}name`` to model class, of the types that have members."""
        return {
            f"{{{namespace}}}{name}": node.hints.get("model") or node.cls
            for (namespace, name), node in self.types.items()
            if isinstance(node, Struct)
        }

    def get_class(self, key: str) -> Any:
        """The class of a public name ``{ns}name`` or ``name`` in the target namespace, None where there is none."""
        return self.classes.get(key) or self.classes.get(f"{{{self.tns}}}{key}")

    def get_class_instance(self, key: str) -> Any:
        """A new object of the class with that public name. Raises KeyError where there is none."""
        cls = self.get_class(key)
        if cls is None:
            raise KeyError(key)
        return cls()

    def get_namespace_prefix(self, namespace: str) -> str:
        """The prefix of a namespace; one not met before gets the next ``s<n>``."""
        prefix = self.prefmap.get(namespace)
        if prefix is None:
            number = sum(1 for known in self.nsmap if known[:1] == "s" and known[1:].isdigit())
            prefix = f"s{number}"
            self.nsmap[prefix] = namespace
            self.prefmap[namespace] = prefix
        return prefix

    def check_method(self, method: MethodDescriptor) -> None:
        """Override to refuse methods by a rule of one's own: raise DeclarationError."""

    def methods(self) -> Iterator[tuple[Any, MethodDescriptor]]:
        """Each service with each of its methods, in order of declaration."""
        for service in self.services:
            for descriptor in service.public_methods.values():
                yield service, descriptor

    def _build(self) -> None:
        for cls in self.extra_classes:
            self._add_type(self.lowering.field(cls, Place("", self.tns, "")).type)
        for _service, descriptor in self.methods():
            self._offer(descriptor)
        looked_at: set[Any] = set()
        while classes := [cls for cls in self.classes.values() if cls not in looked_at]:
            looked_at.update(classes)
            for descriptor in [method for cls in classes for method in member_methods(cls).values()]:
                if descriptor.static_when is None or descriptor.static_when(self.app):
                    self._offer(descriptor)
        note_streams(self.calls.values(), self.service_method_map)
        self._name_namespaces()

    def _name_namespaces(self) -> None:
        """Give prefixes to all namespaces, in the order in which documents publish their types."""
        self.published_types = publication_order(self.types.values())
        for node in self.published_types:
            self.get_namespace_prefix(node.namespace)
        for call in self.calls.values():
            for message in (call.request, call.response):
                self.get_namespace_prefix(message.namespace)
        self.document_nsmap = dict(self.nsmap)

    def _offer(self, descriptor: MethodDescriptor) -> None:
        """Lower the messages of a method and file it."""
        self.check_method(descriptor)
        call = self.call_with(self.lowering, descriptor)
        self.calls[descriptor] = call
        self.method_id_map[descriptor.internal_key] = descriptor
        self._add_method(call)
        if descriptor.aux is not None:
            return  # it shares its messages with a primary method; documents name those
        for message in (call.request, call.response):
            for field in (message.field, *message.headers):
                self._add_type(field.type)
        for field in call.faults:
            self._add_type(field.type)

    def _add_method(self, call: Call) -> None:
        """File a method under its request element; auxiliary ones may share it, and bare ones that the protocols tell apart."""
        known = self.service_method_map.setdefault(call.request.tag, [])
        if call.descriptor.aux is not None:
            known.append(call.descriptor)
            return
        self.operations.setdefault(call.descriptor.operation_name, call.descriptor)
        if known and known[0].aux is None:
            self._share(self.calls[known[0]], call)
        else:
            known.insert(0, call.descriptor)

    def _share(self, first: Call, call: Call) -> None:
        """Let another bare method take the element of the first, if every protocol can tell operations apart by another name."""
        protocols = getattr(self.app, "in_protocols", ())
        operations = self.shared.get(call.request.tag, {first.descriptor.operation_name: first.descriptor})
        if (
            not protocols
            or not all(getattr(protocol, "dispatches_by_action", False) for protocol in protocols)
            or call.descriptor.operation_name in operations
            or any(each.request.wrapped for each in (first, call))
            or not _same(resolve(first.request.field.type), resolve(call.request.field.type))
        ):
            raise MethodAlreadyExistsError(call.request.tag)
        self.shared[call.request.tag] = {**operations, call.descriptor.operation_name: call.descriptor}

    def call_with(self, lowering: Lowering, descriptor: MethodDescriptor) -> Call:
        """The messages of a method as a lowering makes them."""
        where = descriptor.operation_name
        return Call(
            descriptor=descriptor,
            request=self._message(
                lowering,
                descriptor.in_message,
                descriptor.name,
                descriptor.in_message_namespace,
                bare=descriptor.is_in_bare(),
                headers=self._headers(lowering, where, descriptor.in_header),
            ),
            response=self._message(
                lowering,
                descriptor.out_message,
                descriptor.out_message_name,
                descriptor.out_message_namespace,
                bare=descriptor.is_out_bare(),
                headers=self._headers(lowering, where, descriptor.out_header),
            ),
            faults=tuple(lowering.field(fault, Place(where, self.tns, "fault")) for fault in descriptor.faults),
        )

    def _message(
        self,
        lowering: Lowering,
        tp: Any,
        name: str,
        namespace: str | None,
        *,
        bare: bool,
        headers: tuple[Field, ...],
    ) -> Message:
        namespace = namespace or self.tns
        field = lowering.field(tp, Place(name, namespace, name))
        wrapped = not bare or (field.type.name == name and not field.type.base and _is_message(tp))
        field = msgspec.structs.replace(field, name=name, wire_name=name)
        return Message(name=name, namespace=namespace, field=field, wrapped=wrapped, headers=headers)

    def _headers(self, lowering: Lowering, where: str, classes: tuple[Any, ...] | None) -> tuple[Field, ...]:
        fields = []
        for cls in classes or ():
            field = lowering.field(cls, Place(where, self.tns, getattr(cls, "__name__", "header")))
            name = field.wire_name or field.type.name
            fields.append(msgspec.structs.replace(field, name=name, wire_name=name))
        return tuple(fields)

    def _add_type(self, node: Node) -> None:
        """Note a type and all it is made of, what it extends and what extends it."""
        node = resolve(node)
        key = (node.namespace, node.name)
        known = self.types.get(key)
        if known is node:
            return
        if known is not None:
            if _conflicting(known, node):
                raise DeclarationError(
                    f"two types are called {{{node.namespace}}}{node.name}; give one of them another __type_name__ or __namespace__"
                )
            return
        if not node.name:
            return
        self.types[key] = node
        if node.base is not None:
            self._add_type(node.base)
        for field in members(node):
            self._add_type(field.type)
        if isinstance(node, Struct):
            for subtype in node.subtypes().values():
                if subtype.namespace == node.namespace:
                    self._add_type(subtype)


def members(node: Node) -> tuple[Field, ...]:
    """The fields that a type is made of."""
    if isinstance(node, Struct):
        return node.fields
    if isinstance(node, Array):
        return (node.item,)
    if isinstance(node, Map):
        return (node.key, node.value)
    return ()


def _is_message(tp: Any) -> bool:
    """Whether a bare message has no argument or result, and so is an empty wrapper."""
    return not isinstance(tp, Annotation) and hasattr(tp, "_type_info") and not tp._type_info and tp.__orig__ is None


def _same(one: Node, other: Node) -> bool:
    """Whether two uses are of one type."""
    if one is other:
        return True
    names = (one.namespace, one.name) == (other.namespace, other.name)
    return names and not _conflicting(one, other) and _facets(one) == _facets(other)


def _facets(node: Node) -> dict[str, Any]:
    facets = getattr(node, "facets", None)
    return {} if facets is None else msgspec.structs.asdict(facets)


def _conflicting(known: Node, node: Node) -> bool:
    """Whether two nodes of one name are different types.

    Customized variants of one class are not, nor are the Python values that share one of XSD's own types.
    """
    if node.namespace == NS_XSD:
        return False
    if isinstance(known, Struct) and isinstance(node, Struct):
        return known.cls is not node.cls
    return type(known) is not type(node)


class InterfaceDocumentBase:
    """The base of interface documents: subclass it and build the document from `interface`."""

    type: str = ""

    def __init__(self, interface: Interface) -> None:
        self.interface = interface
        self.event_manager = EventManager(self)

    def fire(self, name: str) -> None:
        """Tell the listeners of this document, then those of the application; they get the document."""
        self.event_manager.fire_event(name, self)
        manager = getattr(self.interface.app, "event_manager", None)
        if manager is not None:
            manager.fire_event(name, self)

    def build_interface_document(self, url: str | None = None) -> Any:
        """Build the document and keep it."""
        raise NotImplementedError

    def get_interface_document(self) -> Any:
        """The document that was built last, None before."""
        raise NotImplementedError


InterfaceBase = InterfaceDocumentBase
