"""What every command line shares: streams, columns, signals, files, options for AWS."""
