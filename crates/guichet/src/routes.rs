//! Every URL of the site, with what it needs and who answers.
//!
//! Rule: a row is the only way to a handler, and a row can't be written without saying who may pass; the test
//! `tests/it/acces.rs` drives each row as each role.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    handler::Handler,
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, on},
};
use domaine::permission::{Acte as A, Objet as O};
use http::Method;

use crate::{
    acces::{
        self,
        Acces::{self, Agence, Connecte, Membre, Public, Structure, Sur},
        Cible,
    },
    app::App,
    cadre,
    erreur::Erreur,
    pages::{
        accueil, audit, autorisation, candidature, chapitre, client, college, connexion, courriels, faq,
        fichier, formulaire, habilitation, instruction, message, modele, parcours, pieces, preuve, produit,
        referentiel, registre_public, structure, tableau,
    },
    session,
};

/// Largest form with files, in bytes: a video and what goes with it.
const CORPS_MAX: usize = 2304 << 20;

/// One row: a method, a path, what it needs, and the handler.
pub struct Route {
    pub methode: Method,
    pub chemin: &'static str,
    pub acces: Acces,
    handler: MethodRouter<App>,
}

/// The whole site.
#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "a table is as long as the site")]
pub fn table() -> Vec<Route> {
    vec![
        // Public
        get("/", Public, accueil::voir::voir),
        get("/faq", Public, faq::lister::lister),
        get("/faq/{question}", Public, faq::voir::voir),
        post("/faq/{question}/vote", Membre, faq::voter::voter),
        get("/registre", Public, registre_public::lister::lister),
        get("/registre/{numero}", Public, registre_public::voir::voir),
        get("/mentions", Public, accueil::mentions::mentions),
        get("/sante", Public, accueil::sante::sante),
        get("/dev/courriels", Public, courriels::lister::lister),
        get("/dev/courriels/{nom}", Public, courriels::voir::voir),
        // Sign-in and account
        get("/connexion", Public, connexion::partir::partir),
        get("/connexion/retour", Public, connexion::revenir::revenir),
        post("/deconnexion", Connecte, connexion::finir::finir),
        get("/consentement", Connecte, connexion::consentement::voir),
        post("/consentement", Connecte, connexion::consentement::donner),
        get("/reprise", Membre, connexion::reprise::voir),
        post("/reprise/oublier", Membre, connexion::reprise::oublier),
        get("/structure", Structure(O::Comptes, A::Lire), structure::voir::voir),
        post("/structure/invitations", Structure(O::Comptes, A::Administrer), structure::inviter::inviter),
        post("/structure/invitations/{invitation}/annuler", Structure(O::Comptes, A::Administrer), structure::inviter::annuler),
        post("/structure/membres/{personne}/readmettre", Structure(O::Comptes, A::Administrer), structure::membre::readmettre),
        post("/structure/membres/{personne}/role", Structure(O::Comptes, A::Administrer), structure::membre::changer_role),
        post("/structure/membres/{personne}/retirer", Structure(O::Comptes, A::Administrer), structure::membre::retirer),
        get("/invitations/{jeton}", Membre, structure::invitation::voir),
        post("/invitations/{jeton}", Membre, structure::invitation::accepter),
        // The industriel's side
        get("/tableau-de-bord", Membre, tableau::voir::voir),
        get("/parcours", Membre, parcours::voir::voir),
        get("/demarches/{guichet}", Membre, parcours::demarche::voir),
        get("/referentiel", Membre, referentiel::voir::voir),
        get("/referentiel/modeles/{nom}", Membre, referentiel::modele::telecharger),
        get("/produits", Membre, produit::lister::lister),
        get("/produits/nouveau", Structure(O::Produit, A::Ecrire), produit::nouveau::voir),
        post("/produits/nouveau", Structure(O::Produit, A::Ecrire), produit::nouveau::creer),
        get("/produits/{id}", Sur(Cible::Produit, O::Produit, A::Lire), produit::voir::voir),
        get("/produits/{id}/modifier", Sur(Cible::Produit, O::Produit, A::Ecrire), produit::modifier::voir),
        post("/produits/{id}/modifier", Sur(Cible::Produit, O::Produit, A::Ecrire), produit::modifier::modifier),
        get("/produits/{id}/recapitulatif", Sur(Cible::Produit, O::Produit, A::Ecrire), produit::valider::voir),
        post("/produits/{id}/valider", Sur(Cible::Produit, O::Produit, A::Ecrire), produit::valider::valider),
        post("/produits/{id}/archiver", Sur(Cible::Produit, O::Produit, A::Administrer), produit::archiver::archiver),
        post("/produits/{id}/collaborateurs", Sur(Cible::Produit, O::Produit, A::Administrer), produit::collaborateur::donner_droit),
        get("/produits/{id}/clients", Sur(Cible::Produit, O::Produit, A::Lire), client::voir::voir),
        post("/produits/{id}/clients", Sur(Cible::Produit, O::Formulaire, A::Soumettre), client::demander::demander),
        post("/produits/{id}/candidatures", Sur(Cible::Produit, O::Produit, A::Ecrire), candidature::creer::creer),
        get("/candidatures/{id}", Sur(Cible::Candidature, O::Formulaire, A::Lire), candidature::voir::voir),
        post("/candidatures/{id}/demarrer", Sur(Cible::Candidature, O::Formulaire, A::Ecrire), candidature::demarrer::demarrer),
        get("/candidatures/{id}/abandonner", Sur(Cible::Candidature, O::Formulaire, A::Soumettre), candidature::abandonner::voir),
        post("/candidatures/{id}/abandonner", Sur(Cible::Candidature, O::Formulaire, A::Soumettre), candidature::abandonner::abandonner),
        post("/candidatures/{id}/remplacer", Sur(Cible::Candidature, O::Formulaire, A::Soumettre), candidature::remplacer::remplacer),
        post("/candidatures/{id}/preuves/reprendre", Sur(Cible::Candidature, O::Preuve, A::Ecrire), candidature::reprendre::reprendre),
        get("/candidatures/{id}/historique", Sur(Cible::Candidature, O::Formulaire, A::Lire), candidature::historique::voir),
        get("/candidatures/{id}/formulaire", Sur(Cible::Candidature, O::Formulaire, A::Lire), formulaire::voir::voir),
        post("/candidatures/{id}/formulaire", Sur(Cible::Candidature, O::Formulaire, A::Ecrire), formulaire::enregistrer::enregistrer),
        post("/candidatures/{id}/formulaire/auto", Sur(Cible::Candidature, O::Formulaire, A::Ecrire), formulaire::enregistrer::auto),
        post("/candidatures/{id}/formulaire/preremplir", Sur(Cible::Candidature, O::Formulaire, A::Ecrire), formulaire::preremplir::preremplir),
        post("/candidatures/{id}/formulaire/soumettre", Sur(Cible::Candidature, O::Formulaire, A::Soumettre), formulaire::soumettre::soumettre),
        get("/candidatures/{id}/composants/nouveau", Sur(Cible::Candidature, O::Formulaire, A::Ecrire), formulaire::composant::nouveau),
        post("/candidatures/{id}/composants/nouveau", Sur(Cible::Candidature, O::Formulaire, A::Ecrire), formulaire::composant::ajouter.layer(DefaultBodyLimit::max(formulaire::pieces::CORPS_MAX))),
        get("/candidatures/{id}/composants/{rang}", Sur(Cible::Candidature, O::Formulaire, A::Ecrire), formulaire::composant::voir),
        post("/candidatures/{id}/composants/{rang}", Sur(Cible::Candidature, O::Formulaire, A::Ecrire), formulaire::composant::modifier.layer(DefaultBodyLimit::max(formulaire::pieces::CORPS_MAX))),
        post("/candidatures/{id}/composants/{rang}/retirer", Sur(Cible::Candidature, O::Formulaire, A::Ecrire), formulaire::composant::retirer),
        post("/candidatures/{id}/habilitations/{cle}", Sur(Cible::Candidature, O::Formulaire, A::Ecrire), formulaire::habilitation::lier.layer(DefaultBodyLimit::max(formulaire::pieces::CORPS_MAX))),
        post("/candidatures/{id}/habilitations/{cle}/retirer", Sur(Cible::Candidature, O::Formulaire, A::Ecrire), formulaire::habilitation::retirer),
        get("/candidatures/{id}/chapitres/{code}", Sur(Cible::Candidature, O::Preuve, A::Lire), chapitre::voir::voir),
        post("/candidatures/{id}/chapitres/{code}/soumettre", Sur(Cible::Candidature, O::Preuve, A::Soumettre), chapitre::soumettre::soumettre),
        get("/candidatures/{id}/chapitres/{code}/preuves/{attendue}", Sur(Cible::Candidature, O::Preuve, A::Lire), preuve::voir::voir),
        post("/candidatures/{id}/chapitres/{code}/preuves/{attendue}", Sur(Cible::Candidature, O::Preuve, A::Ecrire), preuve::deposer::deposer.layer(DefaultBodyLimit::max(CORPS_MAX))),
        get("/candidatures/{id}/chapitres/{code}/preuves/{attendue}/test-intrusion", Sur(Cible::Candidature, O::Preuve, A::Ecrire), preuve::test_intrusion::voir),
        post("/candidatures/{id}/chapitres/{code}/preuves/{attendue}/test-intrusion", Sur(Cible::Candidature, O::Preuve, A::Ecrire), preuve::test_intrusion::deposer),
        post("/candidatures/{id}/chapitres/{code}/preuves/{attendue}/{preuve}/retirer", Sur(Cible::Candidature, O::Preuve, A::Ecrire), preuve::retirer::retirer),
        get("/candidatures/{id}/fichiers/{sha256}", Sur(Cible::Candidature, O::Preuve, A::Lire), fichier::telecharger::telecharger),
        get("/candidatures/{id}/fichiers/{sha256}/apercu", Sur(Cible::Candidature, O::Preuve, A::Lire), fichier::apercu::apercu),
        post("/televersements", Membre, fichier::televersement::creer),
        head("/televersements/{televersement}", Membre, fichier::televersement::etat),
        patch("/televersements/{televersement}", Membre, fichier::televersement::recevoir),
        delete("/televersements/{televersement}", Membre, fichier::televersement::abandonner),
        get("/candidatures/{id}/messages", Sur(Cible::Candidature, O::Messagerie, A::Lire), message::voir::voir),
        post("/candidatures/{id}/messages", Sur(Cible::Candidature, O::Messagerie, A::Ecrire), message::envoyer::envoyer.layer(DefaultBodyLimit::max(pieces::CORPS_MAX))),
        get("/candidatures/{id}/messages/fichiers/{sha256}", Sur(Cible::Candidature, O::Messagerie, A::Lire), message::piece::telecharger),
        get("/candidatures/{id}/autorisation", Sur(Cible::Candidature, O::Autorisation, A::Lire), autorisation::voir::telecharger),
        get("/candidatures/{id}/autorisation/fiche", Sur(Cible::Candidature, O::Autorisation, A::Lire), autorisation::fiche::voir),
        get("/habilitations/{numero}", Sur(Cible::Habilitation, O::Habilitation, A::Lire), habilitation::voir::voir),
        get("/habilitations/{numero}/pdf", Sur(Cible::Habilitation, O::Habilitation, A::Lire), habilitation::telecharger::telecharger),
        post("/habilitations/{numero}/renouveler", Sur(Cible::Habilitation, O::Formulaire, A::Soumettre), candidature::renouveler::renouveler),
        get("/audits/{audit}", Sur(Cible::Audit, O::Audit, A::Lire), audit::voir::voir),
        get("/audits/{audit}/fichiers/{sha256}", Sur(Cible::Audit, O::Audit, A::Lire), audit::telecharger::telecharger),
        post("/audits/{audit}/observations", Sur(Cible::Audit, O::Audit, A::Soumettre), audit::repondre::observer.layer(DefaultBodyLimit::max(pieces::CORPS_MAX))),
        post("/audits/{audit}/constats/{rang}/action", Sur(Cible::Audit, O::Audit, A::Soumettre), audit::repondre::proposer_action.layer(DefaultBodyLimit::max(pieces::CORPS_MAX))),
        // The agency's side
        get("/instruction", Agence(O::Agence, A::Lire), instruction::lister::lister),
        post("/candidatures/{id}/referent", Sur(Cible::Candidature, O::Instruction, A::Ecrire), instruction::affecter::affecter),
        get("/candidatures/{id}/instruction/formulaire", Sur(Cible::Candidature, O::Formulaire, A::Juger), instruction::formulaire::voir),
        post("/candidatures/{id}/instruction/formulaire/verdicts", Sur(Cible::Candidature, O::Formulaire, A::Juger), instruction::formulaire::juger),
        post("/candidatures/{id}/instruction/formulaire/renvoyer", Sur(Cible::Candidature, O::Formulaire, A::Juger), instruction::formulaire::renvoyer),
        post("/candidatures/{id}/instruction/formulaire/valider", Sur(Cible::Candidature, O::Formulaire, A::Juger), instruction::formulaire::valider),
        post("/candidatures/{id}/instruction/formulaire/irrecevable", Sur(Cible::Candidature, O::Formulaire, A::Juger), instruction::formulaire::irrecevable),
        get("/candidatures/{id}/instruction/chapitres/{code}", Sur(Cible::Candidature, O::Instruction, A::Lire), instruction::chapitre::voir),
        post("/candidatures/{id}/instruction/chapitres/{code}/prendre", Sur(Cible::Candidature, O::Preuve, A::Juger), instruction::chapitre::prendre),
        post("/candidatures/{id}/instruction/chapitres/{code}/verdicts", Sur(Cible::Candidature, O::Preuve, A::Juger), instruction::chapitre::juger),
        post("/candidatures/{id}/instruction/chapitres/{code}/renvoyer", Sur(Cible::Candidature, O::Preuve, A::Juger), instruction::chapitre::renvoyer),
        post("/candidatures/{id}/instruction/chapitres/{code}/valider", Sur(Cible::Candidature, O::Preuve, A::Juger), instruction::chapitre::valider),
        post("/candidatures/{id}/instruction/chapitres/{code}/rouvrir", Sur(Cible::Candidature, O::Preuve, A::Juger), instruction::chapitre::rouvrir),
        get("/candidatures/{id}/instruction/versions/{preuve}", Sur(Cible::Candidature, O::Instruction, A::Lire), instruction::versions::voir),
        post("/candidatures/{id}/notes", Sur(Cible::Candidature, O::Instruction, A::Ecrire), instruction::note::ajouter),
        get("/candidatures/{id}/synthese", Sur(Cible::Candidature, O::Instruction, A::Lire), college::synthese::telecharger),
        post("/candidatures/{id}/autorisation/prolonger", Sur(Cible::Candidature, O::Autorisation, A::Juger), autorisation::prolonger::prolonger),
        post("/candidatures/{id}/autorisation/revoquer", Sur(Cible::Candidature, O::Autorisation, A::Administrer), autorisation::revoquer::revoquer),
        get("/autorisations", Agence(O::Autorisation, A::Lire), autorisation::lister::lister),
        get("/habilitations", Agence(O::Habilitation, A::Lire), habilitation::lister::lister),
        get("/college", Agence(O::College, A::Lire), college::lister::lister),
        post("/college", Agence(O::College, A::Administrer), college::ouvrir::ouvrir),
        get("/college/{session}", Agence(O::College, A::Lire), college::voir::voir),
        post("/college/{session}/dossiers", Agence(O::College, A::Administrer), college::inscrire::inscrire),
        post("/college/{session}/dossiers/{candidature}/retirer", Agence(O::College, A::Administrer), college::inscrire::retirer),
        post("/college/{session}/dossiers/{candidature}/decider", Agence(O::College, A::Juger), college::decider::decider),
        post("/college/{session}/dossiers/{candidature}/recuser", Agence(O::College, A::Juger), college::decider::recuser),
        post("/college/{session}/clore", Agence(O::College, A::Administrer), college::clore::clore),
        get("/signature", Agence(O::Habilitation, A::Signer), habilitation::signer::lister),
        post("/habilitations/{numero}/signer", Sur(Cible::Habilitation, O::Habilitation, A::Signer), habilitation::signer::signer),
        post("/habilitations/{numero}/suspendre", Sur(Cible::Habilitation, O::Habilitation, A::Administrer), habilitation::suspendre::suspendre),
        post("/habilitations/{numero}/retablir", Sur(Cible::Habilitation, O::Habilitation, A::Administrer), habilitation::suspendre::retablir),
        post("/habilitations/{numero}/retirer", Sur(Cible::Habilitation, O::Habilitation, A::Juger), habilitation::retirer::retirer),
        get("/audits", Agence(O::Audit, A::Lire), audit::lister::lister),
        get("/habilitations/{numero}/audits/nouveau", Sur(Cible::Habilitation, O::Audit, A::Ecrire), audit::planifier::voir),
        post("/habilitations/{numero}/audits/nouveau", Sur(Cible::Habilitation, O::Audit, A::Ecrire), audit::planifier::planifier),
        post("/audits/{audit}/replanifier", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::planifier::replanifier),
        post("/audits/{audit}/notifier", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::avancer::notifier),
        post("/audits/{audit}/commencer", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::avancer::commencer),
        post("/audits/{audit}/constats", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::constat::constater.layer(DefaultBodyLimit::max(pieces::CORPS_MAX))),
        post("/audits/{audit}/constats/{rang}/retirer", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::constat::retirer),
        post("/audits/{audit}/constats/{rang}/juger", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::constat::juger),
        post("/audits/{audit}/rapport-provisoire", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::rapport::provisoire.layer(DefaultBodyLimit::max(pieces::CORPS_MAX))),
        post("/audits/{audit}/communiquer", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::avancer::communiquer),
        post("/audits/{audit}/rapport-final", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::rapport::final_.layer(DefaultBodyLimit::max(pieces::CORPS_MAX))),
        post("/audits/{audit}/conclure", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::avancer::conclure),
        post("/audits/{audit}/plan", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::avancer::demander_plan),
        post("/audits/{audit}/recontrole", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::avancer::recontroler),
        post("/audits/{audit}/clore", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::avancer::clore),
        post("/audits/{audit}/proposer-suspension", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::avancer::proposer_suspension),
        post("/audits/{audit}/proposer-retrait", Sur(Cible::Audit, O::Audit, A::Ecrire), audit::avancer::proposer_retrait),
        get("/agence/modeles", Agence(O::Agence, A::Ecrire), modele::lister::lister),
        post("/agence/modeles", Agence(O::Agence, A::Ecrire), modele::enregistrer::enregistrer),
        post("/agence/modeles/{modele}/supprimer", Agence(O::Agence, A::Ecrire), modele::supprimer::supprimer),
        get("/agence/faq", Agence(O::Faq, A::Ecrire), faq::gerer::lister),
        get("/agence/faq/{question}", Agence(O::Faq, A::Ecrire), faq::rediger::voir),
        post("/agence/faq/{question}", Agence(O::Faq, A::Ecrire), faq::rediger::enregistrer),
    ]
}

fn route<H, T>(methode: Method, chemin: &'static str, acces: Acces, handler: H) -> Route
where
    H: Handler<T, App>,
    T: 'static,
{
    let filtre = methode.clone().try_into().expect("a method that axum routes");
    Route { methode, chemin, acces, handler: on(filtre, handler) }
}

fn get<H, T>(chemin: &'static str, acces: Acces, handler: H) -> Route
where
    H: Handler<T, App>,
    T: 'static,
{
    route(Method::GET, chemin, acces, handler)
}

fn post<H, T>(chemin: &'static str, acces: Acces, handler: H) -> Route
where
    H: Handler<T, App>,
    T: 'static,
{
    route(Method::POST, chemin, acces, handler)
}

fn head<H, T>(chemin: &'static str, acces: Acces, handler: H) -> Route
where
    H: Handler<T, App>,
    T: 'static,
{
    route(Method::HEAD, chemin, acces, handler)
}

fn patch<H, T>(chemin: &'static str, acces: Acces, handler: H) -> Route
where
    H: Handler<T, App>,
    T: 'static,
{
    route(Method::PATCH, chemin, acces, handler)
}

fn delete<H, T>(chemin: &'static str, acces: Acces, handler: H) -> Route
where
    H: Handler<T, App>,
    T: 'static,
{
    route(Method::DELETE, chemin, acces, handler)
}

/// The site as a router: guards on each route, then errors as pages, the session, the security headers.
pub fn routes(app: &App) -> Router {
    let mut routeur: Router<App> = Router::new();
    for Route { chemin, acces, handler, .. } in table() {
        let garde = from_fn_with_state((app.clone(), acces), acces::garder);
        routeur = routeur.route(chemin, handler.layer(garde));
    }
    let routeur = routeur.merge(web::assets::routes()).layer(from_fn(adresse_lisible));
    // Twice: inside, an error page knows who is there; outside, what the session itself could not do is a page too.
    let routeur = pages_erreur(routeur, app);
    let routeur = routeur.layer(from_fn_with_state(app.clone(), session::reconnaitre));
    let routeur = pages_erreur(routeur, app);
    web::entetes::couche(routeur, &app.origines_formulaires()).with_state(app.clone())
}

/// No text of a database holds a NUL, so an address with one names nothing; forms lose theirs when they are read.
async fn adresse_lisible(requete: Request, suite: Next) -> Response {
    let adresse = requete.uri().path_and_query().map_or("", |adresse| adresse.as_str());
    if adresse.contains("%00") {
        return Erreur::Demande("L’adresse contient un caractère interdit.".to_owned()).into_response();
    }
    suite.run(requete).await
}

fn pages_erreur(routeur: Router<App>, app: &App) -> Router<App> {
    let (alea, app) = (app.alea.clone(), app.clone());
    web::erreur::couche(
        routeur,
        move |extensions, uri| cadre::erreur(&app, extensions, uri),
        move || alea.lettres(b"BCDFGHJKMNPQRSTVWXZ23456789", 8),
    )
}
