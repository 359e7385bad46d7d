"""Our side of the measures: the sandbox that gives sessions and tokens, the proxy, and the two ways of signing in.

Rule: nothing is made for the measures that an operator would not have: `edc bas`, `edc proxy`, a configuration file each.
Sessions are opened through `POST /connect`, Apache's through the authorization code.
"""

import http.cookiejar
import html
import json
import re
import secrets
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode, urljoin

from serveurs import MILIEU, Autorite, Panne, Serveur, port_libre

PRO = "899700000011"
CLIENT = "lps-banc"
LIMITES = """
[proxy.limites]
connexions_max = 16384
attentes_max = 1000000
connects_client_minute = 0
connects_personne_minute = 0
"""


class Espace:
    """The sandbox, and what is needed to start proxies on it."""

    def __init__(self, dossier: Path, pki: Autorite, edc: Path, mesure: Path, api: Serveur):
        self.dossier, self.pki, self.edc, self.mesure, self.api = dossier, pki, edc, mesure, api
        self.pages, self.psc, self.apis = port_libre(), port_libre(), port_libre()
        self.apache = port_libre()
        self.jeton, self.secret = secrets.token_hex(20), secrets.token_hex(20)
        self.issuer = f"https://localhost:{self.psc}/auth/realms/esante-wallet"
        self.tls = ssl.create_default_context(cafile=str(pki.ca))
        bas = dossier / "bas"
        bas.mkdir()
        certificat, cle = pki.serveur
        config = bas / "bas.toml"
        config.write_text(f"""
ecoute = "127.0.0.1:{self.pages}"
ecoute_psc = "127.0.0.1:{self.psc}"
ecoute_apis = "127.0.0.1:{self.apis}"
autorites_clients = "{pki.ca}"
[tls]
certificat = "{certificat}"
cle = "{cle}"
[journal]
filtre = "warn"
[isc]
issuer = "https://localhost:{self.pages}/realms/industriels"
donnees = "{bas}"
clients = []
[psc]
issuer = "{self.issuer}"
portail = "https://localhost:{self.pages}"
donnees = "{bas}"
jeton_admin = "{self.jeton}"
autorite = "{pki.ca}"
[psc.reglages.durees]
intervalle = 1
acces = 3600
[[psc.clients]]
client_id = "{CLIENT}"
redirect_uris = ["https://localhost:8446/connect/callback"]
[[psc.clients]]
client_id = "apache-banc"
secret = "{self.secret}"
redirect_uris = ["https://localhost:{self.apache}/retour"]
ciba = false
[[psc.clients]]
client_id = "serveurs-autorisation"
secret = "{self.secret}"
ciba = false
[apis]
url = "https://localhost:{self.apis}"
donnees = "{bas}"
[apis.psc]
introspection = "{self.issuer}/protocol/openid-connect/token/introspect"
client_id = "serveurs-autorisation"
secret = "{self.secret}"
autorite = "{pki.ca}"
[[apis.serveurs]]
royaume = "essai"
scopes = ["essai"]
cn_admis = true
[[apis.apis]]
id = "essai"
genre = "essai"
royaume = "essai"
scope = "essai"
""")
        self.bas = Serveur("bac à sable", self.pages, [str(edc), "bas", "--config", str(config)], bas)
        self._admin("PUT", f"/identites/{PRO}/reponse", {"mode": "approuver"})

    def _admin(self, methode: str, chemin: str, corps) -> None:
        requete = urllib.request.Request(
            f"https://localhost:{self.pages}/_bac-a-sable{chemin}", method=methode, data=json.dumps(corps).encode(),
            headers={"Authorization": f"Bearer {self.jeton}", "Content-Type": "application/json"})
        with urllib.request.urlopen(requete, context=self.tls):
            pass

    def configurer(self, dossier: Path, decouverte: str = "") -> tuple[Path, int]:
        """Writes the file of a proxy whose traces and sessions are in `dossier`; its port is free."""
        port, self.admin = port_libre(), port_libre()
        certificat, cle = self.pki.serveur
        client, client_cle = self.pki.client
        config = dossier / "proxy.toml"
        dossier.mkdir(exist_ok=True)
        config.write_text(f"""
[tls]
certificat = "{certificat}"
cle = "{cle}"
[journal]
filtre = "warn"
[proxy]
ecoute = "127.0.0.1:{port}"
url = "https://localhost:{port}"
[proxy.psc]
decouverte = "{decouverte or self.issuer + '/.well-known/wallet-openid-configuration'}"
autorite = "{self.pki.ca}"
delai_s = 120
[proxy.depot]
sessions_max = 2000000
{LIMITES}
[proxy.traces.journal]
dossier = "{dossier}/traces"
[proxy.admin]
ecoute = "127.0.0.1:{self.admin}"
[[proxy.clients]]
client_id = "{CLIENT}"
certificat = "{client}"
cle = "{client_cle}"
[[proxy.apis]]
id = "banc"
url = "https://localhost:{self.api.port}"
connexion_libre_s = 3600
jeton_url = "https://localhost:{self.apis}/realms/essai/protocol/openid-connect/token"
autorite = "{self.pki.ca}"
""")
        return config, port

    def proxy(self, nom: str, dossier: Path, decouverte: str = "", commande: list[str] | None = None) -> Serveur:
        """`edc proxy` on what `dossier` holds, serving. `commande`: another program than `edc proxy`."""
        config, port = self.configurer(dossier, decouverte)
        mots = commande or [str(self.edc), "proxy"]
        serveur = Serveur(nom, port, [*mots, "--config", str(config)], dossier)
        serveur.admin = self.admin
        serveur.attendre_ligne("prêt", 600)
        return serveur

    def attentes(self, proxy: Serveur) -> int:
        """How many connections wait for their user, as the proxy says itself."""
        adresse = f"https://localhost:{proxy.admin}/metrics"
        with urllib.request.urlopen(adresse, context=self.tls, timeout=60) as reponse:
            trouve = re.search(r"^edc_proxy_attentes (\d+)", reponse.read().decode(), re.M)
        return int(trouve[1]) if trouve else 0

    def connecter(self, proxy: Serveur) -> str:
        """Opens a session; its cookie. The person approves at once."""
        corps = {"nationalId": PRO, "bindingMessage": "42", "clientId": CLIENT, "channel": "MOBILE"}
        requete = urllib.request.Request(
            f"https://localhost:{proxy.port}/connect", method="POST", data=json.dumps(corps).encode(),
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(requete, context=self.tls, timeout=60) as reponse:
                return f"proxy_session_id={json.load(reponse)['proxy_session_id']}"
        except urllib.error.HTTPError as erreur:
            raise Panne(f"le proxy n’ouvre pas de session : {erreur.code} {erreur.read().decode()}") from None

    def remplir(self, modele: Path, dossier: Path, nombre: int, muet: str = "") -> dict:
        """A folder with the store of `modele`, which holds one session, and that session `nombre` times."""
        (dossier / "traces").mkdir(parents=True)
        for fichier in (modele / "traces").glob("sessions.*"):
            shutil.copy(fichier, dossier / "traces")
        config, _ = self.configurer(dossier, muet)
        fait = subprocess.run([str(self.mesure), "remplir", "--config", str(config), "--nombre", str(nombre)],
                              env=MILIEU, capture_output=True, text=True)
        if fait.returncode != 0:
            raise Panne(f"sessions non écrites :\n{fait.stdout}{fait.stderr}")
        return json.loads(fait.stdout)

    def entrer_par_le_code(self, port: int) -> str:
        """Signs in at Apache as a browser would; the cookie of the session."""
        cookies = http.cookiejar.CookieJar()
        navigateur = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(cookies), urllib.request.HTTPSHandler(context=self.tls))
        # Without it, Apache takes us for a script that can't follow a sign-in.
        navigateur.addheaders = [("Accept", "text/html")]
        lire = lambda adresse, champs=None: navigateur.open(  # noqa: E731
            adresse, data=urlencode(champs).encode() if champs else None, timeout=20)
        with lire(f"https://localhost:{port}/send/banc/1k") as page:
            adresse, texte = page.url, page.read().decode()
        action = re.search(r'<form[^>]*action="([^"]+)"', texte)
        csrf = re.search(r'name="csrf" value="([^"]+)"', texte)
        if not action or not csrf:
            raise Panne(f"Apache n’a pas mené à la page de connexion, mais à {adresse}")
        suite = urljoin(adresse, html.unescape(action[1]))
        with lire(suite, {"csrf": csrf[1], "moyen": "MOBILE", "identite": PRO}) as page:
            if page.read() != b"x" * 1024:
                raise Panne(f"Apache n’a pas relayé après la connexion : {page.url}")
        siens = [f"{c.name}={c.value}" for c in cookies if c.name.startswith("mod_auth_openidc_session")]
        if not siens:
            raise Panne("Apache n’a pas ouvert de session")
        return "; ".join(siens)


def attendre(condition, patience: float, quoi: str) -> None:
    limite = time.monotonic() + patience
    while not condition():
        if time.monotonic() > limite:
            raise Panne(quoi)
        time.sleep(0.2)
