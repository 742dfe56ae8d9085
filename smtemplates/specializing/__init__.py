"""Fix parameters of a template, and remove all parts that the fixed values make unnecessary."""
