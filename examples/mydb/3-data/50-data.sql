INSERT INTO users (user_id, email, name, encrypted_pwd) VALUES ('user-1', 'ann@example.org', 'Ann', '!');
INSERT INTO orders (order_id, user_id, product_id, qty, unit_price, total_price) VALUES ('order-1', 'user-1', 'CATALOG-0001', 3, 1500, 4500);
INSERT INTO payments (payment_id, order_id, amount) VALUES ('payment-1', 'order-1', 4500);
