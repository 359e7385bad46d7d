// What every journey stands on: a fresh `edc up`, Debian's Chromium, axe, and a sign-in.
// The rule: a journey waits for something a person could see, never for a time.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, watch } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import axeCore from 'axe-core';
import { chromium } from 'playwright-core';

const racine = fileURLToPath(new URL('..', import.meta.url));
export const resultats = join(racine, 'e2e/resultats');
const binaire = process.env.EDC_BIN ?? join(racine, 'target/debug/edc');

/** How long `edc up` may take to be ready, or to stop, in milliseconds. */
const DELAI = 60_000;
/** How many consecutive ports `edc up` may take from its base. */
const PORTS = 16;

const options = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--lang=fr-FR',
];
/** Date fields and file buttons speak the language of the browser, whatever that of the page: French, as for our readers. */
const langue = { ...process.env, LANGUAGE: 'fr' };

/**
 * Starts a fresh trust space, and a browser for it.
 *
 * `edc up` writes `edc.json` in its data folder once it answers:
 * `{ "pret": true, "guichet": { "url": "https://…" }, "isc": { "issuer": "https://…" }, "personnes": [{ "login": "…" }] }`.
 *
 * @param {string[]} [arguments_] more arguments for `edc up`
 */
export async function demarrer(arguments_ = []) {
  const dossier = await mkdtemp(join(tmpdir(), 'edc-e2e-'));
  const processus = spawn(
    binaire,
    ['up', '--data', dossier, '--port-base', String(await portsLibres()), ...arguments_],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let sortie = '';
  for (const flux of [processus.stdout, processus.stderr]) {
    flux.setEncoding('utf8').on('data', (texte) => { sortie += texte; });
  }
  const fin = new Promise((resolve) => {
    processus.once('error', resolve);
    processus.once('exit', (code, signal) => resolve(new Error(`edc up a fini (${code ?? signal})`)));
  });

  // A journey cut short leaves no server behind.
  const tuer = () => processus.kill('SIGKILL');
  process.once('exit', tuer);

  const eteindre = async () => {
    process.off('exit', tuer);
    processus.kill('SIGTERM');
    const force = setTimeout(tuer, DELAI);
    await fin;
    clearTimeout(force);
  };
  const arreterEdc = async () => {
    await eteindre();
    await rm(dossier, { recursive: true, force: true });
  };

  let infos;
  let navigateur;
  try {
    infos = await pret(join(dossier, 'edc.json'), fin);
    navigateur = await chromium.launch({ executablePath: '/usr/bin/chromium', args: options, env: langue });
  } catch (erreur) {
    await arreterEdc();
    throw new Error(`${erreur.message}\n${sortie}`);
  }
  return new Espace(infos, dossier, navigateur, { eteindre, arreterEdc }, () => sortie);
}

/** A running trust space and its browser. */
export class Espace {
  #navigateur;
  #fins;
  #sortie;

  constructor(infos, dossier, navigateur, fins, sortie) {
    /** What `edc.json` says. */
    this.infos = infos;
    /** The data folder of `edc up`. */
    this.dossier = dossier;
    this.#navigateur = navigateur;
    this.#fins = fins;
    this.#sortie = sortie;
  }

  /** Address of the guichet, without a slash at the end. */
  get guichet() { return this.infos.guichet.url; }

  /** Everything that `edc up` has printed. */
  get sortie() { return this.#sortie(); }

  /**
   * Runs `acte` in a browser of its own (cookies, storage), which is closed afterwards. A failure leaves
   * `e2e/resultats/echec-….png`; a script error or a breach of the content security policy is a failure.
   *
   * @param {{ javascript?: boolean, largeur?: number, hauteur?: number, sombre?: boolean }} reglages
   * @param {(page: import('playwright-core').Page) => Promise<T>} acte
   * @returns {Promise<T>}
   * @template T
   */
  async avecPage({ javascript = true, largeur = 1280, hauteur = 900, sombre = false }, acte) {
    const contexte = await this.#navigateur.newContext({
      acceptDownloads: true,
      baseURL: this.guichet,
      colorScheme: sombre ? 'dark' : 'light',
      ignoreHTTPSErrors: true, // the authority of `edc up` is born with it
      javaScriptEnabled: javascript,
      locale: 'fr-FR',
      reducedMotion: 'reduce',
      timezoneId: 'Europe/Paris',
      viewport: { width: largeur, height: hauteur },
    });
    contexte.setDefaultTimeout(20_000);
    const page = await contexte.newPage();
    const fautes = [];
    page.on('dialog', (dialogue) => {
      // « Leave the page? » asked of somebody who has saved, or left by a button of the page, is a fault of ours.
      if (dialogue.type() === 'beforeunload') fautes.push(`avertissement de départ sur ${page.url()}`);
      dialogue.accept().catch(() => {});
    });
    page.on('pageerror', (erreur) => fautes.push(String(erreur)));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) fautes.push(message.text());
    });
    try {
      const valeur = await acte(page);
      assert.deepEqual(fautes, [], 'fautes relevées par le navigateur');
      return valeur;
    } catch (erreur) {
      const nom = `echec-${page.url().replace(/^https?:\/\/[^/]+/, '').replace(/\W+/g, '-').slice(0, 60)}`;
      await photo(page, join(resultats, `${nom}.png`)).catch(() => {});
      erreur.message += `\n  page : ${page.url()}\n  image : e2e/resultats/${nom}.png`;
      throw erreur;
    } finally {
      await contexte.close();
    }
  }

  /** Signs a demonstration person in, from the guichet's home page through the iSC, and back; consents at the first access. */
  async seConnecter(page, login) {
    await page.goto(`${this.guichet}/connexion`);
    // The iSC remembers whoever has signed in from this browser.
    const personne = page.locator(`button[name="personne"][value="${login}"]`);
    if (await personne.isVisible()) await personne.click();
    await page.waitForURL((url) => url.origin === new URL(this.guichet).origin);
    if (new URL(page.url()).pathname === '/consentement') {
      await page.getByLabel(/J’accepte/).check();
      await page.getByRole('button', { name: 'Continuer' }).click();
    }
  }

  /** Runs another `edc` command; a status other than 0 rejects, with `code`, `stdout` and `stderr`. */
  edc(...commande) {
    return promisify(execFile)(binaire, commande, { encoding: 'utf8' });
  }

  /**
   * Starts another `edc` command that serves until it is stopped, and waits until it has printed `mot`.
   *
   * @returns {Promise<{ texte: string, arreter: () => Promise<number> }>} what it printed; `arreter` gives its status
   */
  async lancer(mot, ...commande) {
    const processus = spawn(binaire, commande, { stdio: ['ignore', 'pipe', 'pipe'] });
    const tuer = () => processus.kill('SIGKILL');
    process.once('exit', tuer);
    const fin = once(processus, 'exit');
    let texte = '';
    await new Promise((resolve, reject) => {
      for (const flux of [processus.stdout, processus.stderr]) {
        flux.setEncoding('utf8').on('data', (morceau) => {
          texte += morceau;
          if (texte.includes(mot)) resolve();
        });
      }
      fin.then(([code]) => reject(new Error(`edc ${commande.join(' ')} a fini (${code})\n${texte}`)));
    });
    const arreter = async () => {
      process.off('exit', tuer);
      processus.kill('SIGINT');
      return (await fin)[0];
    };
    return { texte, arreter };
  }

  /** Stops `edc up` and leaves its data folder, for commands that read it afterwards. */
  eteindre() { return this.#fins.eteindre(); }

  async arreter() {
    await this.#navigateur.close();
    await this.#fins.arreterEdc();
  }
}

/** How a page is looked at: its width, and the colours that the reader prefers. */
export const REGARDS = [
  { nom: '', largeur: 1280, couleurs: 'light' },
  { nom: '-sombre', largeur: 1280, couleurs: 'dark' },
  { nom: '-360', largeur: 360, couleurs: 'light' },
  { nom: '-360-sombre', largeur: 360, couleurs: 'dark' },
];
/** Enough for the states of a page that the journeys come through. */
const DEUX_REGARDS = [REGARDS[0], REGARDS[3]];

/**
 * Asserts that axe finds nothing to say about the page (which needs scripts) and that nothing makes it scroll sideways,
 * in each of `regards`, and leaves pictures of it.
 */
export async function axe(page, nom, regards = DEUX_REGARDS) {
  const fenetre = page.viewportSize();
  await page.evaluate(axeCore.source); // not a script element: the content security policy would refuse it
  for (const regard of regards) {
    await page.setViewportSize({ width: regard.largeur, height: fenetre.height });
    await page.emulateMedia({ colorScheme: regard.couleurs });
    if (DEUX_REGARDS.includes(regard)) await photo(page, join(resultats, `${nom}${regard.nom}.png`));
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice'],
      resultTypes: ['violations'],
    }));
    const textes = violations.map(({ id, help, nodes }) =>
      `${id} : ${help}\n${nodes.map((n) => `    ${n.target.join(' ')}  ${n.html.slice(0, 200)}`).join('\n')}`);
    const ou = `${nom}${regard.nom}`;
    assert.deepEqual(textes, [], `${ou} : ${violations.length} défaut(s) d’accessibilité\n${textes.join('\n')}`);
    const debord = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(debord <= 0, `${ou} déborde de ${debord} px`);
  }
  await page.setViewportSize(fenetre);
  await page.emulateMedia({ colorScheme: regards[0].couleurs });
}

/**
 * Keeps a picture for the guides, from the head of the page or from what `selecteur` finds. It is taken only under
 * `./test --guides`, since two runs never give the same bytes; otherwise it is enough that the guide has its picture.
 */
export async function garder(page, chemin, selecteur = 'body') {
  const image = join(racine, chemin);
  if (process.env.EDC_GUIDES === '1') {
    const fenetre = page.viewportSize();
    await page.setViewportSize({ width: 1120, height: 680 });
    await page.locator(selecteur).first().evaluate((e) => e.scrollIntoView());
    await photo(page, image, false);
    await page.setViewportSize(fenetre);
  }
  assert.ok(existsSync(image), `${chemin} manque : la faire avec ./test --guides`);
}

async function photo(page, chemin, entiere = true) {
  mkdirSync(dirname(chemin), { recursive: true });
  // In the picture of a whole page nothing sticks and nothing scrolls. (A style sheet would be refused by the policy.)
  const coller = (position, hauteur) => page.evaluate(([ou, max]) => {
    scrollTo(0, 0);
    for (const e of document.querySelectorAll('.barre-actions, .cote, thead th, .entete')) {
      e.style.position = ou;
      e.style.maxHeight = max;
    }
  }, [position, hauteur]);
  if (entiere) await coller('static', 'none');
  await page.screenshot({ path: chemin, fullPage: entiere, animations: 'disabled' });
  if (entiere) await coller('', '');
}

/** `fetch` with our authority and, when given, a client certificate: what openid-client asks its user to bring for mTLS. */
export const porteur = (ca, certificat = {}) => (url, options = {}) =>
  new Promise((resolve, reject) => {
    const corps = options.body === undefined || options.body === null ? undefined : String(options.body);
    const entetes = Object.fromEntries(new Headers(options.headers));
    if (corps !== undefined) entetes['content-length'] = Buffer.byteLength(corps);
    const requete = request(
      url,
      { method: options.method, headers: entetes, ca: readFileSync(ca), ...certificat },
      (reponse) => {
        const morceaux = [];
        reponse.on('data', (morceau) => morceaux.push(morceau));
        reponse.on('end', () => {
          const texte = [204, 304].includes(reponse.statusCode) ? null : Buffer.concat(morceaux);
          resolve(new Response(texte, { status: reponse.statusCode, headers: reponse.headers }));
        });
      },
    );
    requete.on('error', reject);
    requete.end(corps);
  });

/** Resolves with the content of `edc.json` when it says `"pret": true`. */
async function pret(chemin, fin) {
  const lire = () => {
    try {
      const infos = JSON.parse(readFileSync(chemin, 'utf8'));
      return infos.pret === true ? infos : undefined;
    } catch {
      return undefined; // not there yet, or half written: another event follows
    }
  };
  let delai;
  const veille = watch(dirname(chemin));
  try {
    return await new Promise((resolve, reject) => {
      const regarder = () => { const infos = lire(); if (infos) resolve(infos); };
      veille.on('change', regarder).on('error', reject);
      fin.then(reject);
      delai = setTimeout(() => reject(new Error(`edc up n’est pas prêt après ${DELAI / 1000} s`)), DELAI);
      regarder();
    });
  } finally {
    clearTimeout(delai);
    veille.close();
  }
}

/** A port from which `PORTS` in a row are free, below the range that the system gives to outgoing connections. */
async function portsLibres() {
  for (let essai = 0; essai < 50; essai += 1) {
    const base = 20_000 + Math.floor(Math.random() * (12_000 - PORTS));
    const libres = await Promise.all(Array.from({ length: PORTS }, (_, i) => libre(base + i)));
    if (libres.every(Boolean)) return base;
  }
  throw new Error('aucune suite de ports libres');
}

async function libre(port) {
  const serveur = createServer();
  try {
    serveur.listen(port, '127.0.0.1');
    await once(serveur, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    serveur.close();
  }
}
