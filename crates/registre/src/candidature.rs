//! Candidatures: the dossier as one JSON, found by its identity, its NRU or a filter of the queues.

use domaine::{
    candidature::Candidature,
    evenement::{Acteur, Evenement},
    id::Id,
    produit::Produit,
    referentiel::Guichet,
    structure::{Personne, Structure},
};
use jiff::Timestamp;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use crate::base::{Ligne, Resultat, Tx, Versionne, exige_une, json};

/// What a queue of the agency filters on; an empty text means « any ».
#[derive(Clone, Debug, Default)]
pub struct FiltreCandidatures {
    /// Key of the state, as given by `Etat::cle`.
    pub etat: String,
    pub guichet: Option<Guichet>,
    /// Only those of this person in charge.
    pub referent: Option<Id<Personne>>,
    /// Only those without anybody in charge.
    pub sans_referent: bool,
    /// Only those that wait for the agency.
    pub attend_agence: bool,
    /// Only those that have waited for the agency since before this instant.
    pub attend_depuis: Option<Timestamp>,
    /// Only those with a message of the industriel that this person of the agency has not read.
    pub non_lus_de: Option<Id<Personne>>,
    /// Part of the NRU, of the title or of the company's name.
    pub texte: String,
    pub page: i64,
    pub par_page: i64,
}

/// A line of a list.
#[derive(Clone, Debug)]
pub struct ResumeCandidature {
    pub candidature: Candidature,
    pub denomination: String,
}

fn cle(guichet: Guichet) -> &'static str {
    match guichet {
        Guichet::Editeur => "editeur",
        Guichet::Operateur => "operateur",
    }
}

fn referent(candidature: &Candidature) -> Option<String> {
    candidature.referent.as_ref().and_then(|acteur: &Acteur| acteur.personne).map(|id| id.to_string())
}

const COMPTE: &str = "SELECT count(*) AS total FROM candidature
    WHERE ($1 = '' OR etat = $1) AND ($2 = '' OR guichet = $2)
    AND ($3 = '' OR referent = $3) AND ($4 = 0 OR referent IS NULL) AND ($5 = 0 OR attente_agence IS NOT NULL)
    AND ($6 = '' OR recherche LIKE $6)
    AND ($7 = 0 OR attente_agence <= $7) AND ($8 = '' OR EXISTS (
        SELECT 1 FROM message m WHERE m.candidature = candidature.id AND m.agence = 0
        AND m.le > COALESCE((SELECT l.le FROM message_lu l
            WHERE l.candidature = candidature.id AND l.personne = $8), 0)))";

const PAGE: &str = "SELECT donnees, denomination FROM candidature
    WHERE ($1 = '' OR etat = $1) AND ($2 = '' OR guichet = $2)
    AND ($3 = '' OR referent = $3) AND ($4 = 0 OR referent IS NULL) AND ($5 = 0 OR attente_agence IS NOT NULL)
    AND ($6 = '' OR recherche LIKE $6)
    AND ($7 = 0 OR attente_agence <= $7) AND ($8 = '' OR EXISTS (
        SELECT 1 FROM message m WHERE m.candidature = candidature.id AND m.agence = 0
        AND m.le > COALESCE((SELECT l.le FROM message_lu l
            WHERE l.candidature = candidature.id AND l.personne = $8), 0)))
    ORDER BY CASE WHEN attente_agence IS NULL THEN 1 ELSE 0 END, attente_agence, active_le DESC
    LIMIT $9 OFFSET $10";

impl FiltreCandidatures {
    fn valeurs(&self) -> Vec<crate::base::Valeur> {
        let texte = replier(self.texte.trim()).replace(['%', '_'], " ");
        vec![
            self.etat.as_str().into(),
            self.guichet.map_or("", cle).into(),
            self.referent.map_or_else(String::new, |id| id.to_string()).into(),
            self.sans_referent.into(),
            self.attend_agence.into(),
            if texte.is_empty() { String::new() } else { format!("%{texte}%") }.into(),
            self.attend_depuis.map_or(0, Timestamp::as_microsecond).into(),
            self.non_lus_de.map_or_else(String::new, |id| id.to_string()).into(),
        ]
    }
}

/// Without accents nor capitals, so that « ecole » finds « École » on either database.
fn replier(texte: &str) -> String {
    texte.nfd().filter(|lettre| !is_combining_mark(*lettre)).flat_map(char::to_lowercase).collect()
}

fn resume(ligne: &Ligne) -> Resultat<ResumeCandidature> {
    Ok(ResumeCandidature {
        candidature: ligne.donnees("candidature")?,
        denomination: ligne.texte("denomination")?,
    })
}

impl Tx {
    pub async fn load_candidature(
        &mut self,
        id: Id<Candidature>,
    ) -> Resultat<Option<Versionne<Candidature>>> {
        self.ligne("SELECT donnees, version FROM candidature WHERE id = $1", vec![id.into()])
            .await?
            .map(|ligne| ligne.versionne("candidature"))
            .transpose()
    }

    pub async fn load_candidature_par_nru(&mut self, nru: &str) -> Resultat<Option<Versionne<Candidature>>> {
        self.ligne("SELECT donnees, version FROM candidature WHERE nru = $1", vec![nru.into()])
            .await?
            .map(|ligne| ligne.versionne("candidature"))
            .transpose()
    }

    /// The candidatures of a structure, latest activity first.
    pub async fn load_candidatures_structure(&mut self, id: Id<Structure>) -> Resultat<Vec<Candidature>> {
        self.lignes(
            "SELECT donnees FROM candidature WHERE structure = $1 ORDER BY active_le DESC",
            vec![id.into()],
        )
        .await?
        .iter()
        .map(|ligne| ligne.donnees("candidature"))
        .collect()
    }

    pub async fn load_candidatures_produit(&mut self, id: Id<Produit>) -> Resultat<Vec<Candidature>> {
        self.lignes(
            "SELECT donnees FROM candidature WHERE produit = $1 ORDER BY active_le DESC",
            vec![id.into()],
        )
        .await?
        .iter()
        .map(|ligne| ligne.donnees("candidature"))
        .collect()
    }

    /// A page of a queue: those that have waited longest for the agency come first. Also gives the total.
    pub async fn load_candidatures(
        &mut self,
        filtre: &FiltreCandidatures,
    ) -> Resultat<(Vec<ResumeCandidature>, i64)> {
        let total =
            self.ligne(COMPTE, filtre.valeurs()).await?.map_or(Ok(0), |ligne| ligne.entier("total"))?;
        let mut valeurs = filtre.valeurs();
        valeurs.push(filtre.par_page.into());
        valeurs.push((filtre.page * filtre.par_page).into());
        let lignes = self.lignes(PAGE, valeurs).await?;
        Ok((lignes.iter().map(resume).collect::<Resultat<_>>()?, total))
    }

    /// Dossiers on which the industriel has not acted since `avant`, to remind or to put to sleep; those that wait for
    /// the agency are none of them.
    pub async fn load_candidatures_inactives(
        &mut self,
        avant: Timestamp,
    ) -> Resultat<Vec<Versionne<Candidature>>> {
        self.lignes(
            "SELECT donnees, version FROM candidature WHERE active_le < $1 AND etat IN
             ('creee', 'formulaire_en_cours', 'formulaire_a_corriger', 'depot_ouvert')
             AND attente_agence IS NULL",
            vec![avant.into()],
        )
        .await?
        .iter()
        .map(|ligne| ligne.versionne("candidature"))
        .collect()
    }

    /// Candidatures that have come to an end, good or bad, for their retention.
    pub async fn load_candidatures_terminees(&mut self) -> Resultat<Vec<Versionne<Candidature>>> {
        self.lignes(
            "SELECT donnees, version FROM candidature WHERE etat IN ('abandonnee', 'refusee', 'habilitee')
             ORDER BY active_le",
            vec![],
        )
        .await?
        .iter()
        .map(|ligne| ligne.versionne("candidature"))
        .collect()
    }

    /// The candidatures of opérateurs that name this habilitation as a prerequisite, but those refused or given up.
    pub async fn load_candidatures_dependantes(&mut self, numero: &str) -> Resultat<Vec<Candidature>> {
        let lignes = self
            .lignes(
                "SELECT donnees FROM candidature WHERE guichet = 'operateur' AND donnees LIKE $1
                 AND etat NOT IN ('refusee', 'abandonnee') ORDER BY nru",
                vec![format!("%\"numero\":\"{numero}\"%").into()],
            )
            .await?;
        let mut candidatures: Vec<Candidature> =
            lignes.iter().map(|ligne| ligne.donnees("candidature")).collect::<Resultat<_>>()?;
        // LIKE only narrows: the number may stand elsewhere in the dossier.
        candidatures.retain(|candidature| {
            candidature.formulaire.habilitations.values().any(|liee| liee.numero == numero)
        });
        Ok(candidatures)
    }

    /// Writes the candidature and its event in one act.
    pub async fn save_candidature(
        &mut self,
        candidature: &Versionne<Candidature>,
        evenement: &Evenement,
    ) -> Resultat<()> {
        let donnees = json("candidature", &candidature.valeur)?;
        let denomination = candidature.formulaire.valeur("denomination");
        let recherche = replier(&format!("{} {} {denomination}", candidature.titre, candidature.nru));
        let touchees = if candidature.version == 0 {
            self.executer(
                "INSERT INTO candidature (id, nru, produit, structure, guichet, etat, titre, denomination,
                 referent, attente_agence, active_le, donnees, recherche, version)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1) ON CONFLICT DO NOTHING",
                vec![
                    candidature.id.into(),
                    candidature.nru.to_string().into(),
                    candidature.produit.into(),
                    candidature.structure.into(),
                    cle(candidature.guichet).into(),
                    candidature.etat.cle().into(),
                    candidature.titre.as_str().into(),
                    denomination.into(),
                    referent(candidature).into(),
                    candidature.attente_agence.into(),
                    candidature.active_le.into(),
                    donnees,
                    recherche.into(),
                ],
            )
            .await?
        } else {
            self.executer(
                "UPDATE candidature SET etat = $2, titre = $3, denomination = $4, referent = $5,
                 attente_agence = $6, active_le = $7, donnees = $8, recherche = $10, version = version + 1
                 WHERE id = $1 AND version = $9",
                vec![
                    candidature.id.into(),
                    candidature.etat.cle().into(),
                    candidature.titre.as_str().into(),
                    denomination.into(),
                    referent(candidature).into(),
                    candidature.attente_agence.into(),
                    candidature.active_le.into(),
                    donnees,
                    candidature.version.into(),
                    recherche.into(),
                ],
            )
            .await?
        };
        exige_une(touchees)?;
        self.save_evenement(evenement).await
    }
}
