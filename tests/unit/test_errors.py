"""The error tree is what its docstring draws."""

import re

from kubernaut import errors


def test_every_error_is_in_the_drawn_tree_under_retry_or_never():
    defined = {n: v for n, v in vars(errors).items() if isinstance(v, type) and issubclass(v, errors.KubernautError)}
    del defined["KubernautError"]
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    assert drawn == set(defined)
    for name, error in defined.items():
        assert issubclass(error, errors.RetryError) != issubclass(error, errors.NeverError), name
