"""The HTTP side: from a URL to a request, through authentication and authorization, to JSON, tables, watches and logs."""
