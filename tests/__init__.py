"""The tests of the whole house; folders mirror the source tree."""
