//! `edc verifier`: says offline whether a signed document of the guichets is good, and why.

use std::{fmt::Write as _, path::PathBuf, process::ExitCode};

use clap::Args;
use domaine::calendrier::date_fr;
use guichet::documents::{
    Piece,
    verification::{self, RESERVE, Verification},
};
use service::Horloge;

use super::Faute;
use crate::sortie;

#[derive(Args)]
pub(crate) struct Options {
    /// Document à vérifier (PDF).
    #[arg(value_name = "FICHIER")]
    fichier: PathBuf,
    /// Certificats des autorités reconnues (PEM) ; celui de l’autorité de test de DIR par défaut.
    #[arg(long, value_name = "FICHIER")]
    autorite: Vec<PathBuf>,
    /// Dossier de données de « edc up », pour son autorité de test.
    #[arg(long, value_name = "DIR", default_value = ".edc")]
    data: PathBuf,
    /// Répond en JSON, pour les scripts.
    #[arg(long)]
    json: bool,
}

pub(crate) fn verifier(options: &Options) -> Result<ExitCode, Faute> {
    let pdf = std::fs::read(&options.fichier).map_err(Faute::fichier(&options.fichier))?;
    let autorites = if options.autorite.is_empty() {
        vec![options.data.join("ac/autorite.pem")]
    } else {
        options.autorite.clone()
    };
    let mut racines = Vec::new();
    for chemin in &autorites {
        let octets = std::fs::read(chemin).map_err(|erreur| {
            Faute::Dite(format!(
                "{} : {erreur} (donnez l’autorité reconnue avec --autorite)",
                chemin.display()
            ))
        })?;
        racines.extend(igc::lire::certificats_pem(&octets)?);
    }
    let lue = verification::verifier(&pdf, &racines, Horloge::systeme().maintenant());
    sortie::texte(&if options.json { json(&lue) } else { texte(&lue) });
    Ok(if lue.accepte { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn json(lue: &Verification) -> String {
    let constats: Vec<_> = lue
        .constats
        .iter()
        .map(|constat| serde_json::json!({ "tenu": constat.tenu, "texte": constat.texte }))
        .collect();
    let reponse = serde_json::json!({
        "accepte": lue.accepte,
        "constats": constats,
        "document": lue.piece,
        "reserve": RESERVE,
    });
    format!("{reponse:#}\n")
}

fn texte(lue: &Verification) -> String {
    let mut texte = String::new();
    for constat in &lue.constats {
        let _ = writeln!(texte, "{} {}", if constat.tenu { "✓" } else { "✗" }, constat.texte);
    }
    if let Some(piece) = &lue.piece {
        let _ = writeln!(texte);
        for (libelle, valeur) in mentions(piece) {
            let _ = writeln!(texte, "  {libelle:<26} {valeur}");
        }
    }
    let _ = writeln!(
        texte,
        "\n{}\n{RESERVE}",
        if lue.accepte { "Document valable." } else { "Document refusé." }
    );
    texte
}

/// What the document says, line by line.
fn mentions(piece: &Piece) -> Vec<(&'static str, String)> {
    match piece {
        Piece::Habilitation(lettre) => {
            let contenu = &lettre.contenu;
            vec![
                ("Habilitation", contenu.numero.clone()),
                ("Profil", contenu.profil.libelle().to_owned()),
                ("Logiciel", format!("{} {}", contenu.logiciel, contenu.version)),
                ("Structure", format!("{} (SIRET {})", contenu.denomination, contenu.siret)),
                ("Client ID", contenu.client_id.clone()),
                ("NRU", contenu.nru.to_string()),
                ("Décision", date_fr(contenu.decision_le)),
                ("Fin de validité", date_fr(contenu.fin)),
                ("S’appuie sur", contenu.dependances.join(", ")),
                ("Registre", lettre.registre.clone()),
            ]
        }
        Piece::Autorisation(lettre) => vec![
            ("Autorisation d’accès", lettre.numero.clone()),
            ("Logiciel", format!("{} {}", lettre.logiciel, lettre.version)),
            ("Structure", format!("{} (SIRET {})", lettre.denomination, lettre.siret)),
            ("Client ID (BAS)", lettre.client_id.clone()),
            ("NRU", lettre.nru.clone()),
            ("Du", date_fr(lettre.debut)),
            ("Au", date_fr(lettre.fin)),
        ],
    }
    .into_iter()
    .filter(|(_, valeur)| !valeur.is_empty())
    .collect()
}
