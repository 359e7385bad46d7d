//! « Demander un Client ID »: the demande goes to whoever delivers them, and what comes back is shown once.
//!
//! Rule: neither the key nor its password is kept, so the page that shows them is the answer to the sending itself, and the
//! file is inside the page. If saving fails after the delivery, the credential is dropped unseen: a Client ID whose key nobody
//! holds opens nothing.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use domaine::{
    calendrier::{date_fr, jour},
    client_psc::{ClientPsc, Demande, Environnement, Saisie},
};
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use web::{Cadre, Champs, Formulaire, Genre};

use super::voir::montrer;
use crate::{acces::Ici, app::App, cadre::cadre, clients_psc::Emis, envoi, erreur::Erreur, session};

#[derive(Template)]
#[template(path = "client/obtenu.html")]
struct Page {
    cadre: Cadre,
    adresse: String,
    client_id: String,
    environnement: &'static str,
    fin: String,
    mot_de_passe: SecretString,
    /// The PKCS#12 in base64.
    pkcs12: SecretString,
}

pub async fn demander(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let jeton = envoi::jeton(&app, &saisie);
    if envoi::deja(&app, &jeton).await?.is_some() {
        return deja(&app, &ici).await;
    }
    let mut tx = app.registre.lire().await?;
    let candidatures = tx.load_candidatures_produit(ici.produit()?.id).await?;
    drop(tx);
    let lue = Saisie {
        environnement: saisie.texte("environnement").to_owned(),
        nru: saisie.texte("nru").to_owned(),
        retours: saisie.texte("retours").to_owned(),
    };
    let demande = Demande::lire(&lue, ici.produit()?, ici.structure()?, &candidatures);
    let mut champs = Champs::depuis(saisie);
    let demande = match demande {
        Ok(demande) => demande,
        Err(fautes) => {
            for faute in fautes {
                champs.refuser(&faute.champ, faute.message);
            }
            return montrer(&app, &ici, champs, jeton, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    let Some(emetteur) = &app.emetteur_clients else {
        champs.refuser("", "Le service qui délivre les Client ID n’est pas relié à ce guichet.");
        return montrer(&app, &ici, champs, jeton, StatusCode::SERVICE_UNAVAILABLE).await;
    };
    let emis = match emetteur.demander(&demande).await {
        Ok(emis) => emis,
        Err(panne) => {
            tracing::warn!(panne = &panne as &dyn std::error::Error, "no Client ID was delivered");
            champs.refuser("", panne.to_string());
            return montrer(&app, &ici, champs, jeton, panne.statut()).await;
        }
    };
    let environnement = demande.environnement;
    if !garder(&app, &ici, demande, &emis, &jeton).await? {
        return deja(&app, &ici).await;
    }
    obtenu(&app, &ici, environnement, emis)
}

/// Writes the names and the event. `false`: the same form came twice at once, and the other was first.
async fn garder(app: &App, ici: &Ici, demande: Demande, emis: &Emis, jeton: &str) -> Result<bool, Erreur> {
    let (le, produit) = (app.maintenant(), ici.produit()?);
    let nomme = (emis.client_id.clone(), emis.fin);
    let (client, evenement) = ClientPsc::obtenir(app.id(), produit, demande, nomme, &ici.acteur(), le);
    let mut tx = app.registre.ecrire().await?;
    match tx.save_envoi(jeton, &adresse(ici)?, le).await {
        Ok(()) => {}
        Err(registre::Erreur::Conflit) => return Ok(false),
        Err(erreur) => return Err(erreur.into()),
    }
    tx.save_client_psc(&client, &evenement).await?;
    tx.commit().await?;
    Ok(true)
}

fn adresse(ici: &Ici) -> Result<String, Erreur> {
    Ok(format!("/produits/{}/clients", ici.produit()?.id))
}

/// The second sending of a form: what the first one gave is in the list, but for what was shown once.
async fn deja(app: &App, ici: &Ici) -> Result<Response, Erreur> {
    let texte = "Cette demande a déjà reçu sa réponse, qui n’est montrée qu’une fois. Si vous ne l’avez pas gardée, faites une autre demande.";
    session::aviser(app, ici, Genre::Attention, texte).await?;
    Ok(Redirect::to(&adresse(ici)?).into_response())
}

fn obtenu(app: &App, ici: &Ici, environnement: Environnement, emis: Emis) -> Result<Response, Erreur> {
    let produit = ici.produit()?;
    let (parent, titre, adresse) = (format!("/produits/{}", produit.id), produit.titre(), adresse(ici)?);
    let fil = [("Produits", "/produits"), (&*titre, &*parent), ("Client ID", &*adresse)];
    Ok(web::page(&Page {
        cadre: cadre(app, Some(ici), "Client ID obtenu", &adresse, &fil),
        client_id: emis.client_id.to_string(),
        environnement: environnement.libelle(),
        fin: date_fr(jour(emis.fin)),
        mot_de_passe: emis.mot_de_passe,
        pkcs12: BASE64_STANDARD.encode(&emis.pkcs12).into(),
        adresse,
    }))
}
