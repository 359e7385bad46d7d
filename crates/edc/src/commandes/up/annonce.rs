//! What `edc up` says of itself: a table for people, `DIR/edc.json` for scripts.

use std::fmt::Write as _;

use bas::isc;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{
    Faute,
    preparer::{self, Espace},
};

/// Writes `DIR/edc.json` whole or not at all: a script that sees it can start.
pub(super) fn publier(espace: &Espace, bac: &bas::Bac) -> Result<(), Faute> {
    let personnes: Vec<_> = isc::personnes()
        .iter()
        .map(|personne| {
            json!({
                "login": personne.login,
                "mot_de_passe": isc::MOT_DE_PASSE,
                "nom": personne.nom,
                "prenom": personne.prenom,
                "role": personne.role.libelle(),
                "structure": personne.structure.map_or("Agence", |structure| structure.denomination),
            })
        })
        .collect();
    let clients: Vec<_> = espace
        .clients
        .iter()
        .map(|client| {
            json!({
                "client_id": client.client_id,
                "nom": client.nom,
                "certificat": client.certificat,
                "cle": client.cle,
                "p12": client.p12,
                "p12_mot_de_passe": client.mot_de_passe.expose_secret(),
                "redirections": client.redirections,
            })
        })
        .collect();
    let identites: Vec<_> = bac
        .identites()
        .iter()
        .map(|identite| {
            json!({
                "national_id": identite.national_id(),
                "nom": identite.profil.family_name,
                "prenom": identite.profil.given_name,
                "profession": identite.profession(),
                "actif": identite.actif,
                "reponse": identite.reponse,
            })
        })
        .collect();
    let annonce = json!({
        "pret": true,
        "version": env!("CARGO_PKG_VERSION"),
        "ca": espace.autorite,
        "guichet": { "url": espace.url_guichet },
        "isc": { "issuer": espace.emetteur },
        "psc": {
            "issuer": espace.psc,
            "decouverte": format!("{}{}", espace.psc, oidc::psc::CHEMIN_METADONNEES),
            "decouverte_standard": format!("{}{}", espace.psc, oidc::metadonnees::CHEMIN),
        },
        "ecps": { "url": format!("{}/ecps", espace.bas) },
        "bas_admin": {
            "url": format!("{}/_bac-a-sable", espace.bas),
            "jeton": espace.jeton_bas.expose_secret(),
        },
        "apis": bac.apis(),
        "proxy": {
            "url": espace.url_proxy,
            "admin_url": format!("https://localhost:{}", espace.port_admin),
            "traces_jeton": espace.jeton_traces.expose_secret(),
        },
        "lps": {
            "url": espace.url_lps,
            "retour": espace.retour_lps(),
            "certificat": espace.dossier.join(preparer::CERTIFICAT_TLS),
            "cle": espace.dossier.join(preparer::CLE_TLS),
        },
        "journal": { "url": format!("{}/journal", espace.bas) },
        "clients": clients,
        "identites": identites,
        "personnes": personnes,
    });
    let provisoire = espace.dossier.join("edc.json.tmp");
    let texte = format!("{annonce:#}\n");
    std::fs::write(&provisoire, texte).map_err(Faute::fichier(&provisoire))?;
    std::fs::rename(&provisoire, espace.dossier.join("edc.json")).map_err(Faute::fichier(&provisoire))
}

/// Takes the announcement away: what it describes is not there (yet, or any more).
pub(super) fn retirer(espace: &Espace) {
    // Absent at the first start: nothing to say.
    let _ = std::fs::remove_file(espace.dossier.join("edc.json"));
}

/// The table printed for people.
pub(super) fn table(espace: &Espace, bac: &bas::Bac) -> String {
    let mut texte = String::new();
    let _ = writeln!(texte, "\nEspace de Confiance {} est prêt.\n", env!("CARGO_PKG_VERSION"));
    for (quoi, adresse) in [
        ("Guichet", espace.url_guichet.as_str()),
        ("Bac à sable", espace.bas.as_str()),
        ("iSC simulé", espace.emetteur.as_str()),
        ("PSC simulé", espace.psc.as_str()),
        ("e-CPS simulée", &format!("{}/ecps", espace.bas)),
        ("API simulées", &espace.apis),
        ("Proxy e-Santé", &espace.url_proxy),
        ("Journal des requêtes", &format!("{}/journal", espace.bas)),
        ("Courriels envoyés", &format!("{}/dev/courriels", espace.url_guichet)),
        ("Autorité de test", &espace.autorite.display().to_string()),
    ] {
        let _ = writeln!(texte, "  {quoi:<20} {adresse}");
    }
    if let Some(ecarts) = bac.ecarts() {
        let page = format!("{}/scenarios", espace.bas);
        let _ = writeln!(texte, "\n  Attention, le bac à sable s’écarte du juste : {ecarts}.");
        let _ = writeln!(texte, "  Pour y revenir : edc bas reinitialiser, ou {page}");
    }
    let _ = writeln!(texte, "\n  Personnes de démonstration (mot de passe « {} ») :", isc::MOT_DE_PASSE);
    for personne in isc::personnes() {
        let nom = format!("{} {}", personne.prenom, personne.nom);
        let structure = personne.structure.map_or("Agence", |structure| structure.denomination);
        let _ = writeln!(
            texte,
            "    {:<18} {nom:<16} {:<18} {structure}",
            personne.login,
            personne.role.libelle()
        );
    }
    texte.push_str(
        "\n  À essayer : ouvrez le guichet, connectez-vous comme claire.martin, ajoutez un produit,\n  \
         choisissez le guichet Éditeur et remplissez le formulaire ; verif.durand l’instruit.\n  \
         Un professionnel qui passe par le proxy : « edc demo --navigateur », dans un autre terminal.\n  \
         Le navigateur ne connaît pas l’autorité de test : acceptez l’avertissement, ou importez-la.\n  \
         Ctrl-C pour arrêter.\n",
    );
    texte
}
