"""Clients: the pipeline of a server, mirrored."""

from __future__ import annotations

from spyne.client._base import ClientBase, RemoteProcedureBase, RemoteService, ResponseError

__all__ = ["ClientBase", "RemoteProcedureBase", "RemoteService", "ResponseError"]
