"""One module for each construct: its expectation, and the tests of its resources."""
