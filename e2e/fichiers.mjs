// Sample files that people hand in, honest or not. Each maker writes `dossier/nom` and returns its path.
// Nothing here is stored in the repository: dangerous files are made when a journey needs them.

import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateRawSync, deflateSync } from 'node:zlib';

const venv = fileURLToPath(new URL('../target/venv/bin/pyhanko', import.meta.url));
/** The pyHanko that `./test` installs, or the one of the path. */
export const pyhanko = existsSync(venv) ? venv : 'pyhanko';

function ecrire(dossier, nom, contenu) {
  const chemin = join(dossier, nom);
  writeFileSync(chemin, contenu);
  return chemin;
}

// --- Honest files ---------------------------------------------------------------------------------------------

/** A valid one-page PDF that says `texte`. */
export function pdf(dossier, nom = 'document.pdf', texte = 'Document d’essai') {
  return ecrire(dossier, nom, contenuPdf(texte));
}

/** A valid PNG of `cote` × `cote` pixels. */
export function png(dossier, nom = 'capture.png', cote = 64) {
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(cote, 0);
  ihdr.writeUInt32BE(cote, 4);
  ihdr.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB
  const ligne = Buffer.concat([Buffer.from([0]), Buffer.alloc(cote * 3, 0x7f)]);
  const pixels = deflateSync(Buffer.concat(Array(cote).fill(ligne)));
  const bloc = (type, donnees) => {
    const corps = Buffer.concat([Buffer.from(type), donnees]);
    return Buffer.concat([u32be(donnees.length), corps, u32be(crc32(corps))]);
  };
  return ecrire(dossier, nom, Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    bloc('IHDR', ihdr), bloc('IDAT', pixels), bloc('IEND', Buffer.alloc(0)),
  ]));
}

/** A workbook: one sheet for each key of `feuilles`, rows of strings or numbers. */
export function xlsx(dossier, nom = 'classeur.xlsx', feuilles = { Feuil1: [['Clé', 'Valeur'], ['a', 1]] }) {
  const pages = Object.values(feuilles).map((lignes) => Buffer.from(feuille(lignes)));
  return ecrire(dossier, nom, classeur(Object.keys(feuilles), pages));
}

/** A CycloneDX 1.6 bill of materials with the given components (`{ name, version }`). */
export function sbom(dossier, nom = 'sbom.cdx.json', composants = [{ name: 'openssl', version: '3.0.19' }]) {
  return ecrire(dossier, nom, JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: 'urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79',
    version: 1,
    metadata: { timestamp: '2026-01-15T09:00:00Z', component: { type: 'application', name: 'Logiciel d’essai', version: '1.0.0' } },
    components: composants.map((c) => ({ type: 'library', purl: `pkg:generic/${c.name}@${c.version}`, ...c })),
  }, null, 2));
}

/** A video that players open and find empty, of about `mio` MiB. */
export function video(dossier, nom = 'parcours.mp4', mio = 0) {
  const boite = (type, ...corps) => {
    const contenu = Buffer.concat(corps);
    return Buffer.concat([u32be(contenu.length + 8), Buffer.from(type), contenu]);
  };
  const entete = Buffer.alloc(100); // mvhd of version 0: no date, one unit a second, no duration
  entete.writeUInt32BE(1, 12);
  entete.writeUInt32BE(0x10000, 20);
  return ecrire(dossier, nom, Buffer.concat([
    boite('ftyp', Buffer.from('isom\0\0\x02\0isomiso2mp41', 'latin1')),
    boite('moov', boite('mvhd', entete)),
    boite('mdat', Buffer.alloc(mio * 1024 * 1024)),
  ]));
}

/** A HAR of one authentication request that asks for `acr`. */
export function har(dossier, nom = 'demande.har', acr = 'eidas1') {
  const demande = new URLSearchParams({
    response_type: 'code', client_id: 'exemple', scope: 'openid scope_all', acr_values: acr, state: 'x', nonce: 'y',
  });
  return json(dossier, nom, { log: { version: '1.2', creator: { name: 'Essai', version: '1' }, entries: [{
    startedDateTime: '2026-01-15T09:00:00Z', time: 12,
    request: { method: 'GET', url: `https://auth.exemple.test/authorize?${demande}`, headers: [] },
    response: { status: 302, headers: [] },
  }] } });
}

/** Any value as JSON. */
export function json(dossier, nom, valeur) {
  return ecrire(dossier, nom, `${JSON.stringify(valeur, null, 2)}\n`);
}

/** A text file. */
export function texte(dossier, nom, contenu) {
  return ecrire(dossier, nom, contenu);
}

/** The PDF of [`pdf`], signed in PAdES by an auditor whom no known authority vouches for; needs pyHanko. */
export function pdfSigne(dossier, nom = 'signe.pdf', texte_ = 'Document signé') {
  const chemin = join(dossier, nom);
  const [cle, cert] = [join(dossier, `.${nom}.cle`), join(dossier, `.${nom}.pem`)];
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/C=FR/O=Audit Exemple/CN=Nadia Auditrice',
    '-addext', 'keyUsage=critical,digitalSignature,nonRepudiation', '-keyout', cle, '-out', cert);
  execFileSync(pyhanko, ['sign', 'addsig', '--field', '1/72,600,300,660/Auditeur', '--use-pades', 'pemder', '--no-pass',
    '--key', cle, '--cert', cert, pdf(dossier, `.${nom}`, texte_), chemin], { stdio: 'pipe' });
  return chemin;
}

/** A certificate shaped like those of the test IGC-Santé: client authentication, `CN=cn`; a chain of its own. */
export function certificatTest(dossier, nom = 'psc.pem', cn = 'lps.exemple.test', jours = 365) {
  const chemin = join(dossier, nom);
  const prive = (suffixe) => join(dossier, `.${nom}.${suffixe}`);
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...ec, '-days', String(jours), '-subj', '/C=FR/O=Exemple/CN=TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS',
    '-keyout', prive('ac.cle'), '-out', prive('ac'));
  openssl('req', ...ec, '-subj', `/C=FR/O=Exemple/CN=${cn}`, '-keyout', prive('cle'), '-out', prive('csr'));
  writeFileSync(prive('ext'), 'extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\n');
  openssl('x509', '-req', '-days', String(jours), '-in', prive('csr'), '-CA', prive('ac'), '-CAkey', prive('ac.cle'),
    '-set_serial', '1', '-extfile', prive('ext'), '-out', chemin);
  return chemin;
}

function openssl(...arguments_) {
  execFileSync('openssl', arguments_, { stdio: 'pipe' });
}

/** A self-signed P-256 certificate in PEM, for `CN=cn`; its private key is written beside it (`….cle.pem`). */
export function certificat(dossier, nom = 'certificat.pem', cn = 'lps.exemple.test', jours = 30) {
  const chemin = join(dossier, nom);
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(jours),
    '-subj', `/C=FR/O=Exemple/CN=${cn}`, '-keyout', `${chemin}.cle.pem`, '-out', chemin,
  ], { stdio: 'pipe' });
  return chemin;
}

// --- Files that must be refused -------------------------------------------------------------------------------

// In pieces, so that an antivirus does not take this source for the test file.
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR', '-STANDARD-ANTIVIRUS', '-TEST-FILE!$H+H*'].join('');

/** The EICAR test string, which every antivirus takes for a virus. */
export function eicar(dossier, nom = 'rapport.txt') {
  return ecrire(dossier, nom, EICAR);
}

/** EICAR after the end of a valid PDF. */
export function pdfEicar(dossier, nom = 'rapport.pdf') {
  return ecrire(dossier, nom, Buffer.concat([contenuPdf('Infecté'), Buffer.from(EICAR)]));
}

/** An SVG picture that carries a script. */
export function svgScript(dossier, nom = 'schema.svg') {
  return ecrire(dossier, nom,
    '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><script>alert(1)</script></svg>\n');
}

/** A web page with a PDF header on its second line: a PDF for lenient readers, a script for lenient browsers. */
export function polyglotte(dossier, nom = 'polyglotte.pdf') {
  return ecrire(dossier, nom, Buffer.concat([
    Buffer.from('<html><script>alert(document.domain)</script><!--\n'), contenuPdf('Polyglotte'), Buffer.from('-->\n'),
  ]));
}

/** The first half of a PDF: no cross-reference table, no end. */
export function pdfTronque(dossier, nom = 'tronque.pdf') {
  const entier = contenuPdf('Tronqué');
  return ecrire(dossier, nom, entier.subarray(0, entier.length / 2));
}

/** A Windows program under the name of a PDF. */
export function programme(dossier, nom = 'facture.pdf') {
  const entete = Buffer.alloc(512);
  entete.write('MZ');
  entete.writeUInt32LE(0x80, 0x3c);
  entete.write('PE\0\0', 0x80);
  return ecrire(dossier, nom, entete);
}

/** A workbook of some 200 kB whose sheet unpacks to `mio` MiB. */
export function xlsxBombe(dossier, nom = 'bombe.xlsx', mio = 200) {
  const [debut, fin] = feuille([['remplissage']]).split('remplissage');
  return ecrire(dossier, nom, classeur(['Bombe'], [
    Buffer.concat([Buffer.from(debut), Buffer.alloc(mio * 1024 * 1024, 'a'), Buffer.from(fin)]),
  ]));
}

/** A workbook whose entry names climb out of the folder it is unpacked in. */
export function xlsxTraversee(dossier, nom = 'traversee.xlsx') {
  return ecrire(dossier, nom, zip({ '../../evasion.xml': Buffer.from('<a/>'), 'xl/workbook.xml': Buffer.from('<workbook/>') }));
}

// --- Formats --------------------------------------------------------------------------------------------------

function contenuPdf(texte) {
  const latin = texte.replace(/’/g, "'").replace(/[\\()]/g, '\\$&');
  const flux = `BT /F1 18 Tf 72 760 Td (${latin}) Tj ET`;
  const objets = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${flux.length} >>\nstream\n${flux}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
  ];
  let corps = '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n';
  const adresses = objets.map((objet, i) => {
    const adresse = corps.length;
    corps += `${i + 1} 0 obj\n${objet}\nendobj\n`;
    return `${String(adresse).padStart(10, '0')} 00000 n \n`;
  });
  const table = corps.length;
  corps += `xref\n0 ${objets.length + 1}\n0000000000 65535 f \n${adresses.join('')}`;
  corps += `trailer\n<< /Size ${objets.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`;
  return Buffer.from(corps, 'latin1');
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const OOXML = 'http://schemas.openxmlformats.org';

function feuille(lignes) {
  const texte = (valeur) => String(valeur).replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
  const cellule = (valeur) => (typeof valeur === 'number'
    ? `<c><v>${valeur}</v></c>` : `<c t="inlineStr"><is><t>${texte(valeur)}</t></is></c>`);
  const rangs = lignes.map((ligne, i) => `<row r="${i + 1}">${ligne.map(cellule).join('')}</row>`).join('');
  return `${XML}<worksheet xmlns="${OOXML}/spreadsheetml/2006/main"><sheetData>${rangs}</sheetData></worksheet>`;
}

function classeur(noms, pages) {
  const rel = `${OOXML}/officeDocument/2006/relationships`;
  const main = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
  const chacune = (modele) => noms.map((nom, i) => modele(nom, i + 1)).join('');
  const entrees = {
    '[Content_Types].xml': `${XML}<Types xmlns="${OOXML}/package/2006/content-types">`
      + '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
      + '<Default Extension="xml" ContentType="application/xml"/>'
      + `<Override PartName="/xl/workbook.xml" ContentType="${main}.sheet.main+xml"/>`
      + `${chacune((_, n) => `<Override PartName="/xl/worksheets/sheet${n}.xml" ContentType="${main}.worksheet+xml"/>`)}</Types>`,
    '_rels/.rels': `${XML}<Relationships xmlns="${OOXML}/package/2006/relationships">`
      + `<Relationship Id="rId1" Type="${rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `${XML}<workbook xmlns="${OOXML}/spreadsheetml/2006/main" xmlns:r="${rel}"><sheets>`
      + `${chacune((nom, n) => `<sheet name="${nom}" sheetId="${n}" r:id="rId${n}"/>`)}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `${XML}<Relationships xmlns="${OOXML}/package/2006/relationships">`
      + `${chacune((_, n) => `<Relationship Id="rId${n}" Type="${rel}/worksheet" Target="worksheets/sheet${n}.xml"/>`)}</Relationships>`,
  };
  pages.forEach((page, i) => { entrees[`xl/worksheets/sheet${i + 1}.xml`] = page; });
  return zip(entrees);
}

/** A zip archive (PKWARE APPNOTE 4.3), every entry deflated, dated 1 January 1980. */
function zip(entrees) {
  const locaux = [];
  const centraux = [];
  let adresse = 0;
  for (const [nom, contenu] of Object.entries(entrees)) {
    const brut = Buffer.from(contenu);
    const serre = deflateRawSync(brut, { level: 9 });
    const titre = Buffer.from(nom);
    const commun = Buffer.alloc(26);
    commun.writeUInt16LE(20, 0); // version needed
    commun.writeUInt16LE(0x800, 2); // names in UTF-8
    commun.writeUInt16LE(8, 4); // deflate
    commun.writeUInt16LE(0x21, 8);
    commun.writeUInt32LE(crc32(brut), 10);
    commun.writeUInt32LE(serre.length, 14);
    commun.writeUInt32LE(brut.length, 18);
    commun.writeUInt16LE(titre.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), commun, titre, serre]);
    const suite = Buffer.alloc(14);
    suite.writeUInt32LE(adresse, 10);
    centraux.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), commun, suite, titre]));
    locaux.push(local);
    adresse += local.length;
  }
  const repertoire = Buffer.concat(centraux);
  const fin = Buffer.alloc(18);
  fin.writeUInt16LE(centraux.length, 4);
  fin.writeUInt16LE(centraux.length, 6);
  fin.writeUInt32LE(repertoire.length, 8);
  fin.writeUInt32LE(adresse, 12);
  return Buffer.concat([...locaux, repertoire, Buffer.from('PK\x05\x06'), fin]);
}

function u32be(valeur) {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(valeur);
  return octets;
}
