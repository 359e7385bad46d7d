"""The servers of the measures: the API behind (nginx), and the peers in front of it, each on a free port of loopback.

Rule: every peer does the same work in the same run: TLS 1.3 in, keep-alive mTLS out to the same API, a cookie in and an
`Authorization` out, one worker a processor. All keep their connections to the API for an hour: whoever closed them between two
rounds would pay five hundred handshakes in the next one. A peer is one function that writes its configuration and starts it.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

COEURS = len(os.sched_getaffinity(0))
JETON = "a" * 900
GRANDE = 20 << 20
# A variable of somebody's shell must not stand over our configuration files.
MILIEU = {nom: valeur for nom, valeur in os.environ.items() if not nom.startswith("EDC_")}
VIVANTS: list["Serveur"] = []


class Panne(Exception):
    """What keeps a measure from being made, in a sentence."""


def port_libre() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Serveur:
    """A running server: its address, its processes, and how to stop it."""

    def __init__(self, nom: str, port: int, commande: list[str], dossier: Path, patience: float = 20):
        self.nom, self.port, self.dossier = nom, port, dossier
        self.journal = dossier / "journal"
        with self.journal.open("ab") as sortie:
            self.processus = subprocess.Popen(
                commande, stdout=sortie, stderr=subprocess.STDOUT, cwd=dossier, env=MILIEU,
                start_new_session=True,
            )
        VIVANTS.append(self)
        self._attendre(patience)

    def _attendre(self, patience: float) -> None:
        """Until the port answers; a server that ended first shows its log."""
        limite = time.monotonic() + patience
        while time.monotonic() < limite:
            if self.processus.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        fin = self.journal.read_text(errors="replace")[-2000:]
        raise Panne(f"{self.nom} n’écoute pas sur le port {self.port} :\n{fin}")

    def attendre_ligne(self, texte: str, patience: float) -> None:
        """Until its log says `texte`."""
        limite = time.monotonic() + patience
        while texte not in self.journal.read_text(errors="replace"):
            if self.processus.poll() is not None or time.monotonic() > limite:
                raise Panne(f"{self.nom} n’est pas prêt :\n{self.journal.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)

    def pids(self) -> list[int]:
        """The process and its children: nginx, HAProxy and Apache work in children."""
        tous, a_voir = [], [self.processus.pid]
        while a_voir:
            pid = a_voir.pop()
            tous.append(pid)
            try:
                enfants = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            except OSError:
                continue
            a_voir += [int(enfant) for enfant in enfants]
        return tous

    def arreter(self) -> None:
        if self.processus.poll() is None:
            os.killpg(self.processus.pid, signal.SIGTERM)
            try:
                self.processus.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(self.processus.pid, signal.SIGKILL)
                self.processus.wait()
        if self in VIVANTS:
            VIVANTS.remove(self)


def tout_arreter() -> None:
    for serveur in reversed(list(VIVANTS)):
        serveur.arreter()


class Autorite:
    """A throw-away authority, and what it issues: P-256 everywhere, for every peer."""

    def __init__(self, dossier: Path):
        dossier.mkdir()
        self.dossier = dossier
        self.ca, self.ca_cle = dossier / "ca.pem", dossier / "ca.cle"
        self._openssl("req", "-x509", *self._cle(self.ca_cle), "-days", "2", "-subj", "/CN=Autorite du banc",
                      "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", self.ca)
        self.serveur = self.emettre("serveur", "/CN=localhost", "serverAuth", "DNS:localhost,IP:127.0.0.1")
        self.client = self.emettre("client", "/CN=lps-banc", "clientAuth", "DNS:banc.invalid")
        # HAProxy and Apache want chain and key in one file.
        for certificat, cle in (self.serveur, self.client):
            certificat.with_suffix(".tout").write_bytes(certificat.read_bytes() + cle.read_bytes())

    @staticmethod
    def _cle(chemin: Path) -> list:
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", chemin]

    @staticmethod
    def _openssl(*mots) -> None:
        subprocess.run(["openssl", *map(str, mots)], check=True, capture_output=True)

    def emettre(self, nom: str, sujet: str, usage: str, noms: str) -> tuple[Path, Path]:
        certificat, cle = self.dossier / f"{nom}.pem", self.dossier / f"{nom}.cle"
        self._openssl("req", "-x509", *self._cle(cle), "-days", "2", "-subj", sujet, "-CA", self.ca,
                      "-CAkey", self.ca_cle, "-addext", f"extendedKeyUsage={usage}",
                      "-addext", f"subjectAltName={noms}", "-addext", "basicConstraints=critical,CA:FALSE",
                      "-out", certificat)
        return certificat, cle


def _nginx(nom: str, dossier: Path, port: int, corps: str) -> Serveur:
    dossier.mkdir()
    config = dossier / "nginx.conf"
    utilisateur = "user root;" if os.geteuid() == 0 else ""
    config.write_text(f"""
daemon off;
{utilisateur}
worker_processes {COEURS};
worker_rlimit_nofile 20000;
pid {dossier}/pid;
error_log {dossier}/erreurs error;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  default_type application/octet-stream;
  client_body_temp_path {dossier}/corps;
  proxy_temp_path {dossier}/tampons;
  fastcgi_temp_path {dossier}/f; uwsgi_temp_path {dossier}/u; scgi_temp_path {dossier}/s;
  client_max_body_size 0;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  sendfile on; tcp_nopush on;
{corps}
}}
""")
    return Serveur(nom, port, ["nginx", "-c", str(config), "-e", f"{dossier}/erreurs"], dossier)


class Api(Serveur):
    """The API: mTLS demanded on `port`; `direct` is the same without asking for a certificate, for wrk alone."""

    direct: int


def api(dossier: Path, pki: Autorite) -> Serveur:
    """1 KiB at `/1k`, 20 MiB at `/grand`, uploads taken at `/depot/`. What is uploaded goes to memory, not to a disk."""
    port, direct = port_libre(), port_libre()
    racine = dossier.parent / "racine"
    racine.mkdir()
    with (racine / "grand").open("wb") as fichier:
        for _ in range(GRANDE >> 20):
            fichier.write(os.urandom(1 << 20))
    memoire = Path("/dev/shm")
    depot = (memoire / dossier.parent.name) if memoire.is_dir() else racine
    (depot / "depot" / "entrant").mkdir(parents=True)
    certificat, cle = pki.serveur
    commun = f"""
    ssl_certificate {certificat}; ssl_certificate_key {cle};
    ssl_protocols TLSv1.3;
    location = /1k {{ return 200 "{'x' * 1024}"; }}
    location = /grand {{ root {racine}; }}
    location /depot/ {{
      root {depot};
      dav_methods PUT; create_full_put_path on; client_body_temp_path {depot}/depot/entrant;
    }}
"""
    serveur = _nginx("API", dossier, port, f"""
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_client_certificate {pki.ca}; ssl_verify_client on; ssl_verify_depth 3;
{commun}
  }}
  server {{
    listen 127.0.0.1:{direct} ssl;
{commun}
  }}
""")
    serveur.direct = direct
    serveur.depot = depot
    return serveur


def psc_muet(dossier: Path, pki: Autorite, intervalle: int) -> Serveur:
    """A Pro Santé Connect whose users never answer: two fixed answers, so that it costs next to nothing."""
    port = port_libre()
    certificat, cle = pki.serveur
    ici = f"https://localhost:{port}/royaume"
    document = (f'{{"issuer":"{ici}","authorization_endpoint":"{ici}/auth","token_endpoint":"{ici}/token",'
                f'"jwks_uri":"{ici}/certs","backchannel_authentication_endpoint":"{ici}/ciba",'
                '"response_types_supported":["code"],"subject_types_supported":["public"],'
                '"id_token_signing_alg_values_supported":["RS256"]}')
    accuse = f'{{"auth_req_id":"{"a" * 600}","expires_in":3600,"interval":{intervalle}}}'
    refus = '{"error":"authorization_pending"}'
    serveur = _nginx("PSC muet", dossier, port, f"""
  server {{
    listen 127.0.0.1:{port} ssl http2;
    default_type application/json;
    http2_max_requests 1000000000; http2_max_concurrent_streams 1000;
    ssl_certificate {certificat}; ssl_certificate_key {cle};
    ssl_client_certificate {pki.ca}; ssl_verify_client optional; ssl_verify_depth 3;
    location = /royaume/.well-known/openid-configuration {{ return 200 '{document}'; }}
    location = /royaume/ciba {{ return 200 '{accuse}'; }}
    location = /royaume/token {{ return 400 '{refus}'; }}
  }}
""")
    serveur.decouverte = f"{ici}/.well-known/openid-configuration"
    return serveur


def nginx(dossier: Path, pki: Autorite, api_port: int) -> Serveur:
    """nginx: TLS in, mTLS out, no check, no log."""
    port = port_libre()
    (certificat, cle), (client, client_cle) = pki.serveur, pki.client
    return _nginx("nginx", dossier, port, f"""
  upstream api {{
    server 127.0.0.1:{api_port};
    keepalive 512; keepalive_requests 1000000000; keepalive_timeout 1h;
  }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificat}; ssl_certificate_key {cle};
    ssl_protocols TLSv1.3;
    location /send/banc/ {{
      proxy_pass https://api/;
      proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header Host localhost; proxy_set_header Cookie "";
      proxy_set_header Authorization "Bearer {JETON}";
      proxy_ssl_certificate {client}; proxy_ssl_certificate_key {client_cle};
      proxy_ssl_trusted_certificate {pki.ca}; proxy_ssl_verify on; proxy_ssl_verify_depth 3;
      proxy_ssl_name localhost; proxy_ssl_server_name on; proxy_ssl_protocols TLSv1.3;
      proxy_request_buffering off;
      proxy_buffer_size 64k; proxy_buffers 4 64k; proxy_busy_buffers_size 128k; proxy_max_temp_file_size 0;
    }}
  }}
""")


def haproxy(dossier: Path, pki: Autorite, api_port: int) -> Serveur:
    """HAProxy, the same work."""
    port = port_libre()
    dossier.mkdir()
    config = dossier / "haproxy.cfg"
    tout = pki.client[0].with_suffix(".tout")
    config.write_text(f"""
global
  nbthread {COEURS}
  maxconn 4000
  ssl-default-bind-options ssl-min-ver TLSv1.3
  ssl-default-server-options ssl-min-ver TLSv1.3
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
frontend entree
  bind 127.0.0.1:{port} ssl crt {pki.serveur[0].with_suffix('.tout')} alpn http/1.1
  http-request deny unless {{ path_beg /send/banc/ }}
  http-request replace-path /send/banc/(.*) /\\1
  http-request del-header Cookie
  http-request set-header Host localhost
  http-request set-header Authorization "Bearer {JETON}"
  default_backend sortie
backend sortie
  http-reuse always
  server api 127.0.0.1:{api_port} ssl verify required ca-file {pki.ca} verifyhost localhost sni str(localhost) crt {tout} pool-max-conn -1 pool-purge-delay 1h
""")
    return Serveur("HAProxy", port, ["haproxy", "-db", "-f", str(config)], dossier)


def apache(dossier: Path, pki: Autorite, api_port: int, psc: str, secret: str, port: int) -> Serveur:
    """Apache with mod_auth_openidc: the ready peer that keeps an OpenID session, opened at the sandbox's PSC."""
    dossier.mkdir()
    config = dossier / "apache.conf"
    certificat, cle = pki.serveur
    modules = Path("/usr/lib/apache2/modules")
    noms = ["mpm_event", "authz_core", "authn_core", "authz_user", "auth_basic", "headers", "ssl", "socache_shmcb",
            "proxy", "proxy_http"]
    charges = "\n".join(f"LoadModule {nom}_module {modules}/mod_{nom}.so" for nom in noms)
    config.write_text(f"""
{charges}
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
ServerRoot {dossier}
PidFile {dossier}/pid
ErrorLog {dossier}/erreurs
LogLevel warn
ServerName localhost
User www-data
Group www-data
Listen 127.0.0.1:{port}
StartServers {COEURS}
ServerLimit 16
ThreadsPerChild 64
MaxRequestWorkers 1024
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 3600
Timeout 600
<VirtualHost 127.0.0.1:{port}>
  SSLEngine on
  SSLProtocol TLSv1.3
  SSLCertificateFile {certificat}
  SSLCertificateKeyFile {cle}
  SSLProxyEngine on
  SSLProxyProtocol TLSv1.3
  SSLProxyMachineCertificateFile {pki.client[0].with_suffix('.tout')}
  SSLProxyCACertificateFile {pki.ca}
  SSLProxyVerify require
  SSLProxyCheckPeerName on
  OIDCProviderMetadataURL {psc}/.well-known/openid-configuration
  OIDCCABundlePath {pki.ca}
  OIDCClientID apache-banc
  OIDCClientSecret {secret}
  OIDCProviderTokenEndpointAuth client_secret_basic
  OIDCScope "openid scope_all"
  OIDCPKCEMethod S256
  OIDCRedirectURI https://localhost:{port}/retour
  OIDCCryptoPassphrase {secret}
  OIDCCacheType shm
  OIDCSessionInactivityTimeout 36000
  OIDCSessionMaxDuration 0
  OIDCPassClaimsAs none
  <Location /send/banc/>
    AuthType openid-connect
    Require valid-user
    RequestHeader unset Cookie
    RequestHeader set Authorization "Bearer %{{OIDC_access_token}}e"
    ProxyPass https://localhost:{api_port}/ enablereuse=on max=256 keepalive=On ttl=3600
  </Location>
  <Location /retour>
    AuthType openid-connect
    Require valid-user
  </Location>
</VirtualHost>
""")
    if os.geteuid() == 0:
        shutil.chown(dossier, "www-data")
    return Serveur("Apache + mod_auth_openidc", port, ["apache2", "-D", "FOREGROUND", "-f", str(config)], dossier)
