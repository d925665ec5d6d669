provider "aws" {
  region                      = "us-east-1"
  access_key                  = "x"
  secret_key                  = "x"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}
locals {
  db_url     = "postgresql://${aws_db_instance.main.username}:${random_password.db.result}@${aws_db_instance.main.endpoint}/app"
  common_env = { DATABASE_URL = local.db_url, NODE_ENV = "production" }
  tables     = { users = "id", posts = "id" }
  api_functions = {
    get_user  = { handler = "get_user.handler", tables = ["users"] }
    get_posts = { handler = "get_posts.handler", tables = ["posts", "users"] }
  }
}
resource "random_password" "db" { length = 20 }
resource "aws_db_subnet_group" "main" {
  name       = "main"
  subnet_ids = ["subnet-1", "subnet-2"]
}
resource "aws_security_group" "lambda" { name = "lambda" }
resource "aws_security_group" "db" {
  name = "db"
  ingress {
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    security_groups = [aws_security_group.lambda.id]
  }
}
resource "aws_db_instance" "main" {
  engine                 = "postgres"
  instance_class         = "db.t4g.medium"
  allocated_storage      = 20
  identifier             = "main"
  username               = "app"
  password               = random_password.db.result
  db_subnet_group_name   = aws_db_subnet_group.main.name
  vpc_security_group_ids = [aws_security_group.db.id]
  skip_final_snapshot    = true
}
resource "aws_secretsmanager_secret" "db" { name = "app/db" }
resource "aws_secretsmanager_secret_version" "db" {
  secret_id     = aws_secretsmanager_secret.db.id
  secret_string = jsonencode({ url = local.db_url })
}
resource "aws_ssm_parameter" "url" {
  name  = "/app/db/url"
  type  = "SecureString"
  value = local.db_url
}
resource "aws_dynamodb_table" "this" {
  for_each     = local.tables
  name         = "app-${each.key}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = each.value
  attribute {
    name = each.value
    type = "S"
  }
}
module "worker" {
  source                = "./modules/lambda"
  name                  = "worker"
  environment_variables = merge(local.common_env, { QUEUE = aws_sqs_queue.q.url })
  vpc                   = { subnets = ["subnet-1"], sgs = [aws_security_group.lambda.id] }
}
resource "aws_sqs_queue" "q" { name = "q" }
module "by_secret" {
  source                = "./modules/lambda"
  name                  = "by-secret"
  environment_variables = { DB_SECRET_ARN = aws_secretsmanager_secret.db.arn }
  attach_policy_json    = true
  policy_json           = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = aws_secretsmanager_secret.db.arn }] })
}
module "by_ssm" {
  source                = "./modules/lambda"
  name                  = "by-ssm"
  environment_variables = { DB_URL_PARAM = aws_ssm_parameter.url.name }
}
module "api" {
  source                = "./modules/lambda"
  for_each              = local.api_functions
  name                  = each.key
  environment_variables = { for t in each.value.tables : "TABLE_${upper(t)}" => aws_dynamodb_table.this[t].name }
  attach_policy_json    = true
  policy_json           = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["dynamodb:GetItem", "dynamodb:Query"], Resource = [for t in each.value.tables : aws_dynamodb_table.this[t].arn] }] })
}
data "aws_iam_policy_document" "root" {
  dynamic "statement" {
    for_each = local.tables
    content {
      actions   = ["dynamodb:PutItem"]
      resources = [aws_dynamodb_table.this[statement.key].arn]
    }
  }
}
resource "aws_iam_role" "batch" {
  name               = "batch"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}
resource "aws_iam_role_policy" "batch" {
  role   = aws_iam_role.batch.id
  policy = data.aws_iam_policy_document.root.json
}
resource "aws_lambda_function" "batch" {
  function_name = "batch"
  role          = aws_iam_role.batch.arn
  handler       = "i.h"
  runtime       = "python3.13"
  filename      = "x.zip"
}
