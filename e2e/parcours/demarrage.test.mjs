// `edc up` answers, says where, and its home page is one that everybody can read.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, test } from 'node:test';

import { axe, demarrer } from '../harnais.mjs';

const espace = await demarrer();
after(() => espace.arreter());

test('edc.json dit où sont les services et qui peut entrer', () => {
  const { pret, version, ca, guichet, isc, personnes } = espace.infos;
  assert.equal(pret, true);
  assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.ok(existsSync(ca));
  assert.match(guichet.url, /^https:\/\/localhost:\d+$/);
  assert.match(isc.issuer, /^https:\/\/localhost:\d+\/realms\/industriels$/);
  assert.ok(personnes.length >= 12);
  for (const { login, role, structure } of personnes) assert.ok(login && role && structure);
});

test('l’accueil répond, en français, sans défaut d’accessibilité', async () => {
  for (const reglages of [{}, { largeur: 360 }, { sombre: true }]) {
    await espace.avecPage(reglages, async (page) => {
      const reponse = await page.goto('/');
      assert.equal(reponse.status(), 200);
      assert.equal(await page.locator('html').getAttribute('lang'), 'fr');
      await axe(page, `accueil-${reglages.largeur ?? 1280}${reglages.sombre ? '-sombre' : ''}`);
    });
  }
});

test('l’accueil se lit sans script', async () => {
  await espace.avecPage({ javascript: false }, async (page) => {
    await page.goto('/');
    assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
  });
});
