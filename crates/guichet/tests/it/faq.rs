//! The FAQ from outside: what a search shows, whose vote counts, what two writers at once may lose (nothing).

use domaine::faq::{Etat, sujet};
use test_support::base::{bases, sqlite};

use crate::appui::{Reponse, Site};

/// « 12 questions / réponses » as a number.
fn compte(page: &Reponse) -> usize {
    let corps = page.corps();
    let avant = corps.split(" question").find(|part| part.ends_with(|c: char| c.is_ascii_digit()));
    let chiffres = avant.and_then(|part| part.rsplit('>').next()).unwrap_or_default();
    chiffres.trim().parse().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn chercher_combine_mots_et_facettes() {
    for base in bases() {
        let nom = base.nom;
        let site = Site::ouvrir(base).await;
        let lecteur = site.anonyme();
        let toutes = lecteur.get("/faq").await;
        assert_eq!(toutes.statut, 200, "{nom}");
        let total = compte(&toutes);
        assert!(total > 100, "{nom}: {total}");
        assert_eq!(toutes.corps().matches("<details class=\"bloc-replie question\"").count(), 10, "{nom}");

        let imagerie = compte(&lecteur.get("/faq?couloir=imagerie").await);
        let hopital = compte(&lecteur.get("/faq?couloir=hopital").await);
        let deux = compte(&lecteur.get("/faq?couloir=imagerie&couloir=hopital").await);
        assert!(deux >= imagerie.max(hopital) && deux <= imagerie + hopital, "{nom}: codes add up");
        let croisee = compte(&lecteur.get("/faq?couloir=imagerie&theme=homologation-cnda").await);
        assert!(croisee > 0 && croisee < imagerie, "{nom}: facets restrict each other");
        // « (4) » beside a choice is what the choice gives.
        let page = lecteur.get("/faq?couloir=imagerie").await.corps();
        let voulu = format!("Homologation CNDA <span class=\"discret\">({croisee})</span>");
        assert!(page.contains(&voulu), "{nom}: {voulu}");

        for (url, vus) in [
            ("/faq?mots=habilitees&page=2", &["value=\"habilitees\"", "mots=habilitees&amp;page=1"][..]),
            ("/faq?mots=%3Cscript%3E", &["value=\"&#60;script&#62;\"", "Rien ne répond"]),
            ("/faq?mots=comment", &["trop courants"]),
            ("/faq?theme=comptes&page=999", &["Comptes et droits"]),
            ("/faq?theme=inconnu&page=x", &["questions / réponses"]),
            (
                "/faq/112",
                &["numéro de référencement unique", "/connexion?retour=/faq/112", "Questions voisines"],
            ),
            ("/faq/609", &["<a href=\"/faq?couloir=imagerie\">Imagerie</a>", "Dispositif(s) concerné(s)"]),
        ] {
            let page = lecteur.get(url).await;
            assert_eq!(page.statut, 200, "{nom}: {url}");
            let corps = page.corps().replace("&#38;", "&amp;");
            for vu in vus {
                assert!(corps.contains(vu), "{nom}: {url}: {vu}");
            }
            assert!(!corps.contains("<script>alert"), "{nom}");
        }
        for url in ["/faq/1", "/faq/0", "/faq/-4", "/faq/abc", "/faq/99999999999999999999"] {
            assert_eq!(lecteur.get(url).await.statut, 404, "{nom}: {url}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn htmx_recoit_le_contenu_seul() {
    let site = Site::ouvrir(sqlite()).await;
    let lecteur = site.anonyme();
    let requete = lecteur.requete(reqwest::Method::GET, "/faq?theme=comptes").header("hx-request", "true");
    let page = lecteur.envoyer(requete).await;
    assert_eq!(page.statut, 200);
    assert!(!page.corps().contains("<html") && page.corps().contains("questions / réponses"));
}

#[tokio::test(flavor = "multi_thread")]
async fn un_avis_par_personne_et_trop_de_non_alertent_l_agence() {
    for base in bases() {
        let nom = base.nom;
        let site = Site::ouvrir(base).await;
        let anonyme = site.anonyme().post("/faq/112/vote", &[("utile", "non")]).await;
        assert!(anonyme.statut == 401 || anonyme.statut == 303, "{nom}: {}", anonyme.statut);

        let lecteurs =
            ["claire.martin", "hugo.bernard", "lea.petit", "tom.leroy", "nadia.benali", "paul.girard"];
        for (rang, login) in lecteurs.iter().enumerate() {
            let lecteur = site.comme(login).await;
            // Changing one's mind counts once.
            for utile in ["oui", "non"] {
                let vote = lecteur.post("/faq/112/vote", &[("utile", utile)]).await;
                assert_eq!((vote.statut, vote.vers()), (303, "/faq/112"), "{nom}: {login}");
            }
            let mut tx = site.app.registre.lire().await.unwrap();
            let votes = tx.load_votes_question(112).await.unwrap();
            assert_eq!((votes.utile, votes.inutile), (0, i64::try_from(rang).unwrap() + 1), "{nom}");
            let attendu = if rang < 4 { Etat::Publiee } else { Etat::ARevoir };
            assert_eq!(tx.load_question(112).await.unwrap().unwrap().etat, attendu, "{nom}: {rang}");
        }
        let page = site.anonyme().get("/faq/112").await;
        assert_eq!(page.statut, 200, "{nom}: an answer in doubt stays on show");
        let mut tx = site.app.registre.lire().await.unwrap();
        assert_eq!(tx.load_evenements(&sujet(112), true).await.unwrap().len(), 1, "{nom}: said once");
        drop(tx);
        let faux = site.comme("claire.martin").await.post("/faq/112/vote", &[("utile", "bof")]).await;
        assert_eq!(faux.statut, 400, "{nom}");
        let absente = site.comme("claire.martin").await.post("/faq/1/vote", &[("utile", "oui")]).await;
        assert_eq!(absente.statut, 404, "{nom}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l_agence_ecrit_sans_rien_effacer_a_son_insu() {
    for base in bases() {
        let nom = base.nom;
        let site = Site::ouvrir(base).await;
        let agence = site.comme("admin.chevalier").await;
        let version = agence.get("/agence/faq/112").await.champ("version");
        let ecrire = |reponse: &'static str, etat: &'static str, version: String| {
            let agence = &agence;
            async move {
                let champs = [
                    ("question", "Qu’est-ce que le NRU ?"),
                    ("reponse", reponse),
                    ("etat", etat),
                    ("theme", "candidature"),
                    ("liens", "champ:nru_elu exigence:TI.01"),
                    ("version", version.as_str()),
                ];
                agence.post("/agence/faq/112", &champs).await
            }
        };
        let premiere = ecrire("Un **zygomatique**.", "publiee", version.clone()).await;
        assert_eq!(premiere.statut, 303, "{nom}");
        let trouvee = site.anonyme().get("/faq?mots=zygomatique").await;
        assert_eq!(compte(&trouvee), 1, "{nom}: found by its new words");
        assert!(trouvee.corps().contains("<strong>zygomatique</strong>"), "{nom}");

        let perimee = ecrire("Un autre texte.", "publiee", version).await;
        assert_eq!(perimee.statut, 409, "{nom}");
        for garde in ["Un autre texte.", "Un **zygomatique**."] {
            assert!(perimee.corps().contains(garde), "{nom}: {garde}");
        }
        let decidee = ecrire("Un autre texte.", "archivee", perimee.champ("version")).await;
        assert_eq!(decidee.statut, 303, "{nom}");
        assert_eq!(site.anonyme().get("/faq/112").await.statut, 404, "{nom}: archived");
        assert_eq!(compte(&site.anonyme().get("/faq?mots=zygomatique").await), 0, "{nom}");
        let mut tx = site.app.registre.lire().await.unwrap();
        let evenements = tx.load_evenements(&sujet(112), true).await.unwrap();
        assert_eq!(evenements.len(), 2, "{nom}");
        assert!(tx.load_evenements(&sujet(112), false).await.unwrap().is_empty(), "{nom}: stays inside");
        drop(tx);

        // A restart ships the question again, and leaves the agency's text alone.
        guichet::faq::livrees::semer(&site.app.registre, site.app.maintenant()).await.unwrap();
        let lue = site.app.registre.lire().await.unwrap().load_question(112).await.unwrap().unwrap();
        assert_eq!((lue.redaction.reponse.as_str(), lue.etat), ("Un autre texte.", Etat::Archivee), "{nom}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn une_question_nouvelle_ne_nait_qu_une_fois() {
    for base in bases() {
        let nom = base.nom;
        let site = Site::ouvrir(base).await;
        let agence = site.comme("admin.chevalier").await;
        let envoi = agence.get("/agence/faq/nouvelle").await.champ("envoi");
        let poster =
            |question: &'static str, reponse: &'static str, etat: &'static str, liens: &'static str| {
                let (agence, envoi) = (&agence, envoi.as_str());
                async move {
                    let champs = [
                        ("question", question),
                        ("reponse", reponse),
                        ("etat", etat),
                        ("liens", liens),
                        ("envoi", envoi),
                    ];
                    agence.post("/agence/faq/nouvelle", &champs).await
                }
            };
        for (question, reponse, etat, liens, faute) in [
            ("", "Oui.", "brouillon", "", "Écrivez la question"),
            ("Une question ?", "", "publiee", "", "a une réponse"),
            ("Une question ?", "Oui.", "publiee", "champ:inconnu", "champ:inconnu"),
        ] {
            let refus = poster(question, reponse, etat, liens).await;
            assert_eq!(refus.statut, 422, "{nom}: {faute}");
            assert!(refus.corps().contains(faute), "{nom}: {faute}");
        }
        let premiere = poster("Une question ?", "Oui.", "brouillon", "champ:siret").await;
        assert_eq!(premiere.statut, 303, "{nom}");
        let seconde = poster("Une question ?", "Oui.", "brouillon", "champ:siret").await;
        assert_eq!(seconde.vers(), premiere.vers(), "{nom}: a double submit leads to the first");
        let publique = premiere.vers().replace("/agence", "");
        assert_eq!(site.anonyme().get(&publique).await.statut, 404, "{nom}: a draft is nobody’s");
        assert_eq!(agence.get(premiere.vers()).await.statut, 200, "{nom}");
        assert!(agence.get("/agence/faq?etat=brouillon").await.corps().contains("Une question ?"), "{nom}");
        assert_eq!(agence.get("/agence/faq/1").await.statut, 404, "{nom}");
        assert_eq!(site.comme("verif.durand").await.get("/agence/faq").await.statut, 403, "{nom}");
        assert_eq!(site.comme("claire.martin").await.get("/agence/faq").await.statut, 404, "{nom}");
    }
}
