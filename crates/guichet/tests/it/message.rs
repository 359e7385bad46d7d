//! The messagerie: who reads what, unread counters, attachments, a form sent twice.

use crate::appui::{Site, dossier, id_personne};

#[tokio::test(flavor = "multi_thread")]
async fn chaque_cote_compte_ce_qu_il_n_a_pas_lu() {
    for base in test_support::base::bases() {
        let site = Site::ouvrir(base).await;
        let id = dossier::formulaire_soumis(&site).await;
        let chemin = format!("/candidatures/{id}/messages");
        let (claire, durand) = (site.comme("claire.martin").await, site.comme("verif.durand").await);
        let non_lus = async |login: &str, agence: bool| {
            let mut tx = site.app.registre.lire().await.unwrap();
            tx.compter_non_lus(id, id_personne(login), agence).await.unwrap()
        };
        let mut rang = 0;
        let mut ecrire = async |navigateur: &crate::appui::Navigateur<'_>, texte: &str| {
            rang += 1;
            let champs = [("envoi", format!("envoi-{rang}")), ("texte", texte.to_owned())];
            let champs: Vec<(&str, &str)> =
                champs.iter().map(|(nom, valeur)| (*nom, valeur.as_str())).collect();
            let reponse = navigateur.post_fichiers(&chemin, &champs, &[]).await;
            assert_eq!(reponse.statut, 303, "{}", reponse.corps());
        };
        ecrire(&claire, "Bonjour, une question.").await;
        ecrire(&claire, "Et une autre.").await;
        assert_eq!((non_lus("verif.durand", true).await, non_lus("claire.martin", false).await), (2, 0));
        // Reading is each person's own.
        let nru = dossier::lire(&site, id).await.nru.to_string();
        assert!(durand.get("/instruction?file=messages").await.corps().contains(&nru));
        let page = durand.get(&chemin).await.corps();
        assert_eq!(page.matches("Nouveau").count(), 2);
        assert!(!durand.get("/instruction?file=messages").await.corps().contains(&nru));
        assert!(page.contains("claire Martin"));
        assert_eq!((non_lus("verif.durand", true).await, non_lus("verif.lopez", true).await), (0, 2));
        assert!(!durand.get(&chemin).await.corps().contains("Nouveau"));

        ecrire(&durand, "La réponse de l’agence.").await;
        assert_eq!((non_lus("claire.martin", false).await, non_lus("hugo.bernard", false).await), (1, 1));
        let page = claire.get(&chemin).await.corps();
        assert!(page.contains("La réponse de l’agence.") && page.contains("L’agence"), "{page}");
        assert!(!page.contains("Durand"), "the name of a vérificateur stays inside");
        assert_eq!(non_lus("claire.martin", false).await, 0);
        assert_eq!(site.comme("nadia.benali").await.get(&chemin).await.statut, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn un_envoi_repete_ne_fait_qu_un_message() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::formulaire_soumis(&site).await;
    let chemin = format!("/candidatures/{id}/messages");
    let claire = site.comme("claire.martin").await;
    let fichiers: [(&str, &str, &[u8]); 2] =
        [("pieces", "note.txt", b"Une note."), ("pieces", "journal.log", b"ligne 1\nligne 2\n")];
    for _ in 0..2 {
        let reponse =
            claire.post_fichiers(&chemin, &[("envoi", "un"), ("texte", "Deux pièces.")], &fichiers).await;
        assert_eq!(reponse.statut, 303, "{}", reponse.corps());
    }
    let mut tx = site.app.registre.lire().await.unwrap();
    let messages = tx.load_messages(id).await.unwrap();
    drop(tx);
    assert_eq!(messages.len(), 1);
    let noms: Vec<String> = messages[0].pieces.iter().map(|piece| piece.nom.to_string()).collect();
    assert_eq!(noms, ["note.txt", "journal.log"]);
    let piece = format!("{chemin}/fichiers/{}", messages[0].pieces[0].sha256);
    let recue = site.comme("verif.durand").await.get(&piece).await;
    assert_eq!((recue.statut, recue.octets.as_slice()), (200, b"Une note.".as_slice()));
    assert_eq!(site.comme("nadia.benali").await.get(&piece).await.statut, 404);

    // The other side is told, without a word of what was written.
    site.travailler().await;
    let courriels: Vec<String> = std::fs::read_dir(site.dossier.path().join("courriels"))
        .unwrap()
        .map(|entree| std::fs::read_to_string(entree.unwrap().path()).unwrap())
        .collect();
    assert!(courriels.iter().any(|courriel| courriel.contains("verif.durand@exemple.fr")));
    assert!(courriels.iter().all(|courriel| !courriel.contains("Deux pi")));
}

#[tokio::test(flavor = "multi_thread")]
async fn un_message_refuse_garde_ce_qui_etait_ecrit() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::formulaire_soumis(&site).await;
    let chemin = format!("/candidatures/{id}/messages");
    let claire = site.comme("claire.martin").await;
    let trop_long = "é".repeat(8001);
    let fichiers: [(&str, &str, &[u8]); 2] =
        [("pieces", "note.txt", b"Une note."), ("pieces", "virus.exe", b"MZ")];
    for (texte, fichiers, attendu) in [
        ("", &fichiers[..0], "Écrivez un message ou joignez un fichier."),
        (trop_long.as_str(), &fichiers[..1], "8000 caractères au plus (8001 ici)"),
        ("Voici.", &fichiers[..], "L’extension .exe n’est pas acceptée ici."),
    ] {
        let reponse = claire.post_fichiers(&chemin, &[("envoi", "deux"), ("texte", texte)], fichiers).await;
        assert_eq!(reponse.statut, 422, "{attendu}");
        let corps = reponse.corps();
        assert!(corps.contains(attendu), "{attendu}");
        assert!(corps.contains(texte), "what was typed is still there");
        assert_eq!(corps.contains("name=\"garde\""), !fichiers.is_empty(), "the good file is kept");
        if let [_, _] = fichiers {
            // Sending again needs no file: the good one was received.
            let (garde, envoi) = (reponse.champ("garde"), reponse.champ("envoi"));
            let champs = [("envoi", envoi.as_str()), ("garde", garde.as_str()), ("texte", texte)];
            let reponse = claire.post_fichiers(&chemin, &champs, &[]).await;
            assert_eq!(reponse.statut, 303, "{}", reponse.corps());
        }
    }
    let mut tx = site.app.registre.lire().await.unwrap();
    let messages = tx.load_messages(id).await.unwrap();
    assert_eq!((messages.len(), messages[0].pieces.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn les_modeles_servent_a_l_agence() {
    let site = Site::ouvrir(test_support::base::sqlite()).await;
    let id = dossier::formulaire_soumis(&site).await;
    let durand = site.comme("verif.durand").await;
    let long = "x".repeat(51);
    for (titre, statut) in [("", 422), (long.as_str(), 422), ("Accusé", 303), ("Accusé", 422)] {
        let saisie = [("genre", "message"), ("titre", titre), ("texte", "Bien reçu, nous regardons.")];
        assert_eq!(durand.post("/agence/modeles", &saisie).await.statut, statut, "{titre}");
    }
    let mut tx = site.app.registre.lire().await.unwrap();
    let modeles = tx.load_modeles().await.unwrap();
    drop(tx);
    let chemin = format!("/candidatures/{id}/messages?modele={}", modeles[0].id);
    assert!(durand.get(&chemin).await.corps().contains("Bien reçu, nous regardons."));
    // Variables are filled in for the dossier, previewed on an example, and refused when they don't exist.
    let nru = dossier::lire(&site, id).await.nru.to_string();
    let texte = "{structure}, au sujet de {nru} : {referent}.";
    let saisie = [("genre", "message"), ("titre", "Variables"), ("texte", texte)];
    let apercu = durand.post("/agence/modeles", &[&saisie[..], &[("acte", "apercu")]].concat()).await;
    assert_eq!(apercu.statut, 200);
    assert!(apercu.corps().contains("Logimed, au sujet de BCDFGHJKLM : Inès Durand."), "{}", apercu.corps());
    assert_eq!(durand.post("/agence/modeles", &saisie).await.statut, 303);
    for (genre, texte, attendu) in
        [("message", "Le {siret}", "La variable {siret}"), ("refus", "{chapitre}", "demande de correction")]
    {
        let refus =
            durand.post("/agence/modeles", &[("genre", genre), ("titre", "X"), ("texte", texte)]).await;
        assert_eq!(refus.statut, 422);
        assert!(refus.corps().contains(attendu) && refus.corps().contains(texte), "{}", refus.corps());
    }
    let mut tx = site.app.registre.lire().await.unwrap();
    let avec = tx.load_modeles().await.unwrap().into_iter().find(|un| un.titre == "Variables").unwrap();
    drop(tx);
    let page = durand.get(&format!("/candidatures/{id}/messages?modele={}", avec.id)).await.corps();
    assert!(page.contains(&format!("Logimed, au sujet de {nru} : l’agence.")), "{page}");
    let claire = site.comme("claire.martin").await;
    assert!(!claire.get(&chemin).await.corps().contains("Bien reçu"));
    assert_eq!(claire.get("/agence/modeles").await.statut, 404);
    assert_eq!(durand.post(&format!("/agence/modeles/{}/supprimer", modeles[0].id), &[]).await.statut, 303);
}
