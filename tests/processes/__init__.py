"""Real processes, killed: what no simulation can model, because the machine itself takes part.

`python -m tests.processes --kills 200 [--seed N]` lets three terminals (`clutch-tui sell` again and again, and a
`clutch-tui sync --watch` that stays) work against a real sandbox on a file database, through a proxy that cuts,
delays and doubles both requests and sockets. Every process is killed with SIGKILL at moments drawn from the seed
and started again on the same files. Then the faults stop, everything settles by itself, and every receipt that was
printed, every sale, line, payment and stock figure is compared on all sides.

The moments of death come from the seed, what they hit from the machine: a seed does not give the same run twice.
"""
