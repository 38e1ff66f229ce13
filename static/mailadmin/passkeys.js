// Passkeys (WebAuthn): asks the browser as the server's options say, and sends its answer with the form.
(() => {
  const place = document.querySelector("[data-passkey]");
  if (!place) return;
  const form = place.closest("form");
  const button = form.querySelector("button[type=submit]");
  const trouble = place.querySelector("[data-passkey-trouble]");

  const octets = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const descriptors = (list) => (list || []).map((each) => ({ ...each, id: octets(each.id) }));

  function tell(message) {
    trouble.querySelector("p").textContent = message;
    trouble.hidden = false;
  }

  function optionsOf(json) {
    const options = JSON.parse(json);
    options.challenge = octets(options.challenge);
    if (options.user) options.user.id = octets(options.user.id);
    if (options.excludeCredentials) options.excludeCredentials = descriptors(options.excludeCredentials);
    if (options.allowCredentials) options.allowCredentials = descriptors(options.allowCredentials);
    return { publicKey: options };
  }

  function answerOf(credential) {
    const response = { clientDataJSON: text(credential.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  }

  async function ask() {
    button.disabled = true;
    trouble.hidden = true;
    try {
      const act = place.dataset.passkey;
      const credential = await navigator.credentials[act](optionsOf(place.dataset.options));
      form.elements.answer.value = answerOf(credential);
      form.submit();
    } catch (error) {
      // A security error: the page is at another host than the one that passkeys belong to.
      const messages = { InvalidStateError: "taken", SecurityError: "unable", NotSupportedError: "unable" };
      tell(place.dataset[messages[error.name] || "cancelled"]);
      button.disabled = false;
      button.focus();
    }
  }

  if (!window.PublicKeyCredential) {
    tell(place.dataset.unable);
    button.disabled = true;
    return;
  }
  form.addEventListener("submit", (event) => {
    const name = form.elements.name;
    // Without a name the server says so: no passkey is made for that.
    if (name && !name.value.trim()) return;
    event.preventDefault();
    ask();
  });
})();
