"""Run as a program: works on a shop's file while the system answers certain calls with EIO, as a dying disk does.

    python -m tests.refused_calls FILE

Sells one part with every fsync refused (seccomp, so that what fails is the real call of the real SQLite), prints the
key of what the clerk is told, and dies without closing anything.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from pathlib import Path

from clutch_tui.core import inventory
from clutch_tui.core.database import db
from clutch_tui.core.errors import ShopError
from clutch_tui.core.quantity import whole
from clutch_tui.core.store.store import Store

_FSYNC = {"x86_64": (74, 75), "aarch64": (82, 83)}
"""The numbers of fsync and fdatasync."""
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000


def refuse_fsync() -> bool:
    """From now on no data reaches the disk for certain; False where this system cannot be told so."""
    numbers = _FSYNC.get(os.uname().machine)
    if numbers is None or sys.platform != "linux":
        return False
    steps = [(_LOAD, 0, 0, 0)]
    for number in numbers:
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _REFUSE | errno.EIO)]
    steps.append((_RETURN, 0, 0, _ALLOW))
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))

    class Filter(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("program", ctypes.c_void_p))

    described = Filter(len(steps), ctypes.addressof(program))
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(described), 0, 0) == 0)


def main() -> None:
    from tests.test_net.till import sell

    with Store.open(Path(sys.argv[1]), inline=True) as store:
        (part_id,) = store.read_now(lambda: db.execute("SELECT id FROM part").fetchone())
        assert store.read_now(inventory.get, part_id).stock == whole(5)
        if not refuse_fsync():
            print("cannot", flush=True)
            os._exit(0)
        try:
            store.run_now(sell, part_id, 1, 1000)
            told = "saved"
        except ShopError as error:
            told = error.key
        print(told, flush=True)
        os._exit(0)


if __name__ == "__main__":
    main()
