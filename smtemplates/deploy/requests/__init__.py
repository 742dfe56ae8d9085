"""The requested deployment: the template, its parameters, and the bucket in which it is staged."""
