-- What a queue is searched by, without accents nor capitals: the two engines do not agree on what lower('É') is.
ALTER TABLE candidature ADD COLUMN recherche TEXT NOT NULL DEFAULT '';
UPDATE candidature SET recherche = lower(titre || ' ' || nru || ' ' || denomination);
