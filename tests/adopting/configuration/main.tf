# The provider, the variables and the names.

terraform {
  required_version = ">= 1.7"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.0" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = false
  endpoints {
    cloudwatch = var.endpoint
    ec2        = var.endpoint
    iam        = var.endpoint
    kms        = var.endpoint
    logs       = var.endpoint
    s3         = var.endpoint
    sns        = var.endpoint
    sts        = var.endpoint
    sagemaker  = var.sagemaker_endpoint
  }
}

variable "endpoint" { type = string }

variable "sagemaker_endpoint" { type = string }

variable "project_name" { type = string }

variable "environment" { type = string }

variable "create_notebook" {
  type    = bool
  default = true
}

variable "notebook_instance_type" {
  type    = string
  default = "ml.t3.large"
}

variable "notebook_token" {
  type      = string
  sensitive = true
  default   = "hush-this-is-secret"
}

variable "log_retention_days" {
  type    = number
  default = 14
}

locals {
  prefix = "${var.project_name}-${var.environment}"
  folders = {
    input  = ["training/", "validation/", "test/"]
    output = ["output/", "processing/"]
    model  = ["models/", "artifacts/"]
  }
}
