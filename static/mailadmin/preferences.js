// Proposes the browser's own time zone: a comfort, for the choice is there without it.
(() => {
  const proposal = document.getElementById("proposed-time-zone");
  const select = document.getElementById("id_time_zone");
  const others = JSON.parse(proposal.dataset.otherNames);
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const name = others[own] || own;
  const option = [...select.options].find((each) => each.value === name);
  if (!option) return;

  const button = proposal.querySelector("button");
  button.textContent = option.text;
  const show = () => { proposal.hidden = (select.value || proposal.dataset.siteZone) === name; };
  button.addEventListener("click", () => {
    select.value = name;
    show();
    select.focus();
  });
  select.addEventListener("change", show);
  show();
})();
