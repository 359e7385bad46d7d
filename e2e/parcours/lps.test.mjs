// A professional in front of a browser LPS: through the proxy to Pro Santé Connect, back with a session, two API called, the
// traces read, gone. Nothing of it needs a script, which is why the second visit does without.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { axe, demarrer, REGARDS } from '../harnais.mjs';

const espace = await demarrer();
after(() => espace.arreter());

const { lps, proxy } = espace.infos;
const data = ['--data', espace.dossier];

test('edc demo --navigateur : se connecter, appeler, lire les traces, partir', async () => {
  const logiciel = await espace.lancer('Ctrl-C pour arrêter', 'demo', '--navigateur', ...data);
  for (const dit of [lps.url, 'Camille GÉNÉRALISTE', espace.infos.ca, 'wallet.localhost']) {
    assert.ok(logiciel.texte.includes(dit), `${dit}\n${logiciel.texte}`);
  }
  const pris = espace.edc('demo', '--navigateur', ...data);
  await assert.rejects(pris, (erreur) => erreur.code === 1 && /déjà pris/.test(erreur.stderr));

  for (const javascript of [true, false]) {
    await espace.avecPage({ javascript }, async (page) => {
      const voir = (nom) => (javascript ? axe(page, nom, REGARDS) : undefined);
      await page.goto(lps.url);
      await voir('lps-accueil');
      await page.getByRole('link', { name: 'Se connecter avec Pro Santé Connect' }).click();
      assert.equal(new URL(page.url()).hostname, 'wallet.localhost');
      await page.getByRole('button', { name: /Camille GÉNÉRALISTE/ }).click();
      await page.getByRole('heading', { name: 'Camille GÉNÉRALISTE' }).waitFor();
      assert.equal(page.url(), `${lps.url}/`, 'rien de la session dans l’adresse');
      await voir('lps-connecte');

      await page.getByRole('button', { name: 'Rechercher' }).click();
      await page.getByText('Identité trouvée.').waitFor();
      assert.equal(await page.getByText('ESSAI-LUNE', { exact: true }).count(), 1);
      await voir('lps-identite');
      await page.reload();
      await page.getByLabel('Lieu de naissance').fill('693');
      await page.getByRole('button', { name: 'Rechercher' }).click();
      await page.getByText('Un code INSEE de cinq caractères est attendu.').first().waitFor();
      assert.equal(await page.getByLabel('Lieu de naissance').inputValue(), '693', 'rien de saisi n’est perdu');
      await voir('lps-recherche-refusee');
      await page.getByRole('button', { name: 'Voir les patients fictifs' }).click();
      await page.getByRole('cell', { name: 'ESSAI-SOLEIL' }).waitFor();
      await voir('lps-patients');
      await page.getByRole('button', { name: 'Faire signer' }).click();
      const reponse = page.getByRole('region', { name: 'Dernière réponse' });
      await reponse.getByText('signature', { exact: true }).waitFor();
      await voir('lps-signature');

      const traces = page.getByRole('table', { name: 'Traces de la session' });
      const types = await traces.getByText(/^(CONNECT_SUCCESS|SEND)$/).allInnerTexts();
      assert.deepEqual(types, ['CONNECT_SUCCESS', 'SEND', 'SEND', 'SEND', 'SEND']);
      assert.match(await traces.innerText(), /POST insi/);

      await page.getByRole('button', { name: 'Se déconnecter' }).click();
      await page.getByText('Vous êtes déconnecté').waitFor();
      await voir('lps-parti');
      assert.deepEqual((await page.context().cookies(proxy.url)).filter(({ name }) => /proxy|lps/.test(name)), []);
    });
  }

  // A session that ends elsewhere is said, and the way back is a connection.
  await espace.avecPage({}, async (page) => {
    await page.goto(lps.url);
    await page.getByRole('link', { name: 'Se connecter avec Pro Santé Connect' }).click();
    await page.getByRole('button', { name: /Camille GÉNÉRALISTE/ }).click();
    await page.getByRole('heading', { name: 'Camille GÉNÉRALISTE' }).waitFor();
    const [{ name, value }] = (await page.context().cookies(proxy.url)).filter(({ name: nom }) => nom === 'proxy_session_id');
    const fin = await page.request.delete(`${proxy.url}/disconnect`, { headers: { cookie: `${name}=${value}` } });
    assert.equal(fin.status(), 200);
    await page.getByRole('button', { name: 'Faire signer' }).click();
    await page.getByText('Votre session a pris fin au proxy').waitFor();
    await page.goto(`${lps.url}/retour`);
    await page.getByText('n’a donné aucune session à ce navigateur').waitFor();
    await axe(page, 'lps-refus');
  });
  assert.equal(await logiciel.arreter(), 0);
});
