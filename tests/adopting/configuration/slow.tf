# The local AWS creates these resources slowly, or returns other values for them. test_migration.py leaves them out.

resource "aws_kms_key" "data" {
  description         = "${local.prefix} data"
  enable_key_rotation = true
}

resource "aws_kms_alias" "data" {
  name          = "alias/${local.prefix}"
  target_key_id = aws_kms_key.data.key_id
}

resource "aws_s3_bucket_server_side_encryption_configuration" "input" {
  bucket = aws_s3_bucket.input.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.data.arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "input" {
  bucket = aws_s3_bucket.input.id
  rule {
    id     = "old-versions"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration { noncurrent_days = 30 }
  }
}

resource "aws_sagemaker_notebook_instance_lifecycle_configuration" "main" {
  count     = var.create_notebook ? 1 : 0
  name      = "${local.prefix}-setup"
  on_create = base64encode("#!/bin/bash\npip install xgboost\n")
  on_start  = base64encode("#!/bin/bash\nexport TOKEN=${var.notebook_token}\n")
}

resource "aws_sagemaker_notebook_instance" "main" {
  count                   = var.create_notebook ? 1 : 0
  name                    = "${local.prefix}-notebook"
  role_arn                = local.role_arn
  instance_type           = var.notebook_instance_type
  volume_size             = 50
  default_code_repository = "https://github.com/example/churn.git"
  lifecycle_config_name   = aws_sagemaker_notebook_instance_lifecycle_configuration.main[0].name
}

resource "aws_sagemaker_domain" "main" {
  domain_name = local.prefix
  auth_mode   = "IAM"
  vpc_id      = aws_vpc.main.id
  subnet_ids  = aws_subnet.main[*].id
  default_user_settings {
    execution_role  = local.role_arn
    security_groups = [aws_security_group.sagemaker.id]
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${local.prefix}-errors"
  namespace           = "AWS/SageMaker"
  metric_name         = "Invocation5XXErrors"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 5
  comparison_operator = "GreaterThanThreshold"
  alarm_actions       = [local.topic_arn]
}
