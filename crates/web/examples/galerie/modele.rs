//! The gallery's pages with their sample data: every macro and every class once.

use askama::Template;
use web::{Avis, Cadre, Champs, Choix, Etape, EtatEtape, Genre, Lien, Pagination, PersonneVue};

#[derive(Template)]
#[template(path = "galerie.html")]
pub(crate) struct Galerie {
    cadre: Cadre,
    onglets: Vec<Lien>,
    f: Champs,
    vides: Champs,
    choix: Vec<Choix>,
    professions: Vec<Choix>,
    verdicts: Vec<Choix>,
    etapes: Vec<Etape>,
    pagination: Pagination,
    genres: Vec<Genre>,
    icones: Vec<&'static str>,
    lignes: Vec<(&'static str, &'static str, &'static str, Genre, &'static str, u32)>,
}

#[derive(Template)]
#[template(path = "connexion.html")]
pub(crate) struct Connexion {
    pub(crate) cadre: Cadre,
}

pub(crate) fn cadre(titre: &str, chemin: &str) -> Cadre {
    Cadre {
        nav: vec![
            Lien::nouveau("Tableau de bord", "/"),
            Lien::nouveau("Produits", "/produits"),
            Lien::nouveau("Candidatures", "/candidatures").actif(true).badge(4),
            Lien::nouveau("Habilitations", "/habilitations"),
            Lien::nouveau("Questions fréquentes", "/faq"),
        ],
        personne: Some(PersonneVue { nom: "Camille Dubois".into(), detail: "Éditions Exemple SAS".into() }),
        csrf: "jeton-de-la-galerie".into(),
        fil: vec![("Candidatures".into(), Some("/candidatures".into())), ("Agenda Santé Pro".into(), None)],
        demo: Some("Environnement de démonstration : aucune donnée n’est réelle.".into()),
        pied: vec![
            Lien::nouveau("Accessibilité", "/accessibilite"),
            Lien::nouveau("Nous écrire", "/contact"),
        ],
        avis: vec![
            Avis::nouveau(Genre::Succes, "Vos réponses sont enregistrées."),
            Avis::nouveau(Genre::Attention, "Le rapport d’intrusion date de plus de onze mois."),
        ],
        ..Cadre::nouveau("Guichet", titre, chemin)
    }
}

impl Galerie {
    pub(crate) fn exemple() -> Self {
        let mut f = Champs::vides()
            .avec("siret", "1234")
            .avec("description", "Un agenda <b>partagé</b>\nentre soignants.")
            .avec("professions", "medecin")
            .avec("professions", "sage-femme")
            .avec("type", "lgc")
            .avec("verdict", "precision");
        f.refuser("siret", "Le SIRET a 14 chiffres : il en manque 10.");
        f.refuser("hebergement", "Choisissez où sont hébergées les données.");
        f.refuser("engagement", "Cochez la case pour certifier vos réponses.");
        Self {
            cadre: cadre("Agenda Santé Pro", "/candidatures/1"),
            onglets: vec![
                Lien::nouveau("Chapitres", "#").actif(true),
                Lien::nouveau("Échanges", "#").badge(2),
                Lien::nouveau("Historique", "#"),
            ],
            f,
            vides: Champs::vides(),
            choix: vec![
                Choix::nouveau("lgc", "Logiciel de gestion de cabinet"),
                Choix::nouveau("dpi", "Dossier patient informatisé"),
                Choix::nouveau("mobile", "Application mobile"),
            ],
            professions: vec![
                Choix::nouveau("medecin", "Médecins"),
                Choix::nouveau("sage-femme", "Sages-femmes").aide("Libérales et salariées"),
                Choix::nouveau("infirmier", "Infirmiers"),
            ],
            verdicts: vec![
                Choix::nouveau("conforme", "Conforme")
                    .genre(Genre::Succes)
                    .aide("La preuve répond à l’exigence"),
                Choix::nouveau("precision", "Précision demandée")
                    .genre(Genre::Attention)
                    .aide("L’éditeur complète"),
                Choix::nouveau("non-conforme", "Non conforme")
                    .genre(Genre::Erreur)
                    .aide("L’exigence n’est pas tenue"),
            ],
            etapes: vec![
                Etape::nouvelle("Produit déclaré", EtatEtape::Faite).url("#"),
                Etape::nouvelle("Preuves", EtatEtape::Courante).detail("11 sur 20"),
                Etape::nouvelle("Instruction", EtatEtape::AVenir),
                Etape::nouvelle("Tests d’intrusion", EtatEtape::Bloquee).detail("Attend votre rapport"),
                Etape::nouvelle("Habilitation", EtatEtape::AVenir),
            ],
            pagination: Pagination::nouvelle(5, 250, 25, "/candidatures?etat=soumise"),
            genres: vec![Genre::Neutre, Genre::Info, Genre::Succes, Genre::Attention, Genre::Erreur],
            icones: vec![
                "check", "alert", "clock", "file", "upload", "download", "message", "person", "lock",
                "search", "chevron", "plus", "edit", "trash", "eye", "flag", "shield", "calendar", "link",
                "arrow", "cross", "folder",
            ],
            lignes: vec![
                ("20 nov. 2026", "Agenda Santé Pro", "Éditions Exemple", Genre::Info, "En instruction", 20),
                ("18 nov. 2026", "Cabinet Clair", "Clarté Logiciels", Genre::Erreur, "En retard", 14),
                ("15 nov. 2026", "Dossier Unique", "Unique SARL", Genre::Attention, "Précision demandée", 8),
                ("12 nov. 2026", "Officine Plus", "Groupe Plus", Genre::Succes, "Conforme", 22),
                ("3 nov. 2026", "Imagerie Légère", "Légère SAS", Genre::Neutre, "Brouillon", 0),
            ],
        }
    }

    /// As htmx gets it.
    #[cfg(test)]
    pub(crate) fn fragment() -> Self {
        let mut page = Self::exemple();
        page.cadre.htmx = true;
        page
    }
}
