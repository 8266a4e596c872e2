"""The functions that every expression may use, as in Kubernetes: one module per library of k8s.io/apiserver/pkg/cel/library."""

from kubernaut_cel.libraries import addresses, formats, lists, quantities, regex, sets

LIBRARIES = (
    *lists.OVERLOADS,
    *regex.OVERLOADS,
    *sets.OVERLOADS,
    *quantities.OVERLOADS,
    *addresses.OVERLOADS,
    *formats.OVERLOADS,
)
RUN_TIME_ONLY = formats.RUN_TIME_OVERLOADS
"""Functions that the compiler has and the runtime has not, for values that are maps at run time."""
