-- The databases beside POSTGRES_DB, made when the volume is new.
CREATE DATABASE tracker;
CREATE DATABASE connectors;
