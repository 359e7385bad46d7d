// candidater-operateur: the structure that got the éditeur habilitation of its Proxy e-Santé obtains that of its opérateur,
// by the NRU or by the signed PDF of the first.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as fichiers from '../fichiers.mjs';
import {
  avis, deciderFavorable, deposer, inscrire, jour, juger, prendre, refus, remplir, soumettre, valider, verifierLettre,
} from '../gestes.mjs';
import { axe, garder } from '../harnais.mjs';
import { VERSION } from './deposer-une-candidature-editeur.mjs';

const CLIENT_ID = 'sante-lien-proxy';

/** What the form asks besides what the structure already says. */
const FORMULAIRE = {
  representant_civilite: 'Mme',
  representant_fonction: 'Présidente',
  contact_fonction: 'Directrice des opérations',
  date_depot: jour(30),
  datapass: 'D123456',
  client_id: CLIENT_ID,
  cgu: true,
};

/** A preuve for each slot of the profile Opérateur de Proxy e-Santé, by chapter; the préconisation ALE.03 stays empty. */
const preuves = (depot) => {
  const document = (nom, texte) => ({ forme: 'Document', fichier: fichiers.pdf(depot, nom, texte) });
  const tableau = (nom, lignes) => ({ forme: 'Tableau', fichier: fichiers.xlsx(depot, nom, { Feuil1: lignes }) });
  const texte = (forme, nom, contenu) => ({ forme, fichier: fichiers.texte(depot, nom, contenu) });
  return {
    CGU: { 'CGU.01.01.01': { forme: 'PDF signé', fichier: fichiers.pdfSigne(depot, 'cgu.pdf', 'Acceptation des CGU') } },
    DEV: {
      'DEV.01.01.01': document('standard.pdf', 'Standard de développement'),
      'DEV.02.01.01': document('vulnerabilites.pdf', 'Veille et correction'),
    },
    ARC: {
      'ARC.01.01.01': document('architecture-production.pdf', 'Architecture de production'),
      'ARC.02.01.01': { forme: 'Inventaire des composants (SBOM)', fichier: fichiers.sbom(depot, 'production.cdx.json') },
      'ARC.03.01.01': tableau('flux-production.xlsx', [['Émetteur', 'Récepteur', 'Port'], ['LPS', 'Proxy', 443]]),
      'ARC.04.01.01': tableau('hebergement.xlsx', [['Activité', 'Hébergeur', 'Certificat HDS'], [1, 'Exemple', 'HDS-1']]),
      'ARC.05.01.01': document('filtrage.pdf', 'Schéma de filtrage'),
      'ARC.06.01.01': tableau('droits.xlsx', [['Rôle', 'Droit'], ['Exploitant', 'Lecture']]),
      'ARC.07.01.01': document('sauvegarde.pdf', 'Procédure de sauvegarde'),
    },
    ADR: {
      'ADR.01.01.01': document('risques-production.pdf', 'Analyse de risques'),
      'ADR.02.01.01': tableau('traitement-production.xlsx', [['Risque', 'Mesure'], ['Vol de session', 'Liaison au certificat']]),
    },
    PAS: { 'PAS.01.01.01': document('pas-operateur.pdf', 'Plan d’assurance sécurité') },
    ALE: {
      'ALE.01.01.01': tableau('detection.xlsx', [['Règle', 'Seuil'], ['Refus en série', 20]]),
      'ALE.02.01.01': document('incident.pdf', 'Procédure d’incident'),
    },
    CHI: {
      'CHI.01.01.01': texte('Extrait de journal', 'tls.log', 'ssl_protocols TLSv1.3;\nssl_verify_client on;\n'),
      'CHI.02.01.01': document('cles.pdf', 'Gestion des clés'),
    },
    TRA: {
      'TRA.01.01.01': tableau('traces.xlsx', [['Donnée', 'Explication'], ['IP', 'Adresse de l’appelant']]),
      'TRA.02.01.01': tableau('evenements.xlsx', [['Événement', 'Tracé'], ['Ouverture de session', 'oui']]),
      'TRA.03.01.01': document('protection-traces.pdf', 'Protection des traces'),
      'TRA.04.01.01': tableau('roles-traces.xlsx', [['Rôle', 'Responsabilité'], ['RSSI', 'Extraction']]),
      'TRA.05.01.01': document('acces-traces.pdf', 'Engagement d’accès aux traces'),
    },
  };
};

export default function candidaterOperateur({ espace, depot, editeur, operateur, episode, comme, telecharger }) {
  const PREUVES = preuves(depot);
  const champ = (page) => page.locator('[id="c-habilitation_elp"]');
  const lier = (page) => champ(page).getByRole('button', { name: 'Vérifier et lier' }).click();

  episode('claire.martin rattache au Guichet Opérateur le produit déjà habilité', async () => {
    await comme('claire.martin', async (page) => {
      await page.goto('/parcours');
      await garder(page, 'docs/guides/images/operateur-parcours.png');
      await page.getByRole('link', { name: 'Candidater au Guichet Opérateur' }).click();
      await page.waitForURL(/\/demarches\/operateur$/);
      await axe(page, 'demarche-operateur');
      await page.getByRole('button', { name: /Ajouter le produit à la démarche/ }).click();
      await page.waitForURL(/\/candidatures\/[^/]+$/);
      operateur.candidature = new URL(page.url()).pathname;
      operateur.nru = await page.locator('code.nru').first().innerText();
      assert.notEqual(operateur.nru, editeur.nru);
      await axe(page, 'operateur-candidature-creee');
    });
  });

  episode('le NRU d’une autre et un PDF retouché sont refusés, chacun avec sa raison', async () => {
    await comme('claire.martin', async (page) => {
      await page.goto(operateur.candidature);
      await page.getByRole('button', { name: 'Démarrer' }).click();
      await page.getByRole('button', { name: /Compléter à partir des données/ }).click();
      await avis(page, 'champs ont été complétés');
      await page.locator('[name="profils"][value="OpSP"]').check();
      await champ(page).waitFor();
      await remplir(page, { composants: 'aucun' });
      await page.locator('section#composants').getByText('Complet').waitFor();
      await remplir(page, FORMULAIRE);
      await page.locator('[data-etat="fait"]').waitFor();
      await page.getByRole('button', { name: 'Soumettre à l’agence' }).click();
      const fautes = await refus(page);
      assert.equal(fautes.length, 1, fautes.join('\n'));
      assert.match(fautes[0], /donnez le NRU ou le PDF de l’habilitation/);
      await axe(page, 'operateur-habilitation-manque');

      await remplir(page, { 'nru.habilitation_elp': operateur.nru });
      await lier(page);
      assert.match((await refus(page)).join(), /ne connaît aucune habilitation sous le NRU/);
      assert.equal(await page.locator('[name="nru.habilitation_elp"]').inputValue(), operateur.nru, 'la saisie est gardée');

      const octets = readFileSync(editeur.pdf);
      octets[Math.floor(octets.length / 2)] ^= 1;
      const retouche = join(depot, 'habilitation-retouchee.pdf');
      writeFileSync(retouche, octets);
      await joindre(page, retouche);
      await lier(page);
      assert.match((await refus(page)).join(), /modifié|altéré|signature/i);
      await axe(page, 'operateur-pdf-retouche');
      await garder(page, 'docs/guides/images/operateur-refus.png', '#profils');

      await joindre(page, editeur.autorisation);
      await lier(page);
      assert.match((await refus(page)).join(), /autorisation d’accès aux environnements de test/);
    });
  });

  /** Gives a PDF instead of the NRU; with scripts it leaves at once. */
  async function joindre(page, chemin) {
    await page.waitForLoadState('load');
    await remplir(page, { 'nru.habilitation_elp': '' });
    await page.locator('[name="pdf.habilitation_elp"]').setInputFiles(chemin);
    await page.locator('form[data-televersement="1"]').waitFor({ state: 'detached' });
  }

  episode('le PDF signé est reconnu ; elle préfère le NRU, qui suffit, et soumet', async () => {
    await comme('claire.martin', async (page) => {
      await page.goto(`${operateur.candidature}/formulaire`);
      await joindre(page, editeur.pdf);
      await lier(page);
      await avis(page, `Habilitation ${editeur.numero} liée`);
      await champ(page).getByRole('link', { name: /\.pdf$/ }).waitFor();
      await champ(page).getByRole('button', { name: 'Choisir une autre habilitation' }).click();
      await avis(page, 'retirée');
      await remplir(page, { 'nru.habilitation_elp': editeur.nru.toLowerCase() });
      await lier(page);
      await avis(page, `Habilitation ${editeur.numero} liée`);
      await champ(page).getByText('Proxy Santé Lien, version 2.4.0').waitFor();
      await axe(page, 'operateur-habilitation-liee');
      await garder(page, 'docs/guides/images/operateur-habilitation.png', '#profils');
      await page.getByRole('button', { name: 'Soumettre à l’agence' }).click();
      await page.waitForURL((url) => url.pathname === operateur.candidature);
    });
  });

  episode('verif.lopez valide le formulaire ; la fiche de l’éditeur dit qui s’appuie sur elle', async () => {
    await comme('verif.lopez', async (page) => {
      await page.goto(`${operateur.candidature}/instruction/formulaire`);
      await page.getByText(editeur.numero).first().waitFor();
      await axe(page, 'operateur-instruction-formulaire');
      await page.getByRole('button', { name: 'Juger conforme tout le reste' }).click();
      await page.getByRole('button', { name: 'Valider et ouvrir le dépôt' }).click();
      await page.waitForURL((url) => url.pathname === operateur.candidature);
      await page.goto(`/habilitations/${editeur.numero}`);
      await page.getByText(`NRU ${operateur.nru}`).waitFor();
    });
  });

  episode('claire.martin dépose huit chapitres ; la préconisation laissée vide n’en retient aucun', async () => {
    await comme('claire.martin', async (page) => {
      await page.goto(operateur.candidature);
      assert.equal(await page.locator('section.carte-chapitre').count(), 8);
      await axe(page, 'operateur-depot-ouvert');
      await garder(page, 'docs/guides/images/operateur-chapitres.png', '#etape-2');
      for (const [code, attendues] of Object.entries(PREUVES)) {
        await page.goto(operateur.chapitre(code));
        for (const [attendue, preuve] of Object.entries(attendues)) await deposer(page, attendue, preuve, VERSION);
        if (code === 'TRA') await garder(page, 'docs/guides/images/operateur-tracabilite.png');
        await soumettre(page, operateur, code);
      }
      await page.goto(operateur.candidature);
      await page.getByText('8/8 chapitres soumis dont 0 validés · 22/23 preuves soumises').waitFor();
      await axe(page, 'operateur-depot-soumis');
    });
  });

  episode('verif.lopez valide les huit chapitres, le collège décide', async () => {
    await comme('verif.lopez', async (page) => {
      for (const code of Object.keys(PREUVES)) {
        await prendre(page, operateur, code);
        await juger(page, code === 'ALE' ? { 'ALE.03.01.01': null } : {});
        await valider(page);
      }
    });
    await comme('admin.chevalier', (page) => inscrire(page, operateur));
    await comme('college.blanc', (page) => deciderFavorable(page, operateur));
  });

  episode('signataire.faure, qui vient de se connecter, signe sans autre preuve', async () => {
    await comme('signataire.faure', async (page) => {
      await page.goto('/signature');
      await page.getByText(operateur.nru).waitFor();
      await page.getByRole('button', { name: 'Signer l’habilitation' }).click();
      await avis(page, 'signée');
    });
  });

  episode('l’habilitation d’opérateur se télécharge, se vérifie et paraît au registre, appuyée sur celle de l’éditeur', async () => {
    await comme('claire.martin', async (page) => {
      await page.goto(operateur.candidature);
      operateur.pdf = await telecharger(page, page.getByRole('link', { name: 'Télécharger l’habilitation' }));
      operateur.numero = /HAB-OpSP-\d{4}-\d+/.exec(await page.locator('#etape-4 ~ .cartes').innerText())[0];
      await garder(page, 'docs/guides/images/operateur-habilitee.png', '#etape-3');
    });
    await verifierLettre(espace, operateur.pdf, [operateur.numero, operateur.nru, CLIENT_ID]);
    const texte = execFileSync('pdftotext', ['-layout', operateur.pdf, '-'], { encoding: 'utf8' });
    for (const mot of ['Opérateur', operateur.nru, CLIENT_ID, VERSION]) assert.ok(texte.includes(mot), `${mot} manque :\n${texte}`);
    await espace.avecPage({}, async (page) => {
      await page.goto('/registre');
      await page.getByRole('link', { name: operateur.numero }).click();
      await page.getByText('S’appuie sur').waitFor();
      await page.getByRole('link', { name: editeur.numero }).waitFor();
      await axe(page, 'registre-operateur');
      await garder(page, 'docs/guides/images/operateur-registre.png', '#contenu .fiche');
    });
  });
}
