"""Signs a PDF with pyHanko: signer.py IN OUT CERT.pem KEY.pem SUBFILTER DIGEST FIELD pss|non."""

import sys

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter

entree, sortie, cert, cle, sous_filtre, condensat, champ, pss = sys.argv[1:]
signataire = signers.SimpleSigner.load(cle, cert, prefer_pss=pss == "pss")
with open(entree, "rb") as fichier, open(sortie, "wb") as fini:
    metadonnees = signers.PdfSignatureMetadata(
        field_name=champ, subfilter=SigSeedSubFilter("/" + sous_filtre), md_algorithm=condensat, name="Autre outil"
    )
    signers.sign_pdf(IncrementalPdfFileWriter(fichier), metadonnees, signer=signataire, output=fini)
