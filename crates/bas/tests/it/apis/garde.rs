//! The guard before the API: wrong certificate, none, wrong token, wrong scope; and what rubbish meets.

use bas::journal::Issue;
use http::StatusCode;
use jiff::SignedDuration;
use oidc::CleSignature;
use oidc::jwt::Algorithme;
use serde_json::{Value, json};

use super::{Banc, JETON_PSC_COMMUNAUTE, SECRET, acces, avec, bon_echange};

#[tokio::test]
async fn only_the_certificate_of_the_token_passes() {
    let banc = Banc::ouvrir().await;
    let lie = banc.echanger().await;
    let champs = avec(&avec(&bon_echange(), "client_id", Some("communaute")), "client_secret", Some(SECRET));
    let champs = avec(&champs, "subject_token", Some(JETON_PSC_COMMUNAUTE));
    let libre: Value = banc.poster("", "token", &champs).await.json().await.unwrap();
    let champs = avec(&bon_echange(), "scope", Some("lire"));
    let url = banc.realm("norme", "/protocol/openid-connect/token");
    let norme: Value = banc.http("lps").post(url).form(&champs).send().await.unwrap().json().await.unwrap();
    let lecture: Value = banc.poster("lps", "token", &champs).await.json().await.unwrap();
    // At the beginning of the signature: the last letter of a base64 text may hold bits that mean nothing.
    let (signe, signature) = acces(&lie).rsplit_once('.').unwrap();
    let autre = if signature.starts_with('A') { 'B' } else { 'A' };
    let altere = format!("{signe}.{autre}{}", &signature[1..]);
    let forge = forger(&banc, acces(&lie)).await;
    let bon = acces(&lie);
    let cas = [
        ("lps", "/api/essai", Some(bon), 200, None, "Écho répondu"),
        ("lps", "/api/ecriture", Some(bon), 200, None, "Écho répondu"),
        ("lps", "/api/ailleurs", Some(acces(&norme)), 200, None, "Écho répondu"),
        ("", "/api/libre", Some(acces(&libre)), 200, None, "Écho répondu"),
        (
            "autre",
            "/api/essai",
            Some(bon),
            401,
            Some("invalid_token"),
            "n’est pas celui auquel le jeton est lié",
        ),
        ("", "/api/essai", Some(bon), 401, Some("invalid_token"), "n’en présente aucun"),
        ("", "/api/libre", Some(bon), 401, Some("invalid_token"), "n’en présente aucun"),
        ("", "/api/essai", Some(acces(&libre)), 401, Some("invalid_token"), "cnf absent"),
        ("lps", "/api/essai", None, 401, None, "pas d’en-tête Authorization"),
        ("lps", "/api/essai", Some(""), 401, None, "n’est pas un « Bearer »"),
        ("lps", "/api/essai", Some("n-importe-quoi"), 401, Some("invalid_token"), "pas un JWT"),
        ("lps", "/api/essai", Some(&altere), 401, Some("invalid_token"), "signature est fausse"),
        ("lps", "/api/essai", Some(&forge), 401, Some("invalid_token"), "clé inconnue"),
        ("lps", "/api/essai", Some(acces(&norme)), 401, Some("invalid_token"), "dit venir de"),
        ("lps", "/api/ailleurs", Some(bon), 401, Some("invalid_token"), "dit venir de"),
        ("lps", "/api/ecriture", Some(acces(&lecture)), 403, Some("insufficient_scope"), "veut « ecrire »"),
    ];
    for (nom, chemin, jeton, statut, code, raison) in cas {
        let reponse = banc.api(nom, chemin, jeton).await;
        assert_eq!(reponse.status().as_u16(), statut, "{nom} {chemin} {raison}");
        let methode =
            reponse.headers().get("www-authenticate").map(|valeur| valeur.to_str().unwrap().to_owned());
        let ligne = banc.derniere();
        assert!(ligne.raison.contains(raison), "{raison} : {}", ligne.raison);
        assert_eq!(ligne.issue, if statut == 200 { Issue::Accepte } else { Issue::Refuse });
        if statut != 200 {
            let methode = methode.unwrap();
            assert!(methode.starts_with("Bearer realm="), "{methode}");
            assert_eq!(methode.contains("error="), code.is_some(), "{methode}");
            assert!(code.is_none_or(|code| methode.contains(code)), "{methode}");
            assert_eq!(methode.contains("scope=\"ecrire\""), statut == 403, "{methode}");
        }
    }
    banc.horloge.avancer(SignedDuration::from_secs(14_399));
    assert_eq!(banc.api("lps", "/api/essai", Some(bon)).await.status(), StatusCode::OK);
    banc.horloge.avancer(SignedDuration::from_secs(1));
    assert_eq!(banc.api("lps", "/api/essai", Some(bon)).await.status(), StatusCode::UNAUTHORIZED);
    assert!(banc.derniere().raison.contains("a expiré"));
}

/// The same claims, signed by somebody else.
async fn forger(banc: &Banc, jeton: &str) -> String {
    let champs = [("client_id", "lps"), ("token", jeton)];
    let dit: Value = banc.poster("lps", "token/introspect", &champs).await.json().await.unwrap();
    let pem = CleSignature::generer_pem(Algorithme::Es256).unwrap();
    CleSignature::depuis_pem(Algorithme::Es256, &pem).unwrap().signer(&dit).unwrap()
}

#[tokio::test]
async fn two_authorizations_are_one_too_many() {
    let banc = Banc::ouvrir().await;
    let jeton = banc.echanger().await;
    let appel = banc.http("lps").get(format!("{}/api/essai", banc.url));
    let appel = appel.bearer_auth(acces(&jeton)).header("authorization", "Basic eDp5");
    assert_eq!(appel.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    // A token in the query is not looked at (RFC 6750 §2.3), and doesn't reach the journal.
    let url = format!("/api/essai?access_token={}", acces(&jeton));
    assert_eq!(banc.api("lps", &url, None).await.status(), StatusCode::UNAUTHORIZED);
    assert!(!serde_json::to_string(&banc.derniere()).unwrap().contains(acces(&jeton)));
}

#[tokio::test]
async fn rubbish_is_refused_everywhere_and_breaks_nothing() {
    let banc = Banc::ouvrir().await;
    let jeton = banc.echanger().await;
    let client = banc.http("lps");
    let points = ["token", "token/introspect", "revoke"]
        .map(|point| banc.realm("essai", &format!("/protocol/openid-connect/{point}")));
    let apis = ["/mockservice/apipsc/signsessiondata", "/api/insi/recherche"]
        .map(|api| format!("{}{api}", banc.url));
    let longue = "a=".to_owned() + &"b".repeat(3_000_000);
    let ordures: [(&str, &[u8]); 9] = [
        ("application/x-www-form-urlencoded", b""),
        ("application/x-www-form-urlencoded", b"%%%=%zz&&&=&\xff\xfe"),
        ("application/x-www-form-urlencoded", b"client_id=lps&client_id=lps"),
        ("application/x-www-form-urlencoded", longue.as_bytes()),
        ("application/json", b"{"),
        ("application/json", b"[[[[[[[[[["),
        ("application/json", b"{\"nationalId\":{},\"sexe\":[],\"dateNaissance\":\"9999-99-99\"}"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n--x--"),
        ("text/plain", b"\0\0\0\0"),
    ];
    for url in points.iter().chain(&apis) {
        for (genre, corps) in ordures {
            let requete = client.post(url).bearer_auth(acces(&jeton)).header("content-type", genre);
            // A server may answer before it has read all of a body that is too long.
            if let Ok(reponse) = requete.body(corps.to_vec()).send().await {
                assert!(reponse.status().is_client_error(), "{url} {genre} : {}", reponse.status());
            }
        }
        assert!(client.get(url).bearer_auth(acces(&jeton)).send().await.unwrap().status().is_client_error());
    }
    for chemin in
        ["/", "/realms", "/realms/absent/protocol/openid-connect/token", "/api", "/api/absente", "//", "/%00"]
    {
        assert_eq!(
            banc.api("lps", chemin, Some(acces(&jeton))).await.status(),
            StatusCode::NOT_FOUND,
            "{chemin}"
        );
    }
    assert_eq!(banc.echanger().await["token_type"], json!("Bearer"), "it still works");
}
