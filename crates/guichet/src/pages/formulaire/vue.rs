//! The page of the form, made from the candidature: sections, fields, hints, what is locked and what is to correct.

use std::collections::BTreeMap;

use askama::Template;
use domaine::{
    calendrier::{date_fr, date_heure_fr},
    candidature::{Candidature, Etat},
    formulaire::{
        Contexte, EtatFormulaire, HabilitationLiee,
        champs::{Champ, Forme, Section},
        composant::{Composant, INTEGRATIONS, NATURES, TELESERVICES},
    },
    identifiant::UNION_EUROPEENNE,
    permission::{Acte, Objet},
    produit::Faute,
    referentiel::Profil,
};
use web::{Cadre, Champs, Choix, Genre, Saisie};

use super::{brouillon::ORIGINE, composant::empreinte};
use crate::{
    acces::Ici,
    app::App,
    cadre::{cadre, depart},
    erreur::Erreur,
};

/// Number and text of the questions of the FAQ about something.
type Questions = Vec<(i64, String)>;

/// What the page shows besides what is stored.
#[derive(Default)]
pub(super) struct Affichage {
    /// What was typed and refused.
    pub saisie: Option<Saisie>,
    /// Key and text; they make the box at the head of the page.
    pub erreurs: Vec<(String, String)>,
    pub htmx: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "each shows or hides a part of the page")]
#[derive(Template)]
#[template(path = "formulaire/voir.html")]
pub(super) struct Page {
    cadre: Cadre,
    f: Champs,
    /// Address of the candidature.
    base: String,
    sur: String,
    etat: &'static str,
    genre: Genre,
    bandeau: Option<Bandeau>,
    a_corriger: Vec<(String, String, String)>,
    sections: Vec<SectionVue>,
    composants: Vec<ComposantVu>,
    composants_ouverts: bool,
    jeton: String,
    /// At least one field may be filled in.
    ouvert: bool,
    /// Saved as the person types: until the form is valid.
    brouillon: bool,
    peut_soumettre: bool,
    peut_completer: bool,
    peut_juger: bool,
    pourcent: u8,
    /// Something was refused: the box at the head names it.
    resume: bool,
    cgu: String,
}

struct Bandeau {
    genre: Genre,
    titre: String,
    texte: String,
}

struct SectionVue {
    ancre: &'static str,
    titre: &'static str,
    justes: usize,
    total: usize,
    faq: Questions,
    champs: Vec<ChampVu>,
}

impl SectionVue {
    fn complete(&self) -> bool {
        self.justes == self.total
    }
}

#[expect(clippy::struct_excessive_bools, reason = "each shows or hides a part of the page")]
struct ChampVu {
    cle: &'static str,
    libelle: &'static str,
    aide: &'static str,
    /// Which macro shows it.
    forme: &'static str,
    saisie: &'static str,
    largeur: &'static str,
    max: usize,
    requis: bool,
    choix: Vec<Choix>,
    /// The page is shown anew when it changes: other fields depend on it.
    rafraichit: bool,
    ouvert: bool,
    /// First or last of a run of locked fields.
    debut: bool,
    fin: bool,
    lisible: String,
    origine: String,
    motif: String,
    remarques: Vec<String>,
    faq: Questions,
    habilitation: Option<HabilitationVue>,
}

struct HabilitationVue {
    numero: String,
    nru: String,
    logiciel: String,
    version: String,
    fin: String,
    genre: Genre,
    etat: String,
    fichier: Option<(String, String)>,
}

pub(crate) struct ComposantVu {
    pub rang: usize,
    pub nom: String,
    pub detail: String,
    pub manques: Vec<String>,
    /// Name, SHA-256 and role.
    pub fichiers: Vec<(String, String, &'static str)>,
    pub empreinte: String,
}

/// The way back, by which side the person is on.
pub(crate) fn fil(ici: &Ici, candidature: &Candidature) -> Vec<(String, String)> {
    let depart = depart(ici);
    vec![
        (depart.0.to_owned(), depart.1.to_owned()),
        (candidature.titre.clone(), format!("/candidatures/{}", candidature.id)),
    ]
}

pub(super) async fn page(
    app: &App,
    ici: &Ici,
    candidature: &Candidature,
    affichage: Affichage,
) -> Result<Page, Erreur> {
    let liens = app.registre.lire().await?.load_liens_faq().await?;
    let contexte = app.contexte(candidature.guichet);
    let formulaire = &candidature.formulaire;
    let ecrire = ici.peut(Objet::Formulaire, Acte::Ecrire) && candidature.saisie_ouverte();
    let brouillon = ecrire
        && matches!(
            formulaire.etat,
            EtatFormulaire::ACompleter | EtatFormulaire::EnSaisie | EtatFormulaire::ACorriger { .. }
        );
    let remarques = if brouillon { formulaire.remarques(&contexte) } else { Vec::new() };
    let fichiers = !ici.agence() || formulaire.etat.deja_soumis();
    let vue = Vue { candidature, contexte: &contexte, liens: &liens, ecrire, fichiers, remarques };
    let sections: Vec<SectionVue> = Section::TOUTES.into_iter().filter_map(|une| vue.section(une)).collect();
    let base = format!("/candidatures/{}", candidature.id);
    let chemin = format!("{base}/formulaire");
    let fil = fil(ici, candidature);
    let fil: Vec<(&str, &str)> = fil.iter().map(|(libelle, url)| (libelle.as_str(), url.as_str())).collect();
    let mut cadre = cadre(app, Some(ici), "Formulaire administratif", &chemin, &fil);
    cadre.htmx = affichage.htmx;
    let resume = !affichage.erreurs.is_empty();
    Ok(Page {
        cadre,
        base,
        sur: format!("{} · {}", candidature.nru, candidature.titre),
        etat: formulaire.etat.libelle(),
        genre: genre(&formulaire.etat),
        bandeau: bandeau(candidature),
        a_corriger: vue.a_corriger(),
        ouvert: sections.iter().flat_map(|section| &section.champs).any(|champ| champ.ouvert),
        sections,
        composants: composants(candidature, fichiers),
        composants_ouverts: ecrire && candidature.composants_ouverts().is_ok(),
        jeton: app.alea.jeton(),
        brouillon,
        peut_soumettre: brouillon && ici.peut(Objet::Formulaire, Acte::Soumettre),
        peut_completer: brouillon && !matches!(formulaire.etat, EtatFormulaire::ACorriger { .. }),
        peut_juger: ici.peut(Objet::Formulaire, Acte::Juger),
        pourcent: formulaire.pourcentage(&contexte),
        resume,
        cgu: formulaire.cgu.as_ref().map_or_else(String::new, |cgu| {
            format!("Acceptées par {} le {} (version {}).", cgu.par, date_heure_fr(cgu.le), cgu.version)
        }),
        f: vue.champs(affichage),
    })
}

pub(crate) fn genre(etat: &EtatFormulaire) -> Genre {
    match etat {
        EtatFormulaire::ACompleter => Genre::Neutre,
        EtatFormulaire::EnSaisie | EtatFormulaire::Soumis { .. } => Genre::Info,
        EtatFormulaire::ACorriger { .. } => Genre::Attention,
        EtatFormulaire::Valide { .. } => Genre::Succes,
        EtatFormulaire::Irrecevable { .. } => Genre::Erreur,
    }
}

fn bandeau(candidature: &Candidature) -> Option<Bandeau> {
    let bandeau = |genre, titre: &str, texte: String| Some(Bandeau { genre, titre: titre.to_owned(), texte });
    match (&candidature.formulaire.etat, &candidature.etat) {
        (EtatFormulaire::Irrecevable { motif, .. }, _) => {
            bandeau(Genre::Erreur, "Candidature irrecevable", motif.clone())
        }
        (_, Etat::Abandonnee { motif, .. }) => {
            bandeau(Genre::Neutre, "Candidature abandonnée", motif.clone())
        }
        (EtatFormulaire::Soumis { le }, _) => bandeau(
            Genre::Info,
            "En cours de vérification",
            format!("Formulaire soumis le {}. Il se lit mais ne se modifie pas.", date_heure_fr(*le)),
        ),
        (EtatFormulaire::Valide { le }, _) if candidature.saisie_ouverte() => bandeau(
            Genre::Succes,
            "Formulaire validé",
            format!(
                "Validé le {}. La version du logiciel, le représentant légal, le contact et la date prévisionnelle \
                 restent modifiables ; l’agence voit chaque changement.",
                date_heure_fr(*le)
            ),
        ),
        _ => None,
    }
}

/// What every field of the page needs to be shown.
struct Vue<'a> {
    candidature: &'a Candidature,
    contexte: &'a Contexte,
    liens: &'a BTreeMap<String, Questions>,
    ecrire: bool,
    /// Whether the files joined to the form are given to this person: the agency waits for the form to be submitted.
    fichiers: bool,
    remarques: Vec<Faute>,
}

impl Vue<'_> {
    fn questions(&self, cle: &str) -> Questions {
        self.liens.get(&format!("champ:{cle}")).cloned().unwrap_or_default()
    }

    fn section(&self, section: Section) -> Option<SectionVue> {
        let formulaire = &self.candidature.formulaire;
        let mut champs: Vec<ChampVu> = formulaire
            .champs(self.contexte.guichet)
            .filter(|champ| champ.section == section)
            .map(|champ| self.champ(champ))
            .collect();
        for rang in 0..champs.len() {
            let ouvert = |rang: Option<usize>| {
                // A habilitation stands outside of the lists, open or not.
                rang.and_then(|rang| champs.get(rang))
                    .is_none_or(|champ: &ChampVu| champ.ouvert || champ.forme == "habilitation")
            };
            let (debut, fin) = (ouvert(rang.checked_sub(1)), ouvert(Some(rang + 1)));
            champs[rang].debut = debut;
            champs[rang].fin = fin;
        }
        let (justes, total) = formulaire.avancement(section, self.contexte);
        let nommee = champs.iter().any(|champ| champ.cle == section.ancre());
        let faq = if nommee { Vec::new() } else { self.questions(section.ancre()) };
        (!champs.is_empty()).then(|| SectionVue {
            ancre: section.ancre(),
            titre: section.titre(),
            justes,
            total,
            faq,
            champs,
        })
    }

    fn champ(&self, champ: &Champ) -> ChampVu {
        let formulaire = &self.candidature.formulaire;
        let valeur = formulaire.valeur(champ.cle);
        let (forme, max, choix) = forme(champ, self.contexte);
        let (saisie, largeur) = apparence(champ.cle);
        ChampVu {
            cle: champ.cle,
            libelle: champ.libelle,
            aide: champ.aide,
            forme,
            saisie,
            largeur,
            max,
            requis: champ.obligatoire(formulaire),
            choix,
            rafraichit: matches!(champ.cle, "profils" | "proxy_tiers" | "composants" | "dispositif_segur"),
            ouvert: self.ecrire && formulaire.modifiable(champ),
            debut: false,
            fin: false,
            lisible: champ.lisible(valeur),
            origine: valeur.to_owned(),
            motif: self.motif(champ.cle).unwrap_or_default().to_owned(),
            remarques: self
                .remarques
                .iter()
                .filter(|remarque| remarque.champ == champ.cle)
                .map(|remarque| remarque.message.clone())
                .collect(),
            faq: self.questions(champ.cle),
            habilitation: formulaire.habilitations.get(champ.cle).map(|liee| self.habilitation(liee)),
        }
    }

    /// Why the agency sent this field back, while it is to be corrected.
    fn motif(&self, cle: &str) -> Option<&str> {
        let formulaire = &self.candidature.formulaire;
        let EtatFormulaire::ACorriger { champs, .. } = &formulaire.etat else { return None };
        let demande = champs.iter().any(|autre| autre == cle);
        formulaire.verdicts.get(cle).filter(|_| demande).map(|verdict| verdict.motif.as_str())
    }

    fn a_corriger(&self) -> Vec<(String, String, String)> {
        let champs = self.candidature.formulaire.champs(self.contexte.guichet);
        champs
            .filter_map(|champ| {
                let motif = self.motif(champ.cle)?;
                Some((champ.cle.to_owned(), champ.intitule(), motif.to_owned()))
            })
            .collect()
    }

    fn habilitation(&self, liee: &HabilitationLiee) -> HabilitationVue {
        let (genre, etat) = match &liee.en_vigueur {
            Err(raison) => (Genre::Erreur, raison.clone()),
            Ok(()) if liee.fin < self.contexte.aujourdhui => (Genre::Erreur, "Expirée".to_owned()),
            Ok(()) => (Genre::Succes, "En vigueur".to_owned()),
        };
        let base = format!("/candidatures/{}/fichiers", self.candidature.id);
        HabilitationVue {
            numero: liee.numero.clone(),
            nru: liee.nru.clone(),
            logiciel: liee.logiciel.clone(),
            version: liee.version.clone(),
            fin: date_fr(liee.fin),
            genre,
            etat,
            fichier: liee
                .fichier
                .as_ref()
                .filter(|_| self.fichiers)
                .map(|fichier| (fichier.nom.to_string(), format!("{base}/{}", fichier.sha256))),
        }
    }

    /// Values and errors: what was typed where something was refused, what is stored elsewhere.
    fn champs(&self, affichage: Affichage) -> Champs {
        let formulaire = &self.candidature.formulaire;
        let refuse = affichage.saisie.is_some();
        let saisie = affichage.saisie.unwrap_or_default();
        let offert = |cle: &str| saisie.champs().any(|(nom, _)| nom.strip_prefix(ORIGINE) == Some(cle));
        let stockes: Vec<&Champ> =
            formulaire.champs(self.contexte.guichet).filter(|champ| !offert(champ.cle)).collect();
        let mut f = Champs::depuis(saisie);
        for champ in formulaire.champs(self.contexte.guichet) {
            // The label of a box is a whole sentence.
            let intitule =
                if champ.forme == Forme::Case { champ.section.titre().to_owned() } else { champ.intitule() };
            f.nommer(champ.cle, intitule);
        }
        for champ in stockes {
            let valeur = formulaire.valeur(champ.cle);
            if champ.forme == Forme::Profils {
                for code in valeur.split(',').filter(|code| !code.is_empty()) {
                    f = f.avec(champ.cle, code);
                }
            } else {
                f = f.avec(champ.cle, valeur);
            }
        }
        if !affichage.erreurs.is_empty() {
            for (cle, texte) in affichage.erreurs {
                f.refuser(&cle, texte);
            }
        } else if self.ecrire && !refuse {
            // Advice on a draft: what is filled in and wrong, not what is still empty.
            let remplis = formulaire.champs(self.contexte.guichet).filter(|champ| {
                !formulaire.valeur(champ.cle).is_empty() || formulaire.habilitations.contains_key(champ.cle)
            });
            for faute in remplis.filter_map(|champ| champ.faute(formulaire, self.contexte)) {
                f.refuser(&faute.champ, faute.message);
            }
        }
        f
    }
}

/// Which macro shows a field, its longest text, its choices.
fn forme(champ: &Champ, contexte: &Contexte) -> (&'static str, usize, Vec<Choix>) {
    let tous = |choix: &[(&str, &str)]| {
        choix.iter().map(|(valeur, libelle)| Choix::nouveau(valeur, libelle)).collect::<Vec<_>>()
    };
    match champ.forme {
        Forme::Texte { max } => ("texte", max, Vec::new()),
        Forme::Date => ("date", 0, Vec::new()),
        Forme::Choix(choix) if choix.len() <= 3 => ("radio", 0, tous(choix)),
        Forme::Choix(choix) => ("choix", 0, tous(choix)),
        Forme::Pays => {
            let pays = UNION_EUROPEENNE.iter().map(|pays| Choix::nouveau(pays.code(), pays.nom()));
            ("choix", 0, pays.collect())
        }
        Forme::Profils => {
            let profils = Profil::du_guichet(contexte.guichet);
            let choix = profils.iter().map(|profil| Choix::nouveau(profil.code(), profil.libelle()));
            ("cases", 0, choix.collect())
        }
        Forme::Case => ("case", 0, Vec::new()),
        Forme::Habilitation(_) => ("habilitation", 0, Vec::new()),
    }
}

/// Type of the input and its width.
fn apparence(cle: &str) -> (&'static str, &'static str) {
    match cle {
        _ if cle.ends_with("_courriel") => ("email", "long"),
        _ if cle.ends_with("_telephone") => ("tel", "moyen"),
        "siege_code_postal" | "version" => ("text", "court"),
        "siret" | "nie" | "nil" | "datapass" | "nru_elu" | "nru_elp" | "nru_segur" => ("text", "moyen"),
        _ => ("text", "long"),
    }
}

/// The composants of the form, with the files that this person may have.
pub(crate) fn composants(candidature: &Candidature, fichiers: bool) -> Vec<ComposantVu> {
    let mut vus: Vec<ComposantVu> =
        candidature.formulaire.composants.iter().enumerate().map(composant).collect();
    if !fichiers {
        for vu in &mut vus {
            vu.fichiers.clear();
        }
    }
    vus
}

fn composant((rang, composant): (usize, &Composant)) -> ComposantVu {
    let libelle = |choix: &[(&str, &str)], cle: &str| {
        choix.iter().find(|(autre, _)| *autre == cle).map_or_else(String::new, |(_, nom)| (*nom).to_owned())
    };
    let teleservices: Vec<String> =
        composant.teleservices.iter().map(|cle| libelle(TELESERVICES, cle)).collect();
    let parties = [
        composant.version.clone(),
        composant.editeur.clone(),
        libelle(NATURES, &composant.nature),
        libelle(INTEGRATIONS, &composant.integre_a),
        teleservices.join(", "),
    ];
    let fichiers = [(&composant.licence, "Licence"), (&composant.homologation, "Attestation du CNDA")];
    ComposantVu {
        rang,
        nom: if composant.nom.is_empty() { "Composant sans nom".to_owned() } else { composant.nom.clone() },
        detail: parties.into_iter().filter(|partie| !partie.is_empty()).collect::<Vec<_>>().join(" · "),
        manques: composant.fautes().into_iter().map(|faute| faute.message).collect(),
        fichiers: fichiers
            .into_iter()
            .filter_map(|(fichier, role)| {
                fichier.as_ref().map(|fichier| (fichier.nom.to_string(), fichier.sha256.clone(), role))
            })
            .collect(),
        empreinte: empreinte(composant),
    }
}
