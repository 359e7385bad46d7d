//! Faults of the connection: they strike at a listener, before anybody has said who they are.
//!
//! A listener asks at each connection what is on, so that a scenario set while it runs holds for the next one. Setting or
//! taking off one also ends the connections that are open, which would otherwise keep what they got at their handshake.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use igc::{Algorithme, Autorite, Demande, Usage};
use jiff::{SignedDuration, Timestamp};
use service::serveur::{Accueil, Portier};
use service::tls::Variante;
use service::{Horloge, Identite, TlsServeur};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Cible, Faute, FauteTls};
use crate::journal::Journal;
use crate::psc::Psc;

const JOUR: SignedDuration = SignedDuration::from_hours(24);
/// A caller who is kept waiting longer than this will wait forever.
const PATIENCE: Duration = Duration::from_mins(10);
/// For the answer to our ServerHello.
const REACTION: Duration = Duration::from_secs(10);
/// A record of TLS: five bytes of header, then this at most.
const ENREGISTREMENT_MAX: u16 = 16 * 1024 + 256;
const ALERTE: u8 = 21;
const POIGNEE: u8 = 22;
/// Nobody has this name.
const AUTRE_HOTE: &str = "un-autre-hote.example";

/// Stands before a listener that serves `cibles`; `noms` are those that its certificate must bear.
pub(crate) fn portier(
    psc: &Arc<Psc>,
    journal: &Journal,
    serveur: &'static str,
    cibles: &'static [Cible],
    noms: Vec<String>,
) -> Portier {
    let lieu = Arc::new(Lieu {
        psc: Arc::clone(psc),
        journal: journal.clone(),
        serveur,
        cibles,
        noms,
        horloge: Horloge::systeme(),
    });
    Portier::nouveau(Arc::clone(&psc.scenarios.ecoutes), move |flux, adresse, tls| {
        let lieu = Arc::clone(&lieu);
        async move { lieu.accueillir(flux, adresse, tls).await }
    })
}

struct Lieu {
    psc: Arc<Psc>,
    journal: Journal,
    serveur: &'static str,
    cibles: &'static [Cible],
    noms: Vec<String>,
    /// Callers judge certificates by the time of the machine, not by the sandbox's.
    horloge: Horloge,
}

/// Why a fault could not be applied.
#[derive(Debug, thiserror::Error)]
enum Impossible {
    #[error("certificat non émis")]
    Emission(#[from] igc::Erreur),
    #[error("certificat inutilisable")]
    Tls(#[from] service::tls::ErreurTls),
}

impl Lieu {
    async fn accueillir(&self, mut flux: TcpStream, adresse: SocketAddr, tls: TlsServeur) -> Accueil {
        let tire =
            self.psc.scenarios.choisir(Some(self.cibles), None, None, |faute| matches!(faute, Faute::Tls(_)));
        let Some((nom, Faute::Tls(faute))) = tire.map(|tire| (tire.nom, tire.faute)) else {
            return Accueil::Servir(flux, tls);
        };
        let dire = |raison: &str| self.journal.frapper(self.serveur, adresse, nom, raison);
        match faute {
            FauteTls::Muet => {
                dire("La connexion est acceptée et rien ne répondra.");
                // Read to know when the caller gives up; it ends anyway one day.
                let mut perdu = tokio::io::sink();
                let _ = tokio::time::timeout(PATIENCE, tokio::io::copy(&mut flux, &mut perdu)).await;
                Accueil::Fini
            }
            FauteTls::Coupe => {
                dire("La connexion est coupée (RST) au premier message.");
                let _ = tokio::time::timeout(REACTION, flux.read_u8()).await;
                if let Err(erreur) = flux.set_zero_linger() {
                    tracing::debug!(%erreur, "connexion fermée sans RST");
                }
                Accueil::Fini
            }
            FauteTls::Tls11 => {
                dire(tls11(&mut flux).await);
                Accueil::Fini
            }
            FauteTls::AutoriteInconnue
            | FauteTls::NomFaux
            | FauteTls::Expire
            | FauteTls::SansDemande
            | FauteTls::Tls12 => match self.variante(faute, &tls) {
                Ok((variante, raison)) => {
                    dire(raison);
                    Accueil::Servir(flux, variante)
                }
                Err(erreur) => {
                    tracing::error!(
                        erreur = &erreur as &dyn std::error::Error,
                        nom,
                        "scénario TLS non appliqué"
                    );
                    dire("Le scénario n’a pas pu être appliqué : la connexion est servie normalement.");
                    Accueil::Servir(flux, tls)
                }
            },
        }
    }

    /// The configuration of a faulty listener, and what the journal says of it.
    fn variante(&self, faute: FauteTls, tls: &TlsServeur) -> Result<(TlsServeur, &'static str), Impossible> {
        let maintenant = self.horloge.maintenant();
        let du_jour = (plus(maintenant, -JOUR), plus(maintenant, JOUR));
        let (variante, raison) = match (faute, &self.psc.emission) {
            (FauteTls::SansDemande, _) => (
                Variante { sans_clients: true, ..Variante::default() },
                "La poignée de main ne demande pas de certificat client.",
            ),
            (FauteTls::Tls12, _) => {
                (Variante { tls12: true, ..Variante::default() }, "La poignée de main n’offre que TLS 1.2.")
            }
            (FauteTls::NomFaux, Some(autorite)) => (
                de(identite(autorite, vec![AUTRE_HOTE.to_owned()], du_jour)?),
                "La poignée de main présente le certificat d’un autre hôte.",
            ),
            (FauteTls::Expire, Some(autorite)) => {
                let dates = (plus(maintenant, -JOUR * 30), plus(maintenant, -JOUR));
                let identite = identite(autorite, self.noms.clone(), dates)?;
                (de(identite), "La poignée de main présente un certificat expiré.")
            }
            _ => {
                let etrangere = Autorite::nouvelle("Autorité inconnue de tous", du_jour.0)?;
                let identite = identite(&etrangere, self.noms.clone(), du_jour)?;
                (de(identite), "La poignée de main présente un certificat d’une autorité inconnue.")
            }
        };
        Ok((tls.variante(variante)?, raison))
    }
}

fn de(identite: Identite) -> Variante {
    Variante { identite: Some(identite), ..Variante::default() }
}

fn plus(instant: Timestamp, duree: SignedDuration) -> Timestamp {
    instant.saturating_add(duree).unwrap_or(instant)
}

fn identite(
    autorite: &Autorite,
    noms: Vec<String>,
    (debut, fin): (Timestamp, Timestamp),
) -> Result<Identite, Impossible> {
    // Loopback stands for every name of the sandbox, except when the name is what must be wrong.
    let adresses_ip = if noms.iter().any(|nom| nom == AUTRE_HOTE) {
        Vec::new()
    } else {
        vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
    };
    let certificat = autorite.emettre(&Demande {
        cn: noms.first().cloned().unwrap_or_default(),
        ou: None,
        organisation: Some("Bac à sable".to_owned()),
        noms_dns: noms,
        adresses_ip,
        usage: Usage::Serveur,
        debut,
        fin,
        algorithme: Algorithme::P256,
    })?;
    let chaine = format!("{}{}", certificat.cert_pem, autorite.cert_pem());
    Ok(Identite::depuis_pem(&chaine, secrecy::ExposeSecret::expose_secret(&certificat.cle_pem))?)
}

/// rustls has no TLS 1.1, and the defence to be tried is that nobody follows: a ServerHello that chooses it, then we see.
async fn tls11(flux: &mut TcpStream) -> &'static str {
    let echange = async {
        let (genre, _) = enregistrement(flux).await?;
        if genre != POIGNEE {
            return Ok::<_, std::io::Error>("TLS 1.1 était prêt, mais l’appelant ne parle pas TLS.");
        }
        flux.write_all(&server_hello()).await?;
        let (genre, corps) = enregistrement(flux).await?;
        Ok(match (genre, corps.as_slice()) {
            (ALERTE, [_, 70]) => "TLS 1.1 est choisi ; l’appelant le refuse (alerte protocol_version).",
            (ALERTE, _) => "TLS 1.1 est choisi ; l’appelant rompt par une alerte.",
            _ => "TLS 1.1 est choisi ; l’appelant continue, il ne le refuse pas.",
        })
    };
    match tokio::time::timeout(REACTION, echange).await {
        Ok(Ok(vu)) => vu,
        Ok(Err(_)) => "TLS 1.1 est choisi ; l’appelant raccroche.",
        Err(_) => "TLS 1.1 est choisi ; l’appelant attend la suite, il ne le refuse pas.",
    }
}

/// One record, as it comes: nothing is decrypted at this stage.
async fn enregistrement(flux: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let genre = flux.read_u8().await?;
    flux.read_u16().await?;
    let longueur = flux.read_u16().await?;
    if longueur > ENREGISTREMENT_MAX {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    let mut corps = vec![0; longueur.into()];
    flux.read_exact(&mut corps).await?;
    Ok((genre, corps))
}

/// RFC 4346 §7.4.1.3: version 3.2, a random that nothing will be derived from, no session, a suite of its time.
fn server_hello() -> Vec<u8> {
    let mut corps = vec![3, 2];
    corps.extend([0x5A; 32]);
    corps.extend([0, 0xC0, 0x13, 0]);
    let longueur = u8::try_from(corps.len()).unwrap_or(u8::MAX);
    let mut message = vec![POIGNEE, 3, 2, 0, longueur.saturating_add(4), 2, 0, 0, longueur];
    message.extend(corps);
    message
}
