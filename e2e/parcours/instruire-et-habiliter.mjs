// instruire-et-habiliter: the agency validates the other chapters, the collège decides, the signatory signs, and anybody can
// check the letter.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { avis, choisir, jour, juger, prendre, remplir, valider, verifierLettre } from '../gestes.mjs';
import { axe, garder } from '../harnais.mjs';
import { CLIENT_ID } from './deposer-une-candidature-editeur.mjs';

export default function instruireEtHabiliter({ espace, depot, editeur, episode, comme, telecharger, vieillirConnexions }) {
  episode('verif.durand valide les autres chapitres', async () => {
    await comme('verif.durand', async (page) => {
      for (const code of ['ODC', 'ARC', 'ADR', 'PAS', 'TI']) {
        await prendre(page, editeur, code);
        await juger(page);
        if (code === 'TI') await axe(page, 'instruction-test-intrusion');
        await valider(page);
      }
      await page.goto(editeur.candidature);
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
      editeur.session = new URL(page.url()).pathname;
      await axe(page, 'college-session-vide');
      await page.getByLabel(new RegExp(editeur.nru)).check();
      await page.getByRole('button', { name: 'Inscrire à l’ordre du jour' }).click();
      await page.getByRole('link', { name: `Examiner ${editeur.nru}` }).waitFor();
      await garder(page, 'docs/guides/images/agence-session.png');
    });
  });

  episode('college.roux examine le dossier et rend un avis favorable', async () => {
    await comme('college.roux', async (page) => {
      await page.goto(editeur.session);
      await page.getByRole('link', { name: `Examiner ${editeur.nru}` }).click();
      await page.getByRole('heading', { level: 2, name: new RegExp(editeur.nru) }).waitFor();
      await axe(page, 'college-examen');
      await garder(page, 'docs/guides/images/agence-college.png', 'form[action$="/decider"]');
      await choisir(page.locator('input[name="avis"][value="favorable"]'));
      await page.getByRole('button', { name: 'Enregistrer la décision' }).click();
      await avis(page, 'Décision enregistrée');
      await axe(page, 'college-decide');
    });
  });

  episode('signataire.faure, connectée depuis six minutes, confirme son identité, puis signe', async () => {
    await comme('signataire.faure', async (page) => {
      await page.goto('/signature');
      await page.getByText(editeur.nru).waitFor();
      await page.getByText('vous pouvez signer sans autre preuve').waitFor();
      vieillirConnexions(6);
      await page.reload();
      await page.getByText('il vous sera demandé de confirmer votre identité').waitFor();
      await axe(page, 'signature');
      await garder(page, 'docs/guides/images/agence-signature.png');
      await page.getByRole('button', { name: 'Signer l’habilitation' }).click();
      await page.locator('button[name="personne"][value="signataire.faure"]').click();
      await page.waitForURL(/\/signature\?reprendre=/);
      await page.getByText('Votre identité vient d’être confirmée').waitFor();
      await page.getByText('Prête à signer').waitFor();
      await axe(page, 'signature-identite-confirmee');
      await page.getByRole('button', { name: 'Signer l’habilitation' }).click();
      await avis(page, 'signée');
      await axe(page, 'signature-faite');
    });
  });

  episode('claire.martin télécharge l’habilitation ; pdfsig, pyHanko et edc la reconnaissent, et refusent sa copie altérée', async () => {
    await comme('claire.martin', async (page) => {
      await axe(page, 'tableau-habilite');
      await page.goto(editeur.candidature);
      await axe(page, 'candidature-habilitee');
      await garder(page, 'docs/guides/images/editeur-habilitee.png', '#etape-3');
      const pdf = await telecharger(page, page.getByRole('link', { name: 'Télécharger l’habilitation' }));
      editeur.pdf = pdf;
      editeur.numero = /HAB-ELP-\d{4}-\d+/.exec(await page.locator('#etape-4 ~ .cartes').innerText())[0];

      await verifierLettre(espace, pdf, [editeur.numero, editeur.nru, CLIENT_ID]);
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
      await page.getByRole('link', { name: editeur.numero }).click();
      await page.getByText('Proxy Santé Lien').first().waitFor();
      await axe(page, 'registre-habilitation');
      await garder(page, 'docs/guides/images/agence-registre.png');
    });
  });
}
