//! Dossiers brought past the collège, and what the tests read of the mails.

use domaine::{
    autorisation::Autorisation,
    candidature::Candidature,
    college::{Avis, Decision, Session},
    habilitation::Habilitation,
    id::Id,
};
use registre::Versionne;

use super::{Site, dossier};

/// The autorisation of a candidature whose chapter PMT was just validated.
pub(crate) async fn autorisation(site: &Site, id: Id<Candidature>) -> Autorisation {
    let mut tx = site.app.registre.ecrire().await.expect("a transaction");
    let lue = tx.load_candidature(id).await.expect("read").expect("there");
    guichet::autorisations::emettre(&mut tx, &site.app, &lue).await.expect("issued");
    tx.commit().await.expect("committed");
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    tx.load_autorisation(id).await.expect("read").expect("there").valeur
}

/// A candidature ELP of Logimed that the collège accepted, with its habilitation ready to be signed.
pub(crate) async fn projet(site: &Site) -> Versionne<Habilitation> {
    let id = dossier::depot_ouvert(site).await;
    let codes: Vec<String> = {
        let mut tx = site.app.registre.lire().await.expect("a transaction");
        let lue = tx.load_candidature(id).await.expect("read").expect("there");
        lue.chapitres.iter().map(|chapitre| chapitre.code.clone()).collect()
    };
    for code in codes {
        dossier::soumettre_chapitre(site, id, &code).await;
        dossier::valider_chapitre(site, id, &code).await;
    }
    let le = site.app.maintenant();
    let par = site.acteur("college.roux").await;
    let session: Id<Session> = site.app.id();
    site.app.agir(id, |c| c.inscrire_en_college(session, &par, le)).await.expect("complete");
    let decision = Decision { avis: Avis::Favorable, motif: String::new(), par: par.clone(), le };
    let (mut tx, decidee) =
        site.app.engager(id, |c| c.decider(session, &decision, le)).await.expect("decided");
    guichet::habilitations::preparer(&mut tx, &site.app, &decidee, le).await.expect("prepared");
    site.app.conclure(tx).await.expect("committed");
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    tx.load_habilitations_candidature(id).await.expect("read").remove(0)
}

/// The mails in the folder, oldest first, as written.
pub(crate) fn courriels(site: &Site) -> Vec<String> {
    let Ok(entrees) = std::fs::read_dir(site.dossier.path().join("courriels")) else { return Vec::new() };
    let mut chemins: Vec<_> = entrees.map(|entree| entree.expect("an entry").path()).collect();
    chemins.sort();
    chemins.iter().map(|chemin| std::fs::read_to_string(chemin).expect("a mail")).collect()
}

/// Their subjects, in words.
pub(crate) fn objets(site: &Site) -> Vec<String> {
    courriels(site)
        .into_iter()
        .map(|brut| {
            let brut = brut.replace("\r\n", "\n");
            test_support::smtp::Lettre { de: String::new(), a: Vec::new(), brut }.sujet()
        })
        .collect()
}
