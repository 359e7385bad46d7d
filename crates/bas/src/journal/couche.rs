//! The layer around a server: one line for each request, whatever becomes of it.

use std::time::Instant;

use axum::Router;
use axum::extract::{OriginalUri, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::StatusCode;
use service::Pair;

use super::note::{Decision, Dit};
use super::{Issue, Journal, Ligne, Note, Presente, masque};

#[derive(Clone)]
struct Lieu {
    journal: Journal,
    serveur: String,
}

impl Journal {
    /// Puts the journal around `routes`, their own fallback included, under the name `serveur`.
    pub fn couche<S: Clone + Send + Sync + 'static>(&self, serveur: &str, routes: Router<S>) -> Router<S> {
        let lieu = Lieu { journal: self.clone(), serveur: serveur.to_owned() };
        routes.layer(from_fn_with_state(lieu, noter))
    }
}

async fn noter(State(lieu): State<Lieu>, mut requete: Request, suite: Next) -> Response {
    let note = Note::default();
    let pair = requete.extensions().get::<Pair>();
    // A nested router sees its own part of the path; people look for the whole.
    let uri = requete.extensions().get::<OriginalUri>().map_or(requete.uri(), |uri| &uri.0);
    let ligne = Ligne {
        serveur: lieu.serveur,
        adresse: pair.map(|pair| pair.adresse.ip().to_string()).unwrap_or_default(),
        certificat: pair.and_then(Pair::certificat).map(presente),
        methode: masque::couper(requete.method().as_str()),
        chemin: masque::couper(uri.path()),
        parametres: parametres(uri.query().unwrap_or_default()),
        raison: "L’appelant a raccroché avant la réponse.".to_owned(),
        ..lieu.journal.vierge()
    };
    requete.extensions_mut().insert(note.clone());
    let mut attente = Attente { journal: lieu.journal, ligne: Some(ligne), note, debut: Instant::now() };
    let reponse = suite.run(requete).await;
    attente.repondu(reponse.status());
    reponse
}

fn presente(der: &[u8]) -> Presente {
    match igc::lire::lire_der(der) {
        Ok(lu) => Presente { cn: lu.cn, dn: lu.dn, empreinte: lu.empreinte_sha256 },
        Err(_) => Presente { cn: None, dn: "certificat illisible".to_owned(), empreinte: String::new() },
    }
}

fn parametres(requete: &str) -> Vec<(String, String)> {
    let paires = url::form_urlencoded::parse(requete.as_bytes()).take(masque::PARAMETRES_MAX);
    paires.map(|(nom, valeur)| (masque::couper(&nom), masque::parametre(&nom, &valeur))).collect()
}

/// A line in the making. Dropped before the answer, it says that the caller hung up.
struct Attente {
    journal: Journal,
    ligne: Option<Ligne>,
    note: Note,
    debut: Instant,
}

impl Attente {
    fn repondu(&mut self, statut: StatusCode) {
        let Some(ligne) = &mut self.ligne else { return };
        ligne.statut = Some(statut.as_u16());
        let (issue, raison) = par_defaut(statut);
        ligne.issue = issue;
        raison.clone_into(&mut ligne.raison);
    }
}

impl Drop for Attente {
    fn drop(&mut self) {
        let Some(mut ligne) = self.ligne.take() else { return };
        let Dit { client, personne, parametres, decision, tue } = self.note.lire();
        if tue {
            return;
        }
        ligne.client = client;
        ligne.personne = personne;
        ligne.parametres.extend(parametres);
        if let (Some(Decision { issue, code, raison }), true) = (decision, ligne.statut.is_some()) {
            (ligne.issue, ligne.code, ligne.raison) = (issue, code, raison);
        }
        ligne.duree_ms = u64::try_from(self.debut.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.journal.ajouter(ligne);
    }
}

/// For a handler that said nothing.
fn par_defaut(statut: StatusCode) -> (Issue, &'static str) {
    match statut {
        StatusCode::NOT_FOUND => (Issue::Refuse, "Rien ne répond à cette adresse."),
        StatusCode::METHOD_NOT_ALLOWED => (Issue::Refuse, "Cette adresse ne connaît pas cette méthode."),
        StatusCode::PAYLOAD_TOO_LARGE => (Issue::Refuse, "La requête est trop longue."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (Issue::Refuse, "Le type de contenu n’est pas celui attendu."),
        _ if statut.is_server_error() => (Issue::Panne, "Le serveur a répondu par une erreur."),
        _ if statut.is_client_error() => (Issue::Refuse, "La requête est refusée."),
        _ => (Issue::Accepte, "La requête est servie."),
    }
}
