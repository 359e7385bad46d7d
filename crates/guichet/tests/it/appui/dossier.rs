//! Dossiers brought to a given point by the acts of the rules themselves, so that each test starts where it matters.

use domaine::{
    candidature::{Candidature, Creation, administratif::Saisie, depot::Depot},
    id::Id,
    identifiant::Nru,
    preuve::{Analyse, Appreciation, Contenu, Fichier, Preuve},
    produit::{Droit, Fiche, Produit},
    referentiel::{Guichet, Kind},
};
use registre::{FichierGarde, Versionne};

use super::{Site, debut, id_personne};

/// A valid produit of the structure of `login` (who must be an account manager).
pub(crate) async fn produit(site: &Site, login: &str, nom: &str) -> Id<Produit> {
    let par = site.acteur(login).await;
    let personne = site.personne(login).await;
    let fiche = Fiche {
        nom: nom.to_owned(),
        version: "2.1".to_owned(),
        nil: String::new(),
        responsable: Some(personne.id),
        description: "Un proxy".to_owned(),
        certifications: String::new(),
        dispositifs: vec!["edc-psc".to_owned()],
    };
    let id = site.app.id();
    let structure = personne.structure.expect("somebody of a structure");
    let mut tx = site.app.registre.ecrire().await.expect("a transaction");
    let (brouillon, evenement) = Produit::brouillon(id, structure, fiche, &par, debut());
    tx.save_produit(&Versionne::nouveau(brouillon.clone()), &evenement).await.expect("saved");
    let reference = tx.suivant("produit").await.expect("a number");
    let (actif, evenement) = brouillon.valider(reference, &par, debut()).expect("complete");
    tx.save_produit(&Versionne { valeur: actif, version: 1 }, &evenement).await.expect("saved");
    tx.commit().await.expect("committed");
    id
}

/// Gives a member of the structure a right on the produit.
pub(crate) async fn droit(site: &Site, produit: Id<Produit>, login: &str, droit: Droit) {
    let mut tx = site.app.registre.ecrire().await.expect("a transaction");
    let lu = tx.load_produit(produit).await.expect("read").expect("there");
    let structure = tx.load_structure(lu.structure).await.expect("read").expect("there");
    let par = domaine::evenement::Acteur::systeme();
    let (suivant, evenement) = lu
        .valeur
        .clone()
        .donner_droit(&structure, id_personne(login), Some(droit), &par, debut())
        .expect("a member");
    tx.save_produit(&lu.vers(suivant), &evenement).await.expect("saved");
    tx.commit().await.expect("committed");
}

/// A fresh candidature of this produit.
pub(crate) async fn candidature(
    site: &Site,
    login: &str,
    produit: Id<Produit>,
    guichet: Guichet,
) -> Id<Candidature> {
    let par = site.acteur(login).await;
    let mut tx = site.app.registre.ecrire().await.expect("a transaction");
    let produit = tx.load_produit(produit).await.expect("read").expect("there");
    let creation = Creation {
        id: site.app.id(),
        nru: Nru::tirer(u64::from_le_bytes(site.app.alea.octets())),
        guichet,
        produit: &produit,
        referentiel: &site.app.referentiel,
        remplace: None,
    };
    let (candidature, evenement) = Candidature::creer(creation, &par, debut()).expect("an active produit");
    tx.save_candidature(&Versionne::nouveau(candidature.clone()), &evenement).await.expect("saved");
    tx.commit().await.expect("committed");
    candidature.id
}

/// What a complete form of an ELP holds.
pub(crate) const FORMULAIRE_ELP: &[(&str, &str)] = &[
    ("denomination", "Logimed"),
    ("siret", "73282932000074"),
    ("forme_juridique", "SAS"),
    ("siege_voie", "1 rue de l’Essai"),
    ("siege_code_postal", "69003"),
    ("siege_commune", "Lyon"),
    ("siege_pays", "FRA"),
    ("representant_civilite", "Mme"),
    ("representant_nom", "Martin"),
    ("representant_prenom", "Claire"),
    ("representant_fonction", "Présidente"),
    ("representant_courriel", "claire@exemple.fr"),
    ("representant_telephone", "+33123456789"),
    ("contact_nom", "Bernard"),
    ("contact_prenom", "Hugo"),
    ("contact_fonction", "Responsable produit"),
    ("contact_courriel", "hugo@exemple.fr"),
    ("contact_telephone", "+33123456789"),
    ("version", "2.1"),
    ("datapass", "D123456"),
    ("client_id", "logimed-proxy-bas"),
    ("date_depot", "2026-12-31"),
    ("profils", "ELP"),
    ("composants", "aucun"),
    ("cgu", "oui"),
];

/// A candidature ELP of Logimed whose form is submitted.
pub(crate) async fn formulaire_soumis(site: &Site) -> Id<Candidature> {
    let produit = produit(site, "claire.martin", "Proxy Logimed").await;
    let id = candidature(site, "claire.martin", produit, Guichet::Editeur).await;
    let par = site.acteur("claire.martin").await;
    let valeurs =
        FORMULAIRE_ELP.iter().map(|(cle, valeur)| ((*cle).to_owned(), (*valeur).to_owned())).collect();
    let saisie = Saisie { valeurs, ..Saisie::default() };
    let contexte = site.app.contexte(Guichet::Editeur);
    site.app
        .agir(id, |c| c.saisir(saisie.clone(), &contexte, &par, debut()))
        .await
        .expect("the form is filled in");
    site.app
        .agir(id, |c| c.soumettre_formulaire(&contexte, &par, debut()))
        .await
        .expect("the form is complete");
    id
}

/// The same, validated by `verif.durand`: the chapters are open.
pub(crate) async fn depot_ouvert(site: &Site) -> Id<Candidature> {
    let id = formulaire_soumis(site).await;
    let par = site.acteur("verif.durand").await;
    let contexte = site.app.contexte(Guichet::Editeur);
    let referentiel = site.app.referentiel_de(&site.app.referentiel).expect("the one in force");
    site.app
        .agir(id, |c| c.valider_formulaire(referentiel, &contexte, &par, debut()))
        .await
        .expect("the form is right");
    id
}

/// Something of the form that this kind of preuve has; a file is really there.
async fn contenu(site: &Site, kind: Kind, attendue: &str) -> Contenu {
    match kind {
        Kind::Texte => Contenu::Texte(format!("Preuve {attendue}")),
        Kind::Lien => Contenu::Lien(format!("https://exemple.fr/{attendue}")),
        Kind::FormulaireTi => Contenu::NonApplicable { justification: format!("Preuve {attendue}") },
        _ => {
            let octets = format!("Preuve {attendue}").into_bytes();
            let taille = octets.len() as u64;
            let sha256 = site.app.magasin.garder(octets).await.expect("kept");
            let nom = format!("{attendue}.{}", kind.extensions()[0]).parse().expect("a file name");
            let mime = "application/octet-stream".to_owned();
            Contenu::Fichier(Fichier { sha256, taille, nom, mime, analyse: Analyse::NonAnalyse })
        }
    }
}

/// Fills a chapter with preuves of the first form that each slot admits, and submits it.
pub(crate) async fn soumettre_chapitre(site: &Site, id: Id<Candidature>, code: &str) {
    let par = site.acteur("claire.martin").await;
    let referentiel = site.app.referentiel_de(&site.app.referentiel).expect("the one in force");
    let lue = {
        let mut tx = site.app.registre.lire().await.expect("a transaction");
        tx.load_candidature(id).await.expect("read").expect("there")
    };
    let attendues: Vec<String> = lue
        .chapitre(code)
        .expect("a chapter of this dossier")
        .emplacements
        .iter()
        .map(|slot| slot.attendue.clone())
        .collect();
    for attendue in attendues {
        let kind = referentiel.attendue(&attendue).expect("known").kinds[0];
        let preuve = Preuve {
            id: site.app.id(),
            kind,
            contenu: contenu(site, kind, &attendue).await,
            date_reelle: site.app.aujourdhui(),
            version_logiciel: "2.1".to_owned(),
            commentaire: String::new(),
            deposee_par: par.clone(),
            deposee_le: debut(),
            numero_version: 1,
            sortie: None,
            avis: Vec::new(),
            verdict: None,
        };
        let aujourdhui = site.app.aujourdhui();
        let deposer = |c: Candidature| {
            let depot = Depot {
                chapitre: code,
                attendue: &attendue,
                preuve: preuve.clone(),
                remplace: None,
                aujourdhui,
            };
            c.deposer(depot, referentiel, &par, debut())
        };
        let (mut tx, _) = site.app.engager(id, deposer).await.expect("an open slot");
        if let Contenu::Fichier(fichier) = &preuve.contenu {
            let garde = FichierGarde {
                sha256: fichier.sha256.clone(),
                taille: fichier.taille.cast_signed(),
                mime: fichier.mime.clone(),
                depose_le: debut(),
            };
            tx.save_fichier(&garde).await.expect("saved");
            let objet = format!("preuve:{}", preuve.id);
            tx.save_usage_fichier(&fichier.sha256, id, &objet, fichier.nom.as_ref()).await.expect("saved");
        }
        site.app.conclure(tx).await.expect("committed");
    }
    site.app.agir(id, |c| c.soumettre_chapitre(code, &par, debut())).await.expect("a complete chapter");
}

/// Has `verif.durand` find every preuve of a submitted chapter conforme, and validate it.
pub(crate) async fn valider_chapitre(site: &Site, id: Id<Candidature>, code: &str) {
    let par = site.acteur("verif.durand").await;
    let prise =
        site.app.agir(id, |c| c.prendre_chapitre(code, &par, debut())).await.expect("a submitted chapter");
    let preuves: Vec<_> = prise
        .chapitre(code)
        .expect("a chapter of this dossier")
        .emplacements
        .iter()
        .flat_map(|slot| slot.courantes().map(|preuve| preuve.id))
        .collect();
    for preuve in preuves {
        site.app
            .agir(id, |c| c.juger_preuve(code, preuve, Appreciation::Conforme, "", &par, debut()))
            .await
            .expect("a verdict");
    }
    site.app.agir(id, |c| c.valider_chapitre(code, &par, debut())).await.expect("all conforme");
}

/// The dossier as it stands.
pub(crate) async fn lire(site: &Site, id: Id<Candidature>) -> Candidature {
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    tx.load_candidature(id).await.expect("read").expect("there").valeur
}

/// A dossier of which every chapter is valid, `verif.durand` having instructed all of it.
pub(crate) async fn complet(site: &Site) -> Id<Candidature> {
    let id = depot_ouvert(site).await;
    for chapitre in lire(site, id).await.chapitres {
        soumettre_chapitre(site, id, &chapitre.code).await;
        valider_chapitre(site, id, &chapitre.code).await;
    }
    id
}
