"""The pictures in `screenshots/`: the real program in a real pseudo-terminal, over a real backend.

    python -m tests.screenshots                 # every picture, both languages
    python -m tests.screenshots --only sales    # those whose name begins so
    python -m tests.screenshots --lang ar --into /tmp/pictures

One shop, the same each time: demo data from a seed, a wall clock that stands at `NOON`, and a morning that was
lived through core and wire before the program starts. It is photographed while the backend is down (with
what waits to be sent), connected at 80x24, and connected on a wide terminal; a second home at a server by somebody
else, which lacks half of the endpoints; a third that waits for its passphrase. Needs the extra `dev` and the
font DejaVu Sans Mono; takes five minutes or six.
"""
