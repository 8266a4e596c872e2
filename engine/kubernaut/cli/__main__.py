"""`python -m kubernaut.cli`."""

from kubernaut.cli.app import main

main()
