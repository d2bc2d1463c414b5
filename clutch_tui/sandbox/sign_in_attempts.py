"""Sign-ins that failed, counted so that nobody can try passwords by the thousand."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

SPAN = timedelta(minutes=5)
_ACCOUNTS = 10_000


class TooManyAttempts(Exception):
    """So many failed that this account is asked to wait; `after` is in seconds."""

    def __init__(self, after: int) -> None:
        super().__init__(after)
        self.after = after


class Attempts:
    """Counts by account, whether or not there is one of that name: an answer must not tell."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._failed: OrderedDict[str, deque[datetime]] = OrderedDict()

    def check(self, account: str, now: datetime) -> None:
        """Raises `TooManyAttempts` while the last `most` failures lie within the span."""
        failed = self._failed.get(_folded(account))
        if failed is None or len(failed) < self._most:
            return
        left = (failed[0] + SPAN - now).total_seconds()
        if left > 0:
            raise TooManyAttempts(max(1, round(left)))

    def failed(self, account: str, now: datetime) -> None:
        """Note a wrong password."""
        failed = self._failed.setdefault(_folded(account), deque(maxlen=self._most))
        failed.append(now)
        self._failed.move_to_end(_folded(account))
        if len(self._failed) > _ACCOUNTS:
            self._failed.popitem(last=False)

    def succeeded(self, account: str) -> None:
        """Forget what failed before the right password came."""
        self._failed.pop(_folded(account), None)


def _folded(account: str) -> str:
    return account.strip().lower()[:200]
