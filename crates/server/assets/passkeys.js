// Makes a passkey, and lets one sign an answer to a plan. What is signed, and whether it counts, the server says.
"use strict";

(() => {
  const said = document.getElementById("passkey-said");
  const say = (words) => { if (said) said.textContent = words; };

  const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const unpack = (packed) =>
    Uint8Array.from(atob(packed.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const named = (credential) => ({ type: "public-key", id: unpack(credential) });

  async function post(address, body) {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const value = await answer.json();
    if (!answer.ok) throw new Error([value.error?.message, value.error?.hint].filter(Boolean).join(" "));
    return value;
  }

  async function enrol(label) {
    const begun = await post("/script/passkeys/begin", {});
    const made = await navigator.credentials.create({
      publicKey: {
        rp: { id: begun.site, name: "Exequatur" },
        user: { id: bytes(begun.user), name: begun.name, displayName: begun.name },
        challenge: bytes(begun.challenge),
        pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        excludeCredentials: begun.known.map(named),
        attestation: "none",
      },
    });
    await post("/script/passkeys/finish", {
      challenge: begun.challenge,
      client_data: text(made.response.clientDataJSON),
      authenticator_data: text(made.response.getAuthenticatorData()),
      label,
    });
    location.reload();
  }

  async function answer(form, button) {
    const address = `/script${form.getAttribute("action")}`;
    const begun = await post(`${address}/begin`, { plan: form.elements.plan.value, answer: button.dataset.passkey });
    const signed = await navigator.credentials.get({
      publicKey: {
        rpId: begun.site,
        challenge: bytes(begun.challenge),
        allowCredentials: begun.credentials.map(named),
        userVerification: "required",
      },
    });
    await post(`${address}/finish`, {
      challenge: begun.challenge,
      credential: text(signed.rawId),
      client_data: text(signed.response.clientDataJSON),
      authenticator_data: text(signed.response.authenticatorData),
      signature: text(signed.response.signature),
    });
    location.reload();
  }

  const tried = (act) => {
    say("");
    act().catch((error) => say(error.message || String(error)));
  };
  document.getElementById("passkey-enrol")?.addEventListener("click", () => {
    tried(() => enrol(document.getElementById("passkey-label").value));
  });
  for (const button of document.querySelectorAll("[data-passkey]")) {
    button.addEventListener("click", () => tried(() => answer(button.form, button)));
  }
})();
