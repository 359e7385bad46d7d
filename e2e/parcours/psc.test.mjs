// Pro Santé Connect simulated, seen by programs and a browser that are not ours: openid-client and Authlib, unmodified, and
// chromium on the pages of the sandbox.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import * as oidc from 'openid-client';

import { axe, demarrer, porteur } from '../harnais.mjs';

const espace = await demarrer();
after(() => espace.arreter());

const { psc, ecps, bas_admin: admin, clients, ca } = espace.infos;
const [lps] = clients;
const MEDECIN = '899700000011';
const AUTOMATE = 'ANS20260101090001';
const bas = new URL(ecps.url).origin;

const mtls = porteur(ca, { cert: readFileSync(lps.certificat), key: readFileSync(lps.cle) });
const nu = porteur(ca);

/** Calls the API of administration. */
async function administrer(methode, chemin, corps) {
  const reponse = await nu(`${admin.url}${chemin}`, {
    method: methode,
    headers: { authorization: `Bearer ${admin.jeton}`, 'content-type': 'application/json' },
    body: corps === undefined ? undefined : JSON.stringify(corps),
  });
  assert.ok(reponse.ok, `${methode} ${chemin} : ${reponse.status}`);
  const texte = await reponse.text();
  return texte === '' ? undefined : JSON.parse(texte);
}

const decouvrir = (adresse) =>
  oidc.discovery(new URL(adresse), lps.client_id, { use_mtls_endpoint_aliases: true }, oidc.TlsClientAuth(), {
    [oidc.customFetch]: mtls,
    execute: [oidc.enableNonRepudiationChecks],
  });

const demandeCiba = {
  scope: 'openid scope_all', acr_values: 'eidas1', login_hint: MEDECIN, binding_message: '42', channel: 'MOBILE',
};

test('openid-client découvre aux deux adresses', async () => {
  for (const adresse of [psc.issuer, psc.decouverte, psc.decouverte_standard]) {
    const config = await decouvrir(adresse);
    assert.equal(config.serverMetadata().issuer, psc.issuer);
  }
  const portail = new URL((await decouvrir(psc.issuer)).serverMetadata().authorization_endpoint);
  assert.notEqual(portail.hostname, new URL(psc.issuer).hostname);
});

test('openid-client obtient des jetons par CIBA, avec mTLS, quand la personne approuve sur son e-CPS', async () => {
  await administrer('PUT', '/reglages', { durees: { intervalle: 1 } });
  const config = await decouvrir(psc.decouverte);
  const accuse = await oidc.initiateBackchannelAuthentication(config, demandeCiba);
  assert.equal(accuse.interval, 1);
  const jetons = oidc.pollBackchannelAuthenticationGrant(config, accuse);

  await espace.avecPage({ javascript: true }, async (page) => {
    await page.goto(ecps.url);
    await axe(page, 'ecps-liste');
    await page.getByRole('link', { name: /Camille GÉNÉRALISTE/ }).click();
    await page.getByRole('heading', { name: lps.nom }).waitFor();
    assert.match(await page.locator('form', { hasText: lps.nom }).innerText(), /42/);
    await axe(page, 'ecps-demande');
    await page.getByLabel('Code de l’e-CPS').fill('9999');
    await page.getByRole('button', { name: 'Approuver' }).click();
    await page.getByText('Code incorrect. Il reste 2 essais.').waitFor();
    await axe(page, 'ecps-code-faux');
    await page.getByLabel('Code de l’e-CPS').fill('1234');
    await page.getByRole('button', { name: 'Approuver' }).click();
    await page.getByText('Aucune demande').waitFor();
  });

  const recus = await jetons;
  assert.equal(recus.expires_in, 120);
  assert.equal(recus.claims().SubjectNameID, MEDECIN);
  const profil = await oidc.fetchUserInfo(config, recus.access_token, recus.claims().sub);
  assert.equal(profil.SubjectRefPro.exercices[0].codeProfession, '10');
  assert.equal((await oidc.tokenIntrospection(config, recus.access_token)).active, true);
  const neufs = await oidc.refreshTokenGrant(config, recus.refresh_token);
  await oidc.tokenRevocation(config, neufs.access_token);
  assert.equal((await oidc.tokenIntrospection(config, neufs.access_token)).active, false);
  const fin = oidc.buildEndSessionUrl(config, { id_token_hint: neufs.id_token });
  assert.equal((await nu(fin)).status, 200);
  await assert.rejects(oidc.refreshTokenGrant(config, neufs.refresh_token), { error: 'invalid_grant' });
});

test('openid-client apprend un refus, et reconnaît un jeton mal signé', async () => {
  const config = await decouvrir(psc.decouverte);
  const refusee = await oidc.initiateBackchannelAuthentication(config, { ...demandeCiba, login_hint: 'ANS20260101090002' });
  await assert.rejects(oidc.pollBackchannelAuthenticationGrant(config, refusee), { error: 'access_denied' });
  await administrer('PUT', '/scenarios', [{ nom: 'id-signature-alteree', client: lps.client_id, fois: 1 }]);
  const trompee = await oidc.initiateBackchannelAuthentication(config, { ...demandeCiba, login_hint: AUTOMATE });
  await assert.rejects(oidc.pollBackchannelAuthenticationGrant(config, trompee));
  const bonne = await oidc.initiateBackchannelAuthentication(config, { ...demandeCiba, login_hint: AUTOMATE });
  assert.equal((await oidc.pollBackchannelAuthenticationGrant(config, bonne)).claims().SubjectNameID, AUTOMATE);
});

for (const javascript of [true, false]) {
  test(`openid-client mène le flux « code » avec la carte, ${javascript ? 'avec' : 'sans'} script`, async () => {
    const config = await decouvrir(psc.issuer);
    const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
    const [expectedState, expectedNonce] = [oidc.randomState(), oidc.randomNonce()];
    const adresse = oidc.buildAuthorizationUrl(config, {
      redirect_uri: lps.redirections[0],
      scope: 'openid scope_all',
      acr_values: 'eidas1',
      code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
      nonce: expectedNonce,
    });
    const retour = await espace.avecPage({ javascript }, async (page) => {
      // Whether somebody listens at the service's address or not, where the browser is sent to is enough.
      const parti = page.waitForRequest((demande) => demande.url().startsWith(lps.redirections[0]), { timeout: 90_000 });
      await page.goto(adresse.href);
      assert.equal(new URL(page.url()).hostname, 'wallet.localhost');
      if (javascript) await axe(page, 'psc-connexion');
      await page.getByLabel('Identifiant national').fill('500000009900015/CPAT00001');
      await page.getByLabel('Carte CPS').check();
      await page.getByRole('button', { name: 'Continuer' }).click();
      await page.getByRole('heading', { name: 'En attente de votre accord' }).waitFor();
      if (javascript) await axe(page, 'psc-attente');
      const [carte] = await Promise.all([
        page.context().waitForEvent('page'),
        page.getByRole('link', { name: /Ouvrir CPS-Gestion simulée/ }).click(),
      ]);
      await carte.getByLabel('Code porteur de la carte').fill('1234');
      await carte.getByRole('button', { name: 'Approuver' }).click();
      await carte.getByText('Aucune demande').waitFor();
      if (!javascript) await page.getByRole('link', { name: /J’ai répondu/ }).click({ noWaitAfter: true }).catch(() => {});
      return new URL((await parti).url());
    });
    assert.equal(retour.searchParams.get('iss'), psc.issuer);
    const jetons = await oidc.authorizationCodeGrant(config, retour, {
      pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true,
    });
    assert.equal(jetons.claims().authMode, 'CARD');
    assert.equal(jetons.claims().SubjectNameID, '500000009900015/CPAT00001');
  });
}

test('Authlib mène le flux « code » avec un secret', async () => {
  const cas = {
    ca, decouverte: psc.decouverte, client_id: 'communaute', secret: '9b1c7c1e-5a0b-4a57-8a53-3f1f1f0d2c11', national_id: MEDECIN,
    redirect_uri: 'https://communaute.example/retour',
  };
  await administrer('POST', '/clients', {
    client_id: cas.client_id, secret: cas.secret, redirect_uris: [cas.redirect_uri],
  });
  const script = fileURLToPath(new URL('../temoins/authlib_code.py', import.meta.url));
  const { stdout } = await promisify(execFile)('python3', [script, JSON.stringify(cas)]);
  assert.deepEqual(JSON.parse(stdout), {
    national_id: MEDECIN, expires_in: 120, actif: true, apres_revocation: { active: false },
  });
});

test('une identité se crée, se corrige, s’exporte et se supprime sur les pages', async () => {
  await espace.avecPage({}, async (page) => {
    await page.goto(`${bas}/identites`);
    await axe(page, 'identites');
    await page.getByRole('link', { name: 'Nouvelle identité' }).click();
    await axe(page, 'identite-nouvelle');
    await page.getByLabel('Identifiant national').fill('899700009999');
    await page.getByLabel('Prénom').fill('Zoé');
    await page.getByLabel('Nom', { exact: false }).and(page.locator('[name=nom]')).fill('NOUVELLE');
    await page.getByLabel('Fiche complète').fill('{ pas du JSON');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByText('La fiche n’est pas un objet JSON utilisable').first().waitFor();
    assert.equal(await page.getByLabel('Prénom').inputValue(), 'Zoé', 'rien de saisi n’est perdu');
    await axe(page, 'identite-refusee');
    await page.getByLabel('Fiche complète').fill('{"SubjectRole": ["60^1.2.250.1.213.1.1.5.5"]}');
    await page.getByLabel('Réponse aux demandes').selectOption('approuver');
    await page.getByRole('button', { name: 'Enregistrer' }).click();
    await page.getByRole('link', { name: 'Zoé NOUVELLE' }).waitFor();
  });
  const config = await decouvrir(psc.issuer);
  const accuse = await oidc.initiateBackchannelAuthentication(config, { ...demandeCiba, login_hint: '899700009999' });
  await oidc.pollBackchannelAuthenticationGrant(config, accuse);
  const { stdout } = await espace.edc('bas', 'exporter', '--data', espace.dossier);
  const fichier = join(espace.dossier, 'identites.json');
  writeFileSync(fichier, stdout);
  await espace.avecPage({ javascript: false }, async (page) => {
    await page.goto(`${bas}/identites`);
    await page.getByRole('link', { name: 'Zoé NOUVELLE' }).click();
    await page.getByRole('button', { name: 'Supprimer cette identité' }).click();
    assert.equal(await page.getByRole('link', { name: 'Zoé NOUVELLE' }).count(), 0);
    await page.getByRole('link', { name: 'Importer' }).click();
    await page.getByLabel('Liste d’identités').fill(stdout);
    await page.getByRole('button', { name: 'Importer' }).click();
    await page.getByRole('link', { name: 'Zoé NOUVELLE' }).waitFor();
  });
  assert.match((await espace.edc('bas', 'importer', fichier, '--data', espace.dossier)).stdout, /^17 identités/);
});

test('edc bas liste, approuve et refuse', async () => {
  const commande = (...mots) => espace.edc('bas', ...mots, '--data', espace.dossier);
  const config = await decouvrir(psc.issuer);
  assert.equal((await commande('en-attente')).stdout, 'Aucune demande n’attend.\n');
  for (const [acte, erreur] of [['approuver', null], ['refuser', 'access_denied']]) {
    const accuse = await oidc.initiateBackchannelAuthentication(config, demandeCiba);
    assert.match((await commande('en-attente')).stdout, new RegExp(`${MEDECIN} {2}MOBILE {2}${lps.nom} {2}42\\n$`));
    await commande(acte, '--identite', MEDECIN);
    const jetons = oidc.pollBackchannelAuthenticationGrant(config, accuse);
    if (erreur) await assert.rejects(jetons, { error: erreur });
    else assert.equal((await jetons).claims().SubjectNameID, MEDECIN);
  }
  await assert.rejects(commande('approuver'), { code: 1 });
  assert.match((await commande('scenarios', 'http-503', '--client', lps.client_id, '--fois', '1')).stdout, /actif/);
  await assert.rejects(oidc.fetchUserInfo(config, 'x', 'y'));
  assert.match((await commande('scenarios', '--catalogue')).stdout, /^id-iss-faux/m);
});
