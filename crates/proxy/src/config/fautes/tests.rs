use super::*;

const BONNE: &str = r#"
    ecoute = "127.0.0.1:8445"
    url = "https://proxy.example"
    [psc]
    decouverte = "https://psc.example/auth/realms/esante-wallet/.well-known/wallet-openid-configuration"
    [traces]
    jeton = "un jeton assez long pour servir"
    [traces.journal]
    dossier = "traces"
    [[clients]]
    client_id = "lps"
    pkcs12 = "lps.p12"
    mot_de_passe = "x"
    apis = ["dmp"]
    [[apis]]
    id = "dmp"
    url = "https://dmp.example/api"
    jeton_url = "https://as.example/token"
"#;

fn fautes(texte: &str) -> Vec<String> {
    service::config::parse::<Config>(texte, "essai.toml").unwrap().fautes()
}

#[test]
fn each_fault_is_told_and_a_good_file_has_none() {
    assert_eq!(fautes(BONNE), Vec::<String>::new());
    let cas = [
        ("url = \"https://proxy.example\"", "url = \"https://proxy.example/chemin\"", "sans chemin"),
        ("url = \"https://proxy.example\"", "url = \"http://proxy.example\"", "https attendue"),
        ("https://psc.example", "http://psc.example", "psc.decouverte"),
        ("un jeton assez long pour servir", "court", "traces.jeton"),
        ("apis = [\"dmp\"]", "apis = [\"insi\"]", "« insi » n’est pas déclarée"),
        ("pkcs12 = \"lps.p12\"", "secret = \"s\"\n pkcs12 = \"lps.p12\"", "un seul moyen"),
        ("mot_de_passe = \"x\"", "", "demande « mot_de_passe »"),
        ("pkcs12 = \"lps.p12\"", "certificat = \"a.pem\"", "vont ensemble"),
        ("id = \"dmp\"", "id = \"d/p\"", "ne peut pas être un identifiant"),
        ("https://dmp.example/api", "https://dmp.example/?x=1", "sans « ? »"),
        (
            "jeton_url = \"https://as.example/token\"",
            "jeton_url = \"https://a:b@as.example/\"",
            "sans identifiants",
        ),
        ("apis = [\"dmp\"]", "retours = [\"http://lps.example/fin\"]", "clients.lps.retours"),
        ("[psc]", "crl_clients = [\"ac.crl\"]\n[psc]", "sans « autorites_clients »"),
        ("apis = [\"dmp\"]", "retours = [\"/fin\"]", "clients.lps.retours"),
        ("[psc]", "[limites]\nsilence_s = 0\n[psc]", "limites.silence_s"),
        ("[psc]", "[limites]\nattentes_max = 0\n[psc]", "limites.attentes_max"),
        ("id = \"dmp\"", "id = \"dmp\"\ndelai_reponse_s = 0", "apis.dmp.delai_reponse_s"),
        ("dossier = \"traces\"", "dossier = \"traces\"\nconservation_mois = 0", "traces.journal"),
        ("jeton = \"un jeton assez long pour servir\"", "lecteurs = [\"cn\"]", "autorites_clients"),
        ("[psc]", "[session]\ninactivite_s = 0\n[psc]", "durées non nulles"),
        ("[psc]", "[depot]\nbase = \"postgres://h/\"\n[psc]", "« sqlite:CHEMIN »"),
        ("[psc]", "[depot]\nbase = \"redis://h/\"\n[psc]", "tous les nœuds"),
        ("[psc]", "[depot]\nbase = \"rediss://\"\ncles = \"c\"\n[psc]", "Redis illisible"),
        ("[psc]", "[depot]\nbase = \"rediss://h/#insecure\"\ncles = \"c\"\n[psc]", "Redis illisible"),
        (
            "[psc]",
            "[depot]\nbase = \"redis://h/\"\ncles = \"c\"\nautorite = \"a\"\n[psc]",
            "en « rediss://… »",
        ),
        (
            "[psc]",
            "[depot]\nbase = \"rediss://h/\"\ncles = \"c\"\ncertificat = \"a\"\n[psc]",
            "vont ensemble",
        ),
        ("dossier = \"traces\"", "dossier = \"traces\"\nnoeud = \"a b\"", "traces.journal"),
        ("[psc]", "[alertes]\nwebhook = \"https://a.example/\"\n[psc]", "demande un « secret »"),
    ];
    for (avant, apres, dit) in cas {
        let vues = fautes(&BONNE.replacen(avant, apres, 1));
        assert!(vues.iter().any(|faute| faute.contains(dit)), "{apres}: {vues:?}");
    }
    for depot in [
        "base = \"redis://compte:mot@h:6379/2\"\ncles = \"c\"",
        "base = \"rediss://h/\"\ncles = \"c\"\nautorite = \"a\"\ncertificat = \"b\"\ncertificat_cle = \"d\"",
    ] {
        let texte = BONNE.replacen("[psc]", &format!("[depot]\n{depot}\n[psc]"), 1);
        assert_eq!(fautes(&texte), Vec::<String>::new(), "{depot}");
    }
    let double =
        format!("{BONNE}\n[[apis]]\nid = \"dmp\"\nurl = \"ftp://x/\"\njeton_url = \"https://as.example/t\"");
    assert_eq!(fautes(&double).len(), 2, "all faults at once");
}

#[test]
fn an_api_whose_tokens_nobody_can_revoke_is_told_and_no_other() {
    let avec = |jeton: &str| {
        let texte = BONNE.replace("jeton_url = \"https://as.example/token\"", jeton);
        service::config::parse::<Config>(&texte, "essai.toml").unwrap()
    };
    let cas = [
        ("jeton_url = \"https://as.example/token\"", Some("https://as.example/revoke")),
        (
            "jeton_url = \"https://as.example/as/jeton\"\nrevocation_url = \"https://as.example/fin\"",
            Some("https://as.example/fin"),
        ),
        ("jeton_url = \"https://as.example/as/jeton\"", None),
    ];
    for (jeton, attendue) in cas {
        let config = avec(jeton);
        let revocation = config.apis[0].revocation();
        assert_eq!(revocation.as_ref().map(Url::as_str), attendue, "{jeton}");
        let remarques = config.remarques();
        assert_eq!(remarques.len(), usize::from(attendue.is_none()), "{jeton}: {remarques:?}");
        assert!(
            remarques.iter().all(|remarque| remarque.starts_with("apis.dmp : pas de « revocation_url »"))
        );
    }
}
