-- Audits de conformité of software that holds a habilitation.
CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    numero TEXT NOT NULL UNIQUE,
    habilitation TEXT NOT NULL REFERENCES habilitation (id),
    structure TEXT NOT NULL,
    etat TEXT NOT NULL,
    termine BIGINT NOT NULL,
    donnees TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX audit_habilitation ON audit (habilitation);
CREATE INDEX audit_structure ON audit (structure);
