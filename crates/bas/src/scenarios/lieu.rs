//! Where a scenario strikes: which server, and which of its endpoints.

use serde::{Deserialize, Serialize};

/// A server of the sandbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cible {
    /// The realm of Pro Santé Connect.
    #[default]
    Psc,
    /// The authorization servers of the API.
    As,
    /// The API.
    Api,
}

impl Cible {
    pub(crate) const TOUTES: [Self; 3] = [Self::Psc, Self::As, Self::Api];

    /// As in JSON and in forms.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Psc => "psc",
            Self::As => "as",
            Self::Api => "api",
        }
    }

    pub(crate) fn libelle(self) -> &'static str {
        match self {
            Self::Psc => "Pro Santé Connect",
            Self::As => "Serveurs d’autorisation",
            Self::Api => "API",
        }
    }

    /// For JSON, where the default is left out.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    pub(super) fn par_defaut(&self) -> bool {
        *self == Self::Psc
    }
}

/// An endpoint of a realm, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Point {
    Metadonnees,
    Cles,
    Ciba,
    Par,
    Jeton,
    Introspection,
    Userinfo,
    Deconnexion,
    Revocation,
}

impl Point {
    /// All, with the end of their path, as in JSON and as people read them.
    pub(crate) const TOUS: [(Self, &'static str, &'static str, &'static str); 9] = [
        (Self::Metadonnees, "-configuration", "metadonnees", "Métadonnées"),
        (Self::Cles, "/certs", "cles", "Clés publiques"),
        (Self::Ciba, "/ext/ciba/auth", "ciba", "Demande CIBA"),
        (Self::Par, "/ext/par/request", "par", "Demande poussée (PAR)"),
        (Self::Introspection, "/token/introspect", "introspection", "Introspection"),
        (Self::Jeton, "/token", "jeton", "Jeton"),
        (Self::Userinfo, "/userinfo", "userinfo", "Userinfo"),
        (Self::Deconnexion, "/logout", "deconnexion", "Déconnexion"),
        (Self::Revocation, "/revoke", "revocation", "Révocation"),
    ];

    /// The endpoint of a path of a realm.
    pub(super) fn du_chemin(chemin: &str) -> Option<Self> {
        Self::TOUS.into_iter().find(|(_, fin, ..)| chemin.ends_with(fin)).map(|(point, ..)| point)
    }

    pub(crate) fn code(self) -> &'static str {
        Self::TOUS.into_iter().find(|(point, ..)| *point == self).map_or("", |(.., code, _)| code)
    }

    pub(crate) fn libelle(self) -> &'static str {
        Self::TOUS.into_iter().find(|(point, ..)| *point == self).map_or("", |(.., libelle)| libelle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_known_by_their_path() {
        for (chemin, attendu) in [
            ("/auth/realms/x/protocol/openid-connect/token", Some(Point::Jeton)),
            ("/auth/realms/x/protocol/openid-connect/token/introspect", Some(Point::Introspection)),
            ("/auth/realms/x/.well-known/wallet-openid-configuration", Some(Point::Metadonnees)),
            ("/auth/realms/x/.well-known/openid-configuration", Some(Point::Metadonnees)),
            ("/auth/realms/x/protocol/openid-connect/ext/ciba/auth", Some(Point::Ciba)),
            ("/auth/realms/x/protocol/openid-connect/ext/par/request", Some(Point::Par)),
            ("/assets/style.css", None),
        ] {
            assert_eq!(Point::du_chemin(chemin), attendu, "{chemin}");
        }
        for (point, _, code, _) in Point::TOUS {
            assert_eq!(serde_json::to_value(point).unwrap(), code);
        }
        for cible in Cible::TOUTES {
            assert_eq!(serde_json::to_value(cible).unwrap(), cible.code());
        }
    }
}
