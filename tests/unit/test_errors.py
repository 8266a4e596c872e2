"""The error tree is what its docstring draws."""

from kubernaut import errors


def test_every_error_is_in_the_drawn_tree_under_retry_or_never():
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, errors.KubernautError):
            assert name in (errors.__doc__ or "")
            if value is not errors.KubernautError:
                assert issubclass(value, errors.RetryError) != issubclass(value, errors.NeverError), name
