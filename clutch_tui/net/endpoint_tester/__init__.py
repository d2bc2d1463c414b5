"""Every endpoint tried and judged, without a trace in the shop unless it is told to write."""
