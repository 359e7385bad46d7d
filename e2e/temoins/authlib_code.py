"""Authlib, unmodified, signs a professional in at the simulated Pro Santé Connect: discovery, code flow, id_token, refresh.

Run by e2e/parcours/psc.test.mjs, with one JSON argument; prints what it learnt as JSON.
"""

import json
import re
import sys
from html import unescape
from urllib.parse import urljoin

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

CAS = json.loads(sys.argv[1])


def se_connecter(adresse):
    """What a browser does: open the page of the portal and press the button of somebody."""
    navigateur = requests.Session()
    # Python resolves no name under .localhost by itself; the portal answers at the host of the pages too.
    adresse = adresse.replace("wallet.localhost", "localhost")
    navigateur.verify, navigateur.trust_env = CAS["ca"], False
    page = navigateur.get(adresse).text
    action = unescape(re.search(r'method="post" action="([^"]+)"', page).group(1))
    csrf = re.search(r'name="csrf" value="([^"]+)"', page).group(1)
    reponse = navigateur.post(
        urljoin(adresse, action),
        data={"csrf": csrf, "identite": CAS["national_id"]},
        allow_redirects=False,
    )
    assert reponse.status_code == 303, reponse.status_code
    return reponse.headers["Location"]


metadonnees = requests.get(CAS["decouverte"], verify=CAS["ca"]).json()
client = OAuth2Session(
    CAS["client_id"],
    CAS["secret"],
    scope="openid scope_all",
    redirect_uri=CAS["redirect_uri"],
    code_challenge_method="S256",
)
# Requests prefers the bundle that its environment names to the one it is given.
client.verify, client.trust_env = CAS["ca"], False
verificateur = "a" * 20 + "-._~" + "B7" * 20
adresse, state = client.create_authorization_url(
    metadonnees["authorization_endpoint"], nonce="nonce-authlib", acr_values="eidas1", code_verifier=verificateur
)
retour = se_connecter(adresse)
jetons = client.fetch_token(
    metadonnees["token_endpoint"], authorization_response=retour, state=state, code_verifier=verificateur
)
cles = KeySet.import_key_set(requests.get(metadonnees["jwks_uri"], verify=CAS["ca"]).json())
id_token = jwt.decode(jetons["id_token"], cles, algorithms=["RS256"])
revendications = CodeIDToken(
    id_token.claims,
    id_token.header,
    options={"iss": {"value": metadonnees["issuer"]}, "aud": {"value": CAS["client_id"]}},
    params={"nonce": "nonce-authlib", "client_id": CAS["client_id"], "access_token": jetons["access_token"]},
)
revendications.validate()
profil = client.get(metadonnees["userinfo_endpoint"]).json()
assert profil["sub"] == revendications["sub"]
neufs = client.refresh_token(metadonnees["token_endpoint"], refresh_token=jetons["refresh_token"])
examen = client.introspect_token(metadonnees["introspection_endpoint"], token=neufs["access_token"]).json()
client.revoke_token(metadonnees["revocation_endpoint"], token=neufs["access_token"])
apres = client.introspect_token(metadonnees["introspection_endpoint"], token=neufs["access_token"]).json()
print(
    json.dumps(
        {
            "national_id": profil["SubjectNameID"],
            "expires_in": jetons["expires_in"],
            "actif": examen["active"],
            "apres_revocation": apres,
        }
    )
)
