//! What the signatures of a deposited PDF are worth.

use document::verification::{Chaine, SignatureLue, verifier};
use domaine::{
    avis::{Avis, VerdictAvis},
    calendrier::date_heure_fr,
    referentiel::Controle,
};
use jiff::Timestamp;

/// `attendue`: the form of preuve is that of a signed PDF; any other PDF may do without a signature.
pub(super) fn controler(octets: &[u8], racines: &[Vec<u8>], le: Timestamp, attendue: bool) -> Avis {
    let rapport = verifier(octets, racines, le);
    let avis = Avis::conforme(Controle::PdfSignature);
    if rapport.signatures.is_empty() {
        let (verdict, raison) = if attendue {
            (VerdictAvis::NonConforme, "Le PDF ne porte aucune signature électronique lisible.")
        } else {
            (
                VerdictAvis::Remarque,
                "Le PDF n’est pas signé électroniquement ; ce n’est pas exigé de cette forme de preuve.",
            )
        };
        return avis.avec(verdict, raison);
    }
    let avis = rapport.signatures.iter().fold(avis, juger);
    rapport.anomalies.into_iter().fold(avis, |avis, raison| avis.avec(VerdictAvis::NonConforme, raison))
}

fn juger(avis: Avis, signature: &SignatureLue) -> Avis {
    let qui = signature.signataire_cn.as_deref().unwrap_or("signataire inconnu");
    let qui: String = qui.chars().filter(|c| !c.is_control()).take(80).collect();
    let quand = signature.le.map_or_else(String::new, |le| format!(", le {}", date_heure_fr(le)));
    let mut avis = match (signature.integre, &signature.chaine) {
        (false, _) => avis.avec(VerdictAvis::NonConforme, format!("La signature de {qui} ne vaut pas pour ce contenu.")),
        (true, Chaine::Reconnue { racine }) => {
            avis.avec(VerdictAvis::Conforme, format!("Signé par {qui}{quand}, certificat reconnu ({racine})."))
        }
        (true, Chaine::Inconnue) => avis.avec(
            VerdictAvis::Indetermine,
            format!("Signé par {qui}{quand} : l’autorité de ce certificat n’est pas de celles que le guichet connaît."),
        ),
        (true, Chaine::Expiree) => avis.avec(
            VerdictAvis::Indetermine,
            format!("Signé par {qui}{quand} : un certificat de la chaîne n’est plus valide à ce jour."),
        ),
        (true, Chaine::Illisible) => {
            avis.avec(VerdictAvis::NonConforme, format!("Le certificat de {qui} n’est pas lisible."))
        }
    };
    for raison in &signature.raisons {
        avis = avis.avec(VerdictAvis::Remarque, raison.clone());
    }
    avis
}
