//! From blocks to pages: places every line, rule and cell, and builds the structure tree beside them.
//!
//! Nothing is drawn here: a page is a list of [`Element`]s, each tied to its node of the structure tree or declared an
//! artifact. Drawing needs the number of pages, known only once everything is placed.

use krilla::{
    geom::Rect,
    tagging::{ArtifactType, BBox, ListNumbering, TableHeaderScope, Tag, TagKind},
};
use std::num::NonZeroU16;

use crate::{
    Erreur,
    feuille::{Bloc, Feuille},
    texte::{Ligne, Morceau, Polices},
};

/// A4, in points.
pub(crate) const LARGEUR: f32 = 595.276;
pub(crate) const HAUTEUR: f32 = 841.89;
pub(crate) const GAUCHE: f32 = 64.0;
pub(crate) const DROITE: f32 = LARGEUR - 64.0;
const HAUT: f32 = 54.0;
/// Content stops here; the foot lies below.
const BAS: f32 = HAUTEUR - 78.0;
pub(crate) const UTILE: f32 = DROITE - GAUCHE;

const CORPS: f32 = 10.5;
const CORPS_TABLE: f32 = 9.5;
const INTERLIGNE: f32 = 1.38;
/// Share of the line height that lies above the baseline.
const MONTEE: f32 = 0.98;

/// The few colours of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Couleur {
    Encre,
    Accent,
    Gris,
    Filet,
    Fond,
}

pub(crate) enum Dessin {
    /// Text on its baseline.
    Texte { x: f32, y: f32, morceaux: Ligne, corps: f32, couleur: Couleur },
    /// Horizontal rule.
    Trait { x1: f32, x2: f32, y: f32, epaisseur: f32, couleur: Couleur },
    /// Filled rectangles, as `x, y, width, height`.
    Aplats { rectangles: Vec<[f32; 4]>, couleur: Couleur },
}

/// To what the drawing belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role {
    Artefact(ArtifactType),
    /// Index in [`MiseEnPage::noeuds`].
    Noeud(usize),
}

pub(crate) struct Element {
    pub(crate) dessin: Dessin,
    pub(crate) role: Role,
}

/// A node of the structure tree.
pub(crate) struct Noeud {
    pub(crate) tag: TagKind,
    /// `None` for the children of the document itself.
    pub(crate) parent: Option<usize>,
}

/// An entry of the outline.
pub(crate) struct Ancre {
    pub(crate) titre: String,
    pub(crate) niveau: u16,
    pub(crate) page: usize,
    pub(crate) y: f32,
}

/// The placed document.
pub(crate) struct MiseEnPage {
    pub(crate) pages: Vec<Vec<Element>>,
    pub(crate) noeuds: Vec<Noeud>,
    pub(crate) ancres: Vec<Ancre>,
    polices: &'static Polices,
    titre: String,
    numero: String,
    y: f32,
}

/// How a text is set.
#[derive(Clone, Copy)]
struct Style {
    corps: f32,
    gras: bool,
    couleur: Couleur,
}

impl Style {
    fn hauteur(self) -> f32 {
        self.corps * INTERLIGNE
    }
}

const COURANT: Style = Style { corps: CORPS, gras: false, couleur: Couleur::Encre };
const CELLULE: Style = Style { corps: CORPS_TABLE, gras: false, couleur: Couleur::Encre };
const ENTETE: Style = Style { corps: CORPS_TABLE, gras: true, couleur: Couleur::Accent };

/// A cell ready to be placed: its column, its lines, its node.
struct Cellule {
    x: f32,
    lignes: Vec<Ligne>,
    style: Style,
    noeud: usize,
}

impl MiseEnPage {
    /// Places a whole document; `jour` is its date in words.
    pub(crate) fn composer(feuille: &Feuille, jour: &str) -> Result<Self, Erreur> {
        let mut mise = Self {
            pages: vec![Vec::new()],
            noeuds: Vec::new(),
            ancres: Vec::new(),
            polices: Polices::commune(),
            titre: feuille.titre.clone(),
            numero: feuille.numero.clone(),
            y: HAUT,
        };
        mise.en_tete(feuille, jour);
        for bloc in &feuille.blocs {
            mise.bloc(bloc)?;
        }
        mise.pieds(&feuille.pied);
        Ok(mise)
    }

    fn bloc(&mut self, bloc: &Bloc) -> Result<(), Erreur> {
        match bloc {
            Bloc::Titre(texte) => {
                self.y += 10.0;
                self.intitule(texte, 1, Style { corps: 19.0, gras: true, couleur: Couleur::Accent });
                self.y += 8.0;
            }
            Bloc::Intertitre(texte) => {
                // A first heading must be of level 1 (ISO 14289-1 section 7.4.2).
                let niveau = if self.ancres.is_empty() { 1 } else { 2 };
                self.y += 8.0;
                self.intitule(texte, niveau, Style { corps: 12.5, gras: true, couleur: Couleur::Accent });
                self.y += 4.0;
            }
            Bloc::Paragraphe(texte) => {
                let noeud = self.noeud(None, Tag::P);
                let lignes = self.polices.composer(texte, CORPS, UTILE, false);
                self.lignes(&lignes, GAUCHE, COURANT, noeud);
                self.y += 6.0;
            }
            Bloc::ADroite(texte) => {
                let x = GAUCHE + UTILE * 0.52;
                let noeud = self.noeud(None, Tag::P);
                let lignes = self.polices.composer(texte, CORPS, DROITE - x, false);
                self.lignes(&lignes, x, COURANT, noeud);
                self.y += 6.0;
            }
            Bloc::Champs(champs) => self.champs(champs),
            Bloc::Tableau { entetes, largeurs, lignes } => self.tableau(entetes, largeurs, lignes),
            Bloc::Liste(items) => self.liste(items),
            Bloc::Filet => {
                self.place(12.0);
                self.y += 6.0;
                self.filet(self.y, 0.6, Couleur::Filet);
                self.y += 8.0;
            }
            Bloc::Espace(points) if points.is_finite() => self.y += points.clamp(0.0, BAS - HAUT),
            Bloc::Espace(_) => {}
            Bloc::Qr { contenu, legende } => self.qr(contenu, legende)?,
        }
        Ok(())
    }

    fn noeud(&mut self, parent: Option<usize>, tag: impl Into<TagKind>) -> usize {
        self.noeuds.push(Noeud { tag: tag.into(), parent });
        self.noeuds.len() - 1
    }

    fn poser(&mut self, dessin: Dessin, role: Role) {
        if let Some(page) = self.pages.last_mut() {
            page.push(Element { dessin, role });
        }
    }

    fn filet(&mut self, y: f32, epaisseur: f32, couleur: Couleur) {
        let trait_ = Dessin::Trait { x1: GAUCHE, x2: DROITE, y, epaisseur, couleur };
        self.poser(trait_, Role::Artefact(ArtifactType::Layout));
    }

    /// Goes to the next page unless `hauteur` points are left on this one.
    fn place(&mut self, hauteur: f32) {
        if self.y + hauteur > BAS && self.y > HAUT + 30.0 {
            self.page();
        }
    }

    fn page(&mut self) {
        self.pages.push(Vec::new());
        self.y = HAUT;
        let style = Style { corps: 8.5, gras: false, couleur: Couleur::Gris };
        let role = Role::Artefact(ArtifactType::Header);
        let numero = Morceau { texte: self.numero.clone(), gras: false };
        let large = self.polices.largeur(&numero, style.corps);
        let titre = self.polices.composer(&self.titre, style.corps, UTILE - large - 20.0, false);
        if let Some(ligne) = titre.into_iter().next() {
            self.ligne(ligne, GAUCHE, self.y, style, role);
        }
        self.ligne(vec![numero], DROITE - large, self.y, style, role);
        self.y += style.hauteur() + 4.0;
        self.filet(self.y, 0.6, Couleur::Filet);
        self.y += 14.0;
    }

    /// Places one line whose top is `y`.
    fn ligne(&mut self, morceaux: Ligne, x: f32, y: f32, style: Style, role: Role) {
        if morceaux.iter().all(|m| m.texte.is_empty()) {
            return;
        }
        let y = y + style.corps * MONTEE;
        self.poser(Dessin::Texte { x, y, morceaux, corps: style.corps, couleur: style.couleur }, role);
    }

    /// Places lines one under another, over as many pages as it takes, never leaving a line alone.
    fn lignes(&mut self, lignes: &[Ligne], x: f32, style: Style, noeud: usize) {
        let hauteur = style.hauteur();
        for (i, ligne) in lignes.iter().enumerate() {
            let reste = lignes.len() - i;
            // The first line takes the second along; the line before the last takes the last along.
            let groupe = if (i == 0 && reste > 1) || reste == 2 { 2.0 } else { 1.0 };
            self.place(groupe * hauteur);
            self.ligne(ligne.clone(), x, self.y, style, Role::Noeud(noeud));
            self.y += hauteur;
        }
    }

    fn intitule(&mut self, texte: &str, niveau: u16, style: Style) {
        let lignes = self.polices.composer(texte, style.corps, UTILE, true);
        // A heading stays with what it announces.
        #[expect(clippy::cast_precision_loss, reason = "a heading has a few lines")]
        self.place(lignes.len() as f32 * style.hauteur() + 3.0 * COURANT.hauteur());
        let niveau_pdf = NonZeroU16::new(niveau).unwrap_or(NonZeroU16::MIN);
        let noeud = self.noeud(None, Tag::Hn(niveau_pdf, Some(texte.to_owned())));
        self.ancres.push(Ancre { titre: texte.to_owned(), niveau, page: self.pages.len() - 1, y: self.y });
        self.lignes(&lignes, GAUCHE, style, noeud);
    }

    /// Head of the first page: issuer on the left, number and day on the right.
    fn en_tete(&mut self, feuille: &Feuille, jour: &str) {
        let auteur = Style { corps: 12.0, gras: true, couleur: Couleur::Encre };
        let cote = Style { corps: 9.5, gras: false, couleur: Couleur::Gris };
        let y = self.y;
        let noeud = self.noeud(None, Tag::P);
        for ligne in self.polices.composer(&feuille.auteur, auteur.corps, UTILE * 0.6, true) {
            self.ligne(ligne, GAUCHE, self.y, auteur, Role::Noeud(noeud));
            self.y += auteur.hauteur();
        }
        let mut y_droite = y + 1.5;
        for texte in [feuille.numero.as_str(), jour].into_iter().filter(|t| !t.is_empty()) {
            let noeud = self.noeud(None, Tag::P);
            for ligne in self.polices.composer(texte, cote.corps, UTILE * 0.36, false) {
                let x = DROITE - self.polices.largeur_ligne(&sans_espace_final(&ligne), cote.corps);
                self.ligne(ligne, x, y_droite, cote, Role::Noeud(noeud));
                y_droite += cote.hauteur();
            }
        }
        self.y = self.y.max(y_droite) + 6.0;
        self.filet(self.y, 1.4, Couleur::Accent);
        self.y += 14.0;
    }

    fn pieds(&mut self, pied: &str) {
        let style = Style { corps: 8.0, gras: false, couleur: Couleur::Gris };
        let total = self.pages.len();
        for (i, page) in self.pages.iter_mut().enumerate() {
            let mut poser =
                |dessin| page.push(Element { dessin, role: Role::Artefact(ArtifactType::Footer) });
            let y = HAUTEUR - 56.0;
            poser(Dessin::Trait { x1: GAUCHE, x2: DROITE, y, epaisseur: 0.6, couleur: Couleur::Filet });
            let y = y + 6.0 + style.corps;
            let numero =
                Morceau { texte: format!("Page\u{a0}{}\u{202f}/\u{202f}{total}", i + 1), gras: false };
            let large = self.polices.largeur(&numero, style.corps);
            let lignes = self.polices.composer(pied, style.corps, UTILE - large - 24.0, false);
            let mut ligne_y = y;
            for morceaux in lignes.into_iter().take(2).filter(|l| !l.is_empty()) {
                poser(Dessin::Texte {
                    x: GAUCHE,
                    y: ligne_y,
                    morceaux,
                    corps: style.corps,
                    couleur: style.couleur,
                });
                ligne_y += style.hauteur();
            }
            let (x, corps, couleur) = (DROITE - large, style.corps, style.couleur);
            poser(Dessin::Texte { x, y, morceaux: vec![numero], corps, couleur });
        }
    }

    fn liste(&mut self, items: &[String]) {
        let retrait = 15.0;
        let liste = self.noeud(None, Tag::L(ListNumbering::Disc));
        for item in items {
            let entree = self.noeud(Some(liste), Tag::LI);
            let puce = self.noeud(Some(entree), Tag::Lbl);
            let corps = self.noeud(Some(entree), Tag::LBody);
            let lignes = self.polices.composer(item, CORPS, UTILE - retrait, false);
            self.place(COURANT.hauteur() * if lignes.len() > 1 { 2.0 } else { 1.0 });
            let point = Style { couleur: Couleur::Accent, ..COURANT };
            let morceau = Morceau { texte: "•".into(), gras: false };
            self.ligne(vec![morceau], GAUCHE + 4.0, self.y, point, Role::Noeud(puce));
            self.lignes(&lignes, GAUCHE + retrait, COURANT, corps);
            self.y += 2.5;
        }
        self.y += 4.0;
    }

    fn champs(&mut self, champs: &[(String, String)]) {
        if champs.is_empty() {
            return;
        }
        let table = self.noeud(None, Tag::Table);
        let gauche = UTILE * 0.31;
        let libelle_style = Style { couleur: Couleur::Gris, ..COURANT };
        for (libelle, valeur) in champs {
            let rangee = self.noeud(Some(table), Tag::TR);
            let entete = self.noeud(Some(rangee), Tag::TH(TableHeaderScope::Row));
            let donnee = self.noeud(Some(rangee), Tag::TD);
            let cellules = [
                self.cellule(GAUCHE, gauche - 12.0, libelle, libelle_style, entete),
                self.cellule(GAUCHE + gauche, UTILE - gauche, valeur, COURANT, donnee),
            ];
            self.rangee(&cellules, 3.0, |_| ());
        }
        self.y += 8.0;
    }

    fn tableau(&mut self, entetes: &[String], largeurs: &[f32], lignes: &[Vec<String>]) {
        if entetes.is_empty() {
            return;
        }
        let colonnes = colonnes(largeurs, entetes.len());
        let table = self.noeud(None, Tag::Table);
        let tete = self.noeud(Some(table), Tag::THead);
        let rangee_tete = self.noeud(Some(tete), Tag::TR);
        let mut cellules_tete = Vec::new();
        for (texte, (x, large)) in entetes.iter().zip(&colonnes) {
            let noeud = self.noeud(Some(rangee_tete), Tag::TH(TableHeaderScope::Column));
            cellules_tete.push(self.cellule(*x + 6.0, large - 12.0, texte, ENTETE, noeud));
        }
        // The header stays with a first row.
        self.place(hauteur(&cellules_tete) + 10.0 + CELLULE.hauteur() + 8.0);
        self.tete(&cellules_tete, true);
        let corps = self.noeud(Some(table), Tag::TBody);
        for ligne in lignes {
            let rangee = self.noeud(Some(corps), Tag::TR);
            let mut cellules = Vec::new();
            for (i, (x, large)) in colonnes.iter().enumerate() {
                let noeud = self.noeud(Some(rangee), Tag::TD);
                let contenu = ligne.get(i).map_or("", String::as_str);
                cellules.push(self.cellule(*x + 6.0, large - 12.0, contenu, CELLULE, noeud));
            }
            self.rangee(&cellules, 4.0, |mise| mise.tete(&cellules_tete, false));
        }
        self.y += 10.0;
    }

    fn cellule(&self, x: f32, largeur: f32, texte: &str, style: Style, noeud: usize) -> Cellule {
        // A cell without content would vanish from the structure tree, and its row would lack a column.
        let texte = if texte.trim().is_empty() { "\u{a0}" } else { texte };
        Cellule { x, lignes: self.polices.composer(texte, style.corps, largeur, style.gras), style, noeud }
    }

    /// Draws a table header; its repetitions are artifacts, since the structure tree has it once.
    fn tete(&mut self, cellules: &[Cellule], premiere: bool) {
        let marge = 5.0;
        let haut = hauteur(cellules) + 2.0 * marge;
        let aplat =
            Dessin::Aplats { rectangles: vec![[GAUCHE, self.y, UTILE, haut]], couleur: Couleur::Fond };
        self.poser(aplat, Role::Artefact(ArtifactType::Layout));
        for cellule in cellules {
            let role = if premiere {
                Role::Noeud(cellule.noeud)
            } else {
                Role::Artefact(ArtifactType::PaginationOther)
            };
            let mut y = self.y + marge;
            for ligne in &cellule.lignes {
                self.ligne(ligne.clone(), cellule.x, y, cellule.style, role);
                y += cellule.style.hauteur();
            }
        }
        self.y += haut;
        self.filet(self.y, 0.9, Couleur::Accent);
    }

    /// Draws a row, on the next page when it doesn't fit on this one, over several when it fits on none.
    fn rangee(&mut self, cellules: &[Cellule], marge: f32, au_saut: impl Fn(&mut Self)) {
        let entiere = hauteur(cellules) + 2.0 * marge;
        if self.y + entiere > BAS && entiere < BAS - HAUT - 120.0 {
            self.page();
            au_saut(self);
        }
        let total = cellules.iter().map(|c| c.lignes.len()).max().unwrap_or(0);
        let pas = cellules.iter().map(|c| c.style.hauteur()).fold(1.0, f32::max);
        let mut faites = 0;
        while faites < total {
            if self.lignes_libres(marge, pas) == 0 {
                self.page();
                au_saut(self);
            }
            // At least one, so that a header taller than a page can't hold the rows back for ever.
            let fin = total.min(faites + self.lignes_libres(marge, pas).max(1));
            let mut bas = self.y;
            for cellule in cellules {
                let mut y = self.y + marge;
                for ligne in cellule.lignes.iter().take(fin).skip(faites) {
                    self.ligne(ligne.clone(), cellule.x, y, cellule.style, Role::Noeud(cellule.noeud));
                    y += cellule.style.hauteur();
                }
                bas = bas.max(y);
            }
            self.y = bas + marge;
            faites = fin;
        }
        self.filet(self.y, 0.5, Couleur::Filet);
    }

    /// How many lines of height `pas`, between margins, fit above the foot.
    fn lignes_libres(&self, marge: f32, pas: f32) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by a page")]
        let lignes = ((BAS - self.y - 2.0 * marge) / pas).max(0.0) as usize;
        lignes
    }

    fn qr(&mut self, contenu: &str, legende: &str) -> Result<(), Erreur> {
        let code = qrcode::QrCode::with_error_correction_level(contenu, qrcode::EcLevel::M)
            .map_err(|_| Erreur::Qr)?;
        let taille = 84.0;
        self.y += 4.0;
        self.place(taille + 8.0);
        let n = code.width();
        #[expect(clippy::cast_precision_loss, reason = "at most 177 modules")]
        let module = taille / n as f32;
        let mut rectangles = Vec::new();
        for (rang, modules) in code.to_colors().chunks(n).enumerate() {
            let mut x = GAUCHE;
            #[expect(clippy::cast_precision_loss, reason = "at most 177 modules")]
            let y = self.y + rang as f32 * module;
            for suite in modules.chunk_by(|a, b| a == b) {
                #[expect(clippy::cast_precision_loss, reason = "at most 177 modules")]
                let large = suite.len() as f32 * module;
                if suite[0] == qrcode::Color::Dark {
                    rectangles.push([x, y, large, module]);
                }
                x += large;
            }
        }
        let mut figure = Tag::Figure(Some(format!("Code QR\u{a0}: {contenu}")));
        let cadre = Rect::from_xywh(GAUCHE, self.y, taille, taille);
        figure.set_bbox(cadre.map(|rect| BBox::new(self.pages.len() - 1, rect)));
        let noeud = self.noeud(None, figure);
        self.poser(Dessin::Aplats { rectangles, couleur: Couleur::Encre }, Role::Noeud(noeud));
        let haut = self.y;
        let noeud = self.noeud(None, Tag::P);
        let retrait = taille + 18.0;
        let style = Style { corps: 9.5, ..COURANT };
        let lignes = self.polices.composer(legende, style.corps, UTILE - retrait, false);
        self.lignes(&lignes, GAUCHE + retrait, style, noeud);
        self.y = if self.y < haut { self.y } else { self.y.max(haut + taille) } + 10.0;
        Ok(())
    }
}

fn sans_espace_final(ligne: &[Morceau]) -> Ligne {
    let mut ligne = ligne.to_vec();
    if let Some(dernier) = ligne.last_mut() {
        dernier.texte.truncate(dernier.texte.trim_end_matches(' ').len());
    }
    ligne
}

fn hauteur(cellules: &[Cellule]) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a cell has far fewer lines than that")]
    cellules.iter().map(|c| c.lignes.len() as f32 * c.style.hauteur()).fold(0.0, f32::max)
}

/// Left edge and width of each column, from shares in any unit.
fn colonnes(parts: &[f32], nombre: usize) -> Vec<(f32, f32)> {
    let egales = vec![1.0; nombre];
    let justes = parts.len() == nombre && parts.iter().all(|p| p.is_finite() && *p > 0.0);
    let parts = if justes { parts } else { &egales };
    let total: f32 = parts.iter().sum();
    let mut x = GAUCHE;
    parts
        .iter()
        .map(|part| {
            let large = UTILE * part / total;
            x += large;
            (x - large, large)
        })
        .collect()
}
