"""Spyne: a service method is declared once, with types, and served over any protocol on any transport."""

from __future__ import annotations

__version__ = "3.0.0.dev0"

from spyne.const import DEFAULT_LANGUAGE
from spyne.application import Application
from spyne.context import AuxMethodContext, EventContext, MethodContext, ProtocolContext, TransportContext
from spyne.decorator import mrpc, rpc, srpc
from spyne.descriptor import (
    BODY_STYLE_BARE,
    BODY_STYLE_EMPTY,
    BODY_STYLE_EMPTY_OUT_BARE,
    BODY_STYLE_OUT_BARE,
    BODY_STYLE_WRAPPED,
    MethodDescriptor,
)
from spyne.error import *  # noqa: F403
from spyne.evmgr import EventManager
from spyne.interface._base import Interface
from spyne.model import *  # noqa: F403
from spyne.server._base import ServerBase
from spyne.server.null import NullServer
from spyne.service import Service, ServiceBase
