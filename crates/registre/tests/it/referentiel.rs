//! The published versions of the référentiel.

use crate::appui::{apres, le, sur_chaque_base};

#[tokio::test]
async fn une_version_publiee_ne_change_plus() {
    sur_chaque_base(async |base| {
        let mut tx = base.ecrire().await;
        assert!(tx.publier_referentiel("2025.2", "deux", apres(10)).await.unwrap(), "{}", base.nom);
        assert!(tx.publier_referentiel("2025.1", "un", le()).await.unwrap(), "{}", base.nom);
        assert!(!tx.publier_referentiel("2025.1", "autre", apres(20)).await.unwrap(), "{}", base.nom);
        let versions = tx.load_referentiels().await.unwrap();
        let attendues = [("2025.1", "un"), ("2025.2", "deux")]
            .map(|(version, texte)| (version.to_owned(), texte.to_owned()));
        assert_eq!(versions, attendues, "{} : oldest first", base.nom);
    })
    .await;
}
