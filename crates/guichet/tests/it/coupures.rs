//! A real process, killed with SIGKILL while it signs: afterwards the habilitation is signed whole, or still to be
//! signed, and nothing stands in between.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use domaine::habilitation::{EtatHabilitation, Habilitation};
use guichet::documents::verification;
use registre::Versionne;
use reqwest::Method;

use crate::appui::{Site, decision};

/// The process that is killed: told on its input which database and files are its own, it says where it serves.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "no test: the process that the one below starts and kills"]
async fn processus() {
    let mut base = String::new();
    let mut fichiers = String::new();
    std::io::stdin().read_line(&mut base).expect("read");
    std::io::stdin().read_line(&mut fichiers).expect("read");
    let site = Site::seul(base.trim(), Path::new(fichiers.trim())).await;
    println!("{}", serde_json::json!({ "url": site.url, "autorite": site.autorite }));
    // Until whoever started it has ended.
    let fin = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    let _ = fin.await;
}

struct Processus {
    enfant: Child,
    url: String,
    autorite: String,
}

impl Drop for Processus {
    fn drop(&mut self) {
        self.tuer();
    }
}

impl Processus {
    fn demarrer(site: &Site, base: &str) -> Self {
        let mut enfant = Command::new(std::env::current_exe().expect("this program"))
            .args(["--ignored", "--exact", "--nocapture", "coupures::processus"])
            // What it leaves behind goes with the folder of the site.
            .env("TMPDIR", site.dossier.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let entree = enfant.stdin.as_mut().expect("piped");
        writeln!(entree, "{base}\n{}", site.app.config.fichiers.display()).expect("told");
        let sortie = BufReader::new(enfant.stdout.take().expect("piped"));
        let annonce = sortie
            .lines()
            .map_while(Result::ok)
            .find_map(|ligne| serde_json::from_str::<serde_json::Value>(&ligne).ok())
            .expect("it says where it serves");
        let texte = |cle: &str| annonce[cle].as_str().unwrap_or_default().to_owned();
        Self { enfant, url: texte("url"), autorite: texte("autorite") }
    }

    /// SIGKILL.
    fn tuer(&mut self) {
        let _ = self.enfant.kill();
        let _ = self.enfant.wait();
    }
}

/// When the process is killed.
#[derive(Clone, Copy, Debug)]
enum Instant {
    /// After that many looks at the store since the request left.
    Regards(usize),
    /// That many looks after the letter came into the store.
    Lettre(usize),
    Reponse,
}

#[tokio::test(flavor = "multi_thread")]
async fn un_kill_pendant_la_signature_ne_laisse_rien_a_moitie() {
    for base in test_support::base::bases() {
        let url = base.url.clone();
        let site = Site::ouvrir(base).await;
        let mut projet = decision::projet(&site).await;
        let mut instants = vec![Instant::Regards(0), Instant::Regards(100), Instant::Lettre(0)];
        // Later and later after the letter came, until the signature stands; then around that very moment.
        let (mut avant, mut apres) = (0, None);
        for _ in 0..12 {
            let instant = instants.pop().unwrap_or_else(|| {
                Instant::Lettre(apres.map_or(avant * 8 + 8, |apres: usize| avant.midpoint(apres)))
            });
            let signee = tuer_et_verifier(&site, &url, &projet, instant).await;
            if let Instant::Lettre(n) = instant {
                if signee {
                    apres = Some(n);
                } else {
                    avant = n;
                }
            }
            if signee {
                projet = decision::projet(&site).await;
            }
            if apres.is_some_and(|apres| apres <= avant + avant / 16 + 1) {
                break;
            }
        }
        // What was cut so often is signed as if nothing had happened.
        assert!(
            tuer_et_verifier(&site, &url, &projet, Instant::Reponse).await,
            "what was acknowledged is kept"
        );
    }
}

async fn tuer_et_verifier(
    site: &Site,
    base: &str,
    projet: &Versionne<Habilitation>,
    instant: Instant,
) -> bool {
    let mut processus = Processus::demarrer(site, base);
    signer_et_tuer(site, &mut processus, projet, instant).await;
    verifier(site, &processus, projet).await
}

async fn signer_et_tuer(
    site: &Site,
    processus: &mut Processus,
    projet: &Versionne<Habilitation>,
    instant: Instant,
) {
    let signataire = site.comme("signataire.faure").await;
    let chemin = format!("/habilitations/{}/signer", projet.numero());
    let csrf = signataire.csrf();
    let mut requete = signataire
        .requete(Method::POST, &chemin)
        .form(&[("csrf", csrf.as_str())])
        .build()
        .expect("a request");
    *requete.url_mut() = format!("{}{chemin}", processus.url).parse().expect("a URL");
    let http = service::client_http::client(Some(&processus.autorite), Duration::from_mins(1));
    let avant = compter(&site.app.config.fichiers);
    let envoi = tokio::spawn(http.expect("a client").execute(requete));
    let (mut regards, mut depuis) = (0, None);
    loop {
        if envoi.is_finished() {
            break;
        }
        if depuis.is_none() && compter(&site.app.config.fichiers) > avant {
            depuis = Some(regards);
        }
        let atteint = match instant {
            Instant::Regards(n) => regards >= n,
            Instant::Lettre(n) => depuis.is_some_and(|debut| regards >= debut + n),
            Instant::Reponse => false,
        };
        if atteint {
            break;
        }
        regards += 1;
        tokio::task::yield_now().await;
    }
    processus.tuer();
    let reponse = envoi.await.expect("no panic");
    if matches!(instant, Instant::Reponse) {
        assert_eq!(reponse.expect("an answer").status(), 303);
    }
}

/// How many files there are under a folder.
fn compter(dossier: &Path) -> usize {
    let Ok(entrees) = std::fs::read_dir(dossier) else { return 0 };
    entrees
        .map_while(Result::ok)
        .map(|entree| if entree.path().is_dir() { compter(&entree.path()) } else { 1 })
        .sum()
}

/// Whether the habilitation is signed; in both cases everything fits together.
async fn verifier(site: &Site, processus: &Processus, projet: &Versionne<Habilitation>) -> bool {
    let numero = projet.numero();
    let (lues, chaine) = {
        let mut tx = site.app.registre.lire().await.expect("a transaction");
        let lues = tx.load_habilitations_candidature(projet.candidature).await.expect("read");
        (lues, tx.verifier_chaine().await.expect("read"))
    };
    assert!(chaine.is_ok(), "{chaine:?}");
    let [lue] = lues.as_slice() else { panic!("one habilitation, not {}", lues.len()) };
    let registre = site.anonyme().get(&format!("/registre/{numero}")).await;
    match &lue.etat {
        EtatHabilitation::Projet => {
            assert_eq!((lue.version, registre.statut), (projet.version, 404));
            false
        }
        EtatHabilitation::Active { document, .. } => {
            assert!(registre.corps().contains("en vigueur aujourd’hui"), "{}", registre.corps());
            let pdf = site.app.magasin.lire(document).await.expect("the letter is there");
            let racines = igc::lire::certificats_pem(processus.autorite.as_bytes()).expect("a certificate");
            let lecture = verification::verifier(&pdf, &racines, site.app.maintenant());
            assert!(lecture.accepte, "{:?}", lecture.constats);
            let encore = site.comme("signataire.faure").await;
            assert_eq!(encore.post(&format!("/habilitations/{numero}/signer"), &[]).await.statut, 422);
            true
        }
        autre => panic!("{autre:?}"),
    }
}
