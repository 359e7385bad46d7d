// One industriel's story through the whole trust space, a suite for each journey. No journey can be played alone: each
// stands on those before it.

import assert from 'node:assert/strict';

import { raconter } from '../recit.mjs';
import candidaterOperateur from './candidater-operateur.mjs';
import corrigerUnChapitre from './corriger-un-chapitre.mjs';
import deposerUneCandidatureEditeur from './deposer-une-candidature-editeur.mjs';
import instruireEtHabiliter from './instruire-et-habiliter.mjs';
import toutesLesPages from './toutes-les-pages.mjs';

await raconter({
  'deposer-une-candidature-editeur': deposerUneCandidatureEditeur,
  'corriger-un-chapitre': corrigerUnChapitre,
  'instruire-et-habiliter': instruireEtHabiliter,
  'candidater-operateur': candidaterOperateur,
  'toutes-les-pages': toutesLesPages,
  historique: ({ espace, episode }) => episode('relu après l’arrêt, il est intact', async () => {
    await espace.eteindre();
    const { stdout } = await espace.edc('evenements', 'verifier', '--data', espace.dossier);
    assert.match(stdout, /Historique intact/);
  }),
});
