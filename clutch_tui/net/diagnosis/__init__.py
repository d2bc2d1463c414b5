"""What support looks at: every endpoint tried, the surroundings judged, one file that tells it all."""
