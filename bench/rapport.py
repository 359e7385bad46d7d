"""What is kept of the measures: one JSON file that each of them completes, and the page made from it.

Rule: a verdict is written from the figures, never by hand; what explains a figure that falls short is written by hand in
`ce-qui-limite.md`, which the page takes in as it is.
"""

import json
import os
import platform
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path

from epreuves import But

TITRES = {
    "envoi": "1. Relais de petites réponses",
    "corps": "2. Corps de 20 Mio",
    "sessions": "3. Un million de sessions",
    "traces": "4. Ce que coûtent les traces",
    "attentes": "5. Connexions en attente",
}


def _dit(*commande: str) -> str:
    try:
        fait = subprocess.run(commande, capture_output=True, text=True)
    except OSError:
        return ""
    return (fait.stdout + fait.stderr).strip()


def machine(dossier: Path) -> dict:
    """The machine and the versions of what was compared."""
    processeur = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    memoire = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.M)
    paquet = lambda nom: _dit("dpkg-query", "-W", "-f", "${Version}", nom) or "?"  # noqa: E731
    return {
        "Processeur": f"{processeur[1] if processeur else '?'}, {len(os.sched_getaffinity(0))} cœurs",
        "Mémoire": f"{int(memoire[1]) / (1 << 20):.0f} Gio" if memoire else "?",
        "Noyau": platform.release(),
        "Système de fichiers des traces": _dit("stat", "-f", "-c", "%T", str(dossier)),
        "edc": _dit("git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"),
        "rustc": _dit("rustc", "--version").removeprefix("rustc "),
        "nginx": paquet("nginx-light"),
        "HAProxy": paquet("haproxy"),
        "Apache": f"{paquet('apache2-bin')}, mod_auth_openidc {paquet('libapache2-mod-auth-openidc')}",
        "wrk": paquet("wrk"),
        "h2load": paquet("nghttp2-client"),
    }


def garder(fichier: Path, nom: str, constat, terrain: dict, reglages: str) -> None:
    tous = json.loads(fichier.read_text()) if fichier.exists() else {}
    le = datetime.now(timezone.utc).strftime("%d/%m/%Y à %H h %M UTC")
    tous[nom] = {"le": le, "machine": terrain, "reglages": reglages, "charge": os.getloadavg()[2], **constat.en_clair()}
    fichier.parent.mkdir(parents=True, exist_ok=True)
    fichier.write_text(json.dumps(tous, ensure_ascii=False, indent=1))


def nombre(valeur: float) -> str:
    return f"{valeur:.2f}".replace(".", ",") if valeur < 100 else f"{valeur:,.0f}".replace(",", "\u202f")


def verdict(but: But) -> str:
    """« tenu » or « non tenu », and by how much."""
    unite = f"\u00a0{but.unite}" if but.unite else ""
    marge = (but.valeur / but.vise - 1) * 100
    tenu = "**tenu**" if but.tenu() else "**non tenu**"
    return f"{but.sens} {nombre(but.vise)}{unite} | {nombre(but.valeur)}{unite} | {tenu}, {marge:+.0f}\u00a0%"


def ecrire(page: Path, fichier: Path) -> None:
    tous = json.loads(fichier.read_text())
    lignes = [
        "# Mesures",
        "",
        "Cette page est écrite par `bench/mesurer`. Seuls comptent les **rapports** entre serveurs d’un même tour, sur la même machine ; les",
        "chiffres absolus ne sont là que pour situer. Le générateur de charge, l’API et le serveur mesuré se partagent les processeurs : un",
        "serveur qui en prend moins en laisse plus aux deux autres.",
        "",
        "## Buts",
        "",
        "| Mesure | Visé | Trouvé | |",
        "|---|---|---|---|",
    ]
    for nom in (nom for nom in TITRES if nom in tous):
        for but in (But(**lu) for lu in tous[nom]["buts"]):
            lignes.append(f"| {but.quoi} | {verdict(but)} |")
    limites = page.parent / "ce-qui-limite.md"
    if limites.exists():
        lignes += ["", limites.read_text().strip()]
    for nom in (nom for nom in TITRES if nom in tous):
        lu = tous[nom]
        lignes += ["", f"## {TITRES[nom]}", "", f"Le {lu['le']}, {lu['reglages']}, charge moyenne de la machine {lu['charge']:.1f}."]
        for tableau in lu["tableaux"]:
            lignes += ["", f"{tableau['titre']} :", "", f"| {' | '.join(tableau['entetes'])} |",
                       "|" + "---|" * len(tableau["entetes"])]
            lignes += [f"| {' | '.join(cellules).replace('.', ',')} |" for cellules in tableau["lignes"]]
        details = [f"{but['quoi']} : {but['detail']}".replace(".", ",") + "." for but in lu["buts"] if but["detail"]]
        lignes += [f"\n- {note}" for note in lu["notes"] + details]
    lignes += ["", "## Machine", "", "| | |", "|---|---|"]
    derniere = tous[[nom for nom in TITRES if nom in tous][-1]]["machine"]
    lignes += [f"| {quoi} | {valeur} |" for quoi, valeur in derniere.items()]
    texte = "\n".join(lignes) + "\n"
    page.write_text(re.sub(r" ([:;?!])", "\u00a0\\1", texte))
