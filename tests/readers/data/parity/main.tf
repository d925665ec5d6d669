resource "aws_db_parameter_group" "limits" {
  family = "postgres16"
  parameter {
    name  = "max_connections"
    value = "200"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "16.4"
  instance_class       = "db.t4g.medium"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_db_proxy" "orders" {
  name                = "orders"
  engine_family       = "POSTGRESQL"
  require_tls         = true
  idle_client_timeout = 1800
}
resource "aws_db_proxy_default_target_group" "orders" {
  db_proxy_name = aws_db_proxy.orders.name
  connection_pool_config {
    max_connections_percent      = 50
    max_idle_connections_percent = 25
    connection_borrow_timeout    = 5
  }
}
resource "aws_db_proxy_target" "orders" {
  db_proxy_name          = aws_db_proxy.orders.name
  target_group_name      = aws_db_proxy_default_target_group.orders.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
resource "aws_sqs_queue" "orders" {
  name = "orders-queue"
}
resource "aws_iam_role" "functions" {
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
resource "aws_lambda_function" "direct" {
  function_name                  = "direct"
  role                           = aws_iam_role.functions.arn
  timeout                        = 10
  reserved_concurrent_executions = 10
  environment {
    variables = { DB_HOST = aws_db_instance.orders.address }
  }
}
resource "aws_lambda_function" "proxied" {
  function_name                  = "proxied"
  role                           = aws_iam_role.functions.arn
  timeout                        = 15
  reserved_concurrent_executions = 20
  environment {
    variables = { DB_HOST = aws_db_proxy.orders.endpoint }
  }
}
resource "aws_lambda_event_source_mapping" "orders" {
  function_name    = aws_lambda_function.proxied.arn
  event_source_arn = aws_sqs_queue.orders.arn
  batch_size       = 10
  scaling_config {
    maximum_concurrency = 8
  }
}
