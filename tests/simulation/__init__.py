"""The protocol as data, and the simulation that holds client and sandbox to it.

`python -m tests.simulation` runs the real engine, the real store and the real sandbox application in one
thread on a virtual clock: one seed, one run, and twice the same run (`world` says how).

`protocol.jsonl` holds complete pairs of request and answer, one line each, in scenarios:

* a line with `why` opens a scenario: `setup` is done on an empty shop whose epoch is `e-1` and whose counter
  is 0 (`item` creates a part as another terminal would, `delete` deletes it, `purge` purges tombstones);
* the lines after it are calls in order: `before` is done first (`fault`, `edit` by another terminal,
  `backup`, `restore`), then `request` is sent and `answer` must come back; an `answer` of null is an answer
  that never arrives.

An answer names every field that matters: the server may add fields (and fields of a record that were never
set may be absent or empty), but may not change or leave out one that is named. Times are not compared.
"""
