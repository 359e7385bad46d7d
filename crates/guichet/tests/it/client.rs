//! « Demander un Client ID », with a real sandbox behind, and with services that fail in every way.

use std::{net::SocketAddr, path::Path};

use axum::{Json, Router, routing::post};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use domaine::{
    candidature::administratif::Saisie,
    client_psc::{ClientPsc, Environnement},
    evenement::Sujet,
    id::Id,
    produit::{Droit, Produit},
    referentiel::Guichet,
};
use guichet::config::ClientsPsc;
use http::StatusCode;
use igc::{Algorithme, Autorite, Demande, Usage};
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use service::{Alea, Arret, Horloge, Identite, Serveur, TlsServeur, tls::Clients};

use crate::appui::{Reponse, Site, debut, dossier};

const JETON: &str = "jeton-du-bac";

/// A server of somebody else, with its authority.
struct Voisin {
    url: String,
    dossier: tempfile::TempDir,
    serveur: Option<(Serveur, TlsServeur)>,
    arret: Arret,
}

impl Drop for Voisin {
    fn drop(&mut self) {
        self.arret.demander();
    }
}

impl Voisin {
    async fn nouveau() -> Self {
        service::tls::installer_fournisseur();
        let dossier = tempfile::tempdir().expect("a folder");
        let autorite = Autorite::nouvelle("AC du voisin", debut()).expect("an authority");
        let certificat = autorite
            .emettre(&Demande {
                cn: "localhost".to_owned(),
                ou: None,
                organisation: None,
                noms_dns: vec!["localhost".to_owned()],
                adresses_ip: Vec::new(),
                usage: Usage::Serveur,
                debut: debut(),
                fin: debut() + SignedDuration::from_hours(24 * 3650),
                algorithme: Algorithme::P256,
            })
            .expect("a certificate");
        for (nom, texte) in [("ca.pem", autorite.cert_pem()), ("ca.key", autorite.cle_pem().expose_secret())]
        {
            std::fs::write(dossier.path().join(nom), texte).expect("written");
        }
        let identite = Identite::depuis_pem(&certificat.cert_pem, certificat.cle_pem.expose_secret());
        let tls = TlsServeur::nouveau(identite.expect("an identity"), Clients::Aucun).expect("TLS");
        let serveur = Serveur::lier(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
        let url = format!("https://localhost:{}", serveur.adresse().port());
        Self { url, dossier, serveur: Some((serveur, tls)), arret: Arret::new() }
    }

    fn servir(mut self, routes: Router) -> Self {
        let (serveur, tls) = self.serveur.take().expect("not serving yet");
        let fin = self.arret.clone();
        tokio::spawn(async move { serveur.servir(routes, tls, fin).await });
        self
    }

    /// The sandbox, with its authority.
    async fn bac() -> Self {
        let voisin = Self::nouveau().await;
        let donnees = voisin.dossier.path().to_owned();
        let isc = bas::isc::Config {
            issuer: format!("{}/realms/industriels", voisin.url),
            clients: Vec::new(),
            donnees: donnees.clone(),
        };
        let psc = bas::psc::Config {
            issuer: format!("{}{}", voisin.url, oidc::psc::ROYAUME),
            portail: voisin.url.clone(),
            jeton_admin: JETON.into(),
            autorite: Some(donnees.join("ca.pem")),
            reglages: bas::psc::Reglages::default(),
            clients: Vec::new(),
            emission: Some(bas::psc::Emission {
                certificat: donnees.join("ca.pem"),
                cle: donnees.join("ca.key"),
            }),
            scenarios: None,
            donnees,
        };
        let config = bas::Config { isc, psc, apis: None };
        let bac = bas::Bac::nouveau(config, Horloge::fixe(debut()), Alea::graine(1)).expect("a sandbox");
        voisin.servir(bac.routes())
    }

    /// A service that always answers the same.
    async fn qui_repond(statut: StatusCode, corps: Value) -> Self {
        let routes = Router::new().route(
            "/_bac-a-sable/demandes-client",
            post(move || {
                let reponse = (statut, Json(corps.clone()));
                async move { reponse }
            }),
        );
        Self::nouveau().await.servir(routes)
    }

    fn reglage(&self, jeton: &str) -> ClientsPsc {
        ClientsPsc {
            url: format!("{}/_bac-a-sable/demandes-client", self.url).parse().expect("a URL"),
            jeton: jeton.into(),
            autorite: Some(self.dossier.path().join("ca.pem")),
        }
    }
}

async fn clients(site: &Site, produit: Id<Produit>) -> Vec<ClientPsc> {
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    tx.load_clients_psc(produit).await.expect("read")
}

/// What stands in the first `<code>` after a label.
fn code_apres(page: &str, libelle: &str) -> String {
    let reste = page.split_once(libelle).expect("the label").1;
    let reste = reste.split_once("<code class=\"code\">").expect("a value").1;
    reste.split('<').next().unwrap_or_default().to_owned()
}

fn pkcs12(reponse: &Reponse) -> (String, Vec<u8>) {
    let page = reponse.corps();
    let reste = page.split_once("href=\"data:application/x-pkcs12;base64,").expect("a file").1;
    let texte = reste.split('"').next().unwrap_or_default().replace("&#43;", "+").replace("&#61;", "=");
    let octets = BASE64_STANDARD.decode(&texte).expect("base64");
    (texte, octets)
}

/// Whether one of the files of a folder holds these bytes.
fn garde(dossier: &Path, octets: &[u8]) -> bool {
    let fichiers =
        std::fs::read_dir(dossier).expect("a folder").map(|entree| entree.expect("an entry").path());
    fichiers.filter(|chemin| chemin.is_file()).any(|chemin| {
        let lu = std::fs::read(chemin).unwrap_or_default();
        lu.windows(octets.len()).any(|fenetre| fenetre == octets)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn il_se_montre_une_fois_et_ne_laisse_que_des_noms() {
    let bac = Voisin::bac().await;
    for base in test_support::base::bases() {
        let sqlite = base.url.strip_prefix("sqlite://").and_then(|reste| reste.split('?').next());
        let sqlite = sqlite.map(str::to_owned);
        let site = Site::ouvrir_avec(base, |config| config.clients_psc = Some(bac.reglage(JETON))).await;
        let produit = dossier::produit(&site, "claire.martin", "Proxy Logimed").await;
        let (claire, url) = (site.comme("claire.martin").await, format!("/produits/{produit}/clients"));
        let page = claire.get(&url).await;
        assert!(page.corps().contains("Aucun Client ID n’a été demandé ici"));
        assert!(
            claire.get(&format!("/produits/{produit}")).await.corps().contains(&format!("href=\"{url}\""))
        );
        let envoi = page.champ("envoi");
        let champs = [
            ("envoi", envoi.as_str()),
            ("environnement", "bas"),
            ("nru", ""),
            ("retours", "https://proxy.example/connect/callback"),
        ];
        let obtenu = claire.post(&url, &champs).await;
        assert_eq!(obtenu.statut, 200, "{}", obtenu.corps());
        assert_eq!(obtenu.entetes["cache-control"], "no-store");
        let client_id = code_apres(&obtenu.corps(), "<dt>Client ID</dt>");
        let mot_de_passe = code_apres(&obtenu.corps(), "<dt>Mot de passe du fichier</dt>");
        let (texte, octets) = pkcs12(&obtenu);
        let identite = igc::pkcs12::lire(&octets, &mot_de_passe.as_str().into()).expect("it opens");
        let lu = igc::lire::lire_der(&identite.certs_der[0]).expect("a certificate");
        assert_eq!((lu.cn.as_deref(), lu.ou.as_deref()), (Some(&*client_id), Some("373282932000074")));

        let gardes = clients(&site, produit).await;
        assert_eq!(gardes.len(), 1);
        assert_eq!((gardes[0].client_id.as_str(), gardes[0].fin), (&*client_id, lu.fin));
        assert_eq!(gardes[0].environnement, Environnement::Bas);
        let liste = claire.get(&url).await.corps();
        assert!(
            liste.contains(&client_id) && liste.contains("Bac à sable") && liste.contains("21 novembre 2026")
        );
        assert!(!liste.contains(&mot_de_passe));
        let histoire = claire.get(&format!("/produits/{produit}")).await.corps();
        assert!(histoire.contains(&format!("Client ID du bac à sable obtenu : {client_id}")));

        // The same form again: nothing more is made, and what was shown once isn't shown again.
        let encore = claire.post(&url, &champs).await;
        assert_eq!((encore.statut, encore.vers()), (303, url.as_str()));
        let liste = claire.get(&url).await.corps();
        assert!(liste.contains("a déjà reçu sa réponse") && !liste.contains(&mot_de_passe));
        assert_eq!(clients(&site, produit).await.len(), 1);

        if let Some(chemin) = sqlite {
            let dossier = Path::new(&chemin).parent().expect("a folder");
            assert!(garde(dossier, client_id.as_bytes()), "the search finds what is kept");
            assert!(!garde(dossier, mot_de_passe.as_bytes()), "the password is written nowhere");
            assert!(!garde(dossier, &texte.as_bytes()[..64]) && !garde(dossier, &octets[..48]));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn la_production_demande_le_nru_et_le_datapass_et_dit_lequel_manque() {
    let bac = Voisin::bac().await;
    let base = test_support::base::sqlite();
    let site = Site::ouvrir_avec(base, |config| config.clients_psc = Some(bac.reglage(JETON))).await;
    let produit = dossier::produit(&site, "claire.martin", "Proxy Logimed").await;
    let (claire, url) = (site.comme("claire.martin").await, format!("/produits/{produit}/clients"));
    let demander = async |nru: &str| {
        let champs = [("environnement", "production"), ("nru", nru), ("retours", "https://lps.example/r")];
        claire.post(&url, &champs).await
    };
    let sans = demander("").await;
    assert_eq!(sans.statut, 422);
    assert!(sans.corps().contains("id=\"c-nru-erreur\"") && sans.corps().contains("guichet Opérateur"));
    assert!(sans.corps().contains("https://lps.example/r"), "nothing typed is lost");

    let candidature = dossier::candidature(&site, "claire.martin", produit, Guichet::Operateur).await;
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    let nru = tx.load_candidature(candidature).await.expect("read").expect("there").nru.to_string();
    drop(tx);
    let sans = demander(&nru).await;
    assert_eq!(sans.statut, 422);
    assert!(sans.corps().contains("Le numéro de demande DataPass manque au formulaire"));

    let par = site.acteur("claire.martin").await;
    let valeurs = [("datapass".to_owned(), "D4321".to_owned())].into_iter().collect();
    let saisie = Saisie { valeurs, ..Saisie::default() };
    let contexte = site.app.contexte(Guichet::Operateur);
    site.app.agir(candidature, |c| c.saisir(saisie.clone(), &contexte, &par, debut())).await.expect("saved");
    let obtenu = demander(&nru).await;
    assert_eq!(obtenu.statut, 200, "{}", obtenu.corps());
    assert!(code_apres(&obtenu.corps(), "<dt>Client ID</dt>").starts_with("prod-proxy-logimed-"));
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    let dits = tx.load_evenements(&Sujet::new("produit", produit), false).await.expect("read");
    let motif = dits.last().and_then(|lu| lu.evenement.motif.clone());
    assert_eq!(motif, Some(format!("Candidature {nru}, demande DataPass D4321")));
}

#[tokio::test(flavor = "multi_thread")]
async fn sans_service_la_page_dit_qui_le_relie_et_seul_qui_soumet_demande() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let produit = dossier::produit(&site, "claire.martin", "Proxy Logimed").await;
    dossier::droit(&site, produit, "lea.petit", Droit::Depot).await;
    let url = format!("/produits/{produit}/clients");
    let claire = site.comme("claire.martin").await;
    let page = claire.get(&url).await.corps();
    assert!(page.contains("[guichet.clients_psc]") && !page.contains("Demander ce Client ID"));
    let forcee = claire.post(&url, &[("environnement", "bas")]).await;
    assert_eq!(forcee.statut, 503);
    assert!(forcee.corps().contains("n’est pas relié à ce guichet"));
    let lea = site.comme("lea.petit").await;
    assert!(lea.get(&url).await.corps().contains("peuvent demander un Client ID"));
    assert_eq!(lea.post(&url, &[("environnement", "bas")]).await.statut, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn un_service_qui_manque_ne_fait_rien_perdre() {
    let bac = Voisin::bac().await;
    let mut ferme = Voisin::nouveau().await;
    ferme.serveur = None;
    let emis = |p12: &str| json!({"client_id": "bas-proxy-1", "p12": p12, "mot_de_passe": "x"});
    let autre = igc_p12("un-autre-nom");
    let cas: Vec<(ClientsPsc, Option<Voisin>, u16, &str)> = vec![
        (ferme.reglage(JETON), Some(ferme), 503, "ne répond pas"),
        (bac.reglage("mauvais-jeton"), None, 502, "ne reconnaît pas ce guichet"),
        repond(
            422,
            json!({"message": "nom : il est pris."}),
            422,
            "a refusé la demande : nom : il est pris.",
        )
        .await,
        repond(404, json!("rien"), 503, "a répondu 404").await,
        repond(500, json!({"message": "secret du serveur"}), 503, "a répondu 500").await,
        repond(201, json!({"client_id": "x"}), 502, "inutilisable (format)").await,
        repond(201, emis("%%%"), 502, "mal encodé").await,
        repond(201, emis("AAAA"), 502, "ne s’ouvre pas").await,
        repond(
            201,
            json!({"client_id": "bas-proxy-1", "p12": autre, "mot_de_passe": "secret"}),
            502,
            "au nom d’un autre",
        )
        .await,
        repond(
            201,
            json!({"client_id": "bas-proxy-1", "p12": "A".repeat(300_000), "mot_de_passe": "x"}),
            502,
            "trop longue",
        )
        .await,
    ];
    for (reglage, _voisin, statut, dit) in cas {
        let base = test_support::base::sqlite();
        let site = Site::ouvrir_avec(base, |config| config.clients_psc = Some(reglage)).await;
        let produit = dossier::produit(&site, "claire.martin", "Proxy Logimed").await;
        let claire = site.comme("claire.martin").await;
        let url = format!("/produits/{produit}/clients");
        let champs = [("environnement", "bas"), ("nru", ""), ("retours", "https://lps.example/garde")];
        let reponse = claire.post(&url, &champs).await;
        assert_eq!(reponse.statut, statut, "{dit} : {}", reponse.corps());
        let corps = reponse.corps();
        assert!(corps.contains(dit) && corps.contains("https://lps.example/garde"), "{dit} : {corps}");
        assert!(!corps.contains("secret du serveur"), "what a broken service says stays unread");
        assert!(clients(&site, produit).await.is_empty(), "{dit}");
    }
}

async fn repond(
    statut: u16,
    corps: Value,
    attendu: u16,
    dit: &'static str,
) -> (ClientsPsc, Option<Voisin>, u16, &'static str) {
    let voisin = Voisin::qui_repond(StatusCode::from_u16(statut).expect("a status"), corps).await;
    (voisin.reglage(JETON), Some(voisin), attendu, dit)
}

/// A PKCS#12 under this name, with the password « secret ».
fn igc_p12(cn: &str) -> String {
    let autorite = Autorite::nouvelle("AC", debut()).expect("an authority");
    let certificat = autorite
        .emettre(&Demande {
            cn: cn.to_owned(),
            ou: None,
            organisation: None,
            noms_dns: Vec::new(),
            adresses_ip: Vec::new(),
            usage: Usage::Client,
            debut: debut(),
            fin: debut() + SignedDuration::from_hours(24),
            algorithme: Algorithme::P256,
        })
        .expect("a certificate");
    let p12 = igc::pkcs12::ecrire(&certificat.cert_pem, &certificat.cle_pem, &"secret".into(), cn);
    BASE64_STANDARD.encode(p12.expect("a file"))
}
