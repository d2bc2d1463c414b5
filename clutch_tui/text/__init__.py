"""All that is language: order, shaping, search keys, formats, sentences. Imports nothing of ours."""
