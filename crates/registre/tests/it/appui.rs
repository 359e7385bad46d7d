//! Fresh databases, and one of each noun to put in them.

use std::collections::BTreeMap;

use domaine::{
    candidature::{Candidature, Creation},
    evenement::{Acteur, Evenement, Sujet},
    id::Id,
    permission::Qualite,
    produit::{Fiche, Produit},
    referentiel::Guichet,
    structure::{Adresse, Membre, Personne, Role, Structure},
};
use jiff::{SignedDuration, Timestamp};
use registre::{Registre, Resultat, Tx, Versionne};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use test_support::base::bases;
use uuid::Uuid;

/// A database of a test: its engine for messages, its address, and the door to it.
pub(crate) struct Base {
    pub nom: &'static str,
    pub url: String,
    pub registre: Registre,
}

impl Base {
    pub(crate) async fn ecrire(&self) -> Tx {
        self.registre.ecrire().await.expect("a transaction that writes")
    }

    pub(crate) async fn lire(&self) -> Tx {
        self.registre.lire().await.expect("a transaction that reads")
    }

    /// Runs statements behind the back of `registre`.
    pub(crate) async fn brut(&self, sql: String) -> Result<(), sqlx::Error> {
        if self.nom == "sqlite" {
            let mut connexion = SqliteConnection::connect(&self.url).await?;
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connexion).await?;
            connexion.close().await
        } else {
            let mut connexion = PgConnection::connect(&self.url).await?;
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connexion).await?;
            connexion.close().await
        }
    }
}

/// Runs the test on each engine at hand.
pub(crate) async fn sur_chaque_base(essai: impl AsyncFn(Base)) {
    for garde in bases() {
        let registre = Registre::ouvrir(&garde.url).await.expect("a fresh database opens");
        let base = Base { nom: garde.nom, url: garde.url.clone(), registre: registre.clone() };
        essai(base).await;
        registre.fermer().await;
    }
}

pub(crate) fn id<N>(rang: u128) -> Id<N> {
    Id::new(Uuid::from_u128(rang))
}

pub(crate) fn le() -> Timestamp {
    "2026-11-21T09:00:00.123456Z".parse().expect("an instant")
}

pub(crate) fn apres(secondes: i64) -> Timestamp {
    le() + SignedDuration::from_secs(secondes)
}

pub(crate) fn claire() -> Acteur {
    Acteur { personne: Some(id(1)), nom: "Claire Martin".to_owned(), qualite: Qualite::Mandataire }
}

pub(crate) fn victor() -> Acteur {
    Acteur { personne: Some(id(10)), nom: "Victor Durand".to_owned(), qualite: Qualite::Verificateur }
}

pub(crate) fn dit(sujet: &str, rang: u128, acte: &str) -> Evenement {
    Evenement::new(Sujet::new(sujet, Uuid::from_u128(rang)), acte, &claire(), le())
}

pub(crate) fn personne(rang: u128, structure: Option<u128>) -> Personne {
    Personne {
        id: id(rang),
        sub: format!("sub-{rang}"),
        nom: "Martin".to_owned(),
        prenom: "Claire".to_owned(),
        courriel: format!("personne{rang}@exemple.fr"),
        telephone: String::new(),
        structure: structure.map(id),
        roles_agence: Vec::new(),
        consentement: Some(le()),
    }
}

pub(crate) fn structure(rang: u128, siret: &str) -> Structure {
    Structure {
        id: id(rang),
        siret: siret.parse().expect("a SIRET"),
        denomination: "Logimed".to_owned(),
        forme_juridique: "SAS".to_owned(),
        adresse: Adresse {
            voie: "1 rue de l’Église".to_owned(),
            complement: String::new(),
            code_postal: "75002".to_owned(),
            commune: "Paris".to_owned(),
            pays: "FRA".to_owned(),
        },
        membres: vec![Membre {
            personne: id(1),
            nom: "Claire Martin".to_owned(),
            courriel: "personne1@exemple.fr".to_owned(),
            role: Role::Mandataire,
            depuis: le(),
        }],
        invitations: Vec::new(),
        retraits: Vec::new(),
    }
}

pub(crate) fn fiche(nom: &str) -> Fiche {
    Fiche {
        nom: nom.to_owned(),
        version: "2.1".to_owned(),
        nil: "NIL42".to_owned(),
        responsable: Some(id(1)),
        description: "Un proxy « sûr »".to_owned(),
        certifications: String::new(),
        dispositifs: vec!["edc-psc".to_owned()],
    }
}

pub(crate) fn produit(rang: u128, nom: &str, reference: i64) -> Produit {
    let (brouillon, _) = Produit::brouillon(id(rang), id(50), fiche(nom), &claire(), le());
    brouillon.valider(reference, &claire(), le()).expect("a complete fiche").0
}

pub(crate) fn candidature(rang: u128, nru: &str, produit: &Produit, denomination: &str) -> Candidature {
    let creation = Creation {
        id: id(rang),
        nru: nru.parse().expect("a NRU"),
        guichet: Guichet::Editeur,
        produit,
        referentiel: "2025.1-proposition",
        remplace: None,
    };
    let (mut candidature, _) = Candidature::creer(creation, &claire(), le()).expect("an active produit");
    candidature.formulaire.saisie = BTreeMap::from([("denomination".to_owned(), denomination.to_owned())]);
    candidature
}

pub(crate) fn proxy() -> Produit {
    produit(100, "Proxy Logimed", 3232)
}

pub(crate) fn dossier() -> Candidature {
    candidature(200, "KXNFPNCHFV", &proxy(), "Logimed")
}

/// A structure with a produit and a candidature: what the other tables refer to.
pub(crate) async fn peupler(base: &Base) {
    let mut tx = base.ecrire().await;
    installer(&mut tx).await.unwrap_or_else(|erreur| panic!("{} : {erreur}", base.nom));
    tx.commit().await.expect("commit");
}

async fn installer(tx: &mut Tx) -> Resultat<()> {
    tx.save_personne(&personne(1, Some(50))).await?;
    tx.save_structure(&Versionne::nouveau(structure(50, "73282932000074")), &dit("structure", 50, "Créée"))
        .await?;
    tx.save_produit(&Versionne::nouveau(proxy()), &dit("produit", 100, "Créé")).await?;
    tx.save_candidature(&Versionne::nouveau(dossier()), &dit("candidature", 200, "Créée")).await
}
