"""The policies that ship: plugins like any other, found by entry point, asked about every execution."""
