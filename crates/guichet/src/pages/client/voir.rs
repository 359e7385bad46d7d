//! The Client IDs that a produit was given, and the form that asks for another.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use domaine::{
    calendrier::{date_fr, jour},
    client_psc::{ClientPsc, Environnement, recevables},
    permission::{Acte, Objet},
    produit::EtatProduit,
};
use http::StatusCode;
use web::{Cadre, Champs, Choix, Genre};

use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur};

struct Ligne {
    client_id: String,
    environnement: &'static str,
    demande: String,
    par: String,
    fin: String,
    genre: Genre,
    etat: &'static str,
}

#[derive(Template)]
#[template(path = "client/voir.html")]
struct Page {
    cadre: Cadre,
    titre: String,
    adresse: String,
    produit: String,
    lignes: Vec<Ligne>,
    /// Whether the person may ask.
    demande: bool,
    actif: bool,
    /// Whether somebody is there to answer.
    relie: bool,
    f: Champs,
    envoi: String,
    environnements: Vec<Choix>,
    candidatures: Vec<Choix>,
}

pub async fn voir(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    let f = Champs::vides().avec("environnement", Environnement::Bas.cle());
    montrer(&app, &ici, f, app.alea.jeton(), StatusCode::OK).await
}

/// The page with the form as it is to be shown.
pub(super) async fn montrer(
    app: &App,
    ici: &Ici,
    mut f: Champs,
    envoi: String,
    statut: StatusCode,
) -> Result<Response, Erreur> {
    let produit = ici.produit()?;
    let mut tx = app.registre.lire().await?;
    let clients = tx.load_clients_psc(produit.id).await?;
    let candidatures = tx.load_candidatures_produit(produit.id).await?;
    let candidatures: Vec<Choix> = recevables(&candidatures)
        .map(|candidature| {
            let nru = candidature.nru.as_str();
            let datapass = match candidature.formulaire.valeur("datapass") {
                "" => "numéro de demande DataPass à écrire dans son formulaire".to_owned(),
                numero => format!("demande DataPass {numero}"),
            };
            Choix::nouveau(nru, &format!("{nru} ({datapass})"))
        })
        .collect();
    if let ([seule], "") = (candidatures.as_slice(), f.valeur("nru")) {
        f = f.avec("nru", &seule.valeur);
    }
    let adresse = format!("/produits/{}/clients", produit.id);
    let (parent, titre) = (format!("/produits/{}", produit.id), produit.titre());
    let fil = [
        if ici.agence() { ("Instruction", "/instruction") } else { ("Produits", "/produits") },
        (&titre, &parent),
    ];
    let page = Page {
        cadre: cadre(app, Some(ici), "Client ID", &adresse, &fil),
        lignes: clients.iter().map(|client| Ligne::de(app, client)).collect(),
        demande: ici.peut(Objet::Formulaire, Acte::Soumettre),
        actif: produit.etat == EtatProduit::Actif,
        relie: app.emetteur_clients.is_some(),
        environnements: environnements(),
        titre,
        adresse,
        produit: parent,
        f,
        envoi,
        candidatures,
    };
    Ok(web::page_avec(statut, &page).into_response())
}

fn environnements() -> Vec<Choix> {
    Environnement::TOUS
        .into_iter()
        .map(|environnement| {
            let aide = match environnement {
                Environnement::Bas => "Pour développer, essayer et passer les tests. À tout moment.",
                Environnement::Production => {
                    "Pour le guichet Opérateur. Il faut le NRU de cette candidature et, dans son formulaire, le numéro de demande DataPass."
                }
            };
            Choix::nouveau(environnement.cle(), environnement.libelle()).aide(aide)
        })
        .collect()
}

impl Ligne {
    fn de(app: &App, client: &ClientPsc) -> Self {
        let fini = client.fin < app.maintenant();
        Self {
            client_id: client.client_id.to_string(),
            environnement: client.environnement.libelle(),
            demande: date_fr(jour(client.le)),
            par: client.par.to_string(),
            fin: date_fr(jour(client.fin)),
            genre: if fini { Genre::Erreur } else { Genre::Succes },
            etat: if fini { "Certificat fini" } else { "Certificat valable" },
        }
    }
}
