// A whole story of the Guichet Éditeur, from the first sign-in to the signed habilitation. The tests are its episodes:
// each goes on from the one before.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';

import * as fichiers from '../fichiers.mjs';
import { avis, choisir, deposer, jour, juger, refus, remplir } from '../gestes.mjs';
import { axe, demarrer, garder, resultats } from '../harnais.mjs';

const espace = await demarrer();
after(() => espace.arreter());

const CLIENT_ID = 'sante-lien-proxy-bas';
const VERSION = '2.4.0';
const depot = join(espace.dossier, 'a-deposer');
mkdirSync(depot);

/** What the episodes tell each other. */
const suivi = { candidature: '', nru: '' };

// The rest of a story whose thread is broken says nothing.
let rompue = false;
const episode = (titre, acte) => test(titre, async (t) => {
  if (rompue) return t.skip('l’épisode précédent a échoué');
  rompue = true;
  await acte(t);
  rompue = false;
});

const differe = () => {
  let resolve;
  const promise = new Promise((r) => { resolve = r; });
  return { promise, resolve };
};

const comme = (login, acte, reglages = {}) => espace.avecPage(reglages, async (page) => {
  await espace.seConnecter(page, login);
  return acte(page);
});

episode('claire.martin consent, puis ajoute un produit malgré une première fiche fautive', async () => {
  await espace.avecPage({}, async (page) => {
    await page.goto('/connexion');
    await axe(page, 'isc-connexion');
    await page.locator('button[name="personne"][value="claire.martin"]').click();
    await page.waitForURL(/\/consentement$/);
    await axe(page, 'consentement');
    await page.getByLabel(/J’accepte/).check();
    await page.getByRole('button', { name: 'Continuer' }).click();
    await page.waitForURL(/\/tableau-de-bord$/);
    await axe(page, 'tableau-vide');
    await garder(page, 'docs/guides/images/editeur-tableau-de-bord.png');

    await page.getByRole('link', { name: 'Ajouter un produit' }).click();
    await remplir(page, { nom: 'Proxy Santé Lien', version: '?' });
    await page.getByRole('button', { name: 'Suivant' }).click();
    const fautes = await refus(page);
    assert.ok(fautes.length >= 3, fautes.join('\n'));
    assert.equal(await page.locator('[name="nom"]').inputValue(), 'Proxy Santé Lien');
    await axe(page, 'produit-refuse');
    await garder(page, 'docs/guides/images/editeur-produit.png');

    await remplir(page, {
      version: VERSION,
      responsable: { label: 'Claire Martin (mandataire)' },
      description: 'Relaie les appels des logiciels de cabinet vers les API Pro Santé Connectées.',
      dispositifs: 'edc-psc',
    });
    await page.getByRole('button', { name: 'Suivant' }).click();
    await page.getByRole('heading', { level: 1, name: 'Vérifier et valider' }).waitFor();
    await axe(page, 'produit-recapitulatif');
    await page.getByRole('button', { name: 'Valider' }).click();
    await page.getByRole('heading', { level: 1, name: /Proxy Santé Lien - 2\.4\.0 - \d+/ }).waitFor();
    await axe(page, 'produit');
  });
});

episode('elle rattache le produit au Guichet Éditeur et reçoit un NRU', async () => {
  await comme('claire.martin', async (page) => {
    await page.goto('/parcours');
    await axe(page, 'parcours');
    await page.getByRole('link', { name: /Éditeur/ }).first().click();
    await page.waitForURL(/\/demarches\/editeur$/);
    await axe(page, 'demarche-editeur');
    await page.getByRole('button', { name: /Ajouter le produit à la démarche/ }).click();
    await page.waitForURL(/\/candidatures\/[^/]+$/);
    suivi.candidature = new URL(page.url()).pathname;
    suivi.nru = await page.locator('code.nru').first().innerText();
    assert.match(suivi.nru, /^[A-Z]{10}$/);
    await axe(page, 'candidature-creee');
    await garder(page, 'docs/guides/images/editeur-nru.png');
  });
});

/** What the form asks besides what the structure already says. */
const FORMULAIRE = {
  representant_civilite: 'Mme',
  representant_fonction: 'Présidente',
  contact_fonction: 'Directrice technique',
  date_depot: jour(30),
  datapass: 'H123456',
};

episode('elle remplit le formulaire : données reprises, profil corrigé, enregistrement automatique, Datapass refusé', async () => {
  await comme('claire.martin', async (page) => {
    await page.goto(suivi.candidature);
    await page.getByRole('button', { name: 'Démarrer' }).click();
    await page.getByRole('heading', { level: 1, name: 'Formulaire administratif' }).waitFor();
    await axe(page, 'formulaire-vide');
    await page.getByRole('button', { name: /Compléter à partir des données/ }).click();
    await avis(page, 'champs ont été complétés');
    assert.match(await page.locator('[name="siret"]').inputValue(), /^\d{3} \d{3} \d{3} \d{5}$/);

    // The fields follow the profiles.
    await page.locator('[name="profils"][value="ELU"]').check();
    await page.locator('[name="nie"]').waitFor();
    await page.locator('[name="profils"][value="ELU"]').uncheck();
    await page.locator('[name="nie"]').waitFor({ state: 'detached' });
    await page.locator('[name="profils"][value="ELP"]').check();


    // The page redraws itself after some answers; what is typed meanwhile is not lost.
    const redessin = differe();
    await page.route('**/formulaire', (route) => redessin.promise.then(() => route.continue()), { times: 1 });
    await page.locator('[name="composants"][value="aucun"]').check();
    await page.locator('[name="client_id"]').pressSequentially(CLIENT_ID);
    redessin.resolve();
    await page.locator('section#composants').getByText('Complet').waitFor();
    assert.equal(await page.locator('[name="client_id"]').inputValue(), CLIENT_ID);

    await remplir(page, FORMULAIRE);
    await page.locator('[data-etat="fait"]').waitFor();
    assert.match(await page.locator('[data-etat-enregistrement]').innerText(), /^Enregistré à \d\d:\d\d$/);
    await axe(page, 'formulaire-rempli');

    await page.getByRole('button', { name: 'Soumettre à l’agence' }).click();
    const fautes = await refus(page);
    assert.ok(fautes.some((texte) => /habilitation/.test(texte)), fautes.join('\n'));
    await axe(page, 'formulaire-refuse');
    await garder(page, 'docs/guides/images/editeur-formulaire.png');
  });
});

episode('elle y revient, corrige et soumet', async () => {
  await comme('claire.martin', async (page) => {
    await page.goto(suivi.candidature);
    await axe(page, 'candidature-formulaire-en-cours');
    await page.getByRole('link', { name: /Reprendre.*formulaire/ }).click();
    assert.equal(await page.locator('[name="client_id"]').inputValue(), CLIENT_ID, 'ce qui était saisi est gardé');
    await remplir(page, { datapass: 'D123456', cgu: true });
    await page.getByRole('button', { name: 'Soumettre à l’agence' }).click();
    await page.waitForURL((url) => url.pathname === suivi.candidature);
    await axe(page, 'candidature-formulaire-soumis');
  });
});

episode('verif.durand juge chaque champ et valide le formulaire', async () => {
  await comme('verif.durand', async (page) => {
    await axe(page, 'instruction-file');
    await garder(page, 'docs/guides/images/agence-file.png');
    await page.getByRole('link', { name: new RegExp(suivi.nru) }).first().click();
    await axe(page, 'instruction-formulaire');
    await garder(page, 'docs/guides/images/agence-formulaire.png');
    await page.getByRole('button', { name: 'Juger conforme tout le reste' }).click();
    await page.getByRole('button', { name: 'Valider et ouvrir le dépôt' }).click();
    await page.waitForURL((url) => url.pathname === suivi.candidature);
    await axe(page, 'candidature-vue-agence');
  });
});

/** The slots of the profile Éditeur de logiciel Proxy e-Santé by chapter, each with an honest preuve of its first try. */
const PREUVES = {
  PMT: {
    'PMT.01.01.01': { forme: 'Capture d’écran', fichier: fichiers.png(depot, 'client-id.png') },
    'PMT.02.01.01': { forme: 'Certificat', fichier: fichiers.certificatTest(depot, 'psc.pem', CLIENT_ID) },
    'PMT.03.01.01': { forme: 'Vidéo', fichier: fichiers.video(depot, 'parcours.mp4', 20) },
    'PMT.04.01.01': { forme: 'Capture de trafic (HAR)', fichier: fichiers.har(depot, 'demande.har') },
    'PMT.05.01.01': { forme: 'Vidéo', fichier: fichiers.video(depot, 'deconnexion.mp4') },
    'PMT.06.01.01': { forme: 'Extrait de journal', fichier: fichiers.texte(depot, 'refus.log', '2026-01-15T09:00:00Z POST /send 401 session absente\n') },
    'PMT.07.01.01': { forme: 'PDF signé', fichier: fichiers.pdfSigne(depot, 'secrets.pdf', 'Note sur les secrets') },
    'PMT.08.01.01': { forme: 'Données signées (JSON)', fichier: fichiers.json(depot, 'session.json', {
      nationalId: '899700218896', clientID: CLIENT_ID, proxy_session_id: 'a1', session_state: 'b2', signature: 'c3',
    }) },
    'PMT.09.01.01': { forme: 'Lien', lien: 'https://www.example.org/conditions' },
  },
  ODC: {
    'ODC.01.01.01': { forme: 'Rapport de l’outil de conformité', fichier: fichiers.json(depot, 'rapport.json', {
      uuid: '5f1c', status: 'FINISHED', type: 'APPROVAL', dateExecution: `${jour(-5)}T10:00:00Z`, clientId: CLIENT_ID,
      tests: [{ name: 'Ouverture de session CIBA', status: 'SUCCESS' }, { name: 'Appel relayé', status: 'SUCCESS' }],
    }) },
    'ODC.02.01.01': { forme: 'Texte', texte: 'Seul le flux CIBA est proposé ; il a été éprouvé en entier.' },
  },
  ARC: {
    'ARC.01.01.01': { forme: 'Document', fichier: fichiers.pdf(depot, 'architecture.pdf', 'Dossier d’architecture') },
    'ARC.02.01.01': { forme: 'Inventaire des composants (SBOM)', fichier: fichiers.sbom(depot) },
    'ARC.03.01.01': { forme: 'Tableau', fichier: fichiers.xlsx(depot, 'flux.xlsx', { Flux: [['Émetteur', 'Récepteur', 'Port'], ['LPS', 'Proxy', 443]] }) },
  },
  ADR: {
    'ADR.01.01.01': { forme: 'PDF signé', fichier: fichiers.pdfSigne(depot, 'risques.pdf', 'Analyse de risques') },
    'ADR.02.01.01': { forme: 'Tableau', fichier: fichiers.xlsx(depot, 'traitement.xlsx') },
  },
  PAS: { 'PAS.01.01.01': { forme: 'Document', fichier: fichiers.pdf(depot, 'pas.pdf', 'Plan d’assurance sécurité') } },
  TI: {
    'TI.01.01.01': { forme: 'PDF signé', fichier: fichiers.pdfSigne(depot, 'test-intrusion.pdf', `Test d’intrusion, version ${VERSION}`), date: jour(-20) },
    'TI.02.01.01': { forme: 'Tableau', fichier: fichiers.xlsx(depot, 'plan-action.xlsx') },
  },
};
const TOTAL = Object.values(PREUVES).flatMap(Object.keys).length;

const carte = (page, titre) => page.locator('section.carte-chapitre').filter({ hasText: titre });
const chapitre = (code) => `${suivi.candidature}/chapitres/${code}`;

async function soumettre(page, code) {
  await page.goto(chapitre(code));
  await page.getByRole('button', { name: 'Soumettre le chapitre' }).click();
  await avis(page, 'soumis');
}

episode('le dépôt est ouvert : les compteurs du guide sont à zéro', async () => {
  await comme('claire.martin', async (page) => {
    await axe(page, 'tableau-depot-ouvert');
    await page.goto(suivi.candidature);
    await carte(page, 'Prérequis Maturité Technique').getByText('0/9 preuves chargées').waitFor();
    await page.getByText(`Statut : 0/6 chapitres soumis dont 0 validés · 0/${TOTAL} preuves soumises dont 0 validées`).waitFor();
    await axe(page, 'candidature-depot-ouvert');
    await garder(page, 'docs/guides/images/editeur-chapitres.png', '#etape-2');
    await page.goto(chapitre('PMT'));
    await axe(page, 'chapitre-vide');
  });
});

episode('elle dépose les preuves du premier chapitre, dont une vidéo en plusieurs morceaux et un certificat remplacé', async () => {
  await comme('claire.martin', async (page) => {
    await page.goto(chapitre('PMT'));
    const morceaux = [];
    page.on('request', (requete) => { if (requete.method() === 'PATCH') morceaux.push(requete.url()); });
    for (const [attendue, preuve] of Object.entries(PREUVES.PMT)) {
      if (attendue === 'PMT.02.01.01') {
        await deposer(page, attendue, { ...preuve, fichier: fichiers.certificatTest(depot, 'autre.pem', 'un-autre-client') }, VERSION);
        const emplacement = page.locator(`[id="${attendue}"]`);
        await emplacement.getByText('n’est pas le Client ID').waitFor();
        await axe(page, 'chapitre-avis-non-conforme');
        await garder(page, 'docs/guides/images/editeur-controle.png', '[id="PMT.02.01.01"]');
        await emplacement.locator('a[href*="remplace="]').click();
        await page.waitForLoadState('load');
        await page.locator('input[name="fichier"]').setInputFiles(preuve.fichier);
        await remplir(page, { date_reelle: jour(-2), version: VERSION });
        await page.locator('form[data-televersement="1"]').waitFor({ state: 'detached' });
        await axe(page, 'preuve-remplacer');
        await garder(page, 'docs/guides/images/editeur-depot.png', '#deposer');
        await page.getByRole('button', { name: 'Déposer', exact: true }).click();
        await emplacement.getByText('version 2').first().waitFor();
        assert.equal(await emplacement.getByText('n’est pas le Client ID').isVisible(), false);
      } else {
        await deposer(page, attendue, preuve, VERSION);
      }
    }
    assert.ok(morceaux.length >= 3 + 6, 'la vidéo de 20 Mio part en trois morceaux, chaque autre fichier en un');
    await axe(page, 'chapitre-complet');
    await page.goto(suivi.candidature);
    await carte(page, 'Prérequis Maturité Technique').getByText('9/9 preuves chargées').waitFor();
    await soumettre(page, 'PMT');
    await axe(page, 'chapitre-soumis');
  });
});

episode('elle dépose un chapitre sans JavaScript', async () => {
  await comme('claire.martin', async (page) => {
    await page.goto(chapitre('ODC'));
    for (const [attendue, preuve] of Object.entries(PREUVES.ODC)) await deposer(page, attendue, preuve, VERSION);
    await soumettre(page, 'ODC');
  }, { javascript: false });
});

episode('elle dépose et soumet les autres chapitres, la fiche du test d’intrusion après vérification', async () => {
  await comme('claire.martin', async (page) => {
    for (const code of ['ARC', 'ADR', 'PAS', 'TI']) {
      await page.goto(chapitre(code));
      for (const [attendue, preuve] of Object.entries(PREUVES[code])) await deposer(page, attendue, preuve, VERSION);
      if (code === 'TI') await deposerFiche(page);
      await soumettre(page, code);
    }
    await page.goto(suivi.candidature);
    await page.getByText(`Statut : 6/6 chapitres soumis dont 0 validés · ${TOTAL}/${TOTAL} preuves soumises dont 0 validées`).waitFor();
    await axe(page, 'candidature-soumise');
    await page.goto(`${suivi.candidature}/historique`);
    await axe(page, 'historique');
  });
});

async function deposerFiche(page) {
  await page.locator('[id="TI.01.01.01"]').getByRole('link', { name: /^Ajouter une preuve/ }).click();
  await page.getByRole('link', { name: 'Fiche de test d’intrusion' }).click();
  await remplir(page, {
    application: 'Proxy Santé Lien', version: VERSION, description: 'Proxy e-Santé éprouvé sur une plateforme iso-production.',
    type_application: 'web', organisme: 'Audit Exemple', qualification_passi: 'PASSI-042', qualification_jusquau: jour(300),
    auditeur: 'Nadia Auditrice', date_test: jour(-20), date_signature: jour(-19),
    ko_haute: '1', ko_moyenne: '3', non_applicables: '2', resultat: 'peut_etre_referencee',
  });
  await page.getByRole('button', { name: 'Vérifier la fiche' }).click();
  await page.getByText('Non conforme').first().waitFor();
  await axe(page, 'fiche-test-intrusion-verifiee');
  await remplir(page, { ko_haute: '0' });
  await page.getByRole('button', { name: 'Déposer la fiche' }).click();
  await page.locator('[id="TI.01.01.01"] article').nth(1).waitFor();
}

const instruction = (code) => `${suivi.candidature}/instruction/chapitres/${code}`;

async function prendre(page, code) {
  await page.goto(instruction(code));
  await page.getByRole('button', { name: 'Prendre' }).click();
  await page.getByRole('button', { name: 'Enregistrer les verdicts' }).waitFor();
}

async function valider(page) {
  await page.getByRole('button', { name: 'Valider le chapitre' }).click();
  await avis(page, 'validé');
}

episode('verif.durand renvoie une preuve du premier chapitre, motif à l’appui', async () => {
  await comme('verif.durand', async (page) => {
    await page.goto(instruction('PMT'));
    await axe(page, 'instruction-chapitre-soumis');
    await garder(page, 'docs/guides/images/agence-chapitre.png');
    await prendre(page, 'PMT');
    await page.getByText('Points de vérification').first().waitFor();
    const certificat = page.locator('[id="e-PMT.02.01.01"]');
    await certificat.getByText('Certificat et Client ID').first().waitFor();
    await certificat.getByText('Versions précédentes (1)').waitFor();
    await juger(page, { 'PMT.09.01.01': ['À compléter', 'La page citée ne montre pas les conditions d’utilisation.'] });
    await page.getByRole('button', { name: 'Enregistrer les verdicts' }).click();
    await page.getByText('9 verdicts sur 9').waitFor();
    await axe(page, 'instruction-chapitre-juge');
    await garder(page, 'docs/guides/images/agence-verdict.png', '[id="e-PMT.09.01.01"]');
    await page.getByRole('button', { name: 'Demander une correction' }).click();
    await avis(page, 'correction');
  });
});

episode('claire.martin lit le motif, remplace la preuve et soumet de nouveau', async () => {
  await comme('claire.martin', async (page) => {
    await axe(page, 'tableau-correction');
    await page.goto(chapitre('PMT'));
    const emplacement = page.locator('[id="PMT.09.01.01"]');
    await emplacement.getByText('La page citée ne montre pas').first().waitFor();
    assert.equal(await page.getByText('Alice Durand').count(), 0, 'l’industriel ne lit pas qui instruit');
    await axe(page, 'chapitre-a-corriger');
    await garder(page, 'docs/guides/images/editeur-correction.png', '[id="PMT.09.01.01"]');
    await emplacement.locator('a[href*="remplace="]').click();
    await remplir(page, { lien: 'https://www.example.org/conditions-utilisation', date_reelle: jour(-1), version: VERSION });
    await page.getByRole('button', { name: 'Déposer', exact: true }).click();
    await emplacement.getByText('version 2').first().waitFor();
    await soumettre(page, 'PMT');
    await page.goto(`${suivi.candidature}/messages`);
    await axe(page, 'messagerie');
  });
});

episode('verif.durand valide le premier chapitre : l’autorisation d’accès est délivrée et signée', async () => {
  await comme('verif.durand', async (page) => {
    await prendre(page, 'PMT');
    await juger(page);
    await valider(page);
  });
  await comme('claire.martin', async (page) => {
    await page.goto(suivi.candidature);
    const lien = page.getByRole('link', { name: 'Télécharger l’autorisation' });
    // The PDF is made beside the request: the page says so until it is there.
    while (!(await lien.isVisible())) await page.reload();
    await axe(page, 'candidature-autorisation');
    suivi.autorisation = await telecharger(page, lien);
    assert.match(execFileSync('pdfsig', [suivi.autorisation], { encoding: 'utf8' }), /Signature is Valid/);
    const texte = execFileSync('pdftotext', ['-layout', suivi.autorisation, '-'], { encoding: 'utf8' });
    for (const mot of [suivi.nru, CLIENT_ID, VERSION]) assert.ok(texte.includes(mot), `${mot} manque :\n${texte}`);
  });
});

async function telecharger(page, lien) {
  const [fichier] = await Promise.all([page.waitForEvent('download'), lien.click()]);
  const chemin = join(depot, fichier.suggestedFilename());
  await fichier.saveAs(chemin);
  copyFileSync(chemin, join(resultats, fichier.suggestedFilename())); // to look at
  return chemin;
}

episode('verif.durand valide les autres chapitres', async () => {
  await comme('verif.durand', async (page) => {
    for (const code of ['ODC', 'ARC', 'ADR', 'PAS', 'TI']) {
      await prendre(page, code);
      await juger(page);
      if (code === 'TI') await axe(page, 'instruction-test-intrusion');
      await valider(page);
    }
    await page.goto(suivi.candidature);
    await axe(page, 'candidature-depot-complet-agence');
  });
});

episode('admin.chevalier ouvre une session du collège et y inscrit le dossier', async () => {
  await comme('admin.chevalier', async (page) => {
    await page.goto('/college');
    await axe(page, 'college-vide');
    await remplir(page, { date: jour(), lieu: 'Visioconférence' });
    await page.getByRole('button', { name: 'Ouvrir la session' }).click();
    await page.waitForURL(/\/college\/[^/]+$/);
    suivi.session = new URL(page.url()).pathname;
    await axe(page, 'college-session-vide');
    await page.getByLabel(new RegExp(suivi.nru)).check();
    await page.getByRole('button', { name: 'Inscrire à l’ordre du jour' }).click();
    await page.getByRole('link', { name: `Examiner ${suivi.nru}` }).waitFor();
    await garder(page, 'docs/guides/images/agence-session.png');
  });
});

episode('college.roux examine le dossier et rend un avis favorable', async () => {
  await comme('college.roux', async (page) => {
    await page.goto(suivi.session);
    await page.getByRole('link', { name: `Examiner ${suivi.nru}` }).click();
    await page.getByRole('heading', { level: 2, name: new RegExp(suivi.nru) }).waitFor();
    await axe(page, 'college-examen');
    await garder(page, 'docs/guides/images/agence-college.png', 'form[action$="/decider"]');
    await choisir(page.locator('input[name="avis"][value="favorable"]'));
    await page.getByRole('button', { name: 'Enregistrer la décision' }).click();
    await avis(page, 'Décision enregistrée');
    await axe(page, 'college-decide');
  });
});

episode('signataire.faure confirme son identité, puis signe', async () => {
  await comme('signataire.faure', async (page) => {
    await page.goto('/signature');
    await page.getByText(suivi.nru).waitFor();
    await axe(page, 'signature');
    await garder(page, 'docs/guides/images/agence-signature.png');
    await page.getByRole('button', { name: 'Signer l’habilitation' }).click();
    // Proved less than five minutes ago by this very sign-in, or asked again.
    const isc = page.locator('button[name="personne"][value="signataire.faure"]');
    await isc.or(page.getByText('est signée')).first().waitFor();
    if (await isc.isVisible()) {
      await isc.click();
      await page.getByText('Votre identité vient d’être confirmée').waitFor();
      await axe(page, 'signature-identite-confirmee');
      await page.getByRole('button', { name: 'Signer l’habilitation' }).click();
    }
    await avis(page, 'signée');
    await axe(page, 'signature-faite');
  });
});

episode('claire.martin télécharge l’habilitation ; pdfsig, pyHanko et edc la reconnaissent, et refusent sa copie altérée', async () => {
  const autorite = join(espace.dossier, 'ac/autorite.pem');
  await comme('claire.martin', async (page) => {
    await axe(page, 'tableau-habilite');
    await page.goto(suivi.candidature);
    await axe(page, 'candidature-habilitee');
    await garder(page, 'docs/guides/images/editeur-habilitee.png', '#etape-3');
    const pdf = await telecharger(page, page.getByRole('link', { name: 'Télécharger l’habilitation' }));
    suivi.numero = /HAB-ELP-\d{4}-\d+/.exec(await page.locator('#etape-4 ~ .cartes').innerText())[0];

    assert.match(execFileSync('pdfsig', [pdf], { encoding: 'utf8' }), /Signature is Valid/);
    execFileSync('qpdf', ['--check', pdf], { stdio: 'pipe' });
    const pyhanko = execFileSync(fichiers.pyhanko, [
      'sign', 'validate', '--no-revocation-check', '--trust', autorite, '--trust-replace', '--pretty-print', pdf,
    ], { encoding: 'utf8', stdio: 'pipe' });
    assert.match(pyhanko, /The signature is judged VALID/);

    const { stdout } = await espace.edc('verifier', '--data', espace.dossier, pdf);
    for (const mot of ['Document valable.', suivi.numero, suivi.nru, CLIENT_ID]) assert.ok(stdout.includes(mot), stdout);
    const octets = readFileSync(pdf);
    for (const ou of [octets.length * 0.1, octets.length * 0.5, octets.length - 40].map(Math.floor)) {
      const copie = Buffer.from(octets);
      copie[ou] ^= 1;
      const altere = join(depot, `altere-${ou}.pdf`);
      writeFileSync(altere, copie);
      await assert.rejects(espace.edc('verifier', '--data', espace.dossier, altere), { code: 1 }, `octet ${ou} changé`);
    }
  });
});

episode('le registre public montre l’habilitation à tous', async () => {
  await espace.avecPage({}, async (page) => {
    await page.goto('/registre');
    await axe(page, 'registre');
    await page.getByRole('link', { name: suivi.numero }).click();
    await page.getByText('Proxy Santé Lien').first().waitFor();
    await axe(page, 'registre-habilitation');
    await garder(page, 'docs/guides/images/agence-registre.png');
  });
});

/** Key pages by person; each is read on a telephone and in dark colours. */
const PAGES = {
  'claire.martin': () => ({
    tableau: '/tableau-de-bord', produits: '/produits', parcours: '/parcours', structure: '/structure', referentiel: '/referentiel',
    candidature: suivi.candidature, formulaire: `${suivi.candidature}/formulaire`, chapitre: chapitre('PMT'),
    preuve: `${chapitre('PMT')}/preuves/PMT.02.01.01`, historique: `${suivi.candidature}/historique`,
    messagerie: `${suivi.candidature}/messages`, habilitation: `/habilitations/${suivi.numero}`,
  }),
  'admin.chevalier': () => ({
    instruction: '/instruction?file=toutes', 'instruction-formulaire': `${suivi.candidature}/instruction/formulaire`,
    'instruction-chapitre': instruction('TI'), college: '/college', session: suivi.session, autorisations: '/autorisations',
    autorisation: `${suivi.candidature}/autorisation/fiche`, habilitations: '/habilitations',
    'habilitation-agence': `/habilitations/${suivi.numero}`, modeles: '/agence/modeles', 'faq-agence': '/agence/faq',
    'candidature-agence': suivi.candidature, courriels: '/dev/courriels', mentions: '/mentions', registre: `/registre/${suivi.numero}`,
  }),
};

for (const [login, pages] of Object.entries(PAGES)) {
  for (const reglages of [{ largeur: 360, hauteur: 740 }, { sombre: true }]) {
    const facon = reglages.sombre ? 'sombre' : '360';
    episode(`les pages de ${login} se lisent en ${facon}`, async () => {
      await comme(login, async (page) => {
        for (const [nom, adresse] of Object.entries(pages())) {
          const reponse = await page.goto(adresse);
          assert.equal(reponse.status(), 200, adresse);
          const debord = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(debord <= 0, `${nom} déborde de ${debord} px`);
          await axe(page, `${facon}-${nom}`);
        }
      }, reglages);
    });
  }
}

episode('l’historique, relu après l’arrêt, est intact', async () => {
  await espace.eteindre();
  const { stdout } = await espace.edc('evenements', 'verifier', '--data', espace.dossier);
  assert.match(stdout, /Historique intact/);
});
