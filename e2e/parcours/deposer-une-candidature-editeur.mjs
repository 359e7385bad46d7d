// deposer-une-candidature-editeur: from the first sign-in to the last chapter submitted at the Guichet Éditeur.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

import * as fichiers from '../fichiers.mjs';
import { avis, deposer, jour, parClavier, refus, remplir, soumettre } from '../gestes.mjs';
import { axe, garder } from '../harnais.mjs';

export const CLIENT_ID = 'sante-lien-proxy-bas';
export const VERSION = '2.4.0';

/** What the form asks besides what the structure already says. */
const FORMULAIRE = {
  representant_civilite: 'Mme',
  representant_fonction: 'Présidente',
  contact_fonction: 'Directrice technique',
  date_depot: jour(30),
  datapass: 'H123456',
};

/** The slots of the profile Éditeur de logiciel Proxy e-Santé by chapter, each with an honest preuve of its first try. */
const preuves = (depot) => ({
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
});

const differe = () => {
  let resolve;
  const promise = new Promise((r) => { resolve = r; });
  return { promise, resolve };
};

export default function deposerUneCandidatureEditeur({ espace, depot, antivirus, editeur, episode, comme, telecharger }) {
  const PREUVES = preuves(depot);
  const TOTAL = Object.values(PREUVES).flatMap(Object.keys).length;

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

  episode('elle demande un Client ID du bac à sable, et emporte son certificat', async () => {
    await comme('claire.martin', async (page) => {
      await page.goto('/produits');
      await page.getByRole('link', { name: /Proxy Santé Lien/ }).first().click();
      await page.getByRole('link', { name: 'Demander un Client ID' }).click();
      await axe(page, 'client-id');
      await remplir(page, { environnement: 'production', retours: 'proxy.example' });
      await page.getByRole('button', { name: 'Demander ce Client ID' }).click();
      const fautes = await refus(page);
      assert.ok(fautes.length === 2 && /guichet Opérateur/.test(fautes[0]), fautes.join('\n'));
      await axe(page, 'client-id-refuse');
      await remplir(page, { environnement: 'bas', retours: 'https://proxy.example/connect/callback' });
      await page.getByRole('button', { name: 'Demander ce Client ID' }).click();
      await page.getByRole('heading', { level: 1, name: 'Votre Client ID' }).waitFor();
      await axe(page, 'client-id-obtenu');
      const valeur = (terme) => page.locator('dt', { hasText: terme }).locator('xpath=following-sibling::dd').locator('code').innerText();
      const [clientId, passphrase] = [await valeur('Client ID'), await valeur('Mot de passe')];
      assert.match(clientId, /^bas-proxy-sante-lien-/);
      const pfx = readFileSync(await telecharger(page, page.getByRole('link', { name: 'Enregistrer le PKCS#12' })));
      createSecureContext({ pfx, passphrase }); // throws when the file does not open
      assert.throws(() => createSecureContext({ pfx, passphrase: 'autre' }));
      await page.getByRole('link', { name: 'Client ID de ce produit' }).click();
      await page.getByRole('row', { name: clientId }).getByText('Certificat valable').waitFor();
      assert.equal(await page.getByText(passphrase).count(), 0);
      await axe(page, 'client-id-liste');
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
      editeur.candidature = new URL(page.url()).pathname;
      editeur.nru = await page.locator('code.nru').first().innerText();
      assert.match(editeur.nru, /^[A-Z]{10}$/);
      await axe(page, 'candidature-creee');
      await garder(page, 'docs/guides/images/editeur-nru.png');
    });
  });

  episode('elle remplit le formulaire : données reprises, profil corrigé, enregistrement automatique, Datapass refusé', async () => {
    await comme('claire.martin', async (page) => {
      await page.goto(editeur.candidature);
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
      await page.goto(editeur.candidature);
      await axe(page, 'candidature-formulaire-en-cours');
      await page.getByRole('link', { name: /Reprendre.*formulaire/ }).click();
      assert.equal(await page.locator('[name="client_id"]').inputValue(), CLIENT_ID, 'ce qui était saisi est gardé');
      await remplir(page, { datapass: 'D123456', cgu: true });
      await page.getByRole('button', { name: 'Soumettre à l’agence' }).click();
      await page.waitForURL((url) => url.pathname === editeur.candidature);
      await axe(page, 'candidature-formulaire-soumis');
    });
  });

  episode('verif.durand juge chaque champ et valide le formulaire', async () => {
    await comme('verif.durand', async (page) => {
      await axe(page, 'instruction-file');
      await garder(page, 'docs/guides/images/agence-file.png');
      await page.getByRole('link', { name: new RegExp(editeur.nru) }).first().click();
      await axe(page, 'instruction-formulaire');
      await garder(page, 'docs/guides/images/agence-formulaire.png');
      await page.getByRole('button', { name: 'Juger conforme tout le reste' }).click();
      await page.getByRole('button', { name: 'Valider et ouvrir le dépôt' }).click();
      await page.waitForURL((url) => url.pathname === editeur.candidature);
      await axe(page, 'candidature-vue-agence');
    });
  });

  const carte = (page, titre) => page.locator('section.carte-chapitre').filter({ hasText: titre });

  episode('le dépôt est ouvert : les compteurs du guide sont à zéro', async () => {
    await comme('claire.martin', async (page) => {
      await axe(page, 'tableau-depot-ouvert');
      await page.goto(editeur.candidature);
      await carte(page, 'Prérequis Maturité Technique').getByText('0/9 preuves chargées').waitFor();
      await page.getByText(`Statut : 0/6 chapitres soumis dont 0 validés · 0/${TOTAL} preuves soumises dont 0 validées`).waitFor();
      await axe(page, 'candidature-depot-ouvert');
      await garder(page, 'docs/guides/images/editeur-chapitres.png', '#etape-2');
      await page.goto(editeur.chapitre('PMT'));
      await axe(page, 'chapitre-vide');
    });
  });

  episode('elle dépose les preuves du premier chapitre, dont une vidéo en plusieurs morceaux et un certificat remplacé', async () => {
    await comme('claire.martin', async (page) => {
      await page.goto(editeur.chapitre('PMT'));
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
      await page.goto(editeur.candidature);
      await carte(page, 'Prérequis Maturité Technique').getByText('9/9 preuves chargées').waitFor();
      await soumettre(page, editeur, 'PMT');
      await axe(page, 'chapitre-soumis');
    });
  });

  episode('elle dépose un chapitre sans JavaScript', async () => {
    await comme('claire.martin', async (page) => {
      await page.goto(editeur.chapitre('ODC'));
      for (const [attendue, preuve] of Object.entries(PREUVES.ODC)) await deposer(page, attendue, preuve, VERSION);
      await soumettre(page, editeur, 'ODC');
    }, { javascript: false });
  });

  episode('elle dépose un chapitre entier au clavier, du dossier à la soumission', async () => {
    await comme('claire.martin', async (page) => {
      const clavier = parClavier(page);
      await page.goto(editeur.candidature);
      await page.keyboard.press('Tab');
      assert.match(await page.evaluate(() => document.activeElement.textContent), /contenu/, 'la première touche mène au lien d’évitement');
      await clavier.presser(page.getByRole('link', { name: 'Plan d’assurance sécurité' }));
      await page.waitForURL(/\/chapitres\/PAS$/);
      await clavier.presser(page.getByRole('link', { name: /^Déposer une preuve/ }));
      await page.waitForURL(/\/preuves\/PAS\.01\.01\.01/);
      await page.waitForLoadState('load');
      const choix = page.waitForEvent('filechooser');
      await clavier.presser(page.locator('input[name="fichier"]'));
      await (await choix).setFiles(PREUVES.PAS['PAS.01.01.01'].fichier);
      await clavier.aller(page.locator('input[name="date_reelle"]'));
      // As the field shows it to a French reader: day, month, year.
      await page.keyboard.type(jour(-3).split('-').reverse().join(''));
      assert.equal(await page.locator('input[name="date_reelle"]').inputValue(), jour(-3));
      await clavier.aller(page.locator('input[name="version"]'));
      await page.keyboard.press('Control+a');
      await page.keyboard.type(VERSION);
      await page.locator('form[data-televersement="1"]').waitFor({ state: 'detached' });
      await clavier.presser(page.getByRole('button', { name: 'Déposer', exact: true }));
      await page.locator('[id="PAS.01.01.01"] article').first().waitFor();
      await clavier.presser(page.getByRole('button', { name: 'Soumettre le chapitre' }));
      await avis(page, 'soumis');
    });
  });

  if (antivirus) {
    episode('un fichier infecté est refusé avec le nom de ce qu’il porte, un fichier sain est dit sans virus', async () => {
      await comme('claire.martin', async (page) => {
        await page.goto(`${editeur.chapitre('ARC')}/preuves/ARC.01.01.01`);
        await page.waitForLoadState('load');
        await page.locator('input[name="fichier"]').setInputFiles(fichiers.eicar(depot));
        await remplir(page, { date_reelle: jour(-3), version: VERSION, commentaire: 'Page 3' });
        await page.locator('form[data-televersement="1"]').waitFor({ state: 'detached' });
        await page.getByRole('button', { name: 'Déposer', exact: true }).click();
        const fautes = await refus(page);
        assert.ok(fautes.some((texte) => /L’antivirus a reconnu « Eicar.* » dans ce fichier/.test(texte)), fautes.join('\n'));
        assert.equal(await page.locator('[name="commentaire"]').inputValue(), 'Page 3', 'la saisie est gardée');
        await axe(page, 'preuve-infectee');
        await page.goto(editeur.chapitre('PMT'));
        await page.locator('[id="PMT.02.01.01"]').getByText('rien trouvé').first().waitFor();
        await page.goto(`${editeur.candidature}/historique`);
        await page.getByText('Fichier refusé par l’antivirus : rapport.txt').waitFor();
      });
    });
  }

  episode('elle dépose et soumet les autres chapitres, la fiche du test d’intrusion après vérification', async () => {
    await comme('claire.martin', async (page) => {
      for (const code of ['ARC', 'ADR', 'TI']) {
        await page.goto(editeur.chapitre(code));
        for (const [attendue, preuve] of Object.entries(PREUVES[code])) await deposer(page, attendue, preuve, VERSION);
        if (code === 'TI') await deposerFiche(page);
        await soumettre(page, editeur, code);
      }
      await page.goto(editeur.candidature);
      await page.getByText(`Statut : 6/6 chapitres soumis dont 0 validés · ${TOTAL}/${TOTAL} preuves soumises dont 0 validées`).waitFor();
      await axe(page, 'candidature-soumise');
      await page.goto(`${editeur.candidature}/historique`);
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
}
