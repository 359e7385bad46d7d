// The FAQ: somebody finds an answer with and without scripts, says whether it helped, and the agency rewrites it.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { axe, demarrer, garder } from '../harnais.mjs';

const espace = await demarrer();
after(() => espace.arreter());

const compte = async (page) => Number.parseInt(await page.locator('h2.compte').textContent(), 10);

test('chercher, filtrer et lire sans script', async () => {
  await espace.avecPage({ javascript: false }, async (page) => {
    await page.goto('/');
    await page.getByLabel(/Une question avant/).fill('habilitations');
    await page.getByRole('button', { name: 'Chercher' }).click();
    assert.equal(new URL(page.url()).pathname, '/faq');
    const trouvees = await compte(page);
    assert.ok(trouvees > 10);
    assert.equal(await page.locator('#mots').inputValue(), 'habilitations');

    await page.getByRole('link', { name: 'Suivante' }).click();
    assert.equal(await compte(page), trouvees);
    assert.equal(new URL(page.url()).searchParams.get('mots'), 'habilitations');

    await page.getByLabel(/Autorisation et habilitation/).check();
    await page.getByRole('button', { name: 'Appliquer les filtres' }).click();
    const filtrees = await compte(page);
    assert.ok(filtrees > 0 && filtrees < trouvees);
    assert.equal(new URL(page.url()).searchParams.get('mots'), 'habilitations');
    await page.getByRole('link', { name: /Retirer le critère Autorisation/ }).click();
    assert.equal(await compte(page), trouvees);

    const question = page.locator('details.question').first();
    await question.locator('summary').click();
    await question.getByRole('link', { name: /Ouvrir la page/ }).click();
    assert.match(new URL(page.url()).pathname, /^\/faq\/\d+$/);
  });
});

test('les filtres s’appliquent d’eux-mêmes avec les scripts', async () => {
  await espace.avecPage({}, async (page) => {
    await page.goto('/faq');
    const toutes = await compte(page);
    await axe(page, 'faq');
    await garder(page, 'docs/guides/images/faq.png');
    await page.getByLabel(/Test d’intrusion/).check();
    await page.waitForURL(/theme=test-intrusion/);
    await page.locator('.facettes a').first().waitFor();
    assert.ok(await compte(page) < toutes);
    await page.goto('/faq?mots=zygomatique');
    await page.getByText('Rien ne répond à tous ces critères').waitFor();
    await axe(page, 'faq-vide');
  });
  for (const [nom, reglages] of [['etroite', { largeur: 360 }], ['sombre', { sombre: true }]]) {
    await espace.avecPage(reglages, async (page) => {
      await page.goto('/faq?mots=preuve&theme=preuves');
      await page.locator('details.question summary').first().click();
      await axe(page, `faq-${nom}`);
      await page.goto('/mentions');
      await axe(page, `mentions-${nom}`);
    });
  }
});

test('donner son avis après s’être connecté, revenir, en changer', async () => {
  await espace.avecPage({}, async (page) => {
    await page.goto('/faq/112');
    await axe(page, 'faq-question');
    await page.getByRole('link', { name: /Connectez-vous pour donner votre avis/ }).click();
    await page.locator('button[name="personne"][value="verif.durand"]').click();
    await page.waitForURL(`${espace.guichet}/faq/112`);
    await page.getByRole('button', { name: 'Oui', exact: true }).click();
    await page.getByText('1 personne a répondu « Oui », 0 « Non ».').waitFor();
    await page.getByRole('button', { name: 'Non', exact: true }).click();
    await page.getByText('Vous avez répondu « Non »').waitFor();
    await axe(page, 'faq-question-votee');
  });
});

test('l’agence réécrit une réponse ; deux à la fois ne s’effacent pas', async () => {
  await espace.avecPage({}, async (page) => {
    await espace.seConnecter(page, 'admin.chevalier');
    await page.goto('/agence/faq');
    await axe(page, 'faq-gerer');
    await page.goto('/agence/faq/112');
    await axe(page, 'faq-rediger');

    const autre = await page.context().newPage();
    await autre.goto('/agence/faq/112');
    await autre.getByLabel('Réponse', { exact: true }).fill('Le numéro, dit par **l’autre**.');
    await autre.getByRole('button', { name: 'Enregistrer', exact: true }).click();
    await autre.getByText('La question est enregistrée.').waitFor();
    await autre.close();

    await page.getByLabel('Réponse', { exact: true }).fill('Le numéro, dit par moi.');
    await page.getByRole('button', { name: 'Aperçu sans enregistrer' }).click();
    await page.locator('.prose', { hasText: 'dit par moi' }).waitFor();
    await page.getByRole('button', { name: 'Enregistrer', exact: true }).click();
    await page.getByText(/entre-temps/).waitFor();
    await page.getByText('dit par **l’autre**').first().waitFor();
    assert.equal(await page.getByLabel('Réponse', { exact: true }).inputValue(), 'Le numéro, dit par moi.');
    await axe(page, 'faq-conflit');
    await page.getByRole('button', { name: 'Enregistrer', exact: true }).click();
    await page.getByText('La question est enregistrée.').waitFor();
    await page.goto('/faq/112');
    await page.getByText('dit par moi').waitFor();

    await page.goto('/agence/faq/nouvelle');
    await page.getByLabel('Question *').fill('Une question de plus ?');
    await page.getByRole('radio', { name: /Publiée/ }).check();
    await page.getByRole('button', { name: 'Enregistrer', exact: true }).click();
    await page.getByRole('link', { name: 'Une question publiée a une réponse.' }).waitFor();
    await page.getByLabel('Réponse', { exact: true }).fill('Oui.');
    await page.getByRole('button', { name: 'Enregistrer', exact: true }).click();
    await page.getByText('La question est enregistrée.').waitFor();
    await page.getByRole('link', { name: 'Voir la page publique' }).click();
    await page.getByRole('heading', { name: 'Une question de plus ?' }).waitFor();
  });
});
