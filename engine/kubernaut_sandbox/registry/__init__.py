"""Reading and writing objects with all the rules of the API: decoding, defaults, validation, admission, deletion."""
