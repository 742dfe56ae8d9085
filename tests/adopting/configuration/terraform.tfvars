# The values of this installation.
project_name           = "churn"
environment            = "dev"
create_notebook        = true
notebook_instance_type = "ml.t3.large"
log_retention_days     = 14
