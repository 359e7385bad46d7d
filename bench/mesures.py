"""What is read off a run: requests a second and latencies from wrk, processor time and memory from /proc.

Rule: only figures taken in the same round are divided by each other; absolute figures are shown for the reader alone.
"""

import os
import re
import statistics
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from serveurs import COEURS, Panne

TIC = os.sysconf("SC_CLK_TCK")
RAPPORT = """
done = function(resume, latence, requetes)
  io.write(string.format("BANC %d %d %d %d %d %d %d %d\\n", resume.requests, resume.duration, resume.bytes,
    latence:percentile(50), latence:percentile(99), resume.errors.connect + resume.errors.read + resume.errors.write,
    resume.errors.timeout, resume.errors.status))
end
"""


@dataclass
class Tour:
    """One round of one server."""

    debit: float  # requests a second
    octets: float  # bytes a second received
    p50: float  # ms
    p99: float  # ms
    cpu: float  # microseconds of processor of the server per request
    pss: float  # MiB, the most that was seen during the round; 0 when not looked at
    fautes: int  # connections broken, time-outs, statuses above 399


def cpu(pids: list[int]) -> float:
    """Seconds of processor, user and system, of these processes."""
    total = 0
    for pid in pids:
        try:
            champs = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += int(champs[11]) + int(champs[12])
    return total / TIC


def pss(pids: list[int]) -> float:
    """Proportional set size of these processes, MiB."""
    total = 0
    for pid in pids:
        try:
            texte = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        trouve = re.search(r"^Pss:\s+(\d+)", texte, re.M)
        total += int(trouve[1]) if trouve else 0
    return total / 1024


class Guet:
    """Samples the memory of some processes twice a second, and keeps the most."""

    def __init__(self, pids: list[int]):
        self.pids, self.max, self._fin = pids, pss(pids), threading.Event()
        self._fil = threading.Thread(target=self._guetter, daemon=True)

    def _guetter(self) -> None:
        while not self._fin.wait(0.5):
            self.max = max(self.max, pss(self.pids))

    def __enter__(self) -> "Guet":
        self._fil.start()
        return self

    def __exit__(self, *_) -> None:
        self._fin.set()
        self._fil.join()


def wrk(url: str, pids: list[int], connexions: int, duree: float, dossier: Path, cookie: str = "", lua: str = "",
        guetter: bool = False) -> Tour:
    """One round: `duree` seconds, `connexions` kept alive."""
    script = dossier / "wrk.lua"
    script.write_text(lua + RAPPORT)
    commande = ["wrk", "-t", str(min(COEURS, connexions)), "-c", str(connexions), "-d", f"{max(1, round(duree))}s",
                "--timeout", "60s", "-s", str(script)]
    if cookie:
        commande += ["-H", f"Cookie: {cookie}"]
    avant = cpu(pids)
    with Guet(pids if guetter else []) as guet:
        fait = subprocess.run([*commande, url], capture_output=True, text=True)
    depense = cpu(pids) - avant
    trouve = re.search(r"^BANC (.*)$", fait.stdout, re.M)
    if not trouve:
        raise Panne(f"wrk n’a rien mesuré sur {url} :\n{fait.stdout}{fait.stderr}")
    n, micros, octets, p50, p99, liens, delais, statuts = map(int, trouve[1].split())
    if n == 0 or statuts > n / 2:
        raise Panne(f"{url} : {n} réponses dont {statuts} refus, la mesure ne vaut rien")
    secondes = micros / 1e6
    return Tour(n / secondes, octets / secondes, p50 / 1e3, p99 / 1e3, depense / n * 1e6, guet.max,
                liens + delais + statuts)


def mediane(valeurs) -> float:
    return statistics.median(list(valeurs))


def rapports(tours: dict[str, list[Tour]], a: str, b: str, quoi=lambda tour: tour.debit) -> list[float]:
    """Round by round, `a` over `b`."""
    return [quoi(x) / quoi(y) for x, y in zip(tours[a], tours[b])]


def croiser(tours: int, serveurs: dict, dire) -> dict[str, list[Tour]]:
    """Rounds interleaved A B C A B C; `serveurs` gives, by name, what makes one round."""
    resultats: dict[str, list[Tour]] = {nom: [] for nom in serveurs}
    for rang in range(tours):
        for nom, tour in serveurs.items():
            fait = tour()
            resultats[nom].append(fait)
            fautes = f", {fait.fautes} fautes" if fait.fautes else ""
            dire(f"    tour {rang + 1}/{tours}  {nom:<26} {fait.debit:10.1f} req/s  p99 {fait.p99:8.2f} ms  "
                 f"{fait.cpu:8.1f} µs de processeur{fautes}")
    return resultats
