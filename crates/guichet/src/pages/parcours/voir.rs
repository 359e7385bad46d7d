//! The parcours of the trust space: the two guichets, their steps, and what to have at hand before.

use askama::Template;
use axum::{extract::State, response::Response};
use domaine::referentiel::{Guichet, Profil};
use web::Cadre;

use crate::{acces::Ici, app::App, cadre::cadre, erreur::Erreur};

struct Demarche {
    titre: &'static str,
    url: String,
    resume: &'static str,
    profils: Vec<&'static str>,
    prerequis: Vec<Prerequis>,
}

struct Prerequis {
    titre: &'static str,
    texte: &'static str,
}

#[derive(Template)]
#[template(path = "parcours/voir.html")]
struct Page {
    cadre: Cadre,
    agence: bool,
    demarches: Vec<Demarche>,
}

pub async fn voir(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    let cadre = cadre(&app, Some(&ici), "Parcours Espace de Confiance", "/parcours", &[]);
    let demarches = Guichet::TOUS.into_iter().map(demarche).collect();
    Ok(web::page(&Page { cadre, agence: ici.agence(), demarches }))
}

fn demarche(guichet: Guichet) -> Demarche {
    let datapass = Prerequis {
        titre: "Datapass",
        texte: "Le numéro de votre demande d’accès à l’API Pro Santé Connect, « D » suivi de chiffres, et non celui de l’habilitation. Un Datapass déjà obtenu se réutilise.",
    };
    let (resume, prerequis) = match guichet {
        Guichet::Editeur => (
            "Vous concevez, développez, distribuez et maintenez un logiciel. Vous en montrez la conformité dans le bac à sable, et recevez au passage une autorisation d’accès de trois mois aux environnements de test.",
            vec![
                datapass,
                Prerequis {
                    titre: "Client ID du bac à sable",
                    texte: "À demander une fois le Datapass obtenu. Il en faut un nouveau, propre à l’Espace de Confiance.",
                },
                Prerequis {
                    titre: "NIE et NIL",
                    texte: "Pour un Logiciel Utilisateur seulement : les numéros d’éditeur et de logiciel que délivre le CNDA.",
                },
            ],
        ),
        Guichet::Operateur => (
            "Vous fournissez un logiciel en production. Vous vous appuyez sur les habilitations de ses éditeurs, que vous désignez par leur NRU ou déposez en PDF.",
            vec![
                Prerequis {
                    titre: "Datapass",
                    texte: "Le même numéro de demande qu’au guichet Éditeur. Si l’opérateur de services Utilisateur est une autre société que l’éditeur, c’est le Datapass de l’opérateur.",
                },
                Prerequis {
                    titre: "Client ID de production",
                    texte: "À demander avec votre Datapass et le NRU de cette candidature. Il en faut un nouveau, distinct de celui du bac à sable.",
                },
                Prerequis {
                    titre: "Habilitations des éditeurs",
                    texte: "En vigueur le jour de la validation du formulaire : celle du Logiciel Utilisateur, celle du Proxy e-Santé, selon vos profils.",
                },
            ],
        ),
    };
    Demarche {
        titre: guichet.libelle(),
        url: format!("/demarches/{}", guichet.code()),
        resume,
        profils: Profil::du_guichet(guichet).iter().map(|profil| profil.libelle()).collect(),
        prerequis,
    }
}
