# The stack uses these resources. The migration replaces this file with removed.tf, and the local values with constants.

locals {
  role_arn  = aws_iam_role.execution.arn
  topic_arn = aws_sns_topic.alarms.arn
}

resource "aws_s3_bucket" "input" {
  bucket = "${local.prefix}-input"
}

resource "aws_s3_bucket" "output" {
  bucket = "${local.prefix}-output"
}

resource "aws_s3_bucket" "model" {
  bucket = "${local.prefix}-models"
}

resource "aws_s3_bucket_versioning" "input" {
  bucket = aws_s3_bucket.input.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_versioning" "model" {
  bucket = aws_s3_bucket.model.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_public_access_block" "input" {
  bucket                  = aws_s3_bucket.input.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_logging" "input" {
  bucket        = aws_s3_bucket.input.id
  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "input/"
}

resource "aws_s3_bucket_policy" "input" {
  bucket = aws_s3_bucket.input.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.input.arn, "${aws_s3_bucket.input.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_s3_object" "input_folders" {
  for_each = toset(local.folders.input)
  bucket   = aws_s3_bucket.input.id
  key      = each.value
  content  = ""
}

resource "aws_s3_object" "output_folders" {
  for_each = toset(local.folders.output)
  bucket   = aws_s3_bucket.output.id
  key      = each.value
  content  = ""
}

resource "aws_s3_object" "model_folders" {
  for_each = toset(local.folders.model)
  bucket   = aws_s3_bucket.model.id
  key      = each.value
  content  = ""
}

resource "aws_iam_role" "execution" {
  name = "${local.prefix}-execution"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "sagemaker.amazonaws.com" }
    }]
  })
}

resource "aws_iam_policy" "data" {
  name = "${local.prefix}-data"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = "${aws_s3_bucket.input.arn}/*" }]
  })
}

resource "aws_iam_role_policy_attachment" "data" {
  role       = aws_iam_role.execution.name
  policy_arn = aws_iam_policy.data.arn
}

resource "aws_iam_role_policy_attachment" "sagemaker" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
}

resource "aws_iam_role_policy" "logs" {
  name = "logs"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["logs:PutLogEvents"], Resource = "*" }]
  })
}

resource "aws_sagemaker_model_package_group" "main" {
  model_package_group_name        = "${local.prefix}-models"
  model_package_group_description = "Churn models"
}

resource "aws_cloudwatch_log_group" "endpoints" {
  name              = "/aws/sagemaker/Endpoints/${local.prefix}"
  retention_in_days = var.log_retention_days
}

resource "aws_sns_topic" "alarms" {
  name = "${local.prefix}-alarms"
}

resource "aws_sns_topic_subscription" "alarms" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = "team@example.com"
}
