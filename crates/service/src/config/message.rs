//! Serde's English into French sentences, without the refused values: a configuration holds secrets.

/// A TOML text that doesn't parse.
pub(super) fn syntaxe(message: &str) -> String {
    let texte = if message.starts_with("duplicate key") {
        "cette clé est déjà donnée plus haut"
    } else if message.starts_with("key with no value") {
        "clé sans valeur : il manque le signe « = » et la valeur"
    } else if message.starts_with("string values must be quoted") {
        "un texte s’écrit entre guillemets"
    } else {
        "syntaxe TOML incorrecte (guillemet, crochet, virgule ou signe « = » manquant ?)"
    };
    texte.to_owned()
}

/// The key that a "missing field" fault names.
pub(super) fn cle_manquante(message: &str) -> Option<&str> {
    message.strip_prefix("missing field ")?.split('`').nth(1)
}

/// A value that the type refuses.
pub(super) fn francais(message: &str) -> String {
    let noms: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let liste = |noms: &[&str]| noms.iter().map(|nom| format!("« {nom} »")).collect::<Vec<_>>().join(", ");
    if let Some(cle) = cle_manquante(message) {
        return format!("il manque la clé « {cle} »");
    }
    if message.starts_with("unknown field") {
        return match noms.as_slice() {
            [cle] => format!("clé inconnue « {cle} » ; aucune clé n’est attendue ici"),
            [cle, connues @ ..] => format!("clé inconnue « {cle} » ; clés connues : {}", liste(connues)),
            [] => "clé inconnue".to_owned(),
        };
    }
    if message.starts_with("unknown variant") {
        let connus = noms.get(1..).unwrap_or_default();
        return format!("valeur inconnue ; valeurs connues : {}", liste(connus));
    }
    if let Some(reste) = message.strip_prefix("invalid type: ") {
        let (trouve, attendu) = reste.rsplit_once(", expected ").unwrap_or((reste, ""));
        return format!("{} trouvé là où il faut {}", nature(trouve), attente(attendu));
    }
    if let Some((_, attendu)) =
        message.strip_prefix("invalid value: ").and_then(|reste| reste.rsplit_once(", expected "))
    {
        return format!("valeur hors bornes : il faut {}", attente(attendu));
    }
    if message.starts_with("invalid length") {
        return "la liste n’a pas le nombre d’éléments attendu".to_owned();
    }
    if message.starts_with("duplicate field") {
        return "cette clé est donnée deux fois".to_owned();
    }
    // What is left comes from our own types (`try_from`), which speak French already, or from a library's parser.
    if message.is_ascii() { "valeur illisible".to_owned() } else { message.to_owned() }
}

/// The kind of a value that was found, without the value.
fn nature(trouve: &str) -> &'static str {
    let natures = [
        ("string", "texte"),
        ("integer", "nombre entier"),
        ("floating point", "nombre à virgule"),
        ("boolean", "booléen"),
        ("sequence", "liste"),
        ("map", "table"),
    ];
    natures
        .iter()
        .find(|(anglais, _)| trouve.starts_with(anglais))
        .map_or("autre chose", |(_, francais)| francais)
}

/// What the type wanted.
fn attente(attendu: &str) -> String {
    match attendu {
        "a string" | "a borrowed string" => "un texte".to_owned(),
        "a boolean" => "true ou false".to_owned(),
        "a sequence" => "une liste".to_owned(),
        "a map" => "une table".to_owned(),
        "u8" => "un entier de 0 à 255".to_owned(),
        "u16" => "un entier de 0 à 65535".to_owned(),
        "u32" | "u64" | "usize" => "un entier positif ou nul".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "un nombre entier".to_owned(),
        "f32" | "f64" => "un nombre".to_owned(),
        "path string" => "un chemin de fichier".to_owned(),
        autre if autre.starts_with("struct ") => "une table".to_owned(),
        autre if autre.contains("socket address") => {
            "une adresse et un port, comme « 127.0.0.1:8443 »".to_owned()
        }
        autre => format!("« {autre} »"),
    }
}
