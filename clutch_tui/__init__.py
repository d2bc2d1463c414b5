"""The terminal of an auto-parts shop."""

__version__ = "0.1.0"
