variable "name" {}
variable "environment_variables" {
  type    = map(string)
  default = {}
}
variable "policy_json" {
  type    = string
  default = null
}
variable "attach_policy_json" { default = false }
variable "vpc" {
  type    = object({ subnets = list(string), sgs = list(string) })
  default = null
}
locals {
  common    = { LOG_LEVEL = "info" }
  role_name = "${var.name}-role"
}
resource "aws_iam_role" "lambda" {
  name               = local.role_name
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}
resource "aws_iam_policy" "additional" {
  count  = var.attach_policy_json ? 1 : 0
  name   = "${var.name}-p"
  policy = var.policy_json
}
resource "aws_iam_role_policy_attachment" "additional" {
  count      = var.attach_policy_json ? 1 : 0
  role       = aws_iam_role.lambda.name
  policy_arn = aws_iam_policy.additional[0].arn
}
resource "aws_lambda_function" "this" {
  function_name = var.name
  role          = aws_iam_role.lambda.arn
  handler       = "i.h"
  runtime       = "python3.13"
  filename      = "x.zip"
  environment {
    variables = merge(local.common, var.environment_variables)
  }
  dynamic "vpc_config" {
    for_each = var.vpc == null ? [] : [var.vpc]
    content {
      subnet_ids         = vpc_config.value.subnets
      security_group_ids = vpc_config.value.sgs
    }
  }
}
output "arn" { value = aws_lambda_function.this.arn }
