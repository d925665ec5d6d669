-- A tenant's listing, newest first; and the projection, which reads all tenants in the order of time.
CREATE INDEX orders_of_tenant ON orders (tenant_id, created_at DESC, order_id DESC);
CREATE INDEX orders_by_time ON orders (created_at, order_id);
