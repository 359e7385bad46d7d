//! The catalogue of faults: a name, what it does, as people read it. Names are stable: scripts hold them.

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Faute {
    /// Of the connection, before any request.
    Tls(FauteTls),
    /// In place of the answer, at any endpoint.
    Http(FauteHttp),
    /// An error of the token endpoint of an authorization server.
    RefusAs(&'static str),
    /// A member of the token answer of an authorization server, left out or replaced by this JSON.
    MembreAs(&'static str, Option<&'static str>),
    /// An error of the revocation endpoint.
    RefusRevocation(&'static str),
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
    /// A refresh token serves once.
    RafraichissementUnique,
    /// Another key signs, from this very token on.
    CleTournee,
}

impl Faute {
    /// Whether one chooses which server it strikes.
    pub(super) fn a_une_cible(self) -> bool {
        matches!(self, Self::Tls(_) | Self::Http(_))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FauteTls {
    AutoriteInconnue,
    NomFaux,
    Expire,
    SansDemande,
    Tls12,
    Tls11,
    Muet,
    Coupe,
}

impl FauteTls {
    /// Whether the certificate must come from the authority that clients trust, for its own fault to be the only one.
    pub(super) fn demande_l_autorite(self) -> bool {
        matches!(self, Self::NomFaux | Self::Expire)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FauteHttp {
    Statut(u16),
    /// Answers rightly, late.
    Lent,
    /// Answers rightly, byte by byte.
    Goutte,
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
    /// An error in place of the code.
    Erreur(&'static str),
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

use Faute::{
    AutreSub, CleTournee, Http, Id, JetonRevoque, MembreAs, MembreCiba, MembreJeton, RafraichissementUnique,
    RefusAs, RefusCiba, RefusJeton, RefusRevocation, SessionTuee, Tls,
};

#[rustfmt::skip]
pub(super) static FICHES: &[Fiche] = &[
    fiche("tls-autorite-inconnue", Tls(FauteTls::AutoriteInconnue), "Présente un certificat d’une autorité que personne ne connaît."),
    fiche("tls-nom-faux", Tls(FauteTls::NomFaux), "Présente un certificat valable, mais d’un autre hôte."),
    fiche("tls-expire", Tls(FauteTls::Expire), "Présente un certificat expiré depuis la veille."),
    fiche("tls-sans-demande", Tls(FauteTls::SansDemande), "Ne demande pas de certificat client : qui se prouve par le sien est refusé."),
    fiche("tls-1-2", Tls(FauteTls::Tls12), "Ne parle que TLS 1.2, ce qui est permis."),
    fiche("tls-1-1", Tls(FauteTls::Tls11), "Choisit TLS 1.1 (un ServerHello, rien de plus) et note si l’appelant l’accepte ; la poignée de main s’arrête là."),
    fiche("tls-muet", Tls(FauteTls::Muet), "Accepte la connexion et ne répond jamais."),
    fiche("tls-coupe", Tls(FauteTls::Coupe), "Coupe la connexion (RST) dès le premier message."),
    fiche("http-401", Http(FauteHttp::Statut(401)), "Répond 401 invalid_token, sans corps."),
    fiche("http-500", Http(FauteHttp::Statut(500)), "Répond 500, sans corps."),
    fiche("http-502", Http(FauteHttp::Statut(502)), "Répond 502, sans corps."),
    fiche("http-503", Http(FauteHttp::Statut(503)), "Répond 503 avec Retry-After: 10."),
    fiche("http-504", Http(FauteHttp::Statut(504)), "Répond 504, sans corps."),
    fiche("http-429", Http(FauteHttp::Statut(429)), "Répond 429 avec Retry-After: 10."),
    fiche("http-lent", Http(FauteHttp::Lent), "Répond juste, mais après « secondes » (5 par défaut)."),
    fiche("http-goutte", Http(FauteHttp::Goutte), "Répond juste, octet par octet, en « secondes » au total (5 par défaut)."),
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
    fiche("ciba-invalid-request", RefusCiba("invalid_request"), "Refuse la demande CIBA : invalid_request."),
    fiche("ciba-invalid-client", RefusCiba("invalid_client"), "Refuse la demande CIBA : invalid_client (401)."),
    fiche("ciba-expired-login-hint-token", RefusCiba("expired_login_hint_token"), "Refuse la demande CIBA : expired_login_hint_token."),
    fiche("ciba-missing-user-code", RefusCiba("missing_user_code"), "Refuse la demande CIBA : missing_user_code."),
    fiche("ciba-invalid-user-code", RefusCiba("invalid_user_code"), "Refuse la demande CIBA : invalid_user_code."),
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
    fiche("jeton-invalid-request", RefusJeton("invalid_request"), "Refuse le jeton : invalid_request."),
    fiche("jeton-invalid-scope", RefusJeton("invalid_scope"), "Refuse le jeton : invalid_scope."),
    fiche("jeton-unauthorized-client", RefusJeton("unauthorized_client"), "Refuse le jeton : unauthorized_client (401)."),
    fiche("jeton-unsupported-grant-type", RefusJeton("unsupported_grant_type"), "Refuse le jeton : unsupported_grant_type."),
    fiche("jeton-sans-access-token", MembreJeton("access_token", None), "Réponse sans access_token."),
    fiche("jeton-sans-id-token", MembreJeton("id_token", None), "Réponse sans id_token."),
    fiche("jeton-sans-refresh-token", MembreJeton("refresh_token", None), "Réponse sans refresh_token."),
    fiche("jeton-sans-session-state", MembreJeton("session_state", None), "Réponse sans session_state."),
    fiche("jeton-sans-expires-in", MembreJeton("expires_in", None), "Réponse sans expires_in."),
    fiche("jeton-expires-in-texte", MembreJeton("expires_in", Some("\"bientôt\"")), "Réponse avec expires_in en lettres."),
    fiche("jeton-autre-type", MembreJeton("token_type", Some("\"mac\"")), "Réponse avec token_type « mac »."),
    fiche("jeton-revoque", JetonRevoque, "Le jeton d’accès est révoqué aussitôt donné."),
    fiche("rafraichissement-unique", RafraichissementUnique, "Un jeton de rafraîchissement ne sert qu’une fois : celui qui vient de servir est révoqué."),
    fiche("revocation-unsupported-token-type", RefusRevocation("unsupported_token_type"), "Refuse la révocation : unsupported_token_type."),
    fiche("cle-tournee", CleTournee, "Change la clé de signature juste avant de signer : le JWKS lu plus tôt ne la contient pas."),
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
    fiche("retour-access-denied", Faute::Retour(Retour::Erreur("access_denied")), "Retour au service avec l’erreur access_denied, sans code."),
    fiche("retour-login-required", Faute::Retour(Retour::Erreur("login_required")), "Retour au service avec l’erreur login_required, sans code."),
    fiche("retour-invalid-request", Faute::Retour(Retour::Erreur("invalid_request")), "Retour au service avec l’erreur invalid_request, sans code."),
    fiche("retour-unauthorized-client", Faute::Retour(Retour::Erreur("unauthorized_client")), "Retour au service avec l’erreur unauthorized_client, sans code."),
    fiche("retour-unsupported-response-type", Faute::Retour(Retour::Erreur("unsupported_response_type")), "Retour au service avec l’erreur unsupported_response_type, sans code."),
    fiche("retour-invalid-scope", Faute::Retour(Retour::Erreur("invalid_scope")), "Retour au service avec l’erreur invalid_scope, sans code."),
    fiche("retour-server-error", Faute::Retour(Retour::Erreur("server_error")), "Retour au service avec l’erreur server_error, sans code."),
    fiche("retour-temporarily-unavailable", Faute::Retour(Retour::Erreur("temporarily_unavailable")), "Retour au service avec l’erreur temporarily_unavailable, sans code."),
    fiche("avis-alg-none", Faute::Avis(Avis::AlgNone), "Fin de session annoncée par un jeton sans signature."),
    fiche("avis-aud-faux", Faute::Avis(Avis::AudFaux), "Fin de session annoncée pour un autre client."),
    fiche("avis-iss-faux", Faute::Avis(Avis::IssFaux), "Fin de session annoncée par un autre émetteur."),
    fiche("avis-sans-events", Faute::Avis(Avis::SansEvents), "Fin de session annoncée sans events."),
    fiche("avis-avec-nonce", Faute::Avis(Avis::AvecNonce), "Fin de session annoncée par un jeton qui porte un nonce."),
    fiche("as-invalid-request", RefusAs("invalid_request"), "Le serveur d’autorisation refuse l’échange : invalid_request."),
    fiche("as-invalid-client", RefusAs("invalid_client"), "Le serveur d’autorisation refuse l’échange : invalid_client (401)."),
    fiche("as-invalid-grant", RefusAs("invalid_grant"), "Le serveur d’autorisation refuse l’échange ou le rafraîchissement : invalid_grant."),
    fiche("as-unauthorized-client", RefusAs("unauthorized_client"), "Le serveur d’autorisation refuse l’échange : unauthorized_client (401)."),
    fiche("as-unsupported-grant-type", RefusAs("unsupported_grant_type"), "Le serveur d’autorisation refuse l’échange : unsupported_grant_type."),
    fiche("as-invalid-scope", RefusAs("invalid_scope"), "Le serveur d’autorisation refuse l’échange : invalid_scope."),
    fiche("as-invalid-target", RefusAs("invalid_target"), "Le serveur d’autorisation refuse l’échange : invalid_target."),
    fiche("as-sans-access-token", MembreAs("access_token", None), "Réponse du serveur d’autorisation sans access_token."),
    fiche("as-sans-refresh-token", MembreAs("refresh_token", None), "Réponse du serveur d’autorisation sans refresh_token."),
    fiche("as-sans-expires-in", MembreAs("expires_in", None), "Réponse du serveur d’autorisation sans expires_in."),
    fiche("as-expires-in-texte", MembreAs("expires_in", Some("\"bientôt\"")), "Réponse du serveur d’autorisation avec expires_in en lettres."),
    fiche("as-expires-in-5", MembreAs("expires_in", Some("5")), "Réponse du serveur d’autorisation avec expires_in 5, bien que le jeton vive plus longtemps."),
    fiche("as-sans-issued-token-type", MembreAs("issued_token_type", None), "Réponse du serveur d’autorisation sans issued_token_type."),
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
            if let MembreCiba(_, Some(json))
            | MembreJeton(_, Some(json))
            | MembreAs(_, Some(json))
            | Id(FauteId::Avec(_, json)) = fiche.faute
            {
                assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{}", fiche.nom);
            }
        }
    }
}
