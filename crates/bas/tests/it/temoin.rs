//! The witness: the `openidconnect` crate, unmodified, signs somebody in with what the realm publishes.

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse as _,
};
use service::Horloge;

use crate::banc::{Banc, RETOUR, SECRET, parametre};

/// Carries the witness's requests with our authority.
pub(crate) async fn porter(
    http: reqwest::Client,
    requete: HttpRequest,
) -> Result<HttpResponse, reqwest::Error> {
    let reponse = http.execute(requete.try_into()?).await?;
    let mut construite = openidconnect::http::Response::builder().status(reponse.status());
    for (nom, valeur) in reponse.headers() {
        construite = construite.header(nom, valeur);
    }
    Ok(construite.body(reponse.bytes().await?.to_vec()).unwrap())
}

#[tokio::test]
async fn the_openidconnect_crate_signs_somebody_in() {
    let banc = Banc::ouvrir_a(Horloge::systeme());
    let http = banc.http();
    let transport = |requete: HttpRequest| porter(http.clone(), requete);
    let issuer = IssuerUrl::new(banc.issuer.clone()).unwrap();
    let metadonnees = CoreProviderMetadata::discover_async(issuer, &transport).await.unwrap();
    let client = CoreClient::from_provider_metadata(
        metadonnees,
        ClientId::new("guichet".into()),
        Some(ClientSecret::new(SECRET.into())),
    )
    .set_redirect_uri(RedirectUrl::new(RETOUR.into()).unwrap());

    let (defi, verificateur) = PkceCodeChallenge::new_random_sha256();
    let (url, etat, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("profile".into()))
        .set_pkce_challenge(defi)
        .set_max_age(std::time::Duration::from_mins(1))
        .url();
    let navigateur = banc.navigateur();
    let page = navigateur.page(&url).await;
    let reponse =
        navigateur.poster(&page, &[("identifiant", "nadia.benali"), ("mot_de_passe", "demo")]).await;
    let lieu = crate::banc::lieu(&reponse);
    assert_eq!(parametre(&lieu, "state").as_deref(), Some(etat.secret().as_str()));
    assert_eq!(parametre(&lieu, "iss").as_deref(), Some(banc.issuer.as_str()));

    let code = AuthorizationCode::new(parametre(&lieu, "code").unwrap());
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
    assert_eq!(revendications.preferred_username().unwrap().as_str(), "nadia.benali");
    assert!(revendications.auth_time().is_some());
    let empreinte = AccessTokenHash::from_token(
        jetons.access_token(),
        id_token.signing_alg().unwrap(),
        id_token.signing_key(&verifieur).unwrap(),
    )
    .unwrap();
    assert_eq!(revendications.access_token_hash(), Some(&empreinte));

    let sujet = Some(revendications.subject().clone());
    let profil: CoreUserInfoClaims = client
        .user_info(jetons.access_token().clone(), sujet)
        .unwrap()
        .request_async(&transport)
        .await
        .unwrap();
    assert_eq!(profil.email().unwrap().as_str(), "nadia.benali@hexasoins.example");
    assert_eq!(profil.email_verified(), Some(true));
}
