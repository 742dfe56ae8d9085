"""Code that all command lines share: streams, columns, signals, files, the AWS options, and running a command."""
