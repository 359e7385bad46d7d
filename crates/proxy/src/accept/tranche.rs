//! A second pair of eyes on HTTP/1.1 framing, before hyper: shapes that two servers could read differently are refused.
//!
//! hyper drops a `Content-Length` that stands beside a `Transfer-Encoding` and takes a bare line feed for an end of line. It
//! sends on clean requests, so nothing can be smuggled through it, but a front-end of ours may have read the same bytes
//! otherwise. What is refused is turned into zeros: hyper answers 400 and closes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use memchr::{memchr, memchr_iter};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A longer head is left to hyper, which answers 431: its buffer has that size, and as many bytes of this head.
const TETE_MAX: usize = 64 * 1024;
/// Longest line of a chunk's size or of a trailer.
const LIGNE_MAX: usize = 4 * 1024;

/// A stream whose incoming bytes are followed request after request.
pub(super) struct Tranche<S> {
    flux: S,
    suivi: Suivi,
}

impl<S> Tranche<S> {
    pub(super) fn nouvelle(flux: S) -> Self {
        Self { flux, suivi: Suivi::default() }
    }
}

/// Where the reading stands.
#[derive(Debug, PartialEq, Eq)]
enum Ou {
    Tete,
    /// Bytes left of a body of known length.
    Corps(u64),
    /// On a chunk's size line.
    Taille,
    /// Bytes left of a chunk, its final CRLF included.
    Morceau(u64),
    /// After the last chunk, up to an empty line.
    Bande,
    /// The head is too long: hyper's to refuse.
    Laisse,
    Refuse,
}

#[derive(Debug)]
struct Suivi {
    ou: Ou,
    /// What was read of a head or a line that isn't whole yet.
    debut: Vec<u8>,
}

impl Default for Suivi {
    fn default() -> Self {
        Self { ou: Ou::Tete, debut: Vec::new() }
    }
}

/// Two readings are possible.
#[derive(Debug, PartialEq, Eq)]
struct Ambigu;

impl Suivi {
    /// Follows what arrives; gives the rank from which it must not be believed.
    fn suivre(&mut self, octets: &[u8]) -> Option<usize> {
        let mut reste = octets;
        while !reste.is_empty() {
            let Ok(lus) = self.avancer(reste) else {
                self.ou = Ou::Refuse;
                return Some(octets.len() - reste.len());
            };
            reste = &reste[lus.min(reste.len())..];
        }
        None
    }

    /// Reads some of `octets`, at least one; says how many.
    fn avancer(&mut self, octets: &[u8]) -> Result<usize, Ambigu> {
        match self.ou {
            Ou::Refuse => Err(Ambigu),
            Ou::Laisse => Ok(octets.len()),
            Ou::Corps(reste) => Ok(self.passer(octets, reste, Ou::Tete, Ou::Corps)),
            Ou::Morceau(reste) => Ok(self.passer(octets, reste, Ou::Taille, Ou::Morceau)),
            Ou::Tete => self.tete(octets),
            Ou::Taille | Ou::Bande => self.ligne(octets),
        }
    }

    fn passer(&mut self, octets: &[u8], reste: u64, apres: Ou, encore: fn(u64) -> Ou) -> usize {
        let lus = usize::try_from(reste).unwrap_or(usize::MAX).min(octets.len());
        let reste = reste - lus as u64;
        self.ou = if reste == 0 { apres } else { encore(reste) };
        lus
    }

    fn tete(&mut self, octets: &[u8]) -> Result<usize, Ambigu> {
        if self.debut.is_empty() {
            // An empty line before a request line is allowed (RFC 9112 §2.2).
            if octets.starts_with(b"\r\n") {
                return Ok(2);
            }
            if let Some(fin) = fin_de_tete(octets, 0) {
                self.ou = lire_tete(&octets[..fin])?;
                return Ok(fin);
            }
        }
        let avant = self.debut.len();
        self.debut.extend_from_slice(octets);
        if let Some(fin) = fin_de_tete(&self.debut, avant.saturating_sub(3)) {
            self.ou = lire_tete(&self.debut[..fin])?;
            self.debut.clear();
            return Ok(fin - avant);
        }
        if self.debut.len() > TETE_MAX {
            self.debut = Vec::new();
            self.ou = Ou::Laisse;
        }
        Ok(octets.len())
    }

    fn ligne(&mut self, octets: &[u8]) -> Result<usize, Ambigu> {
        let fin = octets.iter().position(|octet| *octet == b'\n').map(|rang| rang + 1);
        let lus = fin.unwrap_or(octets.len());
        self.debut.extend_from_slice(&octets[..lus]);
        if self.debut.len() > LIGNE_MAX {
            return Err(Ambigu);
        }
        if fin.is_some() {
            let ligne = self.debut.strip_suffix(b"\r\n").ok_or(Ambigu)?;
            self.ou = match self.ou {
                Ou::Bande if ligne.is_empty() => Ou::Tete,
                Ou::Bande => Ou::Bande,
                _ => match taille(ligne)? {
                    0 => Ou::Bande,
                    n => Ou::Morceau(n.checked_add(2).ok_or(Ambigu)?),
                },
            };
            self.debut.clear();
        }
        Ok(lus)
    }
}

/// Just after the empty line that ends a head. Bare line feeds count, so that they can be seen and refused.
fn fin_de_tete(octets: &[u8], depuis: usize) -> Option<usize> {
    memchr_iter(b'\n', &octets[depuis..]).map(|rang| depuis + rang + 1).find_map(|apres| {
        match &octets[apres..] {
            [b'\n', ..] => Some(apres + 1),
            [b'\r', b'\n', ..] => Some(apres + 2),
            _ => None,
        }
    })
}

/// Reads a head for its framing alone.
fn lire_tete(tete: &[u8]) -> Result<Ou, Ambigu> {
    let mut longueur: Option<u64> = None;
    let mut par_morceaux = false;
    let mut debut = 0;
    for fin in memchr_iter(b'\n', tete) {
        let premiere = debut == 0;
        let ligne = tete[debut..fin].strip_suffix(b"\r").ok_or(Ambigu)?;
        debut = fin + 1;
        if memchr(b'\r', ligne).is_some() {
            return Err(Ambigu);
        }
        if premiere || ligne.is_empty() {
            continue;
        }
        if matches!(ligne[0], b' ' | b'\t') {
            return Err(Ambigu);
        }
        let Some(deux_points) = memchr(b':', ligne) else { continue };
        let (nom, valeur) = (&ligne[..deux_points], ligne[deux_points + 1..].trim_ascii());
        if nom.eq_ignore_ascii_case(b"content-length") {
            let lue = std::str::from_utf8(valeur).map_err(|_| Ambigu)?;
            if longueur.is_some() || lue.is_empty() || !lue.bytes().all(|octet| octet.is_ascii_digit()) {
                return Err(Ambigu);
            }
            longueur = Some(lue.parse().map_err(|_| Ambigu)?);
        } else if nom.eq_ignore_ascii_case(b"transfer-encoding") {
            if par_morceaux || !valeur.eq_ignore_ascii_case(b"chunked") {
                return Err(Ambigu);
            }
            par_morceaux = true;
        }
    }
    match (longueur, par_morceaux) {
        (Some(_), true) => Err(Ambigu),
        (None, true) => Ok(Ou::Taille),
        (None | Some(0), false) => Ok(Ou::Tete),
        (Some(longueur), false) => Ok(Ou::Corps(longueur)),
    }
}

/// A chunk's size line, extensions left aside.
fn taille(ligne: &[u8]) -> Result<u64, Ambigu> {
    let chiffres = ligne.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii_end();
    let texte = std::str::from_utf8(chiffres).map_err(|_| Ambigu)?;
    if texte.is_empty() || !texte.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return Err(Ambigu);
    }
    u64::from_str_radix(texte, 16).map_err(|_| Ambigu)
}

impl<S: AsyncRead + Unpin> AsyncRead for Tranche<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.suivi.ou == Ou::Refuse {
            return Poll::Ready(Ok(()));
        }
        let avant = buf.filled().len();
        ready!(Pin::new(&mut self.flux).poll_read(cx, buf))?;
        let arrives = &mut buf.filled_mut()[avant..];
        if let Some(rang) = self.suivi.suivre(arrives) {
            arrives[rang..].fill(0);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tranche<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.flux).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.flux).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.flux.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.flux).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.flux).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use bolero::check;
    use test_support::abime::{Accident, abimer};

    use super::*;

    const SIMPLE: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    #[test]
    fn only_unambiguous_requests_pass_however_they_are_cut() {
        let cas = [
            (SIMPLE.to_owned(), true),
            (format!("{SIMPLE}{SIMPLE}"), true),
            (format!("\r\n{SIMPLE}"), true),
            (format!("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\na\nb{SIMPLE}"), true),
            (
                format!(
                    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\na\nb\r\n0\r\n\r\n{SIMPLE}"
                ),
                true,
            ),
            (format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n{SIMPLE}"), true),
            (
                "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                    .to_owned(),
                false,
            ),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"
                    .to_owned(),
                false,
            ),
            ("POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc".to_owned(), false),
            ("POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\nabc".to_owned(), false),
            ("POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc".to_owned(), false),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n".to_owned(), false),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n".to_owned(), false),
            ("GET / HTTP/1.1\nHost: a\n\n".to_owned(), false),
            ("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n".to_owned(), false),
            ("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n".to_owned(), false),
            ("GET / HTTP/1.1\r\nX: a\rb\r\n\r\n".to_owned(), false),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n".to_owned(), false),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n".to_owned(), false),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\n\n".to_owned(),
                false,
            ),
        ];
        for (texte, passe) in cas {
            for pas in [texte.len(), 1, 2, 7] {
                let mut suivi = Suivi::default();
                let refuse = texte.as_bytes().chunks(pas).any(|morceau| suivi.suivre(morceau).is_some());
                assert_eq!(refuse, !passe, "{texte:?} by {pas}");
            }
        }
    }

    #[test]
    fn a_head_without_end_is_left_to_hyper() {
        let mut suivi = Suivi::default();
        assert_eq!(suivi.suivre(&vec![b'a'; TETE_MAX + 1]), None);
        assert_eq!(suivi.ou, Ou::Laisse);
        assert!(suivi.debut.is_empty());
    }

    /// Fuzz target: how the bytes arrive changes nothing to what is believed of them.
    #[test]
    fn a_damaged_request_is_read_the_same_however_it_is_cut() {
        let exemple = format!(
            "POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
             3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n{SIMPLE}"
        );
        let refuse = |octets: &[u8], pas: usize| {
            let mut suivi = Suivi::default();
            let mut avant = 0;
            octets.chunks(pas).find_map(|morceau| {
                let refuse = suivi.suivre(morceau).map(|rang| avant + rang);
                avant += morceau.len();
                refuse
            })
        };
        assert_eq!(refuse(exemple.as_bytes(), 1), None);
        check!().with_type::<(u8, Vec<Accident>)>().with_iterations(5_000).for_each(|(pas, accidents)| {
            let abime = abimer(exemple.as_bytes(), accidents);
            let pas = usize::from(*pas).max(1);
            let (entier, coupe) = (refuse(&abime, abime.len().max(1)), refuse(&abime, pas));
            assert_eq!(entier.is_some(), coupe.is_some(), "{:?} by {pas}", String::from_utf8_lossy(&abime));
        });
    }
}
