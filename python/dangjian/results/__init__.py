"""Objects that hold the answer to a question about a roster, and write it."""
