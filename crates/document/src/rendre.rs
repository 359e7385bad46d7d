//! Draws a placed document into a PDF/A-3a file that is PDF/UA-1 too.
//!
//! The same [`Feuille`] gives the same bytes: no clock, no random identifier, every date is `le`.

use krilla::{
    Document, SerializeSettings,
    color::rgb,
    configure::{Accessibility, Archival, ConfigurationBuilder},
    destination::XyzDestination,
    embed::{AssociationKind, EmbeddedFile, MimeType},
    geom::{PathBuilder, Point, Rect},
    metadata::{DateTime, Metadata},
    num::NormalizedF32,
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::Fill,
    surface::Surface,
    tagging::{Artifact, ContentTag, Identifier, SpanTag, TagGroup, TagTree},
};

use crate::{
    Erreur, dates,
    feuille::{Feuille, PieceJointe},
    mise_en_page::{Ancre, Couleur, Dessin, Element, HAUTEUR, LARGEUR, MiseEnPage, Noeud, Role},
    texte::Polices,
};

/// Renders a document as PDF/A-3a and PDF/UA-1, tagged, in French, with its attachments.
///
/// # Errors
/// [`Erreur::PieceJointe`] when an attachment has no valid media type or bears the name of another, [`Erreur::Qr`] when a QR
/// code would be too long, [`Erreur::Fabrication`] when the PDF library refuses.
pub fn rendre(feuille: &Feuille) -> Result<Vec<u8>, Erreur> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|e| Erreur::Fabrication(format!("{e:?}")))?;
    let reglages = SerializeSettings { configuration, ..SerializeSettings::default() };
    let mise = MiseEnPage::composer(feuille, &dates::jour(feuille.le))?;
    let mut document = Document::new_with(reglages);
    document.set_metadata(metadonnees(feuille));
    for piece in &feuille.pieces_jointes {
        joindre(&mut document, piece, dates::pdf(feuille.le))?;
    }
    let mut contenus: Vec<Vec<Identifier>> = vec![Vec::new(); mise.noeuds.len()];
    for elements in &mise.pages {
        let format =
            PageSettings::from_wh(LARGEUR, HAUTEUR).ok_or_else(|| Erreur::Fabrication("format".into()))?;
        let mut page = document.start_page_with(format);
        let mut surface = page.surface();
        for element in elements {
            dessiner(&mut surface, element, &mut contenus);
        }
        surface.finish();
        page.finish();
    }
    document.set_outline(plan(&mise.ancres, &feuille.titre));
    document.set_tag_tree(arbre(mise.noeuds, contenus));
    document.finish().map_err(|e| Erreur::Fabrication(format!("{e:?}")))
}

fn metadonnees(feuille: &Feuille) -> Metadata {
    Metadata::new()
        .title(feuille.titre.clone())
        .description(feuille.sujet.clone())
        .authors(vec![feuille.auteur.clone()])
        .creator("Espace de Confiance".into())
        .producer("Espace de Confiance".into())
        .language("fr".into())
        .document_id(feuille.numero.clone())
        .creation_date(dates::pdf(feuille.le))
}

fn joindre(document: &mut Document, piece: &PieceJointe, le: DateTime) -> Result<(), Erreur> {
    let refus = || Erreur::PieceJointe(piece.nom.clone());
    let fichier = EmbeddedFile {
        path: piece.nom.clone(),
        mime_type: Some(MimeType::new(&piece.mime).ok_or_else(refus)?),
        description: Some(piece.description.clone()),
        association_kind: AssociationKind::Data,
        data: piece.octets.clone().into(),
        modification_date: Some(le),
        compress: Some(true),
        location: None,
    };
    document.embed_file(fichier).ok_or_else(refus)
}

fn couleur(couleur: Couleur) -> Fill {
    let [r, v, b] = match couleur {
        Couleur::Encre => [0x1c, 0x23, 0x2e],
        Couleur::Accent => [0x1f, 0x4a, 0x6b],
        Couleur::Gris => [0x57, 0x62, 0x6f],
        Couleur::Filet => [0xc6, 0xcf, 0xd8],
        Couleur::Fond => [0xed, 0xf2, 0xf6],
    };
    Fill { paint: rgb::Color::new(r, v, b).into(), opacity: NormalizedF32::ONE, ..Fill::default() }
}

fn dessiner(surface: &mut Surface<'_>, element: &Element, contenus: &mut [Vec<Identifier>]) {
    let etiquette = match (&element.role, &element.dessin) {
        (Role::Artefact(sorte), _) => ContentTag::Artifact(Artifact::with_kind(*sorte)),
        (Role::Noeud(_), Dessin::Texte { .. }) => ContentTag::Span(SpanTag::empty()),
        (Role::Noeud(_), _) => ContentTag::Other,
    };
    let identifiant = surface.start_tagged(etiquette);
    match &element.dessin {
        Dessin::Texte { x, y, morceaux, corps, couleur: c } => {
            surface.set_fill(Some(couleur(*c)));
            let polices = Polices::commune();
            let mut x = *x;
            for morceau in morceaux.iter().filter(|m| !m.texte.is_empty()) {
                let glyphes = polices.glyphes(morceau);
                let fonte = polices.fonte(morceau.gras);
                surface.draw_glyphs(Point::from_xy(x, *y), &glyphes, fonte, &morceau.texte, *corps, false);
                x += glyphes.iter().map(|g| g.x_advance).sum::<f32>() * corps;
            }
        }
        Dessin::Trait { x1, x2, y, epaisseur, couleur: c } => {
            aplats(surface, &[[*x1, y - epaisseur / 2.0, x2 - x1, *epaisseur]], *c);
        }
        Dessin::Aplats { rectangles, couleur: c } => aplats(surface, rectangles, *c),
    }
    surface.end_tagged();
    if let Role::Noeud(noeud) = element.role {
        contenus[noeud].push(identifiant);
    }
}

fn aplats(surface: &mut Surface<'_>, rectangles: &[[f32; 4]], c: Couleur) {
    surface.set_fill(Some(couleur(c)));
    let mut trace = PathBuilder::new();
    for [x, y, large, haut] in rectangles {
        if let Some(rect) = Rect::from_xywh(*x, *y, *large, *haut) {
            trace.push_rect(rect);
        }
    }
    if let Some(chemin) = trace.finish() {
        surface.draw_path(&chemin);
    }
}

/// Headings of level 2 hang under the heading of level 1 that comes before them.
fn plan(ancres: &[Ancre], titre: &str) -> Outline {
    let mut plan = Outline::new();
    let mut ouvert: Option<OutlineNode> = None;
    for ancre in ancres {
        let noeud = OutlineNode::new(
            ancre.titre.clone(),
            XyzDestination::new(ancre.page, Point::from_xy(0.0, ancre.y)),
        );
        match (&mut ouvert, ancre.niveau) {
            (Some(parent), 2) => parent.push_child(noeud),
            _ => {
                if let Some(fini) = ouvert.replace(noeud) {
                    plan.push_child(fini);
                }
            }
        }
    }
    // PDF/UA-1 wants an outline even where there is no heading.
    let debut = || OutlineNode::new(titre.to_owned(), XyzDestination::new(0, Point::from_xy(0.0, 0.0)));
    plan.push_child(ouvert.unwrap_or_else(debut));
    plan
}

/// Children come after their parent in `noeuds`, so that folding from the end meets each node complete.
fn arbre(noeuds: Vec<Noeud>, contenus: Vec<Vec<Identifier>>) -> TagTree {
    let mut groupes: Vec<Option<(Option<usize>, TagGroup)>> = noeuds
        .into_iter()
        .zip(contenus)
        .map(|(noeud, contenus)| {
            let mut groupe = TagGroup::new(noeud.tag);
            for contenu in contenus {
                groupe.push(contenu);
            }
            Some((noeud.parent, groupe))
        })
        .collect();
    let mut racines = Vec::new();
    for i in (0..groupes.len()).rev() {
        let Some((parent, mut groupe)) = groupes[i].take() else { continue };
        if groupe.children.is_empty() {
            continue;
        }
        // Folded from the end, the subgroups arrived in reverse order.
        if matches!(groupe.children.first(), Some(krilla::tagging::Node::Group(_))) {
            groupe.children.reverse();
        }
        match parent.and_then(|p| groupes[p].as_mut()) {
            Some((_, haut)) => haut.push(groupe),
            None => racines.push(groupe),
        }
    }
    let mut arbre = TagTree::new().with_lang(Some("fr".into()));
    for groupe in racines.into_iter().rev() {
        arbre.push(groupe);
    }
    arbre
}
