"""A whole day of a shop with two tills, from the first float to the last count, held against books of its own."""
