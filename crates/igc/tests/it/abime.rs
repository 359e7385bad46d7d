//! Fuzz target: a certificate file that somebody sent, damaged in every way, is read or refused, never a panic.

use bolero::check;
use igc::{Algorithme, Usage, lire};
use test_support::abime::{Accident, abimer};

use crate::{autorite, demande};

/// Inputs tried in a run of the tests; `cargo bolero test` goes on for as long as one likes.
const ESSAIS: usize = 20_000;

#[test]
fn a_damaged_certificate_is_read_or_refused() {
    let autorite = autorite();
    let exemples: Vec<Vec<u8>> = [Algorithme::P256, Algorithme::Rsa3072]
        .into_iter()
        .map(|algorithme| autorite.emettre(&demande(Usage::Client, algorithme)).unwrap())
        .flat_map(|emis| {
            let pem = emis.cert_pem.clone().into_bytes();
            [lire::lire_pem(&pem).unwrap().der, pem]
        })
        .collect();
    check!().with_type::<(u8, Vec<Accident>)>().with_iterations(ESSAIS).for_each(|(lequel, accidents)| {
        let exemple = &exemples[usize::from(*lequel) % exemples.len()];
        let abime = abimer(exemple, accidents);
        if let Ok(lu) = lire::lire(&abime) {
            // What was read can be written: traces and pages show these texts.
            assert!(!lu.empreinte_sha256.is_empty() && !lu.dn.contains('\0'));
        }
    });
}
