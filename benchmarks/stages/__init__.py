"""One module for each stage; each has `measure(bench)`."""
