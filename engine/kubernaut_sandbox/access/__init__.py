"""Authentication and authorization: who makes a request, and what they are allowed to do.

Start with `rbac`: the Attributes of an action and the Authorizer that decides on them. `users` and `tokens` identify the user,
`reviews` answers SubjectAccessReviews and TokenReviews from the same Authorizer. Uses `model` only.
"""
