//! A mailbox for tests: an SMTP server (RFC 5321) on a free port that accepts everything and keeps it.
//!
//! It speaks no TLS and asks for no password: it stands for the operator's relay on the loopback, nothing more.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long [`BoiteAuxLettres::attendre`] waits before it calls the mail lost.
const DELAI: Duration = Duration::from_secs(20);

/// A mail as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lettre {
    /// Envelope sender.
    pub de: String,
    /// Envelope recipients, in the order given.
    pub a: Vec<String>,
    /// Headers and body as sent, with `\n` line ends and the dots undone.
    pub brut: String,
}

impl Lettre {
    /// The value of a header, unfolded, with its encoded words (RFC 2047) undone.
    pub fn entete(&self, nom: &str) -> Option<String> {
        let entetes = self.brut.split("\n\n").next().unwrap_or_default();
        let deplie = entetes.replace("\n ", " ").replace("\n\t", " ");
        deplie.lines().find_map(|ligne| {
            let (cle, valeur) = ligne.split_once(':')?;
            cle.eq_ignore_ascii_case(nom).then(|| mots_encodes(valeur.trim()))
        })
    }

    /// The subject, readable.
    pub fn sujet(&self) -> String {
        self.entete("Subject").unwrap_or_default()
    }

    /// All that follows the headers, with quoted-printable undone: links are whole and accents are accents.
    pub fn corps(&self) -> String {
        let corps = self.brut.split_once("\n\n").map_or("", |(_, corps)| corps);
        let encodage = self.entete("Content-Transfer-Encoding").unwrap_or_default().to_lowercase();
        match encodage.as_str() {
            "quoted-printable" => quoted_printable(corps),
            "base64" => base64_texte(corps).unwrap_or_else(|| corps.to_owned()),
            // A multipart body declares its encoding in each part.
            _ if corps.contains("quoted-printable") => quoted_printable(corps),
            _ => corps.to_owned(),
        }
    }
}

/// The server. It stops when the value is dropped.
pub struct BoiteAuxLettres {
    adresse: SocketAddr,
    lettres: watch::Receiver<Vec<Lettre>>,
    ecoute: JoinHandle<()>,
}

impl BoiteAuxLettres {
    /// Opens a mailbox on a free loopback port. Needs a running tokio runtime.
    ///
    /// # Panics
    /// When the loopback gives no port.
    pub async fn ouvrir() -> Self {
        let ecouteur = TcpListener::bind("127.0.0.1:0").await.expect("a free loopback port");
        let adresse = ecouteur.local_addr().expect("a bound socket has an address");
        let (depot, lettres) = watch::channel(Vec::new());
        let ecoute = tokio::spawn(async move {
            let mut visites = tokio::task::JoinSet::new();
            while let Ok((flux, _)) = ecouteur.accept().await {
                visites.spawn(recevoir(flux, depot.clone()));
            }
        });
        Self { adresse, lettres, ecoute }
    }

    /// Where to send.
    pub fn adresse(&self) -> SocketAddr {
        self.adresse
    }

    /// What has come so far.
    pub fn lettres(&self) -> Vec<Lettre> {
        self.lettres.borrow().clone()
    }

    /// Waits until at least `n` mails have come, and returns them all.
    ///
    /// # Panics
    /// When they have not come after 20 seconds.
    pub async fn attendre(&self, n: usize) -> Vec<Lettre> {
        let mut lettres = self.lettres.clone();
        let arrivees = tokio::time::timeout(DELAI, lettres.wait_for(|l| l.len() >= n)).await;
        match arrivees {
            Ok(Ok(lettres)) => lettres.clone(),
            _ => {
                panic!("{n} lettre(s) attendue(s), {} reçue(s) : {:#?}", self.lettres().len(), self.lettres())
            }
        }
    }
}

impl Drop for BoiteAuxLettres {
    fn drop(&mut self) {
        self.ecoute.abort();
    }
}

/// One SMTP conversation. An I/O error only means that the client hung up.
async fn recevoir(flux: TcpStream, depot: watch::Sender<Vec<Lettre>>) -> std::io::Result<()> {
    let mut flux = BufReader::new(flux);
    let (mut de, mut a) = (String::new(), Vec::new());
    flux.write_all(b"220 boite.test ESMTP\r\n").await?;
    loop {
        let mut ligne = String::new();
        if flux.read_line(&mut ligne).await? == 0 {
            return Ok(());
        }
        let commande = ligne.trim_end();
        let verbe = commande.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let reponse: &[u8] = match verbe.as_str() {
            "EHLO" => b"250-boite.test\r\n250 8BITMIME\r\n",
            "MAIL" => {
                de = entre_chevrons(commande);
                b"250 OK\r\n"
            }
            "RCPT" => {
                a.push(entre_chevrons(commande));
                b"250 OK\r\n"
            }
            "DATA" => {
                flux.write_all(b"354 Fin par un point seul\r\n").await?;
                let brut = lire_donnees(&mut flux).await?;
                let lettre = Lettre { de: std::mem::take(&mut de), a: std::mem::take(&mut a), brut };
                depot.send_modify(|lettres| lettres.push(lettre));
                b"250 OK\r\n"
            }
            "RSET" => {
                de.clear();
                a.clear();
                b"250 OK\r\n"
            }
            "HELO" | "NOOP" => b"250 OK\r\n",
            "QUIT" => {
                flux.write_all(b"221 Au revoir\r\n").await?;
                return flux.shutdown().await;
            }
            _ => b"502 Commande inconnue\r\n",
        };
        flux.write_all(reponse).await?;
    }
}

/// Everything up to the lone dot, with the client's dot-stuffing undone (RFC 5321, 4.5.2).
async fn lire_donnees(flux: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut brut = String::new();
    loop {
        let mut ligne = Vec::new();
        if flux.read_until(b'\n', &mut ligne).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let texte = String::from_utf8_lossy(&ligne);
        match texte.trim_end_matches(['\r', '\n']) {
            "." => return Ok(brut),
            ligne => {
                brut.push_str(ligne.strip_prefix('.').unwrap_or(ligne));
                brut.push('\n');
            }
        }
    }
}

fn entre_chevrons(commande: &str) -> String {
    let apres = commande.split_once('<').map_or("", |(_, apres)| apres);
    apres.split('>').next().unwrap_or_default().to_owned()
}

fn base64_texte(texte: &str) -> Option<String> {
    let serre: String = texte.split_whitespace().collect();
    STANDARD.decode(serre).ok().map(|octets| String::from_utf8_lossy(&octets).into_owned())
}

/// Undoes quoted-printable (RFC 2045, 6.7); what is not a valid escape is kept as it is.
fn quoted_printable(texte: &str) -> String {
    let source = texte.replace("=\n", "").into_bytes();
    let mut octets = Vec::with_capacity(source.len());
    let mut i = 0;
    while i < source.len() {
        let code = source.get(i + 1..i + 3).and_then(|hexa| std::str::from_utf8(hexa).ok());
        match code.and_then(|hexa| u8::from_str_radix(hexa, 16).ok()) {
            Some(octet) if source[i] == b'=' => {
                octets.push(octet);
                i += 3;
            }
            _ => {
                octets.push(source[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// Undoes the encoded words `=?utf-8?b?…?=` and `=?utf-8?q?…?=` (RFC 2047); other charsets are left as they came.
fn mots_encodes(valeur: &str) -> String {
    let mut lisible = String::new();
    // White space between two encoded words is not part of the text.
    let mut reste = &*valeur.replace("?= =?", "?==?");
    while let Some((avant, apres)) = reste.split_once("=?") {
        let Some((mot, suite)) = decoder_mot(apres) else { break };
        lisible.push_str(avant);
        lisible.push_str(&mot);
        reste = suite;
    }
    lisible + reste
}

fn decoder_mot(apres: &str) -> Option<(String, &str)> {
    let (jeu, apres) = apres.split_once('?')?;
    let (forme, apres) = apres.split_once('?')?;
    let (contenu, suite) = apres.split_once("?=")?;
    if !jeu.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let mot = match forme {
        "b" | "B" => base64_texte(contenu)?,
        _ => quoted_printable(&contenu.replace('_', " ")),
    };
    Some((mot, suite))
}

#[cfg(test)]
mod tests {
    use super::Lettre;

    fn lettre(brut: &str) -> Lettre {
        Lettre { de: String::new(), a: Vec::new(), brut: brut.to_owned() }
    }

    #[test]
    fn le_sujet_et_le_corps_se_lisent() {
        for (brut, sujet, corps) in [
            ("Subject: Bonjour\n\nTexte\n", "Bonjour", "Texte\n"),
            ("Subject: =?utf-8?b?RMOpcMO0dA==?=\n =?utf-8?b?IGZhaXQ=?=\n\nx", "Dépôt fait", "x"),
            ("subject: =?UTF-8?Q?=C3=A9t=C3=A9_2026?= !\n\nx", "été 2026 !", "x"),
            (
                "Subject: s\nContent-Transfer-Encoding: quoted-printable\n\nl=E2=80=99avis https://a/=\nb?c=3Dd\n",
                "s",
                "l’avis https://a/b?c=d\n",
            ),
            ("Subject: s\nContent-Transfer-Encoding: base64\n\nw6l0\nw6k=\n", "s", "été"),
            ("Subject: 100 % =zz\nContent-Transfer-Encoding: quoted-printable\n\nfin=", "100 % =zz", "fin="),
        ] {
            let lettre = lettre(brut);
            assert_eq!((lettre.sujet().as_str(), lettre.corps().as_str()), (sujet, corps), "{brut}");
        }
    }
}
