//! What the frame of a page shows, as plain data that the product fills: `base.html` reads a [`Cadre`], the macros of
//! `ui.html` read the rest.

use std::fmt;

/// The five tones of the site. A tone is never shown by its colour alone: the macros add a sign and a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Genre {
    #[default]
    Neutre,
    Info,
    Succes,
    Attention,
    Erreur,
}

impl fmt::Display for Genre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Neutre => "neutre",
            Self::Info => "info",
            Self::Succes => "succes",
            Self::Attention => "attention",
            Self::Erreur => "erreur",
        })
    }
}

/// The frame of a page: every page template has a field `cadre: web::Cadre`.
#[derive(Debug, Clone, Default)]
pub struct Cadre {
    /// Name of the site beside the product's: « Guichet », « Bac à sable ».
    pub site: String,
    /// Title of the page, for `<title>`.
    pub titre: String,
    /// Path of the page.
    pub chemin: String,
    /// Main navigation.
    pub nav: Vec<Lien>,
    /// Who is signed in; the menu signs out with `POST /deconnexion`.
    pub personne: Option<PersonneVue>,
    /// CSRF token of the session, for forms, htmx and `edc.js`.
    pub csrf: String,
    /// Notices shown once, above the content.
    pub avis: Vec<Avis>,
    /// Breadcrumb: label and address; the last one is the page itself, without an address.
    pub fil: Vec<(String, Option<String>)>,
    /// Text of the thin banner of a test environment.
    pub demo: Option<String>,
    /// True when htmx asked: only the inside of `#contenu` is answered.
    pub htmx: bool,
    /// Links of the footer.
    pub pied: Vec<Lien>,
}

impl Cadre {
    /// A bare frame: the site, a title, a path, and nothing else.
    pub fn nouveau(site: &str, titre: &str, chemin: &str) -> Self {
        Self { site: site.into(), titre: titre.into(), chemin: chemin.into(), ..Self::default() }
    }

    /// Address of a static file, for the templates.
    pub fn asset(&self, nom: &str) -> String {
        crate::assets::url(nom)
    }
}

/// A link of a navigation or of a row of tabs.
#[derive(Debug, Clone, Default)]
pub struct Lien {
    pub libelle: String,
    pub url: String,
    /// Is it where the person is now?
    pub actif: bool,
    /// A counter beside the label.
    pub badge: Option<u32>,
}

impl Lien {
    pub fn nouveau(libelle: &str, url: &str) -> Self {
        Self { libelle: libelle.into(), url: url.into(), ..Self::default() }
    }

    /// Marks it as where the person is.
    #[must_use]
    pub fn actif(mut self, actif: bool) -> Self {
        self.actif = actif;
        self
    }

    /// Sets the counter; zero shows none.
    #[must_use]
    pub fn badge(mut self, nombre: u32) -> Self {
        self.badge = (nombre > 0).then_some(nombre);
        self
    }
}

/// The person signed in, as the menu shows them.
#[derive(Debug, Clone, Default)]
pub struct PersonneVue {
    pub nom: String,
    /// Second line: role, structure.
    pub detail: String,
}

/// A notice at the head of a page.
#[derive(Debug, Clone)]
pub struct Avis {
    pub genre: Genre,
    pub texte: String,
}

impl Avis {
    pub fn nouveau(genre: Genre, texte: impl Into<String>) -> Self {
        Self { genre, texte: texte.into() }
    }

    /// ARIA role: an error or a warning interrupts, the rest waits its turn.
    pub fn role(&self) -> &'static str {
        match self.genre {
            Genre::Erreur | Genre::Attention => "alert",
            Genre::Neutre | Genre::Info | Genre::Succes => "status",
        }
    }
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EtatEtape {
    Faite,
    Courante,
    AVenir,
    Bloquee,
}

impl fmt::Display for EtatEtape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Faite => "faite",
            Self::Courante => "courante",
            Self::AVenir => "a-venir",
            Self::Bloquee => "bloquee",
        })
    }
}

/// One of the numbered steps of the macro `etapes`.
#[derive(Debug, Clone)]
pub struct Etape {
    pub libelle: String,
    pub etat: EtatEtape,
    pub url: Option<String>,
    /// Said under the label instead of the state's own words.
    pub detail: String,
}

impl Etape {
    pub fn nouvelle(libelle: &str, etat: EtatEtape) -> Self {
        Self { libelle: libelle.into(), etat, url: None, detail: String::new() }
    }

    #[must_use]
    pub fn url(mut self, url: &str) -> Self {
        self.url = Some(url.into());
        self
    }

    #[must_use]
    pub fn detail(mut self, detail: &str) -> Self {
        self.detail = detail.into();
        self
    }

    pub fn faite(&self) -> bool {
        self.etat == EtatEtape::Faite
    }

    pub fn courante(&self) -> bool {
        self.etat == EtatEtape::Courante
    }

    /// The state in words, so that it is never told by the colour alone.
    pub fn texte_etat(&self) -> &str {
        if !self.detail.is_empty() {
            return &self.detail;
        }
        match self.etat {
            EtatEtape::Faite => "Terminée",
            EtatEtape::Courante => "En cours",
            EtatEtape::AVenir => "À venir",
            EtatEtape::Bloquee => "Bloquée",
        }
    }
}

/// Pages of a list, numbered from 1.
#[derive(Debug, Clone)]
pub struct Pagination {
    pub page: u32,
    pub pages: u32,
    /// Address of the list with its filters, without `page`.
    pub base: String,
}

impl Pagination {
    /// `total` items by `par_page` (at least 1); the page asked for is brought back into bounds.
    pub fn nouvelle(page: u32, total: u64, par_page: u32, base: &str) -> Self {
        let pages = u32::try_from(total.div_ceil(u64::from(par_page.max(1)))).unwrap_or(u32::MAX).max(1);
        Self { page: page.clamp(1, pages), pages, base: base.into() }
    }

    fn url(&self, page: u32) -> String {
        let lien = if self.base.contains('?') { '&' } else { '?' };
        format!("{}{lien}page={page}", self.base)
    }

    pub fn precedente(&self) -> Option<String> {
        (self.page > 1).then(|| self.url(self.page - 1))
    }

    pub fn suivante(&self) -> Option<String> {
        (self.page < self.pages).then(|| self.url(self.page + 1))
    }

    /// The first, the last and the neighbours of the current page; `None` marks a gap.
    pub fn liens(&self) -> Vec<(u32, Option<String>)> {
        let mut liens = Vec::new();
        let mut avant = 0;
        for n in [1, self.page.saturating_sub(1), self.page, self.page.saturating_add(1), self.pages] {
            if n <= avant || n > self.pages {
                continue;
            }
            if n > avant + 1 {
                liens.push((n - 1, None));
            }
            liens.push((n, Some(self.url(n))));
            avant = n;
        }
        liens
    }
}

#[cfg(test)]
mod tests {
    use super::Pagination;

    #[test]
    fn pages_shown() {
        for (page, total, attendu) in [
            (1, 0, "1"),
            (1, 25, "1"),
            (9, 26, "1 2"),
            (1, 250, "1 2 … 10"),
            (3, 250, "1 2 3 4 … 10"),
            (5, 250, "1 … 4 5 6 … 10"),
            (10, 250, "1 … 9 10"),
        ] {
            let p = Pagination::nouvelle(page, total, 25, "/x?etat=a");
            let vu: Vec<String> = p
                .liens()
                .into_iter()
                .map(|(n, url)| {
                    url.map_or("…".into(), |u| {
                        assert_eq!(u, format!("/x?etat=a&page={n}"));
                        n.to_string()
                    })
                })
                .collect();
            assert_eq!(vu.join(" "), attendu, "page {page} of {total}");
        }
    }
}
