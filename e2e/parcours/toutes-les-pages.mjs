// toutes-les-pages: every GET route of the guichet and every page of the bac à sable, by somebody who may see it, with real
// objects, narrow and wide, light and dark, with and without scripts. A route without a visit is a failure.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as fichiers from '../fichiers.mjs';
import { avis, jour, remplir } from '../gestes.mjs';
import { axe, REGARDS } from '../harnais.mjs';

const racine = fileURLToPath(new URL('../..', import.meta.url));

/** The paths that `routes.rs` reads. */
function routes() {
  const source = readFileSync(join(racine, 'crates/guichet/src/routes.rs'), 'utf8');
  return [...source.matchAll(/^ +get\("([^"]+)"/gm)].map(([, chemin]) => chemin);
}

/** The templates of the bac à sable that are pages of their own: those that extend the frame. */
function pagesDuBac(dossier = join(racine, 'crates/bas/templates'), sous = '') {
  return readdirSync(join(dossier, sous), { withFileTypes: true }).flatMap((entree) => {
    const nom = join(sous, entree.name);
    if (entree.isDirectory()) return pagesDuBac(dossier, nom);
    return readFileSync(join(dossier, nom), 'utf8').includes('{% extends') ? [nom] : [];
  });
}

const PERSONNE = undefined;
const INDUSTRIEL = 'claire.martin';
const ADMINISTRATEUR = 'admin.chevalier';
const AUDITEUR = 'auditeur.meyer';

export default function toutesLesPages({ espace, depot, editeur, operateur, episode, comme }) {
  /** What only this journey makes. */
  const objets = {};

  /** By route: who goes where. `fichier` for what is downloaded or read by a program, `vers` for what leads elsewhere. */
  const VISITES = {
    '/': [{ qui: PERSONNE, ou: () => '/' }],
    '/faq': [{ qui: PERSONNE, ou: () => '/faq' }, { nom: 'faq-cherchee', qui: PERSONNE, ou: () => '/faq?mots=preuve' }],
    '/faq/{question}': [{ qui: PERSONNE, ou: () => '/faq/112' }, { nom: 'faq-votee', qui: INDUSTRIEL, ou: () => '/faq/112' }],
    '/registre': [{ qui: PERSONNE, ou: () => '/registre' }],
    '/registre/{numero}': [{ qui: PERSONNE, ou: () => `/registre/${operateur.numero}` }],
    '/mentions': [{ qui: PERSONNE, ou: () => '/mentions' }],
    '/sante': [{ qui: PERSONNE, ou: () => '/sante', fichier: /json/ }],
    '/dev/courriels': [{ qui: PERSONNE, ou: () => '/dev/courriels' }],
    '/dev/courriels/{nom}': [{ qui: PERSONNE, ou: () => objets.courriel }],
    '/connexion': [{ qui: PERSONNE, ou: () => '/connexion', vers: /\/realms\/industriels\// }],
    '/connexion/retour': [{ qui: PERSONNE, ou: () => '/connexion/retour?code=x&state=y', statut: 400 }],
    '/consentement': [{ qui: 'tom.leroy', ou: () => '/consentement', avant: sansConsentir }],
    '/reprise': [{ qui: INDUSTRIEL, ou: () => '/reprise', avant: perdreSaSession, unefois: true }],
    '/structure': [{ qui: INDUSTRIEL, ou: () => '/structure' }, { nom: 'structure-salarie', qui: 'lea.petit', ou: () => '/structure' }],
    '/invitations/{jeton}': [
      { qui: 'paul.girard', ou: () => objets.invitation, avant: quitterSaSociete },
      { nom: 'invitation-d-un-autre', qui: 'jeanne.moreau', ou: () => objets.invitation, statut: 422 },
    ],
    '/tableau-de-bord': [{ qui: INDUSTRIEL, ou: () => '/tableau-de-bord' }, { nom: 'tableau-vide', qui: 'nadia.benali', ou: () => '/tableau-de-bord' }],
    '/parcours': [{ qui: INDUSTRIEL, ou: () => '/parcours' }],
    '/demarches/{guichet}': [{ qui: INDUSTRIEL, ou: () => '/demarches/operateur' }],
    '/referentiel': [{ qui: INDUSTRIEL, ou: () => '/referentiel' }],
    '/referentiel/modeles/{nom}': [{ qui: INDUSTRIEL, ou: () => objets.modele, fichier: /./ }],
    '/produits': [{ qui: INDUSTRIEL, ou: () => '/produits' }],
    '/produits/nouveau': [{ qui: INDUSTRIEL, ou: () => '/produits/nouveau' }],
    '/produits/{id}': [{ qui: INDUSTRIEL, ou: () => objets.produit }],
    '/produits/{id}/modifier': [{ qui: INDUSTRIEL, ou: () => `${objets.brouillon}/modifier` }],
    '/produits/{id}/recapitulatif': [{ qui: INDUSTRIEL, ou: () => `${objets.brouillon}/recapitulatif` }],
    '/produits/{id}/clients': [
      { qui: INDUSTRIEL, ou: () => `${objets.produit}/clients` },
      { nom: 'clients-agence', qui: ADMINISTRATEUR, ou: () => `${objets.produit}/clients` },
    ],
    '/candidatures/{id}': [
      { qui: INDUSTRIEL, ou: () => editeur.candidature },
      { nom: 'candidature-operateur', qui: INDUSTRIEL, ou: () => operateur.candidature },
      { nom: 'candidature-agence', qui: 'verif.durand', ou: () => objets.ouverte },
    ],
    '/candidatures/{id}/abandonner': [{ qui: INDUSTRIEL, ou: () => `${objets.ouverte}/abandonner` }],
    '/candidatures/{id}/historique': [{ qui: INDUSTRIEL, ou: () => `${editeur.candidature}/historique` }],
    '/candidatures/{id}/formulaire': [
      { qui: INDUSTRIEL, ou: () => `${objets.ouverte}/formulaire` },
      { nom: 'formulaire-valide', qui: INDUSTRIEL, ou: () => `${operateur.candidature}/formulaire` },
    ],
    '/candidatures/{id}/composants/nouveau': [{ qui: INDUSTRIEL, ou: () => `${objets.ouverte}/composants/nouveau` }],
    '/candidatures/{id}/composants/{rang}': [{ qui: INDUSTRIEL, ou: () => `${objets.ouverte}/composants/0` }],
    '/candidatures/{id}/chapitres/{code}': [{ qui: INDUSTRIEL, ou: () => editeur.chapitre('PMT') }],
    '/candidatures/{id}/chapitres/{code}/preuves/{attendue}': [{ qui: INDUSTRIEL, ou: () => `${editeur.chapitre('PMT')}/preuves/PMT.02.01.01` }],
    '/candidatures/{id}/chapitres/{code}/preuves/{attendue}/test-intrusion': [
      { qui: INDUSTRIEL, ou: () => `${editeur.chapitre('TI')}/preuves/TI.01.01.01/test-intrusion` },
    ],
    '/candidatures/{id}/fichiers/{sha256}': [{ qui: INDUSTRIEL, ou: () => objets.piece, fichier: /./ }],
    '/candidatures/{id}/fichiers/{sha256}/apercu': [{ qui: INDUSTRIEL, ou: () => objets.apercu, fichier: /pdf|png/ }],
    '/candidatures/{id}/messages': [
      { qui: INDUSTRIEL, ou: () => `${editeur.candidature}/messages` },
      { nom: 'messages-agence', qui: 'verif.durand', ou: () => `${editeur.candidature}/messages` },
    ],
    '/candidatures/{id}/messages/fichiers/{sha256}': [{ qui: INDUSTRIEL, ou: () => objets.pieceJointe, fichier: /pdf/ }],
    '/candidatures/{id}/autorisation': [{ qui: INDUSTRIEL, ou: () => `${editeur.candidature}/autorisation`, fichier: /pdf/ }],
    '/candidatures/{id}/autorisation/fiche': [
      { qui: INDUSTRIEL, ou: () => `${editeur.candidature}/autorisation/fiche` },
      { nom: 'autorisation-agence', qui: ADMINISTRATEUR, ou: () => `${editeur.candidature}/autorisation/fiche` },
    ],
    '/habilitations/{numero}': [
      { qui: INDUSTRIEL, ou: () => `/habilitations/${operateur.numero}` },
      { nom: 'habilitation-agence', qui: ADMINISTRATEUR, ou: () => `/habilitations/${editeur.numero}` },
    ],
    '/habilitations/{numero}/pdf': [{ qui: INDUSTRIEL, ou: () => `/habilitations/${editeur.numero}/pdf`, fichier: /pdf/ }],
    '/habilitations/{numero}/audits/nouveau': [{ qui: AUDITEUR, ou: () => `/habilitations/${operateur.numero}/audits/nouveau` }],
    '/audits': [{ qui: AUDITEUR, ou: () => '/audits' }],
    '/audits/{audit}': [
      { qui: INDUSTRIEL, ou: () => objets.audit },
      { nom: 'audit-agence', qui: AUDITEUR, ou: () => objets.audit },
      { nom: 'audit-en-cours', qui: AUDITEUR, ou: () => objets.auditEnCours },
    ],
    '/audits/{audit}/fichiers/{sha256}': [{ qui: INDUSTRIEL, ou: () => objets.preuveAudit, fichier: /pdf/ }],
    '/instruction': [{ qui: 'verif.durand', ou: () => '/instruction?file=toutes' }],
    '/candidatures/{id}/instruction/formulaire': [{ qui: 'verif.durand', ou: () => `${editeur.candidature}/instruction/formulaire` }],
    '/candidatures/{id}/instruction/chapitres/{code}': [{ qui: 'verif.durand', ou: () => editeur.instruction('TI') }],
    '/candidatures/{id}/instruction/versions/{preuve}': [{ qui: 'verif.durand', ou: () => objets.versions }],
    '/candidatures/{id}/synthese': [{ qui: 'college.roux', ou: () => `${editeur.candidature}/synthese`, fichier: /pdf/ }],
    '/autorisations': [{ qui: 'cnda.simon', ou: () => '/autorisations' }],
    '/habilitations': [{ qui: 'auditeur.meyer', ou: () => '/habilitations' }],
    '/college': [{ qui: ADMINISTRATEUR, ou: () => '/college' }],
    '/college/{session}': [{ qui: 'college.roux', ou: () => editeur.session }],
    '/signature': [{ qui: 'signataire.faure', ou: () => '/signature' }],
    '/agence/modeles': [{ qui: 'verif.durand', ou: () => '/agence/modeles' }],
    '/agence/faq': [{ qui: ADMINISTRATEUR, ou: () => '/agence/faq' }],
    '/agence/faq/{question}': [{ qui: ADMINISTRATEUR, ou: () => '/agence/faq/112' }],
  };

  /** Pages that no row of the table names. */
  const ERREURS = [
    { nom: 'erreur-404', qui: PERSONNE, ou: () => '/nulle-part', statut: 404 },
    { nom: 'erreur-403', qui: 'verif.durand', ou: () => '/signature', statut: 403 },
  ];

  const bac = (chemin) => new URL(chemin, espace.infos.isc.issuer).href;
  const isc = (fin) => `${espace.infos.isc.issuer}/protocol/openid-connect/${fin}`;
  /** By template: where it shows. */
  const VISITES_DU_BAC = {
    'accueil.html': [{ ou: () => bac('/') }],
    'journal.html': [{ ou: () => bac('/journal') }],
    'scenarios.html': [{ ou: () => bac('/scenarios') }],
    'identites/liste.html': [{ ou: () => bac('/identites') }],
    'identites/fiche.html': [{ ou: () => objets.identite }],
    'identites/import.html': [{ ou: () => bac('/identites/import') }],
    'ecps/liste.html': [{ ou: () => bac('/ecps') }],
    'ecps/moyen.html': [{ ou: () => objets.moyen }],
    'psc/connexion.html': [{ ou: () => objets.authentification }],
    'psc/attente.html': [{ ou: () => objets.authentification, avant: sAuthentifier, unefois: true }],
    'isc/connexion.html': [{ ou: () => '/connexion' }],
    'isc/deconnexion.html': [{ ou: () => isc('logout') }],
    // The page itself wants the id_token of a session; without one, its refusal stands in the same frame.
    'psc/deconnexion.html': [{ ou: () => `${espace.infos.psc.issuer}/protocol/openid-connect/logout`, statut: 400 }],
  };
  const ERREURS_DU_BAC = [{ nom: 'bac-demande-fautive', ou: () => isc('auth?client_id=inconnu'), statut: 400 }];

  episode('chaque route de la table et chaque page du bac à sable a sa visite', () => {
    assert.deepEqual(Object.keys(VISITES).sort(), routes().sort(), 'routes du guichet et visites');
    assert.deepEqual(Object.keys(VISITES_DU_BAC).sort(), pagesDuBac().sort(), 'pages du bac à sable et visites');
  });

  episode('de quoi tout montrer : une ébauche, un dossier ouvert, une invitation, des messages, un modèle', async () => {
    await comme(INDUSTRIEL, async (page) => {
      objets.produit = await lien(page, '/produits', /Proxy Santé Lien/);
      await page.goto('/produits/nouveau');
      await remplir(page, {
        nom: 'Cabinet Santé Lien', version: '1.0.0', responsable: { label: 'Claire Martin (mandataire)' },
        description: 'Le logiciel de cabinet qui passe par le proxy.', dispositifs: 'edc-psc',
      });
      await page.getByRole('button', { name: 'Suivant' }).click();
      await page.getByRole('heading', { level: 1, name: 'Vérifier et valider' }).waitFor();
      objets.brouillon = new URL(page.url()).pathname.replace(/\/recapitulatif$/, '');

      await page.goto('/demarches/editeur');
      await page.getByRole('button', { name: /Ajouter le produit à la démarche : Proxy Santé Lien/ }).click();
      await page.waitForURL(/\/candidatures\/[^/]+$/);
      objets.ouverte = new URL(page.url()).pathname;
      await page.getByRole('button', { name: 'Démarrer' }).click();
      await page.locator('[name="composants"][value="oui"]').check();
      await page.getByRole('button', { name: 'Ajouter un composant' }).click();
      await remplir(page, { nom: 'Lecteur de cartes', version: '3.1', editeur: 'Exemple', nature: 'bibliotheque', integre_a: 'proxy', teleservices: 'insi' });
      await page.getByRole('button', { name: 'Enregistrer le composant' }).click();
      await page.getByText('Lecteur de cartes').first().waitFor();

      await page.goto('/structure');
      await page.getByLabel('Courriel').fill('paul.girard@hexasoins.example');
      await page.getByRole('button', { name: 'Envoyer l’invitation' }).click();
      await avis(page, 'Invitation envoyée');

      await page.goto(`${editeur.candidature}/messages`);
      await remplir(page, { texte: 'Voici le compte rendu demandé.\nMerci de votre retour.' });
      await page.locator('input[name="pieces"]').setInputFiles(fichiers.pdf(depot, 'compte-rendu.pdf', 'Compte rendu'));
      await page.getByRole('button', { name: 'Envoyer', exact: true }).click();
      objets.pieceJointe = await page.getByRole('link', { name: 'compte-rendu.pdf' }).getAttribute('href');
      objets.modele = await lien(page, editeur.chapitre('ARC'), 'Télécharger le modèle à remplir');
      await page.goto(editeur.chapitre('PMT'));
      objets.piece = await page.getByRole('link', { name: 'psc.pem' }).first().getAttribute('href');
      objets.apercu = await page.getByRole('link', { name: /^Aperçu/ }).first().getAttribute('href');
      // The mail is sent beside the request.
      await page.goto('/dev/courriels');
      const courriel = page.getByRole('row').filter({ hasText: 'paul.girard@' }).getByRole('link');
      while (!(await courriel.isVisible())) await page.reload();
      objets.courriel = await courriel.getAttribute('href');
      await courriel.click();
      objets.invitation = new URL(await page.locator('a[href*="/invitations/"]').getAttribute('href')).pathname;
    });
    await comme('verif.durand', async (page) => {
      objets.versions = await lien(page, editeur.instruction('PMT'), /comparer/);
      await page.goto(`${editeur.candidature}/messages`);
      await remplir(page, { texte: 'Bien reçu, nous y revenons cette semaine.' });
      await page.getByRole('button', { name: 'Envoyer', exact: true }).click();
      await page.getByText('Bien reçu').waitFor();
      await page.goto('/agence/modeles');
      await remplir(page, { genre: { index: 1 }, titre: 'Preuve illisible', texte: 'Le fichier ne s’ouvre pas : déposez-le de nouveau.' });
      await page.getByRole('button', { name: 'Enregistrer le modèle' }).click();
      await page.getByText('Preuve illisible').first().waitFor();
    });
    await comme(AUDITEUR, async (page) => {
      objets.auditEnCours = await auditer(page);
      objets.audit = await auditer(page);
      objets.preuveAudit = await page.getByRole('link', { name: 'extrait.pdf' }).first().getAttribute('href');
      await remplir(page, { synthese: 'Un écart a été vu.' });
      await page.getByRole('button', { name: 'Rendre le rapport provisoire' }).click();
      await remplir(page, { jusqu_au: jour(20) });
      await page.getByRole('button', { name: 'Communiquer au titulaire' }).click();
      await avis(page, 'communiqué');
    });
    await espace.avecPage({}, async (page) => {
      objets.identite = new URL(await lien(page, bac('/identites'), /./, 'td, th'), bac('/')).href;
      objets.moyen = new URL(await lien(page, bac('/ecps'), /./, 'td, th'), bac('/')).href;
      const { authorization_endpoint: adresse } = await (await page.request.get(espace.infos.psc.decouverte)).json();
      const [{ client_id, redirections: [redirect_uri] }] = espace.infos.clients;
      objets.authentification = `${adresse}?${new URLSearchParams({
        client_id, redirect_uri, response_type: 'code', scope: 'openid scope_all', acr_values: 'eidas1', state: 'x', nonce: 'y',
      })}`;
    });
    // Read now, so that both readings of her tableau de bord find the same.
    await comme(INDUSTRIEL, (page) => page.goto(`${editeur.candidature}/messages`));
  });

  /** Where the first link of this name leads. */
  async function lien(page, depuis, nom, dans = 'main') {
    await page.goto(depuis);
    return page.locator(dans).getByRole('link', { name: nom }).first().getAttribute('href');
  }

  /** An audit whose checks have begun, with a finding; gives its address. */
  async function auditer(page) {
    await page.goto(`/habilitations/${editeur.numero}`);
    await page.getByRole('link', { name: 'Planifier un audit' }).click();
    await remplir(page, { perimetre: 'Authentification et traces.', du: jour(), au: jour(2) });
    await page.getByRole('button', { name: 'Planifier l’audit' }).click();
    await page.waitForURL(/\/audits\/[^/]+$/);
    await page.getByRole('button', { name: 'Notifier au titulaire' }).click();
    await page.getByRole('button', { name: 'Commencer les contrôles' }).click();
    await remplir(page, { intitule: 'Jetons écrits dans les journaux', gravite: 'majeure', description: 'Le journal montre le jeton.', echeance: jour(60) });
    await page.locator('input[name="pieces_constat"]').setInputFiles(fichiers.pdf(depot, 'extrait.pdf', 'Extrait'));
    await page.getByRole('button', { name: 'Ajouter le constat' }).click();
    await page.getByRole('heading', { name: /Jetons écrits/ }).waitFor();
    return new URL(page.url()).pathname;
  }

  /** A professional gives a number to Pro Santé Connect, which waits for the answer of the e-CPS. */
  async function sAuthentifier(page) {
    await page.goto(objets.authentification);
    await remplir(page, { identifiant: espace.infos.identites.find(({ actif }) => actif).national_id });
    await page.getByRole('button', { name: 'Continuer' }).click();
    await page.waitForURL(/\/auth\/attente/);
  }

  /** Whoever has not consented is asked by every page. */
  async function sansConsentir(page) {
    await page.goto('/connexion');
    await page.locator('button[name="personne"][value="tom.leroy"]').click();
    await page.waitForURL(/\/consentement$/);
  }

  /**
   * Whoever is of another structure can't accept an invitation: his company withdraws him while he is signed in.
   * A withdrawal holds, so that the second look finds it done.
   */
  function quitterSaSociete() {
    return comme('nadia.benali', async (page) => {
      await page.goto('/structure');
      const paul = page.getByRole('row').filter({ hasText: 'Paul Girard' });
      const retirer = paul.getByRole('button', { name: 'Retirer' });
      if (await retirer.count()) await retirer.click();
      await retirer.waitFor({ state: 'detached' });
    });
  }

  /** Her session ends while she describes a produit; back from the sign-in, the guichet offers what she had typed. */
  async function perdreSaSession(page) {
    await page.goto('/produits/nouveau');
    await remplir(page, { nom: 'Perdu, puis retrouvé', version: '1.0' });
    await page.context().clearCookies({ name: '__Host-guichet' });
    await page.getByRole('button', { name: 'Suivant' }).click();
    await page.getByText('Ce que vous avez saisi est gardé une heure').waitFor();
    await page.getByRole('link', { name: 'Se reconnecter' }).click();
    await page.waitForURL(/\/reprise$/);
  }

  const nomDe = (chemin) => chemin.slice(1).replace(/[{}]/g, '').replace(/\//g, '-').replace(/\.html$/, '') || 'accueil';
  const visites = [
    ...Object.entries(VISITES).flatMap(([route, liste]) => liste.map((v) => ({ nom: nomDe(route), ...v }))),
    ...ERREURS,
    ...Object.entries(VISITES_DU_BAC).flatMap(([modele, liste]) => liste.map((v) => ({ nom: `bac${nomDe(`/${modele}`)}`, ...v }))),
    ...ERREURS_DU_BAC,
  ];
  /** What each page said, to be compared with what it says without scripts. */
  const lus = new Map();

  /** Those of a person one after the other; those before which something must be done have a browser of their own. */
  const tournees = grouper(visites);
  for (const [cle, tournee] of tournees) {
    const { qui, avant } = tournee[0];
    for (const javascript of [true, false]) {
      const titre = `${avant ? cle : qui ?? 'un passant'} : ${tournee.length} pages ${javascript ? 'sous tous les regards' : 'sans JavaScript'}`;
      episode(titre, () => espace.avecPage({ javascript }, async (page) => {
        if (qui && avant !== sansConsentir) await espace.seConnecter(page, qui);
        if (avant) await avant(page);
        for (const visite of tournee) await visiter(page, visite, javascript);
      }));
    }
  }

  async function visiter(page, { nom, ou, statut = 200, fichier, vers, unefois }, javascript) {
    const adresse = ou();
    assert.ok(adresse, `${nom} : rien à visiter`);
    if (fichier) {
      const reponse = await page.request.get(adresse);
      assert.equal(reponse.status(), statut, nom);
      assert.match(reponse.headers()['content-type'], fichier, nom);
      return;
    }
    if (!unefois) {
      const reponse = await page.goto(adresse);
      assert.equal(reponse.status(), statut, `${nom} : ${adresse}`);
      if (vers) return void assert.match(page.url(), vers, nom);
    }
    assert.equal(await page.locator('h1').count(), 1, `${nom} : un titre et un seul`);
    const texte = (await page.locator('main').innerText()).replace(/\s+/g, ' ');
    if (javascript) {
      lus.set(nom, texte);
      await axe(page, `page-${nom}`, REGARDS);
    } else {
      // Scripts add comfort (a state of saving, an upload that resumes), never what there is to read.
      assert.ok(texte.length >= 0.9 * lus.get(nom).length, `${nom} : sans JavaScript il ne reste que « ${texte.slice(0, 400)} »`);
    }
  }
}

function grouper(visites) {
  const groupes = new Map();
  for (const v of visites) {
    const cle = v.avant ? v.nom : v.qui;
    groupes.set(cle, [...(groupes.get(cle) ?? []), v]);
  }
  return groupes;
}
