//! An inventory of components: how many, which lack a version or a licence.
//!
//! Rule: an inventory that names its components is worth reading; one that lists none is not an inventory. Reads
//! CycloneDX JSON, SPDX 2 JSON and SPDX 2 tag-value.

use serde::{Deserialize, de::IgnoredAny};

use super::{Avis, Illisible, VerdictAvis, citer, compter, exemples, json, texte};
use crate::referentiel::Controle;

/// What was read from an inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Inventaire {
    /// « CycloneDX 1.5 », « SPDX 2.3 ».
    format: String,
    composants: Vec<Composant>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Composant {
    nom: String,
    avec_version: bool,
    avec_licence: bool,
}

/// The advice on these bytes.
pub fn controler(octets: &[u8]) -> Avis {
    let texte = match texte(octets) {
        Ok(texte) => texte,
        Err(raison) => return Avis::illisible(Controle::Sbom, raison),
    };
    match lire(texte) {
        Ok(Lecture::Inventaire(inventaire)) => juger(&inventaire),
        Ok(Lecture::Autre(raison)) => Avis::conforme(Controle::Sbom).avec(VerdictAvis::Indetermine, raison),
        Err(raison) => Avis::illisible(Controle::Sbom, raison),
    }
}

fn juger(inventaire: &Inventaire) -> Avis {
    let composants = &inventaire.composants;
    let total = composants.len();
    let avis = Avis::conforme(Controle::Sbom);
    let format = citer(&inventaire.format);
    if total == 0 {
        return avis.avec(VerdictAvis::NonConforme, format!("{format} : aucun composant."));
    }
    let avis = avis
        .avec(VerdictAvis::Conforme, format!("{format} : {}.", compter(total, "composant", "composants")));
    let sans_version = composants.iter().filter(|composant| !composant.avec_version);
    let avis = incomplets(avis, "version", sans_version.collect());
    let sans_licence = composants.iter().filter(|composant| !composant.avec_licence);
    incomplets(avis, "licence", sans_licence.collect())
}

fn incomplets(avis: Avis, manque: &str, composants: Vec<&Composant>) -> Avis {
    if composants.is_empty() {
        return avis;
    }
    let nombre = compter(composants.len(), "composant", "composants");
    let noms = composants.into_iter().map(|composant| match composant.nom.as_str() {
        "" => "(sans nom)",
        nom => nom,
    });
    avis.avec(VerdictAvis::Remarque, format!("{nombre} sans {manque} : {}.", exemples(noms)))
}

enum Lecture {
    Inventaire(Inventaire),
    /// A format that is known or guessed, but not read here.
    Autre(&'static str),
}

fn lire(texte: &str) -> Result<Lecture, Illisible> {
    let debut = texte.trim_start();
    if debut.starts_with('{') {
        return json::<Document>(texte).map(Document::lire);
    }
    if debut.starts_with('<') {
        return Ok(Lecture::Autre("Un inventaire en XML n’est pas lu automatiquement : préférez le JSON."));
    }
    Ok(lire_tag_value(texte).map_or(
        Lecture::Autre("Ce n’est ni CycloneDX (JSON), ni SPDX (JSON ou texte) : à vérifier à la main."),
        Lecture::Inventaire,
    ))
}

/// The union of both JSON formats: each names itself in its first keys.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    // CycloneDX
    bom_format: Option<String>,
    spec_version: Option<String>,
    #[serde(default)]
    components: Vec<CycloneDx>,
    // SPDX 2
    spdx_version: Option<String>,
    #[serde(default)]
    packages: Vec<Spdx>,
}

#[derive(Deserialize)]
struct CycloneDx {
    #[serde(default)]
    name: String,
    version: Option<String>,
    #[serde(default)]
    licenses: Vec<IgnoredAny>,
    /// Components may hold others; the depth is bounded by that of the JSON.
    #[serde(default)]
    components: Vec<CycloneDx>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spdx {
    #[serde(default)]
    name: String,
    version_info: Option<String>,
    license_concluded: Option<String>,
    license_declared: Option<String>,
}

impl Document {
    fn lire(self) -> Lecture {
        match (self.bom_format.as_deref(), self.spdx_version) {
            (Some("CycloneDX"), _) => {
                let mut composants = Vec::new();
                aplatir(self.components, &mut composants);
                let format = format!("CycloneDX {}", self.spec_version.unwrap_or_default());
                Lecture::Inventaire(Inventaire { format: format.trim_end().to_owned(), composants })
            }
            (_, Some(version)) => {
                let composants = self.packages.into_iter().map(Composant::from).collect();
                Lecture::Inventaire(Inventaire { format: format_spdx(&version), composants })
            }
            _ => Lecture::Autre("Ce JSON n’est ni CycloneDX, ni SPDX 2 : à vérifier à la main."),
        }
    }
}

fn aplatir(composants: Vec<CycloneDx>, tous: &mut Vec<Composant>) {
    for composant in composants {
        tous.push(Composant {
            nom: composant.name,
            avec_version: composant.version.is_some_and(|version| !version.trim().is_empty()),
            avec_licence: !composant.licenses.is_empty(),
        });
        aplatir(composant.components, tous);
    }
}

impl From<Spdx> for Composant {
    fn from(paquet: Spdx) -> Self {
        let connue = |licence: Option<String>| licence.is_some_and(|licence| est_affirme(&licence));
        Self {
            nom: paquet.name,
            avec_version: paquet.version_info.is_some_and(|version| est_affirme(&version)),
            avec_licence: connue(paquet.license_concluded) || connue(paquet.license_declared),
        }
    }
}

/// SPDX says NOASSERTION for « unknown » and NONE for « there is none ».
fn est_affirme(valeur: &str) -> bool {
    !matches!(valeur.trim(), "" | "NOASSERTION" | "NONE")
}

fn format_spdx(version: &str) -> String {
    version.trim().replacen("SPDX-", "SPDX ", 1)
}

/// SPDX 2 tag-value; `None` when no line gives the version of the format.
fn lire_tag_value(texte: &str) -> Option<Inventaire> {
    let mut format = None;
    let mut composants: Vec<Composant> = Vec::new();
    for ligne in texte.lines() {
        let Some((cle, valeur)) = ligne.split_once(':') else { continue };
        let valeur = valeur.trim();
        match (cle.trim(), composants.last_mut()) {
            ("SPDXVersion", _) => format = Some(format_spdx(valeur)),
            ("PackageName", _) => {
                composants.push(Composant { nom: valeur.to_owned(), ..Composant::default() });
            }
            ("PackageVersion", Some(dernier)) => dernier.avec_version |= est_affirme(valeur),
            ("PackageLicenseConcluded" | "PackageLicenseDeclared", Some(dernier)) => {
                dernier.avec_licence |= est_affirme(valeur);
            }
            _ => {}
        }
    }
    format.map(|format| Inventaire { format, composants })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inventory_is_counted() {
        use VerdictAvis::{Conforme, Indetermine, NonConforme, Remarque};
        let trop_profond = format!("{}{}", r#"{"components":["#.repeat(200), "]}".repeat(200));
        for (inventaire, verdict, texte) in [
            (
                r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[
                    {"name":"a","version":"1","licenses":[{"license":{"id":"MIT"}}],
                     "components":[{"name":"b","version":"2","licenses":[{"expression":"MIT"}]}]}]}"#,
                Conforme,
                "CycloneDX 1.5 : 2 composants.",
            ),
            (
                r#"{"bomFormat":"CycloneDX","specVersion":"1.4","components":[{"name":"a"},{"name":"b","version":" "}]}"#,
                Remarque,
                "2 composants sans version : a, b. 2 composants sans licence : a, b.",
            ),
            (r#"{"bomFormat":"CycloneDX","specVersion":"1.5"}"#, NonConforme, "aucun composant"),
            (
                r#"{"spdxVersion":"SPDX-2.3","packages":[{"name":"a","versionInfo":"1","licenseDeclared":"MIT"}]}"#,
                Conforme,
                "SPDX 2.3 : 1 composant.",
            ),
            (
                r#"{"spdxVersion":"SPDX-2.3","packages":[
                    {"name":"a","versionInfo":"1","licenseConcluded":"NOASSERTION","licenseDeclared":"NONE"}]}"#,
                Remarque,
                "1 composant sans licence : a.",
            ),
            (
                "SPDXVersion: SPDX-2.2\nPackageName: a\nPackageVersion: 1\nPackageLicenseConcluded: MIT\n\
                 PackageName: b\nPackageLicenseDeclared: NOASSERTION\n",
                Remarque,
                "SPDX 2.2 : 2 composants. 1 composant sans version : b. 1 composant sans licence : b.",
            ),
            (r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}"#, Indetermine, "ni CycloneDX"),
            ("<bom/>", Indetermine, "XML"),
            ("une phrase", Indetermine, "à vérifier à la main"),
            ("{", NonConforme, "pas lisible"),
            (r#"{"bomFormat":"CycloneDX","components":{}}"#, NonConforme, "forme attendue"),
            (&trop_profond, NonConforme, "JSON"),
        ] {
            let avis = controler(inventaire.as_bytes());
            assert_eq!(avis.verdict, verdict, "{texte} : {avis:?}");
            assert!(avis.raisons.join(" ").contains(texte), "{avis:?}");
        }
    }
}
