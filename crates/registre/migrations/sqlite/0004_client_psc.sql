-- Client IDs of Pro Santé Connect that produits were given.
CREATE TABLE client_psc (
    id TEXT PRIMARY KEY,
    produit TEXT NOT NULL REFERENCES produit (id),
    client_id TEXT NOT NULL UNIQUE,
    le BIGINT NOT NULL,
    donnees TEXT NOT NULL
);
CREATE INDEX client_psc_produit ON client_psc (produit);
