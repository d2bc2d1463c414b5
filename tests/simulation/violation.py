"""What ends a run that has gone wrong."""


class Violation(BaseException):
    """A promise was broken. No `except Exception` of the program may survive it."""
