-- Portable SQL: identities and JSON as TEXT, instants as BIGINT microseconds since 1970, booleans as BIGINT 0 or 1.
-- The same file name in the other folder makes the same tables; only the triggers are written otherwise.

CREATE TABLE personne (
    id TEXT PRIMARY KEY,
    sub TEXT NOT NULL UNIQUE,
    structure TEXT,
    courriel TEXT NOT NULL,
    donnees TEXT NOT NULL
);

CREATE TABLE structure (
    id TEXT PRIMARY KEY,
    siret TEXT NOT NULL UNIQUE,
    donnees TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE produit (
    id TEXT PRIMARY KEY,
    structure TEXT NOT NULL REFERENCES structure (id),
    reference BIGINT UNIQUE,
    etat TEXT NOT NULL,
    nil TEXT NOT NULL,
    logiciel_version TEXT NOT NULL,
    donnees TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX produit_structure ON produit (structure);

CREATE TABLE candidature (
    id TEXT PRIMARY KEY,
    nru TEXT NOT NULL UNIQUE,
    produit TEXT NOT NULL REFERENCES produit (id),
    structure TEXT NOT NULL REFERENCES structure (id),
    guichet TEXT NOT NULL,
    etat TEXT NOT NULL,
    titre TEXT NOT NULL,
    denomination TEXT NOT NULL,
    referent TEXT,
    attente_agence BIGINT,
    active_le BIGINT NOT NULL,
    donnees TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX candidature_structure ON candidature (structure);
CREATE INDEX candidature_produit ON candidature (produit);
CREATE INDEX candidature_etat ON candidature (etat, attente_agence);

CREATE TABLE fichier (
    sha256 TEXT PRIMARY KEY,
    taille BIGINT NOT NULL,
    mime TEXT NOT NULL,
    depose_le BIGINT NOT NULL
);

CREATE TABLE usage_fichier (
    sha256 TEXT NOT NULL REFERENCES fichier (sha256),
    candidature TEXT NOT NULL REFERENCES candidature (id),
    objet TEXT NOT NULL,
    nom TEXT NOT NULL,
    PRIMARY KEY (sha256, candidature, objet)
);
CREATE INDEX usage_fichier_candidature ON usage_fichier (candidature);

CREATE TABLE televersement (
    id TEXT PRIMARY KEY,
    personne TEXT NOT NULL,
    nom TEXT NOT NULL,
    taille BIGINT NOT NULL,
    recu BIGINT NOT NULL,
    parties BIGINT NOT NULL,
    cree_le BIGINT NOT NULL
);

CREATE TABLE message (
    id TEXT PRIMARY KEY,
    candidature TEXT NOT NULL REFERENCES candidature (id),
    le BIGINT NOT NULL,
    agence BIGINT NOT NULL,
    donnees TEXT NOT NULL
);
CREATE INDEX message_candidature ON message (candidature, le);

CREATE TABLE message_lu (
    candidature TEXT NOT NULL,
    personne TEXT NOT NULL,
    le BIGINT NOT NULL,
    PRIMARY KEY (candidature, personne)
);

CREATE TABLE note_interne (
    id TEXT PRIMARY KEY,
    candidature TEXT NOT NULL REFERENCES candidature (id),
    objet TEXT NOT NULL,
    le BIGINT NOT NULL,
    donnees TEXT NOT NULL
);
CREATE INDEX note_interne_candidature ON note_interne (candidature, le);

CREATE TABLE autorisation (
    id TEXT PRIMARY KEY,
    candidature TEXT NOT NULL UNIQUE REFERENCES candidature (id),
    numero TEXT NOT NULL UNIQUE,
    fin TEXT NOT NULL,
    donnees TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE habilitation (
    id TEXT PRIMARY KEY,
    candidature TEXT NOT NULL REFERENCES candidature (id),
    structure TEXT NOT NULL,
    produit TEXT NOT NULL,
    profil TEXT NOT NULL,
    numero TEXT NOT NULL UNIQUE,
    nru TEXT NOT NULL,
    etat TEXT NOT NULL,
    expire BIGINT NOT NULL,
    donnees TEXT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (candidature, profil)
);
CREATE INDEX habilitation_nru ON habilitation (nru);
CREATE INDEX habilitation_produit ON habilitation (produit, profil);

CREATE TABLE session_college (
    id TEXT PRIMARY KEY,
    jour TEXT NOT NULL,
    close BIGINT NOT NULL,
    donnees TEXT NOT NULL,
    version BIGINT NOT NULL
);

-- The history: appended to, never changed; each line carries the fingerprint of the one before.
CREATE TABLE evenement (
    rang BIGINT PRIMARY KEY,
    sujet TEXT NOT NULL,
    sujet_id TEXT NOT NULL,
    le BIGINT NOT NULL,
    agence BIGINT NOT NULL,
    donnees TEXT NOT NULL,
    precedente TEXT NOT NULL,
    empreinte TEXT NOT NULL
);
CREATE INDEX evenement_sujet ON evenement (sujet, sujet_id, rang);

CREATE TABLE chaine (
    id BIGINT PRIMARY KEY,
    rang BIGINT NOT NULL,
    empreinte TEXT NOT NULL
);
INSERT INTO chaine (id, rang, empreinte) VALUES (1, 0, '');

CREATE TABLE sequence (
    nom TEXT PRIMARY KEY,
    valeur BIGINT NOT NULL
);

CREATE TABLE tache (
    id TEXT PRIMARY KEY,
    genre TEXT NOT NULL,
    charge TEXT NOT NULL,
    cle TEXT UNIQUE,
    a_partir BIGINT NOT NULL,
    tentatives BIGINT NOT NULL,
    bail BIGINT,
    erreur TEXT NOT NULL,
    terminee_le BIGINT
);
CREATE INDEX tache_a_faire ON tache (terminee_le, a_partir);

CREATE TABLE session_web (
    empreinte TEXT PRIMARY KEY,
    personne TEXT NOT NULL,
    cree_le BIGINT NOT NULL,
    vue_le BIGINT NOT NULL,
    authentifie_le BIGINT NOT NULL,
    id_token TEXT NOT NULL,
    avis TEXT NOT NULL
);

CREATE TABLE connexion (
    etat TEXT PRIMARY KEY,
    donnees TEXT NOT NULL,
    cree_le BIGINT NOT NULL
);

CREATE TABLE saisie_gardee (
    empreinte TEXT PRIMARY KEY,
    personne TEXT,
    chemin TEXT NOT NULL,
    corps TEXT NOT NULL,
    gardee_le BIGINT NOT NULL
);

CREATE TABLE envoi (
    jeton TEXT PRIMARY KEY,
    resultat TEXT NOT NULL,
    le BIGINT NOT NULL
);

CREATE TABLE modele_message (
    id TEXT PRIMARY KEY,
    genre TEXT NOT NULL,
    titre TEXT NOT NULL,
    texte TEXT NOT NULL
);

CREATE TABLE referentiel (
    version TEXT PRIMARY KEY,
    texte TEXT NOT NULL,
    publie_le BIGINT NOT NULL
);

CREATE TABLE faq_question (
    id BIGINT PRIMARY KEY,
    etat TEXT NOT NULL,
    mise_a_jour TEXT NOT NULL,
    donnees TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE faq_mot (
    question BIGINT NOT NULL REFERENCES faq_question (id),
    racine TEXT NOT NULL,
    poids BIGINT NOT NULL,
    PRIMARY KEY (racine, question)
);

CREATE TABLE faq_facette (
    question BIGINT NOT NULL REFERENCES faq_question (id),
    facette TEXT NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (facette, code, question)
);

CREATE TABLE faq_vote (
    question BIGINT NOT NULL REFERENCES faq_question (id),
    personne TEXT NOT NULL,
    utile BIGINT NOT NULL,
    le BIGINT NOT NULL,
    PRIMARY KEY (question, personne)
);

CREATE FUNCTION evenement_fige() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'l''historique ne change pas'; END $$;
CREATE TRIGGER evenement_fige BEFORE UPDATE OR DELETE OR TRUNCATE ON evenement
FOR EACH STATEMENT EXECUTE FUNCTION evenement_fige();
