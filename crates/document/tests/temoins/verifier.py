"""Verifies a signed PDF with pyHanko: verifier.py FILE ROOT.pem INSTANT. Says why and fails unless all is well."""

import datetime
import sys

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

chemin, racine, instant = sys.argv[1:]
with open(chemin, "rb") as fichier:
    lecteur = PdfFileReader(fichier, strict=True)
    (signature,) = lecteur.embedded_signatures
    contexte = ValidationContext(
        trust_roots=[load_cert_from_pemder(racine)],
        moment=datetime.datetime.fromisoformat(instant),
        allow_fetching=False,
    )
    etat = validate_pdf_signature(signature, contexte)
    print(etat.summary(), etat.docmdp_ok, etat.coverage, signature.self_reported_timestamp)
    assert etat.bottom_line and etat.docmdp_ok and etat.coverage.name == "ENTIRE_FILE"
    assert signature.self_reported_timestamp is not None
    assert signature.docmdp_level.name == "NO_CHANGES"
    assert lecteur.root["/MarkInfo"]["/Marked"] and lecteur.trailer["/Info"]["/Title"]
