// The OpenAPI document that the proxy serves, held against the proxy by Schemathesis: what it allows is taken, what it
// forbids is refused, and each answer has a status, a type, headers and a shape that it announces.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { demarrer, porteur } from '../harnais.mjs';

const espace = await demarrer();
after(() => espace.arreter());

const { ca, clients, proxy } = espace.infos;
const reglages = fileURLToPath(new URL('../temoins/schemathesis.toml', import.meta.url));

/** Opens a session for an identity that approves by itself. */
async function session() {
  const reponse = await porteur(ca)(`${proxy.url}/connect`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      nationalId: 'ANS20260101090001', bindingMessage: '42', clientId: clients[0].client_id, channel: 'MOBILE',
    }),
  });
  assert.equal(reponse.status, 200);
  return (await reponse.json()).proxy_session_id;
}

/** Plays the document; `mots` are more arguments. Rejects with what Schemathesis found. */
async function jouer(cookie, ...mots) {
  const commande = ['--config-file', reglages, 'run', `${proxy.url}/openapi.json`, '--tls-verify', ca, '--no-color'];
  if (cookie !== undefined) commande.push('-H', `Cookie: proxy_session_id=${cookie}`);
  try {
    const { stdout } = await promisify(execFile)('schemathesis', [...commande, ...mots], { cwd: espace.dossier });
    return Number(/(\d+) generated/.exec(stdout)?.[1]);
  } catch (erreur) {
    throw new Error(erreur.stdout || erreur.message);
  }
}

test('sans session, le proxy fait ce que dit son document', async () => {
  assert.ok(await jouer() > 300);
});

test('avec une session, jusqu’à son départ, le proxy fait ce que dit son document', async () => {
  const cookie = await session();
  assert.ok(await jouer(cookie, '--exclude-operation-id', 'disconnect') > 300);
  await jouer(cookie, '--include-operation-id', 'disconnect');
});
