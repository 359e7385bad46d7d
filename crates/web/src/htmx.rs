//! htmx only enhances: a page answers it with the inside of `#contenu` and answers a plain browser whole.

use http::HeaderMap;

/// Was the request sent by htmx? Puts `Cadre::htmx`. Going back in the history asks for the whole page.
pub fn est_htmx(entetes: &HeaderMap) -> bool {
    let vrai = |nom| entetes.get(nom).is_some_and(|v| v.as_bytes() == b"true");
    vrai("hx-request") && !vrai("hx-history-restore-request")
}
