#!/usr/bin/env python3
"""Holds the dependency graph against deny.toml: licences, banned crates, duplicates, sources.

cargo-deny does it better and also reads advisories; this needs nothing but Python, so the rule holds everywhere.
"""

import re
import subprocess
import sys
import tomllib

with open("deny.toml", "rb") as fichier:
    REGLES = tomllib.load(fichier)
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"
PERMISES = set(REGLES["licenses"]["allow"])


def permise(expression: str) -> bool:
    """Whether an SPDX expression leaves us a way within the allowed licences ("/" is an old form of OR)."""
    mots = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def ou() -> bool:
        valeur = et()
        while mots and mots[0] == "OR":
            mots.pop(0)
            valeur = et() or valeur
        return valeur

    def et() -> bool:
        valeur = terme()
        while mots and mots[0] == "AND":
            mots.pop(0)
            valeur = terme() and valeur
        return valeur

    def terme() -> bool:
        mot = mots.pop(0)
        if mot == "(":
            valeur = ou()
            mots.pop(0)
            return valeur
        if mots and mots[0] == "WITH":
            mot = f"{mot} {mots.pop(0)} {mots.pop(0)}"
        return mot in PERMISES

    return ou()


def graphe() -> list[tuple[str, str, str]]:
    """Name, version and licence of what is really compiled, on any platform, tests included.

    `cargo tree` rather than `cargo metadata`, which also lists optional crates that no feature switches on.
    """
    commande = "cargo tree --locked --workspace --target all -e normal,build,dev --prefix none -f".split()
    sortie = subprocess.run([*commande, "{p}|{l}"], check=True, stdout=subprocess.PIPE, text=True).stdout
    lignes = {ligne.removesuffix(" (*)") for ligne in sortie.splitlines() if ligne}
    paquets = set()
    for ligne in lignes:
        paquet, licence = ligne.rsplit("|", 1)
        nom, version = paquet.split()[:2]
        paquets.add((nom, version.removeprefix("v"), licence))
    return sorted(paquets)


def main() -> int:
    fautes = []
    versions: dict[str, set[str]] = {}
    for nom, version, licence in graphe():
        versions.setdefault(nom, set()).add(version)
        if not permise(licence or "aucune"):
            fautes.append(f"{nom} {version} : licence {licence or 'absente'}, hors de la liste de deny.toml")
    with open("Cargo.lock", "rb") as fichier:
        for paquet in tomllib.load(fichier)["package"]:
            if paquet.get("source", CRATES_IO) != CRATES_IO:
                fautes.append(f"{paquet['name']} : vient de {paquet['source']}")
    for regle in REGLES["bans"]["deny"]:
        trouvees = versions.get(regle["crate"], set())
        if regle.get("deny-multiple-versions"):
            if len(trouvees) > 1:
                fautes.append(f"{regle['crate']} : plusieurs versions, {', '.join(sorted(trouvees))}")
        elif trouvees:
            fautes.append(f"{regle['crate']} : interdit ({regle['reason']})")
    print("\n".join(fautes) or f"{len(versions)} dépendances, toutes dans les règles")
    return 1 if fautes else 0


sys.exit(main())
