"""The table of workflow packs."""
