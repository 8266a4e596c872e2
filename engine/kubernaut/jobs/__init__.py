"""The Job of an execution: built, hardened, and read back from its pods."""
