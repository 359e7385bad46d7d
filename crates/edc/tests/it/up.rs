//! `edc up`: ready, stopped, started again, killed, and what it says when it can't.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::commandes::edc;

/// A running `edc up`, killed when the test ends.
pub(crate) struct Up(Child);

impl Up {
    /// SIGKILL: no chance to tidy up.
    pub(crate) fn tuer(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        self.tuer();
    }
}

/// A port that is free, with the next six.
pub(crate) fn port() -> u16 {
    for essai in 0..200_u32 {
        let port = 23_000 + u16::try_from((std::process::id() * 7 + essai * 13) % 9_000).unwrap_or(0);
        if (0..7).all(|rang| TcpListener::bind(("127.0.0.1", port + rang)).is_ok()) {
            return port;
        }
    }
    panic!("no seven free ports in a row");
}

/// Starts and waits for the last line of the table.
pub(crate) fn demarrer(dossier: &Path, port: u16) -> Up {
    demarrer_et_lire(dossier, port).0
}

/// The same, with what it said.
fn demarrer_et_lire(dossier: &Path, port: u16) -> (Up, String) {
    let mut processus = Command::new(env!("CARGO_BIN_EXE_edc"))
        .args(["up", "--data", &dossier.display().to_string(), "--port-base", &port.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let sortie = processus.stdout.take().expect("piped");
    let up = Up(processus);
    let mut dit = String::new();
    for ligne in BufReader::new(sortie).lines() {
        dit = format!("{dit}{}\n", ligne.expect("text"));
        if dit.contains("Ctrl-C pour arrêter") {
            return (up, dit);
        }
    }
    panic!("edc up ended before it was ready: {dit}")
}

pub(crate) fn annonce(dossier: &Path) -> serde_json::Value {
    let texte = std::fs::read_to_string(dossier.join("edc.json")).expect("announced");
    serde_json::from_str(&texte).expect("JSON")
}

#[test]
fn un_second_demarrage_retrouve_tout_meme_apres_un_kill() {
    let dossier = tempfile::tempdir().expect("a folder");
    let port = port();
    let premier = demarrer(dossier.path(), port);
    let annonce1 = annonce(dossier.path());
    assert_eq!(annonce1["pret"], true);
    assert_eq!(annonce1["guichet"]["url"], format!("https://localhost:{port}"));
    let apis: Vec<_> = annonce1["apis"].as_array().expect("a list").iter().map(|api| &api["id"]).collect();
    assert_eq!(apis, ["signsessiondata", "essai", "insi"]);
    let api = &annonce1["apis"][0];
    assert_eq!(api["url"], format!("https://localhost:{}/mockservice/apipsc", port + 4));
    let lire = |nom: &str| std::fs::read(dossier.path().join(nom)).expect("made at the first start");
    let avant: Vec<_> =
        ["ac/autorite.pem", "signature/signataire.p12", "secrets/oidc"].into_iter().map(lire).collect();

    // While it runs, nobody else takes the folder.
    let autre = edc(&["up", "--data", &dossier.path().display().to_string(), "--port-base", "39990"]);
    assert!(String::from_utf8_lossy(&autre.stderr).contains("utilise déjà le dossier"));

    // SIGKILL: no chance to tidy up.
    drop(premier);
    let _second = demarrer(dossier.path(), port);
    let apres: Vec<_> =
        ["ac/autorite.pem", "signature/signataire.p12", "secrets/oidc"].into_iter().map(lire).collect();
    assert!(avant == apres, "the second start made its own keys");
    assert_eq!(annonce(dossier.path())["pret"], true);
}

#[test]
fn les_cles_ne_sont_lisibles_que_par_leur_proprietaire() {
    use std::os::unix::fs::PermissionsExt as _;
    let dossier = tempfile::tempdir().expect("a folder");
    let _up = demarrer(dossier.path(), port());
    for nom in [
        "ac/autorite.key",
        "tls/localhost.key",
        "secrets/oidc",
        "secrets/signataire",
        "signature/signataire.p12",
    ] {
        let mode = std::fs::metadata(dossier.path().join(nom)).expect(nom).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{nom}");
    }
}

#[test]
fn un_port_pris_est_nomme_en_une_ligne() {
    let pris = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = pris.local_addr().expect("bound").port();
    let dossier = tempfile::tempdir().expect("a folder");
    let sortie =
        edc(&["up", "--data", &dossier.path().display().to_string(), "--port-base", &port.to_string()]);
    assert_eq!(sortie.status.code(), Some(1));
    let texte = String::from_utf8_lossy(&sortie.stderr).into_owned();
    assert_eq!(texte.lines().count(), 1, "{texte}");
    assert!(texte.contains(&format!("le port {port} est déjà pris")), "{texte}");
}

#[test]
fn un_dossier_impossible_est_nomme_en_une_ligne() {
    let dossier = tempfile::tempdir().expect("a folder");
    let fichier = dossier.path().join("fichier");
    std::fs::write(&fichier, b"").expect("written");
    let impossible = fichier.join("sous");
    let sortie = edc(&["up", "--data", &impossible.display().to_string(), "--port-base", "39992"]);
    assert_eq!(sortie.status.code(), Some(1));
    let texte = String::from_utf8_lossy(&sortie.stderr).into_owned();
    assert_eq!(texte.lines().count(), 1, "{texte}");
    assert!(texte.contains(&impossible.display().to_string()) && texte.contains("--data"), "{texte}");
}

#[test]
fn la_demonstration_va_au_bout_sur_une_maison_en_marche() {
    let dossier = tempfile::tempdir().expect("a folder");
    let data = dossier.path().display().to_string();
    let absente = edc(&["demo", "--data", &data]);
    assert_eq!(absente.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&absente.stderr).contains("edc up"));
    let absente = edc(&["demo", "--navigateur", "--data", &data]);
    assert!(String::from_utf8_lossy(&absente.stderr).contains("edc up"));

    let _up = demarrer(dossier.path(), port());
    let (proxy, lps) = (annonce(dossier.path())["proxy"].clone(), annonce(dossier.path())["lps"].clone());
    let port = lps["url"].as_str().and_then(|url| url.rsplit(':').next()?.parse::<u16>().ok());
    let pris = TcpListener::bind(("127.0.0.1", port.expect("a port"))).expect("free until somebody asks");
    let refus = edc(&["demo", "--navigateur", "--data", &data]);
    assert!(String::from_utf8_lossy(&refus.stderr).contains("est déjà pris"), "{refus:?}");
    drop(pris);
    assert!(["url", "admin_url", "traces_jeton"].iter().all(|nom| proxy[nom].is_string()), "{proxy}");
    let jouee = edc(&["demo", "--data", &data]);
    let texte = String::from_utf8_lossy(&jouee.stdout).into_owned();
    assert!(jouee.status.success(), "{texte}{}", String::from_utf8_lossy(&jouee.stderr));
    for dit in ["elle approuve", "CONNECT_SUCCESS", "SEND", "CONNECT_REPLAY", "Tout s’est passé comme prévu"]
    {
        assert!(texte.contains(dit), "{dit}\n{texte}");
    }
}

#[test]
fn les_fautes_survivent_a_un_arret_sont_dites_au_demarrage_et_se_retirent() {
    let dossier = tempfile::tempdir().expect("a folder");
    let data = dossier.path().display().to_string();
    let port = port();
    let (premier, dit) = demarrer_et_lire(dossier.path(), port);
    assert!(!dit.contains("Attention"), "{dit}");
    let bas = |arguments: &[&str]| {
        let sortie = edc(&[&["bas"], arguments, &["--data", &data]].concat());
        assert!(sortie.status.success(), "{}", String::from_utf8_lossy(&sortie.stderr));
        String::from_utf8_lossy(&sortie.stdout).into_owned()
    };
    assert!(bas(&["scenarios", "--actifs"]).contains("Aucun scénario"));
    bas(&["scenarios", "tls-expire", "--cible", "as"]);
    drop(premier);
    let (_second, dit) = demarrer_et_lire(dossier.path(), port);
    let attendu = "le bac à sable s’écarte du juste : 1 scénario de faute actif (tls-expire)";
    assert!(dit.contains(attendu) && dit.contains("edc bas reinitialiser"), "{dit}");
    assert!(bas(&["scenarios", "--actifs"]).contains("tls-expire"));
    bas(&["reinitialiser"]);
    assert!(bas(&["scenarios", "--actifs"]).contains("Aucun scénario"));
}
