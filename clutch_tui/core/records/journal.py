"""The records of what happened: the connection, its figures, measures, the log, the audit chain and notices."""

from __future__ import annotations

import peewee
from peewee import AutoField, BooleanField, IntegerField, TextField

from .table import Table, count, text


class ConnectionStateTable(Table):
    """The connection as the leading process last knew it, so that every process can show it."""

    part = TextField(primary_key=True)
    state = TextField()
    since = TextField()
    detail = TextField(default="{}")
    updated_at = TextField()
    pid = IntegerField()

    class Meta:
        table_name = "connection_state"


class EndpointFigureTable(Table):
    name = TextField(primary_key=True)
    state = TextField()
    status = IntegerField(null=True)
    latency_ms = peewee.FloatField(null=True)
    at = TextField()
    calls = count()
    failures = count()
    problem = text()
    """The last failure as JSON, empty while the endpoint works."""
    recent = TextField(default="[]")
    """The last response times as a JSON list, None for a call without an answer."""

    class Meta:
        table_name = "endpoint_figure"


class EndpointUsageTable(Table):
    """Calls of an endpoint in one slice of time, see usage.py."""

    name = TextField()
    span = IntegerField()
    start = TextField()
    calls = count()
    failures = count()
    times = TextField(default="{}")
    worst = peewee.FloatField(null=True)

    class Meta:
        table_name = "endpoint_usage"
        primary_key = peewee.CompositeKey("name", "span", "start")


class LineUsageTable(Table):
    """The work of the line in one slice of time: seconds watched and up, what was sent and fetched."""

    span = IntegerField()
    start = TextField()
    watched = peewee.FloatField(default=0)
    api = peewee.FloatField(default=0)
    socket = peewee.FloatField(default=0)
    sent = count()
    fetched = count()
    busy = peewee.FloatField(default=0)

    class Meta:
        table_name = "line_usage"
        primary_key = peewee.CompositeKey("span", "start")


class MeasureTable(Table):
    """The speed of the program in one hour or day, see measures.py."""

    name = TextField()
    span = TextField()
    start = TextField()
    steps = TextField()
    total = peewee.FloatField()
    worst = peewee.FloatField()

    class Meta:
        table_name = "measure"
        primary_key = peewee.CompositeKey("name", "span", "start")


class ConnectionLogTable(Table):
    id = AutoField()
    at = TextField()
    level = TextField()
    category = TextField()
    event = TextField()
    detail = TextField(default="{}")
    text = text()
    """Folded words of the entry, for the filter."""

    class Meta:
        table_name = "connection_log"


class AuditTable(Table):
    """The audit of who did what. Each row's `hash` covers the row before it, so that a change in the past shows."""

    id = AutoField()
    at = TextField()
    actor = text()
    action = TextField()
    type = TextField()
    record_id = TextField()
    detail = TextField(default="{}")
    hash = TextField()

    class Meta:
        table_name = "audit"


class NotificationTable(Table):
    id = TextField(primary_key=True)
    at = TextField()
    kind = TextField()
    detail = TextField(default="{}")
    read = BooleanField(default=False)

    class Meta:
        table_name = "notification"
