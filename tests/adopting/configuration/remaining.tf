# The stack creates some of these resources again. Terraform keeps the others.

data "aws_caller_identity" "current" {}

resource "aws_s3_bucket" "logs" {
  bucket = "${local.prefix}-access-logs"
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "main" {
  count      = 2
  vpc_id     = aws_vpc.main.id
  cidr_block = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
}

resource "aws_security_group" "sagemaker" {
  name   = "${local.prefix}-sagemaker"
  vpc_id = aws_vpc.main.id
}

resource "aws_cloudwatch_log_group" "training" {
  name              = "/aws/sagemaker/TrainingJobs/${local.prefix}"
  retention_in_days = var.log_retention_days
}

resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = local.prefix
  dashboard_body = jsonencode({ widgets = [{ type = "text", width = 6, height = 2, properties = { markdown = "Churn" } }] })
}

resource "terraform_data" "release" {
  input = "2026-11"
}

module "extra" {
  source = "./extra"
  name   = "${local.prefix}-features"
}
