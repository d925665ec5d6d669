variable "size" {
  default = "db.m6g.4xlarge"
}
locals {
  cap = 40
}
resource "terraform_data" "orders" {
  input = { class = var.size, limit = local.cap, ports = [5432, 3306], label = "orders-${local.cap}" }
}
resource "terraform_data" "plain" {
  input = "a $${quoted} text"
}
resource "terraform_data" "each" {
  for_each = toset(["blue", "green"])
  input    = "${terraform_data.orders.id}:${each.key}"
}
resource "terraform_data" "named" {
  for_each = { blue = 1, green = 2 }
  input    = { name = each.key, size = each.value }
}
resource "terraform_data" "counted" {
  count = 2
  input = {
    host   = terraform_data.orders.output
    number = count.index
    other  = terraform_data.each["blue"].id
    policy = jsonencode({ Resource = terraform_data.orders.id })
    known  = jsonencode({ Action = ["rds-db:connect"], Size = var.size })
  }
}
resource "terraform_data" "lists" {
  input            = [terraform_data.counted[0].id, "literal", 1.5, true]
  triggers_replace = terraform_data.counted[*].id
}
resource "terraform_data" "nested" {
  input = { rows = [{ id = terraform_data.orders.id, size = 1 }], merged = merge({ a = "b" }, { id = terraform_data.orders.id }) }
}
resource "terraform_data" "through" {
  input = terraform_data.named["green"].input.size
}
