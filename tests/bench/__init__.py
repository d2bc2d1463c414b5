"""How fast this program is, each figure against the bare thing in the same run.

    python -m tests.bench [--only NAME ...] [--quick] [--json FILE] [--strict]

A machine that others use moves by a third from minute to minute, so nothing here is an absolute time: the
program and the bare thing (a Textual hello app, a plain widget, SQL by hand) take turns, A B A B, and the
median of the ratios of the pairs is held against a budget. One module a theme; each says in its docstring what
its bare thing is. The shops that are measured are built once and kept below the system's temporary folder.
"""
