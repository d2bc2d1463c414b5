"""`python -m clutch_tui` is the same program as `clutch-tui`."""

from clutch_tui.cli import main

if __name__ == "__main__":
    main()
