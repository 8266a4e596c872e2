"""Who is asking and what they may do: tokens, RBAC and the reviews that answer from the same authorizer."""
