// Says that the session is about to end, and offers to go on (WCAG 2.2.1). The server ends it with or without this file.
(() => {
  const box = document.getElementById("session-end");
  if (!box) return;
  // The server notes a request at most once a minute, so the session may be older than this page thinks.
  const idle = (box.dataset.idle - 60) * 1000;
  const warned = Math.min(5 * 60 * 1000, idle / 2);
  const ends = Date.now() + box.dataset.left * 1000;
  const otherTabs = new BroadcastChannel("session");
  let seen = Date.now();
  let shown = "";

  function show(name) {
    if (name === shown) return;
    shown = name;
    const template = box.querySelector(`template[data-when="${name}"]`);
    box.querySelectorAll(".note").forEach((note) => note.remove());
    if (template) box.append(template.content.cloneNode(true));
  }

  function look() {
    const idleLeft = seen + idle - Date.now();
    const left = ends - Date.now();
    if (Math.min(idleLeft, left) <= 0) show("over");
    else if (left <= warned) show("last");
    else show(idleLeft <= warned ? "idle" : "");
  }

  function markSeen() {
    seen = Date.now();
    look();
  }

  async function stay() {
    const answer = await fetch(box.dataset.stay, {method: "HEAD", redirect: "manual"});
    if (!answer.ok) { show("over"); return; }
    markSeen();
    otherTabs.postMessage("seen");
    document.getElementById("content").focus();
  }

  box.addEventListener("click", (event) => { if (event.target.closest("[data-stay-here]")) stay().catch(() => {}); });
  otherTabs.addEventListener("message", markSeen);
  otherTabs.postMessage("seen");
  document.addEventListener("htmx:afterRequest", markSeen);
  // A computer that slept runs no timer meanwhile.
  document.addEventListener("visibilitychange", look);
  setInterval(look, 5000);
})();
