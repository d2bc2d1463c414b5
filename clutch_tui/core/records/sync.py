"""The traffic with the server in tables: the queue, copies, conflicts, pages, and where everything stands."""

from __future__ import annotations

import peewee
from peewee import AutoField, BooleanField, IntegerField, TextField

from .table import Table, count, text


class OutboxTable(Table):
    """The queue, and after the answer the journal. `n` is the change's number in its lineage.

    `payload` is JSON in core names; `base` and `was` are frozen at the first claim (`first_sent_at`).
    `channel` is inventory, sales or rest. A row is unanswered while `answered_at` is null.
    """

    n = AutoField()
    change_id = TextField(unique=True)
    lineage = TextField()
    channel = TextField()
    kind = TextField()
    type = TextField()
    record_id = TextField()
    label = text()
    at = TextField()
    epoch = TextField(null=True)
    base = TextField(default="{}")
    was = TextField(default="{}")
    payload = TextField(default="{}")
    lane = TextField(default="fast")
    attempts = count()
    alone = count()
    """How often it failed alone while an empty probe succeeded."""
    first_sent_at = TextField(null=True)
    last_sent_at = TextField(null=True)
    not_before = TextField(null=True)
    last_error = text()
    answered_at = TextField(null=True)
    status = text()
    result_epoch = TextField(null=True)
    result_seq = IntegerField(null=True)
    result = TextField(null=True)
    covered = BooleanField(default=False)
    """The cursor of the record's channel has passed the result: its rows say what the change did."""
    tick = IntegerField(null=True)
    """The terminal's own count at the answer (`transports`): a list that began at or after it contains the change."""
    outcome = text()
    """What a person made of an answered change: seen, resent, replaced or given_up."""
    followed_by = TextField(null=True)
    """The change that took its place."""
    form = text()
    """JSON: the words of version 1 in which it went up to a server that did not know its kind (`abilities`)."""

    class Meta:
        table_name = "outbox"


class BaseRecordTable(Table):
    """The server's own copy of a record that has local requests under way: the row on the screen is this copy
    with those requests laid over it."""

    type = TextField()
    id = TextField()
    body = TextField(null=True)
    """JSON in core names; null where the server does not know the record yet."""

    class Meta:
        table_name = "base_record"
        primary_key = peewee.CompositeKey("type", "id")


class ConflictTable(Table):
    id = TextField(primary_key=True)
    change_id = TextField()
    type = TextField()
    record_id = TextField()
    label = text()
    field = TextField()
    mine = TextField(null=True)
    theirs = TextField(null=True)
    version = IntegerField()
    at = TextField()
    resolved_at = TextField(null=True)
    resolution = text()

    class Meta:
        table_name = "conflict"


class PullPageTable(Table):
    """Staging: the pages of a pull that is not complete. They become rows all at once or not at all."""

    channel = TextField()
    n = IntegerField()
    epoch = TextField()
    snapshot = BooleanField()
    since = IntegerField(null=True)
    cursor = IntegerField()
    body = TextField()
    mark = TextField(null=True)

    class Meta:
        table_name = "pull_page"
        primary_key = peewee.CompositeKey("channel", "n")


class SetAsideTable(Table):
    """Records of the server that could not be read, until they come in a form that can be."""

    channel = TextField()
    record_id = TextField()
    reason = TextField()
    at = TextField()

    class Meta:
        table_name = "set_aside"
        primary_key = peewee.CompositeKey("channel", "record_id")


class AliasTable(Table):
    """The ids of a server that insists on its own, beside ours: ours is what this terminal knows a record by."""

    type = TextField()
    id = TextField()
    remote_id = TextField()

    class Meta:
        table_name = "alias"
        primary_key = peewee.CompositeKey("type", "id")


class SingleTable(Table):
    """The progress of an unanswered change that goes up by itself: a row from its first attempt on."""

    change_id = TextField(primary_key=True)
    body = TextField(default="{}")
    """JSON: what was read and written so far (`single_writes.WriteProgress`)."""

    class Meta:
        table_name = "single"


class SyncStateTable(Table):
    """Epoch, cursors, lineage, receipt prefix and counter, last event: one text each."""

    name = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "sync_state"


class SettingTable(Table):
    """Settings: what the shop's server says about the shop, and what this terminal remembers; JSON values."""

    name = TextField(primary_key=True)
    value = TextField()
    fetched_at = TextField(null=True)

    class Meta:
        table_name = "setting"
