//! The witness: the `openidconnect` crate, unmodified, signs a professional in with a client certificate.

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, CsrfToken, HttpRequest, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse as _,
};
use service::Horloge;
use url::Url;

use super::code::Navigateur;
use super::{Banc, MEDECIN, RETOUR};
use crate::banc::{lieu, parametre};
use crate::temoin::porter;

#[tokio::test]
async fn the_openidconnect_crate_signs_a_professional_in_over_mtls() {
    let banc = Banc::ouvrir_a(Horloge::systeme());
    let http = banc.avec_certificat("lps").http;
    let transport = |requete: HttpRequest| porter(http.clone(), requete);
    let issuer = IssuerUrl::new(banc.issuer.clone()).unwrap();
    let metadonnees = CoreProviderMetadata::discover_async(issuer, &transport).await.unwrap();
    let client = CoreClient::from_provider_metadata(metadonnees, ClientId::new("lps".into()), None)
        .set_redirect_uri(RedirectUrl::new(RETOUR.into()).unwrap());
    let (defi, verificateur) = PkceCodeChallenge::new_random_sha256();
    let (url, etat, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("scope_all".into()))
        .set_pkce_challenge(defi)
        .url();
    let retour = Navigateur::nouveau(&banc)
        .choisir(&Url::parse(url.as_str()).unwrap(), &[("identite", MEDECIN)])
        .await;
    let retour = lieu(&retour);
    assert_eq!(parametre(&retour, "state").as_deref(), Some(etat.secret().as_str()));

    let code = AuthorizationCode::new(parametre(&retour, "code").unwrap());
    let jetons = client
        .exchange_code(code)
        .unwrap()
        .set_pkce_verifier(verificateur)
        .request_async(&transport)
        .await
        .unwrap();
    let id_token = jetons.id_token().unwrap();
    let verifieur = client.id_token_verifier();
    let revendications = id_token.claims(&verifieur, &nonce).unwrap();
    assert_eq!(revendications.preferred_username().unwrap().as_str(), MEDECIN);
    let (alg, cle) = (id_token.signing_alg().unwrap(), id_token.signing_key(&verifieur).unwrap());
    let empreinte = AccessTokenHash::from_token(jetons.access_token(), alg, cle).unwrap();
    assert_eq!(revendications.access_token_hash(), Some(&empreinte));
    let sujet = Some(revendications.subject().clone());
    let profil: CoreUserInfoClaims = client
        .user_info(jetons.access_token().clone(), sujet)
        .unwrap()
        .request_async(&transport)
        .await
        .unwrap();
    assert_eq!(profil.preferred_username().unwrap().as_str(), MEDECIN);
}
