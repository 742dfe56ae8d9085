"""The network template: a VPC for workspaces, which exists independently of them."""
