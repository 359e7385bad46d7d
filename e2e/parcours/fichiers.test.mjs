// The sample files are what they claim to be: a refusal proves nothing if an honest file is refused too.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import * as fichiers from '../fichiers.mjs';

const dossier = mkdtempSync(join(tmpdir(), 'edc-fichiers-'));
after(() => rmSync(dossier, { recursive: true }));
const dire = (...commande) => execFileSync(commande[0], commande.slice(1), { encoding: 'utf8', stdio: 'pipe' });
const python = (programme, chemin) => dire('python3', '-c', programme, chemin);

test('le PDF est entier, le tronqué ne l’est pas', () => {
  const chemin = fichiers.pdf(dossier, 'a.pdf', 'Été (1)');
  dire('qpdf', '--check', chemin);
  assert.match(dire('pdftotext', chemin, '-'), /Été \(1\)/);
  assert.throws(() => dire('qpdf', '--check', fichiers.pdfTronque(dossier)));
});

test('le classeur s’ouvre, la bombe annonce sa taille', () => {
  const ouvrir = 'import sys,zipfile as z; a=z.ZipFile(sys.argv[1]); assert a.testzip() is None; print(sum(i.file_size for i in a.infolist()))';
  assert.ok(Number(python(ouvrir, fichiers.xlsx(dossier))) > 0);
  const bombe = fichiers.xlsxBombe(dossier, 'bombe.xlsx', 50);
  assert.ok(Number(python(ouvrir, bombe)) > 50 * 1024 * 1024);
  assert.ok(statSync(bombe).size < 200 * 1024);
});

test('l’image, la nomenclature et le certificat se lisent', () => {
  const image = readFileSync(fichiers.png(dossier));
  assert.equal(image.subarray(1, 4).toString(), 'PNG');
  assert.equal(JSON.parse(readFileSync(fichiers.sbom(dossier), 'utf8')).bomFormat, 'CycloneDX');
  const certificat = fichiers.certificat(dossier, 'c.pem', 'lps.essai.test');
  assert.match(dire('openssl', 'x509', '-noout', '-subject', '-in', certificat), /CN = lps\.essai\.test/);
});

test('EICAR a sa longueur connue', () => {
  assert.equal(statSync(fichiers.eicar(dossier)).size, 68);
});
