//! The catalogue of faults: a name, what it does, as people read it. Names are stable: scripts hold them.

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Faute {
    /// In place of the answer, at any endpoint.
    Http(FauteHttp),
    /// An error of the backchannel endpoint: code and description.
    RefusCiba(&'static str),
    /// An error of the token endpoint.
    RefusJeton(&'static str),
    /// A member of the acknowledgement, left out or replaced by this JSON.
    MembreCiba(&'static str, Option<&'static str>),
    /// A member of the token answer, left out or replaced by this JSON.
    MembreJeton(&'static str, Option<&'static str>),
    /// In the id_token.
    Id(FauteId),
    /// In the redirect back to the client.
    Retour(Retour),
    /// In the logout token.
    Avis(Avis),
    /// `userinfo` of somebody else.
    AutreSub,
    /// The session ends as soon as its tokens are given.
    SessionTuee,
    /// The access token is revoked as soon as it is given.
    JetonRevoque,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FauteHttp {
    Statut(u16),
    /// Answers rightly, late.
    Lent,
    /// The answer never ends: the connection is cut after some bytes.
    Coupe,
    Html,
    Vide,
    Tronque,
    AutreType,
    Redirection,
    Enorme,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FauteId {
    /// Signed by a key that is not published, under a `kid` that is not either.
    CleInconnue,
    /// Signed by a key that is not published, under the `kid` of ours.
    CleUsurpee,
    SignatureAlteree,
    AlgNone,
    /// HS256 keyed with the `client_id`.
    Hs256Client,
    /// HS256 keyed with the modulus of the public key.
    Hs256Cle,
    Jku,
    Crit,
    SansKid,
    /// A claim left out.
    Sans(&'static str),
    /// A claim replaced by this JSON.
    Avec(&'static str, &'static str),
    /// `aud` with a stranger beside the client, and no `azp`.
    AudPlusieurs,
    /// `aud` as a list of one: valid.
    AudTableau,
    /// An hour ago.
    ExpPasse,
    /// A week ago.
    IatVieux,
    /// An hour from now.
    IatFutur,
    /// Another professional's.
    AutrePersonne,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retour {
    IssFaux,
    SansIss,
    StateFaux,
    SansState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Avis {
    AlgNone,
    AudFaux,
    IssFaux,
    SansEvents,
    AvecNonce,
}

/// A line of the catalogue.
#[derive(Debug)]
pub(super) struct Fiche {
    pub(super) nom: &'static str,
    pub(super) faute: Faute,
    pub(super) effet: &'static str,
}

const fn fiche(nom: &'static str, faute: Faute, effet: &'static str) -> Fiche {
    Fiche { nom, faute, effet }
}

pub(super) fn trouver(nom: &str) -> Option<&'static Fiche> {
    FICHES.iter().find(|fiche| fiche.nom == nom)
}

use Faute::{AutreSub, Http, Id, JetonRevoque, MembreCiba, MembreJeton, RefusCiba, RefusJeton, SessionTuee};

#[rustfmt::skip]
pub(super) static FICHES: &[Fiche] = &[
    fiche("http-500", Http(FauteHttp::Statut(500)), "Répond 500, sans corps."),
    fiche("http-502", Http(FauteHttp::Statut(502)), "Répond 502, sans corps."),
    fiche("http-503", Http(FauteHttp::Statut(503)), "Répond 503 avec Retry-After: 10."),
    fiche("http-504", Http(FauteHttp::Statut(504)), "Répond 504, sans corps."),
    fiche("http-429", Http(FauteHttp::Statut(429)), "Répond 429 avec Retry-After: 10."),
    fiche("http-lent", Http(FauteHttp::Lent), "Répond juste, mais après « secondes » (5 par défaut)."),
    fiche("http-coupe", Http(FauteHttp::Coupe), "Coupe la connexion au milieu de la réponse."),
    fiche("http-html", Http(FauteHttp::Html), "Répond 200 avec une page HTML."),
    fiche("http-vide", Http(FauteHttp::Vide), "Répond 200 sans corps."),
    fiche("http-tronque", Http(FauteHttp::Tronque), "Répond 200 avec un JSON coupé."),
    fiche("http-autre-type", Http(FauteHttp::AutreType), "Répond le bon JSON sous Content-Type: text/plain."),
    fiche("http-redirection", Http(FauteHttp::Redirection), "Redirige (302) vers un autre hôte."),
    fiche("http-enorme", Http(FauteHttp::Enorme), "Répond 200 avec 8 Mio."),
    fiche("ciba-unknown-user-id", RefusCiba("unknown_user_id"), "Refuse la demande CIBA : unknown_user_id."),
    fiche("ciba-invalid-binding-message", RefusCiba("invalid_binding_message"), "Refuse la demande CIBA : invalid_binding_message."),
    fiche("ciba-unauthorized-client", RefusCiba("unauthorized_client"), "Refuse la demande CIBA : unauthorized_client."),
    fiche("ciba-invalid-scope", RefusCiba("invalid_scope"), "Refuse la demande CIBA : invalid_scope."),
    fiche("ciba-access-denied", RefusCiba("access_denied"), "Refuse la demande CIBA : access_denied."),
    fiche("ciba-server-error", RefusCiba("server_error"), "Refuse la demande CIBA : server_error (503, l’appareil ne répond pas)."),
    fiche("ciba-sans-auth-req-id", MembreCiba("auth_req_id", None), "Accusé sans auth_req_id."),
    fiche("ciba-sans-expires-in", MembreCiba("expires_in", None), "Accusé sans expires_in."),
    fiche("ciba-sans-interval", MembreCiba("interval", None), "Accusé sans interval (5 s par défaut)."),
    fiche("ciba-interval-7", MembreCiba("interval", Some("7")), "Accusé avec interval 7."),
    fiche("ciba-expires-in-texte", MembreCiba("expires_in", Some("\"bientôt\"")), "Accusé avec expires_in en lettres."),
    fiche("jeton-slow-down", RefusJeton("slow_down"), "Refuse le jeton : slow_down."),
    fiche("jeton-authorization-pending", RefusJeton("authorization_pending"), "Refuse le jeton : authorization_pending."),
    fiche("jeton-access-denied", RefusJeton("access_denied"), "Refuse le jeton : access_denied."),
    fiche("jeton-expired-token", RefusJeton("expired_token"), "Refuse le jeton : expired_token."),
    fiche("jeton-invalid-grant", RefusJeton("invalid_grant"), "Refuse le jeton : invalid_grant."),
    fiche("jeton-invalid-client", RefusJeton("invalid_client"), "Refuse le jeton : invalid_client (401)."),
    fiche("jeton-sans-access-token", MembreJeton("access_token", None), "Réponse sans access_token."),
    fiche("jeton-sans-id-token", MembreJeton("id_token", None), "Réponse sans id_token."),
    fiche("jeton-sans-refresh-token", MembreJeton("refresh_token", None), "Réponse sans refresh_token."),
    fiche("jeton-sans-session-state", MembreJeton("session_state", None), "Réponse sans session_state."),
    fiche("jeton-sans-expires-in", MembreJeton("expires_in", None), "Réponse sans expires_in."),
    fiche("jeton-expires-in-texte", MembreJeton("expires_in", Some("\"bientôt\"")), "Réponse avec expires_in en lettres."),
    fiche("jeton-autre-type", MembreJeton("token_type", Some("\"mac\"")), "Réponse avec token_type « mac »."),
    fiche("jeton-revoque", JetonRevoque, "Le jeton d’accès est révoqué aussitôt donné."),
    fiche("session-tuee", SessionTuee, "La session se termine aussitôt les jetons donnés."),
    fiche("id-cle-inconnue", Id(FauteId::CleInconnue), "id_token signé par une clé absente du JWKS, sous un kid inconnu."),
    fiche("id-cle-usurpee", Id(FauteId::CleUsurpee), "id_token signé par une clé absente du JWKS, sous le kid de la vraie."),
    fiche("id-signature-alteree", Id(FauteId::SignatureAlteree), "id_token dont la signature ne vérifie plus."),
    fiche("id-alg-none", Id(FauteId::AlgNone), "id_token avec alg « none », sans signature."),
    fiche("id-hs256-client", Id(FauteId::Hs256Client), "id_token en HS256, la clé étant le client_id."),
    fiche("id-hs256-cle-publique", Id(FauteId::Hs256Cle), "id_token en HS256, la clé étant la clé publique."),
    fiche("id-jku", Id(FauteId::Jku), "id_token dont l’en-tête désigne d’autres clés (jku)."),
    fiche("id-crit", Id(FauteId::Crit), "id_token dont l’en-tête exige une extension inconnue (crit)."),
    fiche("id-sans-kid", Id(FauteId::SansKid), "id_token sans kid."),
    fiche("id-iss-faux", Id(FauteId::Avec("iss", "\"https://pirate.example/realms/esante-wallet\"")), "id_token d’un autre émetteur."),
    fiche("id-aud-faux", Id(FauteId::Avec("aud", "\"un-autre-client\"")), "id_token destiné à un autre client."),
    fiche("id-azp-faux", Id(FauteId::Avec("azp", "\"un-autre-client\"")), "id_token émis pour un autre client (azp)."),
    fiche("id-aud-plusieurs", Id(FauteId::AudPlusieurs), "id_token à deux destinataires, sans azp."),
    fiche("id-aud-tableau", Id(FauteId::AudTableau), "id_token dont aud est une liste d’un seul : valide."),
    fiche("id-exp-passe", Id(FauteId::ExpPasse), "id_token expiré depuis une heure."),
    fiche("id-iat-vieux", Id(FauteId::IatVieux), "id_token émis il y a une semaine."),
    fiche("id-iat-futur", Id(FauteId::IatFutur), "id_token émis dans une heure."),
    fiche("id-sans-iss", Id(FauteId::Sans("iss")), "id_token sans iss."),
    fiche("id-sans-sub", Id(FauteId::Sans("sub")), "id_token sans sub."),
    fiche("id-sans-aud", Id(FauteId::Sans("aud")), "id_token sans aud."),
    fiche("id-sans-exp", Id(FauteId::Sans("exp")), "id_token sans exp."),
    fiche("id-sans-iat", Id(FauteId::Sans("iat")), "id_token sans iat."),
    fiche("id-sans-nonce", Id(FauteId::Sans("nonce")), "id_token sans le nonce de la demande."),
    fiche("id-nonce-faux", Id(FauteId::Avec("nonce", "\"un-autre-nonce\"")), "id_token avec un autre nonce."),
    fiche("id-at-hash-faux", Id(FauteId::Avec("at_hash", "\"AAAAAAAAAAAAAAAAAAAAAA\"")), "id_token dont at_hash est d’un autre jeton."),
    fiche("id-sans-acr", Id(FauteId::Sans("acr")), "id_token sans acr."),
    fiche("id-acr-eidas2", Id(FauteId::Avec("acr", "\"eidas2\"")), "id_token avec acr eidas2."),
    fiche("id-acr-eidas3", Id(FauteId::Avec("acr", "\"eidas3\"")), "id_token avec acr eidas3."),
    fiche("id-autre-personne", Id(FauteId::AutrePersonne), "id_token d’un autre professionnel."),
    fiche("userinfo-autre-sub", AutreSub, "userinfo décrit une autre personne."),
    fiche("retour-iss-faux", Faute::Retour(Retour::IssFaux), "Retour au service avec l’iss d’un autre fournisseur."),
    fiche("retour-sans-iss", Faute::Retour(Retour::SansIss), "Retour au service sans iss."),
    fiche("retour-state-faux", Faute::Retour(Retour::StateFaux), "Retour au service avec un autre state."),
    fiche("retour-sans-state", Faute::Retour(Retour::SansState), "Retour au service sans state."),
    fiche("avis-alg-none", Faute::Avis(Avis::AlgNone), "Fin de session annoncée par un jeton sans signature."),
    fiche("avis-aud-faux", Faute::Avis(Avis::AudFaux), "Fin de session annoncée pour un autre client."),
    fiche("avis-iss-faux", Faute::Avis(Avis::IssFaux), "Fin de session annoncée par un autre émetteur."),
    fiche("avis-sans-events", Faute::Avis(Avis::SansEvents), "Fin de session annoncée sans events."),
    fiche("avis-avec-nonce", Faute::Avis(Avis::AvecNonce), "Fin de session annoncée par un jeton qui porte un nonce."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_values_are_json() {
        for (rang, fiche) in FICHES.iter().enumerate() {
            assert!(FICHES.iter().skip(rang + 1).all(|autre| autre.nom != fiche.nom), "{}", fiche.nom);
            assert!(
                fiche
                    .nom
                    .bytes()
                    .all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-')
            );
            if let MembreCiba(_, Some(json)) | MembreJeton(_, Some(json)) | Id(FauteId::Avec(_, json)) =
                fiche.faute
            {
                assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{}", fiche.nom);
            }
        }
    }
}
