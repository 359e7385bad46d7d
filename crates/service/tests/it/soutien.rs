//! A throw-away authority and a server around it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use service::serveur::Temoin;
use service::tls::Clients;
use service::{Arret, Identite, Serveur, TlsServeur};

pub(crate) struct Autorite(CertifiedIssuer<'static, KeyPair>);

impl Autorite {
    pub(crate) fn nouvelle() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let cle = KeyPair::generate().unwrap();
        // Two authorities never bear one name: a verifier would take one for the other and find the signature false.
        params.distinguished_name.push(DnType::CommonName, format!("{:?}", &cle.public_key_raw()[1..9]));
        Self(CertifiedIssuer::self_signed(params, cle).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Certificate and key, in PEM.
    pub(crate) fn emettre(&self, nom: &str) -> (String, String) {
        let cle = KeyPair::generate().unwrap();
        let certificat =
            CertificateParams::new(vec![nom.to_owned()]).unwrap().signed_by(&cle, &self.0).unwrap();
        (certificat.pem(), cle.serialize_pem())
    }

    pub(crate) fn identite(&self) -> Identite {
        let (certificat, cle) = self.emettre("localhost");
        Identite::depuis_pem(&certificat, &cle).unwrap()
    }

    pub(crate) fn client(&self) -> reqwest::Client {
        service::client_http::client(Some(&self.pem()), Duration::from_secs(20)).unwrap()
    }
}

pub(crate) struct Essai {
    pub(crate) autorite: Autorite,
    pub(crate) adresse: SocketAddr,
    pub(crate) arret: Arret,
    pub(crate) tls: TlsServeur,
}

impl Essai {
    pub(crate) async fn demarrer(routes: Router) -> Self {
        let autorite = Autorite::nouvelle();
        Self::demarrer_avec(routes, autorite, Clients::Aucun).await
    }

    pub(crate) async fn demarrer_avec(routes: Router, autorite: Autorite, clients: Clients) -> Self {
        Self::demarrer_devant(routes, autorite, clients, Arc::new(|_, _| {})).await
    }

    pub(crate) async fn demarrer_devant(
        routes: Router,
        autorite: Autorite,
        clients: Clients,
        temoin: Temoin,
    ) -> Self {
        let tls = TlsServeur::nouveau(autorite.identite(), clients).unwrap();
        let serveur = Serveur::lier(([127, 0, 0, 1], 0).into()).await.unwrap().avec_temoin(temoin);
        let (adresse, arret) = (serveur.adresse(), Arret::new());
        arret.suivre(serveur.servir(routes, tls.clone(), arret.clone()));
        Self { autorite, adresse, arret, tls }
    }

    /// A client that speaks http/1.1 by hand.
    pub(crate) async fn connexion_http1(&self) -> tokio_rustls::client::TlsStream<tokio::net::TcpStream> {
        let mut racines = rustls::RootCertStore::empty();
        racines.add(self.autorite.0.der().clone()).unwrap();
        let config = rustls::ClientConfig::builder().with_root_certificates(racines).with_no_client_auth();
        let flux = tokio::net::TcpStream::connect(self.adresse).await.unwrap();
        let nom = "localhost".try_into().unwrap();
        tokio_rustls::TlsConnector::from(std::sync::Arc::new(config)).connect(nom, flux).await.unwrap()
    }

    pub(crate) fn url(&self, chemin: &str) -> String {
        format!("https://localhost:{}{chemin}", self.adresse.port())
    }
}
