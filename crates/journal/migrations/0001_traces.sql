-- One text for SQLite and PostgreSQL. Instants are microseconds since 1970 (UTC).

-- The head of each node's chain.
CREATE TABLE trace_chaine (
    noeud TEXT PRIMARY KEY,
    -- How many times the chain was opened for writing: who opened it last is the only one who writes.
    ouverture BIGINT NOT NULL,
    rang BIGINT NOT NULL,
    empreinte TEXT NOT NULL,
    -- JSON object: number of a segment → how far it is in trace_lot. Moves in the transaction that adds the lots.
    segments TEXT NOT NULL,
    purge_rang BIGINT NOT NULL,
    purge_empreinte TEXT NOT NULL
);

-- Traces in groups of consecutive ranks; a row a group is what makes thousands of them a second cheap.
CREATE TABLE trace_lot (
    noeud TEXT NOT NULL,
    -- Rank of the first trace.
    rang BIGINT NOT NULL,
    nombre BIGINT NOT NULL,
    -- Earliest and latest instant; never more than a minute apart.
    debut BIGINT NOT NULL,
    fin BIGINT NOT NULL,
    -- Fingerprint of the trace before the first one, and of the last one.
    precedente TEXT NOT NULL,
    empreinte TEXT NOT NULL,
    -- One JSON object a line, the exact text that the fingerprints cover.
    donnees TEXT NOT NULL,
    PRIMARY KEY (noeud, rang)
);

CREATE INDEX trace_lot_debut ON trace_lot (debut, noeud, rang);
