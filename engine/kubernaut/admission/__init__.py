"""What must be true before a Job is created: validation, policies, access, concurrency and rate limits."""
