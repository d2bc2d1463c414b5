"""The tools of support: the doctor's checks, the program's own log, one file that tells it all."""
