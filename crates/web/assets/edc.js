// What scripts add to pages that work without them: autosave, resumable uploads, confirmations, a warning before typed
// work is lost, a guard against double sending. No inline handler, no eval: everything hangs on data-* attributes.
//
//   form[data-autosave=URL]          POSTs the form to URL after 800 ms of pause; the state is said in the form's
//                                    [data-etat-enregistrement], made at the end of the form if there is none
//   form[data-surveiller]            warns before leaving with unsaved changes
//   button[data-confirmer=TEXT]      asks before sending
//   button[data-copier=TEXT]         copies the text; it is hidden as long as no script can do it
//   select[data-insere=ID]           puts the data-texte of the chosen option in the field ID, after what is there
//   input[type=file][data-tus=URL][data-tus-cache=NAME]
//                                    resumable upload (tus 1.0); the id of the finished upload goes to the form's hidden
//                                    field NAME, and the file itself is not sent with the form
(() => {
  "use strict";

  const csrf = () => document.querySelector('meta[name="csrf"]')?.content ?? "";

  const annoncer = (texte) => {
    const zone = document.getElementById("annonces");
    if (zone) zone.textContent = texte;
  };

  const element = (balise, classe, texte) => {
    const e = document.createElement(balise);
    if (classe) e.className = classe;
    if (texte) e.textContent = texte;
    return e;
  };

  // Everything is delegated or marked once, so that content swapped in by htmx gets the same treatment.
  const unefois = (e, marque) => {
    if (e.dataset[marque]) return false;
    e.dataset[marque] = "1";
    return true;
  };

  // Autosave

  const sale = new WeakSet();

  function autosave(form) {
    const url = form.dataset.autosave;
    let etat = form.querySelector("[data-etat-enregistrement]");
    if (!etat) {
      etat = element("p", "enregistrement");
      etat.dataset.etatEnregistrement = "";
      form.append(etat);
    }
    etat.setAttribute("role", "status");
    let minuterie = 0;
    let enCours = false;
    let encore = false;
    let echecs = 0;

    const dire = (texte, code) => {
      etat.textContent = texte;
      etat.dataset.etat = code;
    };

    const programmer = (delai) => {
      clearTimeout(minuterie);
      minuterie = setTimeout(envoyer, delai);
    };

    async function envoyer() {
      // The page was redrawn, which saved what this form held.
      if (!form.isConnected) return;
      if (enCours) {
        encore = true;
        return;
      }
      enCours = true;
      encore = false;
      dire("Enregistrement…", "envoi");
      const donnees = new FormData(form);
      for (const [nom, valeur] of [...donnees]) if (typeof valeur !== "string") donnees.delete(nom);
      let reprise = 0;
      try {
        const reponse = await fetch(url, {
          method: "POST",
          body: new URLSearchParams(donnees),
          headers: { "X-CSRF-Token": csrf(), Accept: "text/plain" },
          credentials: "same-origin",
          redirect: "manual",
          signal: AbortSignal.timeout(20000),
        });
        if (reponse.ok) {
          echecs = 0;
          const heure = new Date().toLocaleTimeString("fr-FR", { hour: "2-digit", minute: "2-digit" });
          dire(`Enregistré à ${heure}`, "fait");
          if (!encore) sale.delete(form);
        } else if (reponse.type === "opaqueredirect" || reponse.status === 401 || reponse.status === 403) {
          // Trying again can't help: the session is over. The text stays in the page.
          dire("Non enregistré : votre session a pris fin. Reconnectez-vous dans un autre onglet, puis rechargez.", "echec");
        } else if (reponse.status === 409) {
          dire("Non enregistré : le dossier a changé entre-temps. Rechargez la page.", "echec");
        } else if (reponse.status === 422 || reponse.status === 400) {
          dire("Non enregistré : un champ est à corriger.", "echec");
        } else {
          reprise = 1;
        }
      } catch {
        reprise = 1;
      }
      enCours = false;
      if (reprise) {
        echecs += 1;
        const delai = Math.min(60, 2 ** echecs);
        dire(`Non enregistré. Nouvel essai dans ${delai} s.`, "echec");
        programmer(delai * 1000);
      } else if (encore) {
        programmer(0);
      }
    }

    form.addEventListener("input", (evenement) => {
      if (evenement.target.type === "file") return;
      sale.add(form);
      if (enCours) encore = true;
      else programmer(800);
    });
    form.addEventListener("submit", () => clearTimeout(minuterie));
    addEventListener("online", () => {
      if (echecs > 0) programmer(0);
    });
  }

  // Uploads

  const taille = (octets) => {
    const unites = ["o", "Ko", "Mo", "Go"];
    let n = octets;
    let i = 0;
    while (n >= 1000 && i < unites.length - 1) {
      n /= 1000;
      i += 1;
    }
    return `${n.toLocaleString("fr-FR", { maximumFractionDigits: n < 10 && i > 0 ? 1 : 0 })} ${unites[i]}`;
  };

  function televersement(champ) {
    const form = champ.form;
    if (!window.tus || !window.tus.isSupported || !form) return;
    const cache = form.elements.namedItem(champ.dataset.tusCache);
    if (!cache) return;
    // The form sends the id of the upload, not the file a second time.
    const nom = champ.name;
    const requis = champ.required;
    const envois = () => [...form.querySelectorAll('button[type="submit"], input[type="submit"]')];
    let enCours = null;

    const bloquer = (oui) => {
      form.dataset.televersement = oui ? "1" : "";
      for (const b of envois()) {
        if (oui) b.setAttribute("aria-disabled", "true");
        else b.removeAttribute("aria-disabled");
      }
    };

    champ.addEventListener("change", () => {
      if (enCours) enCours.annuler(false);
      const fichier = champ.files[0];
      if (fichier) enCours = lancer(fichier);
    });

    function lancer(fichier) {
      const boite = element("div", "televersement");
      const ligne = element("div", "televersement-ligne");
      const etat = element("span", "televersement-etat");
      const barre = element("progress");
      const actions = element("div", "televersement-actions");
      const pause = element("button", "bouton bouton-discret bouton-petit", "Suspendre");
      const annulation = element("button", "bouton bouton-discret bouton-petit", "Annuler");
      pause.type = annulation.type = "button";
      barre.max = 100;
      barre.value = 0;
      barre.setAttribute("aria-label", `Envoi de ${fichier.name}`);
      ligne.append(element("span", "televersement-nom", fichier.name), etat);
      actions.append(pause, annulation);
      boite.append(ligne, barre, actions);
      champ.closest(".champ")?.after(boite);
      cache.value = "";
      bloquer(true);

      let suspendu = false;
      const dire = (texte, code = "") => {
        etat.textContent = texte;
        boite.dataset.etat = code;
      };
      dire("Préparation…");

      const envoi = new window.tus.Upload(fichier, {
        endpoint: champ.dataset.tus,
        chunkSize: 8 * 1024 * 1024,
        retryDelays: [0, 1000, 3000, 5000, 10000, 20000, 30000],
        removeFingerprintOnSuccess: true,
        metadata: { filename: fichier.name, filetype: fichier.type },
        headers: { "X-CSRF-Token": csrf(), Accept: "text/plain" },
        // The file, the page's form and the size tell an upload to resume after a reload.
        fingerprint: (f, o) =>
          Promise.resolve(["edc", o.endpoint, form.getAttribute("action"), nom, f.name, f.size, f.lastModified].join("|")),
        onProgress: (fait, total) => {
          const part = total ? Math.floor((fait / total) * 100) : 100;
          barre.value = part;
          if (!suspendu) dire(`${part} % · reste ${taille(total - fait)}`);
        },
        onError: (faute) => {
          const statut = faute.originalResponse?.getStatus() ?? 0;
          const raison = {
            403: "votre session a pris fin, rechargez la page",
            413: "le fichier est trop volumineux",
            415: "ce format n’est pas accepté",
          }[statut];
          dire(`Échec : ${raison ?? "la connexion s’est interrompue"}.`, "echec");
          annoncer(`L’envoi de ${fichier.name} a échoué.`);
          pause.textContent = "Reprendre";
          suspendu = true;
        },
        onSuccess: () => {
          cache.value = envoi.url.replace(/\/+$/, "").split("/").pop();
          champ.removeAttribute("name");
          champ.required = false;
          barre.value = 100;
          pause.remove();
          annulation.textContent = "Retirer";
          dire(`Envoyé · ${taille(fichier.size)}`, "termine");
          annoncer(`${fichier.name} est envoyé.`);
          bloquer(false);
          sale.add(form);
        },
      });

      const demarrer = async () => {
        const anciens = await envoi.findPreviousUploads();
        if (anciens.length > 0) envoi.resumeFromPreviousUpload(anciens[0]);
        envoi.start();
      };

      pause.addEventListener("click", () => {
        suspendu = !suspendu;
        if (suspendu) {
          envoi.abort();
          dire(`Suspendu à ${barre.value} %`);
        } else {
          dire("Reprise…");
          envoi.start();
        }
        pause.textContent = suspendu ? "Reprendre" : "Suspendre";
      });

      const annuler = (vider = true) => {
        // A finished upload is left to the server, which forgets what no form has claimed.
        if (!cache.value) envoi.abort(true).catch(() => {});
        cache.value = "";
        champ.name = nom;
        champ.required = requis;
        if (vider) champ.value = "";
        boite.remove();
        bloquer(false);
        enCours = null;
      };
      annulation.addEventListener("click", () => {
        annuler();
        champ.focus();
      });
      demarrer();
      return { annuler };
    }
  }

  // Sending a form: confirmation, unfinished upload, double click

  document.addEventListener("click", (evenement) => {
    const bouton = evenement.target.closest("[data-confirmer]");
    if (bouton && !window.confirm(bouton.dataset.confirmer)) {
      evenement.preventDefault();
      evenement.stopPropagation();
    }
  }, true);

  document.addEventListener("submit", (evenement) => {
    const form = evenement.target;
    if (form.dataset.televersement) {
      evenement.preventDefault();
      annoncer("Attendez la fin de l’envoi du fichier, ou annulez-le.");
      return;
    }
    sale.delete(form);
    // htmx sends it itself and says when it is done.
    if (evenement.defaultPrevented || form.matches("[hx-get],[hx-post],[data-hx-get],[data-hx-post]")) return;
    if (form.dataset.envoye) {
      evenement.preventDefault();
      return;
    }
    // Searching twice harms nobody: only POST is guarded.
    if (form.method !== "post") return;
    form.dataset.envoye = "1";
    // After this event, or the value of the clicked button would not be sent.
    setTimeout(() => {
      for (const b of form.querySelectorAll('button[type="submit"], button:not([type])')) {
        b.disabled = true;
        b.setAttribute("aria-busy", "true");
      }
    }, 0);
    // An answer that is a download leaves the page in place.
    setTimeout(() => rouvrir(form), 10000);
  });

  const rouvrir = (form) => {
    delete form.dataset.envoye;
    for (const b of form.querySelectorAll("button[aria-busy]")) {
      b.disabled = false;
      b.removeAttribute("aria-busy");
    }
  };

  // Coming back by the browser's history shows the page as it was left: sent, buttons disabled.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-envoye]")) rouvrir(form);
  });

  // Ready-made texts

  document.addEventListener("change", (evenement) => {
    const choix = evenement.target.closest("select[data-insere]");
    const champ = choix && document.getElementById(choix.dataset.insere);
    const texte = choix?.selectedOptions[0]?.dataset.texte;
    if (!champ || !texte || champ.value.includes(texte)) return;
    champ.value = champ.value.trim() ? `${champ.value.trim()}\n${texte}` : texte;
    champ.dispatchEvent(new Event("input", { bubbles: true }));
  });

  addEventListener("beforeunload", (evenement) => {
    const perdu = [...document.querySelectorAll("form[data-surveiller], form[data-autosave]")].some((f) => sale.has(f));
    const envoi = document.querySelector('form[data-televersement="1"]');
    if (perdu || envoi) evenement.preventDefault();
  });

  document.addEventListener("input", (evenement) => {
    const form = evenement.target.form;
    if (form?.matches("[data-surveiller]")) sale.add(form);
  });

  // The person menu closes with Escape and on a click elsewhere.

  const menu = () => document.querySelector("details.menu-personne[open]");
  document.addEventListener("keydown", (evenement) => {
    const ouvert = menu();
    if (evenement.key === "Escape" && ouvert) {
      ouvert.open = false;
      ouvert.querySelector("summary").focus();
    }
  });
  document.addEventListener("click", (evenement) => {
    const ouvert = menu();
    if (ouvert && !ouvert.contains(evenement.target)) ouvert.open = false;
  });

  // Copying

  document.addEventListener("click", async (evenement) => {
    const bouton = evenement.target.closest("button[data-copier]");
    if (!bouton) return;
    await navigator.clipboard.writeText(bouton.dataset.copier);
    bouton.textContent = "Copié";
    annoncer("Copié");
  });

  function preparer(racine) {
    // The clipboard exists only where the connection is safe.
    for (const b of racine.querySelectorAll("button[data-copier]")) b.hidden = !navigator.clipboard;
    for (const form of racine.querySelectorAll("form[data-autosave]")) if (unefois(form, "pretAutosave")) autosave(form);
    for (const champ of racine.querySelectorAll("input[type=file][data-tus]")) {
      if (unefois(champ, "pretTus")) televersement(champ);
    }
    racine.querySelector("#resume-erreurs")?.focus();
  }

  const commencer = () => preparer(document);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", commencer);
  else commencer();
  document.addEventListener("htmx:load", (evenement) => preparer(evenement.target));

  // A page that redraws itself would lose what is typed while it waits for the answer: it then asks again instead.

  const demandes = new WeakMap();
  const saisie = (form) => new URLSearchParams([...new FormData(form)].filter(([, v]) => typeof v === "string")).toString();
  document.addEventListener("htmx:beforeRequest", (evenement) => {
    const form = evenement.detail.elt.closest("form");
    if (form) demandes.set(evenement.detail.xhr, saisie(form));
  });
  document.addEventListener("htmx:beforeSwap", (evenement) => {
    const { requestConfig: { elt }, xhr } = evenement.detail;
    const form = elt.closest("form");
    if (!form || !demandes.has(xhr) || demandes.get(xhr) === saisie(form)) return;
    evenement.detail.shouldSwap = false;
    setTimeout(() => elt.dispatchEvent(new Event("change")));
  });
})();
