//! The incremental update: which objects change, and where the signature goes.

use aws_lc_rs::digest;
use jiff::tz::TimeZone;

use super::Mention;
use crate::{
    Erreur,
    pdf::{self, Dict, Fichier, Objet, Refus},
};

/// A file complete but for the content of its signature.
pub(super) struct Prepare {
    pub(super) octets: Vec<u8>,
    /// Offset of `<` of `/Contents`.
    debut: usize,
    /// Offset just after its `>`.
    fin: usize,
}

impl Prepare {
    /// SHA-256 of all that the signature covers.
    pub(super) fn condensat(&self) -> [u8; 32] {
        let mut contexte = digest::Context::new(&digest::SHA256);
        contexte.update(&self.octets[..self.debut]);
        contexte.update(&self.octets[self.fin..]);
        let mut condensat = [0; 32];
        condensat.copy_from_slice(contexte.finish().as_ref());
        condensat
    }

    pub(super) fn inserer(&mut self, cms: &[u8]) -> Result<(), Erreur> {
        let chiffres = hex::encode_upper(cms);
        let place = &mut self.octets[self.debut + 1..self.fin - 1];
        place
            .get_mut(..chiffres.len())
            .ok_or_else(|| Erreur::Cms("signature plus longue que prévu".into()))?
            .copy_from_slice(chiffres.as_bytes());
        Ok(())
    }
}

/// Objects of the update, by number.
struct MiseAJour {
    objets: Vec<(u32, u16, Vec<u8>)>,
}

impl MiseAJour {
    fn objet(&mut self, reference: (u32, u16), objet: &Objet) {
        let mut texte = Vec::new();
        pdf::ecrire(objet, &mut texte);
        self.objets.push((reference.0, reference.1, texte));
    }
}

/// Builds the signed file with `place` bytes left for the signature.
pub(super) fn preparer(pdf: &[u8], mention: &Mention, place: usize) -> Result<Prepare, Erreur> {
    let abime = || Erreur::Pdf("structure inattendue");
    let fichier = Fichier::ouvrir(pdf).map_err(|refus| {
        Erreur::Pdf(match refus {
            Refus::Abime => "structure illisible",
            Refus::XrefEnFlux => "table des références compressée",
            Refus::Chiffre => "document chiffré",
        })
    })?;
    let ref_catalogue = reference(fichier.trailer.get("Root")).ok_or_else(abime)?;
    let taille = fichier.trailer.get("Size").and_then(Objet::entier).ok_or_else(abime)?;
    let libre = u32::try_from(taille).ok().filter(|n| *n < u32::MAX - 3).ok_or_else(abime)?;
    let (signature, champ, forme) = ((libre, 0), (libre + 1, 0), (libre + 2, 0));

    let mut catalogue = fichier.resoudre_dict(&vers(ref_catalogue)).ok_or_else(abime)?;
    if catalogue.get("AcroForm").is_some() || catalogue.get("Perms").is_some() {
        return Err(Erreur::DejaSigne);
    }
    let ref_page = premiere_page(&fichier, &catalogue).ok_or_else(abime)?;
    let mut page = fichier.resoudre_dict(&vers(ref_page)).ok_or_else(abime)?;

    let mut maj = MiseAJour { objets: Vec::new() };
    let cle_structure = etiqueter(&fichier, &catalogue, &mut maj, ref_page, champ, forme, mention);

    let formulaire = [("Fields", Objet::Tableau(vec![vers(champ)])), ("SigFlags", Objet::Entier(3))];
    catalogue.set("AcroForm", Objet::Dict(formulaire.into()));
    catalogue.set("Perms", Objet::Dict([("DocMDP", vers(signature))].into()));
    maj.objet(ref_catalogue, &Objet::Dict(catalogue));

    let mut annotations = match page.get("Annots") {
        Some(annotations) => match fichier.resoudre(annotations) {
            Some(Objet::Tableau(annotations)) => annotations,
            _ => return Err(abime()),
        },
        None => Vec::new(),
    };
    annotations.push(vers(champ));
    page.set("Annots", Objet::Tableau(annotations));
    // PDF/UA-1 section 7.18.3: a page with annotations follows the structure order.
    page.set("Tabs", Objet::nom("S"));
    maj.objet(ref_page, &Objet::Dict(page));

    let mut champ_dict: Dict = [
        ("Type", Objet::nom("Annot")),
        ("Subtype", Objet::nom("Widget")),
        ("FT", Objet::nom("Sig")),
        ("T", pdf::texte("Signature1")),
        ("TU", pdf::texte(&legende(mention))),
        // Printable and locked; an empty rectangle dispenses from an appearance (ISO 19005-3 section 6.3.3).
        ("F", Objet::Entier(132)),
        ("Rect", Objet::Tableau(vec![Objet::Entier(0); 4])),
        ("P", vers(ref_page)),
        ("V", vers(signature)),
    ]
    .into();
    if let Some(cle) = cle_structure {
        champ_dict.set("StructParent", Objet::Entier(cle));
    }
    maj.objet(champ, &Objet::Dict(champ_dict));

    let mut octets = pdf.to_vec();
    if octets.last() != Some(&b'\n') {
        octets.push(b'\n');
    }
    let mut table = Vec::new();
    for (numero, generation, texte) in &maj.objets {
        table.push((*numero, *generation, octets.len()));
        octets.extend_from_slice(format!("{numero} {generation} obj\n").as_bytes());
        octets.extend_from_slice(texte);
        octets.extend_from_slice(b"\nendobj\n");
    }
    table.push((signature.0, signature.1, octets.len()));
    let (debut, fin, etendue) = ecrire_signature(&mut octets, signature.0, mention, place);
    let taille = if cle_structure.is_some() { libre + 3 } else { libre + 2 };
    ecrire_table(&mut octets, &mut table, &fichier, taille);
    let apres = octets.len() - fin;
    let valeurs = format!("0 {debut} {fin} {apres}]");
    octets[etendue..etendue + valeurs.len()].copy_from_slice(valeurs.as_bytes());
    Ok(Prepare { octets, debut, fin })
}

fn vers((numero, generation): (u32, u16)) -> Objet {
    Objet::Ref(numero, generation)
}

fn reference(objet: Option<&Objet>) -> Option<(u32, u16)> {
    if let Some(Objet::Ref(numero, generation)) = objet { Some((*numero, *generation)) } else { None }
}

fn legende(mention: &Mention) -> String {
    format!("Signature électronique\u{a0}: {}", mention.nom)
}

/// Follows the first child of the page tree, a few levels at most.
fn premiere_page(fichier: &Fichier<'_>, catalogue: &Dict) -> Option<(u32, u16)> {
    let mut noeud = reference(catalogue.get("Pages"))?;
    for _ in 0..16 {
        let dict = fichier.resoudre_dict(&vers(noeud))?;
        match dict.get("Kids") {
            Some(enfants) => noeud = reference(fichier.resoudre(enfants)?.tableau()?.first())?,
            None => return Some(noeud),
        }
    }
    None
}

/// Hangs the field in the structure tree as a `Form` element, and returns its key in the parent tree. A file without
/// structure, or with a parent tree of another shape than ours, is signed without that.
fn etiqueter(
    fichier: &Fichier<'_>,
    catalogue: &Dict,
    maj: &mut MiseAJour,
    page: (u32, u16),
    champ: (u32, u16),
    forme: (u32, u16),
    mention: &Mention,
) -> Option<i64> {
    let ref_racine = reference(catalogue.get("StructTreeRoot"))?;
    let mut racine = fichier.resoudre_dict(&vers(ref_racine))?;
    let cle = racine.get("ParentTreeNextKey")?.entier()?;
    let mut parents = racine.get("ParentTree")?.dict()?.clone();
    let mut nombres = parents.get("Nums")?.tableau()?.to_vec();
    let ref_document = reference(fichier.resoudre(racine.get("K")?)?.tableau()?.first())?;
    let mut document = fichier.resoudre_dict(&vers(ref_document))?;
    let mut enfants = match fichier.resoudre(document.get("K")?)? {
        Objet::Tableau(enfants) => enfants,
        seul => vec![seul],
    };

    nombres.extend([Objet::Entier(cle), vers(forme)]);
    parents.set("Nums", Objet::Tableau(nombres));
    racine.set("ParentTree", Objet::Dict(parents));
    racine.set("ParentTreeNextKey", Objet::Entier(cle.checked_add(1)?));
    enfants.push(vers(forme));
    document.set("K", Objet::Tableau(enfants));
    let lien = [("Type", Objet::nom("OBJR")), ("Obj", vers(champ)), ("Pg", vers(page))];
    let element = [
        ("Type", Objet::nom("StructElem")),
        ("S", Objet::nom("Form")),
        ("P", vers(ref_document)),
        ("Pg", vers(page)),
        ("Alt", pdf::texte(&legende(mention))),
        ("K", Objet::Dict(lien.into())),
    ];
    maj.objet(ref_racine, &Objet::Dict(racine));
    maj.objet(ref_document, &Objet::Dict(document));
    maj.objet(forme, &Objet::Dict(element.into()));
    Some(cle)
}

/// Writes the signature dictionary; returns the bounds of `/Contents` and the offset of the values of `/ByteRange`.
fn ecrire_signature(
    octets: &mut Vec<u8>,
    numero: u32,
    mention: &Mention,
    place: usize,
) -> (usize, usize, usize) {
    let transformation: Dict =
        [("Type", Objet::nom("TransformParams")), ("P", Objet::Entier(1)), ("V", Objet::nom("1.2"))].into();
    let certification: Dict = [
        ("Type", Objet::nom("SigRef")),
        ("TransformMethod", Objet::nom("DocMDP")),
        ("TransformParams", Objet::Dict(transformation)),
    ]
    .into();
    let date = mention.le.to_zoned(TimeZone::UTC).strftime("D:%Y%m%d%H%M%SZ").to_string();
    let dict: Dict = [
        ("Type", Objet::nom("Sig")),
        ("Filter", Objet::nom("Adobe.PPKLite")),
        ("SubFilter", Objet::nom("ETSI.CAdES.detached")),
        ("Name", pdf::texte(&mention.nom)),
        ("Reason", pdf::texte(&mention.raison)),
        ("Location", pdf::texte(&mention.lieu)),
        ("M", pdf::texte(&date)),
        ("Reference", Objet::Tableau(vec![Objet::Dict(certification)])),
    ]
    .into();
    let mut texte = Vec::new();
    pdf::ecrire(&Objet::Dict(dict), &mut texte);
    texte.truncate(texte.len() - 2);
    octets.extend_from_slice(format!("{numero} 0 obj\n").as_bytes());
    octets.extend_from_slice(&texte);
    octets.extend_from_slice(b"/ByteRange [");
    let etendue = octets.len();
    // Three offsets of at most twenty digits, the rest stays blank.
    octets.extend(std::iter::repeat_n(b' ', 64));
    octets.extend_from_slice(b"/Contents ");
    let debut = octets.len();
    octets.push(b'<');
    octets.extend(std::iter::repeat_n(b'0', 2 * place));
    octets.push(b'>');
    let fin = octets.len();
    octets.extend_from_slice(b">>\nendobj\n");
    (debut, fin, etendue)
}

/// Writes the cross-reference table of the update and its trailer.
fn ecrire_table(octets: &mut Vec<u8>, table: &mut [(u32, u16, usize)], fichier: &Fichier<'_>, taille: u32) {
    table.sort_unstable();
    let debut = octets.len();
    octets.extend_from_slice(b"xref\n");
    for suite in table.chunk_by(|a, b| a.0 + 1 == b.0) {
        octets.extend_from_slice(format!("{} {}\n", suite[0].0, suite.len()).as_bytes());
        for (_, generation, position) in suite {
            octets.extend_from_slice(format!("{position:010} {generation:05} n \n").as_bytes());
        }
    }
    let mut trailer: Dict = [
        ("Size", Objet::Entier(i64::from(taille))),
        ("Prev", Objet::Entier(i64::try_from(fichier.debut_xref).unwrap_or(i64::MAX))),
    ]
    .into();
    for cle in ["Root", "Info"] {
        if let Some(valeur) = fichier.trailer.get(cle) {
            trailer.set(cle, valeur.clone());
        }
    }
    if let Some([permanent, _]) = fichier.trailer.get("ID").and_then(Objet::tableau) {
        // ISO 32000-1 section 14.4: the first identifier stays, the second follows the content.
        let condensat = digest::digest(&digest::SHA256, &octets[..debut]);
        let courant = condensat.as_ref()[..16].to_vec();
        let courant = Objet::Chaine { octets: courant, debut: 0, fin: 0, hexa: true };
        trailer.set("ID", Objet::Tableau(vec![permanent.clone(), courant]));
    }
    octets.extend_from_slice(b"trailer\n");
    pdf::ecrire(&Objet::Dict(trailer), octets);
    octets.extend_from_slice(format!("\nstartxref\n{debut}\n%%EOF\n").as_bytes());
}
