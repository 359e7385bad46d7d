//! Audits brought to a given point by the forms of the site themselves.

use domaine::{audit::Audit, habilitation::Habilitation};
use guichet::taches;
use jiff::SignedDuration;
use registre::Versionne;

use crate::appui::{Site, decision};

/// What the form of the planning holds: the checks are on the day itself.
pub(crate) const PLAN: [(&str, &str); 3] =
    [("perimetre", "Authentification et traces"), ("du", "2026-11-21"), ("au", "2026-11-23")];

/// A habilitation of Logimed that is in force.
pub(crate) async fn signee(site: &Site) -> Versionne<Habilitation> {
    let projet = decision::projet(site).await;
    let chemin = format!("/habilitations/{}/signer", projet.numero());
    assert_eq!(site.comme("signataire.faure").await.post(&chemin, &[]).await.statut, 303);
    lire(site, projet.numero()).await
}

pub(crate) async fn lire(site: &Site, numero: &str) -> Versionne<Habilitation> {
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    tx.load_habilitation(numero).await.expect("read").expect("there")
}

/// Plans an audit; gives the address of its page.
pub(crate) async fn planifie(site: &Site, habilitation: &str) -> String {
    let auditeur = site.comme("auditeur.meyer").await;
    let chemin = format!("/habilitations/{habilitation}/audits/nouveau");
    assert_eq!(auditeur.get(&chemin).await.statut, 200);
    let reponse = auditeur.post(&chemin, &PLAN).await;
    assert_eq!(reponse.statut, 303, "{}", reponse.corps());
    reponse.vers().to_owned()
}

pub(crate) async fn audit(site: &Site, url: &str) -> Audit {
    let numero = url.rsplit('/').next().expect("a number");
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    tx.load_audit(numero).await.expect("read").expect("there").valeur
}

/// Writes down a major finding with a file.
pub(crate) async fn constater(site: &Site, url: &str) {
    let champs = [
        ("intitule", "Jetons écrits dans les journaux"),
        ("gravite", "majeure"),
        ("exigence", "SC.PSC.12"),
        ("description", "Le journal du proxy montre le jeton d’accès."),
        ("echeance", "2027-01-31"),
    ];
    let preuve: &[(&str, &str, &[u8])] = &[("pieces_constat", "extrait.txt", b"access_token=abc")];
    let reponse =
        site.comme("auditeur.meyer").await.post_fichiers(&format!("{url}/constats"), &champs, preuve).await;
    assert_eq!(reponse.statut, 303, "{}", reponse.corps());
}

pub(crate) async fn rapporter(site: &Site, url: &str, lequel: &str) {
    let rapport: &[(&str, &str, &[u8])] = &[("pieces_rapport", "rapport.txt", lequel.as_bytes())];
    let auditeur = site.comme("auditeur.meyer").await;
    let reponse = auditeur
        .post_fichiers(&format!("{url}/{lequel}"), &[("synthese", "Voici ce qui a été vu.")], rapport)
        .await;
    assert_eq!(reponse.statut, 303, "{}", reponse.corps());
}

/// Takes the audit to this state by the shortest way, the holder saying nothing.
pub(crate) async fn avancer(site: &Site, url: &str, vers: &str) {
    let auditeur = site.comme("auditeur.meyer").await;
    for _ in 0..8 {
        let etat = audit(site, url).await.etat.cle();
        let poster = async |acte: &str, champs: &[(&str, &str)]| {
            let reponse = auditeur.post(&format!("{url}/{acte}"), champs).await;
            assert_eq!(reponse.statut, 303, "{acte} : {}", reponse.corps());
        };
        match etat {
            etat if etat == vers => return,
            "planifie" => poster("notifier", &[]).await,
            "notifie" => poster("commencer", &[]).await,
            "en_cours" => {
                constater(site, url).await;
                rapporter(site, url, "rapport-provisoire").await;
            }
            "rapport_provisoire" => poster("communiquer", &[("jusqu_au", "2026-12-10")]).await,
            "contradictoire" => rapporter(site, url, "rapport-final").await,
            etat => panic!("no way from {etat} to {vers}"),
        }
    }
}

/// The address of the first file of a page.
pub(crate) fn adresse_fichier(corps: &str) -> String {
    let debut = corps.find("/fichiers/").expect("a file");
    let debut = corps[..debut].rfind('"').expect("an address") + 1;
    corps[debut..].split('"').next().expect("an address").to_owned()
}

/// What a page says, for messages.
pub(crate) fn texte_de(corps: &str) -> String {
    corps.split('<').filter_map(|morceau| morceau.split_once('>')).map(|(_, texte)| texte).collect()
}

/// Goes to the day number `jour` and does what is due.
pub(crate) async fn jour(site: &Site, jour: i64) {
    let voulu = crate::appui::debut().as_second() + jour * 86_400;
    site.horloge.avancer(SignedDuration::from_secs(voulu - site.app.maintenant().as_second()));
    site.oublier_sessions();
    taches::planifier(&site.app).await.expect("planned");
    site.travailler().await;
}
