//! Tokens taken back before their end, by `jti`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

#[derive(Debug, Default)]
pub(crate) struct Revoques(Mutex<HashMap<String, i64>>);

impl Revoques {
    /// Takes a token back until `exp`, when it is worthless anyway.
    pub(crate) fn ajouter(&self, jti: String, exp: i64, maintenant: Timestamp) {
        let mut revoques = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        revoques.retain(|_, fin| *fin > maintenant.as_second());
        revoques.insert(jti, exp);
    }

    pub(crate) fn contient(&self, jti: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(jti)
    }
}
