//! A trace as text: one line of JSON with the agency's names, order and omissions, bounded and harmless to show.
//!
//! Rule: whatever comes in, one trace is one line. Texts are cut at a bound that is told by « … »; control characters,
//! line separators and marks that turn the direction of writing are escaped, so that no terminal and no editor obeys them.

use std::{
    borrow::Cow,
    io::{self, Write as _},
    net::IpAddr,
};

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};
use serde::{Deserialize, Serialize as _};
use serde_json::ser::Formatter;

use crate::trace::{Appel, Fait, Genre, Origine, Trace};

/// Longest texts, in bytes before escaping. All at their bound and escaped still fit the smallest segment.
const COURT: usize = 256;
const DN: usize = 1024;
const CHEMIN: usize = 2048;

/// Always six decimals, so that lines of the same second sort as text.
static INSTANT: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// The line, as it is read. Nulls are written; only what a kind forbids is left out.
#[derive(Debug, Deserialize)]
pub(crate) struct Ligne<'a> {
    #[serde(rename = "type")]
    pub(crate) genre: Genre,
    #[serde(rename = "clientId")]
    pub(crate) client_id: Option<Cow<'a, str>>,
    #[serde(rename = "IdRPPS")]
    pub(crate) id_rpps: Option<Cow<'a, str>>,
    #[serde(rename = "ipAddress")]
    pub(crate) adresse: Option<Cow<'a, str>>,
    pub(crate) ports: Cow<'a, [u16]>,
    #[serde(rename = "proxy_id_session")]
    pub(crate) session: Option<Cow<'a, str>>,
    pub(crate) session_state: Option<Cow<'a, str>>,
    pub(crate) dn: Option<Cow<'a, str>>,
    pub(crate) timestamp: Cow<'a, str>,
    #[serde(rename = "apiRequest")]
    pub(crate) appel: Option<LigneAppel<'a>>,
    pub(crate) resultat: Option<LigneResultat<'a>>,
    pub(crate) jeton: Option<LigneJeton<'a>>,
    pub(crate) purge: Option<LignePurge<'a>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LigneAppel<'a> {
    #[serde(rename = "nomApiPsc")]
    pub(crate) api: Cow<'a, str>,
    pub(crate) methode: Cow<'a, str>,
    #[serde(rename = "path")]
    pub(crate) chemin: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LigneResultat<'a> {
    pub(crate) statut: u16,
    pub(crate) duree_ms: u64,
    pub(crate) cause: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LigneJeton<'a> {
    pub(crate) api: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LignePurge<'a> {
    pub(crate) avant: Cow<'a, str>,
    pub(crate) traces: i64,
    pub(crate) dernier_rang: i64,
    pub(crate) empreinte: Cow<'a, str>,
}

/// What reading needs of each line.
#[derive(Deserialize)]
pub(crate) struct EnTete<'a> {
    #[serde(rename = "type")]
    pub(crate) genre: Genre,
    #[serde(borrow)]
    pub(crate) timestamp: Cow<'a, str>,
}

fn borner(texte: &str, max: usize) -> Cow<'_, str> {
    if texte.len() <= max {
        return Cow::Borrowed(texte);
    }
    Cow::Owned(format!("{}…", &texte[..texte.floor_char_boundary(max)]))
}

/// Writes the line of a trace after what `tampon` holds, without an end of line.
///
/// By hand: twice for each relayed call, a serializer's copies and its dispatch would cost more than the text. Reading is
/// serde's, and the tests hold both together.
pub(crate) fn ecrire(trace: &Trace<'_>, tampon: &mut Vec<u8>) {
    let session = trace.fait.session();
    tampon.extend_from_slice(b"{\"type\":\"");
    tampon.extend_from_slice(trace.fait.genre().nom().as_bytes());
    tampon.push(b'"');
    texte(tampon, ",\"clientId\":", trace.client_id, COURT);
    texte(tampon, ",\"IdRPPS\":", trace.id_rpps, COURT);
    match trace.origine {
        Some(Origine { adresse, port }) => {
            ecrire_adresse(tampon, ",\"ipAddress\":\"", adresse.to_canonical());
            tampon.extend_from_slice(b"\",\"ports\":[");
            if let Some(port) = port {
                nombre(tampon, "", port);
            }
            tampon.push(b']');
        }
        None => tampon.extend_from_slice(b",\"ipAddress\":null,\"ports\":[]"),
    }
    texte(tampon, ",\"proxy_id_session\":", session.map(|session| session.id), COURT);
    texte(tampon, ",\"session_state\":", session.map(|session| session.session_state), COURT);
    texte(tampon, ",\"dn\":", session.and_then(|session| session.dn), DN);
    instant(tampon, ",\"timestamp\":\"", trace.instant);
    match &trace.fait {
        Fait::Send(_, fait) => appel(tampon, fait),
        Fait::SendResult(_, fait, issue) => {
            appel(tampon, fait);
            nombre(tampon, ",\"resultat\":{\"statut\":", issue.statut);
            nombre(tampon, ",\"dureeMs\":", issue.duree.as_millis());
            texte(tampon, ",\"cause\":", issue.cause, COURT);
            tampon.push(b'}');
        }
        Fait::TokenObtained(_, api) | Fait::TokenRenewed(_, api) | Fait::TokenRevoked(_, api) => {
            texte(tampon, ",\"jeton\":{\"api\":", Some(api), COURT);
            tampon.push(b'}');
        }
        Fait::Purge(purge) => {
            instant(tampon, ",\"purge\":{\"avant\":\"", purge.avant);
            nombre(tampon, ",\"traces\":", purge.traces);
            nombre(tampon, ",\"dernierRang\":", purge.dernier_rang);
            texte(tampon, ",\"empreinte\":", Some(purge.empreinte), COURT);
            if let Some(par) = purge.par {
                texte(tampon, ",\"par\":", Some(par), COURT);
            }
            tampon.push(b'}');
        }
        Fait::ConnectSuccess(_)
        | Fait::ConnectReplay(_)
        | Fait::ConnectFailure
        | Fait::Disconnect(_)
        | Fait::SessionExpired(_) => {}
    }
    tampon.push(b'}');
}

fn appel(tampon: &mut Vec<u8>, appel: &Appel<'_>) {
    texte(tampon, ",\"apiRequest\":{\"nomApiPsc\":", Some(appel.api()), COURT);
    texte(tampon, ",\"methode\":", Some(appel.methode()), COURT);
    texte(tampon, ",\"path\":", Some(appel.chemin()), CHEMIN);
    tampon.push(b'}');
}

/// `avant`, then the text in quotes, cut and escaped, or `null`.
fn texte(tampon: &mut Vec<u8>, avant: &str, texte: Option<&str>, max: usize) {
    tampon.extend_from_slice(avant.as_bytes());
    let Some(texte) = texte else {
        tampon.extend_from_slice(b"null");
        return;
    };
    if texte.len() <= max && simple(texte.as_bytes()) {
        tampon.push(b'"');
        tampon.extend_from_slice(texte.as_bytes());
        tampon.push(b'"');
        return;
    }
    borner(texte, max)
        .serialize(&mut serde_json::Serializer::with_formatter(tampon, Prudent))
        .expect("writing a text to memory never fails");
}

/// Whether nothing needs an escape. Looks at all of them, which the compiler does many at a time.
fn simple(octets: &[u8]) -> bool {
    let faute = octets.iter().fold(0, |faute, octet| {
        faute
            | u8::from(*octet < b' ')
            | u8::from(*octet > b'~')
            | u8::from(*octet == b'"')
            | u8::from(*octet == b'\\')
    });
    faute == 0
}

/// `avant`, then the number.
fn nombre(tampon: &mut Vec<u8>, avant: &str, nombre: impl itoa::Integer) {
    tampon.extend_from_slice(avant.as_bytes());
    tampon.extend_from_slice(itoa::Buffer::new().format(nombre).as_bytes());
}

/// `avant`, then the address, which has nothing to escape.
fn ecrire_adresse(tampon: &mut Vec<u8>, avant: &str, adresse: IpAddr) {
    let IpAddr::V4(courte) = adresse else {
        write!(tampon, "{avant}{adresse}").expect("writing to memory never fails");
        return;
    };
    let mut avant = avant;
    for octet in courte.octets() {
        nombre(tampon, avant, octet);
        avant = ".";
    }
}

/// `avant`, then the instant and a quote.
fn instant(tampon: &mut Vec<u8>, avant: &str, instant: Timestamp) {
    tampon.extend_from_slice(avant.as_bytes());
    INSTANT.print_timestamp(&instant, &mut *tampon).expect("writing to memory never fails");
    tampon.push(b'"');
}

/// JSON in one line, in which nothing acts on the screen that shows it (RFC 8259 §7 lets any character be escaped).
struct Prudent;

impl Formatter for Prudent {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        sortie: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // serde_json has already taken out what JSON itself demands to escape.
        if fragment.bytes().all(|octet| octet.is_ascii() && octet != 0x7f) {
            return sortie.write_all(fragment.as_bytes());
        }
        let mut debut = 0;
        for (position, lettre) in fragment.char_indices().filter(|(_, lettre)| agit(*lettre)) {
            sortie.write_all(&fragment.as_bytes()[debut..position])?;
            // All of them are in the first plane: one escape each.
            write!(sortie, "\\u{:04x}", u32::from(lettre))?;
            debut = position + lettre.len_utf8();
        }
        sortie.write_all(&fragment.as_bytes()[debut..])
    }
}

/// Whether a character does something instead of being seen: C0, DEL, C1, line separators, direction marks, BOM.
fn agit(lettre: char) -> bool {
    lettre.is_control()
        || matches!(
            lettre,
            '\u{061c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, time::Duration};

    use proptest::prelude::*;

    use super::*;
    use crate::trace::{Issue, Session};

    fn texte(trace: &Trace<'_>) -> String {
        let mut tampon = Vec::new();
        ecrire(trace, &mut tampon);
        String::from_utf8(tampon).unwrap()
    }

    fn trace(fait: Fait<'_>) -> Trace<'_> {
        Trace {
            instant: "2026-03-01T08:00:00Z".parse().unwrap(),
            client_id: Some("lps-1"),
            id_rpps: Some("899700000001"),
            origine: Some(Origine { adresse: IpAddr::from([127, 0, 0, 3]), port: Some(4242) }),
            fait,
        }
    }

    const SESSION: Session<'static> = Session { id: "s-1", session_state: "etat", dn: Some("CN=lps-1,C=FR") };

    #[test]
    fn each_kind_is_written_with_the_names_and_omissions_of_the_agency() {
        let appel = Appel::nouveau("backend-1", "GET", "/carebear1?nom=Dupont");
        let commun = r#""clientId":"lps-1","IdRPPS":"899700000001","ipAddress":"127.0.0.3","ports":[4242],"#;
        let session = r#""proxy_id_session":"s-1","session_state":"etat","dn":"CN=lps-1,C=FR","#;
        let instant = r#""timestamp":"2026-03-01T08:00:00.000000Z""#;
        let requete = r#","apiRequest":{"nomApiPsc":"backend-1","methode":"GET","path":"/carebear1"}"#;
        let sans = r#""proxy_id_session":null,"session_state":null,"dn":null,"#;
        let issue = Issue { statut: 503, duree: Duration::from_millis(12), cause: Some("injoignable") };
        for (fait, genre, session, suite) in [
            (Fait::ConnectSuccess(SESSION), "CONNECT_SUCCESS", session, String::new()),
            (Fait::ConnectReplay(SESSION), "CONNECT_REPLAY", session, String::new()),
            (Fait::ConnectFailure, "CONNECT_FAILURE", sans, String::new()),
            (Fait::Send(SESSION, appel), "SEND", session, requete.to_owned()),
            (Fait::Disconnect(SESSION), "DISCONNECT", session, String::new()),
            (
                Fait::SendResult(SESSION, appel, issue),
                "SEND_RESULT",
                session,
                format!(r#"{requete},"resultat":{{"statut":503,"dureeMs":12,"cause":"injoignable"}}"#),
            ),
            (Fait::SessionExpired(SESSION), "SESSION_EXPIRED", session, String::new()),
            (
                Fait::TokenRenewed(SESSION, "backend-1"),
                "TOKEN_RENEWED",
                session,
                r#","jeton":{"api":"backend-1"}"#.to_owned(),
            ),
        ] {
            let attendu = format!(r#"{{"type":"{genre}",{commun}{session}{instant}{suite}}}"#);
            assert_eq!(texte(&trace(fait)), attendu);
        }
    }

    #[test]
    fn an_address_told_by_a_relay_has_no_port_and_a_client_with_a_secret_no_name() {
        let session = Session { dn: None, ..SESSION };
        let mut trace = trace(Fait::ConnectSuccess(session));
        trace.origine = Some(Origine { adresse: "::ffff:127.0.0.3".parse().unwrap(), port: None });
        let texte = texte(&trace);
        assert!(texte.contains(r#""ipAddress":"127.0.0.3","ports":[],"#), "{texte}");
        assert!(texte.contains(r#""dn":null,"#), "{texte}");
    }

    #[test]
    fn a_hostile_text_stays_one_line_that_acts_on_nothing() {
        for (hostile, attendu) in [
            ("a\r\nb", r"a\r\nb"),
            ("\u{1b}[31mrouge", r"\u001b[31mrouge"),
            ("\u{9b}31m\u{7f}", r"\u009b31m\u007f"),
            ("gauche\u{202e}droite\u{2028}", r"gauche\u202edroite\u2028"),
            ("\0\"\\", r#"\u0000\"\\"#),
            ("é 😀", "é 😀"),
        ] {
            let mut trace = trace(Fait::ConnectFailure);
            trace.id_rpps = Some(hostile);
            let texte = texte(&trace);
            assert!(texte.contains(&format!(r#""IdRPPS":"{attendu}""#)), "{texte}");
            let lue: Ligne<'_> = serde_json::from_str(&texte).unwrap();
            assert_eq!(lue.id_rpps.as_deref(), Some(hostile));
        }
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let long = "é".repeat(32 * 1024);
        let mut trace = trace(Fait::Send(SESSION, Appel::nouveau("a", "GET", &long)));
        trace.id_rpps = Some(&long);
        let texte = texte(&trace);
        assert!(texte.len() < 4096, "{}", texte.len());
        let lue: Ligne<'_> = serde_json::from_str(&texte).unwrap();
        assert_eq!(lue.id_rpps.unwrap(), format!("{}…", "é".repeat(128)));
        assert_eq!(lue.appel.unwrap().chemin, format!("{}…", "é".repeat(1024)));
    }

    proptest! {
        #[test]
        fn any_text_gives_one_line_that_reads_back(
            client in any::<String>(), rpps in any::<String>(), chemin in any::<String>(), dn in any::<String>(),
        ) {
            let session = Session { id: &client, session_state: &rpps, dn: Some(&dn) };
            let mut trace = trace(Fait::Send(session, Appel::nouveau(&rpps, &client, &chemin)));
            trace.client_id = Some(&client);
            let texte = texte(&trace);
            prop_assert!(!texte.chars().any(agit));
            let lue: Ligne<'_> = serde_json::from_str(&texte).unwrap();
            prop_assert_eq!(lue.client_id.unwrap(), borner(&client, COURT));
            prop_assert_eq!(lue.dn.unwrap(), borner(&dn, DN));
            let appel = lue.appel.unwrap();
            prop_assert!(!appel.chemin.contains(['?', '#']));
            prop_assert!(chemin.starts_with(&*appel.chemin) || appel.chemin.ends_with('…'));
        }
    }
}
