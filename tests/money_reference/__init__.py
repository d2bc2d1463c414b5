"""The program's money against `docs/money.md`, reckoned a second time with decimal numbers."""
