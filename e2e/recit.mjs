// A story in suites: each journey goes on from where the one before left the trust space, so that what several of them
// need is done once. The rule: the rest of a story whose thread is broken says nothing.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';

import { demarrer, resultats } from './harnais.mjs';

/** Where a candidature stands: the address of its page and its numbers, filled in as the story goes. */
class Dossier {
  /** Path of the candidature. */
  candidature = '';
  nru = '';
  /** Number of its habilitation. */
  numero = '';
  /** File of its habilitation, once downloaded. */
  pdf = '';
  /** File of its autorisation d’accès (éditeur). */
  autorisation = '';
  /** Path of the session of the collège that decided. */
  session = '';

  chapitre(code) { return `${this.candidature}/chapitres/${code}`; }
  instruction(code) { return `${this.candidature}/instruction/chapitres/${code}`; }
}

/**
 * Starts a trust space, with clamd when `EDC_TEST_CLAMD` names its socket, and plays the journeys in their order, each
 * as a suite of its name.
 *
 * @param {Record<string, (recit: object) => void>} parcours
 */
export async function raconter(parcours) {
  const clamd = process.env.EDC_TEST_CLAMD;
  const espace = await demarrer(clamd ? ['--clamd', clamd] : []);
  after(() => espace.arreter());
  const depot = join(espace.dossier, 'a-deposer');
  mkdirSync(depot);

  let rompu = false;
  const episode = (titre, acte) => test(titre, async (t) => {
    if (rompu) return t.skip('un épisode précédent a échoué');
    rompu = true;
    await acte(t);
    rompu = false;
  });
  const comme = (login, acte, reglages = {}) => espace.avecPage(reglages, async (page) => {
    await espace.seConnecter(page, login);
    return acte(page);
  });
  const recit = {
    espace, depot, episode, comme,
    /** Whether files are scanned. */
    antivirus: Boolean(clamd),
    editeur: new Dossier(),
    operateur: new Dossier(),
    /** Downloads what a link leads to, and gives the path of the file; a copy stays to be looked at. */
    async telecharger(page, lien) {
      const [fichier] = await Promise.all([page.waitForEvent('download'), lien.click()]);
      const chemin = join(depot, fichier.suggestedFilename());
      await fichier.saveAs(chemin);
      mkdirSync(resultats, { recursive: true });
      copyFileSync(chemin, join(resultats, fichier.suggestedFilename()));
      return chemin;
    },
    /** Makes every sign-in `minutes` older in the base of the guichet: time goes by without anybody waiting. */
    vieillirConnexions(minutes) {
      execFileSync('python3', ['-c', `
import sqlite3, sys
base = sqlite3.connect(sys.argv[1], timeout=30)
with base: base.execute('UPDATE session_web SET authentifie_le = authentifie_le - ?', (int(sys.argv[2]) * 60_000_000,))
`, join(espace.dossier, 'guichet.db'), String(minutes)], { stdio: 'pipe' });
    },
  };
  for (const [nom, jouer] of Object.entries(parcours)) suite(nom, () => jouer(recit));
}
