-- A database for each service, made at the first start of the MariaDB of examples/shop/up --mariadb.
CREATE DATABASE `user`;
CREATE DATABASE `order`;
CREATE DATABASE `catalog`;
