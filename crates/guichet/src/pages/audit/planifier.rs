//! Plans an audit of a habilitation, or changes what was planned.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domaine::audit::{Audit, Planification, Recit};
use http::StatusCode;
use jiff::civil::Date;
use registre::Versionne;
use web::{Cadre, Champs, Formulaire, Genre};

use super::{Envoye, champ_de, date, texte, url};
use crate::{acces::Ici, app::App, cadre::cadre, envoi, erreur::Erreur, session, taches::AvisAudit};

#[derive(Template)]
#[template(path = "audit/planifier.html")]
struct Page {
    cadre: Cadre,
    f: Champs,
    numero: String,
    sous: String,
    envoi: String,
    aujourdhui: String,
}

pub async fn voir(State(app): State<App>, ici: Ici) -> Result<Response, Erreur> {
    montrer(&app, &ici, Champs::vides(), StatusCode::OK)
}

fn montrer(app: &App, ici: &Ici, f: Champs, statut: StatusCode) -> Result<Response, Erreur> {
    let habilitation = ici.habilitation()?;
    let numero = habilitation.numero().to_owned();
    let adresse = format!("/habilitations/{numero}");
    let fil = [("Habilitations", "/habilitations"), (numero.as_str(), adresse.as_str())];
    let envoi = match f.valeur("envoi") {
        "" => app.alea.jeton(),
        jeton => jeton.to_owned(),
    };
    let page = Page {
        cadre: cadre(app, Some(ici), "Planifier un audit", &format!("{adresse}/audits/nouveau"), &fil),
        f,
        sous: format!(
            "{} – {} {}",
            habilitation.contenu.denomination, habilitation.contenu.logiciel, habilitation.contenu.version
        ),
        envoi,
        aujourdhui: app.aujourdhui().to_string(),
        numero,
    };
    Ok(web::page_avec(statut, &page))
}

pub async fn planifier(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let jeton = envoi::jeton(&app, &saisie);
    if let Some(premier) = envoi::deja(&app, &jeton).await? {
        return Ok(Redirect::to(&premier).into_response());
    }
    let mut f = Champs::depuis(saisie);
    let Some((perimetre, du, au)) = lire(&mut f) else {
        return montrer(&app, &ici, f, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let (par, le) = (ici.acteur(), app.maintenant());
    let mut tx = app.registre.ecrire().await?;
    let habilitation =
        tx.load_habilitation(ici.habilitation()?.numero()).await?.ok_or(Erreur::Introuvable)?;
    let candidature = tx.load_candidature(habilitation.candidature).await?.ok_or(Erreur::Introuvable)?;
    let plan = Planification {
        id: app.id(),
        sequence: tx.suivant(&format!("audit-{}", app.aujourdhui().year())).await?,
        habilitation: &habilitation,
        candidature: &candidature,
        perimetre,
        du,
        au,
    };
    let (audit, evenement) = match Audit::planifier(plan, &par, le) {
        Ok(suite) => suite,
        Err(refus) => {
            drop(tx);
            f.refuser(champ_de(&refus, ""), refus.to_string());
            return montrer(&app, &ici, f, StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    let retour = url(&audit);
    match tx.save_envoi(&jeton, &retour, le).await {
        Ok(()) => {}
        Err(registre::Erreur::Conflit) => {
            drop(tx);
            let premier = envoi::deja(&app, &jeton).await?;
            let premier = premier.ok_or(Erreur::Registre(registre::Erreur::Conflit))?;
            return Ok(Redirect::to(&premier).into_response());
        }
        Err(erreur) => return Err(erreur.into()),
    }
    tx.save_audit(&Versionne::nouveau(audit), &evenement).await?;
    tx.commit().await?;
    let fait = "L’audit est planifié. Le titulaire n’en sait rien tant qu’il n’est pas notifié.";
    session::aviser(&app, &ici, Genre::Succes, fait).await?;
    Ok(Redirect::to(&retour).into_response())
}

pub async fn replanifier(
    State(app): State<App>,
    ici: Ici,
    Formulaire(saisie): Formulaire,
) -> Result<Response, Erreur> {
    let mut f = Champs::depuis(saisie.clone());
    let envoye = Envoye::simple(&app, &ici, "", saisie);
    let Some((perimetre, du, au)) = lire(&mut f) else { return envoye.en_faute(f).await };
    let (par, le) = (ici.acteur(), app.maintenant());
    envoye
        .faire(
            |audit| audit.replanifier(perimetre, (du, au), &par, le),
            |audit| audit.notifie().then_some(AvisAudit::Replanifie),
            "Le périmètre et les dates sont enregistrés.",
        )
        .await
}

fn lire(f: &mut Champs) -> Option<(Recit, Date, Date)> {
    let (perimetre, du, au) = (texte(f, "perimetre"), date(f, "du"), date(f, "au"));
    Some((perimetre?, du?, au?))
}
