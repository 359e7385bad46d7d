// What people do over and over: fill in fields, deposit a preuve, judge a chapter.
// The rule: each act ends on what the person sees when it has worked.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { pyhanko } from './fichiers.mjs';

/** Today in France, as a date field takes it; `jours` later or earlier. */
export function jour(jours = 0) {
  return new Date(Date.now() + jours * 86_400_000).toLocaleDateString('sv-SE', { timeZone: 'Europe/Paris' });
}

/** Fills in fields by their names: a text, a date, a choice; `true` ticks, `false` unticks; a list ticks several. */
export async function remplir(page, valeurs) {
  for (const [nom, valeur] of Object.entries(valeurs)) {
    const champs = page.locator(`[name="${nom}"]:not([type="hidden"])`);
    const genre = await champs.first().evaluate((e) => e.type ?? e.tagName);
    if (genre === 'radio' || genre === 'checkbox') {
      if (typeof valeur === 'boolean') await champs.setChecked(valeur);
      else for (const une of [valeur].flat()) await page.locator(`[name="${nom}"][value="${une}"]`).check();
    } else if (genre.startsWith('select')) {
      await champs.selectOption(valeur);
    } else {
      await champs.fill(valeur);
    }
  }
}

/** Chooses an answer drawn as a large label: the label is what is pressed. */
export async function choisir(reponse) {
  await reponse.page().locator(`label[for="${await reponse.getAttribute('id')}"]`).click();
  assert.ok(await reponse.isChecked());
}

/** The notice at the head of the page says `texte`. */
export async function avis(page, texte) {
  await page.getByRole('status').filter({ hasText: texte }).first().waitFor();
}

/** Every text refused at the head of a form, each leading to its field. */
export async function refus(page) {
  const resume = page.locator('#resume-erreurs');
  await resume.waitFor();
  const liens = resume.getByRole('link');
  for (const lien of await liens.all()) {
    const cible = await lien.getAttribute('href');
    assert.equal(await page.locator(`[id="${cible.slice(1)}"]`).count(), 1, `${cible} : le lien ne mène à rien`);
  }
  return (await resume.getByRole('listitem').allInnerTexts()).map((texte) => texte.replace(/[\u00a0\u202f]/g, ' '));
}

/**
 * Deposits a preuve from the page of its chapter, and comes back there.
 *
 * @param preuve `{ forme, fichier?, texte?, lien? }`; `forme` is the label of the tab
 */
export async function deposer(page, attendue, preuve, version) {
  const emplacement = page.locator(`[id="${attendue}"]`);
  await emplacement.getByRole('link', { name: /^(Déposer|Ajouter) une preuve/ }).click();
  const onglet = page.getByRole('navigation', { name: 'Forme de la preuve' }).getByRole('link', { name: preuve.forme, exact: true });
  if ((await onglet.getAttribute('aria-current')) === null) await onglet.click();
  // A file chosen before the scripts have run would go with the form, as it does without them.
  await page.waitForLoadState('load');
  if (preuve.fichier) await page.locator('input[name="fichier"]').setInputFiles(preuve.fichier);
  if (preuve.autres) await page.locator('input[name="autres"]').setInputFiles(preuve.autres);
  if (preuve.texte) await page.locator('textarea[name="texte"]').fill(preuve.texte);
  if (preuve.lien) await page.locator('input[name="lien"]').fill(preuve.lien);
  await remplir(page, { date_reelle: preuve.date ?? jour(-3), version });
  // With scripts the file leaves at once, and the button waits for it.
  await page.locator('form[data-televersement="1"]').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Déposer', exact: true }).click();
  await emplacement.locator('article').first().waitFor();
}

/** Judges every preuve of a chapter taken: « Conforme », except what `autrement` says by slot (`[verdict, motif]`, `null` if empty). */
export async function juger(page, autrement = {}) {
  for (const emplacement of await page.locator('article.emplacement').all()) {
    const attendue = (await emplacement.getAttribute('id')).slice('e-'.length);
    if (autrement[attendue] === null) {
      assert.equal(await emplacement.getByRole('radio').count(), 0, `${attendue} : rien n’y est à juger`);
      continue;
    }
    const [verdict, motif] = autrement[attendue] ?? ['Conforme', ''];
    const reponses = await emplacement.getByRole('radio', { name: verdict, exact: true }).all();
    assert.ok(reponses.length > 0, `${attendue} : aucune réponse « ${verdict} »`);
    for (const reponse of reponses) await choisir(reponse);
    if (motif) for (const zone of await emplacement.getByLabel('Motif', { exact: true }).all()) await zone.fill(motif);
  }
}

/** Submits a complete chapter. */
export async function soumettre(page, dossier, code) {
  await page.goto(dossier.chapitre(code));
  await page.getByRole('button', { name: 'Soumettre le chapitre' }).click();
  await avis(page, 'soumis');
}

/** The reviewer takes a submitted chapter. */
export async function prendre(page, dossier, code) {
  await page.goto(dossier.instruction(code));
  await page.getByRole('button', { name: 'Prendre' }).click();
  await page.getByRole('button', { name: 'Enregistrer les verdicts' }).waitFor();
}

/** The reviewer validates a chapter whose preuves are all judged « Conforme ». */
export async function valider(page) {
  await page.getByRole('button', { name: 'Valider le chapitre' }).click();
  await avis(page, 'validé');
}

/** The administrateur opens a session of the collège today and puts the dossier on its agenda. */
export async function inscrire(page, dossier) {
  await page.goto('/college');
  await remplir(page, { date: jour(), lieu: 'Visioconférence' });
  await page.getByRole('button', { name: 'Ouvrir la session' }).click();
  await page.waitForURL(/\/college\/[^/]+$/);
  dossier.session = new URL(page.url()).pathname;
  await page.getByLabel(new RegExp(dossier.nru)).check();
  await page.getByRole('button', { name: 'Inscrire à l’ordre du jour' }).click();
  await page.getByRole('link', { name: `Examiner ${dossier.nru}` }).waitFor();
}

/** A member of the collège gives a favourable avis. */
export async function deciderFavorable(page, dossier) {
  await page.goto(dossier.session);
  await page.getByRole('link', { name: `Examiner ${dossier.nru}` }).click();
  await choisir(page.locator('input[name="avis"][value="favorable"]'));
  await page.getByRole('button', { name: 'Enregistrer la décision' }).click();
  await avis(page, 'Décision enregistrée');
}

/** The letter is signed for everybody who may be asked: pdfsig, qpdf, pyHanko and `edc verifier`, which reads `mots` in it. */
export async function verifierLettre(espace, pdf, mots) {
  assert.match(execFileSync('pdfsig', [pdf], { encoding: 'utf8' }), /Signature is Valid/);
  execFileSync('qpdf', ['--check', pdf], { stdio: 'pipe' });
  const autorite = join(espace.dossier, 'ac/autorite.pem');
  assert.match(execFileSync(pyhanko, [
    'sign', 'validate', '--no-revocation-check', '--trust', autorite, '--trust-replace', '--pretty-print', pdf,
  ], { encoding: 'utf8', stdio: 'pipe' }), /The signature is judged VALID/);
  const { stdout } = await espace.edc('verifier', '--data', espace.dossier, pdf);
  for (const mot of ['Document valable.', ...mots]) assert.ok(stdout.includes(mot), `${mot} manque :\n${stdout}`);
}

/** A person without a mouse: Tab until the thing is reached, which must show it, then Enter. */
export function parClavier(page) {
  /** More than any page has. */
  const MAX = 150;
  const aller = async (cible) => {
    for (let i = 0; i < MAX; i += 1) {
      if (await cible.evaluate((e) => e === document.activeElement)) {
        // Around the thing, or around the card that it makes clickable as a whole.
        const contours = await cible.evaluate((e) => [getComputedStyle(e), getComputedStyle(e, '::after'), getComputedStyle(e.closest('.carte') ?? e)]
          .map((style) => style.outlineStyle));
        assert.ok(contours.some((contour) => contour !== 'none'), `${cible} : le focus ne se voit pas`);
        return;
      }
      await page.keyboard.press('Tab');
    }
    assert.fail(`${cible} : hors d’atteinte au clavier`);
  };
  const presser = async (cible) => {
    await aller(cible);
    await page.keyboard.press('Enter');
  };
  return { aller, presser };
}
