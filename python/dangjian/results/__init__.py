"""What a question to a roster gives: objects that hold an answer and write it."""
