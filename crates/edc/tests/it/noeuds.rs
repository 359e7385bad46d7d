//! `edc proxy` in processes of its own before a sandbox, killed with SIGKILL under load: what was answered is traced, and no
//! session is lost.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{base, redis::Redis};
use tokio::sync::watch;

use crate::{
    commandes::edc,
    up::{Up, annonce, demarrer, port},
};

/// An identity of the sandbox that approves by itself.
const PRO: &str = "ANS20260101090001";
/// Callers of each node.
const APPELANTS: usize = 3;

/// A sandbox, and a folder for what stands before it.
struct Terrain {
    dossier: TempDir,
    annonce: Value,
    http: Client,
    _up: Up,
}

/// A proxy in a process of its own.
struct Noeud {
    processus: Child,
    url: String,
    erreurs: PathBuf,
}

/// Addresses that were called and answered with 200, and what was answered otherwise.
struct Releve {
    servis: Mutex<BTreeSet<String>>,
    autres: Mutex<Vec<u16>>,
    nombre: watch::Sender<usize>,
}

impl Terrain {
    async fn nouveau() -> Self {
        service::tls::installer_fournisseur();
        let dossier = tempfile::tempdir().expect("a folder");
        let up = demarrer(dossier.path(), port());
        let annonce = annonce(dossier.path());
        let ca = std::fs::read(dossier.path().join("ac/autorite.pem")).expect("made by edc up");
        let http = Client::builder()
            .tls_certs_only(reqwest::Certificate::from_pem_bundle(&ca).expect("an authority"))
            .timeout(Duration::from_mins(1))
            .build()
            .expect("a client");
        let admin = annonce["bas_admin"]["url"].as_str().expect("announced");
        let jeton = annonce["bas_admin"]["jeton"].as_str().expect("announced");
        // PSC's tokens die while the proxies serve, and nobody waits long for an approval.
        let reglages = json!({"durees": {"intervalle": 1, "acces": 7}});
        let regle = http.put(format!("{admin}/reglages")).bearer_auth(jeton).json(&reglages).send().await;
        assert!(regle.expect("an answer").status().is_success());
        Self { dossier, annonce, http, _up: up }
    }

    /// Writes the configuration of a node, with `suite` for `[proxy.depot]` and the end of `[proxy.traces.journal]`.
    fn configurer(&self, nom: &str, depot: &str, journal: &str) -> PathBuf {
        let la = self.dossier.path().display();
        let texte = |chemin: &str| self.annonce.pointer(chemin).and_then(Value::as_str).expect("announced");
        let config = format!(
            r#"
            [tls]
            certificat = "{la}/tls/localhost.pem"
            cle = "{la}/tls/localhost.key"
            [proxy]
            ecoute = "127.0.0.1:0"
            url = "https://localhost:8446"
            profil = "conformite"
            [proxy.psc]
            decouverte = "{decouverte}"
            autorite = "{la}/ac/autorite.pem"
            userinfo = true
            [proxy.depot]
            {depot}
            [proxy.traces.journal]
            dossier = "{la}/noeuds/{nom}"
            noeud = "{nom}"
            {journal}
            [[proxy.clients]]
            client_id = "lps-demo"
            certificat = "{la}/clients/lps-demo.pem"
            cle = "{la}/clients/lps-demo.key"
            [[proxy.apis]]
            id = "essai"
            url = "{api}"
            jeton_url = "{jeton}"
            scope = "essai"
            autorite = "{la}/ac/autorite.pem"
            "#,
            decouverte = texte("/psc/decouverte"),
            api = texte("/apis/1/url"),
            jeton = texte("/apis/1/token_endpoint"),
        );
        let fichier = self.dossier.path().join(format!("{nom}.toml"));
        std::fs::write(&fichier, config).expect("written");
        let lu = edc(&["check-config", "--config", &fichier.display().to_string()]);
        assert!(lu.status.success(), "{}", String::from_utf8_lossy(&lu.stderr));
        fichier
    }

    /// Opens a session at a node; its cookie.
    async fn connecter(&self, noeud: &Noeud) -> String {
        let demande =
            json!({"nationalId": PRO, "bindingMessage": "42", "clientId": "lps-demo", "channel": "MOBILE"});
        let reponse = self.http.post(format!("{}/connect", noeud.url)).json(&demande).send().await;
        let reponse = reponse.expect("an answer");
        let statut = reponse.status();
        let lu: Value = reponse.json().await.expect("JSON");
        assert_eq!(statut, 200, "{lu}");
        format!("proxy_session_id={}", lu["proxy_session_id"].as_str().expect("an identifier"))
    }

    /// The status of one call; `None` when nobody answered.
    async fn statut(&self, noeud: &Noeud, chemin: &str, cookie: &str) -> Option<u16> {
        appeler(&self.http, &format!("{}{chemin}", noeud.url), cookie).await
    }

    /// Starts callers of a node. They end when it stops answering, or when `assez` says so.
    fn charger(
        &self,
        noeud: &Noeud,
        cookie: &str,
        releve: &Arc<Releve>,
        assez: &Arc<AtomicBool>,
    ) -> Vec<tokio::task::JoinHandle<()>> {
        let appelant = |rang: usize| {
            let (http, url, cookie) = (self.http.clone(), noeud.url.clone(), cookie.to_owned());
            let (releve, assez) = (Arc::clone(releve), Arc::clone(assez));
            let nom =
                noeud.erreurs.file_stem().map(|nom| nom.to_string_lossy().into_owned()).unwrap_or_default();
            tokio::spawn(async move {
                let mut n = 0;
                while !assez.load(Ordering::SeqCst) {
                    n += 1;
                    // One of the callers makes the node renew the token of PSC, all that it can.
                    let chemin = format!("/appel/{nom}/{rang}/{n}");
                    let adresse =
                        if rang == 0 { "/userinfo".to_owned() } else { format!("/send/essai{chemin}") };
                    match appeler(&http, &format!("{url}{adresse}"), &cookie).await {
                        Some(200) if rang == 0 => {}
                        Some(200) => {
                            releve.servis.lock().expect("no panic").insert(chemin);
                            releve.nombre.send_modify(|nombre| *nombre += 1);
                        }
                        Some(autre) => releve.autres.lock().expect("no panic").push(autre),
                        None => return,
                    }
                }
            })
        };
        (0..APPELANTS).map(appelant).collect()
    }
}

async fn appeler(http: &Client, url: &str, cookie: &str) -> Option<u16> {
    let reponse = http.get(url).header("cookie", cookie).send().await.ok()?;
    let statut = reponse.status().as_u16();
    // Acknowledged once it was received whole.
    reponse.bytes().await.ok()?;
    Some(statut)
}

impl Releve {
    fn nouveau() -> Arc<Self> {
        Arc::new(Self { servis: Mutex::default(), autres: Mutex::default(), nombre: watch::Sender::new(0) })
    }

    /// Waits for so many answers more than `depuis`.
    async fn atteindre(&self, depuis: usize, nombre: usize) {
        let mut compte = self.nombre.subscribe();
        compte.wait_for(|compte| *compte >= depuis + nombre).await.expect("it counts as long as it lives");
    }

    fn nombre(&self) -> usize {
        *self.nombre.borrow()
    }
}

impl Noeud {
    fn demarrer(config: &Path) -> Self {
        let erreurs = config.with_extension("err");
        let sortie = std::fs::OpenOptions::new().create(true).append(true).open(&erreurs).expect("a file");
        let mut processus = Command::new(env!("CARGO_BIN_EXE_edc"))
            .args(["proxy", "--config", &config.display().to_string()])
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(sortie)
            .spawn()
            .expect("the program runs");
        let lignes = BufReader::new(processus.stdout.take().expect("piped")).lines();
        let port = lignes.map_while(Result::ok).find_map(|ligne| {
            ligne.contains("prêt").then(|| ligne.rsplit(':').next().unwrap_or_default().to_owned())
        });
        let port =
            port.unwrap_or_else(|| panic!("{}", std::fs::read_to_string(&erreurs).unwrap_or_default()));
        Self { processus, url: format!("https://localhost:{port}"), erreurs }
    }

    /// SIGKILL.
    fn tuer(&mut self) {
        self.processus.kill().expect("our own process");
        self.processus.wait().expect("our own process");
    }

    /// SIGTERM, and an end as it should be.
    fn arreter(&mut self) {
        let ordre = format!("kill -TERM {}", self.processus.id());
        assert!(Command::new("sh").args(["-c", &ordre]).status().expect("a shell").success());
        assert!(self.processus.wait().expect("our own process").success());
        let erreurs = std::fs::read_to_string(&self.erreurs).expect("its journal");
        assert!(!erreurs.contains("panicked"), "{erreurs}");
    }
}

impl Drop for Noeud {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.processus.kill());
        drop(self.processus.wait());
    }
}

/// Verifies the chain of the traces, and gives them all.
fn traces(lieu: &[&str]) -> Vec<Value> {
    let verdict = edc(&[&["traces", "verifier"], lieu].concat());
    assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stdout));
    let export = edc(&[&["traces", "exporter"], lieu].concat());
    assert!(export.status.success(), "{}", String::from_utf8_lossy(&export.stderr));
    let lignes = String::from_utf8(export.stdout).expect("UTF-8");
    lignes.lines().map(|ligne| serde_json::from_str::<Value>(ligne).expect("JSON")["trace"].take()).collect()
}

/// Every call that was answered has its trace.
fn rien_ne_manque(traces: &[Value], releve: &Releve) {
    let envoyes = traces.iter().filter(|trace| trace["type"] == "SEND");
    let tracees: BTreeSet<&str> = envoyes.filter_map(|trace| trace["apiRequest"]["path"].as_str()).collect();
    let servis = releve.servis.lock().expect("no panic");
    let perdues: Vec<_> =
        servis.iter().filter(|chemin| !tracees.iter().any(|trace| trace.ends_with(*chemin))).collect();
    assert!(perdues.is_empty(), "{} of {} without a trace: {perdues:?}", perdues.len(), servis.len());
    assert_eq!(*releve.autres.lock().expect("no panic"), Vec::<u16>::new(), "every call was served");
}

#[tokio::test(flavor = "multi_thread")]
async fn un_noeud_tue_ne_perd_rien_et_l_autre_continue() {
    let (Some(mut redis), Some(postgres)) = (Redis::durable(), base::postgres()) else { return };
    let terrain = Terrain::nouveau().await;
    let cles = terrain.dossier.path().join("partagees.cles");
    std::fs::write(&cles, STANDARD.encode([7; 32])).expect("written");
    let depot = format!("base = \"{}\"\ncles = \"{}\"", redis.url(), cles.display());
    let journal = format!("base = \"{}\"", postgres.url);
    let [config_a, config_b] = ["a", "b"].map(|nom| terrain.configurer(nom, &depot, &journal));
    let (mut a, mut b) = (Noeud::demarrer(&config_a), Noeud::demarrer(&config_b));
    let debut = Instant::now();
    let cookie = terrain.connecter(&a).await;
    let connexion = Instant::now();
    assert_eq!(
        terrain.statut(&b, "/send/essai/appel", &cookie).await,
        Some(200),
        "opened on one, served by the other"
    );

    let (releve, assez) = (Releve::nouveau(), Arc::new(AtomicBool::new(false)));
    let sur_a = terrain.charger(&a, &cookie, &releve, &assez);
    let sur_b = terrain.charger(&b, &cookie, &releve, &assez);
    releve.atteindre(0, 200).await;
    a.tuer();
    for appelant in sur_a {
        appelant.await.expect("no panic");
    }
    releve.atteindre(releve.nombre(), 100).await;
    // Back, it takes what it had not moved yet and serves the same session.
    let mut a = Noeud::demarrer(&config_a);
    assert_eq!(terrain.statut(&a, "/send/essai/appel", &cookie).await, Some(200));
    assez.store(true, Ordering::SeqCst);
    for appelant in sur_b {
        appelant.await.expect("no panic");
    }

    // Without Redis nobody knows: a refusal within the time of a call, then the same session again.
    redis.tuer();
    for noeud in [&a, &b] {
        while terrain.statut(noeud, "/send/essai/appel", &cookie).await != Some(503) {}
    }
    redis.relancer();
    for noeud in [&a, &b] {
        loop {
            match terrain.statut(noeud, "/send/essai/appel", &cookie).await {
                Some(200) => break,
                autre => assert_eq!(autre, Some(503), "unknown until known again"),
            }
        }
    }
    // A token of PSC lives seven seconds from the connection on, and is renewed five before its end, when somebody wants it.
    while connexion.elapsed() < Duration::from_secs(3) {
        for noeud in [&a, &b] {
            assert_eq!(terrain.statut(noeud, "/userinfo", &cookie).await, Some(200));
        }
    }

    a.arreter();
    b.arreter();
    let traces = traces(&["--base", &postgres.url]);
    rien_ne_manque(&traces, &releve);
    // Renewed by one node for both, so every two seconds.
    let renouvelle = |trace: &&Value| trace["type"] == "TOKEN_RENEWED" && trace["jeton"]["api"] == "psc";
    let (renouveles, secondes) = (traces.iter().filter(renouvelle).count(), debut.elapsed().as_secs());
    assert!(renouveles > 0 && renouveles as u64 <= secondes / 2 + 1, "{renouveles} in {secondes} s");
}

#[tokio::test(flavor = "multi_thread")]
async fn un_proxy_seul_tue_sous_la_charge_retrouve_sessions_et_traces() {
    let terrain = Terrain::nouveau().await;
    let config = terrain.configurer("seul", "", "");
    let releve = Releve::nouveau();
    let mut noeud = Noeud::demarrer(&config);
    let mut cookies = vec![terrain.connecter(&noeud).await];
    for tour in 1..=2 {
        let assez = Arc::new(AtomicBool::new(false));
        let appelants = terrain.charger(&noeud, &cookies[0], &releve, &assez);
        releve.atteindre(releve.nombre(), 100).await;
        // A session that was just told of is there too.
        cookies.push(terrain.connecter(&noeud).await);
        noeud.tuer();
        for appelant in appelants {
            appelant.await.expect("no panic");
        }
        noeud = Noeud::demarrer(&config);
        for cookie in &cookies {
            assert_eq!(terrain.statut(&noeud, "/send/essai/appel", cookie).await, Some(200), "{tour}");
        }
    }
    noeud.arreter();
    let dossier = terrain.dossier.path().join("noeuds/seul").display().to_string();
    let traces = traces(&["--dossier", &dossier]);
    rien_ne_manque(&traces, &releve);
    assert_eq!(traces.iter().filter(|trace| trace["type"] == "CONNECT_SUCCESS").count(), cookies.len());
}
