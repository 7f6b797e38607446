CREATE TABLE catalog (
  id BIGINT AUTO_INCREMENT PRIMARY KEY,
  product_id VARCHAR(64) NOT NULL UNIQUE,
  product_name VARCHAR(200) NOT NULL,
  stock INT NOT NULL,
  unit_price INT NOT NULL,
  created_at DATETIME NOT NULL DEFAULT NOW()
);
INSERT INTO catalog (product_id, product_name, stock, unit_price) VALUES
  ('CATALOG-0001', 'Berlin', 100, 1500), ('CATALOG-0002', 'Tokyo', 100, 900), ('CATALOG-0003', 'Stockholm', 100, 1200);
