// « Chercher dans la FAQ »: words in any spelling, facets that combine, ten a page, one vote a person.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { axe, demarrer, garder } from '../harnais.mjs';

const espace = await demarrer();
after(() => espace.arreter());

/** « 113 questions / réponses », the count over the list. */
const compte = async (page) => {
  const texte = await page.locator('h2.compte').textContent();
  return /\d/.test(texte) ? Number(/\d+/.exec(texte)[0]) : 0;
};

async function chercher(page, mots) {
  await page.goto('/faq');
  await page.getByRole('searchbox').fill(mots);
  await page.getByRole('button', { name: 'Chercher' }).click();
}

for (const javascript of [true, false]) {
  test(`les mots se trouvent sous toutes leurs formes (${javascript ? 'avec' : 'sans'} script)`, async () => {
    await espace.avecPage({ javascript }, async (page) => {
      await page.goto('/faq');
      const toutes = await compte(page);
      assert.ok(toutes >= 40, `${toutes} questions`);
      await chercher(page, 'editeur');
      await page.waitForURL(/mots=editeur/);
      const sansAccent = await compte(page);
      await chercher(page, 'Éditeurs');
      await page.waitForURL(/mots=%C3%89diteurs/);
      assert.equal(await compte(page), sansAccent);
      assert.ok(sansAccent > 0 && sansAccent < toutes);
      await chercher(page, 'xyzzyplugh');
      await page.getByText('Rien ne répond à tous ces critères').waitFor();
    });
  });
}

test('les facettes se combinent et restreignent', async () => {
  await espace.avecPage({}, async (page) => {
    await page.goto('/faq');
    const toutes = await compte(page);
    await axe(page, 'faq');
    await garder(page, 'docs/guides/images/faq.png');
    await page.goto('/faq?theme=test-intrusion');
    const theme = await compte(page);
    await page.goto('/faq?theme=test-intrusion&theme=certificats');
    const deux = await compte(page);
    await page.goto('/faq?theme=test-intrusion&dispositif=RIS');
    const croisees = await compte(page);
    assert.ok(theme < toutes && deux > theme && croisees <= theme, `${toutes} ${theme} ${deux} ${croisees}`);
    await axe(page, 'faq-facettes');
  });
});

test('dix par page, puis la suite', async () => {
  await espace.avecPage({}, async (page) => {
    await page.goto('/faq');
    const premieres = await page.locator('.question summary').allTextContents();
    assert.equal(premieres.length, 10);
    await page.getByRole('link', { name: /Suivante/ }).click();
    await page.waitForURL(/page=/);
    const suivantes = await page.locator('.question summary').allTextContents();
    assert.equal(suivantes.length, 10);
    assert.ok(!suivantes.some((question) => premieres.includes(question)));
  });
});

test('une personne vote une fois et peut changer d’avis', async () => {
  await espace.avecPage({}, async (page) => {
    await espace.seConnecter(page, 'claire.martin');
    await page.goto('/faq/101');
    await axe(page, 'faq-question');
    await page.getByRole('button', { name: /oui/i }).click();
    const apres = await page.locator('main').textContent();
    assert.match(apres, /1/);
    await page.getByRole('button', { name: /non/i }).click();
    await axe(page, 'faq-question-votee');
  });
  await espace.avecPage({ largeur: 360, sombre: true }, async (page) => {
    await page.goto('/faq/101');
    await axe(page, 'faq-question-360-sombre');
  });
});

test('une question inconnue est une page introuvable', async () => {
  await espace.avecPage({}, async (page) => {
    const reponse = await page.goto('/faq/999999');
    assert.equal(reponse.status(), 404);
    await axe(page, 'introuvable');
  });
});
