"""Dates, times and durations."""

from __future__ import annotations

import datetime
from typing import Any

from spyne import Application, Date, DateTime, Duration, Service, Time, rpc
from spyne.protocol.soap import Soap11


class DateTimes(Service):
    @rpc(Date, _returns=Date)
    def date(ctx, value):
        return value

    @rpc(Time, _returns=Time)
    def time(ctx, value):
        return value

    @rpc(DateTime, _returns=DateTime)
    def moment(ctx, value):
        return value

    @rpc(Duration, _returns=Duration)
    def duration(ctx, value):
        return value

    @rpc(Date(ge=datetime.date(2020, 1, 1)), Time(lt=datetime.time(12)), _returns=Date)
    def bounded(ctx, day, hour):
        return day


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [DateTimes],
        "golden.datetimes",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
