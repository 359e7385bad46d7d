//! The form that deposits a preuve: the page that shows it, empty or as it was refused.
//!
//! Rule: files that arrived with a refused form are kept and offered again, so that nothing is sent twice.

use askama::Template;
use axum::response::Response;
use domaine::{
    candidature::Candidature,
    permission::{Acte, Objet},
    referentiel::{Kind, PreuveAttendue},
};
use http::StatusCode;
use web::{Cadre, Champs, Choix, Lien};

use super::{EmplacementVu, Regard, trouver};
use crate::{
    acces::Ici,
    app::App,
    cadre::{cadre, depart},
    depot::taille_lisible,
    erreur::Erreur,
    pages::chapitre::voir::ouvert,
};

/// Choice of the form beside the kinds of the slot.
pub(super) const NON_APPLICABLE: &str = "non_applicable";

/// What the form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forme {
    Fichier(Kind),
    Texte,
    Lien,
    /// Has a page of its own.
    TestIntrusion,
    NonApplicable,
}

impl Forme {
    /// The form of that code, if the slot admits it.
    pub(super) fn lire(code: &str, attendue: &PreuveAttendue) -> Option<Self> {
        if code == NON_APPLICABLE {
            return Some(Self::NonApplicable);
        }
        let kind = code.parse().ok().filter(|kind| attendue.kinds.contains(kind))?;
        Some(Self::de(kind))
    }

    pub(super) fn de(kind: Kind) -> Self {
        match kind {
            Kind::Texte => Self::Texte,
            Kind::Lien => Self::Lien,
            Kind::FormulaireTi => Self::TestIntrusion,
            kind => Self::Fichier(kind),
        }
    }

    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Fichier(kind) => kind.code(),
            Self::Texte => Kind::Texte.code(),
            Self::Lien => Kind::Lien.code(),
            Self::TestIntrusion => Kind::FormulaireTi.code(),
            Self::NonApplicable => NON_APPLICABLE,
        }
    }

    fn extensions(self) -> &'static [&'static str] {
        if let Self::Fichier(kind) = self { kind.extensions() } else { &[] }
    }
}

#[derive(Template)]
#[template(path = "preuve/voir.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    url: String,
    surtitre: String,
    url_chapitre: String,
    enonce: String,
    aide: String,
    slot: EmplacementVu,
    /// Whether the form is shown.
    depot: bool,
    /// Why it is not.
    ferme: &'static str,
    forme: Forme,
    onglets: Vec<Lien>,
    types: String,
    formats: String,
    /// Files received before, to be kept.
    gardes: Vec<Choix>,
    /// Several files at once make sense.
    plusieurs: bool,
    /// The item that is replaced, and its title.
    remplace: Option<(String, String)>,
    envoi: String,
    aujourdhui: String,
}

/// What the form shows beside its fields.
pub(super) struct Etat {
    pub(super) statut: StatusCode,
    pub(super) f: Champs,
    pub(super) forme: Option<Forme>,
    pub(super) remplace: String,
    pub(super) gardes: Vec<Choix>,
    pub(super) envoi: String,
}

/// A file kept between two sendings of the form.
pub(super) fn garde(televersement: &str, nom: &str) -> Choix {
    Choix::nouveau(televersement, if nom.is_empty() { "Fichier déjà reçu" } else { nom })
}

/// The page of a slot.
pub(super) fn page(
    app: &App,
    ici: &Ici,
    candidature: &Candidature,
    code: &str,
    attendue: &str,
    etat: Etat,
) -> Result<Response, Erreur> {
    let Etat { statut, mut f, forme, remplace, gardes, envoi } = etat;
    let chapitre = candidature.chapitre(code).ok_or(Erreur::Introuvable)?;
    let emplacement = chapitre.emplacement(attendue).ok_or(Erreur::Introuvable)?;
    let referentiel = app.referentiel_de(&candidature.referentiel)?;
    let (exigence, _, attendu) = trouver(referentiel, attendue).ok_or(Erreur::Introuvable)?;
    let droit = ici.peut(Objet::Preuve, Acte::Ecrire);
    let regard = Regard {
        candidature: candidature.id.to_string(),
        chapitre,
        referentiel,
        agence: ici.agence(),
        depose: droit && ouvert(&candidature.etat),
        aujourdhui: app.aujourdhui(),
    };
    let slot = regard.emplacement(emplacement).ok_or(Erreur::Introuvable)?;
    let remplace = slot
        .elements
        .iter()
        .find(|element| element.id == remplace && !element.remplacer.is_empty())
        .map(|element| (element.id.clone(), element.titre.clone()));
    let forme =
        forme.or_else(|| attendu.kinds.first().map(|kind| Forme::de(*kind))).unwrap_or(Forme::NonApplicable);
    let depot = slot.ouvert || remplace.is_some();
    let pourquoi = match (droit, depot) {
        (_, true) | (false, _) => "",
        (true, false) if regard.depose && chapitre.deverrouille(attendue) => {
            "Cet emplacement a reçu tous les éléments qu’il admet. Remplacez-en un, ou retirez-le d’abord."
        }
        (true, false) => "Rien ne se dépose ici dans l’état actuel du chapitre.",
    };
    if f.valeur("version").is_empty() {
        f = f.avec("version", candidature.formulaire.valeur("version"));
    }
    let url_chapitre = regard.url_chapitre();
    let cadre = cadre(
        app,
        Some(ici),
        &slot.titre,
        &slot.url,
        &[
            depart(ici),
            (candidature.titre.as_str(), &format!("/candidatures/{}", candidature.id)),
            (chapitre.titre.as_str(), &url_chapitre),
        ],
    );
    let extensions: Vec<String> = forme.extensions().iter().map(|une| format!(".{une}")).collect();
    let taille =
        if let Forme::Fichier(kind) = forme { taille_lisible(kind.taille_max()) } else { String::new() };
    let page = Page {
        cadre,
        f,
        surtitre: format!("{attendue} · {}", chapitre.titre),
        url_chapitre,
        enonce: exigence.enonce.clone(),
        aide: exigence.aide.clone(),
        depot,
        ferme: pourquoi,
        forme,
        onglets: onglets(&slot.url, attendu, forme, remplace.as_ref().map(|(id, _)| id.as_str())),
        types: extensions.join(","),
        formats: format!("{} ; {taille} au plus.", extensions.join(", ")),
        gardes,
        plusieurs: remplace.is_none() && attendu.max > 1,
        url: slot.url.clone(),
        slot,
        remplace,
        envoi: if envoi.is_empty() { app.alea.jeton() } else { envoi },
        aujourdhui: app.aujourdhui().to_string(),
    };
    Ok(web::page_avec(statut, &page))
}

/// One tab a form of preuve.
fn onglets(url: &str, attendue: &PreuveAttendue, forme: Forme, remplace: Option<&str>) -> Vec<Lien> {
    let suite = remplace.map(|id| format!("&remplace={id}")).unwrap_or_default();
    let premier = remplace.map(|id| format!("?remplace={id}")).unwrap_or_default();
    let mut liens: Vec<Lien> = attendue
        .kinds
        .iter()
        .map(|kind| match Forme::de(*kind) {
            Forme::TestIntrusion => Lien::nouveau(kind.libelle(), &format!("{url}/test-intrusion{premier}")),
            autre => Lien::nouveau(kind.libelle(), &format!("{url}?forme={}{suite}#deposer", autre.code()))
                .actif(autre == forme),
        })
        .collect();
    let lien = format!("{url}?forme={NON_APPLICABLE}{suite}#deposer");
    liens.push(Lien::nouveau("Non applicable", &lien).actif(forme == Forme::NonApplicable));
    liens
}
