//! The fingerprints that hold the traces together.
//!
//! Rule: the fingerprint of a trace is the SHA-256, in lower-case hexadecimal, of four lines joined by `\n` with nothing at
//! the end: the fingerprint before (empty for the first), the node, the rank, the line of JSON. Anybody can do it again with `sha256sum`.

use aws_lc_rs::digest::{Context, SHA256};

pub(crate) fn empreinte(precedente: &str, noeud: &str, rang: i64, ligne: &str) -> String {
    let mut contexte = Context::new(&SHA256);
    for partie in [precedente, "\n", noeud, "\n", &rang.to_string(), "\n", ligne] {
        contexte.update(partie.as_bytes());
    }
    let mut lettres = [0; 64];
    hex::encode_to_slice(contexte.finish(), &mut lettres).expect("thirty-two bytes make sixty-four letters");
    String::from_utf8_lossy(&lettres).into_owned()
}

#[cfg(test)]
mod tests {
    use super::empreinte;

    #[test]
    fn the_fingerprint_is_the_one_that_sha256sum_gives() {
        // printf '\nproxy\n1\n{}' | sha256sum
        let premiere = empreinte("", "proxy", 1, "{}");
        assert_eq!(premiere, "4572b0556bac882f5fc5d8daf8e4a0bfb6f11521a7b6d13b92dcd004e599c966");
        for autre in [
            empreinte("0", "proxy", 1, "{}"),
            empreinte("", "proxy2", 1, "{}"),
            empreinte("", "proxy", 2, "{}"),
            empreinte("", "proxy", 1, "{} "),
        ] {
            assert_ne!(autre, premiere);
        }
    }
}
