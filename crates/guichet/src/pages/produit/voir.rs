//! The page of a produit: its fiche, who works on it, its candidatures, its history.

use askama::Template;
use axum::{extract::State, response::Response};
use domaine::{
    client_psc::ClientPsc,
    permission::{Acte, Objet},
    produit::{Droit, EtatProduit},
    structure::Role,
};
use web::{Cadre, Champs, Choix, Genre};

use super::{Acces, acces, fiche};
use crate::{
    acces::Ici,
    app::App,
    avancement,
    cadre::cadre,
    chronologie::{Ligne, lignes},
    erreur::Erreur,
};

struct LigneCandidature {
    nru: String,
    url: String,
    guichet: &'static str,
    etat: &'static str,
    genre: Genre,
}

#[derive(Template)]
#[template(path = "produit/voir.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is one part of the page, shown or not")]
struct Page {
    cadre: Cadre,
    titre: String,
    adresse: String,
    etat: &'static str,
    genre: Genre,
    brouillon: bool,
    actif: bool,
    fiche: Vec<(&'static str, String)>,
    nil_pris: bool,
    candidatures: Vec<LigneCandidature>,
    clients: Vec<ClientPsc>,
    acces: Vec<Acces>,
    droits: Vec<Choix>,
    /// Members who may still be added.
    ajoutables: Vec<Choix>,
    vides: Champs,
    histoire: Vec<Ligne>,
    peut_ecrire: bool,
    /// A Client ID.
    peut_demander: bool,
    peut_administrer: bool,
    /// Why it can't be archived now; empty when it can.
    en_usage: bool,
}

impl Page {
    /// Address of an act on this produit.
    fn sous(&self, acte: &str) -> String {
        format!("{}/{acte}", self.adresse)
    }
}

pub async fn voir(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    let (produit, structure) = (ici.produit()?, ici.structure()?);
    let url = format!("/produits/{}", produit.id);
    let titre = produit.titre();
    let mut tx = app.registre.lire().await?;
    let candidatures = tx.load_candidatures_produit(produit.id).await?;
    let en_usage = super::en_usage(&mut tx, produit).await?;
    let evenements = tx.load_evenements(&super::sujet(produit), ici.agence()).await?;
    let ajoutables = structure
        .membres
        .iter()
        .filter(|membre| membre.role == Role::Salarie && produit.droit(membre.personne).is_none())
        .map(|membre| Choix::nouveau(&membre.personne.to_string(), &membre.nom))
        .collect();
    let fil: &[(&str, &str)] =
        if ici.agence() { &[("Instruction", "/instruction")] } else { &[("Produits", "/produits")] };
    let page = Page {
        cadre: cadre(&app, Some(&ici), &titre, &url, fil),
        titre,
        etat: produit.etat.libelle(),
        genre: super::genre(produit),
        brouillon: produit.etat == EtatProduit::Brouillon,
        actif: produit.etat == EtatProduit::Actif,
        fiche: fiche::lignes(&produit.fiche, structure),
        nil_pris: tx.nil_deja_pris(produit).await?,
        candidatures: candidatures
            .iter()
            .map(|candidature| LigneCandidature {
                nru: candidature.nru.to_string(),
                url: avancement::url(candidature),
                guichet: candidature.guichet.libelle(),
                etat: candidature.etat.libelle(),
                genre: avancement::genre(&candidature.etat),
            })
            .collect(),
        clients: tx.load_clients_psc(produit.id).await?,
        acces: acces(structure, produit),
        droits: droits(),
        ajoutables,
        vides: Champs::vides().avec("droit", Droit::Depot.cle()),
        histoire: lignes(evenements, ici.agence()),
        peut_ecrire: ici.peut(Objet::Produit, Acte::Ecrire) && produit.etat != EtatProduit::Archive,
        peut_demander: ici.peut(Objet::Formulaire, Acte::Soumettre),
        peut_administrer: ici.peut(Objet::Produit, Acte::Administrer) && !ici.agence(),
        en_usage,
        adresse: url,
    };
    Ok(web::page(&page))
}

fn droits() -> Vec<Choix> {
    Droit::TOUS
        .into_iter()
        .map(|droit| {
            let aide = match droit {
                Droit::Lecture => "Consulte tout, n’écrit rien.",
                Droit::Depot => "Remplit le formulaire, dépose et soumet les preuves, écrit à l’agence.",
                Droit::Gestion => "Soumet aussi le formulaire, gère la fiche et les collaborateurs.",
            };
            Choix::nouveau(droit.cle(), droit.libelle()).aide(aide)
        })
        .collect()
}
