// corriger-un-chapitre: the agency sends a preuve back with its reason, the éditeur replaces it, the chapter is valid and
// the autorisation d’accès is delivered.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { avis, jour, juger, prendre, remplir, soumettre, valider } from '../gestes.mjs';
import { axe, garder } from '../harnais.mjs';
import { CLIENT_ID, VERSION } from './deposer-une-candidature-editeur.mjs';

export default function corrigerUnChapitre({ editeur, episode, comme, telecharger }) {
  episode('verif.durand renvoie une preuve du premier chapitre, motif à l’appui', async () => {
    await comme('verif.durand', async (page) => {
      await page.goto(editeur.instruction('PMT'));
      await axe(page, 'instruction-chapitre-soumis');
      await garder(page, 'docs/guides/images/agence-chapitre.png');
      await prendre(page, editeur, 'PMT');
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
      await page.goto(editeur.chapitre('PMT'));
      const emplacement = page.locator('[id="PMT.09.01.01"]');
      await emplacement.getByText('La page citée ne montre pas').first().waitFor();
      assert.equal(await page.getByText('Alice Durand').count(), 0, 'l’industriel ne lit pas qui instruit');
      await axe(page, 'chapitre-a-corriger');
      await garder(page, 'docs/guides/images/editeur-correction.png', '[id="PMT.09.01.01"]');
      await emplacement.locator('a[href*="remplace="]').click();
      await remplir(page, { lien: 'https://www.example.org/conditions-utilisation', date_reelle: jour(-1), version: VERSION });
      await page.getByRole('button', { name: 'Déposer', exact: true }).click();
      await emplacement.getByText('version 2').first().waitFor();
      await soumettre(page, editeur, 'PMT');
      await page.goto(`${editeur.candidature}/messages`);
      await axe(page, 'messagerie');
    });
  });

  episode('verif.durand valide le premier chapitre : l’autorisation d’accès est délivrée et signée', async () => {
    await comme('verif.durand', async (page) => {
      await prendre(page, editeur, 'PMT');
      await juger(page);
      await valider(page);
    });
    await comme('claire.martin', async (page) => {
      await page.goto(editeur.candidature);
      const lien = page.getByRole('link', { name: 'Télécharger l’autorisation' });
      // The PDF is made beside the request: the page says so until it is there.
      while (!(await lien.isVisible())) await page.reload();
      await axe(page, 'candidature-autorisation');
      editeur.autorisation = await telecharger(page, lien);
      assert.match(execFileSync('pdfsig', [editeur.autorisation], { encoding: 'utf8' }), /Signature is Valid/);
      const texte = execFileSync('pdftotext', ['-layout', editeur.autorisation, '-'], { encoding: 'utf8' });
      for (const mot of [editeur.nru, CLIENT_ID, VERSION]) assert.ok(texte.includes(mot), `${mot} manque :\n${texte}`);
    });
  });
}
