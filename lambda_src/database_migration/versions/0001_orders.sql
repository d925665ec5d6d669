-- Orders and their lines. Amounts are whole minor units of the currency, times are UTC. Ids come from the application: a sequence
-- would pin the session at RDS Proxy.
CREATE TABLE orders (
    order_id uuid PRIMARY KEY,
    tenant_id text NOT NULL CHECK (length(tenant_id) BETWEEN 1 AND 64),
    customer_id text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    idempotency_key text NOT NULL,
    request_digest text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT orders_once_per_key UNIQUE (tenant_id, idempotency_key)
);

CREATE TABLE order_lines (
    order_id uuid NOT NULL REFERENCES orders (order_id),
    line_number smallint NOT NULL CHECK (line_number > 0),
    sku text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_price_minor bigint NOT NULL CHECK (unit_price_minor >= 0),
    PRIMARY KEY (order_id, line_number)
);
