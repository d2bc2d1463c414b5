"""What support looks at: endpoints tried, surroundings judged, the program's own log, one file that tells it all."""
