"""One module for each kind of page: it reads what the page shows, and returns it as fragments."""
