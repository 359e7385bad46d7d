//! The frame of each page: navigation by role, who is there, the notices left by the last act.

use std::sync::Arc;

use domaine::permission::{Acte, Objet, permis};
use http::{Extensions, Uri};
use web::{Avis, Cadre, Genre, Lien, PersonneVue};

use crate::{acces::Ici, app::App};

const SITE: &str = "Guichets";

/// Where the trail of a page about a candidature starts: label and address, by the side of the person.
pub(crate) fn depart(ici: &Ici) -> (&'static str, &'static str) {
    if ici.agence() { ("Instruction", "/instruction") } else { ("Tableau de bord", "/tableau-de-bord") }
}

/// The frame of a page for a person (or for nobody). `fil` ends with the page itself.
pub fn cadre(app: &App, ici: Option<&Ici>, titre: &str, chemin: &str, fil: &[(&str, &str)]) -> Cadre {
    let mut cadre = Cadre::nouveau(SITE, titre, chemin);
    cadre.fil = fil.iter().map(|(libelle, url)| ((*libelle).to_owned(), Some((*url).to_owned()))).collect();
    if !fil.is_empty() {
        cadre.fil.push((titre.to_owned(), None));
    }
    cadre.pied = vec![
        Lien::nouveau("Foire aux questions", "/faq"),
        Lien::nouveau("Registre des habilitations", "/registre"),
        Lien::nouveau("Données personnelles et accessibilité", "/mentions"),
    ];
    if app.config.demonstration {
        cadre.demo = Some(
            "Environnement de démonstration : aucune donnée réelle, aucun document opposable.".to_owned(),
        );
        cadre.pied.push(Lien::nouveau("Courriels envoyés", "/dev/courriels"));
    }
    let Some(ici) = ici else {
        cadre.nav = nav(
            chemin,
            &[
                ("Accueil", "/"),
                ("Foire aux questions", "/faq"),
                ("Registre", "/registre"),
                ("Se connecter", "/connexion"),
            ],
        );
        return cadre;
    };
    cadre.csrf.clone_from(&ici.csrf);
    cadre.personne = Some(PersonneVue { nom: ici.personne.nom_complet(), detail: detail(ici) });
    cadre.avis = avis(&ici.session.avis);
    cadre.nav = nav(chemin, &liens(ici));
    cadre
}

/// The frame of an error page.
pub fn erreur(app: &App, extensions: &Extensions, uri: &Uri) -> Cadre {
    let ici = extensions.get::<Arc<Ici>>();
    cadre(app, ici.map(AsRef::as_ref), "", uri.path(), &[])
}

fn detail(ici: &Ici) -> String {
    if ici.agence() {
        let roles: Vec<&str> = ici.personne.roles_agence.iter().map(|role| role.libelle()).collect();
        return roles.join(", ");
    }
    let Some(structure) = &ici.structure else { return String::new() };
    let role = structure.membre(ici.personne.id).map_or("", |membre| membre.role.libelle());
    format!("{role}, {}", structure.denomination)
}

fn liens(ici: &Ici) -> Vec<(&'static str, &'static str)> {
    if !ici.agence() {
        return vec![
            ("Tableau de bord", "/tableau-de-bord"),
            ("Produits", "/produits"),
            ("Parcours", "/parcours"),
            ("Structure", "/structure"),
            ("Foire aux questions", "/faq"),
        ];
    }
    let roles = &ici.personne.roles_agence;
    let mut liens = Vec::new();
    for (libelle, url, objet, acte) in [
        ("Instruction", "/instruction", Objet::Agence, Acte::Lire),
        ("Collège", "/college", Objet::College, Acte::Lire),
        ("À signer", "/signature", Objet::Habilitation, Acte::Signer),
        ("Autorisations", "/autorisations", Objet::Autorisation, Acte::Lire),
        ("Habilitations", "/habilitations", Objet::Habilitation, Acte::Lire),
        ("Audits", "/audits", Objet::Audit, Acte::Lire),
        ("Modèles", "/agence/modeles", Objet::Agence, Acte::Ecrire),
        ("Gérer la FAQ", "/agence/faq", Objet::Faq, Acte::Ecrire),
        ("Foire aux questions", "/faq", Objet::Faq, Acte::Lire),
    ] {
        if permis(roles, objet, acte) {
            liens.push((libelle, url));
        }
    }
    liens
}

fn nav(chemin: &str, liens: &[(&str, &str)]) -> Vec<Lien> {
    liens
        .iter()
        .map(|(libelle, url)| {
            let sous = |base: &str| chemin.starts_with(&format!("{base}/"));
            let ici =
                chemin == *url || (*url != "/" && sous(url)) || parents(url).iter().any(|base| sous(base));
            Lien::nouveau(libelle, url).actif(ici)
        })
        .collect()
}

/// What hangs under an entry of the navigation without having its address.
fn parents(url: &str) -> &'static [&'static str] {
    match url {
        "/tableau-de-bord" => &["/candidatures", "/audits"],
        "/instruction" => &["/candidatures"],
        "/parcours" => &["/demarches"],
        _ => &[],
    }
}

fn avis(json: &str) -> Vec<Avis> {
    let Ok(valeur) = serde_json::from_str::<serde_json::Value>(json) else { return Vec::new() };
    let texte = valeur["texte"].as_str().unwrap_or_default();
    if texte.is_empty() {
        return Vec::new();
    }
    let genre = match valeur["genre"].as_str() {
        Some("succes") => Genre::Succes,
        Some("attention") => Genre::Attention,
        Some("erreur") => Genre::Erreur,
        _ => Genre::Info,
    };
    vec![Avis::nouveau(genre, texte)]
}
