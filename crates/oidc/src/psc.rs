//! What is particular to Pro Santé Connect: its realm, its scopes, and what it says of a professional.
//!
//! The members of [`Profil`] are those of `userinfo`, letter for letter. All texts: an empty one means unknown.

use serde::{Deserialize, Serialize};

/// Path of the realm on the host that signs.
pub const ROYAUME: &str = "/auth/realms/esante-wallet";
/// Where the realm publishes its metadata, under the issuer: not the standard path.
pub const CHEMIN_METADONNEES: &str = "/.well-known/wallet-openid-configuration";
/// The scope that every service asks for.
pub const SCOPE: &str = "openid scope_all";
/// The level that every service asks for.
pub const ACR: &str = "eidas1";

/// What `userinfo` says of a professional, but for `sub` and `authMode`, which belong to the session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Profil {
    /// National identifier; also `preferred_username`.
    #[serde(rename = "SubjectNameID")]
    pub national_id: String,
    pub family_name: String,
    pub given_name: String,
    #[serde(rename = "codeCivilite")]
    pub civilite: String,
    #[serde(rename = "codeGenreActivite")]
    pub genre_activite: String,
    #[serde(rename = "Secteur_Activite")]
    pub secteur_activite: String,
    #[serde(rename = "SubjectOrganization")]
    pub structure: String,
    #[serde(rename = "SubjectOrganizationID")]
    pub structure_id: String,
    #[serde(rename = "SubjectRole")]
    pub roles: Vec<String>,
    #[serde(rename = "PSI_Locale")]
    pub psi_locale: String,
    #[serde(rename = "Mode_Acces_Raison")]
    pub mode_acces_raison: String,
    #[serde(rename = "Acces_Regulation_Medicale")]
    pub acces_regulation_medicale: String,
    #[serde(rename = "UITVersion")]
    pub uit_version: String,
    #[serde(rename = "Palier_Authentification")]
    pub palier_authentification: String,
    #[serde(rename = "otherIds", alias = "otherIDs")]
    pub autres_ids: Vec<AutreId>,
    #[serde(rename = "SubjectRefPro")]
    pub ref_pro: RefPro,
}

/// The same person in another register.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct AutreId {
    pub identifiant: String,
    /// `RPPS`, `EDIT` (test identity)…
    pub origine: String,
    pub qualite: u32,
}

/// The person in the directory of professionals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct RefPro {
    #[serde(rename = "codeCivilite")]
    pub civilite: String,
    pub exercices: Vec<Exercice>,
}

/// A profession, as the person practises it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Exercice {
    pub code_profession: String,
    pub code_categorie_professionnelle: String,
    #[serde(rename = "codeCiviliteDexercice")]
    pub code_civilite_dexercice: String,
    #[serde(rename = "nomDexercice")]
    pub nom_dexercice: String,
    #[serde(rename = "prenomDexercice")]
    pub prenom_dexercice: String,
    pub code_type_savoir_faire: String,
    pub code_savoir_faire: String,
    pub activities: Vec<Activite>,
}

/// Where and how the profession is practised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Activite {
    pub code_mode_exercice: String,
    pub code_secteur_dactivite: String,
    pub code_section_pharmacien: String,
    pub code_role: String,
    pub code_genre_activite: String,
    pub numero_siret_site: String,
    pub numero_siren_site: String,
    pub numero_finess_site: String,
    #[serde(rename = "numeroFinessetablissementJuridique")]
    pub numero_finess_etablissement_juridique: String,
    pub identifiant_technique_de_la_structure: String,
    pub raison_sociale_site: String,
    pub enseigne_commerciale_site: String,
    pub complement_destinataire: String,
    pub complement_point_geographique: String,
    pub numero_voie: String,
    pub indice_repetition_voie: String,
    pub code_type_de_voie: String,
    pub libelle_voie: String,
    pub mention_distribution: String,
    pub bureau_cedex: String,
    pub code_postal: String,
    pub code_commune: String,
    pub code_pays: String,
    pub telephone: String,
    pub telephone2: String,
    pub telecopie: String,
    #[serde(rename = "adresseEMail")]
    pub adresse_email: String,
    pub code_departement: String,
    pub ancien_identifiant_de_la_structure: String,
    pub autorite_denregistrement: String,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_names_are_those_of_the_field() {
        let activite = serde_json::to_value(Activite::default()).unwrap();
        assert_eq!(activite.as_object().unwrap().len(), 30);
        for nom in [
            "codeModeExercice",
            "codeSecteurDactivite",
            "numeroFinessetablissementJuridique",
            "identifiantTechniqueDeLaStructure",
            "codeTypeDeVoie",
            "adresseEMail",
            "telephone2",
            "ancienIdentifiantDeLaStructure",
            "autoriteDenregistrement",
        ] {
            assert_eq!(activite[nom], Value::String(String::new()), "{nom}");
        }
        let exercice = serde_json::to_value(Exercice::default()).unwrap();
        for nom in ["codeProfession", "codeCategorieProfessionnelle", "codeCiviliteDexercice", "nomDexercice"]
        {
            assert!(exercice.get(nom).is_some(), "{nom}");
        }
        let profil: Profil = serde_json::from_value(json!({
            "SubjectNameID": "899700427885", "family_name": "DOC", "inconnu": 1,
            "otherIDs": [{"identifiant": "899700427885", "origine": "RPPS", "qualite": 1}],
            "SubjectRefPro": {"exercices": [{"codeProfession": "10", "activities": [{"codeRole": "X"}]}]},
        }))
        .unwrap();
        assert_eq!(profil.autres_ids.first().unwrap().origine, "RPPS");
        let exercice = profil.ref_pro.exercices.first().unwrap();
        assert_eq!(
            (&*exercice.code_profession, &*exercice.activities.first().unwrap().code_role),
            ("10", "X")
        );
    }
}
