//! From the decision to the register: prepared, signed, verified offline, suspended, withdrawn, replaced.

mod registre;
mod signer;
mod verifier;
