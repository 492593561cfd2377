"""What a person may have done: the question, the form, the request behind it, and the way back."""
