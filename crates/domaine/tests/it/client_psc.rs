//! A Client ID: what is refused and why, what is sent, what is kept.

use domaine::{
    candidature::{Candidature, Etat},
    client_psc::{ClientPsc, Demande, Environnement, Saisie},
    identifiant::LienHttps,
    produit::{EtatProduit, Produit},
    referentiel::Guichet,
    structure::{Adresse, Structure},
};

use crate::appui::{claire, creee, id, le, produit};

const NRU: &str = "KXNFPNCHFV";

fn structure() -> Structure {
    Structure {
        id: id(50),
        siret: "73282932000074".parse().expect("a SIRET"),
        denomination: "Logimed".to_owned(),
        forme_juridique: "SAS".to_owned(),
        adresse: Adresse {
            voie: String::new(),
            complement: String::new(),
            code_postal: "69003".to_owned(),
            commune: "Lyon".to_owned(),
            pays: "FRA".to_owned(),
        },
        membres: Vec::new(),
        invitations: Vec::new(),
        retraits: Vec::new(),
    }
}

fn operateur(datapass: &str) -> Candidature {
    let mut candidature = creee(Guichet::Operateur);
    candidature.formulaire.saisie.insert("datapass".to_owned(), datapass.to_owned());
    candidature
}

fn saisie(environnement: &str, nru: &str, retours: &str) -> Saisie {
    Saisie { environnement: environnement.to_owned(), nru: nru.to_owned(), retours: retours.to_owned() }
}

fn lire(saisie: &Saisie, candidatures: &[Candidature]) -> Result<Demande, Vec<(String, String)>> {
    let fautes = Demande::lire(saisie, &produit(), &structure(), candidatures);
    fautes.map_err(|fautes| fautes.into_iter().map(|faute| (faute.champ, faute.message)).collect())
}

#[test]
fn chaque_refus_nomme_son_champ_et_sa_regle() {
    let refusee = |datapass| {
        let mut candidature = operateur(datapass);
        candidature.etat = Etat::Refusee { motif: "x".to_owned(), le: le() };
        candidature
    };
    let onze = (0..11).map(|rang| format!("https://lps.example/{rang}")).collect::<Vec<_>>().join("\n");
    let cas: [(Saisie, Vec<Candidature>, &str, &str); 13] = [
        (saisie("", "", ""), vec![], "environnement", "Choisissez"),
        (saisie("recette", "", ""), vec![], "environnement", "Choisissez"),
        (saisie("production", "", ""), vec![], "nru", "rattachez d’abord"),
        (saisie("production", NRU, ""), vec![creee(Guichet::Editeur)], "nru", "guichet Opérateur"),
        (saisie("production", NRU, ""), vec![refusee("D123")], "nru", "rattachez d’abord"),
        (saisie("production", "", ""), vec![operateur("D123")], "nru", "Choisissez la candidature"),
        (saisie("production", "MZYDQBPUKP", ""), vec![operateur("D123")], "nru", "Choisissez la candidature"),
        (saisie("production", NRU, ""), vec![operateur("")], "nru", "DataPass manque au formulaire"),
        (saisie("production", NRU, ""), vec![operateur("H123")], "nru", "numéro de l’habilitation"),
        (saisie("bas", "", "http://lps.example/"), vec![], "retours", "https://"),
        (saisie("bas", "", "https://a.example/\nlps"), vec![], "retours", "« lps »"),
        (saisie("bas", "", "https://a.example/#x"), vec![], "retours", "« # »"),
        (saisie("bas", "", &onze), vec![], "retours", "vous en avez 11"),
    ];
    for (saisie, candidatures, champ, regle) in cas {
        let fautes = lire(&saisie, &candidatures).unwrap_err();
        assert_eq!(fautes.len(), 1, "{saisie:?} : {fautes:?}");
        assert!(fautes[0].0 == champ && fautes[0].1.contains(regle), "{saisie:?} : {fautes:?}");
    }
    let ensemble = lire(&saisie("production", "", "lps"), &[]).unwrap_err();
    assert_eq!(ensemble.len(), 2, "every fault at once: {ensemble:?}");
}

#[test]
fn un_produit_qui_n_est_pas_actif_n_a_pas_de_client_id() {
    for etat in [EtatProduit::Brouillon, EtatProduit::Archive] {
        let produit = Produit { etat, ..produit() };
        let fautes = Demande::lire(&saisie("bas", "", ""), &produit, &structure(), &[]).unwrap_err();
        assert_eq!((fautes.len(), fautes[0].champ.as_str()), (1, ""), "{etat:?}");
    }
}

#[test]
fn ce_qui_part_porte_la_structure_et_seulement_ce_que_l_environnement_demande() {
    let deux = " https://proxy.example/connect/callback \n\nhttps://proxy.example/connect/callback\n";
    let bas = lire(&saisie("bas", NRU, deux), &[operateur("D123")]).unwrap();
    assert_eq!((bas.environnement, &bas.dossier), (Environnement::Bas, &None), "the NRU is for production");
    assert_eq!((bas.nom.as_str(), bas.organisation.as_str()), ("Proxy Logimed", "Logimed"));
    assert_eq!(bas.structure, "373282932000074");
    let retours: Vec<_> = bas.retours.iter().map(LienHttps::as_str).collect();
    assert_eq!(retours, ["https://proxy.example/connect/callback"], "said twice, sent once");
    // An opérateur who is habilité may need another one.
    let mut habilitee = operateur("d 123");
    habilitee.etat = Etat::Habilitee { le: le() };
    let production = lire(&saisie("production", NRU, ""), &[habilitee]).unwrap();
    let dossier = production.dossier.unwrap();
    assert_eq!((dossier.nru.as_str(), dossier.datapass.as_str()), (NRU, "D123"));
}

#[test]
fn l_evenement_dit_des_noms_et_aucun_secret() {
    let fin = "2029-11-20T09:00:00Z".parse().unwrap();
    let cas = [
        (saisie("bas", "", ""), "Client ID du bac à sable obtenu : bas-proxy-1", None),
        (
            saisie("production", NRU, ""),
            "Client ID de production obtenu : bas-proxy-1",
            Some("Candidature KXNFPNCHFV, demande DataPass D123"),
        ),
    ];
    for (saisie, acte, motif) in cas {
        let demande = lire(&saisie, &[operateur("D123")]).unwrap();
        let emis = ("bas-proxy-1".parse().unwrap(), fin);
        let (client, evenement) = ClientPsc::obtenir(id(300), &produit(), demande, emis, &claire(), le());
        assert_eq!((evenement.acte.as_str(), evenement.motif.as_deref()), (acte, motif));
        assert_eq!((evenement.sujet.nom.as_str(), evenement.sujet.id), ("produit", produit().id.to_string()));
        assert_eq!((client.produit, client.fin, client.le), (produit().id, fin, le()));
        let lu: ClientPsc = serde_json::from_str(&serde_json::to_string(&client).unwrap()).unwrap();
        assert_eq!(lu, client);
    }
}
