"""What support looks at: surroundings judged, the program's own log, one file that tells it all."""
