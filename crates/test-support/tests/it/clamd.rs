//! The clamd of `./test` is alive and knows its one virus, so that a test may believe its answer.

use test_support::{Clamd, clamd};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

#[tokio::test]
async fn eicar_est_reconnu_et_rien_d_autre() {
    let Some(clamd) = clamd() else { return };
    // In pieces, so that an antivirus does not take this source for the test file.
    let eicar =
        ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR", "-STANDARD-ANTIVIRUS", "-TEST-FILE!$H+H*"].concat();
    for (contenu, attendu) in [
        (eicar.clone(), "FOUND"),
        (format!("%PDF-1.7\n%%EOF\n{eicar}"), "FOUND"),
        ("Bonjour".to_owned(), "stream: OK"),
    ] {
        let verdict = match &clamd {
            Clamd::Unix(chemin) => soumettre(UnixStream::connect(chemin).await.unwrap(), &contenu).await,
            Clamd::Tcp(adresse) => soumettre(TcpStream::connect(adresse).await.unwrap(), &contenu).await,
        };
        let verdict = verdict.unwrap();
        assert!(verdict.contains(attendu), "{contenu:.9}… : {verdict}");
    }
}

async fn soumettre(mut flux: impl AsyncRead + AsyncWrite + Unpin, contenu: &str) -> std::io::Result<String> {
    let taille = u32::try_from(contenu.len()).expect("a short sample");
    flux.write_all(b"zINSTREAM\0").await?;
    flux.write_all(&taille.to_be_bytes()).await?;
    flux.write_all(contenu.as_bytes()).await?;
    flux.write_all(&0_u32.to_be_bytes()).await?;
    let mut verdict = String::new();
    flux.read_to_string(&mut verdict).await?;
    Ok(verdict)
}
