"""Resources whose state outside CloudFormation matters: buckets, stack sets, resources in use, drift."""
