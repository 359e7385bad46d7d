//! From the decision to the register: prepared, signed, verified offline, suspended, withdrawn, replaced.

mod dependance;
mod jeton;
mod registre;
mod renouveler;
mod signer;
mod verifier;
