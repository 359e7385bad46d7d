"""The five measures: small answers, large bodies, a million sessions, traces, pending connections.

Rule: each one starts what it needs, interleaves its rounds, stops it all, and gives back a `Constat`: aims with what was found,
tables for the reader. It says in words what was really done.
"""

import subprocess
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import serveurs
from espace import CLIENT, PRO, Espace, attendre
from mesures import Guet, Tour, croiser, mediane, pss, rapports, wrk
from serveurs import COEURS, GRANDE, Autorite, Panne

NOUS = "Proxy e-Santé"


@dataclass
class But:
    """One aim: `valeur` against `vise`; `sens` is « ≥ » or « ≤ »."""

    quoi: str
    sens: str
    vise: float
    valeur: float
    unite: str = "×"
    detail: str = ""

    def tenu(self) -> bool:
        return self.valeur >= self.vise if self.sens == "≥" else self.valeur <= self.vise


@dataclass
class Constat:
    buts: list[But] = field(default_factory=list)
    tableaux: list[dict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def en_clair(self) -> dict:
        return asdict(self)


@dataclass
class Reglages:
    tours: int
    secondes: float
    sessions: int
    attentes: int
    intervalle: int


class Terrain:
    """What all measures share: a folder, an authority, the API, the sandbox, a session that serves as a model."""

    def __init__(self, dossier: Path, edc: Path, mesure: Path, reglages: Reglages, dire):
        self.dossier, self.reglages, self.dire = dossier, reglages, dire
        dire("Autorité, API et bac à sable…")
        self.pki = Autorite(dossier / "pki")
        self.api = serveurs.api(dossier / "api", self.pki)
        self.espace = Espace(dossier, self.pki, edc, mesure, self.api)
        self._modele: Path | None = None

    def modele(self) -> Path:
        """The folder of a proxy that was stopped with one session in its store."""
        if not self._modele:
            dossier = self.dossier / "modele"
            proxy = self.espace.proxy("proxy", dossier)
            self.espace.connecter(proxy)
            proxy.arreter()
            self._modele = dossier
        return self._modele

    def croiser(self, ouvriers: dict) -> dict[str, list[Tour]]:
        """A warm-up of each, then the rounds."""
        for ouvrier in ouvriers.values():
            ouvrier(2)
        return croiser(self.reglages.tours,
                       {nom: (lambda o=ouvrier: o(self.reglages.secondes)) for nom, ouvrier in ouvriers.items()},
                       self.dire)

    def ouvrier(self, serveur, chemin: str, connexions: int, cookie: str = "", lua: str = "", guetter: bool = False,
                port: int = 0):
        url = f"https://localhost:{port or serveur.port}{chemin}"
        return lambda duree: wrk(url, serveur.pids(), connexions, duree, self.dossier, cookie, lua, guetter)


def _tableau(titre: str, tours: dict[str, list[Tour]], reference: str, debit=("req/s", lambda t: t.debit)) -> dict:
    lignes = []
    for nom, faits in tours.items():
        rapport = mediane(rapports(tours, nom, reference))
        lignes.append([nom, f"{rapport:.2f}", f"{mediane(debit[1](t) for t in faits):.0f}",
                       f"{min(debit[1](t) for t in faits):.0f} – {max(debit[1](t) for t in faits):.0f}",
                       f"{mediane(t.p50 for t in faits):.2f}", f"{mediane(t.p99 for t in faits):.2f}",
                       f"{mediane(t.cpu for t in faits):.1f}", str(sum(t.fautes for t in faits))])
    entetes = ["Serveur", f"Rapport à {reference}", debit[0], "du plus lent au plus rapide", "p50 (ms)", "p99 (ms)",
               "processeur (µs/req)", "fautes"]
    return {"titre": titre, "entetes": entetes, "lignes": lignes}


def envoi(t: Terrain) -> Constat:
    """`/send` with 1 KiB answers, 64 and 512 connections."""
    constat = Constat()
    nous = t.espace.proxy(NOUS, t.dossier / "envoi")
    cookie = t.espace.connecter(nous)
    nginx = serveurs.nginx(t.dossier / "nginx", t.pki, t.api.port)
    haproxy = serveurs.haproxy(t.dossier / "haproxy", t.pki, t.api.port)
    apache = serveurs.apache(t.dossier / "apache", t.pki, t.api.port, t.espace.issuer, t.espace.secret,
                             t.espace.apache)
    cookie_apache = t.espace.entrer_par_le_code(apache.port)
    suites = {serveur.nom: _suite_tls(serveur.port, t.pki) for serveur in (nous, nginx, haproxy, apache)}
    if len(set(suites.values())) > 1:
        raise Panne(f"les serveurs ne parlent pas le même TLS : {suites}")
    constat.notes.append(f"TLS de tous : {suites[NOUS]}.")
    for connexions, vise in ((64, 1.2), (512, 1.3)):
        t.dire(f"  {connexions} connexions")
        chemin = "/send/banc/1k"
        tours = t.croiser({
            "nginx": t.ouvrier(nginx, chemin, connexions, cookie),
            NOUS: t.ouvrier(nous, chemin, connexions, cookie),
            "HAProxy": t.ouvrier(haproxy, chemin, connexions, cookie),
            apache.nom: t.ouvrier(apache, chemin, connexions, cookie_apache),
            "sans intermédiaire": t.ouvrier(t.api, "/1k", connexions, cookie, port=t.api.direct),
        })
        constat.tableaux.append(_tableau(f"Réponses de 1 Kio, {connexions} connexions", tours, "nginx"))
        avec = f"à {connexions} connexions"
        constat.buts += [
            But(f"débit sur nginx, {avec}", "≥", vise, mediane(rapports(tours, NOUS, "nginx"))),
            But(f"débit sur Apache + mod_auth_openidc, {avec}", "≥", 4, mediane(rapports(tours, NOUS, apache.nom))),
            But(f"p99 sur nginx, {avec}", "≤", 1,
                mediane(t.p99 for t in tours[NOUS]) / mediane(t.p99 for t in tours["nginx"])),
        ]
    for serveur in (nous, nginx, haproxy, apache):
        serveur.arreter()
    return constat


def _suite_tls(port: int, pki: Autorite) -> str:
    """Version, cipher suite and kind of key that this port gives a client like wrk."""
    dit = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", str(pki.ca), "-servername",
                          "localhost", "-brief"], stdin=subprocess.DEVNULL, capture_output=True, text=True).stderr
    champs = dict(ligne.split(": ", 1) for ligne in dit.splitlines() if ": " in ligne)
    return ", ".join(champs.get(nom, "?") for nom in ("Protocol version", "Ciphersuite", "Signature type"))


def corps(t: Terrain) -> Constat:
    """20 MiB up and down."""
    constat = Constat()
    nous = t.espace.proxy(NOUS, t.dossier / "corps")
    cookie = t.espace.connecter(nous)
    nginx = serveurs.nginx(t.dossier / "nginx-corps", t.pki, t.api.port)
    haproxy = serveurs.haproxy(t.dossier / "haproxy-corps", t.pki, t.api.port)
    connexions = 8
    lua = f'wrk.method = "PUT"\nwrk.body = string.rep("x", {GRANDE})\n'
    for sens, chemin, script in (("descendant", "/send/banc/grand", ""), ("montant", "/send/banc/depot/corps", lua)):
        t.dire(f"  corps {sens} de 20 Mio")
        repos = pss(nous.pids())
        tours = t.croiser({
            nom: t.ouvrier(serveur, chemin, connexions, cookie, script, guetter=True)
            for nom, serveur in (("nginx", nginx), (NOUS, nous), ("HAProxy", haproxy))
        })
        debit = ("Mio/s", lambda tour: tour.debit * GRANDE / (1 << 20))
        tableau = _tableau(f"Corps {sens} de 20 Mio, {connexions} connexions", tours, "nginx", debit)
        tableau["entetes"].append("mémoire (PSS, Mio)")
        for ligne, faits in zip(tableau["lignes"], tours.values()):
            ligne.append(f"{max(tour.pss for tour in faits):.1f}")
        constat.tableaux.append(tableau)
        fini = max(tour.pss for tour in tours[NOUS])
        constat.buts += [
            But(f"débit sur nginx, corps {sens}", "≥", 1.3, mediane(rapports(tours, NOUS, "nginx"))),
            But(f"mémoire ajoutée par {connexions} corps {sens}s simultanés", "≤", 16, fini - repos, "Mio",
                f"{repos:.1f} Mio avant, {fini:.1f} au plus pendant, pour {connexions} × 20 Mio en route"),
        ]
    for serveur in (nous, nginx, haproxy):
        serveur.arreter()
    return constat


def sessions(t: Terrain) -> Constat:
    """A million sessions against a thousand."""
    constat, nombre, peu = Constat(), t.reglages.sessions, 1_000
    proxys, faits = {}, {}
    for combien in (peu, nombre):
        dossier = t.dossier / f"sessions-{combien}"
        t.dire(f"  {combien} sessions : écriture…")
        debut = time.monotonic()
        faits[combien] = t.espace.remplir(t.modele(), dossier, combien)
        ecrites = time.monotonic()
        proxys[combien] = t.espace.proxy(f"{combien} sessions", dossier)
        t.dire(f"    écrites en {ecrites - debut:.0f} s, reprises par le proxy en {time.monotonic() - ecrites:.0f} s")
    jetons = faits[nombre]["jetons_octets"]

    def octets() -> float:
        ecart = pss(proxys[nombre].pids()) - pss(proxys[peu].pids())
        return ecart * (1 << 20) / (nombre - peu) - jetons

    avant = octets()
    ouvriers = {}
    for combien, proxy in proxys.items():
        lua = _lua_sessions(combien, faits[combien]["suffixe"])
        ouvriers[proxy.nom] = t.ouvrier(proxy, "/send/banc/1k", 64, lua=lua)
    tours = t.croiser(ouvriers)
    apres = octets()
    constat.tableaux.append(_tableau("Réponses de 1 Kio, 64 connexions, une session au hasard à chaque appel", tours,
                                     f"{peu} sessions"))
    constat.buts += [
        But(f"mémoire d’une session, hors ses {jetons} octets de jetons", "≤", 1024, max(avant, apres), "octets",
            f"{avant:.0f} au repos, {apres:.0f} après la charge"),
        But(f"débit avec {nombre} sessions sur {peu}", "≥", 0.95,
            mediane(rapports(tours, f"{nombre} sessions", f"{peu} sessions"))),
    ]
    for proxy in proxys.values():
        proxy.arreter()
    return constat


def _lua_sessions(nombre: int, suffixe: str) -> str:
    return f"""
local rang = 0
function setup(fil) rang = rang + 1; fil:set("graine", rang) end
function init() math.randomseed(graine * 7919) end
function request()
  wrk.headers["Cookie"] = string.format("proxy_session_id=%09d{suffixe}", math.random(0, {nombre - 1}))
  return wrk.format()
end
"""


def traces(t: Terrain) -> Constat:
    """Traces against none."""
    constat, proxys, ouvriers = Constat(), [], {}
    for nom, options in (("sans traces", ["--sans-traces"]), ("avec traces", [])):
        dossier = t.dossier / nom.replace(" ", "-")
        proxy = t.espace.proxy(nom, dossier, commande=[str(t.espace.mesure), "proxy", *options])
        cookie = t.espace.connecter(proxy)
        ouvriers[nom] = t.ouvrier(proxy, "/send/banc/1k", 64, cookie)
        proxys.append(proxy)
    tours = t.croiser(ouvriers)
    constat.tableaux.append(_tableau("Réponses de 1 Kio, 64 connexions", tours, "sans traces"))
    constat.buts.append(But("débit avec traces sur sans", "≥", 0.95,
                            mediane(rapports(tours, "avec traces", "sans traces"))))
    constat.notes.append(
        "Un exploitant ne peut pas éteindre les traces : « sans » est le même programme "
        "(`crates/edc/examples/mesure.rs`) dont le journal accepte chaque trace et l’oublie aussitôt. « avec » écrit les "
        "deux traces de chaque appel, départ et issue, et les range en base pendant la mesure.")
    for proxy in proxys:
        proxy.arreter()
    return constat


def attentes(t: Terrain) -> Constat:
    """Many connections that wait for their user, while calls go on."""
    constat, nombre, intervalle = Constat(), t.reglages.attentes, t.reglages.intervalle
    psc = serveurs.psc_muet(t.dossier / "psc-muet", t.pki, intervalle)
    proxys, ouvriers = {}, {}
    for nom in ("aucune attente", f"{nombre} attentes"):
        dossier = t.dossier / nom.replace(" ", "-")
        dit = t.espace.remplir(t.modele(), dossier, 1, psc.decouverte)
        proxys[nom] = t.espace.proxy(nom, dossier, psc.decouverte)
        ouvriers[nom] = t.ouvrier(proxys[nom], "/send/banc/1k", 64, f"proxy_session_id={0:09d}{dit['suffixe']}")
    occupe = proxys[f"{nombre} attentes"]
    repos = pss(occupe.pids())
    corps_connect = t.dossier / "connect.json"
    corps_connect.write_text(
        f'{{"nationalId":"{PRO}","bindingMessage":"42","clientId":"{CLIENT}","channel":"MOBILE"}}')
    liens = -(-nombre // 100)
    charge = subprocess.Popen(
        ["h2load", "-n", str(nombre), "-c", str(liens), "-m", "100", "-t", str(COEURS), "-d", str(corps_connect),
         "-H", "content-type: application/json", f"https://localhost:{occupe.port}/connect"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        t.dire(f"  {nombre} connexions en attente : ouverture…")
        attendre(lambda: charge.poll() is not None or t.espace.attentes(occupe) >= nombre, 240,
                 f"le proxy ne tient pas {nombre} attentes")
        if charge.poll() is not None:
            raise Panne("h2load s’est arrêté : les attentes ne tiennent pas")
        time.sleep(2)
        with Guet(occupe.pids()) as guet:
            tours = t.croiser(ouvriers)
        tenues = t.espace.attentes(occupe)
    finally:
        charge.kill()
        charge.wait()
    constat.tableaux.append(_tableau("Réponses de 1 Kio, 64 connexions", tours, "aucune attente"))
    constat.buts.append(But(f"attentes tenues jusqu’au bout, sur {nombre}", "≥", nombre, tenues, ""))
    constat.notes += [
        f"{nombre} `POST /connect` ouverts à la fois, flux HTTP/2 de {liens} connexions TLS (h2load) ; chacun a son "
        f"`auth_req_id` chez un PSC qui ne répond jamais (nginx) et le sonde toutes les {intervalle} s, soit "
        f"{nombre / intervalle:.0f} sondages par seconde pendant la mesure.",
        f"Débit des appels avec ces attentes : {mediane(rapports(tours, occupe.nom, 'aucune attente')):.2f} × celui sans "
        "attente ; les sondages eux-mêmes, le PSC et h2load prennent leur part des mêmes processeurs.",
        f"Mémoire : {repos:.0f} Mio avant, {guet.max:.0f} Mio au plus, soit "
        f"{(guet.max - repos) * 1024 / nombre:.1f} Kio par attente, flux HTTP/2 et tampons TLS compris.",
    ]
    for proxy in proxys.values():
        proxy.arreter()
    psc.arreter()
    return constat


EPREUVES = {"envoi": envoi, "corps": corps, "sessions": sessions, "traces": traces, "attentes": attentes}
