//! Reading the signatures of any PDF: what each one covers, whether it holds, and up to which root it goes.
//!
//! The rule: a signature is judged on the bytes of the file, not on what a reader would make of it. Its two ranges must leave
//! out the string of `/Contents` and nothing else; then whatever the structure of the file, every byte but that string was
//! signed. Files come from anybody: sizes, counts and depths are bounded, and nothing here panics.

mod chaine;
mod cms;
mod recherche;

use jiff::{Timestamp, civil::DateTime, tz::Offset};

use crate::pdf::{self, Dict, Fichier, Objet};

/// Deepest tree of names, and most names in it.
const NOMS_PROFONDEUR: usize = 8;
const NOMS_MAX: usize = 4_096;

/// What the signatures of a file are worth.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rapport {
    /// The signatures, in the order of the file.
    pub signatures: Vec<SignatureLue>,
    /// What is wrong with the file as a whole, in French. Empty for a file signed as a whole.
    pub anomalies: Vec<String>,
}

impl Rapport {
    /// The signature to rely on: it covers the whole file, holds, goes up to a known root, and the file has no anomaly.
    pub fn reconnue(&self) -> Option<&SignatureLue> {
        self.signatures.iter().find(|s| {
            self.anomalies.is_empty()
                && s.couvre_tout
                && s.integre
                && matches!(s.chaine, Chaine::Reconnue { .. })
        })
    }
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLue {
    /// `/SubFilter`: `ETSI.CAdES.detached`, `adbe.pkcs7.detached`, or one that we can't verify.
    pub sous_filtre: String,
    /// Common name of the signer's certificate.
    pub signataire_cn: Option<String>,
    /// Issuer of the signer's certificate, `C=FR, O=…, CN=…`.
    pub emetteur: Option<String>,
    /// The signer's certificate, DER.
    pub certificat_der: Option<Vec<u8>>,
    /// When the signer says to have signed (`/M`, else the CMS attribute): a claim, not a proof.
    pub le: Option<Timestamp>,
    /// `/ByteRange` as written: offset and length of two ranges. Zeros when unreadable.
    pub octets_couverts: [u64; 4],
    /// The signature covers the file to its last byte.
    pub couvre_tout: bool,
    /// The covered bytes are those that the holder of the certificate signed.
    pub integre: bool,
    /// Up to which root the certificate goes.
    pub chaine: Chaine,
    /// Why the signature doesn't hold or deserves attention, in French.
    pub raisons: Vec<String>,
}

/// The certification path of a signer, at the date given to [`verifier`]. Revocation isn't looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chaine {
    /// Valid up to one of the given roots.
    Reconnue {
        /// Common name of the root, or its whole subject.
        racine: String,
    },
    /// No path to a given root.
    Inconnue,
    /// There is a path, but a certificate of it isn't valid at the date.
    Expiree,
    /// No certificate, or an unreadable one.
    Illisible,
}

/// Reads and verifies every signature of a file, against the given roots (DER) and at the date `le`.
///
/// Verified: `adbe.pkcs7.detached` and `ETSI.CAdES.detached`, RSA (PKCS#1 v1.5 and PSS, 2048 bits or more) and ECDSA (P-256,
/// P-384), SHA-256 to SHA-512. A signature out of these is reported as not holding, with the reason.
pub fn verifier(pdf: &[u8], racines_der: &[Vec<u8>], le: Timestamp) -> Rapport {
    let mut rapport = Rapport::default();
    if !pdf.get(..1024.min(pdf.len())).is_some_and(|tete| tete.windows(5).any(|f| f == b"%PDF-")) {
        rapport.anomalies.push("Le fichier n’est pas un document PDF.".into());
        return rapport;
    }
    let (dicts, anomalies) = recherche::signatures(pdf);
    rapport.anomalies = anomalies;
    rapport.signatures = dicts.iter().map(|dict| lire(pdf, dict, racines_der, le)).collect();
    if rapport.signatures.is_empty() {
        rapport.anomalies.push("Le document ne porte aucune signature électronique lisible.".into());
    } else if !rapport.signatures.iter().any(|s| s.couvre_tout) {
        rapport
            .anomalies
            .push("Aucune signature ne couvre le document entier : il a pu être modifié ensuite.".into());
    }
    rapport
}

/// The file embedded under `nom`, of at most 32 MiB. `None` as well when the file has another form than ours
/// (cross-reference streams, encryption).
pub fn piece_jointe(pdf: &[u8], nom: &str) -> Option<Vec<u8>> {
    let fichier = Fichier::ouvrir(pdf).ok()?;
    let catalogue = fichier.resoudre_dict(fichier.trailer.get("Root")?)?;
    let noms = fichier.resoudre_dict(catalogue.get("Names")?)?;
    let racine = fichier.resoudre_dict(noms.get("EmbeddedFiles")?)?;
    let mut restants = vec![(racine, 0)];
    let mut vus = 0;
    while let Some((noeud, profondeur)) = restants.pop() {
        let paires = noeud.get("Names").and_then(|n| fichier.resoudre(n));
        for paire in paires.iter().filter_map(Objet::tableau).flat_map(|n| n.chunks_exact(2)) {
            vus += 1;
            if vus > NOMS_MAX {
                return None;
            }
            let Some(specification) = fichier.resoudre_dict(&paire[1]) else { continue };
            let lu = specification.get("UF").or_else(|| specification.get("F")).and_then(Objet::octets);
            if lu.is_some_and(|octets| nomme(octets, nom)) {
                let fichiers = fichier.resoudre_dict(specification.get("EF")?)?;
                return fichier.flux(fichiers.get("F")?);
            }
        }
        let enfants = noeud.get("Kids").and_then(|k| fichier.resoudre(k));
        for enfant in enfants.iter().filter_map(Objet::tableau).flatten() {
            vus += 1;
            if profondeur < NOMS_PROFONDEUR && vus <= NOMS_MAX {
                restants.extend(fichier.resoudre_dict(enfant).map(|dict| (dict, profondeur + 1)));
            }
        }
    }
    None
}

fn nomme(octets: &[u8], nom: &str) -> bool {
    octets == nom.as_bytes() || pdf::lire_texte(octets) == nom
}

fn lire(pdf: &[u8], dict: &Dict, racines_der: &[Vec<u8>], le: Timestamp) -> SignatureLue {
    let texte = |cle: &str| dict.get(cle).and_then(Objet::octets).map(pdf::lire_texte);
    let mut lue = SignatureLue {
        sous_filtre: texte("SubFilter").unwrap_or_default(),
        signataire_cn: None,
        emetteur: None,
        certificat_der: None,
        le: texte("M").as_deref().and_then(date),
        octets_couverts: [0; 4],
        couvre_tout: false,
        integre: false,
        chaine: Chaine::Illisible,
        raisons: Vec::new(),
    };
    if let Err(raison) = juger(pdf, dict, racines_der, le, &mut lue) {
        lue.raisons.push(raison.into());
    }
    lue
}

/// Fills `lue` as far as it gets; the error says what stopped it.
fn juger(
    pdf: &[u8],
    dict: &Dict,
    racines_der: &[Vec<u8>],
    le: Timestamp,
    lue: &mut SignatureLue,
) -> Result<(), &'static str> {
    let (plages, contenu) = plages(pdf, dict, lue)?;
    lue.couvre_tout = plages[1].end == pdf.len();
    if !lue.couvre_tout {
        lue.raisons.push(
            "Le document a été complété après cette signature, qui ne couvre que sa version d’alors.".into(),
        );
    }
    let cades = match lue.sous_filtre.as_str() {
        "ETSI.CAdES.detached" => true,
        "adbe.pkcs7.detached" => false,
        _ => return Err("Le format de la signature n’est pas pris en charge."),
    };
    let signe = cms::lire(contenu)?;
    if let Some(certificat) = &signe.certificat {
        lue.certificat_der = Some(certificat.clone());
        if let Ok(lecture) = igc::lire::lire_der(certificat) {
            lue.signataire_cn = lecture.cn;
            lue.emetteur = Some(lecture.emetteur);
        }
        lue.chaine = chaine::remonter(certificat, &signe.certificats, racines_der, le);
    }
    lue.le = lue.le.or(signe.date());
    let parties = plages.map(|plage| pdf.get(plage).unwrap_or_default());
    signe.verifier(&parties, cades)?;
    lue.integre = true;
    match lue.chaine {
        Chaine::Reconnue { .. } => Ok(()),
        Chaine::Inconnue => Err("Le certificat du signataire ne remonte à aucune autorité reconnue."),
        Chaine::Expiree => {
            Err("Le certificat du signataire, ou celui d’une autorité, n’est pas valide à cette date.")
        }
        Chaine::Illisible => Err("Le certificat du signataire est illisible."),
    }
}

/// The two covered ranges and the signature that they leave out.
///
/// Refuses all but `[0 a b c]` where `a..b` is exactly the string of `/Contents`, written in hexadecimal digits alone.
fn plages<'d>(
    pdf: &[u8],
    dict: &'d Dict,
    lue: &mut SignatureLue,
) -> Result<([std::ops::Range<usize>; 2], &'d [u8]), &'static str> {
    let illisible = "La plage d’octets signée est illisible.";
    if dict.compte("ByteRange") != 1 || dict.compte("Contents") != 1 || dict.compte("SubFilter") > 1 {
        return Err("Le dictionnaire de signature contient plusieurs fois la même entrée.");
    }
    let bornes = dict.get("ByteRange").and_then(Objet::tableau).ok_or(illisible)?;
    let &[zero, avant, reprise, apres] = bornes
        .iter()
        .map(|n| n.entier().and_then(|n| usize::try_from(n).ok()))
        .collect::<Option<Vec<usize>>>()
        .ok_or(illisible)?
        .as_slice()
    else {
        return Err(illisible);
    };
    lue.octets_couverts = [zero, avant, reprise, apres].map(|n| u64::try_from(n).unwrap_or(u64::MAX));
    let fin = reprise
        .checked_add(apres)
        .filter(|fin| *fin <= pdf.len())
        .ok_or("La plage d’octets signée dépasse la fin du fichier : le document est tronqué ou falsifié.")?;
    let Some(Objet::Chaine { octets, debut, fin: fin_contenu, hexa: true }) = dict.get("Contents") else {
        return Err("Le contenu de la signature est illisible.");
    };
    if zero != 0 || avant != *debut || reprise != *fin_contenu {
        return Err("La plage d’octets signée laisse de côté autre chose que la signature elle-même.");
    }
    Ok(([0..avant, reprise..fin], octets))
}

/// A PDF date, `D:20261121100000+01'00'` (ISO 32000-1 section 7.9.4); without offset it is taken for UTC.
fn date(texte: &str) -> Option<Timestamp> {
    let texte = texte.strip_prefix("D:").unwrap_or(texte);
    let nombre = |debut: usize, fin: usize, defaut: i16| match texte.get(debut..fin) {
        Some(chiffres) if chiffres.bytes().all(|o| o.is_ascii_digit()) => chiffres.parse().ok(),
        Some(_) => None,
        None => Some(defaut),
    };
    let petit =
        |debut: usize, defaut: i16| nombre(debut, debut + 2, defaut).and_then(|n| i8::try_from(n).ok());
    let annee = nombre(0, 4, -1).filter(|a| *a >= 0)?;
    let civil =
        DateTime::new(annee, petit(4, 1)?, petit(6, 1)?, petit(8, 0)?, petit(10, 0)?, petit(12, 0)?, 0)
            .ok()?;
    let signe = match texte.as_bytes().get(14) {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => 0,
    };
    let heures = i32::from(nombre(15, 17, 0).unwrap_or(0));
    let minutes = i32::from(nombre(18, 20, 0).unwrap_or(0));
    let decalage = Offset::from_seconds(signe * (heures * 3600 + minutes * 60)).ok()?;
    decalage.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_de_pdf() {
        let cas = [
            ("D:20261121100000Z", Some("2026-11-21T10:00:00Z")),
            ("D:20261121110000+01'00'", Some("2026-11-21T10:00:00Z")),
            ("D:20261121053000-04'30", Some("2026-11-21T10:00:00Z")),
            ("D:202611", Some("2026-11-01T00:00:00Z")),
            ("20261121", Some("2026-11-21T00:00:00Z")),
            ("D:20261341", None),
            ("D:é", None),
            ("", None),
        ];
        for (texte, attendu) in cas {
            assert_eq!(date(texte), attendu.map(|t| t.parse().unwrap()), "{texte}");
        }
    }
}
