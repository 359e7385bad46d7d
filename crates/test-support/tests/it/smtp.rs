//! The mailbox, spoken to by hand.

use test_support::smtp::BoiteAuxLettres;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

#[tokio::test]
async fn deux_lettres_d_une_meme_visite_sont_gardees() {
    let boite = BoiteAuxLettres::ouvrir().await;
    assert!(boite.lettres().is_empty());
    let mut flux = BufReader::new(TcpStream::connect(boite.adresse()).await.unwrap());
    let echanges = [
        ("", "220"),
        ("EHLO client\r\n", "250-"),
        ("", "250 "),
        ("MAIL FROM:<a@exemple.test> BODY=8BITMIME\r\n", "250"),
        ("RCPT TO:<b@exemple.test>\r\n", "250"),
        ("RCPT TO:<c@exemple.test>\r\n", "250"),
        ("DATA\r\n", "354"),
        ("Subject: un\r\n\r\n..point en tête\r\n.\r\n", "250"),
        ("STARTTLS\r\n", "502"),
        ("MAIL FROM:<d@exemple.test>\r\n", "250"),
        ("RCPT TO:<e@exemple.test>\r\n", "250"),
        ("DATA\r\n", "354"),
        ("Subject: deux\r\n\r\n.\r\n", "250"),
        ("QUIT\r\n", "221"),
    ];
    for (envoi, attendu) in echanges {
        flux.write_all(envoi.as_bytes()).await.unwrap();
        let mut reponse = String::new();
        flux.read_line(&mut reponse).await.unwrap();
        assert!(reponse.starts_with(attendu), "{envoi:?} : {reponse:?}, attendu {attendu}");
    }
    let lettres = boite.attendre(2).await;
    assert_eq!(lettres[0].de, "a@exemple.test");
    assert_eq!(lettres[0].a, ["b@exemple.test", "c@exemple.test"]);
    assert_eq!(lettres[0].corps(), ".point en tête\n");
    assert_eq!(
        (lettres[1].sujet().as_str(), lettres[1].a.as_slice()),
        ("deux", &["e@exemple.test".into()][..])
    );
}
