//! Rubbish, and too much of it: whatever is sent, an answer comes that says what is wrong; never a fault of ours.

use std::{collections::BTreeSet, path::Path};

use domaine::{produit::Droit, referentiel::Guichet};
use guichet::{
    acces::{Acces, Cible},
    routes::{Route, table},
};
use http::Method;
use test_support::base::BaseEssai;
use url::form_urlencoded;

use crate::appui::{Navigateur, Reponse, Site, decision, dossier};

/// Nobody, then somebody of each role.
const ROLES: &[&str] = &[
    "",
    "claire.martin",
    "hugo.bernard",
    "lea.petit",
    "tom.leroy",
    "nadia.benali",
    "verif.durand",
    "college.roux",
    "signataire.faure",
    "admin.chevalier",
    "auditeur.meyer",
    "cnda.simon",
];

#[tokio::test(flavor = "multi_thread")]
async fn un_envoi_trop_gros_a_sa_page() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let produit = dossier::produit(&site, "claire.martin", "Proxy").await;
    let id = dossier::candidature(&site, "claire.martin", produit, Guichet::Editeur).await;
    let claire = site.comme("claire.martin").await;
    let long = "a".repeat(3 << 20);
    let reponse = claire.post(&format!("/candidatures/{id}/formulaire"), &[("denomination", &long)]).await;
    assert_eq!(reponse.statut, 413);
    assert!(reponse.corps().contains("dépasse la taille"), "{}", reponse.corps());
    // A file too large is refused at its field; a form too large as a whole has no field to show.
    let chemin = format!("/candidatures/{id}/composants/nouveau");
    for (taille, statut) in [(21 << 20, 422), (65 << 20, 413)] {
        let pdf = vec![b'a'; taille];
        let reponse = claire.post_fichiers(&chemin, &[], &[("licence", "licence.pdf", &pdf)]).await;
        assert_eq!(reponse.statut, statut);
        assert!(reponse.corps().contains("dépasse la taille"), "{}", reponse.corps());
    }
}

/// Values that no field expects, as bytes of a form.
fn rebuts() -> Vec<Vec<u8>> {
    vec![
        b"\0\x01\xff\xfe'\"><script>alert(1)</script>${7*7}{{7*7}}\r\n%00".to_vec(),
        b"-99999999999999999999999999".to_vec(),
        "\u{202e}\u{1f600}\u{0}e\u{301}\u{fffd}".repeat(300).into_bytes(),
        b"9999-12-31".to_vec(),
        b"0".to_vec(),
        b"../../etc/passwd,\\\\serveur\\c$;DROP TABLE evenement--".to_vec(),
    ]
}

/// Every name of field that the pages or their handlers know, and some whose end varies.
fn noms() -> BTreeSet<String> {
    let racine = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut noms = BTreeSet::new();
    let mut dossiers = vec![racine.join("src"), racine.join("templates")];
    while let Some(dossier) = dossiers.pop() {
        for entree in std::fs::read_dir(dossier).expect("read") {
            let chemin = entree.expect("read").path();
            if chemin.is_dir() {
                dossiers.push(chemin);
                continue;
            }
            let texte = std::fs::read_to_string(&chemin).expect("text");
            for debut in ["texte(\"", "tous(\"", "coche(\"", "prefixe(\"", "name=\"", "champ(\""] {
                let suites = texte.split(debut).skip(1).filter_map(|suite| suite.split('"').next());
                noms.extend(suites.filter(|nom| nom.is_ascii() && !nom.contains('{')).map(str::to_owned));
            }
        }
    }
    for debut in ["avis.", "motif.", "vu.", "origine.", "nru.", "pdf.", "recu.pdf.", "verdict."] {
        noms.insert(format!("{debut}siret"));
        noms.insert(format!("{debut}habilitation_elp"));
    }
    noms.extend(dossier::FORMULAIRE_ELP.iter().map(|(nom, _)| (*nom).to_owned()));
    noms
}

fn formulaire(noms: &BTreeSet<String>, valeur: &[u8]) -> String {
    let encoder = |octets: &[u8]| form_urlencoded::byte_serialize(octets).collect::<String>();
    let valeur = encoder(valeur);
    noms.iter().map(|nom| format!("{}={valeur}", encoder(nom.as_bytes()))).collect::<Vec<_>>().join("&")
}

/// Bytes that look like nothing, always the same.
fn hasard(taille: usize) -> Vec<u8> {
    let mut etat = 0x2545_f491_4f6c_dd1d_u64;
    std::iter::repeat_with(|| {
        etat ^= etat << 13;
        etat ^= etat >> 7;
        etat ^= etat << 17;
        etat.to_le_bytes()[3]
    })
    .take(taille)
    .collect()
}

/// Type and bytes of what is sent.
fn corps(noms: &BTreeSet<String>) -> Vec<Corps> {
    const FORMULAIRE: &str = "application/x-www-form-urlencoded";
    const FICHIERS: &str = "multipart/form-data; boundary=X";
    let mut parties = Vec::new();
    for nom in noms {
        parties
            .extend(format!("--X\r\nContent-Disposition: form-data; name=\"{nom}\"\r\n\r\n\u{0}é").bytes());
        parties.extend(b"\xff\r\n");
    }
    let fichier = |nom: &[u8], octets: &[u8]| {
        let tete = b"--X\r\nContent-Disposition: form-data; name=\"fichier\"; filename=\"";
        [tete, nom, b"\"\r\nContent-Type: text/html\r\n\r\n", octets, b"\r\n"].concat()
    };
    let entier = [
        parties.as_slice(),
        &fichier(b"..\\..\\con\0.pdf", &hasard(2000)),
        &fichier(b"\xff\xfe.png", b""),
        b"--X--\r\n",
    ]
    .concat();
    let mut tous: Vec<_> =
        rebuts().iter().map(|valeur| (FORMULAIRE, formulaire(noms, valeur).into_bytes())).collect();
    tous.extend([
        (FORMULAIRE, hasard(4096)),
        (FORMULAIRE, Vec::new()),
        (FICHIERS, entier.clone()),
        (FICHIERS, entier[..entier.len() - 30].to_vec()),
        (FICHIERS, hasard(4096)),
        ("multipart/form-data", entier),
        ("application/json", "[".repeat(20_000).into_bytes()),
        ("application/offset+octet-stream", hasard(64)),
    ]);
    tous
}

/// Everything that a route of a dossier can name.
struct Objets {
    produit: String,
    candidature: String,
    numero: String,
}

async fn objets(site: &Site, route: &Route) -> Objets {
    let brouillon = ["/formulaire", "/composants", "/{cle}", "/demarrer", "/abandonner"];
    let numero = String::from("HAB-ELP-2026-00001");
    if matches!(route.acces, Acces::Sur(Cible::Habilitation, ..)) {
        let projet = decision::projet(site).await;
        let numero = projet.numero().to_owned();
        let (produit, candidature) = (projet.produit.to_string(), projet.candidature.to_string());
        return Objets { produit, candidature, numero };
    }
    let (produit, candidature) = if route.chemin.contains("/instruction/formulaire") {
        let id = dossier::formulaire_soumis(site).await;
        (dossier::lire(site, id).await.produit, id)
    } else if brouillon.iter().any(|bout| route.chemin.contains(bout)) {
        let produit = dossier::produit(site, "claire.martin", "Proxy").await;
        (produit, dossier::candidature(site, "claire.martin", produit, Guichet::Editeur).await)
    } else {
        let id = dossier::depot_ouvert(site).await;
        if route.chemin.contains("/instruction/chapitres") {
            dossier::soumettre_chapitre(site, id, "PMT").await;
        }
        (dossier::lire(site, id).await.produit, id)
    };
    dossier::droit(site, produit, "lea.petit", Droit::Depot).await;
    Objets { produit: produit.to_string(), candidature: candidature.to_string(), numero }
}

fn chemin(route: &Route, objets: &Objets) -> String {
    let id = if route.chemin.starts_with("/produits") { &objets.produit } else { &objets.candidature };
    let valeurs = [
        ("{id}", id.as_str()),
        ("{guichet}", "editeur"),
        ("{code}", "PMT"),
        ("{attendue}", "PMT.01.01.01"),
        ("{question}", "101"),
        ("{rang}", "0"),
        ("{cle}", "habilitation_elp"),
        ("{numero}", &objets.numero),
    ];
    valeurs.iter().fold(route.chemin.to_owned(), |chemin, (nom, valeur)| chemin.replace(nom, valeur))
}

/// The same path with one of its parameters made rubbish.
fn chemins_faux(chemin: &str) -> Vec<String> {
    let long = "a".repeat(3000);
    let rebuts = ["%00", "%ff%fe", "..%2f..%2fetc", "%F0%9F%98%80", &long];
    let morceaux: Vec<&str> = chemin.split('/').collect();
    let mut faux = Vec::new();
    for rang in 1..morceaux.len() {
        let tout_nom = morceaux[rang].chars().all(|lettre| lettre.is_ascii_lowercase() || lettre == '-');
        if tout_nom {
            continue;
        }
        for rebut in rebuts {
            let mut autres = morceaux.clone();
            autres[rang] = rebut;
            faux.push(autres.join("/"));
        }
    }
    faux
}

/// Sends with the CSRF token of the person, so that it is read; the headers of uploads are rubbish too.
async fn essayer(qui: &Navigateur<'_>, route: &Route, chemin: &str, corps: Option<Corps>) -> Reponse {
    let mut requete = qui
        .requete(route.methode.clone(), chemin)
        .header("x-csrf-token", qui.csrf())
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", "99999999999999999999")
        .header("upload-length", "-1")
        .header("upload-metadata", "filename =,, filename")
        .header("range", "bytes=9-1,zz");
    if let Some((genre, octets)) = corps {
        requete = requete.header("content-type", genre).body(octets);
    }
    qui.envoyer(requete).await
}

/// Type and bytes of a body.
type Corps = (&'static str, Vec<u8>);

/// What is sent to a route: address, and type and bytes of a body.
fn envois(route: &Route, chemin: &str, noms: &BTreeSet<String>) -> Vec<(String, Option<Corps>)> {
    let mut envois: Vec<_> = chemins_faux(chemin).into_iter().map(|faux| (faux, None)).collect();
    if route.methode == Method::GET {
        let fixes =
            ["q=%ff%00&page=-1", "page=99999999999999999999&id=%00", "retour=//mal.example&retour=%0d%0aX:y"];
        envois.extend(fixes.map(|requete| (format!("{chemin}?{requete}"), None)));
        let quelques: BTreeSet<String> = noms.iter().filter(|nom| nom.len() < 10).cloned().collect();
        for valeur in rebuts() {
            let requete = formulaire(&quelques, &valeur[..valeur.len().min(24)]);
            envois.push((format!("{chemin}?{requete}"), None));
        }
    } else {
        envois.extend(corps(noms).into_iter().map(|corps| (chemin.to_owned(), Some(corps))));
    }
    envois
}

/// Every route: all of it by the first person who passes, some of it by each of the others.
async fn balayer(base: BaseEssai) {
    let noms = noms();
    let moteur = base.nom;
    let site = Site::ouvrir(base).await;
    for route in table() {
        let objets = objets(&site, &route).await;
        let envois = envois(&route, &chemin(&route, &objets), &noms);
        let mut complet = false;
        for (rang, login) in ROLES.iter().enumerate() {
            let qui = if login.is_empty() { site.anonyme() } else { site.comme(login).await };
            let garde = |statut: u16| matches!(statut, 303 | 401 | 403 | 404);
            for pas in 0..envois.len() {
                if pas >= 2 && complet {
                    break;
                }
                let (adresse, corps) = &envois[(envois.len() - 1 + rang + pas) % envois.len()];
                let reponse = essayer(&qui, &route, adresse, corps.clone()).await;
                let quoi: String = adresse.chars().take(200).collect();
                let genre = corps.as_ref().map_or("", |(genre, _)| genre);
                // 502: the sign-in of these tests has no provider behind it.
                let faute = reponse.statut >= 500 && reponse.statut != 502;
                assert!(!faute, "{moteur} {login} {} {quoi} {genre} : {}", route.methode, reponse.corps());
                if pas == 0 && corps.is_some() && garde(reponse.statut) {
                    break;
                }
                complet |= pas + 1 == envois.len();
            }
        }
    }
    let mut tx = site.app.registre.lire().await.expect("a transaction");
    assert!(tx.verifier_chaine().await.expect("read").is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn le_rebut_n_est_jamais_une_faute_de_notre_part_sqlite() {
    balayer(test_support::base::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn le_rebut_n_est_jamais_une_faute_de_notre_part_postgresql() {
    if let Some(base) = test_support::base::postgres() {
        balayer(base).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn des_en_tetes_demesures_ne_coutent_que_leur_connexion() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let claire = site.comme("claire.martin").await;
    for taille in [20_000, 60_000, 400_000] {
        let requete = claire.requete(Method::GET, "/tableau-de-bord").header("x-long", "a".repeat(taille));
        if let Ok(reponse) = requete.send().await {
            assert!(reponse.status().as_u16() < 500, "{taille} : {}", reponse.status());
        }
        assert_eq!(claire.get("/tableau-de-bord").await.statut, 200, "{taille}");
    }
}
