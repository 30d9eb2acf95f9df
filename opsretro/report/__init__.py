"""OUT: result objects in, words, charts and pages out; no statistics here."""
